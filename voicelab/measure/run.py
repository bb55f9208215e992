"""A run in your hands: open a folder, ask for turns, tables and sound.

In: a run folder, complete, growing, or left by a process that was killed; of a session that is live the newest records
as well, from memory.
Out: turns, tables, samples, always computed from the log.
Does not know: plots, or how the log was written.
Turns are told by a `Story` that is read on, from the memory of a live session or from the log, so that an hour of
conversation needs little more memory than a minute. Records are kept only where somebody asks a saved run for them.
"""

from __future__ import annotations

import copy
import gc
import wave
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.samples import Samples
from voicelab.measure.cache import kept_table
from voicelab.measure.columns import TableName
from voicelab.measure.facts import Facts
from voicelab.measure.interaction import interaction
from voicelab.measure.metric import Metric
from voicelab.measure.prices import Price, price_of, read_prices
from voicelab.measure.story import Story
from voicelab.measure.tables import (
    costs_table,
    events_table,
    items_table,
    metrics_table,
    responses_table,
    tools_table,
    turns_table,
    vad_table,
)
from voicelab.measure.turns import ReadTrack, Turn, turns_by
from voicelab.measure.turns_so_far import TurnsSoFar
from voicelab.measure.unknown import is_clock_known, known_of_metric, known_of_turn
from voicelab.runlog.loudness import BUCKET_SAMPLES, Loudness, outline
from voicelab.runlog.manifest import Manifest, Side, read_manifest
from voicelab.runlog.reader import RecordReader
from voicelab.runlog.record import TRACK_RATE_HZ, Record, Track
from voicelab.runlog.tail import Tail
from voicelab.runlog.tracks import read_track
from voicelab.runlog.writer import TRACKS

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
    prices : mapping, optional
        Prices that go before those that the run was recorded with and those of the price table.

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
        prices: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = Path(folder)
        self._live = live
        self._reading = reading
        self._loudness = loudness
        self._prices = prices
        self._over = False
        self._side = self.manifest.side  # a folder that is no run is an error now, not later
        self._log = _Log(self.folder, self._side)
        self._kept = _Kept(self.folder)
        self._turns = TurnsSoFar()
        self._last_told: tuple[object, list[Turn]] = (None, [])

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
        with self._reading():
            return self._read_log().n_bad

    @property
    def prices(self) -> Mapping[str, Any] | None:
        """Prices that go before those of the table: given when the run was opened, or when it was recorded."""
        return self._prices or self.manifest.prices.get("overrides")

    @property
    def price(self) -> Price | None:
        """Whose prices the cost columns use; None: unknown."""
        return price_of(self.manifest.prices.get("model", ""), self.prices)

    def records(self) -> list[Record]:
        """Return all records so far."""
        if self._live is None:
            # Read to the end before it is shown: two threads may ask a saved run at the same time.
            kept = _Kept(self.folder) if not self._kept.records else self._kept
            kept.records += kept.reader.read_new()
            self._kept = kept
            return list(kept.records)
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
        with self._reading():
            facts = self._read_on().facts
            return copy.deepcopy(facts) if self.growing else facts  # what the story knows goes on changing

    def turn_list(self) -> list[Turn]:
        """Return one `Turn` for each user turn; asked again, only turns that have changed are measured again."""
        with self._reading():
            story = self._read_on()
            price, prices = self.price, self.prices
            if self.growing:
                return self._turns.tell(story.facts, story.evidence(), price, self._samples, prices)
            made_of = (story.last_seq, price, repr(prices))
            if self._last_told[0] != made_of:
                manifest, evidence = self.manifest, story.evidence()
                turns = turns_by(story.facts, evidence, price, self._read_tracks(), prices)
                self._last_told = made_of, [known_of_turn(turn, manifest) for turn in turns]
            return list(self._last_told[1])

    def metric_list(self) -> list[Metric]:
        """Return the metrics of turn-taking, delivery and recognition; see `voicelab.measure.interaction`."""
        with self._reading():
            story = self._read_on()
            manifest, turns, records = self.manifest, self.turn_list(), self.records()
            metrics = interaction(story.facts, turns, self.duration_ms, manifest, records)
            return [known_of_metric(metric, manifest) for metric in metrics]

    def _read_on(self) -> Story:
        """Let the story take what is new: from memory, unless there is none or it has fallen too far behind."""
        if self._live is None:
            return self._read_log().story
        new = self._live.since(self._log.story.last_seq)
        if new is None:
            new = list(self._live)
            self._read_log()
        for record in new:
            self._log.story.take(record)
        return self._log.story

    def _read_log(self) -> _Log:
        """Let the story take what is new in the folder; a first reading is shown when it is whole."""
        log = _Log(self.folder, self._side) if self._live is None and not self._log.begun else self._log
        log.read_on()
        self._log = log
        return log

    def table(self, name: TableName) -> pl.DataFrame:
        """Return a table by its name; its columns are those of `voicelab.measure.columns.TABLES`.

        Tables of a long log that is complete are kept beside it; see `voicelab.measure.cache`. The events are not: they
        are the log itself.
        """
        make = self._makers()[name]
        if self.growing or name == "events":
            with self._reading():
                return make()
        return kept_table(self.folder, name, repr((self.price, self.prices)), make)

    def _makers(self) -> dict[TableName, Callable[[], pl.DataFrame]]:
        return {
            "events": lambda: events_table(self.records()),
            "turns": lambda: turns_table(self.turn_list()),
            "responses": lambda: responses_table(self._read_on().facts, self.price),
            "items": lambda: items_table(self._read_on().facts),
            "tools": lambda: tools_table(self._read_on().facts, has_times=is_clock_known(self.manifest, "t_ns")),
            "costs": lambda: costs_table(
                self._read_on().facts, self.price, self.manifest.prices.get("model", ""), self.prices
            ),
            "vad": lambda: vad_table(self.records(), self._read_on().facts),
            "metrics": lambda: metrics_table(self.metric_list()),
        }

    def events(self) -> pl.DataFrame:
        """Return one row a record."""
        return self.table("events")

    def turns(self) -> pl.DataFrame:
        """Return one row a user turn; the columns are the fields of `Turn`."""
        return self.table("turns")

    def responses(self) -> pl.DataFrame:
        """Return one row a response."""
        return self.table("responses")

    def items(self) -> pl.DataFrame:
        """Return one row an item of the conversation."""
        return self.table("items")

    def tools(self) -> pl.DataFrame:
        """Return one row a function call."""
        return self.table("tools")

    def costs(self) -> pl.DataFrame:
        """Return one row a response (or transcription) and meter."""
        return self.table("costs")

    def vad(self) -> pl.DataFrame:
        """Return one row a scored window of the sent audio."""
        return self.table("vad")

    def metrics(self) -> pl.DataFrame:
        """Return one row a metric and basis: labelled, estimated and measured values stand apart."""
        return self.table("metrics")

    def samples(self, track: Track, start: int = 0, n: int | None = None) -> Samples:
        """Return samples of a track (24 kHz); none where the sound is missing."""
        with self._reading():
            return self._samples(track, start, n)

    def _samples(self, track: Track, start: int = 0, n: int | None = None) -> Samples:
        return read_track(self.folder / f"{track}.wav", start, n)

    def _read_tracks(self) -> ReadTrack:
        """Return a reader of the tracks that are there: to look for a missing one takes as long as to read of one."""
        there = {name for name in TRACKS if (self.folder / f"{name}.wav").exists()}
        nothing = np.zeros(0, np.int16)
        return lambda track, start, n: self._samples(track, start, n) if track in there else nothing

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
        with self._reading():
            last_ms = self._read_on().last_t_ns / 1e6
        return max([last_ms, *(_track_ms(self.folder / f"{name}.wav") for name in ("input", "heard"))])


