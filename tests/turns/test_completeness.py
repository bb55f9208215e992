"""The judgement: what each measure and each kind of words does to it, and that words only shift it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.turns.completeness import FITTED, SHIFTS, Reading, completeness, felt, measures, reading, silence_for
from voicelab.turns.prosody import Prosody

PLAIN = Prosody(speech_ms=2000, last_run_ms=800)
UNFINISHED = replace(PLAIN, pitch_fall_st=-4, level_fall_db=-6)
FINISHED = Prosody(6, 6, 300, 900, 8000)
ANY_PROSODY = st.builds(
    Prosody,
    st.floats(-40, 40),
    st.floats(-90, 90),
    st.floats(0, 1e6),
    st.floats(0, 1e5),
    st.floats(0, 1e7),
    st.floats(0, 1e5),
)
VOCABULARY = ("um", "and", "i", "want", "to", "go", "two", "five", "nine", "what", "is", "yes")
ANY_WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=14).map(" ".join)

READINGS = [
    ("", Reading.NOTHING),
    ("   ", Reading.NOTHING),
    ("yes", Reading.NOTHING),
    ("blue mountain coffee please", Reading.NOTHING),
    ("i want to um", Reading.FILLER),
    ("Um.", Reading.FILLER),
    ("two five um", Reading.FILLER),
    ("i want to", Reading.DANGLING),
    ("the weather and", Reading.DANGLING),
    ("a cup of", Reading.DANGLING),
    ("because", Reading.DANGLING),
    ("what is the", Reading.DANGLING),
    ("two five five", Reading.OPEN_NUMBER),
    ("call oh two seven", Reading.OPEN_NUMBER),
    ("one two three four five six seven", Reading.NOTHING),
    ("one two three four five six seven eight nine zero", Reading.WHOLE_NUMBER),
    ("and seven", Reading.NOTHING),
    ("what is the weather", Reading.CLAUSE),
    ("What is the weather?", Reading.CLAUSE),
    ("tomorrow i fly home", Reading.CLAUSE),
    ("i see it", Reading.NOTHING),
]


@pytest.mark.parametrize(("words", "expected"), READINGS)
def test_words_are_read_for_what_they_tell(words: str, expected: Reading) -> None:
    """Fillers before numbers before dangling words before clauses; in doubt nothing."""
    assert reading(words) is expected


def test_every_reading_is_met_and_has_its_shift() -> None:
    """The table above misses none, and nothing shifts by a number that was forgotten."""
    assert {expected for _, expected in READINGS} == set(Reading) == set(SHIFTS)


@pytest.mark.parametrize(
    ("change", "direction"),
    [
        ({"pitch_fall_st": 4.0}, 1),
        ({"pitch_fall_st": -3.0}, -1),
        ({"level_fall_db": 5.0}, 1),
        ({"speech_ms": 6000.0}, 1),
        ({"longest_pause_ms": 900.0}, 1),
        ({"last_run_ms": 2500.0}, -1),
    ],
)
def test_each_measure_moves_the_judgement_its_way(change: dict[str, float], direction: int) -> None:
    """Falls, long speech and a long pause before speak for the end, a long last run against it."""
    before, after = completeness(PLAIN, "", 400), completeness(replace(PLAIN, **change), "", 400)
    assert (after - before) * direction > 0.02


@pytest.mark.parametrize("words", ["i want to um", "i want to go and", "two five five"])
def test_unfinished_words_lengthen_the_wait(words: str) -> None:
    """Less complete, and a longer silence for the same certainty."""
    assert completeness(PLAIN, words, 400) < completeness(PLAIN, "", 400)
    assert silence_for(0.8, PLAIN, words) > silence_for(0.8, PLAIN, "") + 300


@pytest.mark.parametrize("words", ["what is the weather today", "one two three four five six seven eight nine zero"])
def test_finished_words_shorten_the_wait(words: str) -> None:
    """More complete, and a shorter silence for the same certainty."""
    assert completeness(PLAIN, words, 400) > completeness(PLAIN, "", 400)
    assert silence_for(0.8, PLAIN, words) < silence_for(0.8, PLAIN, "") - 150


def test_words_never_decide_alone() -> None:
    """A finished voice after 'and' is likelier done than an unfinished one after a whole question."""
    assert completeness(FINISHED, "and", 400) > completeness(UNFINISHED, "what is the weather", 400)


@pytest.mark.parametrize("words", ["um", "and", "two five", "what is the weather"])
def test_silence_wears_down_any_words(words: str) -> None:
    """Whatever was said, the judgement gets there in the end, and is in doubt at first."""
    assert completeness(PLAIN, words, 160) < 0.6
    assert completeness(PLAIN, words, 60_000) > 0.9


def test_an_end_is_likelier_than_a_pause_by_the_odds_of_the_fit() -> None:
    """The number is the logistic function of the weighted measures: worked out by hand for plain prosody."""
    odds = FITTED.bias + FITTED.silence * 0.5
    assert completeness(PLAIN, "", 500) == pytest.approx(1 / (1 + math.exp(-odds)))


@given(ANY_PROSODY, ANY_WORDS, st.floats(0, 1e5), st.floats(1, 1e4))
def test_completeness_rises_with_the_silence(prosody: Prosody, words: str, silence_ms: float, more_ms: float) -> None:
    """It stays between 0 and 1 and never falls while nobody speaks."""
    now, later = (completeness(prosody, words, ms) for ms in (silence_ms, silence_ms + more_ms))
    assert 0 <= now <= later <= 1


@given(ANY_PROSODY, ANY_WORDS, st.floats(0.05, 0.95))
def test_the_wait_is_the_judgement_solved_for_the_silence(prosody: Prosody, words: str, goal: float) -> None:
    """After that silence the goal is reached, and not before."""
    wait_ms = silence_for(goal, prosody, words)
    reached = completeness(prosody, words, wait_ms)
    assert reached == pytest.approx(goal) if wait_ms else reached >= goal


@given(ANY_PROSODY)
def test_no_measure_runs_away(prosody: Prosody) -> None:
    """A mistracked pitch or a pause of hours moves the judgement by a bounded amount, or by its logarithm."""
    assert all(-2 <= measure <= 10 for measure in measures(prosody))


def test_silence_counts_by_its_length_for_a_second_and_by_its_ratio_after() -> None:
    """Half a second is half, and each doubling beyond a second adds the same."""
    assert felt(0) == 0
    assert felt(500) == 0.5
    assert felt(1000) == 1
    assert felt(4000) - felt(2000) == pytest.approx(felt(2000) - felt(1000)) == pytest.approx(math.log(2))
