"""A user turn that has begun: what is measured of its speech."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.server.memory import Speech
from voicelab.server.open_turn import KEPT_WINDOWS, OpenTurn, SpeechSoFar
from voicelab.turns.scores import Score

NO_EVENTS: Any = None  # a turn's measures need no transcription


def windows(probabilities: list[float]) -> list[Score]:
    """Return windows of 10 ms."""
    return [Score(k * 10.0, k * 10.0 + 10, p) for k, p in enumerate(probabilities)]


@given(st.lists(st.sampled_from([0.0, 0.4, 0.5, 1.0]), max_size=60), st.integers(0, 300), st.integers(0, 400))
def test_speech_runs_from_the_first_to_the_last_voiced_window(
    voices: list[float], start_ms: int, length_ms: int
) -> None:
    """Wherever the audio begins and ends, the stretch lies inside it; pauses are those between voiced windows."""
    so_far = SpeechSoFar()
    scores = windows(voices)
    for score in scores:
        so_far.add(score, 0.5)
    speech = so_far.within(start_ms * 24, length_ms * 24)
    voiced = [score for score in scores if score.probability >= 0.5]
    if not voiced:
        assert speech == Speech()
        return
    assert 0 <= speech.start <= speech.end <= length_ms * 24
    inside = [min(max(0, ms - start_ms), length_ms) * 24 for ms in (voiced[0].start_ms, voiced[-1].end_ms)]
    assert [speech.start, speech.end] == inside
    assert speech.speech_ms == voiced[-1].end_ms - voiced[0].start_ms
    assert speech.longest_pause_ms == max((b.start_ms - a.end_ms for a, b in pairwise(voiced)), default=0.0)


def test_an_hour_of_push_to_talk_is_measured_whole_and_kept_short() -> None:
    """The measures cover the whole turn; what is kept of the windows does not grow."""
    turn = OpenTurn("item_1", 0, NO_EVENTS)
    n_windows = 3_600 * 1_000 // 32
    for k in range(n_windows):
        turn.add(Score(k * 32.0, k * 32.0 + 32, 1.0 if k in (10, n_windows - 10) else 0.0), 0.5)
    assert len(turn.tail) == KEPT_WINDOWS
    assert turn.speech.within(0, n_windows * 768).longest_pause_ms == pytest.approx(3_600_000, rel=0.01)


def test_knows_whether_anybody_has_spoken() -> None:
    """By the threshold that held, or by the one that is asked about."""
    turn = OpenTurn("item_1", 0, NO_EVENTS)
    turn.add(Score(0.0, 10.0, 0.3), 0.5)
    assert not turn.holds_speech(0.5)
    assert turn.holds_speech(0.2)
    turn.add(Score(10.0, 20.0, 0.6), 0.5)
    assert turn.holds_speech(0.9)
