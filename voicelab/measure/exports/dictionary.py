"""What every name in an export means: ``dictionary.json`` for programs, ``dictionary.md`` for people.

In: runs, a format.  Out: two files beside the export.
Does not know: values.  The meanings are those of ``columns``, ``metric``, ``lanes`` and ``otlp_mapping``: none is
written down twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from voicelab.measure.columns import METRIC_VERSION, TABLES, TableName
from voicelab.measure.exports import otlp_mapping
from voicelab.measure.exports.lanes import LANES, MARKS, MARKS_MEANING
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.exports.tables import NOTE, RUN, front_of
from voicelab.measure.metric import METRICS, SPREAD
from voicelab.runlog.record import SCHEMA

_TABLE_FORMATS = ("jsonl", "csv", "parquet")
_LANE_FORMATS = ("perfetto", "audacity", "textgrid")
_FRONT = {RUN: "name of the run, by its folder", NOTE: "the run's note"}
_KINDS = {
    "int": "whole number",
    "float": "number",
    "text": "text",
    "texts": "list of texts (in CSV: its JSON text)",
    "bool": "true or false",
}
_TIMES = (
    "`ms` is a time on the run's time line (milliseconds since the run began, the client's monotonic clock) where the "
    "meaning says when, and a length where it says how long. Null: does not exist here, or cannot be known; never 0."
)


def columns_of(table: TableName, front: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """Return a table's columns as plain values.

    Parameters
    ----------
    table : str
    front : mapping of str to str, optional
        Columns in front of it, as `voicelab.measure.exports.tables.front_of` has them.
    """
    before = [
        {"name": name, "type": "text", "unit": "", "meaning": _FRONT.get(what, f"the run's {what}")}
        for name, what in (front or {}).items()
    ]
    columns = TABLES[table]
    return [*before, *({"name": c.name, "type": c.kind, "unit": c.unit, "meaning": c.meaning} for c in columns)]


def write_dictionary(named: Sequence[NamedRun], format: str, out: Path) -> list[Path]:
    """Write the dictionary of an export."""
    told: dict[str, Any] = {"schema": SCHEMA, "metric_version": METRIC_VERSION, "format": format}
    if format in _TABLE_FORMATS:
        told["types"] = _KINDS
        told["metrics"] = _metrics()
        told["tables"] = {table: columns_of(table, front_of(named, table)) for table in TABLES}
    if format in _LANE_FORMATS:
        told["lanes"] = {**LANES, MARKS: MARKS_MEANING}
    if format == "otlp":
        told["mapping"] = _mapping()
    paths = (out / "dictionary.json", out / "dictionary.md")
    paths[0].write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")
    paths[1].write_text("\n".join(_markdown(told)) + "\n", "utf-8", newline="\n")
    return list(paths)


def _metrics() -> list[dict[str, str]]:
    """Return every name that stands in the ``metrics`` table."""
    return [
        {"name": name + ending, "unit": what.unit, "meaning": what.text}
        for name, what in METRICS.items()
        for ending in (SPREAD if what.spread else ("",))
    ]


def _mapping() -> dict[str, Any]:
    def rows(table: Sequence[otlp_mapping.Mapped]) -> list[dict[str, str]]:
        return [{"span": one.span, "name": one.name, "source": one.source} for one in table]

    return {
        "name": otlp_mapping.NAME,
        "version": otlp_mapping.VERSION,
        "convention": otlp_mapping.CONVENTION,
        "attributes": rows(otlp_mapping.ATTRIBUTES),
        "events": rows(otlp_mapping.SPAN_EVENTS),
        "operations": dict(otlp_mapping.OPERATIONS),
        "finish_reasons": {**otlp_mapping.FINISH_REASONS, "completed, with calls": otlp_mapping.CALLED},
        "providers": dict(otlp_mapping.PROVIDERS),
    }


def _markdown(told: dict[str, Any]) -> Iterator[str]:
    yield f"# Data dictionary: {told['format']}"
    yield f"\nRuns of the schema `{told['schema']}`, numbers by metric version {told['metric_version']}."
    yield f"\n{_TIMES}"
    for table, columns in told.get("tables", {}).items():
        yield f"\n## {table}\n"
        yield from _rows(("column", "type", "unit", "meaning"), columns, ("name", "type", "unit", "meaning"))
    if "metrics" in told:
        yield "\n## Names of metrics\n"
        yield from _rows(("metric", "unit", "meaning"), told["metrics"], ("name", "unit", "meaning"))
    if "lanes" in told:
        yield "\n## Lanes\n"
        lanes = [{"lane": name, "meaning": meaning} for name, meaning in told["lanes"].items()]
        yield from _rows(("lane", "meaning"), lanes, ("lane", "meaning"))
    if "mapping" in told:
        mapping = told["mapping"]
        yield f"\n## Mapping {mapping['name']}, version {mapping['version']}\n\nAfter the {mapping['convention']}.\n"
        for what in ("attributes", "events"):
            yield f"\n### {what.capitalize()}\n"
            yield from _rows(("span", "name", "from"), mapping[what], ("span", "name", "source"))
        for what in ("operations", "finish_reasons", "providers"):
            yield f"\n### {what.replace('_', ' ').capitalize()}\n"
            pairs = [{"ours": ours, "theirs": theirs} for ours, theirs in mapping[what].items()]
            yield from _rows(("in the run", "in the export"), pairs, ("ours", "theirs"))


def _rows(heads: Sequence[str], rows: Sequence[dict[str, str]], keys: Sequence[str]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row[key].replace('|', chr(92) + '|') for key in keys)} |"
