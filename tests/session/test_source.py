"""Sound to send: exact frames at exact deadlines."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from voicelab.audio.clip import Clip
from voicelab.audio.samples import Samples
from voicelab.audio.signals import noise, tone
from voicelab.errors import AudioError, TransportClosed
from voicelab.experiments.clips import spoken_lines
from voicelab.session.source import Source, require_speech
from voicelab.transports.virtual_time import run_in_virtual_time


def sent_while(act, *, silence: bool) -> list[tuple[float, Samples]]:
    """Run a source in virtual time; return when each frame was due, and the frame."""
    sent: list[tuple[float, Samples]] = []

    async def perform() -> None:
        source = Source(lambda frame, due_s: sent.append((due_s, frame)), lambda: silence)
        running = asyncio.create_task(source.run())
        await act(source)
        running.cancel()

    run_in_virtual_time(perform())
    return sent


def test_clip_leaves_whole_and_on_time() -> None:
    """Every 20 ms one frame of 480 samples, and together they are the clip."""
    clip = Clip(tone(440, 1_010), name="tone")
    began = []

    async def act(source: Source) -> None:
        await source.play(clip, lambda: began.append(True))
        assert not source.busy

    sent = sent_while(act, silence=False)
    assert (np.concatenate([frame for _, frame in sent]) == clip.samples).all()
    gaps = np.diff([at for at, _ in sent])
    assert gaps == pytest.approx(0.02)
    assert began == [True]


def test_last_frame_is_filled_up_where_silence_follows() -> None:
    """With detection on, frames are always 20 ms: the clip's end is followed by silence, not by a seam."""

    async def act(source: Source) -> None:
        await source.play(Clip(tone(440, 30), name="tone"), lambda: None)
        await asyncio.sleep(0.05)

    frames = [frame for _, frame in sent_while(act, silence=True)]
    assert {len(frame) for frame in frames} == {480}
    assert not frames[-1].any()


def test_clips_follow_each_other() -> None:
    """Two clips asked for at once are sent one after the other."""
    first, second = Clip(tone(300, 100), name="a"), Clip(tone(500, 100), name="b")

    async def act(source: Source) -> None:
        await asyncio.gather(source.play(first, lambda: None), source.play(second, lambda: None))

    whole = np.concatenate([frame for _, frame in sent_while(act, silence=False)])
    assert (whole == np.concatenate([first.samples, second.samples])).all()


def test_whoever_waits_for_a_clip_learns_why_it_stopped() -> None:
    """stop: the waiting call gets the reason, not a silent end."""

    async def act(source: Source) -> None:
        playing = asyncio.ensure_future(source.play(Clip(tone(300, 1_000), name="a"), lambda: None))
        await asyncio.sleep(0.1)
        source.stop(TransportClosed("gone"))
        with pytest.raises(TransportClosed, match="gone"):
            await playing

    sent_while(act, silence=False)


@pytest.mark.parametrize("sound", [noise(2_000, -40, seed=1), tone(440, 2_000)])
def test_clip_without_speech_is_an_error_that_says_so(sound: Samples) -> None:
    """Noise and tones are no turns: the error names the clip, before anything is sent."""
    with pytest.raises(AudioError, match="hiss: no speech"):
        require_speech(Clip(sound, name="hiss"))


def test_clip_with_speech_is_what_it_was() -> None:
    """A spoken clip passes."""
    clip = spoken_lines()["hello"].clip
    assert require_speech(clip) is clip
