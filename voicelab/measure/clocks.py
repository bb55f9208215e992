"""The input audio clock on the run's time line.

In: the append records of a run.  Out: where on the run's time line a position of the server's input audio clock lies.
Does not know: turns.  Source of the clock's meaning: ``audio_start_ms`` and ``audio_end_ms`` count milliseconds of
audio appended since the connection began; the clock stands still while nothing is sent.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from voicelab.runlog.record import TRACK_RATE_HZ, Record

_PER_MS = TRACK_RATE_HZ / 1000


class InputClock:
    """Maps each connection's input audio clock to the input track, whose sample 0 is the run's beginning.

    Parameters
    ----------
    records : iterable of Record
        Of one run, in order; only appends matter.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._ends: dict[int, list[int]] = {}
        self._track_ends: dict[int, list[int]] = {}
        for record in records:
            if record.type == "input_audio_buffer.append":
                ref = (record.event.get("audio") or {}).get("audio_ref")
                if ref:
                    ends = self._ends.setdefault(record.epoch, [])
                    ends.append((ends[-1] if ends else 0) + ref["n"])
                    self._track_ends.setdefault(record.epoch, []).append(ref["start"] + ref["n"])

    def run_ms(self, audio_ms: float, epoch: int = 0) -> float | None:
        """Return the time on the run's time line at which this position of the input audio clock was captured."""
        ends = self._ends.get(epoch)
        if not ends:
            return None
        position = audio_ms * _PER_MS
        at = min(bisect_left(ends, position), len(ends) - 1)
        return (self._track_ends[epoch][at] - (ends[at] - position)) / _PER_MS
