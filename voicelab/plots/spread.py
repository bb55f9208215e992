"""How values spread: every one as a point, their middle with its interval, their upper end, and n; row under row.

In: panels of rows, each with points and an estimate.  Out: a plotly figure, one axis a panel.
Does not know: runs, turns, or what is measured.

What a row says stands above its points and not beside them, so that a narrow page can hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicelab.measure.intervals import Estimate
from voicelab.plots import theme
from voicelab.plots.wording import money

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MIDDLE = "middle with 95 % interval"
_NO_BREAK = "\u00a0"
_ROW_HEIGHT = 46
_LINE = 15
_PANEL_HEIGHT = 58
_AROUND = 50
#: Heights in a row of 1: points lie around its middle, so that equal ones can be seen to be several.
_SHAKE = (0.0, 0.09, -0.09, 0.05, -0.05, 0.12, -0.12)


@dataclass(frozen=True)
class Point:
    """One value.

    Parameters
    ----------
    value : float
    text : str
        For the hover text.
    where : int or (int, int)
        Its turn, or its run's place (from 1) and its turn there; 0: the run as a whole.
    first : bool
        Whether it is the first turn of its run: a cold start.
    """

    value: float
    text: str
    where: int | tuple[int, int]
    first: bool = False


@dataclass(frozen=True)
class Row:
    """Values that belong together.

    Parameters
    ----------
    name : str
    points : sequence of Point
    middle : Estimate
        Of them; its n and n_missing are told.
    called : str
        What the middle is: ``median``, ``mean``, ``share``.
    upper : Estimate, optional
        The 95th percentile, or the greatest value where there are too few for it.
    upper_is_p95 : bool
    notes : sequence of str
        Further lines, such as a difference to another row.
    """

    name: str
    points: Sequence[Point]
    middle: Estimate
    called: str = "median"
    upper: Estimate | None = None
    upper_is_p95: bool = False
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Panel:
    """Rows in one unit, on one axis. ``unit`` is ``ms``, ``USD`` or ``share``."""

    title: str
    unit: str
    rows: Sequence[Row]
    colour: str = theme.USER


def spread_figure(panels: Sequence[Panel], *, dark: bool = False) -> Figure:
    """Draw panels under each other.

    Returns
    -------
    plotly Figure
        Traces ``one value``, ``first turn of a run (cold start)``, ``middle with 95 % interval``, ``95th percentile``
        and ``greatest``, once a panel; those without anything to show are left out. ``customdata`` of a point is where
        it comes from.
    """
    heights = [_PANEL_HEIGHT + sum(map(_height, panel.rows)) for panel in panels]
    made = theme.figure(_AROUND + sum(heights), dark)
    tops = [sum(heights[:k]) for k in range(len(heights))]
    told: set[str] = set()
    for k, panel in enumerate(panels, 1):
        bottom = 1 - (tops[k - 1] + heights[k - 1]) / sum(heights)
        top = 1 - tops[k - 1] / sum(heights)
        _add_panel(made, panel, k, (bottom + 40 / sum(heights), top), told)
    made.update_layout(legend={"traceorder": "normal"}, margin={"l": 24})
    return made


def _height(row: Row) -> int:
    return _ROW_HEIGHT + _LINE * len(row.notes)


def _add_panel(made: Figure, panel: Panel, k: int, domain: tuple[float, float], told: set[str]) -> None:
    """Add one panel's axis, traces and texts; y counts pixels downwards, so that each text has its place."""
    x, y = (f"x{k}", f"y{k}") if k > 1 else ("x", "y")
    total = 18 + sum(map(_height, panel.rows))
    middles, texts, top = [], [(0.0, f"<b>{theme.plain(panel.title)}</b>")], 18.0
    for row in panel.rows:
        lines = [_told(row, panel.unit), *map(theme.plain, row.notes)]
        texts += [(top + _LINE * n, line) for n, line in enumerate(lines)]
        top += _height(row)
        middles.append(top - 16)
    for trace in _traces(panel, middles):
        trace.update(xaxis=x, yaxis=y, legendgroup=trace["name"], showlegend=trace["name"] not in told)
        told.add(trace["name"])
        made.add_trace(trace)
    formats = {"ms": {"ticksuffix": " ms"}, "USD": {"tickformat": "$,.4~f"}, "share": {"tickformat": ".0%"}}
    axes = {
        f"xaxis{k if k > 1 else ''}": {"anchor": y, "nticks": 6, "rangemode": "tozero", **formats.get(panel.unit, {})},
        f"yaxis{k if k > 1 else ''}": {
            "anchor": x,
            "domain": list(domain),
            "range": [total, 0],
            "visible": False,
            "fixedrange": True,
        },
    }
    if any(point.value < 0 for row in panel.rows for point in row.points):
        axes[f"xaxis{k if k > 1 else ''}"]["rangemode"] = "normal"
    made.update_layout(axes)
    for at, line in texts:
        made.add_annotation(
            text=line,
            x=0,
            xref=f"{x} domain",
            y=at,
            yref=y,
            xanchor="left",
            yanchor="top",
            showarrow=False,
            align="left",
            font={"size": 12},
        )


