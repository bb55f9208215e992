"""Promises of `voicelab.audio.envelope`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.audio.envelope import envelope
from voicelab.errors import AudioError


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=200), st.integers(1, 250))
def test_each_point_is_the_exact_extreme_of_its_stretch(values, n_points):
    """Lows and highs equal the minimum and maximum of a plain loop over the stretches."""
    samples = np.array(values, np.int16)
    lows, highs = envelope(samples, n_points)
    n = min(n_points, samples.size)
    stretches = [samples[i * samples.size // n : (i + 1) * samples.size // n] for i in range(n)]
    assert lows.tolist() == [stretch.min() / 32768 for stretch in stretches]
    assert highs.tolist() == [stretch.max() / 32768 for stretch in stretches]


def test_a_click_of_one_sample_is_seen_among_a_minute():
    """No sample is skipped."""
    samples = np.zeros(60 * 24_000, np.int16)
    samples[777_777] = -32768
    lows, highs = envelope(samples, 1000)
    assert np.flatnonzero(lows).tolist() == [777_777 * 1000 // samples.size]
    assert lows.min() == -1.0
    assert not highs.any()


def test_the_result_is_float32_between_minus_one_and_one():
    """A browser gets half the bytes of float64."""
    lows, highs = envelope(np.array([-32768, 32767], np.int16), 1)
    assert lows.dtype == highs.dtype == np.float32
    assert (lows[0], highs[0]) == (-1.0, np.float32(32767 / 32768))


def test_fewer_samples_than_points_give_one_point_a_sample():
    """Points are never invented."""
    lows, highs = envelope(np.array([16384, -16384, 0], np.int16), 10)
    assert lows.tolist() == highs.tolist() == [0.5, -0.5, 0.0]


def test_no_samples_give_no_points():
    """An empty stretch has an empty outline."""
    lows, highs = envelope(np.empty(0, np.int16), 10)
    assert lows.shape == highs.shape == (0,)


def test_less_than_one_point_is_refused():
    """The error says what was asked for."""
    with pytest.raises(AudioError, match="0 points"):
        envelope(np.zeros(10, np.int16), 0)
