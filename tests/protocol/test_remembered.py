"""What the server remembers, as its events tell it."""

from __future__ import annotations

from voicelab.protocol import server_events as ev
from voicelab.protocol.conversation import Conversation
from voicelab.protocol.items import (
    FunctionCall,
    FunctionCallOutput,
    InputAudio,
    InputText,
    Item,
    Message,
    OutputAudio,
    OutputText,
)
from voicelab.protocol.remembered import Remembered, remembered


def talk(*items: Item) -> Conversation:
    """Return a conversation to which these items were added one behind the other."""
    conversation, before = Conversation(), None
    for item in items:
        conversation.apply(ev.ItemAdded(item=item, previous_item_id=before))
        before = item.id
    return conversation


REPLY = Message(id="a", role="assistant", content=(OutputAudio(transcript="Once upon a time."),))


def test_every_kind_of_item_shows_what_it_holds() -> None:
    """Order, roles, words, the call with its arguments, and sound where somebody counted it."""
    conversation = talk(
        Message(id="s", role="system", content=(InputText(text="Be kind."),)),
        Message(id="u", role="user", content=(InputAudio(transcript="two and three"),)),
        FunctionCall(id="f", name="add", call_id="c", arguments='{"a": 2}', status="incomplete"),
        FunctionCallOutput(id="o", call_id="c", output="5"),
        Message(id="t", role="assistant", content=(OutputText(text="Five."),)),
    )
    assert remembered(conversation, {"u": 900.0, "gone": 1.0}) == (
        Remembered("s", "message", "system", "Be kind.", None, None, "completed"),
        Remembered("u", "message", "user", "two and three", 900.0, None, "completed"),
        Remembered("f", "function_call", None, 'add({"a": 2})', None, None, "incomplete"),
        Remembered("o", "function_call_output", None, "5", None, None, "completed"),
        Remembered("t", "message", "assistant", "Five.", None, None, "completed"),
    )


def test_speech_that_nobody_wrote_down_has_no_words() -> None:
    """None, not the empty text: the server has the sound."""
    (one,) = remembered(talk(Message(id="u", role="user", content=(InputAudio(),))), {"u": 500.0})
    assert (one.text, one.audio_ms) == (None, 500.0)


def test_truncated_reply_is_remembered_as_far_as_it_was_heard_and_without_words() -> None:
    """The server forgets the transcript: which words are left, nobody can say."""
    conversation = talk(REPLY)
    conversation.apply(ev.ItemTruncated(item_id="a", content_index=0, audio_end_ms=640))
    (one,) = remembered(conversation, {"a": 3_000.0})
    assert (one.text, one.audio_ms, one.heard_ms) == (None, 3_000.0, 640)


def test_deleted_item_is_not_remembered() -> None:
    """It is gone, also when it had been truncated before."""
    conversation = talk(Message(id="u", role="user", content=(InputText(text="Hi."),)), REPLY)
    conversation.apply(ev.ItemTruncated(item_id="a", content_index=0, audio_end_ms=640))
    conversation.apply(ev.ItemDeleted(item_id="a"))
    assert [one.item_id for one in remembered(conversation, {})] == ["u"]
