"""A run in your hands: open a folder, ask for turns, tables and sound.

In: a run folder, complete, growing, or left by a process that was killed; or the records of a session that is live.
Out: turns, tables, samples, always computed from the log.
Does not know: plots, or how the log was written.
"""

from __future__ import annotations

import wave
from bisect import bisect_right
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voicelab.audio.samples import Samples
from voicelab.measure.facts import Facts, gather
from voicelab.measure.prices import Price, price_of
from voicelab.measure.tables import costs_table, events_table, responses_table, turns_table, vad_table
from voicelab.measure.turns import Turn, turns_of
from voicelab.runlog.manifest import Manifest, read_manifest
from voicelab.runlog.reader import RecordReader
from voicelab.runlog.record import TRACK_RATE_HZ, Record, Track
from voicelab.runlog.tracks import read_track

if TYPE_CHECKING:
    import polars as pl


class Run:
    """One recorded (or running) conversation.

    Parameters
    ----------
    folder : path
        A run folder.
    live : sequence of Record, optional
        The records of a session that is still open; otherwise they are read from the folder, and read on as it grows.

    Raises
    ------
    RunError
        The folder is no run.
    """

    def __init__(self, folder: str | PathLike[str], *, live: Sequence[Record] | None = None) -> None:
        self.folder = Path(folder)
        self._live = live
        self._reader = RecordReader(self.folder)
        self._read: list[Record] = []
        self._facts: tuple[int, Facts] | None = None
        self.manifest  # noqa: B018 - a folder that is no run is an error now, not later

    def __repr__(self) -> str:
        manifest = self.manifest
        return f"Run({str(self.folder)!r}, {manifest.provider}, {manifest.state}, {len(self.records()):,} records)"

    @property
    def manifest(self) -> Manifest:
        """What the run says of itself, as it is now."""
        return read_manifest(self.folder)

    @property
    def bad_lines(self) -> int:
        """How many lines of the log were no records and were set aside."""
        self.records()
        return self._reader.n_bad

    @property
    def price(self) -> Price | None:
        """Whose prices the cost columns use; None: unknown."""
        return price_of(self.manifest.prices.get("model", ""))

    def records(self) -> list[Record]:
        """Return all records so far."""
        if self._live is not None:
            return list(self._live)
        self._read += self._reader.read_new()
        return list(self._read)

    def since(self, seq: int) -> list[Record]:
        """Return the records with a number above ``seq``; a view that follows a run asks with the last it has seen."""
        records = self.records()
        return records[bisect_right(records, seq, key=lambda record: record.seq) :]

    def facts(self) -> Facts:
        """Return who said what when."""
        records = self.records()
        if self._facts is None or self._facts[0] != len(records):
            self._facts = (len(records), gather(records))
        return self._facts[1]

    def turn_list(self) -> list[Turn]:
        """Return one `Turn` for each user turn."""
        return turns_of(self.facts(), self.records(), self.price, self.samples)

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
        return read_track(self.folder / f"{track}.wav", start, n)

    def stretch(self, track: Track, start_ms: float, end_ms: float) -> Samples:
        """Return a track's samples between two instants of the run, silence where nothing was recorded."""
        start, end = (round(ms * TRACK_RATE_HZ / 1000) for ms in (max(0.0, start_ms), max(0.0, end_ms)))
        n = max(0, end - start)
        found = self.samples(track, start, n)
        return np.concatenate([found, np.zeros(n - len(found), np.int16)])

    @property
    def duration_ms(self) -> float:
        """How long the run is: to its last record, or the end of its sound."""
        records = self.records()
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
