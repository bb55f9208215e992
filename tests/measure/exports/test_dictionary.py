"""Promises of `voicelab.measure.exports.dictionary`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voicelab.measure.columns import METRIC_VERSION, TABLES
from voicelab.measure.exports.dictionary import write_dictionary
from voicelab.measure.exports.named import NamedRun


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_every_column_is_explained(format: str, two: list[NamedRun], tmp_path: Path) -> None:
    """For programs and for people, with unit and meaning, those in front too."""
    as_json, as_markdown = write_dictionary(two, format, tmp_path)
    told = json.loads(as_json.read_text("utf-8"))
    assert told["metric_version"] == METRIC_VERSION
    markdown = as_markdown.read_text("utf-8")
    for table, columns in TABLES.items():
        assert [row["name"] for row in told["tables"][table]][-len(columns) :] == [one.name for one in columns]
        assert all(row["meaning"] and row["type"] in told["types"] for row in told["tables"][table])
        for column in columns:
            assert f"| {column.name} | {column.kind} | {column.unit} | {column.meaning} |" in markdown
    assert told["tables"]["turns"][1] == {
        "name": "tag_turn",
        "type": "text",
        "unit": "",
        "meaning": "the run's tag turn",
    }


def test_every_metric_is_explained(one: list[NamedRun], tmp_path: Path) -> None:
    """By the name that stands in the table, in the table's unit."""
    told = json.loads(write_dictionary(one, "csv", tmp_path)[0].read_text("utf-8"))
    units = {row["name"]: row["unit"] for row in told["metrics"]}
    table = one[0].run.metrics()
    assert table.height > 0
    assert all(units[name] == unit for name, unit in table.select("metric", "unit").iter_rows())
    assert all(row["meaning"] for row in told["metrics"])


@pytest.mark.parametrize("format", ["perfetto", "audacity", "textgrid"])
def test_every_lane_is_explained(format: str, one: list[NamedRun], tmp_path: Path) -> None:
    """And no table, for there is none."""
    told = json.loads(write_dictionary(one, format, tmp_path)[0].read_text("utf-8"))
    assert "tables" not in told
    assert list(told["lanes"])[-1] == "marks"
    assert all(told["lanes"].values())


def test_the_mapping_is_written_out(one: list[NamedRun], tmp_path: Path) -> None:
    """Which attribute comes from which column, under its name and version."""
    as_json, as_markdown = write_dictionary(one, "otlp", tmp_path)
    mapping = json.loads(as_json.read_text("utf-8"))["mapping"]
    assert {"span": "response", "name": "gen_ai.response.id", "source": "responses.response_id"} in mapping[
        "attributes"
    ]
    assert f"## Mapping {mapping['name']}, version {mapping['version']}" in as_markdown.read_text("utf-8")
