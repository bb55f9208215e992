"""Promises of `voicelab.audio.samples`."""

from __future__ import annotations

import math

import numpy as np
import pytest

from voicelab.audio.samples import dbfs, round_to_int16, to_int16


def test_a_full_scale_square_wave_is_the_reference_of_the_level():
    """0 dBFS is a square wave at full scale; a sine of the same peak is 3.01 dB below."""
    square = np.tile(np.array([-32768, 32767], np.int16), 1200)
    sine = np.rint(32767 * np.sin(2 * np.pi * np.arange(2400) / 24)).astype(np.int16)
    assert dbfs(square) == pytest.approx(0.0, abs=0.001)
    assert dbfs(sine) == pytest.approx(-3.01, abs=0.01)


def test_halving_the_amplitude_lowers_the_level_by_six_db():
    """The level is that of the power: half the amplitude is -6.02 dB."""
    loud = np.full(480, 8000, np.int16)
    assert dbfs(loud) - dbfs(loud // 2) == pytest.approx(6.0206, abs=1e-4)


@pytest.mark.parametrize("samples", [np.zeros(480, np.int16), np.empty(0, np.int16)])
def test_silence_and_nothing_have_no_level(samples):
    """Silence and an empty array are -inf, without a warning and without NaN."""
    assert dbfs(samples) == -math.inf


def test_the_level_of_the_lowest_sample_does_not_overflow():
    """-32768 squared does not fit into 16 or 31 bits; its level is exactly full scale."""
    assert dbfs(np.full(4, -32768, np.int16)) == 0.0


def test_floats_are_rounded_and_clipped_not_wrapped():
    """1.0 and above become the highest sample, -1.0 and below the lowest; between them the nearest."""
    values = np.array([-2.0, -1.0, 0.0, 0.6 / 32768, 1.0, 7.0])
    assert to_int16(values).tolist() == [-32768, -32768, 0, 1, 32767, 32767]


def test_values_on_the_int16_scale_are_rounded_and_clipped():
    """What is already on the int16 scale keeps it."""
    assert round_to_int16(np.array([-40000.0, -1.6, 2.4, 40000.0])).tolist() == [-32768, -2, 2, 32767]


def test_every_sample_survives_the_way_through_float32():
    """All 65,536 samples come back from float32 unchanged, so reading a 16-bit file is exact."""
    every = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(to_int16(every.astype(np.float32) / np.float32(32768)), every)
