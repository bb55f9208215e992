"""What one response is given: the conversation or its own input, as far as it fits, with the words of what was spoken.

In: the connection and a response's settings.  Out: a `Context`: the request for the reply engine, and what it counts.
Does not know: how the answer is made or sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from voicelab.audio.samples import Samples
from voicelab.engines.base import Heard
from voicelab.engines.reply import ReplyRequest
from voicelab.errors import ConfigError
from voicelab.protocol.items import Item, Message, text_of
from voicelab.protocol.settings import ItemReference, ResponseParams, SessionConfig
from voicelab.protocol.truncation import n_to_drop, room_for_items
from voicelab.protocol.usage import Block, n_tokens, text_tokens
from voicelab.server.client_items import prepare
from voicelab.server.connection import Connection
from voicelab.server.ears import NOTHING_HEARD
from voicelab.server.item_audio import keep_item_audio
from voicelab.server.response_settings import AnswerSettings

REMEMBERED_CONTEXTS = 8  # whose beginnings count as cached: with several responses at once, not only the latest


class TooLongError(Exception):
    """The input is longer than the context, and may not be shortened."""


@dataclass(frozen=True, eq=False)
class Context:
    """What one response is given.

    ``blocks`` is what it counts, ``earlier`` what the responses before it were given.
    """

    request: ReplyRequest
    blocks: Sequence[Block]
    earlier: Sequence[Sequence[Block]]


class Contexts:
    """The contexts of one connection's responses.

    Parameters
    ----------
    connection : Connection
    tasks : asyncio.TaskGroup
        Where the words of audio in a response's own input are waited for.
    """

    def __init__(self, connection: Connection, tasks: asyncio.TaskGroup) -> None:
        self._connection = connection
        self._tasks = tasks
        self._earlier: deque[Sequence[Block]] = deque(maxlen=REMEMBERED_CONTEXTS)
        self._dropped: set[str] = set()
        self._count = 0

    def input_of(self, params: ResponseParams) -> tuple[Item, ...] | None:
        """Return a response's own input with its references looked up; None: the conversation is its input.

        Raises
        ------
        ConfigError
            An item that is referred to does not exist, or cannot be an input.
        """
        if params.input is None:
            return None
        # All of it is checked before anything is kept.
        found = [self._input_item(entry, f"response.input[{i}]") for i, entry in enumerate(params.input)]
        for item, samples in found:
            if samples is not None and item.id is not None:
                keep_item_audio(self._connection, self._tasks, item.id, samples)
        return tuple(item for item, _ in found)

    def _input_item(self, entry: Item | ItemReference, param: str) -> tuple[Item, Samples | None]:
        if isinstance(entry, ItemReference):
            item = self._connection.conversation.get(entry.id)
            if item is None:
                raise ConfigError(
                    f"{param}.id: the conversation has no item '{entry.id}'.",
                    param=f"{param}.id",
                    code="item_not_found",
                )
            return item, None
        # An id of its own, whatever it says: it must not take the place of an item of the conversation.
        own = msgspec.structs.replace(entry, id=self._connection.ids.new("item"))
        return prepare(self._connection, own, param)

    def release(self, own_input: tuple[Item, ...] | None) -> None:
        """Let the sound of a response's own input go; what belongs to the conversation stays."""
        for item in own_input or ():
            if item.id is not None and self._connection.conversation.get(item.id) is None:
                self._connection.memory.forget(item.id)

    async def gather(self, settings: AnswerSettings, own_input: tuple[Item, ...] | None) -> Context:
        """Wait for the words of the latest user message, and put together what the response is given.

        Raises
        ------
        TooLongError
            It does not fit into the context.
        """
        connection, memory = self._connection, self._connection.memory
        latest = _latest_user(connection.conversation.items if own_input is None else own_input)
        heard = await self._words_of(latest)
        items = own_input
        head = _head(settings)
        if items is None:
            items = self._fitting(head)
        blocks = [*head, *(memory.block(item) for item in items)]
        if n_tokens(blocks) > connection.options.input_tokens:
            raise TooLongError(
                f"The input of {n_tokens(blocks):,} tokens is longer than the {connection.options.input_tokens:,} "
                "that the context has room for."
            )
        earlier = tuple(self._earlier)
        self._earlier.append(blocks)
        self._count += 1
        latest_id = "" if latest is None else latest.id or ""
        request = ReplyRequest(
            now=connection.clock.wall_at(connection.clock.now_ns()).astimezone(),  # people ask for the local time
            items=tuple(memory.remembered(item) for item in items),
            instructions=settings.instructions,
            tools=settings.tools,
            tool_choice=settings.tool_choice,
            text=heard.text if latest_id in memory.hearings else text_of(latest) if latest is not None else "",
            rejected=heard.rejected,
            audio=memory.user_audio(latest_id),
            seed=self._count,
        )
        return Context(request, blocks, earlier)

    async def _words_of(self, message: Message | None) -> Heard:
        hearing = self._connection.memory.hearings.get("" if message is None else message.id or "")
        if hearing is None:
            return NOTHING_HEARD
        if hearing.heard is None and hearing.coming is not None:
            # Shielded: a barge-in cancels this answer, but the words of the turn are still wanted.
            return await asyncio.shield(hearing.coming)
        return hearing.heard or NOTHING_HEARD

    def _fitting(self, head: Sequence[Block]) -> tuple[Item, ...]:
        """Return the conversation as far as it fits; what was dropped once stays out, so that the cache holds."""
        connection = self._connection
        config = connection.config
        policy = config.truncation if isinstance(config, SessionConfig) else "auto"
        items = [item for item in connection.conversation.items if item.id not in self._dropped]
        blocks = [connection.memory.block(item) for item in items]
        room = room_for_items(n_tokens(head), connection.options.input_tokens, policy)
        n = n_to_drop(items, blocks, room, policy)
        if n is None:
            raise TooLongError(
                f"The conversation of {n_tokens(blocks):,} tokens is longer than the {room:,} that the context has "
                "room for, and may not be shortened."
            )
        self._dropped = {item_id for item_id in self._dropped if connection.conversation.get(item_id) is not None}
        self._dropped.update(item.id or "" for item in items[:n])
        return tuple(items[n:])


def _latest_user(items: Sequence[Item]) -> Message | None:
    return next((item for item in reversed(items) if isinstance(item, Message) and item.role == "user"), None)


def _head(settings: AnswerSettings) -> list[Block]:
    tools = "".join(f"{tool.name} {tool.description} {tool.parameters}" for tool in settings.tools)
    return [
        Block(f"instructions:{settings.instructions}", text_tokens(settings.instructions)),
        Block(f"tools:{tools}", text_tokens(tools)),
    ]
