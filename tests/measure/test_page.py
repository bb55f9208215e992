"""The page beside the code says what the code does: ``voicelab/measure/README.md``.

``python -m tests.measure.test_page`` writes its tables anew, between the two marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import voicelab.measure
from voicelab.measure.columns import METRIC_VERSION, TABLES
from voicelab.measure.metric import METRICS

PAGE = Path(voicelab.measure.__file__).with_name("README.md")
BEGIN, END = "<!-- the tables: made from the code -->\n", "<!-- end of the tables -->"


def tables() -> str:
    """Return what the page has between its marks."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield f"Version of the definitions: `{METRIC_VERSION}` (column `metric_version` of every table).\n"
    for name, columns in TABLES.items():
        yield f"### `{name}`\n"
        yield "| column | type | unit | meaning |"
        yield "|---|---|---|---|"
        yield from (f"| `{c.name}` | {c.kind} | {c.unit} | {c.meaning} |" for c in columns[:-1])
        yield ""
    yield "### The metrics\n"
    yield "A name with `*` comes as three rows: median `_p50`, `_p95` (only from 20 values up), greatest `_max`.\n"
    yield "| metric | unit | meaning |"
    yield "|---|---|---|"
    stars = {True: "*", False: ""}
    yield from (f"| `{name}`{stars[m.spread]} | {m.unit} | {m.text} |" for name, m in METRICS.items())
    yield ""


def parts() -> tuple[str, str, str]:
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    between, _, after = rest.partition(END)
    return before, between, after


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    """Every column and metric with its type, unit and meaning; none that is not there."""
    assert parts()[1] == tables()


def test_every_part_of_the_latency_stack_is_explained() -> None:
    """In the text as well, not only in the tables."""
    text = parts()[0] + parts()[2]
    for name in ("endpoint_ms", "request_ms", "model_ms", "playout_ms", "leading_silence_ms", "residual_ms"):
        assert f"`{name}`" in text


if __name__ == "__main__":
    before, _, after = parts()
    PAGE.write_text(before + BEGIN + tables() + END + after, "utf-8")
