"""The items of a conversation: messages, function calls and their outputs, in the GA shape of the Realtime protocol.

In: plain dicts from the wire (``msgspec.convert``) or keyword arguments.  Out: frozen structs that encode to the same
JSON again.  Does not know: events, sessions, or where the audio of an item is kept; bytes are not part of an item.
Source: ``RealtimeConversationItem*`` in OpenAI's published API description (GA).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

ItemStatus: TypeAlias = Literal["in_progress", "completed", "incomplete"]
Role: TypeAlias = Literal["user", "assistant", "system"]


class _Part(msgspec.Struct, frozen=True, tag_field="type"):
    """Base of the content parts of a message: only the tag."""


class InputText(_Part, frozen=True, tag="input_text"):
    """Typed text of a user or system message."""

    text: str


class InputAudio(_Part, frozen=True, tag="input_audio"):
    """Spoken audio of a user message; ``transcript`` stays None until (unless) it was transcribed."""

    transcript: str | None = None
    audio: str | UnsetType | None = UNSET


class InputImage(_Part, frozen=True, tag="input_image"):
    """A picture, as a data URL."""

    image_url: str
    detail: Literal["auto", "low", "high"] = "auto"


class OutputText(_Part, frozen=True, tag="output_text"):
    """Written text of an assistant message."""

    text: str


class OutputAudio(_Part, frozen=True, tag="output_audio"):
    """Spoken audio of an assistant message, with the words that were spoken."""

    transcript: str | None = None
    audio: str | UnsetType | None = UNSET


Part: TypeAlias = InputText | InputAudio | InputImage | OutputText | OutputAudio


class _Item(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """What all items share."""

    id: str | None = None
    object: Literal["realtime.item"] = "realtime.item"
    status: ItemStatus = "completed"


class Message(_Item, frozen=True, kw_only=True, tag="message"):
    """Something that the user, the assistant or the developer (``system``) said or wrote."""

    role: Role
    content: tuple[Part, ...] = ()


class FunctionCall(_Item, frozen=True, kw_only=True, tag="function_call"):
    """The assistant calls a function of the client; ``arguments`` is a JSON text."""

    name: str
    call_id: str | None = None
    arguments: str = ""


class FunctionCallOutput(_Item, frozen=True, kw_only=True, tag="function_call_output"):
    """What the client's function returned, as text."""

    call_id: str
    output: str


Item: TypeAlias = Message | FunctionCall | FunctionCallOutput


def text_of(item: Item) -> str:
    """Return the words of a message, spoken or written; the empty string for other items."""
    if not isinstance(item, Message):
        return ""
    words = []
    for part in item.content:
        if isinstance(part, InputText | OutputText):
            words.append(part.text)
        elif isinstance(part, InputAudio | OutputAudio) and part.transcript:
            words.append(part.transcript)
    return " ".join(words)
