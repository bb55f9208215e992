"""An event loop whose clock jumps ahead when nothing is ready: minutes of conversation in seconds, the same twice.

In: one coroutine that uses only the loop's clock, memory transports and tasks.  Out: its result.
Does not know: sockets, threads, subprocesses; a coroutine that waits for one of those would wait for ever, so the
loop raises instead.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from voicelab.errors import VoicelabError

_Result = TypeVar("_Result")


class _JumpingSelector(selectors.BaseSelector):
    """A selector that, asked to wait, moves the loop's clock instead."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready now; otherwise let ``timeout`` seconds of virtual time go by."""
        ready = self._real.select(0)
        if not ready:
            if timeout is None:
                raise VoicelabError(
                    "the conversation in virtual time waits for something that can never happen "
                    "(a thread, a socket or a subprocess cannot be used there)"
                )
            self.now_s += max(0.0, timeout)
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Pass on to the real selector."""
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Pass on to the real selector."""
        return self._real.unregister(fileobj)

    def get_map(self) -> Any:
        """Pass on to the real selector."""
        return self._real.get_map()

    def close(self) -> None:
        """Pass on to the real selector."""
        self._real.close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._jumping.now_s


def run_in_virtual_time(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to its end on a fresh virtual-time loop."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coroutine)
