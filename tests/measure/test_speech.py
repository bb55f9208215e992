"""Promises of `voicelab.measure.speech`: where the user spoke, and how that is known."""

from __future__ import annotations

import pytest

from tests.measure.room import Tape
from voicelab.measure.clocks import InputClock
from voicelab.measure.facts import Facts, Label, TurnFacts
from voicelab.measure.speech import DEFAULT_THRESHOLD, Evidence, Speech, threshold_at, voiced_windows


def evidence(*labels: Label, voiced_ms: tuple[tuple[float, float], ...] = ()) -> Evidence:
    """Return the evidence of ten seconds of sound."""
    tape = Tape()
    tape.frames(0, 10_000)
    return Evidence(InputClock(tape.records), labels, voiced_ms)


def turn(start_ms: float | None, end_ms: float | None) -> TurnFacts:
    return TurnFacts(1, "item_u1", 0, "spoken", 0, 0, audio_start_ms=start_ms, audio_end_ms=end_ms)


@pytest.mark.parametrize(
    ("ends_ms", "expected"), [((1000,), 1000), ((2000,), 2000), ((999.9, 2000.1), None), ((1800, 1500), 1800)]
)
def test_the_first_clip_whose_speech_ends_inside_says_where(ends_ms: tuple[float, ...], expected: float | None) -> None:
    """Both ends of the turn count as inside; of two clips the first that was sent."""
    labels = [Label("clip", None, end_ms, None) for end_ms in (None, *ends_ms)]
    speech = evidence(*labels).speech_of(turn(1000, 2000))
    assert speech == (Speech(1000, 2000, "detector") if expected is None else Speech(1000, expected, "label"))


def test_a_label_says_where_speech_begins_unless_that_was_before_the_turn() -> None:
    """A turn never begins earlier than the detector has it."""
    for start_ms, expected in ((1200.0, 1200.0), (900.0, 1000.0)):
        label = Label("clip", start_ms, 1800.0, None)
        assert evidence(label).speech_of(turn(1000, 2000)).start_ms == expected


def test_without_a_label_the_scores_say_and_without_scores_the_detector() -> None:
    """Only windows that end inside the turn count."""
    voiced = ((900.0, 932.0), (1300.0, 1332.0), (1700.0, 1732.0), (1990.0, 2022.0))
    assert evidence(voiced_ms=voiced).speech_of(turn(1000, 2000)) == Speech(1300, 1732, "speech scores")
    assert evidence(voiced_ms=voiced[:1]).speech_of(turn(1000, 2000)) == Speech(1000, 2000, "detector")


def test_a_typed_turn_and_one_whose_sound_is_missing_have_no_speech() -> None:
    """Unknown, not 0."""
    assert evidence().speech_of(turn(None, None)) == Speech()
    assert Evidence(InputClock([]), [], []).speech_of(turn(1000, 2000)) == Speech()


def test_a_threshold_is_in_force_from_its_own_instant_on() -> None:
    """And before the first there is the protocol's."""
    facts = Facts(thresholds=[(100, 0.7), (200, 0.3)])
    assert [threshold_at(facts, t_ns) for t_ns in (99, 100, 199, 200)] == [DEFAULT_THRESHOLD, 0.7, 0.7, 0.3]


def test_a_window_that_reaches_the_threshold_is_voiced() -> None:
    """Its place comes from its number."""
    assert list(voiced_windows(10, 32, [(2, 0.5), (3, 0.49), (4, 0.9)], 0.5)) == [(74, 106), (138, 170)]


def test_a_noise_that_somebody_labelled_ends_no_turn() -> None:
    """It is known where it was, and it is nobody's speech."""
    door, mhm = Label("door.wav", 100.0, 900.0, None, "noise"), Label("mhm.wav", None, 950.0, None, "backchannel")
    found = evidence(door, mhm)
    assert found.speech_of(turn(0, 1500)) == Speech(0, 950, "label")
