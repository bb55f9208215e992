"""Two transport ends joined back to back in one process: no socket, no delay, no copy.

In: frames at one end.  Out: the same frames at the other, in order.  Does not know: what is in them.
This is how a conversation runs in virtual time, and how tests join a client to the embedded server.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from voicelab.errors import TransportClosed


@dataclass(frozen=True)
class _Closed:
    code: int
    reason: str


class MemoryTransport:
    """One end of a memory pair; made by `memory_pair`."""

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[str | _Closed] = asyncio.Queue()
        self._peer: MemoryTransport | None = None
        self._closed: _Closed | None = None

    async def send(self, frame: str) -> None:
        """Put a frame into the other end's inbox."""
        if self._peer is None or self._closed is not None or self._peer._closed is not None:
            raise self._closing_error()
        self._peer._inbox.put_nowait(frame)

    async def receive(self) -> str:
        """Return the next frame; what was sent before a close still arrives."""
        if self._closed is not None and self._inbox.empty():
            raise self._closing_error()
        got = await self._inbox.get()
        if isinstance(got, _Closed):
            self._closed = self._closed or got
            raise self._closing_error()
        return got

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close both ends."""
        if self._closed is None:
            self._closed = _Closed(code, reason)
            self._inbox.put_nowait(self._closed)
            if self._peer is not None:
                self._peer._inbox.put_nowait(self._closed)

    def _closing_error(self) -> TransportClosed:
        closed = self._closed or (self._peer._closed if self._peer else None)
        code, reason = (closed.code, closed.reason) if closed else (1006, "")
        return TransportClosed(f"the connection was closed (code {code}{', ' + reason if reason else ''})", code=code)


def memory_pair() -> tuple[MemoryTransport, MemoryTransport]:
    """Return two joined ends: what one sends, the other receives."""
    left, right = MemoryTransport(), MemoryTransport()
    left._peer, right._peer = right, left
    return left, right
