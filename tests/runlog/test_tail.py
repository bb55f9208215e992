"""The newest records of a run in memory: enough for whoever follows it, never more with time."""

from __future__ import annotations

from voicelab.runlog.record import Record
from voicelab.runlog.tail import Tail


def filled(n: int, most_kept: int) -> Tail:
    """Return a tail to which so many records were added."""
    tail = Tail(most_kept)
    for seq in range(n):
        tail.add(Record(seq=seq, t_ns=seq, wall="", dir="local", type="voicelab.mark"))
    return tail


def test_short_run_is_kept_whole() -> None:
    """Nothing is dropped before there is too much."""
    tail = filled(10, most_kept=10)
    assert [record.seq for record in tail] == list(range(10))
    assert tail.n_records == 10


def test_long_run_keeps_its_end_and_its_count() -> None:
    """Never fewer than asked for, never a fifth more."""
    for n in range(10, 200):
        tail = filled(n, most_kept=10)
        kept = [record.seq for record in tail]
        assert 10 <= len(kept) <= 12
        assert kept == list(range(n - len(kept), n))
        assert tail.n_records == n


def test_follower_gets_what_it_has_not_seen_or_is_told_that_some_is_gone() -> None:
    """``since`` gives exactly the records above a number; None where it cannot give all of them."""
    tail = filled(100, most_kept=10)
    first = next(iter(tail)).seq
    assert [record.seq for record in tail.since(97) or ()] == [98, 99]
    assert next(record.seq for record in tail.since(first - 1) or ()) == first
    assert tail.since(first - 2) is None
    assert tail.since(-1) is None
    assert tail.since(99) == tail.since(10**9) == []


def test_run_that_has_just_begun_has_nothing_new() -> None:
    """Empty is not the same as lost."""
    assert filled(0, most_kept=10).since(-1) == []
    assert [record.seq for record in filled(3, most_kept=10).since(-10) or ()] == [0, 1, 2]
