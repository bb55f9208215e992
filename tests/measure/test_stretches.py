"""Stretches of time, counted by hand."""

from __future__ import annotations

from voicelab.measure.stretches import common, length_ms, merged, touch, within


def test_stretches_that_touch_or_overlap_are_one() -> None:
    """In any order; an empty one is none."""
    assert merged([(5.0, 7.0), (0.0, 2.0), (2.0, 3.0), (6.0, 9.0), (4.0, 4.0)]) == [(0.0, 3.0), (5.0, 9.0)]
    assert merged([(0.0, 9.0), (2.0, 3.0)]) == [(0.0, 9.0)]


def test_a_gap_may_be_bridged() -> None:
    """What is no further apart than the gap is one."""
    assert merged([(0.0, 1.0), (2.0, 3.0), (4.5, 5.0)], gap_ms=1.0) == [(0.0, 3.0), (4.5, 5.0)]


def test_the_common_part_of_two_speakers_is_found() -> None:
    """Each with several stretches; that they touch is not in common."""
    assert common([(0.0, 4.0), (6.0, 8.0)], [(1.0, 2.0), (3.0, 7.0), (8.0, 9.0)]) == [
        (1.0, 2.0),
        (3.0, 4.0),
        (6.0, 7.0),
    ]


def test_a_part_of_the_time_is_cut_out_and_measured() -> None:
    """From 2 to 7 of two stretches."""
    assert within([(0.0, 3.0), (6.0, 9.0), (7.0, 8.0)], 2.0, 7.0) == [(2.0, 3.0), (6.0, 7.0)]
    assert length_ms(within([(0.0, 3.0), (6.0, 9.0)], 2.0, 7.0)) == 2.0
    assert touch([(0.0, 3.0)], 2.0, 7.0)
    assert not touch([(0.0, 2.0)], 2.0, 7.0)
