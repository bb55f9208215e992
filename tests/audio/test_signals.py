"""Promises of `voicelab.audio.signals`."""

from __future__ import annotations

import numpy as np
import pytest

from voicelab.audio.samples import dbfs
from voicelab.audio.signals import noise, silence, tone
from voicelab.errors import AudioError


def test_a_tone_has_the_length_the_level_and_the_pitch_asked_for():
    """One second of 440 Hz at -20 dBFS: 24,000 samples, that RMS, and all its power in that one bin."""
    samples = tone(440, 1000)
    power = np.abs(np.fft.rfft(samples)) ** 2
    assert (samples.dtype, samples.size) == (np.int16, 24_000)
    assert dbfs(samples) == pytest.approx(-20, abs=0.01)
    assert np.argmax(power) == 440
    assert power[440] / power.sum() > 0.999999


def test_silence_is_digital_silence_of_that_length():
    """Every sample is 0."""
    assert silence(20).size == 480
    assert silence(20).dtype == np.int16
    assert not silence(20).any()


def test_noise_is_a_function_of_its_seed():
    """The same seed gives the same samples, another seed gives others."""
    assert np.array_equal(noise(100, -30, seed=1), noise(100, -30, seed=1))
    assert not np.array_equal(noise(100, -30, seed=1), noise(100, -30, seed=2))


def test_noise_is_white_and_has_the_level_asked_for():
    """The RMS is right to 0.1 dB, and no eighth of the spectrum holds more than its share by 10 %."""
    samples = noise(4000, -30, seed=7)
    power = np.abs(np.fft.rfft(samples)[1:]) ** 2
    shares = power.reshape(8, -1).sum(axis=1) / power.sum()
    assert dbfs(samples) == pytest.approx(-30, abs=0.1)
    assert np.abs(shares * 8 - 1).max() < 0.1


@pytest.mark.parametrize(
    ("make", "limit"), [(lambda: tone(440, 20, -3.0), "-3.01"), (lambda: noise(20, -4, seed=0), "-4.77")]
)
def test_a_signal_that_would_clip_is_refused_with_the_limit(make, limit):
    """A signal never has another level than asked for: what does not fit is an error that names the limit."""
    with pytest.raises(AudioError, match=limit):
        make()


def test_the_loudest_tone_reaches_full_scale():
    """At the limit the tone is whole: its peak is full scale."""
    assert np.abs(tone(1000, 100, -3.0103).astype(int)).max() >= 32766
