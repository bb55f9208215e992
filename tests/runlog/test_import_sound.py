"""Promises of `voicelab.runlog.import_sound`."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from voicelab.audio.formats import PCMU, Encoder
from voicelab.runlog.import_sound import ForeignSound

SAMPLES = (np.sin(np.arange(2400) / 20) * 9000).astype(np.int16)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def session(side: str, wire_format: Any) -> dict[str, Any]:
    return {"audio": {side: {"format": wire_format}}}


def test_samples_come_back() -> None:
    """16-bit PCM at 24 kHz where nobody named a format; a shorter piece is not longer."""
    sound = ForeignSound()
    found = sound.decode("send", "", base64_of(SAMPLES.astype("<i2").tobytes()))
    assert np.array_equal(found, SAMPLES)
    empty = sound.decode("send", "", "")
    assert empty is not None
    assert len(empty) == 0


def test_each_side_has_the_format_that_the_session_names() -> None:
    """A telephone code one way leaves the other way as it is."""
    sound = ForeignSound()
    sound.configure(session("output", {"type": "audio/pcmu"}))
    coded = Encoder(PCMU).feed(SAMPLES)
    found = sound.decode("recv", "item_1", base64_of(coded))
    assert found is not None
    assert 0 <= 3 * len(coded) - len(found) <= 48  # a codec holds a millisecond or so back
    assert np.array_equal(sound.decode("send", "", base64_of(SAMPLES.tobytes())), SAMPLES)


@pytest.mark.parametrize("sound", [None, 5, "no base64!", base64_of(b"abc"), {"audio_ref": {}}, "AAA"])
def test_what_is_no_sound_is_nothing(sound: Any) -> None:
    """Neither an error nor noise; the next piece is read."""
    foreign = ForeignSound()
    assert foreign.decode("send", "", sound) is None
    assert foreign.decode("send", "", base64_of(SAMPLES.tobytes())) is not None


@pytest.mark.parametrize("beginning", [b"OggS", b"RIFF"])
def test_a_container_is_not_taken_for_samples(beginning: bytes) -> None:
    """Nor what follows it on the same side."""
    sound = ForeignSound()
    assert sound.decode("recv", "item_1", base64_of(beginning + bytes(60))) is None
    assert sound.decode("recv", "item_1", base64_of(bytes(60))) is None
    assert sound.decode("send", "", base64_of(bytes(60))) is not None


def test_a_format_of_somebody_else_leaves_its_side_without_samples() -> None:
    """Until one is named that is known."""
    sound = ForeignSound()
    sound.configure(session("input", {"type": "audio/opus"}))
    assert sound.decode("send", "", base64_of(SAMPLES.tobytes())) is None
    sound.configure(session("input", {"type": "audio/pcm", "rate": 24_000}))
    assert sound.decode("send", "", base64_of(SAMPLES.tobytes())) is not None


@pytest.mark.parametrize("body", [{}, {"audio": None}, {"audio": {"input": 5}}, {"audio": {"input": {"format": "x"}}}])
def test_a_session_of_another_shape_changes_nothing(body: dict[str, Any]) -> None:
    """It is somebody else's."""
    sound = ForeignSound()
    sound.configure(body)
    assert sound.decode("send", "", base64_of(SAMPLES.tobytes())) is not None
