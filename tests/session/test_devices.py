"""Sound cards: used where there are some, explained where there are none."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from voicelab.audio.signals import tone
from voicelab.errors import AudioError
from voicelab.session.devices import DeviceMicrophone, DeviceSink, input_device, output_device


def has_device() -> bool:
    """Return whether this computer can play."""
    try:
        output_device()
    except AudioError:
        return False
    return True


@pytest.mark.skipif(has_device(), reason="this computer has a sound card")
def test_absent_sound_card_is_explained() -> None:
    """Without PortAudio or a device the error says what to install, or what works without."""
    with pytest.raises(AudioError, match="libportaudio2|null sink"):
        output_device()
    with pytest.raises(AudioError, match="libportaudio2|a clip, or typed text"):
        input_device()
    with pytest.raises(AudioError, match="libportaudio2|a clip, or typed text"):
        asyncio.run(DeviceMicrophone().open(lambda samples: None, lambda reason: None))


@pytest.mark.realtime
@pytest.mark.skipif(not has_device(), reason="this computer has no sound card")
def test_device_takes_every_frame_and_counts_what_was_not_heard_yet() -> None:
    """Frames go out at the card's own pace; what waits is unheard, and can be thrown away."""

    async def act() -> None:
        sink = DeviceSink()
        await sink.start()
        for frame in np.split(tone(440, 400, level_dbfs=-40), 20):
            await sink.wait()
            sink.play(frame)
        before = sink.unheard()
        sink.flush()
        assert 0 <= sink.unheard() <= before
        sink.close()

    asyncio.run(act())
