"""``conversation.item.*``: create, retrieve, delete, truncate.

In: the client's item events.  Out: the conversation's item events, and a memory that is shortened with them.
Does not know: responses or the audio input.
"""

from __future__ import annotations

import asyncio
import base64

import msgspec

from voicelab.errors import ConfigError
from voicelab.protocol import server_events as ev
from voicelab.protocol.client_events import ItemCreate, ItemDelete, ItemRetrieve, ItemTruncate
from voicelab.protocol.items import (
    FunctionCall,
    FunctionCallOutput,
    InputAudio,
    Item,
    Message,
    OutputAudio,
)
from voicelab.server.client_items import prepare
from voicelab.server.connection import Connection
from voicelab.server.item_audio import keep_item_audio


def create_item(connection: Connection, tasks: asyncio.TaskGroup, event: ItemCreate) -> None:
    """Put an item into the conversation; the words of its audio are recognised in a task."""
    item_id = event.item.id or connection.ids.new("item")
    if connection.conversation.get(item_id) is not None:
        raise ConfigError(f"item.id: the conversation already has an item '{item_id}'.", param="item.id")
    item, samples = prepare(connection, msgspec.structs.replace(event.item, id=item_id), "item")
    if isinstance(item, FunctionCallOutput) and not _is_called(connection, item.call_id):
        raise ConfigError(
            f"item.call_id: Tool call ID '{item.call_id}' not found in conversation.",
            param="item.call_id",
            code="invalid_tool_call_id",
        )
    previous = event.previous_item_id
    if previous is None:
        previous = connection.conversation.last_item_id
    elif previous == "root":
        previous = None
    else:
        _existing(connection, previous, "previous_item_id")
    connection.emit(ev.ItemAdded(item=item, previous_item_id=previous))
    if samples is not None:
        keep_item_audio(connection, tasks, item_id, samples)
    connection.emit(ev.ItemDone(item=item, previous_item_id=previous))


def retrieve_item(connection: Connection, event: ItemRetrieve) -> None:
    """Send an item with its audio: 24 kHz PCM, whatever the session's formats are."""
    item = _existing(connection, event.item_id, "item_id")
    samples = connection.memory.samples_of(event.item_id)
    if samples is not None and isinstance(item, Message):
        # All of an item's sound in its first part: one stretch, as it was said.
        sound = iter([base64.b64encode(samples.astype("<i2").tobytes()).decode()])
        content = tuple(
            msgspec.structs.replace(part, audio=next(sound, None))
            if isinstance(part, InputAudio | OutputAudio)
            else part
            for part in item.content
        )
        item = msgspec.structs.replace(item, content=content)
    connection.emit(ev.ItemRetrieved(item=item))


def delete_item(connection: Connection, event: ItemDelete) -> None:
    """Take an item out of the conversation, and its sound out of memory."""
    _existing(connection, event.item_id, "item_id")
    connection.memory.forget(event.item_id)
    connection.emit(ev.ItemDeleted(item_id=event.item_id))


def truncate_item(connection: Connection, event: ItemTruncate) -> None:
    """Shorten an assistant message to what was heard: its sound and its words are forgotten from there on."""
    item = _existing(connection, event.item_id, "item_id")
    spoken = connection.memory.spoken.get(event.item_id)
    if spoken is None or not isinstance(item, Message):
        raise ConfigError(
            f"item_id: only an assistant message with audio can be truncated; '{event.item_id}' is none.",
            param="item_id",
        )
    if event.content_index != 0:
        raise ConfigError("content_index: the message has one part, number 0.", param="content_index")
    if event.audio_end_ms > spoken.duration_ms:
        raise ConfigError(
            f"Audio content of {spoken.duration_ms:.0f}ms is already shorter than {event.audio_end_ms}ms",
            param="audio_end_ms",
        )
    spoken.cut(event.audio_end_ms)
    connection.emit(ev.ItemTruncated(item_id=event.item_id, content_index=0, audio_end_ms=event.audio_end_ms))


def _existing(connection: Connection, item_id: str, param: str) -> Item:
    item = connection.conversation.get(item_id)
    if item is None:
        raise ConfigError(f"{param}: the conversation has no item '{item_id}'.", param=param, code="item_not_found")
    return item


def _is_called(connection: Connection, call_id: str) -> bool:
    return any(isinstance(item, FunctionCall) and item.call_id == call_id for item in connection.conversation.items)
