"""Promises of `voicelab.measure.gathering`: the facts that one pass finds."""

from __future__ import annotations

import pytest

from tests.measure.room import Tape, loud
from voicelab.measure.facts import Label
from voicelab.measure.gathering import gather


def test_nothing_recorded_is_nothing_found() -> None:
    """An empty log gives empty facts."""
    facts = gather([])
    assert (facts.turns, facts.responses, facts.labels, facts.errors, facts.marks) == ([], {}, [], [], [])


def test_turns_and_responses_are_found_in_order(conversation: Tape) -> None:
    """Four turns, numbered from 1; a tool call and what follows it belong to one turn."""
    facts = conversation.facts()
    assert [(turn.turn, turn.kind, turn.item_id) for turn in facts.turns] == [
        (1, "spoken", "item_u1"),
        (2, "spoken", "item_u2"),
        (3, "spoken", "item_u3"),
        (4, "typed", facts.turns[3].item_id),
    ]
    responses = [[response.response_id for response in turn.responses] for turn in facts.turns]
    assert responses == [["resp_1"], ["resp_2"], ["resp_3", "resp_4"], ["resp_5"]]
    assert {key: response.turn for key, response in facts.responses.items()} == {
        "resp_1": 1,
        "resp_2": 2,
        "resp_3": 3,
        "resp_4": 3,
        "resp_5": 4,
    }


def test_the_instants_of_a_spoken_turn_are_the_clients(conversation: Tape) -> None:
    """When each event was received here, in nanoseconds; positions of the server's clock stay as they came."""
    turn = conversation.facts().turns[0]
    assert (turn.began_ns, turn.stopped_ns, turn.committed_ns) == (480_000_000, 1_425_000_000, 1_426_000_000)
    assert (turn.audio_start_ms, turn.audio_end_ms) == (100, 1400)
    assert turn.transcript == "hello there"


def test_the_instants_of_a_response_are_the_clients(conversation: Tape) -> None:
    """Created, first sound, done; how it ended and why."""
    response = conversation.facts().responses["resp_2"]
    assert (response.created_ns, response.first_output_ns, response.done_ns) == (3.58e9, 3.7e9, 4.352e9)
    assert (response.status, response.reason) == ("cancelled", "turn_detected")


def test_sound_is_counted_item_by_item(conversation: Tape) -> None:
    """Where it begins in the received audio, how much came, when it was played, where it was heard."""
    item = conversation.facts().responses["resp_2"].items["item_a2"]
    assert (item.output_start, item.n_samples) == (500 * 24, 2000 * 24)
    assert (item.first_delta_ns, item.played_ns) == (3.7e9, 3.71e9)
    assert item.heard_refs == [(3710 * 24, 640 * 24)]
    assert (item.heard_ms, item.remembered_ms, item.cut) == (640.0, 640, True)
    assert item.transcript == "Once upon a time there was"


def test_labels_lie_where_their_clip_was_sent(conversation: Tape) -> None:
    """Counted from the first frame behind the record that the clip began."""
    assert conversation.facts().labels == [Label("hello.wav", 300.0, 1100.0, "hello there")]


def test_a_clip_without_labels_gives_none() -> None:
    """A text alone says nothing of time."""
    tape = Tape()
    tape.local("source.started", 0, clip="a.wav", labels={"text": "hi"})
    tape.frames(0, 100)
    assert tape.facts().labels == []


def test_half_a_label_is_kept_as_half() -> None:
    """Only the end of speech is known: the beginning stays unknown."""
    tape = Tape()
    tape.frames(0, 40)
    tape.local("source.started", 40, clip="a.wav", labels={"speech_end_ms": 500})
    tape.frames(60, 100)
    assert tape.facts().labels == [Label("a.wav", None, 560.0, None)]


def test_a_typed_message_begins_a_turn_when_it_is_asked_about() -> None:
    """The words are known at once; the turn begins with the message, the request is the one for a response."""
    tape = Tape()
    tape.typed("And tomorrow?", 7000)
    assert tape.facts().turns == []
    tape.send("response.create", 7010)
    turn = tape.facts().turns[0]
    assert (turn.kind, turn.transcript, turn.began_ns, turn.requested_ns) == ("typed", "And tomorrow?", 7e9, 7.01e9)


def test_history_that_was_carried_over_is_no_turn() -> None:
    """After a reconnect old messages are sent again; the request after a tool call does not make turns of them."""
    tape = Tape()
    tape.typed("an old question", 100)
    tape.frames(0, 1000)
    tape.spoke("item_u1", 0, 900, started_ms=300, stopped_ms=910)
    tape.created("resp_1", 920)
    tape.done("resp_1", 930, None)
    tape.send("response.create", 940)
    tape.created("resp_2", 950)
    turns = tape.facts().turns
    assert [(turn.kind, len(turn.responses)) for turn in turns] == [("spoken", 2)]


def test_a_response_outside_the_conversation_belongs_to_no_turn() -> None:
    """It is found and counted, but it is not what the user was answered; asking for it begins no turn."""
    tape = Tape()
    tape.typed("Hello?", 0)
    tape.send("response.create", 5, response={"conversation": "none"})
    tape.send("response.create", 10)
    tape.created("resp_1", 20)
    tape.created("side", 30, conversation_id=None)
    tape.said("side", "item_x", 40, "no profanity found")
    facts = tape.facts()
    assert [response.response_id for response in facts.turns[0].responses] == ["resp_1"]
    assert facts.turns[0].requested_ns == 10_000_000
    assert (facts.responses["side"].turn, facts.responses["side"].text) == (None, "no profanity found")


