"""Many runs as one data set: the tables of `Run`, one under the other, each row with its run, tags and note.

In: a pattern such as ``runs/*``, or folders.  Out: lazy Polars frames.
Does not know: what is done with them.

Nothing but the manifests is read before a frame is collected, and then one run after the other: columns that nobody
asked for are dropped at once, and ``head(10)`` stops when it has ten rows.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.errors import RunError
from voicelab.measure.columns import TABLES, TableName, schema_of
from voicelab.measure.prices import read_prices
from voicelab.measure.run import Run
from voicelab.runlog.manifest import MANIFEST

if TYPE_CHECKING:
    import polars as pl

_RUN = "run"
_NOTE = "note"


class Runs:
    """Some runs, in the order of their folders' names.

    Parameters
    ----------
    runs : sequence of Run
    unreadable : sequence of (Path, str)
        Folders that are no runs, or of a version that cannot be read, and why.
    """

    def __init__(self, runs: Sequence[Run], unreadable: Sequence[tuple[Path, str]] = ()) -> None:
        self.runs = list(runs)
        self.unreadable = list(unreadable)

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __getitem__(self, name: str | int) -> Run:
        """Return a run by its name in the tables, or its place."""
        return self.runs[name] if isinstance(name, int) else self.runs[self.names().index(name)]

    def __repr__(self) -> str:
        more = f", {len(self.unreadable)} unreadable" if self.unreadable else ""
        return f"Runs({len(self.runs)} runs{more}; tags: {', '.join(self.tags()) or 'none'})"

    def names(self) -> list[str]:
        """Return the runs' names: those of their folders, with as many folders above as tell them apart."""
        folders = {run.folder for run in self.runs}
        return [_name(run.folder, folders) for run in self.runs]

    def tags(self) -> list[str]:
        """Return the names of all tags, in the order in which they appear."""
        return list(dict.fromkeys(tag for run in self.runs for tag in run.manifest.tags))

    def table(self, name: TableName) -> pl.LazyFrame:
        """Return a table over all runs.

        Columns: ``run``, one a tag (named as the tag; ``tag_<name>`` where the table has such a column), ``note``
        (``run_note`` where the table has one), then those of the table; see `voicelab.measure.columns`.
        """
        from polars.io.plugins import register_io_source

        labels = self._labels(name)
        schema = {**dict.fromkeys(labels, _text()), **schema_of(name)}

        def frames(
            columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch: int | None
        ) -> Iterator[pl.DataFrame]:
            left = n_rows
            for run, values in zip(self.runs, self._values(labels), strict=True):
                if left is not None and left <= 0:
                    return
                frame = _labelled(run.table(name), values)
                if predicate is not None:
                    frame = frame.filter(predicate)
                if columns is not None:
                    frame = frame.select(columns)
                if left is not None:
                    frame = frame.head(left)
                    left -= frame.height
                yield frame
            if not self.runs:
                yield _empty(schema, columns)

        return register_io_source(frames, schema=schema)

    def events(self) -> pl.LazyFrame:
        """Return one row a record."""
        return self.table("events")

    def turns(self) -> pl.LazyFrame:
        """Return one row a user turn."""
        return self.table("turns")

    def responses(self) -> pl.LazyFrame:
        """Return one row a response."""
        return self.table("responses")

    def items(self) -> pl.LazyFrame:
        """Return one row an item of a conversation."""
        return self.table("items")

    def tools(self) -> pl.LazyFrame:
        """Return one row a function call."""
        return self.table("tools")

    def costs(self) -> pl.LazyFrame:
        """Return one row a response (or transcription) and meter."""
        return self.table("costs")

    def vad(self) -> pl.LazyFrame:
        """Return one row a scored window of the sent audio."""
        return self.table("vad")

    def metrics(self) -> pl.LazyFrame:
        """Return one row a run, metric and basis. A mean over runs is not the metric over all of them."""
        return self.table("metrics")

    def _labels(self, name: TableName) -> dict[str, str | None]:
        """Return the columns in front of a table, and the tag that each shows; None: the run's name or its note."""
        taken = {column.name for column in TABLES[name]}
        note = f"run_{_NOTE}" if _NOTE in taken else _NOTE
        tags = {f"tag_{tag}" if tag in {*taken, _RUN, note} else tag: tag for tag in self.tags()}
        return {_RUN: None, **tags, note: None}

    def _values(self, labels: Mapping[str, str | None]) -> Iterator[dict[str, str | None]]:
        first, *_, last = labels
        for run, name in zip(self.runs, self.names(), strict=True):
            manifest = run.manifest
            tags = {column: manifest.tags.get(tag) for column, tag in labels.items() if tag is not None}
            yield {first: name, **tags, last: manifest.note}


def _name(folder: Path, folders: Iterable[Path]) -> str:
    for n_parts in range(1, len(folder.parts)):
        name = folder.parts[-n_parts:]
        if sum(other.parts[-n_parts:] == name for other in folders) == 1:
            return "/".join(name)
    return str(folder)


def _labelled(table: pl.DataFrame, values: Mapping[str, str | None]) -> pl.DataFrame:
    import polars as pl

    return table.select(*(pl.lit(value, dtype=pl.String).alias(column) for column, value in values.items()), pl.all())


def _text() -> Any:
    import polars as pl

    return pl.String


def _empty(schema: Mapping[str, Any], columns: list[str] | None) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(schema={key: schema[key] for key in columns or schema})


def open_runs(
    runs: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    prices: str | PathLike[str] | Mapping[str, Any] | None = None,
) -> Runs:
    """Open many runs at once.

    Parameters
    ----------
    runs : str, path, or an iterable of them
        A pattern such as ``runs/*`` (``**`` goes down into folders), or run folders. What a pattern finds and is no run
        folder at all (it has no manifest) is passed over; one that cannot be read is in ``unreadable``.
    prices : path or mapping, optional
        Prices that go before those of the table; see `voicelab.measure.prices.read_prices`.

    Raises
    ------
    RunError
        Nothing is found.
    """
    patterns = [runs] if isinstance(runs, str | PathLike) else list(runs)
    folders = [folder for pattern in patterns for folder in _folders(str(pattern))]
    if not folders:
        where = ", ".join(map(str, patterns)) or "an empty list"
        raise RunError(f"there is no run in {where}: name run folders, or a pattern such as 'runs/*'")
    overrides = read_prices(prices)
    opened: list[Run] = []
    unreadable: list[tuple[Path, str]] = []
    for folder in dict.fromkeys(folders):
        try:
            opened.append(Run(folder, prices=overrides))
        except RunError as error:
            unreadable.append((folder, str(error)))
    return Runs(opened, unreadable)


def _folders(pattern: str) -> list[Path]:
    if (Path(pattern) / MANIFEST).exists():
        return [Path(pattern)]
    return [path for path in map(Path, sorted(glob.glob(pattern, recursive=True))) if (path / MANIFEST).is_file()]
