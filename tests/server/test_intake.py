"""From the bytes of an append to clean samples: nothing lost, nothing shifted, whatever is changed on the way."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.audio.formats import PCM24, PCMA, PCMU, AudioFormat, Encoder, by_name
from voicelab.audio.samples import Samples
from voicelab.audio.signals import noise, tone
from voicelab.errors import AudioError
from voicelab.protocol.settings import AudioInput
from voicelab.server.intake import Intake

FORMATS = [PCM24, PCMU, PCMA]
REDUCTIONS = [None, {"type": "near_field"}, {"type": "far_field"}, {"type": "far_field", "strength": 0.3}]
SOUND = np.concatenate([noise(300, -50, seed=1), tone(300, 400), noise(300, -50, seed=2)])


def input_settings(wire_format: AudioFormat = PCM24, reduction: object = None) -> AudioInput:
    """Return the settings of an input."""
    return msgspec.convert({"format": wire_format.to_wire(), "noise_reduction": reduction}, AudioInput)


def encoded(samples: Samples, wire_format: AudioFormat) -> bytes:
    """Return the samples as bytes of a format."""
    encoder = Encoder(wire_format)
    return encoder.feed(samples) + encoder.finish()


@pytest.mark.parametrize("wire_format", FORMATS, ids=lambda f: f.type)
@pytest.mark.parametrize("reduction", REDUCTIONS, ids=str)
def test_as_many_samples_come_out_as_went_in(wire_format: AudioFormat, reduction: object) -> None:
    """After a flush, to the sample, and again after the next one; before it at most 22 ms are missing."""
    intake = Intake(input_settings(wire_format, reduction))
    data = encoded(SOUND, wire_format)
    for _ in range(2):
        first = intake.feed(data)
        assert len(SOUND) - 22 * 24 <= len(first) <= len(SOUND)
        assert len(first) + len(intake.flush()) == len(SOUND)


def test_plain_audio_passes_unchanged_and_at_once() -> None:
    """24 kHz PCM without noise reduction is not touched and nothing of it is held back."""
    intake = Intake(input_settings())
    assert np.array_equal(intake.feed(encoded(SOUND, PCM24)), SOUND)
    assert len(intake.flush()) == 0


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(FORMATS), st.sampled_from(REDUCTIONS), st.integers(0, 60), st.booleans()), max_size=8
    )
)
def test_positions_stay_exact_through_every_change(steps: list[tuple[AudioFormat, Any, int, bool]]) -> None:
    """Formats and noise reduction change, flushes come in between: the samples still count the audio."""
    intake = Intake(input_settings())
    n_in = n_out = 0
    for wire_format, reduction, length_ms, is_flushed in steps:
        n_out += len(intake.change(input_settings(wire_format, reduction)))
        n_out += len(intake.feed(bytes(length_ms * wire_format.bytes_per_ms)))
        n_in += length_ms * 24
        assert n_in - 22 * 24 <= n_out <= n_in
        if is_flushed:
            n_out += len(intake.flush())
            assert n_out == n_in
    assert n_out + len(intake.flush()) == n_in


def test_setting_the_same_again_holds_nothing_up() -> None:
    """An update that does not change the input leaves a stream of G.711 whole."""
    data = encoded(SOUND, PCMU)
    one, other = (Intake(input_settings(PCMU, {"type": "near_field"})) for _ in range(2))
    whole = np.concatenate([one.feed(data[:4_000]), one.feed(data[4_000:])])
    first = other.feed(data[:4_000])
    assert len(other.change(input_settings(PCMU, {"type": "near_field"}))) == 0
    assert np.array_equal(np.concatenate([first, other.feed(data[4_000:])]), whole)


def test_noise_reduction_makes_noise_quieter() -> None:
    """What comes out of a noisy second is quieter than what went in, and in its place."""
    hiss = noise(4_000, -40, seed=3)
    intake = Intake(input_settings(reduction={"type": "far_field"}))
    clean = np.concatenate([intake.feed(encoded(hiss, PCM24)), intake.flush()])
    last = slice(48_000, None)
    assert np.std(clean[last].astype(float)) < 0.7 * np.std(hiss[last].astype(float))


def test_half_a_sample_is_refused_and_nothing_of_it_is_taken() -> None:
    """An odd number of bytes is the client's mistake; the stream goes on behind it."""
    intake = Intake(input_settings())
    with pytest.raises(AudioError, match="odd"):
        intake.feed(b"\x01\x02\x03")
    assert intake.feed(b"\x01\x02").tolist() == [513]


def test_names_of_formats_are_those_of_the_wire() -> None:
    """The three formats of a session."""
    for wire_format in FORMATS:
        assert by_name(wire_format.type) == wire_format
        Intake(input_settings(wire_format))
