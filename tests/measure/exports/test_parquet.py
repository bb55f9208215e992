"""Promises of `voicelab.measure.exports.parquet`."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq

from tests.measure.exports.sums import are_equal, sums_of, sums_of_runs
from voicelab.measure.columns import METRIC_VERSION, TABLES
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.exports.parquet import write_parquet


def test_polars_reads_every_table_back(one: list[NamedRun], tmp_path: Path) -> None:
    """Cell by cell, with the types."""
    write_parquet(one, tmp_path)
    for table in TABLES:
        assert pl.read_parquet(tmp_path / f"{table}.parquet").equals(one[0].run.table(table)), table


def test_events_has_one_row_a_record(one: list[NamedRun], tmp_path: Path) -> None:
    """Counted by somebody who knows neither Polars nor voicelab."""
    write_parquet(one, tmp_path)
    lines = (one[0].run.folder / "events.jsonl").read_bytes().count(b"\n")
    assert pq.read_metadata(tmp_path / "events.parquet").num_rows == lines


def test_duckdb_and_pandas_find_the_same_counts_and_sums(two: list[NamedRun], tmp_path: Path) -> None:
    """Of all runs together, a list a list."""
    write_parquet(two, tmp_path)
    for table in TABLES:
        expected, path = sums_of_runs(two, table), str(tmp_path / f"{table}.parquet")
        assert are_equal(sums_of(duckdb.read_parquet(path).pl(), table), expected), table
        assert are_equal(sums_of(pl.from_pandas(pd.read_parquet(path)), table), expected), table
    calls = duckdb.sql(f"select calls[1] from '{tmp_path / 'turns.parquet'}' where turn = 3").fetchall()
    assert calls == [('get_weather({"city": "Rome"})',)]


def test_a_file_says_by_which_definitions_it_was_made(two: list[NamedRun], tmp_path: Path) -> None:
    """Version, units and meanings are in the file's own metadata."""
    write_parquet(two, tmp_path)
    for table in TABLES:
        metadata = pq.read_metadata(tmp_path / f"{table}.parquet").metadata
        assert metadata[b"voicelab.metric_version"] == METRIC_VERSION.encode()
        assert metadata[b"voicelab.table"] == table.encode()
        columns = json.loads(metadata[b"voicelab.columns"])
        assert [column["name"] for column in columns] == pq.read_schema(tmp_path / f"{table}.parquet").names
        assert all(column["meaning"] for column in columns)
