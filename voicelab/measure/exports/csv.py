"""Comma-separated values: one file a table, UTF-8, names of the columns in the first line.

In: runs.  Out: ``<table>.csv``. A null is nothing between two commas, an empty text is ``""``; a list is its JSON text.
Does not know: what a column means.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from voicelab.measure.exports.named import NamedRun
from voicelab.measure.exports.tables import tables_of

if TYPE_CHECKING:
    import polars as pl


def write_csv(named: Sequence[NamedRun], out: Path) -> list[Path]:
    """Write all tables."""
    written = []
    for name, frame in tables_of(named):
        path = out / f"{name}.csv"
        _flat(frame).write_csv(path)
        written.append(path)
    return written


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table without lists, which the format does not have."""
    import polars as pl

    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    texts = {
        name: pl.Series(
            [None if value is None else msgspec.json.encode(value.to_list()).decode() for value in frame[name]],
            dtype=pl.String,
        )
        for name in lists
    }
    return frame.with_columns(**texts)
