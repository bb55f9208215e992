"""A session measures its microphone: how loud it is, and what is wrong with it, in the log."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest

from tests.session.room import hold
from tests.session.test_listening import HELLO, LINES, HandHeld
from voicelab.audio.samples import Samples, dbfs
from voicelab.engines.base import SpeechChunk
from voicelab.session.core import SessionCore
from voicelab.session.playback import NullSink

QUIET = np.zeros(24_000, np.int16)


def test_the_level_of_a_microphone_is_logged_five_times_a_second(tmp_path: Path) -> None:
    """As RMS and peak; digital silence has no level, and is warned of after two seconds."""
    microphone, tone = HandHeld(), np.full(24_000, 3_277, np.int16)
    tone[::2] *= -1

    async def act(core: SessionCore) -> None:
        await core.listen(microphone)
        await microphone.say(tone)
        await microphone.say(np.tile(QUIET, 3))

    levels = hold(act, tmp_path / "run").local("audio.level")
    assert len(levels) in (19, 20)  # four seconds
    assert levels[1]["rms_dbfs"] == round(dbfs(tone), 2)
    assert levels[1]["warnings"] == []
    assert levels[-1] == {"rms_dbfs": None, "peak_dbfs": None, "n_clipped": 0, "warnings": ["silent"]}


def test_a_muted_microphone_is_not_measured(tmp_path: Path) -> None:
    """What it hears then is nobody's business, not even how loud it is."""
    microphone = HandHeld()

    async def act(core: SessionCore) -> None:
        await core.listen(microphone)
        await core.mute(True)
        await microphone.say(HELLO)

    assert hold(act, tmp_path / "run").local("audio.level") == []


@pytest.mark.parametrize(("gain", "told"), [(0.1, True), (0.0, False)])
def test_the_agents_own_voice_in_the_microphone_is_told(tmp_path: Path, gain: float, told: bool) -> None:
    """A loudspeaker heard 120 ms later and 20 dB down is warned of; a quiet room is not."""
    microphone, room = HandHeld(), Room()
    noise = np.random.default_rng(0).normal(0, 20, 240_000).astype(np.int16)

    async def act(core: SessionCore) -> None:
        await core.update({"audio": {"input": {"turn_detection": None}}})  # or it would answer itself
        await core.listen(microphone)
        await asyncio.gather(core.ask("go on"), microphone.say(noise, lambda: room.heard_later(gain)))

    held = hold(act, tmp_path / "run", speaking=Reciting(), sink=room)
    assert any("echo" in level["warnings"] for level in held.local("audio.level")) is told


class Reciting:
    """Recites what the caller's voice says elsewhere, six seconds and more of it."""

    async def speak(self, text: str, voice: str, speed: float) -> AsyncGenerator[SpeechChunk]:
        for key in ("read", "sum", "thinking"):
            yield SpeechChunk(LINES[key].clip.samples, key)

    async def close(self) -> None:
        """Nothing to close."""


class Room(NullSink):
    """A loudspeaker, and what a microphone in the same room hears of it."""

    def __init__(self) -> None:
        super().__init__()
        self._air: deque[Samples] = deque([QUIET[:480]] * 6)

    def play(self, frame: Samples) -> None:
        super().play(frame)
        self._air.append(np.concatenate([frame, QUIET[: 480 - len(frame)]]))

    def heard_later(self, gain: float) -> Samples:
        """Return the next 20 ms."""
        heard = self._air.popleft() if self._air else QUIET[:480]
        return (heard * gain).astype(np.int16)
