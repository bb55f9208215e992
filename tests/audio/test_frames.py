"""Promises of `voicelab.audio.frames`."""

from __future__ import annotations

from voicelab.audio.frames import FRAME_MS, FRAME_SAMPLES
from voicelab.audio.samples import RATE_HZ


def test_a_frame_is_twenty_ms_long() -> None:
    """480 samples at 24 kHz are 20 ms."""
    assert FRAME_SAMPLES * 1000 == FRAME_MS * RATE_HZ
