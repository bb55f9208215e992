"""Promises of `voicelab.protocol.conversation`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.protocol import server_events as ev
from voicelab.protocol import wire
from voicelab.protocol.conversation import FLOOR, Conversation
from voicelab.protocol.items import (
    InputAudio,
    InputText,
    Message,
    OutputAudio,
    OutputText,
    text_of,
)

IDS: dict[str, Any] = {"response_id": "resp_1", "item_id": "item_a", "output_index": 0, "content_index": 0}
SPEECH_STARTED = ev.SpeechStarted(audio_start_ms=0, item_id="item_u")
SPEECH_STOPPED = ev.SpeechStopped(audio_end_ms=1000, item_id="item_u")
SOUND = ev.OutputAudioDelta(**IDS, delta=b"\0\0")


def created(response_id: str = "resp_1", conversation_id: str | None = "conv_1") -> ev.ResponseCreated:
    return ev.ResponseCreated(response=ev.Response(id=response_id, conversation_id=conversation_id))


def done(response_id: str = "resp_1", conversation_id: str | None = "conv_1") -> ev.ResponseDone:
    response = ev.Response(id=response_id, conversation_id=conversation_id, status="completed")
    return ev.ResponseDone(response=response)


def user(item_id: str, *parts: Any) -> Message:
    return Message(id=item_id, role="user", content=parts or (InputAudio(),))


def after(*events: ev.ServerEvent) -> Conversation:
    """Return a conversation to which some events were applied."""
    conversation = Conversation()
    for event in events:
        conversation.apply(event)
    return conversation


def order(conversation: Conversation) -> list[str | None]:
    return [item.id for item in conversation.items]


# --- the floor -----------------------------------------------------------------------------------------------

EVENTS: dict[str, ev.ServerEvent] = {
    "speech_started": SPEECH_STARTED,
    "speech_stopped": SPEECH_STOPPED,
    "buffer_emptied": ev.InputAudioCleared(),
    "response_created": created(),
    "output": SOUND,
    "response_done": done(),
}
WAY_TO: dict[str, tuple[str, ...]] = {
    "listening": (),
    "user speaking": ("speech_started",),
    "thinking": ("response_created",),
    "speaking": ("response_created", "output"),
    "interrupted": ("response_created", "output", "speech_started"),
}
# In the order of EVENTS; None: cannot happen there, and leaves the floor as it is.
CELLS: dict[str, tuple[str | None, ...]] = {
    "listening": ("user speaking", None, "listening", "thinking", None, None),
    "user speaking": (None, "listening", "listening", "interrupted", None, None),
    "thinking": ("interrupted", None, "thinking", None, "speaking", "listening"),
    "speaking": ("interrupted", None, "speaking", None, "speaking", "listening"),
    "interrupted": (None, "speaking", "speaking", None, "interrupted", "user speaking"),
}


@pytest.mark.parametrize(
    ("state", "cause", "becomes"),
    [(state, cause, cell) for state, row in CELLS.items() for cause, cell in zip(EVENTS, row, strict=True)],
)
def test_every_event_moves_the_floor_as_the_table_says(state: str, cause: str, becomes: str | None) -> None:
    """A cell for each state and event; what cannot happen is counted and leaves the floor as it is."""
    conversation = after(*(EVENTS[step] for step in WAY_TO[state]))
    assert (conversation.floor, conversation.irregular) == (state, 0)
    conversation.apply(EVENTS[cause])
    assert conversation.floor == (becomes or state)
    assert conversation.irregular == (becomes is None)


def test_the_table_has_no_state_and_no_event_that_is_not_tested() -> None:
    """The cells above are the whole table."""
    assert FLOOR.keys() == CELLS.keys()
    assert {cause for row in FLOOR.values() for cause in row} == EVENTS.keys()


@pytest.mark.parametrize(
    "output",
    [
        SOUND,
        ev.OutputTextDelta(**IDS, delta="hi"),
        ev.FunctionArgumentsDelta(response_id="resp_1", item_id="f", output_index=0, call_id="c", delta="{"),
    ],
    ids=["sound", "text", "arguments"],
)
def test_any_output_ends_thinking(output: ev.ServerEvent) -> None:
    """Sound, text and function arguments all are output."""
    assert after(created(), output).floor == "speaking"


def test_an_event_of_no_consequence_changes_nothing() -> None:
    """Unknown events, limits and errors are welcome and leave the state as it is."""
    idle: list[ev.ServerEvent] = [
        ev.Unknown(type="new", body={"type": "new"}),
        ev.RateLimitsUpdated(rate_limits=()),
        ev.Error(error=ev.ErrorDetail(message="no")),
    ]
    conversation = after(ev.ItemAdded(item=user("u")), created(), *idle)
    assert (conversation.floor, conversation.active_response, order(conversation)) == ("thinking", "resp_1", ["u"])


# --- responses -----------------------------------------------------------------------------------------------


def test_a_response_is_active_from_created_to_done() -> None:
    """Between its two events the next response has to wait."""
    conversation = after(created("resp_1"))
    assert conversation.active_response == "resp_1"
    conversation.apply(done("resp_1"))
    assert conversation.active_response is None


def test_a_response_outside_the_conversation_does_not_hold_the_floor() -> None:
    """With ``conversation_id`` null it neither thinks nor speaks nor blocks."""
    delta = ev.OutputTextDelta(response_id="side", item_id="x", output_index=0, delta="spam")
    for events in ([created("side", None)], [created("side", None), delta]):
        conversation = after(*events)
        assert (conversation.floor, conversation.active_response) == ("listening", None)


def test_a_response_outside_the_conversation_does_not_disturb_the_one_inside() -> None:
    """Its output is not taken for the agent's, its end does not end the other."""
    delta = ev.OutputTextDelta(response_id="side", item_id="x", output_index=0, delta="spam")
    conversation = after(created("resp_1"), created("side", None), delta)
    assert conversation.floor == "thinking"
    conversation.apply(done("side", None))
    assert (conversation.floor, conversation.active_response) == ("thinking", "resp_1")
    conversation.apply(SOUND)
    assert conversation.floor == "speaking"