class _Log:
    """A log as far as it has been read, as a story."""

    def __init__(self, folder: Path, side: Side) -> None:
        self.story = Story(side)
        self._reader = RecordReader(folder)
        self._n_unreadable = 0

    @property
    def begun(self) -> bool:
        return self._reader.offset > 0

    @property
    def n_bad(self) -> int:
        return self._reader.n_bad + self._n_unreadable

    def read_on(self) -> None:
        with _no_collections():
            self._n_unreadable += self.story.take_lines(self._reader.read_new_lines())


@contextmanager
def _no_collections() -> Iterator[None]:
    """Look for no garbage meanwhile: what is read is all kept, and going through it again and again costs a tenth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass
class _Kept:
    """All records of a saved run, once somebody has asked for them."""

    folder: Path
    records: list[Record] = field(default_factory=list)
    reader: RecordReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = RecordReader(self.folder)


def _track_ms(path: Path) -> float:
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() * 1000 / file.getframerate()
    except (FileNotFoundError, EOFError, wave.Error):
        return 0.0


def open_run(folder: str | PathLike[str], *, prices: str | PathLike[str] | Mapping[str, Any] | None = None) -> Run:
    """Open a run folder; it may still grow, or have lost its writer.

    Parameters
    ----------
    folder : path
    prices : path or mapping, optional
        Prices that go before those of the table, in its shape; see `voicelab.measure.prices.read_prices`.

    Raises
    ------
    RunError
        The folder is no run.
    ConfigError
        The prices cannot be read.
    """
    return Run(folder, prices=read_prices(prices))
