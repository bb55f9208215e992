"""A conversation as it is told to a new connection: text items, in order.

In: the items of the connection before.  Out: items without ids, ready for ``conversation.item.create``.
Does not know: connections.  What the protocol cannot carry over is left out: the sound of what was said, a message
whose words nobody knows (never transcribed, or truncated: the server forgets the words then), pictures, and a function
call that was still being written.
"""

from __future__ import annotations

from collections.abc import Iterable

from voicelab.protocol.items import FunctionCall, FunctionCallOutput, InputText, Item, Message, OutputText, text_of


def as_history(items: Iterable[Item]) -> list[Item]:
    """Return what a new connection can be told of these items."""
    return [told for item in items if (told := _told(item)) is not None]


def _told(item: Item) -> Item | None:
    match item:
        case Message(role=role) if text := text_of(item):
            part = OutputText if role == "assistant" else InputText
            return Message(role=role, content=(part(text=text),))
        case FunctionCall(status="completed", name=name, call_id=call_id, arguments=arguments):
            return FunctionCall(name=name, call_id=call_id, arguments=arguments)
        case FunctionCallOutput(call_id=call_id, output=output):
            return FunctionCallOutput(call_id=call_id, output=output)
    return None
