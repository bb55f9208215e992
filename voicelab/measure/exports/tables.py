"""The tables of an export: those of one run, or of several one under the other.

In: runs.  Out: Polars data frames with the columns of `voicelab.measure.columns`.
Does not know: files.

Tables of several runs have in front what `voicelab.measure.runs.Runs` puts there: the run, its tags, its note. The run
is named as its folder or its process is in the other formats, no two of one name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from voicelab.measure.columns import TABLES, TableName
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.runs import Runs

if TYPE_CHECKING:
    import polars as pl

#: What a column in front of a table shows.
RUN, TAG, NOTE = "run", "tag", "note"


def tables_of(named: Sequence[NamedRun]) -> Iterator[tuple[TableName, pl.DataFrame]]:
    """Yield every table by its name, one at a time."""
    import polars as pl

    for table in TABLES:
        columns = front_of(named, table)
        frames = []
        for one in named:
            values = _values(one, columns)
            before = [pl.lit(value, dtype=pl.String).alias(name) for name, value in values.items()]
            frames.append(one.run.table(table).select(*before, pl.all()))
        yield table, pl.concat(frames)


def front_of(named: Sequence[NamedRun], table: TableName) -> dict[str, str]:
    """Return the columns in front of a table and what each shows: ``run``, ``tag`` and its name, ``note``."""
    if len(named) == 1:
        return {}
    runs = Runs([one.run for one in named])
    names = runs.table(table).collect_schema().names()[: -len(TABLES[table])]
    shown = [RUN, *(f"{TAG} {name}" for name in runs.tags()), NOTE]
    return dict(zip(names, shown, strict=True))


def _values(one: NamedRun, columns: Mapping[str, str]) -> dict[str, str | None]:
    manifest = one.run.manifest
    shown: dict[str, str | None] = {RUN: one.name, NOTE: manifest.note}
    shown |= {f"{TAG} {name}": value for name, value in manifest.tags.items()}
    return {column: shown.get(what) for column, what in columns.items()}
