"""How a view keeps up with a run.

In: a run, a session, a folder, or nothing yet.  Out: `Fresh` values for a ``paint`` function: what is new, whether
it is another run, whether it is over.
Does not know: what is painted.  A run that grows is painted on the pump's thread, a saved one at once on the caller's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from threading import Lock
from typing import TypeAlias

from voicelab.measure.run import Run, open_run
from voicelab.runlog.record import Record
from voicelab.session.faces import AsyncSession, Session
from voicelab.widgets.pump import Handle, pump

Source: TypeAlias = Run | Session | AsyncSession | str | PathLike[str] | None

# A run of another process that stood still for so long is drawn in full; its writer may have been killed.
_STILL_MS = 5_000


@dataclass(frozen=True)
class Fresh:
    """What a view gets.

    Parameters
    ----------
    run : Run or None
        None: there is nothing to show yet.
    records : list of Record
        New since the last time, in order; the first time all of them.
    first : bool
        Another run than before: what was shown is to be forgotten.
    over : bool
        The run grows no more: it can be drawn in full.
    """

    run: Run | None
    records: list[Record]
    first: bool
    over: bool


class Following:
    """Keeps a view up to date.

    Parameters
    ----------
    paint : callable
        Takes a `Fresh`; called on one thread at a time.
    every_ms : int
        How often at most.
    """

    def __init__(self, paint: Callable[[Fresh], None], *, every_ms: int) -> None:
        self._paint = paint
        self._every_ms = every_ms
        self._run: Run | None = None
        self._seq = -1
        self._first = True
        self._still_ms = 0
        self._handle: Handle | None = None
        self._painting = Lock()
        self.shown = True
        """False: nothing is painted (a hidden tab); once it is true again the view catches up."""

    @property
    def run(self) -> Run | None:
        """What is followed."""
        return self._run

    @property
    def failure(self) -> str | None:
        """Where painting failed, if it did."""
        return self._handle.failure if self._handle is not None else None

    def watch(self, source: Source) -> None:
        """Follow something from its first record on, instead of what was followed before."""
        run = run_of(source)
        self.close()
        with self._painting:
            self._run, self._seq, self._first = run, -1, True
        if run is not None and run.growing:
            self._handle = pump().every(self._every_ms, self._look)
        else:
            self._show(over=True)

    def close(self) -> None:
        """Follow no more; what is shown stays. Closing twice is harmless."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _look(self) -> None:
        if not self.shown:
            return
        # Asked before the records are read: what comes between is shown the next time.
        over = self._run is None or not self._run.growing or self._still_ms >= _STILL_MS
        self._show(over)
        if over:
            self.close()

    def _show(self, over: bool) -> None:
        with self._painting:
            records = [] if self._run is None else self._run.since(self._seq)
            alive = bool(records) or (self._run is not None and self._run.is_live)
            self._still_ms = 0 if alive else self._still_ms + self._every_ms
            first, self._first = self._first, False
            if records:
                self._seq = records[-1].seq
            if records or first or over:
                self._paint(Fresh(self._run, records, first, over))


def run_of(source: Source) -> Run | None:
    """Return the run behind whatever a view was given.

    Raises
    ------
    RunError
        A folder that is no run.
    """
    if source is None or isinstance(source, Run):
        return source
    if isinstance(source, Session | AsyncSession):
        return source.log
    return open_run(source)
