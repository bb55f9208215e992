"""The transcript's lines: who said what, and what of it was heard."""

from __future__ import annotations

import pytest

from tests.widgets.made_records import Log
from voicelab.runlog.record import Record
from voicelab.widgets.reading.heard_words import split_at_heard
from voicelab.widgets.reading.line import Line
from voicelab.widgets.reading.transcript_feed import TranscriptFeed

WORDS = "one two three four five six seven eight nine ten"


def lines_of(log: Log) -> list[Line]:
    feed = TranscriptFeed()
    feed.take(log.records)
    return list(feed.lines)


def conversation() -> Log:
    """A spoken turn and its reply, which is interrupted after 400 of 1,000 ms."""
    log = Log()
    log.session(0)
    log.began("u1", 500)
    log.ended("u1", 1500)
    log.heard("u1", 1510, "what time is it")
    log.answering("a1", 1600, WORDS)
    log.played("a1", 1650)
    log.began("u2", 2050)
    log.stopped("a1", 2050, 400.0, 1000.0)
    log.done("a1", 2051, "cancelled")
    return log


def test_a_users_line_stands_where_the_speech_began_and_grows_with_its_words() -> None:
    """First nothing, then the words while they come, then the final ones."""
    log, feed, seen = conversation(), TranscriptFeed(), []
    for record in log.records:
        seen += [(line.text, line.state) for line in feed.take([record]) if line.key == "u1"]
    assert seen[:2] == [("", "speaking"), ("", "waiting")]
    assert ("what time ", "waiting") in seen
    assert seen[-1] == ("what time is it", "final")
    assert feed.lines[0].at_ms == 500


def test_what_was_generated_but_not_heard_is_parted_from_what_was_heard() -> None:
    """400 of 1,000 ms are four tenths of the letters; the boundary says that it is an estimate."""
    agent = lines_of(conversation())[1]
    assert agent.text + agent.unheard == WORDS + " "
    assert agent.text == "one two three four "
    assert (agent.cut, agent.estimated, agent.heard_ms, agent.received_ms) == (True, True, 400.0, 1000.0)
    assert agent.state == "final"


def test_words_that_come_after_the_cut_are_not_heard_either() -> None:
    """A late delta goes behind the boundary."""
    log = conversation()
    where = {"response_id": "resp_a1", "item_id": "a1", "output_index": 0, "content_index": 0}
    log.add("recv", "response.output_audio_transcript.done", 2060, **where, transcript=WORDS + " eleven")
    agent = lines_of(log)[1]
    assert agent.unheard.endswith("eleven")
    assert len(agent.text) <= 0.4 * len(WORDS + " eleven")


def test_a_reply_heard_to_its_end_has_nothing_struck_through() -> None:
    """Finished is not interrupted."""
    log = Log()
    log.answering("a1", 100, WORDS)
    log.played("a1", 150)
    log.stopped("a1", 1150, 1000.0, 1000.0)
    log.done("a1", 1100)
    (agent,) = lines_of(log)
    assert (agent.text, agent.unheard, agent.cut) == (WORDS + " ", "", False)
    assert agent.at_ms == 150


def test_a_reply_of_which_nothing_was_played_is_all_struck_through_without_an_estimate() -> None:
    """Then it is deleted, and there is no boundary to estimate."""
    log = Log()
    log.answering("a1", 100, WORDS)
    log.add("recv", "conversation.item.deleted", 200, item_id="a1")
    (agent,) = lines_of(log)
    assert (agent.text, agent.unheard, agent.estimated) == ("", WORDS + " ", False)


def test_an_old_reply_that_is_deleted_was_heard_all_the_same() -> None:
    """Forgetting does not change what somebody has heard."""
    log = Log()
    log.answering("a1", 100, WORDS)
    log.played("a1", 150)
    log.stopped("a1", 1150, 1000.0, 1000.0)
    log.add("recv", "conversation.item.deleted", 5000, item_id="a1")
    assert lines_of(log)[0].unheard == ""


def test_another_clients_truncation_says_what_was_heard() -> None:
    """Where no player wrote anything, the truncation and the received sound do."""
    log = Log()
    log.answering("a1", 100, WORDS)
    log.add("recv", "conversation.item.truncated", 600, item_id="a1", content_index=0, audio_end_ms=400)
    (agent,) = lines_of(log)
    assert agent.text == "one two three four "


