"""Requests that wait for an answer: who waits for what, and whose mistake an ``error`` event is.

In: server events, the end of the connection.  Out: futures resolved or failed.
Does not know: what is asked, or what an event means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from voicelab.errors import ServerError, TransportError, VoicelabError
from voicelab.protocol import server_events as ev


@dataclass
class _Waiter:
    """Somebody who waits until something is true."""

    true: Callable[[], bool]
    future: asyncio.Future[None]
    event_id: str | None


class Calls:
    """The waiting calls of one session."""

    def __init__(self) -> None:
        self._waiters: list[_Waiter] = []
        self._over: VoicelabError | None = None

    async def until(
        self, true: Callable[[], bool], *, what: str, event_id: str | None = None, timeout_s: float = 30.0
    ) -> None:
        """Wait until ``true()`` holds; it is looked at after each event.

        Parameters
        ----------
        true : callable
        what : str
            What is waited for, as it stands in an error.
        event_id : str, optional
            An ``error`` event caused by this client event ends the waiting.
        timeout_s : float

        Raises
        ------
        ServerError
            The server refused the client event.
        TransportError
            The connection ended, or nothing happened for too long.
        """
        if self._over is not None:
            raise self._over
        if true():
            return
        waiter = _Waiter(true, asyncio.get_running_loop().create_future(), event_id)
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter.future
        except TimeoutError:
            raise TransportError(f"waited {timeout_s:g} s for {what}, in vain") from None
        finally:
            self._waiters.remove(waiter)

    def look(self) -> None:
        """Let everybody look whether what they wait for is true now."""
        for waiter in self._waiters:
            if not waiter.future.done() and waiter.true():
                waiter.future.set_result(None)

    def fail(self, error: ev.ErrorDetail) -> bool:
        """Give an ``error`` event to the call that caused it; return whether there is one."""
        caused = [w for w in self._waiters if w.event_id is not None and w.event_id == error.event_id]
        for waiter in caused:
            if not waiter.future.done():
                waiter.future.set_exception(refusal(error))
        return bool(caused)

    def end(self, error: VoicelabError) -> None:
        """Fail everybody who waits, and everybody who will."""
        self._over = error
        for waiter in self._waiters:
            if not waiter.future.done():
                waiter.future.set_exception(error)

    def begin(self) -> None:
        """Allow waiting again: there is a new connection."""
        self._over = None


def refusal(error: ev.ErrorDetail) -> ServerError:
    """Return what the server said against a request as something that can be raised."""
    return ServerError(error.message, code=error.code, param=error.param, event_id=error.event_id)
