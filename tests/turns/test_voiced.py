"""The first and last audible instant of a stretch of sound."""

from __future__ import annotations

import numpy as np
import pytest

from voicelab.audio.signals import silence, tone
from voicelab.errors import ConfigError
from voicelab.turns.voiced import audible_end_ms, audible_start_ms

RATE_HZ = 24_000
BEEP = np.concatenate([silence(300), tone(440, 500, -20), silence(200)])


def test_a_loud_tone_begins_and_ends_where_it_was_put() -> None:
    """Well above the threshold the instants are exact to a millisecond, never outside the sound."""
    assert 300 <= audible_start_ms(BEEP, RATE_HZ) < 301
    assert 799 < audible_end_ms(BEEP, RATE_HZ) <= 800


def test_a_tone_just_audible_is_found_within_one_window() -> None:
    """One dB above the threshold it takes most of the 10 ms to be sure."""
    faint = np.concatenate([silence(300), tone(1000, 500, -44), silence(200)])
    assert 300 <= audible_start_ms(faint, RATE_HZ) <= 310
    assert 790 <= audible_end_ms(faint, RATE_HZ) <= 800


def test_sound_from_the_first_sample_to_the_last_is_audible_throughout() -> None:
    """The edges of the clip are silence, not an error: a clip that is all tone begins at about 0."""
    all_tone = tone(440, 100, -20)
    assert audible_start_ms(all_tone, RATE_HZ) < 1
    assert audible_end_ms(all_tone, RATE_HZ) > 99


def test_a_click_too_weak_for_the_window_is_not_audible() -> None:
    """The level counts over the window: a single loud sample is not sound."""
    click = silence(100)
    click[1000] = 2000
    assert audible_start_ms(click, RATE_HZ) is None
    assert audible_start_ms(click, RATE_HZ, window_ms=1) == pytest.approx(1000 / 24)


@pytest.mark.parametrize("samples", [silence(100), tone(440, 100, -60), silence(0)])
def test_silence_has_no_audible_instant(samples: np.ndarray) -> None:
    """Nothing at or above the threshold is None, not 0 and not an error."""
    assert audible_start_ms(samples, RATE_HZ) is None
    assert audible_end_ms(samples, RATE_HZ) is None


def test_the_threshold_and_the_rate_are_the_callers() -> None:
    """A lower threshold hears the quiet tone; at another rate the same samples take another time."""
    quiet = np.concatenate([silence(300), tone(440, 100, -60)])
    assert audible_start_ms(quiet, RATE_HZ, threshold_dbfs=-70) == pytest.approx(300, abs=2)
    assert audible_start_ms(quiet, 12_000, threshold_dbfs=-70) == pytest.approx(600, abs=4)


def test_a_window_below_one_sample_is_refused() -> None:
    """The error names the window and the rate."""
    with pytest.raises(ConfigError, match=r"window_ms=0\.01 is shorter than one sample"):
        audible_start_ms(BEEP, RATE_HZ, window_ms=0.01)
