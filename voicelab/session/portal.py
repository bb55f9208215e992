"""The background thread on which sessions live: one event loop that no busy cell can stop.

In: coroutines from any thread.  Out: their results.  Does not know: what they do.
The wall clock and the thread are here, and nowhere below: everything below takes time as an argument.
"""

from __future__ import annotations

import asyncio
import atexit
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

_Result = TypeVar("_Result")
# Half of Python's default of 5 ms is a quarter of a frame; measured: late frames p95 10.8 -> 4.9 ms under a busy cell.
SWITCH_INTERVAL_S = 0.001
MOST_WAITING = 64


class Portal:
    """An event loop on a thread of its own.

    Started when first used, shared by all sessions of the process, ended with the process.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A call may wait for a whole reply, and whoever wants to interrupt it must not wait behind others like it.
        self._loop.set_default_executor(ThreadPoolExecutor(MOST_WAITING, thread_name_prefix="voicelab-call"))
        self._thread = threading.Thread(target=self._run, name="voicelab-session", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def submit(self, coroutine: Coroutine[Any, Any, _Result]) -> Future[_Result]:
        """Start a coroutine on the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def post(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function on the loop soon, and return at once; from any thread."""
        self._loop.call_soon_threadsafe(function, *arguments)

    def call(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine on the loop and wait for its result; an interrupt here cancels it there."""
        future = self.submit(coroutine)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def wait(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine on the loop and await its result on another loop."""
        return await asyncio.wrap_future(self.submit(coroutine))

    async def in_thread(self, function: Callable[[], _Result]) -> _Result:
        """Run something that blocks on another thread, so that the sound goes on."""
        return await asyncio.to_thread(function)

    def close(self) -> None:
        """Stop the loop and join the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


_portal: Portal | None = None
_starting = threading.Lock()
_n_sessions = 0
_interval_before_s = 0.005


def portal() -> Portal:
    """Return the process's portal, started if need be."""
    global _portal
    with _starting:
        if _portal is None:
            _portal = Portal()
        return _portal


def session_began() -> None:
    """Let threads switch quickly while a session runs."""
    global _n_sessions, _interval_before_s
    with _starting:
        if _n_sessions == 0:
            _interval_before_s = sys.getswitchinterval()
            sys.setswitchinterval(SWITCH_INTERVAL_S)
        _n_sessions += 1


def session_ended() -> None:
    """Give the switching back when the last session is over."""
    global _n_sessions
    with _starting:
        _n_sessions -= 1
        if _n_sessions == 0:
            sys.setswitchinterval(_interval_before_s)


def wall_now() -> datetime:
    """Return the wall time."""
    return datetime.now(UTC)
