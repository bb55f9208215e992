"""Points, middles and intervals, row under row."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.measure.intervals import Estimate
from voicelab.plots.spread import Panel, Point, Row, spread_figure, written


def row(name: str = "patient", **changes: Any) -> Row:
    facts: dict[str, Any] = {
        "points": [Point(500.0, "turn 1", 1, first=True), Point(700.0, "turn 2", 2)],
        "middle": Estimate(600.0, 500.0, 700.0, 2, 1),
        "upper": Estimate(700.0, None, None, 2, 1),
    }
    return Row(name, **{**facts, **changes})


def traces(*panels: Panel) -> dict[str, list[Any]]:
    named: dict[str, list[Any]] = {}
    for trace in spread_figure(panels).data:
        named.setdefault(trace.name, []).append(trace)
    return named


def test_a_row_says_middle_interval_upper_end_n_and_missing() -> None:
    """In words, so that the figure can be read where colours and points cannot."""
    texts = [one.text for one in spread_figure([Panel("voice to voice", "ms", [row()])]).layout.annotations]
    assert texts == [
        "<b>voice to voice</b>",
        "patient: median 600\u00a0ms [500, 700\u00a0ms], max 700\u00a0ms, n=2, 1 missing",
    ]


def test_a_95th_percentile_is_not_called_a_maximum() -> None:
    """Nor drawn as one."""
    panel = Panel("t", "ms", [row(upper=Estimate(690.0, 650.0, 700.0, 20, 0), upper_is_p95=True)])
    assert ", p95 690\u00a0ms [650, 700\u00a0ms], " in spread_figure([panel]).layout.annotations[1].text
    assert "greatest" not in traces(panel)
    assert list(traces(panel)["95th percentile"][0].x) == [690.0]


def test_the_interval_is_drawn_around_the_middle() -> None:
    """Asymmetric, from low to high."""
    (middle,) = traces(Panel("t", "ms", [row(middle=Estimate(600.0, 550.0, 700.0, 9, 0))]))["middle with 95 % interval"]
    assert (list(middle.error_x.arrayminus), list(middle.error_x.array)) == ([50.0], [100.0])


def test_a_row_without_a_value_keeps_its_place_and_says_so() -> None:
    """What is missing is not left out."""
    panel = Panel("t", "ms", [row("none", points=[], middle=Estimate(None, None, None, 0, 4), upper=None), row()])
    made = spread_figure([panel])
    assert made.layout.annotations[1].text == "none: no value, n=0, 4 missing"
    assert len(next(trace for trace in made.data if trace.name == "middle with 95 % interval").x) == 1


def test_each_panel_has_its_own_axis_and_the_legend_names_each_kind_once() -> None:
    """Milliseconds and dollars share no axis."""
    made = spread_figure([Panel("a", "ms", [row()]), Panel("b", "USD", [row()])])
    assert {trace.xaxis for trace in made.data} == {"x", "x2"}
    shown = [trace.name for trace in made.data if trace.showlegend]
    assert len(shown) == len(set(shown)) == 4
    first, second = made.layout.yaxis.domain, made.layout.yaxis2.domain
    assert first[0] > second[1]


def test_what_lies_below_zero_is_in_sight() -> None:
    """An axis to zero would clip an overlap."""
    below = row(points=[Point(-50.0, "turn 1", 1)])
    assert spread_figure([Panel("a", "ms", [below])]).layout.xaxis.rangemode == "normal"
    assert spread_figure([Panel("a", "ms", [row()])]).layout.xaxis.rangemode == "tozero"


def test_names_are_no_markup() -> None:
    """A tag's value is a user's text."""
    assert spread_figure([Panel("<i>t", "ms", [row("<b>x")])]).layout.annotations[1].text.startswith("&lt;b&gt;x: ")


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("ms", -481.2, "−481\u00a0ms"),
        ("USD", -0.0042, "−$0.0042"),
        ("share", 0.256, "26\u00a0%"),
        ("ms", -0.0, "0\u00a0ms"),
    ],
)
def test_units_are_written_as_people_read_them(unit: str, value: float, text: str) -> None:
    """A true minus, money with two digits that say something, and no negative nothing."""
    assert written(unit)(value) == text
