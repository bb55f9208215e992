"""How large a response's input is, as far as this side knows it: instructions, tools, items.

In: the session object in force, items, how long their sound is.  Out: tokens by modality.
Does not know: what a server really counts; these are estimates by the published rules (`voicelab.protocol.usage`), and
pictures count nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from voicelab.measure.budget import Tokens
from voicelab.protocol.items import (
    FunctionCall,
    FunctionCallOutput,
    InputText,
    Item,
    Message,
    OutputAudio,
    OutputText,
)
from voicelab.protocol.usage import assistant_audio_tokens, text_tokens, user_audio_tokens


def head_tokens(in_force: Mapping[str, Any]) -> Tokens:
    """Return what stands before the items: the instructions and the tools."""
    instructions, tools = in_force.get("instructions"), in_force.get("tools")
    told = json.dumps(tools) if tools else ""
    return Tokens(text=text_tokens(str(instructions or "")) + text_tokens(told))


def items_tokens(items: Iterable[Item], audio_ms: Mapping[str, float]) -> Tokens:
    """Return what some items count as input.

    Parameters
    ----------
    items : iterable of Item
    audio_ms : mapping of str to float
        The length of an item's sound, by its id; an item that is not in it has none.
    """
    return sum((_tokens_of(item, audio_ms.get(item.id or "", 0.0)) for item in items), Tokens())


def _tokens_of(item: Item, audio_ms: float) -> Tokens:
    match item:
        case FunctionCall(name=name, arguments=arguments):
            return Tokens(text=text_tokens(name + arguments))
        case FunctionCallOutput(output=output):
            return Tokens(text=text_tokens(output))
        case Message(role="assistant"):
            return Tokens(text=text_tokens(_words(item)), audio=assistant_audio_tokens(audio_ms))
    return Tokens(text=text_tokens(_words(item)), audio=user_audio_tokens(audio_ms))


def _words(item: Message) -> str:
    """Return the words that are counted as text: what was written, and what a reply's sound says."""
    written = [part.text for part in item.content if isinstance(part, InputText | OutputText)]
    spoken = [part.transcript or "" for part in item.content if isinstance(part, OutputAudio)]
    return " ".join([*written, *spoken])
