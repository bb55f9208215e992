"""Events as rows: folded, searched, kept within bounds."""

from __future__ import annotations

import json

import pytest

from tests.widgets.made_records import Log
from voicelab.widgets.reading.event_feed import MOST_KEPT, EventFeed, holds, pretty, short_of


def test_frames_between_two_other_events_are_one_row() -> None:
    """120 frames, one row that says so."""
    log, feed = Log(), EventFeed()
    log.session(0)
    log.appended(0, 120)
    log.began("u1", 3000)
    log.appended(3000, 3)
    _, folded = feed.take(log.records)
    appends = [(row.n, row.t_ms, row.last_ms) for row in folded if row.type == "input_audio_buffer.append"]
    assert appends == [(120, 20.0, 2400.0), (3, 3020.0, 3060.0)]
    assert len(feed.rows(folded=False)) == 125


def test_streams_of_two_items_are_two_rows_though_they_mix() -> None:
    """What is interleaved is not torn into single rows."""
    log, feed = Log(), EventFeed()
    for k in range(10):
        log.add("send", "input_audio_buffer.append", k)
        log.add("recv", "response.output_audio.delta", k, item_id="a" if k < 5 else "b")
    feed.take(log.records)
    assert [row.n for row in feed.rows(folded=True)] == [10, 5, 5]


def test_a_row_that_grew_comes_back_with_its_new_count() -> None:
    """Only what changed is sent."""
    log, feed = Log(), EventFeed()
    log.session(0)
    log.appended(0, 2)
    feed.take(log.records)
    log.appended(40, 1)
    plain, folded = feed.take(log.records[3:])
    assert [(row.seq, row.n) for row in folded] == [(1, 3)]
    assert [(row.seq, row.n) for row in plain] == [(3, 1)]


def test_only_the_newest_rows_are_kept_and_the_count_is_of_all() -> None:
    """An hour of events does not fill the memory."""
    log, feed = Log(), EventFeed()
    for k in range(MOST_KEPT + 50):
        log.add("recv", "rate_limits.updated", k)
    feed.take(log.records)
    assert [len(feed.rows(folded)) for folded in (True, False)] == [MOST_KEPT, MOST_KEPT]
    assert feed.n_records == MOST_KEPT + 50
    assert feed.find(0, folded=True) is None
    assert feed.find(MOST_KEPT, folded=True) is not None


def test_a_search_looks_at_type_and_json_without_minding_case() -> None:
    """Of the rows that it is given."""
    log, feed = Log(), EventFeed()
    log.add("recv", "error", 0, error={"message": "No such Voice"})
    log.add("recv", "Session.Updated", 1, session={"voice": "marin"})
    log.add("recv", "response.done", 2, response={"status": "completed"})
    feed.take(log.records)
    assert holds(feed.rows(folded=True), "VOICE") == [0, 1]
    assert holds(feed.rows(folded=True), "session.UPD") == [1]
    assert holds(feed.rows(folded=True), "response.d") == [2]
    assert holds(feed.rows(folded=True), "nowhere") == []


@pytest.mark.parametrize(
    ("event", "short"),
    [
        ({"error": {"message": "no\nsuch voice"}}, "no such voice"),
        ({"item": {"type": "message", "role": "user"}}, "message user"),
        ({"response": {"status": "cancelled"}}, "cancelled"),
        ({"delta": "hello", "item_id": "item_1"}, "hello"),
        ({"delta": {"audio_ref": {}}, "item_id": "item_1"}, "item_1"),
        ({"error": "odd"}, ""),
        ({}, ""),
    ],
)
def test_a_row_says_what_its_event_is_about(event: dict[str, object], short: str) -> None:
    """On one line, whatever the event's shape."""
    log = Log()
    log.add("recv", "any", 0, **event)
    assert short_of(log.records[0]) == short


def test_long_texts_are_cut_and_say_so() -> None:
    """A row stays a row."""
    log = Log()
    log.add("recv", "any", 0, text="word " * 100)
    assert len(short_of(log.records[0])) == 80
    assert short_of(log.records[0]).endswith("…")


def test_an_events_json_is_its_own_with_line_breaks() -> None:
    """What is copied can be read by a machine again."""
    log = Log()
    log.add("recv", "error", 0, error={"message": 'ä "b"'})
    text = pretty(log.records[0])
    assert json.loads(text) == log.records[0].event
    assert text.count("\n") == 4