def test_a_servers_trace_tells_the_same_conversation() -> None:
    """What it sent is what a client would have received."""
    log = conversation()
    opposite = {"send": "recv", "recv": "send", "local": "local"}
    trace = [
        Record(seq=r.seq, t_ns=r.t_ns, wall=r.wall, dir=opposite[r.dir], type=r.type, event=r.event)  # type: ignore[arg-type]
        for r in log.records
    ]
    feed = TranscriptFeed("server")
    feed.take(trace)
    assert list(feed.lines) == lines_of(log)


def test_typed_turns_are_lines_and_history_is_not() -> None:
    """What is told to a new connection was said before."""
    log = Log()
    log.typed("And 12 * 7?", 100)
    history = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "old"}]}
    answer = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "older"}]}
    log.add("send", "conversation.item.create", 200, item=history)
    log.add("send", "conversation.item.create", 200, item=answer)
    log.add("send", "response.create", 300)
    assert [(line.text, line.how) for line in lines_of(log)] == [("And 12 * 7?", "typed")]


def test_a_new_connection_is_a_note_and_the_first_is_none() -> None:
    """The reader sees where the server began anew."""
    log = Log()
    log.session(0)
    log.epoch = 1
    log.session(1000)
    assert [(line.who, line.how) for line in lines_of(log)] == [("note", "connection")]


def test_a_function_call_is_one_line_with_its_result() -> None:
    """The call, then what it returned, on the same line."""
    log = Log()
    call = {"item_id": "f1", "call_id": "call_1", "name": "set_timer", "arguments": '{"minutes": 5}'}
    log.add("recv", "response.function_call_arguments.done", 100, **call)
    result = {"type": "function_call_output", "call_id": "call_1", "output": "rings in 300 s"}
    log.add("send", "conversation.item.create", 110, item=result)
    (line,) = lines_of(log)
    assert (line.who, line.text, line.result) == ("tool", 'set_timer({"minutes": 5})', "rings in 300 s")


def test_speech_that_was_thrown_away_leaves_no_line() -> None:
    """The page is told to take it off."""
    log, feed = Log(), TranscriptFeed()
    log.began("u1", 100)
    feed.take(log.records)
    log.add("recv", "input_audio_buffer.cleared", 200)
    (gone,) = feed.take(log.records[1:])
    assert (gone.key, gone.how, feed.lines) == ("u1", "gone", ())


def test_without_transcription_a_turn_is_over_when_it_is_committed() -> None:
    """Nobody waits for words that were not asked for."""
    log = Log()
    log.session(0, transcribed=False)
    log.began("u1", 100)
    log.ended("u1", 900)
    (line,) = lines_of(log)
    assert (line.state, line.words_known) == ("final", False)


def test_a_response_outside_the_conversation_says_so() -> None:
    """It is no part of what was talked about."""
    log = Log()
    log.answering("x", 100, "a summary", aside=True)
    assert lines_of(log)[0].how == "aside"


def test_refusals_and_marks_are_notes() -> None:
    """In their own words."""
    log = Log()
    log.add("recv", "error", 100, error={"message": "no such voice"})
    log.add("local", "voicelab.mark", 200, text="confused")
    assert [(line.how, line.text) for line in lines_of(log)] == [("refused", "no such voice"), ("mark", "confused")]


def test_only_lines_that_changed_come_back() -> None:
    """A long conversation is not sent again for each word."""
    log, feed = conversation(), TranscriptFeed()
    feed.take(log.records)
    before = len(log.records)
    log.heard("u2", 3000, "stop")
    assert {line.key for line in feed.take(log.records[before:])} == {"u2"}
    assert feed.take([]) == ()
    log.add("recv", "conversation.item.input_audio_transcription.completed", 3100, item_id="u2", transcript="stop")
    assert feed.take(log.records[-1:]) == ()


def test_malformed_events_are_passed_over() -> None:
    """Somebody else's server ends no transcript."""
    log = conversation()
    log.add("recv", "response.output_audio_transcript.delta", 3000, item_id=None)
    log.add("recv", "error", 3000, error="a text")
    assert len(lines_of(log)) == 3


@pytest.mark.parametrize(
    ("heard_ms", "received_ms", "heard"),
    [(0, 1000, ""), (1000, 1000, "ab cd ef"), (1200, 1000, "ab cd ef"), (500, 1000, "ab "), (700, 1000, "ab cd ")],
)
def test_only_whole_words_are_heard(heard_ms: float, received_ms: float, heard: str) -> None:
    """A word of which a part was heard counts as not heard, as the embedded server has it."""
    assert split_at_heard("ab cd ef", heard_ms, received_ms) == (heard, "ab cd ef"[len(heard) :])


def test_without_sound_nothing_was_heard() -> None:
    """No division by nothing."""
    assert split_at_heard("ab", 0, 0) == ("", "ab")
