"""Counts and sums of tables, whoever has read them: two readers agree when theirs are equal."""

from __future__ import annotations

import math
from collections.abc import Mapping

import polars as pl

from voicelab.measure.columns import TABLES, TableName
from voicelab.measure.exports.named import NamedRun

#: Of a table: its rows, and of every column of numbers how many there are and their sum.
Sums = tuple[int, Mapping[str, tuple[int, float]]]


def numbers_in(table: TableName) -> list[str]:
    """Return the names of a table's columns of numbers."""
    return [column.name for column in TABLES[table] if column.kind in ("int", "float", "bool")]


def sums_of_runs(named: list[NamedRun], table: TableName) -> Sums:
    """Return what any reader must find."""
    return sums_of(pl.concat([one.run.table(table) for one in named]), table)


def sums_of(frame: pl.DataFrame, table: TableName) -> Sums:
    """Return the sums of a data frame."""
    counted = {name: frame[name].cast(pl.Float64).drop_nulls() for name in numbers_in(table)}
    return frame.height, {name: (len(values), float(values.sum())) for name, values in counted.items()}


def are_equal(found: Sums, expected: Sums) -> bool:
    """Return whether counts are equal, and sums but for the order of their summands."""
    same = found[0] == expected[0] and found[1].keys() == expected[1].keys()
    return same and all(
        found[1][name][0] == n and math.isclose(found[1][name][1], total, rel_tol=1e-12, abs_tol=1e-12)
        for name, (n, total) in expected[1].items()
    )
