"""Promises of `voicelab.measure.exports.csv`."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from tests.measure.exports.sums import are_equal, numbers_in, sums_of, sums_of_runs
from voicelab.measure.columns import TABLES
from voicelab.measure.exports.csv import write_csv
from voicelab.measure.exports.dictionary import write_dictionary
from voicelab.measure.exports.named import NamedRun

SQL = {"int": "BIGINT", "float": "DOUBLE", "text": "VARCHAR", "texts": "VARCHAR", "bool": "BOOLEAN"}


def test_duckdb_finds_the_same_counts_and_sums_by_the_dictionary(two: list[NamedRun], tmp_path: Path) -> None:
    """The dictionary's names and types are those of the files, those in front too."""
    write_csv(two, tmp_path)
    write_dictionary(two, "csv", tmp_path)
    tables = json.loads((tmp_path / "dictionary.json").read_text("utf-8"))["tables"]
    for table in TABLES:
        types = {column["name"]: SQL[column["type"]] for column in tables[table]}
        back = duckdb.read_csv(str(tmp_path / f"{table}.csv"), columns=types, header=True).pl()
        assert are_equal(sums_of(back, table), sums_of_runs(two, table)), table


def test_pandas_finds_the_same_counts_and_sums(one: list[NamedRun], tmp_path: Path) -> None:
    """With nothing but the file."""
    write_csv(one, tmp_path)
    for table in TABLES:
        back = pd.read_csv(tmp_path / f"{table}.csv")
        rows = {name: back[name].astype(float).tolist() for name in numbers_in(table)}
        found = pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.Float64)).fill_nan(None)
        assert are_equal(sums_of(found, table), sums_of_runs(one, table)), table


def test_a_list_is_its_json_text(one: list[NamedRun], tmp_path: Path) -> None:
    """An empty list is ``[]``, and quotes in it survive the quotes around it."""
    write_csv(one, tmp_path)
    back = pl.read_csv(tmp_path / "turns.csv")
    turns = one[0].run.turn_list()
    assert [json.loads(text) for text in back["calls"]] == [list(turn.calls) for turn in turns]
    assert back["calls"][0] == "[]"


def test_a_null_is_not_an_empty_text(one: list[NamedRun], tmp_path: Path) -> None:
    """Nothing between two commas, or two quotation marks."""
    write_csv(one, tmp_path)
    back = pl.read_csv(tmp_path / "responses.csv")
    responses = one[0].run.responses()
    assert back["text"].to_list() == responses["text"].to_list()
    assert "" in back["text"].to_list()
    assert back["reason"].to_list() == responses["reason"].to_list()
    assert None in back["reason"].to_list()
