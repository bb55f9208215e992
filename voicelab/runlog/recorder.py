"""The one place where a run is written down: numbers the record, stamps it, hides secrets, places audio.

In: events and samples as they are sent, received or played, on either side of a connection.  Out: records, the newest
in memory (`Tail`), all of them to whoever writes the folder (`Writing`).
Does not know: what an event means, where the folder is, or what a clock is made of.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from voicelab.audio.samples import Samples
from voicelab.runlog.loudness import Loudness
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import AudioRef, Direction, Record, Track, encode_line
from voicelab.runlog.secrets import Suspicion, hide_secrets
from voicelab.runlog.tail import Tail
from voicelab.runlog.writer import RunWriter

_1970 = datetime(1970, 1, 1, tzinfo=UTC)


class Stamps(Protocol):
    """What tells the time of a record; the clocks of ``transports`` do."""

    def now_ns(self) -> int:
        """Return the nanoseconds since the run began."""

    def wall_at(self, t_ns: int) -> datetime:
        """Return the wall time, with its zone, that belongs to ``t_ns``: that at 0, and so much later."""


class Writing(Protocol):
    """Takes what is to be written, and completes the folder in the end."""

    dropped: int

    def line(self, line: bytes) -> None:
        """Write a record, which is a line by now, now or soon."""

    def audio(self, track: Track, start: int, samples: Samples) -> None:
        """Write samples, now or soon."""

    def sync(self) -> None:
        """Return when everything that was handed over so far is on the disk."""

    def finish(self, manifest: Manifest) -> None:
        """Write everything that waits and the final manifest."""


class DirectWriting:
    """Writes at once, on the caller's thread: right where time is virtual.

    Parameters
    ----------
    writer : RunWriter
    """

    def __init__(self, writer: RunWriter) -> None:
        self._writer = writer
        self._finished = False
        self.dropped = 0

    def line(self, line: bytes) -> None:
        """Write a record."""
        self._writer.line(line)

    def audio(self, track: Track, start: int, samples: Samples) -> None:
        """Write samples."""
        self._writer.audio(track, start, samples)

    def sync(self) -> None:
        """Flush; a finished folder is whole already."""
        if not self._finished:
            self._writer.flush()

    def finish(self, manifest: Manifest) -> None:
        """Complete the folder."""
        self._finished = True
        self._writer.finish(manifest)


class Recorder:
    """Writes one run.

    Parameters
    ----------
    clock : Stamps
        Stamps the records.
    writing : Writing
        Takes them to the disk.
    secrets : collection of str
        Never written, wherever they stand.
    """

    def __init__(self, clock: Stamps, writing: Writing, secrets: Collection[str] = ()) -> None:
        self._clock = clock
        self._writing = writing
        self._secrets = tuple(secrets)
        self._suspicion = Suspicion(self._secrets)
        self._wall_start_us = _us_since_1970(clock.wall_at(0))
        self._ends: dict[Track, int] = {"input": 0, "output": 0, "heard": 0}
        self.records = Tail()
        self.loudness = Loudness()
        self.epoch = 0

    def record(
        self,
        direction: Direction,
        kind: str,
        event: dict[str, Any],
        *,
        n_bytes: int | None = None,
        native: str | None = None,
    ) -> Record:
        """Write one record down, now.

        Parameters
        ----------
        direction : {"send", "recv", "local"}
        kind : str
            GA event name, or ``voicelab.*``.
        event : dict
            The payload, audio bytes replaced by where they lie. It is the record's from now on.
        n_bytes : int, optional
            Size of the frame on the wire.
        native : str, optional
            The event's name on the wire, kept where it differs from ``kind``.
        """
        t_ns = self._clock.now_ns()
        record = Record(
            seq=self.records.n_records,
            t_ns=t_ns,
            wall=_rfc3339(self._wall_start_us + round(t_ns / 1000)),
            dir=direction,
            type=kind,
            event=event,
            epoch=self.epoch,
            native=None if native == kind else native,
            bytes=n_bytes,
        )
        line = encode_line(record)
        if not self._suspicion.is_idle(record.event) and self._suspicion.falls_on(line):
            record = self._without_secrets(record)
            line = encode_line(record)
        self.records.add(record)
        self._writing.line(line)
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
        self.loudness.take(track, start, samples)
        return AudioRef(track=track, start=start, n=len(samples))

    def end_of(self, track: Track) -> int:
        """Return the number of samples in a track."""
        return self._ends[track]

    def _without_secrets(self, record: Record) -> Record:
        return msgspec.structs.replace(
            record,
            # A service may call an event as it likes.
            type=hide_secrets(record.type, self._secrets),
            native=hide_secrets(record.native, self._secrets),
            event=hide_secrets(record.event, self._secrets),
        )


def _us_since_1970(moment: datetime) -> int:
    return (moment - _1970) // timedelta(microseconds=1)


def _rfc3339(wall_us: int) -> str:
    second, microsecond = divmod(wall_us, 1_000_000)
    # Twice as quick as a format with leading zeros.
    return f"{_second_text(second)}.{str(microsecond).zfill(6)}Z"


@lru_cache(maxsize=16)
def _second_text(second: int) -> str:
    """Return the text of a second; kept, since many records share it and making it costs more than the rest of one."""
    return (_1970 + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")
