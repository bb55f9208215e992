"""The pump: one thread that repaints whatever shows a run that grows.

In: functions to call, and how often.  Out: their calls, one after the other, never two at once.
Does not know: runs, widgets.  It lives while something is registered, so that nothing is left behind.

A view that fails is taken off and the failure kept for whoever shows it: one broken view must not stop the others.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable

TICK_MS = 40


class Handle:
    """One registered function.

    Parameters
    ----------
    every_ms : int
        Rounded up to whole ticks of 40 ms.
    paint : callable
    """

    def __init__(self, pump: Pump, every_ms: int, paint: Callable[[], None]) -> None:
        self._pump = pump
        self._paint = paint
        self._every = max(1, -(-every_ms // TICK_MS))
        self._due_in = 1
        self.failure: str | None = None
        """Where it failed, if it did; it is not called any more then."""

    def close(self) -> None:
        """Call it no more; closing twice is harmless. A call that is under way is waited for by nobody."""
        self._pump.remove(self)

    def tick(self) -> None:
        """Count a tick, and paint when it is time."""
        self._due_in -= 1
        if self._due_in > 0:
            return
        self._due_in = self._every
        try:
            self._paint()
        except Exception:  # noqa: BLE001 - the seam between the pump and foreign code: told, and taken off
            self.failure = traceback.format_exc()
            self.close()


class Pump:
    """Calls what is registered, on one thread."""

    def __init__(self) -> None:
        self._handles: tuple[Handle, ...] = ()
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None

    def every(self, every_ms: int, paint: Callable[[], None]) -> Handle:
        """Call ``paint`` from now on; returns what ends it."""
        handle = Handle(self, every_ms, paint)
        with self._changing:
            self._handles = (*self._handles, handle)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="voicelab-pump", daemon=True)
                self._thread.start()
        return handle

    def remove(self, handle: Handle) -> None:
        """Call it no more."""
        with self._changing:
            self._handles = tuple(one for one in self._handles if one is not handle)

    def _run(self) -> None:
        pause = threading.Event()  # never set: waiting on it is a pause that ends with the process
        while True:
            pause.wait(TICK_MS / 1000)
            with self._changing:
                handles = self._handles
                if not handles:
                    self._thread = None
                    return
            for handle in handles:
                handle.tick()


_pump = Pump()


def pump() -> Pump:
    """Return the process's pump."""
    return _pump
