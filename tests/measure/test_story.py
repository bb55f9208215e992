"""A run read once and kept small tells what all its records tell."""

from __future__ import annotations

from tests.measure.room import Tape, silent
from voicelab.measure.clocks import InputClock
from voicelab.measure.story import Story
from voicelab.measure.turns import turns_of


def told(tape: Tape) -> Story:
    """Return the story of a tape."""
    story = Story()
    for record in tape.records:
        story.take(record)
    return story


def test_turns_are_those_of_all_records(conversation: Tape) -> None:
    """The same turns to the last digit, from a handful of records."""
    story = told(conversation)
    assert turns_of(story.facts, story.records(), None, conversation.read) == conversation.turns(None)
    assert len(story.records()) < len(conversation.records) / 20


def test_sound_without_a_gap_is_one_record_and_the_clock_runs_through_it() -> None:
    """A gap, or another connection, begins a new one; every position lies where it lay."""
    tape = Tape()
    tape.frames(0, 60_000)
    tape.frames(61_000, 62_000)
    tape.epoch = 1
    tape.frames(62_000, 63_000)
    kept = told(tape).records()
    assert len(kept) == 3
    whole, small = InputClock(tape.records), InputClock(kept)
    for audio_ms in (0, 1, 20, 30_007.5, 59_999, 60_000, 60_001, 60_999, 70_000):
        assert small.run_ms(audio_ms) == whole.run_ms(audio_ms)
        assert small.run_ms(audio_ms, epoch=1) == whole.run_ms(audio_ms, epoch=1)


def test_silence_is_not_kept_whatever_the_threshold() -> None:
    """Scores below the threshold that was in force are nothing to remember; one voiced window keeps its record."""
    tape = Tape()
    tape.opened(0, threshold=0.5)
    for k in range(1_000):
        tape.scores(k * 128, 0.1, 0.2, 0.3, 0.49)
    assert told(tape).records() == []
    tape.opened(128_000, threshold=0.3, kind="session.updated")
    tape.scores(128_000, 0.1, 0.2, 0.3, 0.49)
    (kept,) = told(tape).records()
    assert kept.event["p"] == [0.1, 0.2, 0.3, 0.49]


def test_speech_of_two_thresholds_is_not_one() -> None:
    """Each window is judged by the threshold of its time, also where scores follow each other."""
    tape = Tape()
    tape.opened(0, threshold=0.5)
    tape.scores(0, 0.9, 0.4, at_ms=64)
    tape.opened(64, threshold=0.3, kind="session.updated")
    tape.scores(64, 0.4, 0.4, at_ms=128)
    tape.scores(128, 0.4, 0.4, at_ms=192)
    assert [record.event["p"] for record in told(tape).records()] == [[0.9, 0.4], [0.4, 0.4, 0.4, 0.4]]


def test_record_that_was_taken_is_taken_once() -> None:
    """Read from the disk and seen in memory, it counts once."""
    tape = Tape()
    tape.send("input_audio_buffer.append", 20, audio=tape.place("input", 0, silent(20)))
    tape.local("mark", 30, text="here")
    story = told(tape)
    for record in tape.records:
        story.take(record)
    assert len(story.facts.marks) == 1
    assert [record.event["audio"]["audio_ref"]["n"] for record in story.records()] == [480]


def test_sound_that_was_logged_as_it_came_is_passed_over() -> None:
    """Another program's log may hold base64 where this one holds a place on a track."""
    tape = Tape()
    tape.send("input_audio_buffer.append", 20, audio="AAAA")
    assert told(tape).records() == []
