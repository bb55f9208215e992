"""Promises of `voicelab.measure.exports.jsonl`."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import polars as pl

from tests.measure.exports.sums import are_equal, numbers_in, sums_of, sums_of_runs
from voicelab.measure.columns import TABLES, schema_of
from voicelab.measure.exports.jsonl import write_jsonl
from voicelab.measure.exports.named import NamedRun


def test_polars_reads_every_table_back(one: list[NamedRun], tmp_path: Path) -> None:
    """Cell by cell, lists and nulls too."""
    written = write_jsonl(one, tmp_path)
    assert [path.name for path in written] == [f"{table}.jsonl" for table in TABLES]
    for table in TABLES:
        back = pl.read_ndjson(tmp_path / f"{table}.jsonl", schema=schema_of(table))
        assert back.equals(one[0].run.table(table)), table


def test_pandas_finds_the_same_counts_and_sums(two: list[NamedRun], tmp_path: Path) -> None:
    """Of all runs together."""
    write_jsonl(two, tmp_path)
    for table in TABLES:
        back = pd.read_json(tmp_path / f"{table}.jsonl", lines=True)
        rows = {name: back[name].astype(float).tolist() if len(back) else [] for name in numbers_in(table)}
        found = pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.Float64), nan_to_null=True)
        assert are_equal(sums_of(found.fill_nan(None), table), sums_of_runs(two, table)), table


def test_a_row_is_a_json_object_and_a_payload_its_text(one: list[NamedRun], tmp_path: Path) -> None:
    """Any language reads it."""
    write_jsonl(one, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text("utf-8").splitlines()]
    records = one[0].run.records()
    assert [json.loads(row["event"]) for row in rows] == [record.event for record in records]
    turns = [json.loads(line) for line in (tmp_path / "turns.jsonl").read_text("utf-8").splitlines()]
    assert turns[2]["calls"] == ['get_weather({"city": "Rome"})']
    assert turns[3]["voice_to_voice_ms"] is None
