"""What a client can say: one frozen struct for each event, tagged by its GA name.

In: keyword arguments, or plain dicts through `wire.parse_client`.  Out: structs that encode to the wire's JSON.
Does not know: when an event may be sent, or what the server answers.
Source: ``RealtimeClientEvent*`` in OpenAI's published API description (GA).
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from voicelab.protocol.items import Item
from voicelab.protocol.settings import ResponseParams

#: Of audio in one append (OpenAI's reference of ``input_audio_buffer.append``).
MOST_APPEND_BYTES = 15 * 2**20


class _ClientEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """What every client event has; ``event_id`` comes back in ``error.event_id``."""

    event_id: Annotated[str, Meta(max_length=512)] | None = None


class SessionUpdate(_ClientEvent, frozen=True, kw_only=True, tag="session.update"):
    """Change part of the session's configuration; absent fields stay."""

    session: dict[str, Any]


class InputAudioAppend(_ClientEvent, frozen=True, kw_only=True, tag="input_audio_buffer.append"):
    """More of the user's audio, in the session's input format."""

    audio: bytes


class InputAudioCommit(_ClientEvent, frozen=True, kw_only=True, tag="input_audio_buffer.commit"):
    """The buffered audio becomes a user message (push-to-talk)."""


class InputAudioClear(_ClientEvent, frozen=True, kw_only=True, tag="input_audio_buffer.clear"):
    """Throw the buffered audio away."""


class ItemCreate(_ClientEvent, frozen=True, kw_only=True, tag="conversation.item.create"):
    """Put an item into the conversation: after ``previous_item_id``, at the front (``root``), or at the end."""

    item: Item
    previous_item_id: str | None = None


class ItemRetrieve(_ClientEvent, frozen=True, kw_only=True, tag="conversation.item.retrieve"):
    """Ask for an item with its audio."""

    item_id: str


class ItemDelete(_ClientEvent, frozen=True, kw_only=True, tag="conversation.item.delete"):
    """Take an item out of the conversation."""

    item_id: str


class ItemTruncate(_ClientEvent, frozen=True, kw_only=True, tag="conversation.item.truncate"):
    """Say how much of an assistant message was heard; the rest is forgotten."""

    item_id: str
    content_index: int
    audio_end_ms: Annotated[int, Meta(ge=0)]


class ResponseCreate(_ClientEvent, frozen=True, kw_only=True, tag="response.create"):
    """Ask for a response."""

    response: ResponseParams | None = None


class ResponseCancel(_ClientEvent, frozen=True, kw_only=True, tag="response.cancel"):
    """Stop a response; without an id, the one of the default conversation."""

    response_id: str | None = None


ClientEvent: TypeAlias = (
    SessionUpdate
    | InputAudioAppend
    | InputAudioCommit
    | InputAudioClear
    | ItemCreate
    | ItemRetrieve
    | ItemDelete
    | ItemTruncate
    | ResponseCreate
    | ResponseCancel
)
