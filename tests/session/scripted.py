"""A server for tests that says what a test wants said: for answers that no decent server gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from voicelab.errors import TransportClosed
from voicelab.protocol.settings import SessionConfig, merge, to_plain
from voicelab.transports.memory import MemoryTransport

Answer = Callable[[dict[str, Any]], list[dict[str, Any]]]


def scripted(
    answers: Mapping[str, Answer] | None = None, *, got: list[dict[str, Any]] | None = None
) -> Callable[[MemoryTransport], Awaitable[None]]:
    """Return a server that greets with a session, and answers each client event as it is told.

    Parameters
    ----------
    answers : mapping of str to callable
        By the event's type: what it is answered. An update that is not named is put in force whole.
    got : list, optional
        Gets everything that the client sent.
    """
    said = dict(answers or {})

    async def serving(transport: MemoryTransport) -> None:
        session = to_plain(SessionConfig())

        async def say(event: dict[str, Any]) -> None:
            await transport.send(msgspec.json.encode({"event_id": "event_s", **event}).decode())

        await say({"type": "session.created", "session": session})
        while True:
            try:
                event = msgspec.json.decode(await transport.receive())
            except TransportClosed:
                return
            if got is not None:
                got.append(event)
            if event["type"] in said:
                for answer in said[event["type"]](event):
                    await say(answer)
            elif event["type"] == "session.update":
                session = merge(session, event["session"])
                await say({"type": "session.updated", "session": session})

    return serving
