"""Promises of `voicelab.measure.sent_and_billed`."""

from __future__ import annotations

from tests.measure.room import WALL
from tests.measure.told_responses import told
from voicelab.measure.facts import ResponseFacts
from voicelab.measure.sent_and_billed import SentAndBilled, sent_and_billed
from voicelab.runlog.record import Direction, Record


def frame(at_ns: int, n_bytes: int | None, direction: Direction = "send") -> Record:
    """Return a frame of so many bytes."""
    return Record(seq=0, t_ns=at_ns, wall=WALL, dir=direction, type="any", event={}, bytes=n_bytes)


def conversation() -> list[ResponseFacts]:
    """Two turns: 100 and 20 in, 10 and 30 out; then 160 of history and 20 new, 5 out."""
    return [
        told(1, text=(100, 0, 10), audio=(20, 0, 30)),
        told(2, text=(110, 0, 5), audio=(70, 0, 0)),
    ]


def ends(responses: list[ResponseFacts]) -> list[int]:
    return [response.done_ns or 0 for response in responses]


def test_bytes_are_sent_once_and_history_is_billed_again() -> None:
    """Running sums at the end of each turn, a frame at the very end included."""
    responses = conversation()
    first, second = ends(responses)
    records = [frame(0, 500), frame(first, 100), frame(first + 1, 300), frame(second, 50), frame(second + 1, 9_999)]
    assert sent_and_billed(responses, records) == [
        SentAndBilled(1, 600, new_tokens=120, history_tokens=0, out_tokens=40),
        SentAndBilled(2, 950, new_tokens=140, history_tokens=160, out_tokens=45),
    ]
    assert sent_and_billed(responses, records)[1].billed_tokens == 345


def test_only_what_the_client_sent_counts() -> None:
    """Of a server's trace that is what it received."""
    responses = conversation()
    records = [frame(0, 500), frame(0, 7, "recv"), frame(0, 3, "local")]
    assert [row.sent_bytes for row in sent_and_billed(responses, records)] == [500, 500]
    assert [row.sent_bytes for row in sent_and_billed(responses, records, "server")] == [7, 7]


def test_a_log_without_lengths_says_nothing_of_bytes() -> None:
    """None, never 0."""
    assert [row.sent_bytes for row in sent_and_billed(conversation(), [frame(0, None)])] == [None, None]


def test_a_turn_without_a_usage_is_left_out() -> None:
    """And one that still runs."""
    silent = told(3, used={"input_tokens": 9, "output_tokens": 3})
    rows = sent_and_billed([*conversation(), silent, told(4, done=False)], [])
    assert [row.turn for row in rows] == [1, 2]


def test_a_greeting_stands_in_front() -> None:
    """Before turn 1."""
    assert [row.turn for row in sent_and_billed([told(None, text=(9, 0, 1)), *conversation()], [])] == [None, 1, 2]