# --- items and their order -----------------------------------------------------------------------------------


def test_items_stand_behind_the_one_that_they_name() -> None:
    """``previous_item_id`` decides the place, not the time of arrival; null is the front."""
    conversation = after(
        ev.ItemAdded(item=user("b")),
        ev.ItemAdded(item=user("d"), previous_item_id="b"),
        ev.ItemAdded(item=user("c"), previous_item_id="b"),
        ev.ItemAdded(item=user("a")),
    )
    assert order(conversation) == ["a", "b", "c", "d"]
    assert conversation.last_item_id == "d"
    assert [conversation.before(item_id) for item_id in "abcd"] == [None, "a", "b", "c"]


def test_an_empty_conversation_has_no_last_item() -> None:
    """The first item follows nothing."""
    assert Conversation().last_item_id is None
    assert Conversation().get("item_1") is None


def test_an_item_is_added_once() -> None:
    """The same id a second time changes neither place nor content."""
    conversation = after(
        ev.ItemAdded(item=user("a", InputText(text="one"))), ev.ItemAdded(item=user("b"), previous_item_id="a")
    )
    conversation.apply(ev.ItemAdded(item=user("a", InputText(text="two")), previous_item_id="b"))
    assert order(conversation) == ["a", "b"]
    assert text_of(conversation.items[0]) == "one"


def test_an_item_that_is_done_is_what_it_is_in_the_end() -> None:
    """The final item stands where the item was begun."""
    begun = Message(id="a", role="assistant", status="in_progress")
    final = Message(id="a", role="assistant", content=(OutputText(text="All of it."),))
    conversation = after(
        ev.ItemAdded(item=begun), ev.ItemAdded(item=user("u"), previous_item_id="a"), ev.ItemDone(item=final)
    )
    assert conversation.items[0] == final
    assert order(conversation) == ["a", "u"]


def test_an_item_that_was_never_added_is_not_added_by_being_done() -> None:
    """Items of responses outside the conversation stay outside."""
    assert after(ev.ItemDone(item=user("x"))).items == ()


