"""A run in your hands: open a folder, ask for turns, tables and sound.

In: a run folder, complete, growing, or left by a process that was killed; of a session that is live the newest records
as well, from memory.
Out: turns, tables, samples, always computed from the log.
Does not know: plots, or how the log was written.
A run of a live session keeps no records of its own, so that an hour of conversation needs no more memory than a minute:
what is new is asked of the memory, turns are told by a `Story` that is read on, and a table reads the whole file.
"""

from __future__ import annotations

import copy
import wave
from bisect import bisect_right
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.samples import Samples
from voicelab.measure.facts import Facts, gather
from voicelab.measure.prices import Price, price_of
from voicelab.measure.speech import evidence_of
from voicelab.measure.story import Story
from voicelab.measure.tables import costs_table, events_table, responses_table, turns_table, vad_table
from voicelab.measure.turns import Turn
from voicelab.measure.turns_so_far import TurnsSoFar
from voicelab.runlog.loudness import BUCKET_SAMPLES, Loudness, outline
from voicelab.runlog.manifest import Manifest, read_manifest
from voicelab.runlog.reader import RecordReader
from voicelab.runlog.record import TRACK_RATE_HZ, Record, Track
from voicelab.runlog.tail import Tail
from voicelab.runlog.tracks import read_track

if TYPE_CHECKING:
    import polars as pl