def _told(row: Row, unit: str) -> str:
    """Return a row in words: middle, interval, upper end, n and what is missing."""
    write = written(unit)
    name, n = theme.plain(row.name), f"n={row.middle.n:,}"
    missing = f", {row.middle.n_missing:,} missing"
    if row.middle.value is None:
        return f"{name}: no value, {n}{missing}"
    upper = ""
    if row.upper is not None and row.upper.value is not None:
        upper = f", {'p95' if row.upper_is_p95 else 'max'} {write(row.upper.value)}{interval(row.upper, write)}"
    middle = f"{row.called} {write(row.middle.value)}{interval(row.middle, write)}"
    return f"{name}: {theme.plain(middle + upper)}, {n}{missing}"


def interval(found: Estimate, write: Callable[[float], str]) -> str:
    """Return an interval as `` [low, high]``, the unit once; nothing where there is none."""
    if found.low is None or found.high is None:
        return ""
    return f" [{write(found.low).split(_NO_BREAK)[0]}, {write(found.high)}]"


def written(unit: str) -> Callable[[float], str]:
    """Return how a value in some unit is written."""
    ways: dict[str, Callable[[float], str]] = {
        "ms": lambda value: f"{value + 0.0:,.0f}{_NO_BREAK}ms".replace("-", "−"),
        "USD": lambda value: money(value) if value >= 0 else f"−{money(-value)}",
        "share": lambda value: f"{100 * value:.0f}{_NO_BREAK}%".replace("-", "−"),
    }
    return ways[unit]


def _traces(panel: Panel, middles: Sequence[float]) -> list[dict[str, Any]]:
    placed = [
        (point, at + 16 * _SHAKE[n % len(_SHAKE)])
        for row, at in zip(panel.rows, middles, strict=True)
        for n, point in enumerate(row.points)
    ]
    rows = list(zip(panel.rows, middles, strict=True))
    uppers = [(row, at) for row, at in rows if row.upper is not None and row.upper.value is not None]
    traces = [
        _points("one value", "circle-open", [one for one in placed if not one[0].first], panel.colour),
        _points("first turn of a run (cold start)", "diamond", [one for one in placed if one[0].first], panel.colour),
        _middles([(row, at) for row, at in rows if row.middle.value is not None], panel.unit),
        _uppers("95th percentile", "triangle-left", [one for one in uppers if one[0].upper_is_p95]),
        _uppers("greatest", "triangle-left-open", [one for one in uppers if not one[0].upper_is_p95]),
    ]
    return [trace for trace in traces if trace["x"]]


def _points(name: str, symbol: str, placed: Sequence[tuple[Point, float]], colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "mode": "markers",
        "x": [point.value for point, _ in placed],
        "y": [at for _, at in placed],
        "customdata": [list(point.where) if isinstance(point.where, tuple) else point.where for point, _ in placed],
        "text": [theme.hover(point.text) for point, _ in placed],
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
        "marker": {
            "symbol": symbol,
            "size": 8,
            "color": colour,
            "opacity": 0.75,
            "line": {"width": 1.5, "color": colour},
        },
    }


def _middles(rows: Sequence[tuple[Row, float]], unit: str) -> dict[str, Any]:
    found = [row.middle for row, _ in rows]
    return {
        "type": "scatter",
        "name": _MIDDLE,
        "mode": "markers",
        "x": [one.value for one in found],
        "y": [at for _, at in rows],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [0 if one.high is None else one.high - (one.value or 0.0) for one in found],
            "arrayminus": [0 if one.low is None else (one.value or 0.0) - one.low for one in found],
            "color": theme.AGENT,
            "thickness": 2,
            "width": 6,
        },
        "text": [_told(row, unit) for row, _ in rows],
        "hovertemplate": "%{text}<extra></extra>",
        "cliponaxis": False,
        "marker": {"symbol": "line-ns-open", "size": 20, "color": theme.AGENT, "line": {"width": 3}},
    }


def _uppers(name: str, symbol: str, rows: Sequence[tuple[Row, float]]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "mode": "markers",
        "x": [row.upper.value for row, _ in rows if row.upper is not None],
        "y": [at for _, at in rows],
        "hovertemplate": f"{name} %{{x:,.1f}}<extra></extra>",
        "cliponaxis": False,
        "marker": {"symbol": symbol, "size": 10, "color": theme.NEUTRAL, "line": {"width": 1.5}},
    }