def test_a_deleted_item_is_gone() -> None:
    """Its neighbours close up; deleting what is not there changes nothing."""
    conversation = after(
        ev.ItemAdded(item=user("a")),
        ev.ItemAdded(item=user("b"), previous_item_id="a"),
        ev.ItemAdded(item=user("c"), previous_item_id="b"),
        ev.ItemDeleted(item_id="b"),
        ev.ItemDeleted(item_id="nobody"),
    )
    assert order(conversation) == ["a", "c"]
    assert conversation.get("b") is None
    assert conversation.before("c") == "a"


# --- words ---------------------------------------------------------------------------------------------------


def transcribed(item_id: str, words: str, index: int = 0) -> ev.TranscriptionCompleted:
    return ev.TranscriptionCompleted(item_id=item_id, content_index=index, transcript=words, usage={})


def test_a_transcription_becomes_the_text_of_the_users_item() -> None:
    """What the user said stands in the item, whenever it was recognised."""
    conversation = after(
        ev.ItemAdded(item=user("u")), ev.ItemDone(item=user("u")), transcribed("u", "What time is it?")
    )
    assert conversation.get("u") == user("u", InputAudio(transcript="What time is it?"))


def test_a_transcript_that_came_before_the_item_was_done_is_kept() -> None:
    """The final item comes without words; those that are known are not lost."""
    conversation = after(
        ev.ItemAdded(item=user("u")), transcribed("u", "What time is it?"), ev.ItemDone(item=user("u"))
    )
    assert conversation.get("u") == user("u", InputAudio(transcript="What time is it?"))


def test_a_final_transcript_goes_over_an_earlier_one() -> None:
    """Where the final item brings words of its own, they are right."""
    final = user("u", InputAudio(transcript="right"))
    assert after(ev.ItemAdded(item=user("u")), transcribed("u", "write"), ev.ItemDone(item=final)).get("u") == final


def test_a_transcription_of_an_unknown_item_or_part_changes_nothing() -> None:
    """Late words of a deleted item, or of a part that is not there, are let go."""
    conversation = after(ev.ItemAdded(item=user("u")), transcribed("gone", "hello"), transcribed("u", "hello", index=2))
    assert conversation.items == (user("u"),)


def test_transcript_deltas_build_the_agents_words() -> None:
    """Word by word, while it speaks; every item its own."""
    begun = Message(id="item_a", role="assistant", status="in_progress")
    conversation = after(
        ev.ItemAdded(item=begun),
        *(ev.OutputTranscriptDelta(**IDS, delta=words) for words in ("It is", " noon", ".")),
        ev.OutputTranscriptDelta(**{**IDS, "item_id": "another"}, delta="spam"),
    )
    item = conversation.get("item_a")
    assert isinstance(item, Message)
    assert item.content == (OutputAudio(transcript="It is noon."),)
    assert item.status == "in_progress"


SPOKEN = Message(id="item_a", role="assistant", content=(OutputAudio(transcript="It is noon."),))


def test_a_truncated_item_loses_its_transcript_and_says_what_was_heard() -> None:
    """Unheard words are not in the context: nothing of the text stays, the place does."""
    conversation = after(
        ev.ItemAdded(item=SPOKEN), ev.ItemTruncated(item_id="item_a", content_index=0, audio_end_ms=1500)
    )
    item = conversation.get("item_a")
    assert isinstance(item, Message)
    assert item.content == (OutputAudio(transcript=None),)
    assert conversation.heard_ms == {"item_a": 1500}


def test_a_truncation_of_what_has_no_sound_changes_no_item() -> None:
    """A user's message, or an item that is gone, stays as it is."""
    conversation = after(
        ev.ItemAdded(item=user("u")),
        ev.ItemTruncated(item_id="u", content_index=0, audio_end_ms=10),
        ev.ItemTruncated(item_id="gone", content_index=0, audio_end_ms=10),
    )
    assert conversation.items == (user("u"),)