class Run:
    """One recorded (or running) conversation.

    Parameters
    ----------
    folder : path
        A run folder.
    live : Tail, optional
        The newest records of a session that is still open. Without it everything is read from the folder, read on as
        it grows, and kept.
    reading : callable, optional
        Gives a context in which the folder of a live session is read: it brings the folder up to date first, and lets
        one thread in at a time.
    loudness : Loudness, optional
        The outline of the newest sound of a live session.

    Raises
    ------
    RunError
        The folder is no run.
    """

    def __init__(
        self,
        folder: str | PathLike[str],
        *,
        live: Tail | None = None,
        reading: Callable[[], AbstractContextManager[None]] = nullcontext,
        loudness: Loudness | None = None,
    ) -> None:
        self.folder = Path(folder)
        self._live = live
        self._reading = reading
        self._loudness = loudness
        self._over = False
        self._reader = RecordReader(self.folder)
        self._read: list[Record] = []
        self._facts: tuple[int, Facts] | None = None
        self._story = Story()
        self._turns = TurnsSoFar()
        self.manifest  # noqa: B018 - a folder that is no run is an error now, not later

    def __repr__(self) -> str:
        manifest = self.manifest
        n_records = len(self.records()) if self._live is None else self._live.n_records
        return f"Run({str(self.folder)!r}, {manifest.provider}, {manifest.state}, {n_records:,} records)"

    @property
    def manifest(self) -> Manifest:
        """What the run says of itself, as it is now."""
        return read_manifest(self.folder)

    @property
    def growing(self) -> bool:
        """Whether more may come: its session is open here, or its writer elsewhere has not completed it.

        A writer that was killed never completes its run: such a run says for ever that it grows.
        """
        if not self._over and self._live is None:
            self._over = self.manifest.state != "running"
        return not self._over

    @property
    def is_live(self) -> bool:
        """Whether it is recorded by a session of this process."""
        return self._live is not None

    def finish(self) -> None:
        """Say that no more will come: called by the session that recorded it."""
        self._over = True

    @property
    def bad_lines(self) -> int:
        """How many lines of the log were no records and were set aside."""
        if self._live is None:
            self.records()
            return self._reader.n_bad
        with self._reading():
            for record in self._reader.read_new():
                self._story.take(record)
            return self._reader.n_bad

    @property
    def price(self) -> Price | None:
        """Whose prices the cost columns use; None: unknown."""
        return price_of(self.manifest.prices.get("model", ""))

    def records(self) -> list[Record]:
        """Return all records so far."""
        if self._live is None:
            self._read += self._reader.read_new()
            return list(self._read)
        with self._reading():
            records = RecordReader(self.folder).read_new()
        last = records[-1].seq if records else -1
        # What a slow or full disk has not taken is still in memory.
        return records + [record for record in self._live if record.seq > last]

    def since(self, seq: int) -> list[Record]:
        """Return the records with a number above ``seq``; a view that follows a run asks with the last it has seen.

        Of a live session they come from memory, so that it can be asked many times a second; the folder is read only
        by a view that has fallen thousands of records behind.
        """
        kept = self._live.since(seq) if self._live is not None else None
        if kept is not None:
            return kept
        records = self.records()
        return records[bisect_right(records, seq, key=lambda record: record.seq) :]

    def facts(self) -> Facts:
        """Return who said what when, so far."""
        if self._live is None:
            return self._facts_of_folder()
        with self._reading():
            return copy.deepcopy(self._read_on().facts)  # what the story knows goes on changing

    def turn_list(self) -> list[Turn]:
        """Return one `Turn` for each user turn; asked again, only turns that have changed are measured again."""
        if self._live is None:
            facts = self._facts_of_folder()
            return self._turns.tell(facts, evidence_of(facts, self._read), self.price, self.samples)
        with self._reading():
            story = self._read_on()
            return self._turns.tell(story.facts, story.evidence(), self.price, self._samples)

    def _facts_of_folder(self) -> Facts:
        records = self.records()
        if self._facts is None or self._facts[0] != len(records):
            self._facts = (len(records), gather(records, self.manifest.side))
        return self._facts[1]

    def _read_on(self) -> Story:
        """Let the story of a live session take what is new: from memory, unless it has fallen too far behind."""
        new = self._live.since(self._story.last_seq) if self._live is not None else []
        for record in [*self._reader.read_new(), *(self._live or ())] if new is None else new:
            self._story.take(record)
        return self._story

    def events(self) -> pl.DataFrame:
        """Return one row a record; see `voicelab.measure.tables.events_table`."""
        return events_table(self.records())

    def turns(self) -> pl.DataFrame:
        """Return one row a user turn; the columns are the fields of `Turn`."""
        return turns_table(self.turn_list())

    def responses(self) -> pl.DataFrame:
        """Return one row a response; see `voicelab.measure.tables.responses_table`."""
        return responses_table(self.facts(), self.price)

    def costs(self) -> pl.DataFrame:
        """Return one row a response and meter; see `voicelab.measure.tables.costs_table`."""
        return costs_table(self.facts(), self.price)

    def vad(self) -> pl.DataFrame:
        """Return one row a scored window of the sent audio."""
        return vad_table(self.records())

    def samples(self, track: Track, start: int = 0, n: int | None = None) -> Samples:
        """Return samples of a track (24 kHz); none where the sound is missing."""
        if self._live is None:
            return self._samples(track, start, n)
        with self._reading():
            return self._samples(track, start, n)

    def _samples(self, track: Track, start: int = 0, n: int | None = None) -> Samples:
        return read_track(self.folder / f"{track}.wav", start, n)

    def loudness(self, track: Track, first_bucket: int = 0) -> tuple[int, NDArray[np.int16]]:
        """Return the outline of a track: the lowest and highest sample of each 10 ms.

        Parameters
        ----------
        track : Track
            ``input`` or ``heard``, which lie on the run's time line.
        first_bucket : int
            The first that is wanted; of a live session the last two minutes are in memory, and a later one may come.

        Returns
        -------
        first_bucket : int
        buckets : int16, shape (n, 2)
        """
        if self._loudness is not None and self.growing:
            return self._loudness.since(track, first_bucket)
        return first_bucket, outline(self.samples(track, first_bucket * BUCKET_SAMPLES))

    def stretch(self, track: Track, start_ms: float, end_ms: float) -> Samples:
        """Return a track's samples between two instants of the run, silence where nothing was recorded."""
        start, end = (round(ms * TRACK_RATE_HZ / 1000) for ms in (max(0.0, start_ms), max(0.0, end_ms)))
        n = max(0, end - start)
        found = self.samples(track, start, n)
        return np.concatenate([found, np.zeros(n - len(found), np.int16)])

    @property
    def duration_ms(self) -> float:
        """How long the run is: to its last record, or the end of its sound."""
        records = self.records() if self._live is None else list(self._live)
        last_ms = records[-1].t_ns / 1e6 if records else 0.0
        return max([last_ms, *(_track_ms(self.folder / f"{name}.wav") for name in ("input", "heard"))])


def _track_ms(path: Path) -> float:
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() * 1000 / file.getframerate()
    except (FileNotFoundError, EOFError, wave.Error):
        return 0.0


def open_run(folder: str | PathLike[str]) -> Run:
    """Open a run folder; it may still grow, or have lost its writer.

    Raises
    ------
    RunError
        The folder is no run.
    """
    return Run(folder)
