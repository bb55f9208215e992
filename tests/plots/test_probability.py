"""Speech probability over time."""

from __future__ import annotations

import numpy as np

from voicelab.plots.probability import MOST_WINDOWS, probability_traces

from .conftest import Stage, Story


def score(story: Story, start_ms: float, p: list[float]) -> None:
    story.record("local", "voicelab.vad", start_ms, start_ms=start_ms, window_ms=32.0, p=p, detector="silero-v6")


def test_an_hour_is_thinned_and_no_speech_gets_lost(stage: Stage) -> None:
    """Of neighbours the highest probability stays."""
    story = stage()
    p = [0.0] * 20_000
    p[12_347] = 0.9
    score(story, 0, p)
    trace = next(probability_traces(story.run(), "y2"))
    assert len(trace["x"]) <= MOST_WINDOWS
    assert np.max(trace["y"]) == 0.9
    assert abs(trace["x"][np.argmax(trace["y"])] - 12_347.5 * 0.032) < 0.2


def test_a_pause_in_what_was_sent_is_a_gap_in_the_line(stage: Stage) -> None:
    """Nothing is drawn where nothing was scored."""
    story = stage()
    score(story, 0, [0.1, 0.2])
    score(story, 1000, [0.3])
    trace = next(probability_traces(story.run(), "y2"))
    assert np.isnan(trace["y"]).tolist() == [False, False, True, False]


def test_a_run_without_scores_has_no_traces(stage: Stage) -> None:
    """No empty row in the legend."""
    assert list(probability_traces(stage().run(), "y2")) == []