def test_spoken_words_are_never_written_into_another_kind_of_part() -> None:
    """A part of written text is no place for transcript deltas."""
    written = Message(id="item_a", role="assistant", content=(OutputText(text="hi"),))
    assert after(ev.ItemAdded(item=written), ev.OutputTranscriptDelta(**IDS, delta="ho")).items == (written,)


# --- two sides -----------------------------------------------------------------------------------------------


def test_both_sides_reach_the_same_state() -> None:
    """The server applies what it sends, the client what arrives as JSON: at every step both know the same."""
    agent = Message(id="item_a", role="assistant", status="in_progress")
    events: list[ev.ServerEvent] = [
        SPEECH_STARTED,
        SPEECH_STOPPED,
        ev.InputAudioCommitted(item_id="item_u"),
        ev.ItemAdded(item=user("item_u")),
        transcribed("item_u", "What time is it?"),
        ev.ItemDone(item=user("item_u")),
        created(),
        ev.OutputItemAdded(response_id="resp_1", output_index=0, item=agent),
        ev.ItemAdded(item=agent, previous_item_id="item_u"),
        ev.OutputTranscriptDelta(**IDS, delta="It is noon."),
        SOUND,
        ev.SpeechStarted(audio_start_ms=2000, item_id="item_u2"),
        ev.ItemDone(item=SPOKEN, previous_item_id="item_u"),
        done(),
        ev.ItemTruncated(item_id="item_a", content_index=0, audio_end_ms=20),
        ev.ItemDeleted(item_id="item_u"),
    ]
    server, client = Conversation(), Conversation()
    for event in events:
        server.apply(event)
        client.apply(wire.parse_server(wire.decode(wire.encode(event))))
        assert client.items == server.items
        assert (client.floor, client.active_response) == (server.floor, server.active_response)
        assert client.heard_ms == server.heard_ms
    assert (order(client), client.floor) == (["item_a"], "user speaking")


def test_what_was_cut_while_it_was_spoken_stays_forgotten() -> None:
    """Truncated before its end: neither more words nor the finished item bring the transcript back."""
    spoken = Message(id="item_a", role="assistant", content=(OutputAudio(transcript="One two three."),))
    conversation = after(
        created(),
        ev.ItemAdded(item=Message(id="item_a", role="assistant", status="in_progress")),
        ev.OutputTranscriptDelta(**IDS, delta="One"),
        ev.ItemTruncated(item_id="item_a", content_index=0, audio_end_ms=100),
        ev.OutputTranscriptDelta(**IDS, delta=" two"),
        ev.ItemDone(item=spoken),
    )
    assert text_of(conversation.items[0]) == ""


# --- any order ------------------------------------------------------------------------------------------------

ANY = st.sampled_from(
    [
        *EVENTS.values(),
        ev.InputAudioCommitted(item_id="item_u"),
        created("side", None),
        done("side", None),
        created("resp_2"),
        done("resp_2"),
        ev.OutputTextDelta(response_id="side", item_id="x", output_index=0, delta="x"),
        ev.ItemAdded(item=user("item_u")),
        ev.ItemAdded(item=user("item_v"), previous_item_id="item_gone"),
        ev.ItemDone(item=user("item_u")),
        ev.ItemDeleted(item_id="item_u"),
        ev.ItemTruncated(item_id="item_a", content_index=0, audio_end_ms=100),
        ev.OutputTranscriptDelta(**IDS, delta=" word"),
        ev.TranscriptionCompleted(item_id="item_u", content_index=3, transcript="hello", usage={}),
    ]
)


@given(st.lists(ANY, max_size=40))
def test_any_sequence_of_events_leaves_a_legal_state(events: list[ev.ServerEvent]) -> None:
    """The floor is one of five; a response is active exactly while somebody else than the user may hold it."""
    conversation = after(*events)
    assert conversation.floor in FLOOR
    assert (conversation.active_response is None) == (conversation.floor in ("listening", "user speaking"))
    ids = [item.id for item in conversation.items]
    assert len(ids) == len(set(ids))
    assert conversation.heard_ms.keys() <= set(ids)
