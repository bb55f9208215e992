"""The one place where a session writes down what happens: numbers the record, stamps it, hides secrets, places audio.

In: events and samples as they are sent, received or played.  Out: records (in memory, and to whoever writes the
folder).
Does not know: what an event means, or where the folder is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from voicelab.audio.samples import Samples
from voicelab.runlog.record import AudioRef, Direction, Record, Track
from voicelab.runlog.secrets import hide_secrets
from voicelab.session.writing import Writing
from voicelab.transports.clock import Clock, rfc3339


class Recorder:
    """Writes one run.

    Parameters
    ----------
    clock : Clock
        Stamps the records.
    writing : Writing
        Takes them to the disk.
    secrets : collection of str
        Never written, wherever they stand.
    """

    def __init__(self, clock: Clock, writing: Writing, secrets: Collection[str] = ()) -> None:
        self._clock = clock
        self._writing = writing
        self._secrets = tuple(secrets)
        self._ends: dict[Track, int] = {"input": 0, "output": 0, "heard": 0}
        self.records: list[Record] = []
        self.epoch = 0

    def record(
        self, direction: Direction, kind: str, event: Mapping[str, Any], *, n_bytes: int | None = None
    ) -> Record:
        """Write one record down, now."""
        t_ns = self._clock.now_ns()
        record = Record(
            seq=len(self.records),
            t_ns=t_ns,
            wall=rfc3339(self._clock.wall_at(t_ns)),
            dir=direction,
            type=kind,
            event=hide_secrets(dict(event), self._secrets),
            epoch=self.epoch,
            bytes=n_bytes,
        )
        self.records.append(record)
        self._writing.record(record)
        return record

    def local(self, kind: str, **facts: Any) -> Record:
        """Write down a fact of this side, as ``voicelab.<kind>``."""
        return self.record("local", f"voicelab.{kind}", facts)

    def place(self, track: Track, samples: Samples, *, start: int | None = None) -> AudioRef:
        """Write samples into a track and return where they are.

        Parameters
        ----------
        track : Track
        samples : int16, shape (n,)
        start : int, optional
            First sample; behind what is there when absent. Never before the end of the track.
        """
        start = self._ends[track] if start is None else max(start, self._ends[track])
        self._ends[track] = start + len(samples)
        self._writing.audio(track, start, samples)
        return AudioRef(track=track, start=start, n=len(samples))

    def end_of(self, track: Track) -> int:
        """Return the number of samples in a track."""
        return self._ends[track]
