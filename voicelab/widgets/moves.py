"""Wishes to go back to: one for each move of a hand, however many steps a slider made of it.

In: what was asked for, what is asked for now, when.  Out: what was asked for before the last move.
Does not know: widgets, sessions, clocks (it is told the time).
"""

from __future__ import annotations

from voicelab.widgets.wishes import Wishes, changed

#: A hand that rests so long has done with a knob: what it turns then is a move of its own.
MOVE_S = 1.0


class Moves:
    """The moves so far."""

    def __init__(self) -> None:
        self._before: list[Wishes] = []
        self._knobs: tuple[str, ...] = ()
        self._last_s = 0.0

    def made(self, before: Wishes, after: Wishes, now_s: float) -> None:
        """Take note of a step; a step of the same knobs within `MOVE_S` belongs to the move before."""
        knobs = changed(before, after)
        goes_on = bool(self._before) and knobs == self._knobs and now_s - self._last_s <= MOVE_S
        self._knobs, self._last_s = knobs, now_s
        if not goes_on:
            self._before.append(before)

    def back(self) -> Wishes | None:
        """Return what was asked for before the last move, and forget that move; None when there is none."""
        self._knobs = ()
        return self._before.pop() if self._before else None
