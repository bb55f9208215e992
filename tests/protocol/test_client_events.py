"""Promises of `voicelab.protocol.client_events`."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from voicelab.protocol import client_events as ce
from voicelab.protocol.items import InputText, Message

# The client events of a WebSocket session in the GA reference; `output_audio_buffer.clear` is WebRTC's alone.
GA_TYPES = {
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.retrieve",
    "conversation.item.delete",
    "conversation.item.truncate",
    "response.create",
    "response.cancel",
}


def test_a_client_can_say_everything_that_the_protocol_knows() -> None:
    """The union holds one struct for each GA client event, and nothing else."""
    assert {kind.__struct_config__.tag for kind in get_args(ce.ClientEvent)} == GA_TYPES


def test_what_is_left_out_is_not_on_the_wire() -> None:
    """An event without an id and without options is its type alone."""
    assert msgspec.to_builtins(ce.ResponseCreate()) == {"type": "response.create"}
    assert msgspec.to_builtins(ce.ResponseCancel()) == {"type": "response.cancel"}
    assert msgspec.to_builtins(ce.InputAudioCommit()) == {"type": "input_audio_buffer.commit"}


def test_a_truncation_before_the_beginning_is_refused() -> None:
    """``audio_end_ms`` counts from the beginning of the item's audio; 0 is the least."""
    body = {"type": "conversation.item.truncate", "item_id": "item_1", "content_index": 0, "audio_end_ms": 0}
    assert msgspec.convert(body, ce.ItemTruncate).audio_end_ms == 0
    with pytest.raises(msgspec.ValidationError, match="audio_end_ms"):
        msgspec.convert({**body, "audio_end_ms": -1}, ce.ItemTruncate)


def test_an_event_id_has_at_most_512_characters() -> None:
    """The protocol's limit is checked on arrival."""
    body = {"type": "response.cancel", "event_id": "e" * 512}
    assert msgspec.convert(body, ce.ResponseCancel).event_id == "e" * 512
    with pytest.raises(msgspec.ValidationError, match="event_id"):
        msgspec.convert({**body, "event_id": "e" * 513}, ce.ResponseCancel)


def test_an_event_cannot_be_changed() -> None:
    """Events are frozen values."""
    event = ce.ItemCreate(item=Message(role="user", content=(InputText(text="hi"),)))
    with pytest.raises(AttributeError):
        event.previous_item_id = "root"  # type: ignore[misc]
