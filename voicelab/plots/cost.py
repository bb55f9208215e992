"""Tokens and money: what each turn used, and what it adds up to.

In: a `Run`.  Out: a plotly figure; tokens stacked per turn, dollars as a running sum on a second axis.
Does not know: prices (``measure.prices``), bills. The embedded server bills nothing, and the figure says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from voicelab.measure.run import Run
from voicelab.plots import theme
from voicelab.plots.wording import money, price_phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

#: Modality has a colour, the way it is counted a pattern: dots for cached, strokes for what came out.
_METERS = (
    ("text in", theme.SKY, ""),
    ("text cached", theme.SKY, "."),
    ("text out", theme.SKY, "/"),
    ("audio in", theme.ORANGE, ""),
    ("audio cached", theme.ORANGE, "."),
    ("audio out", theme.ORANGE, "/"),
)
_HEIGHT = 340
_BEFORE = "before turn 1"


def cost(run: Run, *, dark: bool = False) -> Figure:
    """Draw the tokens of each turn by modality, fresh, cached and out, and the running cost.

    Parameters
    ----------
    run : Run
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        Traces ``text in``, ``text cached``, ``text out``, ``audio in``, ``audio cached``, ``audio out``, and ``cost so
        far`` where the price is known; its values stop at the first turn whose cost is not known.
    """
    used = [response for response in run.facts().responses.values() if response.usage]
    if not used:
        return theme.empty("No response has reported its tokens yet, so there is nothing to add up", dark=dark)
    costs = run.costs()
    made = theme.figure(_HEIGHT, dark)
    turns = sorted({-1 if turn is None else turn for turn in costs["turn"].to_list()})
    names = [_BEFORE if turn < 0 else f"turn {turn}" for turn in turns]
    tokens: dict[tuple[str, int], int] = {}
    for row in costs.iter_rows(named=True):
        key = (row["meter"], -1 if row["turn"] is None else row["turn"])
        tokens[key] = tokens.get(key, 0) + row["tokens"]
    made.add_traces([_bars(meter, colour, shape, turns, names, tokens) for meter, colour, shape in _METERS])
    dollars = _dollars(run, turns)
    if dollars:
        made.add_trace(_running(names, dollars, run.manifest.prices))
    _lay_out(made, run, bool(dollars))
    return made


def _bars(
    meter: str, colour: str, shape: str, turns: list[int], names: list[str], tokens: Mapping[tuple[str, int], int]
) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": meter,
        "x": names,
        "y": [tokens.get((meter, turn), 0) for turn in turns],
        "customdata": turns,
        "hovertemplate": f"%{{x}}: %{{y:,}} tokens {meter}<extra></extra>",
        "marker": {"color": colour, "line": {"width": 0}, "pattern": theme.pattern(shape)},
    }


def _dollars(run: Run, turns: list[int]) -> list[float]:
    """Return the running sum in dollars, as far as every cost is known; empty where no price is."""
    by_turn: dict[int, list[float | None]] = {}
    for row in run.responses().select("turn", "cost_usd").iter_rows(named=True):
        by_turn.setdefault(-1 if row["turn"] is None else row["turn"], []).append(row["cost_usd"])
    known: list[float] = []
    for turn in turns:
        parts = by_turn.get(turn, [])
        if any(part is None for part in parts):
            break
        known.append(sum(part for part in parts if part is not None))
    return list(accumulate(known))


def _running(names: list[str], dollars: list[float], prices: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": "cost so far",
        "x": names[: len(dollars)],
        "y": dollars,
        "yaxis": "y2",
        "mode": "lines+markers",
        "line": {"color": theme.NEUTRAL, "width": 2},
        "text": [f"{money(usd)} {price_phrase(prices)}" for usd in dollars],
        "hovertemplate": "%{x}: %{text} so far<extra></extra>",
    }


def _lay_out(made: Figure, run: Run, priced: bool) -> None:
    prices = run.manifest.prices
    if run.price is None:
        model = prices.get("model") or run.manifest.model or "this model"
        title = f"US dollars unknown: no price is known for {escape(str(model))}"
    else:
        title = f"US dollars {price_phrase(prices)}" if priced else "US dollars unknown: a response reported no usage"
    made.update_layout(
        barmode="stack",
        xaxis={"type": "category", "title": {"text": title}},
        yaxis={"title": {"text": "tokens"}, "rangemode": "tozero", "fixedrange": True},
        legend={"traceorder": "normal"},
    )
    if priced:
        made.update_layout(
            yaxis2={
                "overlaying": "y",
                "side": "right",
                "rangemode": "tozero",
                "tickformat": "$,.4~f",
                "tickmode": "auto",
                "nticks": 6,
                "showgrid": False,
                "title": {"text": "dollars so far"},
                "fixedrange": True,
            }
        )
