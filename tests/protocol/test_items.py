"""Promises of `voicelab.protocol.items`."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.protocol.items import (
    FunctionCall,
    FunctionCallOutput,
    InputAudio,
    InputImage,
    InputText,
    Item,
    Message,
    OutputAudio,
    OutputText,
    text_of,
)

PARTS = st.one_of(
    st.builds(InputText, text=st.text()),
    st.builds(InputAudio, transcript=st.none() | st.text()),
    st.builds(InputImage, image_url=st.text(), detail=st.sampled_from(["auto", "low", "high"])),
    st.builds(OutputText, text=st.text()),
    st.builds(OutputAudio, transcript=st.none() | st.text()),
)
ITEMS = st.one_of(
    st.builds(
        Message,
        id=st.none() | st.text(min_size=1),
        role=st.sampled_from(["user", "assistant", "system"]),
        status=st.sampled_from(["in_progress", "completed", "incomplete"]),
        content=st.lists(PARTS, max_size=3).map(tuple),
    ),
    st.builds(FunctionCall, name=st.text(), call_id=st.none() | st.text(), arguments=st.text()),
    st.builds(FunctionCallOutput, call_id=st.text(), output=st.text()),
)


@given(ITEMS)
def test_an_item_survives_the_way_through_json(item: Item) -> None:
    """Every item is the same after it was written as JSON and read again."""
    assert msgspec.json.decode(msgspec.json.encode(item), type=Item) == item


def test_an_item_says_its_kind_and_its_object_on_the_wire() -> None:
    """A message has the GA tags: ``type`` for the item and for each part, and ``object``."""
    plain = msgspec.json.decode(msgspec.json.encode(Message(id="item_1", role="user", content=(InputText(text="hi"),))))
    assert plain == {
        "type": "message",
        "id": "item_1",
        "object": "realtime.item",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_text", "text": "hi"}],
    }


def test_audio_stands_in_a_part_only_where_it_was_given() -> None:
    """Item events carry no audio bytes: a part without audio has no ``audio`` field at all."""
    assert msgspec.to_builtins(InputAudio(transcript="hi")) == {"type": "input_audio", "transcript": "hi"}
    assert msgspec.to_builtins(OutputAudio(audio="AAA="))["audio"] == "AAA="


def test_a_role_that_does_not_exist_is_refused() -> None:
    """Only user, assistant and system speak."""
    with pytest.raises(msgspec.ValidationError, match="role"):
        msgspec.convert({"type": "message", "role": "robot", "content": []}, Item)


def test_an_item_cannot_be_changed() -> None:
    """Items are frozen: both sides may share them."""
    with pytest.raises(AttributeError):
        Message(role="user").role = "system"  # type: ignore[misc]


def test_the_text_of_a_message_is_what_was_spoken_or_written() -> None:
    """All words in order; parts without words add nothing."""
    content = (InputText(text="one"), InputAudio(), InputImage(image_url="data:,"), InputAudio(transcript="two"))
    assert text_of(Message(role="user", content=content)) == "one two"
    spoken = (OutputText(text="three"), OutputAudio(transcript="four"))
    assert text_of(Message(role="assistant", content=spoken)) == "three four"


def test_function_calls_have_no_text() -> None:
    """A call and its output are no words of the conversation."""
    assert text_of(FunctionCall(name="f", arguments="{}")) == ""
    assert text_of(FunctionCallOutput(call_id="call_1", output="42")) == ""
