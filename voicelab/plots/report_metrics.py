"""The metrics of a run as a table of the report: definition, basis, value, interval, n.

In: a `Run`.  Out: HTML, everything escaped.
Does not know: how a metric is computed (``measure.interaction``) or what it means (``measure.metric`` does).

Labelled, estimated and measured values are rows apart. What there was nothing to compute from is named below, with the
reason, so that no metric is missing in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from voicelab.measure.columns import METRIC_VERSION
from voicelab.measure.metric import METRICS, Metric, base_of
from voicelab.measure.run import Run
from voicelab.plots.markup import Html, joined, table, tag

_HEADS = ("metric", "definition", "basis", "value [95 % interval]", "p95, or greatest", "n", "missing", "note")
_NUMBERS = (3, 4, 5, 6)


def metrics_table(run: Run) -> Html:
    """Return the metrics that have a value, and below them the names of those that have none."""
    rows = run.metric_list()
    groups = [list(group) for _, group in groupby(rows, key=lambda row: (base_of(row.metric), row.basis))]
    there = [group for group in groups if any(row.value is not None for row in group)]
    if not rows:
        return tag("p", "No metric can be computed from this run.")
    caption = f"Metrics, version {METRIC_VERSION} of the definitions; a latency's value is its median"
    shown = table(_HEADS, (_cells(group) for group in there), caption, _NUMBERS)
    missing = [group[0] for group in groups if group not in there]
    return joined(filter(None, [tag("div", shown, class_="metrics"), _without_value(missing)]))


def _cells(group: Sequence[Metric]) -> Iterator[object]:
    """Yield one row: the middle of a metric, its upper end, what it rests on."""
    first = group[0]
    base = base_of(first.metric)
    p95 = next((row for row in group if row.metric.endswith("_p95") and row.value is not None), None)
    greatest = next((row for row in group if row.metric.endswith("_max")), None)
    yield base.replace("_", " ")
    yield METRICS[base].text
    yield first.basis
    yield _told(first)
    yield f"p95 {_told(p95)}" if p95 is not None else "" if greatest is None else f"max {_told(greatest)}"
    yield f"{first.n:,}"
    yield f"{first.n_missing:,}"
    yield first.note


def _told(row: Metric) -> str:
    """Return a value and its interval, the unit once."""
    if row.value is None:
        return ""
    scale, digits, unit = _UNITS.get(row.unit, (1.0, 2, f"\u00a0{row.unit}"))
    numbers = [f"{value * scale + 0.0:,.{digits}f}" for value in (row.low, row.high) if value is not None]
    span = f" [{', '.join(numbers)}]" if len(numbers) == 2 else ""
    return f"{row.value * scale + 0.0:,.{digits}f}{span}{unit}"


_UNITS: dict[str, tuple[float, int, str]] = {
    "ms": (1.0, 0, "\u00a0ms"),
    "share": (100.0, 1, "\u00a0%"),
    "ratio": (1.0, 2, ""),
    "words": (1.0, 0, "\u00a0words"),
    "per minute": (1.0, 2, "\u00a0a\u00a0minute"),
}


def _without_value(rows: Sequence[Metric]) -> Html | None:
    if not rows:
        return None
    lines = (
        tag("li", f"{base_of(row.metric).replace('_', ' ')}, {row.basis}", f": {row.note}" if row.note else "")
        for row in rows
    )
    told = f"Without a value in this run: {len(rows)}"
    return tag("details", tag("summary", told), tag("ul", *lines), class_="source")
