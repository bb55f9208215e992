"""The user's audio that may still be wanted, addressed by its place on the input audio clock.

In: samples as they come.  Out: any stretch of them that was not forgotten yet.
Does not know: turns, or when something may be forgotten.

Positions are samples at 24 kHz since the first one ever appended.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from voicelab.audio.samples import Samples


class AudioBuffer:
    """The latest stretch of the user's audio.

    Pieces are kept as they came: appending and forgetting touch one piece, a slice only those that it needs.

    Attributes
    ----------
    start, end : int
        Positions of the first sample that is still there, and behind the last one.
    """

    def __init__(self) -> None:
        self.start = 0
        self.end = 0
        self._pieces: list[Samples] = []
        self._starts: list[int] = []

    def append(self, samples: Samples) -> None:
        """Add samples, shape (n,), at the end."""
        if len(samples):
            self._pieces.append(samples)
            self._starts.append(self.end)
            self.end += len(samples)

    def slice(self, start: int, end: int) -> Samples:
        """Return the samples from ``start`` to ``end``, as far as they are still there."""
        start, end = max(start, self.start), min(end, self.end)
        if start >= end:
            return np.zeros(0, np.int16)
        found = []
        for index in range(bisect_right(self._starts, start) - 1, len(self._pieces)):
            at = self._starts[index]
            if at >= end:
                break
            found.append(self._pieces[index][max(0, start - at) : end - at])
        return np.concatenate(found)

    def forget_before(self, start: int) -> None:
        """Drop what lies before ``start``, to the sample: what was committed is in no later turn."""
        start = min(max(start, self.start), self.end)
        n_whole = bisect_right(self._starts, start) - 1 if start < self.end else len(self._pieces)
        if n_whole > 0:
            del self._pieces[:n_whole], self._starts[:n_whole]
        if self._pieces and self._starts[0] < start:
            self._pieces[0] = self._pieces[0][start - self._starts[0] :]
            self._starts[0] = start
        self.start = start
