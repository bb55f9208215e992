"""The speech scores of a run, kept in a few bytes each, and found by time.

In: ``voicelab.vad`` records, in order.  Out: begin, end and probability of windows; the first and last voiced instant.
Does not know: turns, thresholds in force, or pictures.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.turns.scores import Score


class Scores:
    """All windows so far, in order of time; times are ms on the run's time line."""

    def __init__(self) -> None:
        self._starts, self._ends = array("d"), array("d")
        self._p = array("f")
        self._epochs = array("i")

    def __len__(self) -> int:
        return len(self._p)

    @property
    def end_ms(self) -> float:
        """Up to when there are scores; 0 without any."""
        return self._ends[-1] if self._ends else 0.0

    def take(self, event: dict[str, Any], epoch: int) -> None:
        """Take the event of a ``voicelab.vad`` record; windows from before the last one are passed over."""
        start_ms, window_ms = float(event["start_ms"]), float(event["window_ms"])
        for k, p in enumerate(event["p"]):
            begin_ms = start_ms + k * window_ms
            if not self._starts or begin_ms > self._starts[-1]:
                self._starts.append(begin_ms)
                self._ends.append(begin_ms + window_ms)
                self._p.append(p)
                self._epochs.append(epoch)

    def since(self, first: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8]]:
        """Return begins, ends and probabilities (255 is 1) from window number ``first`` on, each of shape (n,)."""
        starts, ends = (np.array(times[first:], np.float32) for times in (self._starts, self._ends))
        return starts, ends, np.rint(np.array(self._p[first:]) * 255).clip(0, 255).astype(np.uint8)

    def number_at(self, ms: float) -> int:
        """Return the number of the first window that begins at an instant or after it."""
        return bisect_left(self._starts, ms)

    def voiced_ms(self, begin_ms: float, end_ms: float, threshold: float) -> tuple[float, float] | None:
        """Return begin of the first and end of the last voiced window that begins in a stretch; None without any."""
        first, last = self.number_at(begin_ms), self.number_at(end_ms)
        voiced = [k for k in range(first, last) if self._p[k] >= threshold]
        return (self._starts[voiced[0]], self._ends[voiced[-1]]) if voiced else None

    def connected(self, begin_ms: float, end_ms: float) -> list[Stretch]:
        """Return the scores of a stretch of time, one `Stretch` for each connection."""
        first, last = self.number_at(begin_ms), self.number_at(end_ms)
        found: list[Stretch] = []
        for k in range(first, last):
            if not found or self._epochs[k] != self._epochs[k - 1]:
                found.append(Stretch())
            found[-1].add(self._starts[k], self._ends[k], self._p[k])
        return found


class Stretch:
    """Scores on the clock of the audio itself, which stands still while nothing is sent, and the way back."""

    def __init__(self) -> None:
        self.scores: list[Score] = []
        self._starts: list[float] = []
        self._ends: list[float] = []

    def add(self, begin_ms: float, end_ms: float, p: float) -> None:
        """Take the next window, at its place on the run's time line."""
        at_ms = self.scores[-1].end_ms if self.scores else 0.0
        self.scores.append(Score(at_ms, at_ms + end_ms - begin_ms, p))
        self._starts.append(begin_ms)
        self._ends.append(end_ms)

    def begin_run_ms(self, audio_ms: float) -> float:
        """Return where an instant lies on the run's time line, as the begin of a window."""
        k = min(bisect_left(self.scores, audio_ms, key=_start), len(self.scores) - 1)
        return self._starts[k] - (self.scores[k].start_ms - audio_ms)

    def end_run_ms(self, audio_ms: float) -> float:
        """Return where an instant lies on the run's time line, as the end of a window."""
        k = min(bisect_left(self.scores, audio_ms, key=_end), len(self.scores) - 1)
        return self._ends[k] - (self.scores[k].end_ms - audio_ms)


def _start(score: Score) -> float:
    return score.start_ms


def _end(score: Score) -> float:
    return score.end_ms