def test_a_greeting_before_any_turn_belongs_to_no_turn() -> None:
    """The agent may speak first."""
    tape = Tape()
    tape.send("response.create", 0)
    tape.created("resp_1", 20)
    assert tape.facts().turns == []
    assert tape.facts().responses["resp_1"].turn is None


def test_a_written_reply_is_output_and_words() -> None:
    """Without sound the first text is the first output."""
    tape = Tape()
    tape.typed("Hello?", 0)
    tape.send("response.create", 10)
    tape.created("resp_1", 20)
    for at_ms, words in ((50, "Good "), (60, "day.")):
        tape.recv("response.output_text.delta", at_ms, response_id="resp_1", item_id="item_1", delta=words)
    response = tape.facts().responses["resp_1"]
    assert (response.text, response.first_output_ns) == ("Good day.", 50_000_000)


def test_calls_are_kept_with_their_arguments(conversation: Tape) -> None:
    """As a person would write them."""
    assert conversation.facts().responses["resp_3"].calls == ['get_weather({"city": "Rome"})']


def spoken_item(tape: Tape) -> None:
    """Write a reply of 400 ms."""
    tape.created("resp_1", 0)
    tape.sound("resp_1", "item_1", 10, loud(400))


def test_an_item_that_was_deleted_before_it_was_heard_was_cut() -> None:
    """The session deletes what was interrupted before its first sample: nothing of it is remembered."""
    tape = Tape()
    spoken_item(tape)
    tape.recv("conversation.item.deleted", 100, item_id="item_1")
    item = tape.facts().responses["resp_1"].items["item_1"]
    assert (item.cut, item.remembered_ms, item.heard_ms) == (True, 0, 0.0)


def test_an_item_that_is_deleted_after_it_was_heard_was_not_cut() -> None:
    """Taking an old answer out of the memory is no interruption."""
    tape = Tape()
    spoken_item(tape)
    tape.played("item_1", 20)
    tape.heard("item_1", 20, loud(400))
    tape.stopped("item_1", 420, 400.0, 400.0)
    tape.recv("conversation.item.deleted", 9000, item_id="item_1")
    item = tape.facts().responses["resp_1"].items["item_1"]
    assert (item.cut, item.remembered_ms, item.heard_ms) == (False, 0, 400.0)


def test_a_reply_whose_player_was_killed_was_heard_as_far_as_it_was() -> None:
    """Without the record that playback stopped, what was written into the heard track counts."""
    tape = Tape()
    spoken_item(tape)
    tape.played("item_1", 20)
    tape.heard("item_1", 20, loud(200))
    tape.heard("item_1", 220, loud(100))
    item = tape.facts().responses["resp_1"].items["item_1"]
    assert item.heard_ms == pytest.approx(300)
    tape.stopped("item_1", 310, 290.0, 400.0, "interrupted")
    assert tape.facts().responses["resp_1"].items["item_1"].heard_ms == 290.0


def test_thresholds_errors_and_marks_keep_their_instants() -> None:
    """Each with the time at which it was received or made; detection that is off has no threshold."""
    tape = Tape()
    tape.opened(0, threshold=0.5)
    tape.opened(100, threshold=None, kind="session.updated")
    tape.opened(200, threshold=0.3, kind="session.updated")
    tape.recv("error", 300, error={"code": "invalid_value"})
    tape.local("mark", 400, text="confused")
    facts = tape.facts()
    assert facts.thresholds == [(0, 0.5), (200_000_000, 0.3)]
    assert facts.errors == [(300_000_000, {"code": "invalid_value"})]
    assert facts.marks == [(400_000_000, "confused")]


def test_events_about_what_is_not_known_are_passed_over() -> None:
    """A log that begins in the middle, or lost a line, is read as far as it goes."""
    tape = Tape()
    tape.sound("resp_0", "item_0", 0, loud(20))
    tape.said("resp_0", "item_0", 0, "spam")
    tape.done("resp_0", 10, None)
    tape.played("nobody", 20)
    tape.heard("nobody", 20, loud(20))
    tape.stopped("nobody", 40, 20.0, 20.0)
    call = {"response_id": "resp_0", "name": "f", "arguments": "{}"}
    tape.recv("response.function_call_arguments.done", 45, **call)
    tape.recv("conversation.item.truncated", 50, item_id="nobody", audio_end_ms=10)
    tape.recv("conversation.item.deleted", 60, item_id="nobody")
    kind = "conversation.item.input_audio_transcription.completed"
    tape.recv(kind, 70, item_id="nobody", transcript="hi")
    tape.local("of_tomorrow", 80, anything="at all")
    assert (tape.facts().turns, tape.facts().responses) == ([], {})


def test_payload_of_another_shape_is_set_aside_and_named() -> None:
    """An event without a field that it must have costs nothing but itself; its number is kept."""
    tape = Tape()
    tape.recv("response.created", 0)
    tape.recv("input_audio_buffer.committed", 10, item_id=None, previous_item_id=None)
    tape.recv("response.done", 20, response=[])
    tape.typed("hello", 30)
    tape.send("response.create", 40)
    facts = tape.facts()
    assert [turn.transcript for turn in facts.turns if turn.kind == "typed"] == ["hello"]
    assert facts.unreadable == [0, 2]
