"""What the server remembers, from its events."""

from __future__ import annotations

from typing import Any

from tests.widgets.made_records import Log
from voicelab.widgets.reading.memory_feed import Kept, MemoryFeed


def kept(log: Log) -> tuple[Kept, ...]:
    feed = MemoryFeed()
    feed.take(log.records)
    return feed.kept()


def item_done(log: Log, at_ms: float, item: dict[str, Any]) -> None:
    log.add("recv", "conversation.item.done", at_ms, item=item, previous_item_id=None)


def talk() -> Log:
    """A user's turn of 1,000 ms with its words, and a reply of 2,000 ms."""
    log = Log()
    log.session(0)
    log.began("u1", 500, audio_start_ms=200)
    log.ended("u1", 1500, audio_end_ms=1200)
    log.heard("u1", 1510, "what time is it")
    log.answering("a1", 1600, "it is late", sound_ms=2000)
    return log


def test_words_and_sound_of_both_sides_are_remembered() -> None:
    """In the order of the conversation, with the tokens that the sound counts."""
    by_id = {one.item.item_id: one for one in kept(talk())}
    assert (by_id["u1"].item.text, by_id["u1"].kept_ms, by_id["u1"].tokens) == ("what time is it", 1000.0, 10)
    assert (by_id["a1"].item.text, by_id["a1"].kept_ms, by_id["a1"].tokens) == ("it is late ", 2000.0, 40)


def test_a_truncated_reply_keeps_the_sound_that_was_heard_and_no_words() -> None:
    """So the protocol says."""
    log = talk()
    log.add("recv", "conversation.item.truncated", 2000, item_id="a1", content_index=0, audio_end_ms=400)
    reply = next(one for one in kept(log) if one.item.item_id == "a1")
    assert (reply.item.text, reply.kept_ms, reply.item.audio_ms, reply.tokens) == (None, 400.0, 2000.0, 8)


def test_a_deleted_item_is_gone() -> None:
    """It is remembered no more."""
    log = talk()
    log.add("recv", "conversation.item.deleted", 2000, item_id="a1")
    assert [one.item.item_id for one in kept(log)] == ["u1"]


def test_typed_words_count_as_text() -> None:
    """One token for each four letters."""
    log = Log()
    item = {"type": "message", "id": "t1", "role": "user", "content": [{"type": "input_text", "text": "12345678"}]}
    log.add("recv", "conversation.item.added", 0, item=item, previous_item_id=None)
    item_done(log, 0, item)
    (one,) = kept(log)
    assert (one.kept_ms, one.tokens) == (None, 2)


def test_a_new_connection_begins_with_nothing() -> None:
    """Another connection is another memory."""
    log = talk()
    log.epoch = 1
    log.session(5000)
    feed = MemoryFeed()
    feed.take(log.records)
    assert (feed.kept(), feed.epoch) == ((), 1)


def test_sound_alone_changes_nothing_that_is_shown() -> None:
    """A hundred deltas a second do not make a view look."""
    log, feed = talk(), MemoryFeed()
    feed.take(log.records)
    n = feed.n_changes
    log.appended(3000, 50)
    where = {"response_id": "resp_a1", "item_id": "a1", "output_index": 0, "content_index": 0}
    log.add("recv", "response.output_audio.delta", 4000, **where, delta={"audio_ref": {"n": 480}})
    feed.take(log.records[-51:])
    assert feed.n_changes == n


def test_malformed_events_are_counted_and_left_out() -> None:
    """Somebody else's server ends no view."""
    log = talk()
    log.add("recv", "conversation.item.added", 3000, item="a text")
    feed = MemoryFeed()
    feed.take(log.records)
    assert (feed.n_unreadable, len(feed.kept())) == (1, 2)


def test_what_the_client_sends_is_not_remembered_until_the_server_says_so() -> None:
    """The server's word counts."""
    log = Log()
    log.typed("hello", 0)
    assert kept(log) == ()
