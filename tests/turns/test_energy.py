"""Loudness as a speech score."""

from __future__ import annotations

import numpy as np
import pytest

from voicelab.turns.energy import Energy


def noise_at(level_dbfs: float, n_windows: int = 20) -> np.ndarray:
    """Windows of one constant level: plus and minus the same value."""
    size = 32768 * 10 ** (level_dbfs / 20)
    return np.tile(np.array([size, -size]), 80 * n_windows).astype(np.float32).reshape(-1, 160) / 32768


@pytest.mark.parametrize(("level_dbfs", "score"), [(-40, 0.5), (-30, 0.6), (-70, 0.2), (0, 0.9)])
def test_ten_decibels_are_a_tenth_and_minus_forty_is_the_middle(level_dbfs: float, score: float) -> None:
    """The scale is the one of the published baseline: 0.5 = -40 dBFS, 0.1 = 10 dB."""
    assert Energy().windows(noise_at(level_dbfs))[-1] == pytest.approx(score, abs=1e-3)


def test_silence_scores_0() -> None:
    """Digital silence is no speech, and no infinity."""
    assert Energy().windows(np.zeros((5, 160), np.int16)).max() == 0


def test_a_step_is_seen_whole_after_30_ms_and_not_before_it_came() -> None:
    """The mean runs over this window and the two before, so it is causal."""
    scores = Energy().windows(np.concatenate([np.zeros((5, 160), np.float32), noise_at(-20, 5)]))
    third_db = 10 * np.log10(3) / 100
    assert scores[:5].max() == 0
    assert scores[5:9] == pytest.approx([0.7 - third_db, 0.7 - third_db + np.log10(2) / 10, 0.7, 0.7], abs=1e-3)


def test_windows_one_by_one_score_as_all_at_once_and_reset_forgets() -> None:
    """The state carries over between calls, and only until a reset."""
    sound = (np.random.default_rng(1).standard_normal((40, 160)) * 3000).astype(np.int16)
    energy = Energy()
    at_once = energy.windows(sound)
    energy.reset()
    assert [energy.window(row) for row in sound] == pytest.approx(at_once.tolist())
    assert energy.windows(sound[:0]).shape == (0,)
