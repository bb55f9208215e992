"""Promises of `voicelab.measure.clocks`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.measure.room import PER_MS, Tape
from voicelab.measure.clocks import InputClock


def test_without_gaps_both_clocks_are_one() -> None:
    """Audio that was sent from the beginning of the run on lies where it was counted."""
    tape = Tape()
    tape.frames(0, 200)
    clock = InputClock(tape.records)
    assert [clock.run_ms(ms) for ms in (0, 0.5, 20, 133, 200)] == [0, 0.5, 20, 133, 200]


def test_audio_that_began_later_lies_later() -> None:
    """The clock counts what was appended: its zero is the first sample that was sent."""
    tape = Tape()
    tape.frames(1000, 1100)
    clock = InputClock(tape.records)
    assert (clock.run_ms(0), clock.run_ms(60)) == (1000, 1060)


def test_the_clock_stands_still_while_nothing_is_sent() -> None:
    """Behind a gap a position is later by the gap; the very end before the gap still belongs to before."""
    tape = Tape()
    tape.frames(0, 100)
    tape.frames(500, 600)
    clock = InputClock(tape.records)
    assert (clock.run_ms(99), clock.run_ms(100), clock.run_ms(101), clock.run_ms(150)) == (99, 100, 501, 550)


def test_a_new_connection_starts_a_new_clock() -> None:
    """The same position means another instant in each epoch."""
    tape = Tape()
    tape.frames(0, 100)
    tape.epoch = 1
    tape.frames(2000, 2100)
    tape.frames(3000, 3100)
    clock = InputClock(tape.records)
    assert (clock.run_ms(50, 0), clock.run_ms(50, 1), clock.run_ms(150, 1)) == (50, 2050, 3050)


def test_a_connection_without_audio_has_no_clock() -> None:
    """Where nothing was sent no position has an instant."""
    tape = Tape()
    tape.frames(0, 100)
    assert InputClock(tape.records).run_ms(50, epoch=1) is None
    assert InputClock([]).run_ms(50) is None


def test_a_position_behind_the_end_goes_on_from_the_last_frame() -> None:
    """A detector may name an instant whose frame is not logged yet."""
    tape = Tape()
    tape.frames(0, 100)
    assert InputClock(tape.records).run_ms(130) == 130


def test_only_audio_that_was_sent_counts() -> None:
    """Other records, and appends without a reference into the track, move nothing."""
    tape = Tape()
    tape.opened()
    tape.send("input_audio_buffer.append", 0)
    tape.frames(100, 200)
    tape.send("input_audio_buffer.clear", 200)
    assert InputClock(tape.records).run_ms(100) == 200


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=6), st.data())
def test_every_position_lies_in_the_frame_that_carried_it(pieces: list[tuple[int, int]], data: st.DataObject) -> None:
    """Any gaps between any stretches of frames: the mapping is the one that counts frame by frame."""
    tape, at_ms = Tape(), 0
    for gap, n_frames in pieces:
        at_ms += gap * 20
        tape.frames(at_ms, at_ms + n_frames * 20)
        at_ms += n_frames * 20
    starts_ms = [record.event["audio"]["audio_ref"]["start"] / PER_MS for record in tape.records]
    frame = data.draw(st.integers(0, len(starts_ms) - 1))
    into_ms = data.draw(st.floats(0.5, 20))
    got = InputClock(tape.records).run_ms(frame * 20 + into_ms)
    assert got == pytest.approx(starts_ms[frame] + into_ms)
