"""Whose wishes the desk shows: an echo of the hand on a knob, or somebody else's.

In: what this panel asked for, and what the desk shows.  Out: whether the knobs have to be moved.
Does not know: widgets, threads, time; it counts looks.

A slider must not jump back under the hand because the desk is a move behind, and it must move when a preset, an undo,
a line dragged in the scope, or code has changed what is asked for.
"""

from __future__ import annotations

from voicelab.widgets.wishes import Wishes

#: Looks at an unchanged desk after which what was asked for is not coming any more.
PATIENCE = 8


class Echo:
    """Tells own wishes from those of others.

    Parameters
    ----------
    wishes : Wishes
        What the desk shows at first.
    """

    def __init__(self, wishes: Wishes) -> None:
        self._seen = wishes
        self._coming: list[Wishes] = []
        self._patience = PATIENCE

    def asked(self, wishes: Wishes) -> None:
        """Take note of own wishes that are on their way to the desk."""
        self._coming.append(wishes)
        self._patience = PATIENCE

    def is_foreign(self, shown: Wishes) -> bool:
        """Look at what the desk shows; return whether the knobs stand otherwise through somebody else."""
        if shown in self._coming:
            # The desk may skip moves that come fast: whatever was asked before this one is not coming any more.
            del self._coming[: self._coming.index(shown) + 1]
            self._seen, self._patience = shown, PATIENCE
            return False
        if shown != self._seen:
            self._seen = shown
            self._coming.clear()
            return True
        if self._coming:
            # Undone before it was seen here, or not taken at all.
            self._patience -= 1
            if self._patience <= 0:
                self._coming.clear()
                return True
        return False
