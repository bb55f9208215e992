"""What the other side remembers of a conversation, as far as its own events tell.

In: the `Conversation` that those events make, and how much sound each item has.  Out: one `Remembered` for each item.
Does not know: which side asks, or the sound itself.  What was deleted is not there; what was truncated is there with
the sound that was heard and without its words: "also deletes the server-side transcript" (OpenAI's description of
``conversation.item.truncate``), so nobody can say which words are left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from voicelab.protocol.conversation import Conversation
from voicelab.protocol.items import FunctionCall, FunctionCallOutput, Item, ItemStatus, Message, Role, text_of


@dataclass(frozen=True)
class Remembered:
    """One item as the server remembers it.

    Parameters
    ----------
    item_id : str
    kind : {"message", "function_call", "function_call_output"}
    role : {"user", "assistant", "system"} or None
        None for what is no message.
    text : str or None
        The words of a message, ``name(arguments)`` of a call, or the text that a function returned. None where the
        server has sound and no words that anybody was told: not transcribed (yet), or truncated.
    audio_ms : float or None
        How much sound the item had to begin with; None for none, or when nobody said.
    heard_ms : int or None
        Where a truncation ended its sound: more is not remembered. None when it never was truncated.
    status : {"in_progress", "completed", "incomplete"}
    """

    item_id: str
    kind: Literal["message", "function_call", "function_call_output"]
    role: Role | None
    text: str | None
    audio_ms: float | None
    heard_ms: int | None
    status: ItemStatus


def remembered(conversation: Conversation, audio_ms: Mapping[str, float]) -> tuple[Remembered, ...]:
    """Return what the server remembers, oldest first.

    Parameters
    ----------
    conversation : Conversation
        To which every event of the server so far was applied.
    audio_ms : mapping of str to float
        Milliseconds of sound by item id, where they are known.
    """
    return tuple(
        Remembered(
            item_id=item.id or "",
            kind=_kind(item),
            role=item.role if isinstance(item, Message) else None,
            text=_words(item),
            audio_ms=audio_ms.get(item.id or ""),
            heard_ms=conversation.heard_ms.get(item.id or ""),
            status=item.status,
        )
        for item in conversation.items
    )


def _kind(item: Item) -> Literal["message", "function_call", "function_call_output"]:
    match item:
        case Message():
            return "message"
        case FunctionCall():
            return "function_call"
        case FunctionCallOutput():
            return "function_call_output"


def _words(item: Item) -> str | None:
    match item:
        case Message():
            return text_of(item) or None
        case FunctionCall(name=name, arguments=arguments):
            return f"{name}({arguments})"
        case FunctionCallOutput(output=output):
            return output
