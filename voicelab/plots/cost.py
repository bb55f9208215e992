"""Tokens and money: what each turn used, what it adds up to, and what the next turns are expected to add.

In: a `Run`, or its responses and a price.  Out: `TurnCost` values; a plotly figure: tokens stacked per turn, dollars as
a running sum on a second axis with its projection (dashed, with a band) and the transcription apart (dotted).
Does not know: prices (``measure.prices``), how a projection is made (``measure.projection``). The embedded server bills
nothing, and the figure says so; what has no price is told of as unpriced and never drawn as 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from voicelab.measure.facts import ResponseFacts
from voicelab.measure.prices import (
    IMAGE_METERS,
    METERS,
    Price,
    cost_usd,
    tokens_by_meter,
    usd_per_million,
)
from voicelab.measure.projection import Projection, curve
from voicelab.measure.run import Run
from voicelab.measure.unit_costs import unit_costs
from voicelab.plots import theme
from voicelab.plots.cost_lines import apart, projected, speech_ms, told, told_ahead, transcription_of
from voicelab.plots.provenance import figure_source
from voicelab.plots.wording import money, price_phrase
from voicelab.runlog.manifest import Manifest

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

#: Modality has a colour, the way it is counted a pattern: dots for cached, strokes for what came out.
_LOOKS = {
    "text in": (theme.SKY, ""),
    "text cached": (theme.SKY, "."),
    "text out": (theme.SKY, "/"),
    "audio in": (theme.ORANGE, ""),
    "audio cached": (theme.ORANGE, "."),
    "audio out": (theme.ORANGE, "/"),
    "image in": (theme.PURPLE, ""),
    "image cached": (theme.PURPLE, "."),
    "image out": (theme.PURPLE, "/"),
}
_HEIGHT = 340
_BEFORE = "before turn 1"
_SO_FAR = "cost so far"
#: So many further turns are projected.
TURNS_AHEAD = 3


@dataclass(frozen=True)
class TurnCost:
    """What the responses of one turn used.

    Parameters
    ----------
    turn : int or None
        None: before turn 1, or outside the conversation.
    tokens : mapping of str to int
        By meter: `METERS` and `IMAGE_METERS`.
    usd : mapping of str to float
        By meter; empty where the price of one that was used is not known.
    cost_usd : float or None
        Of all its responses; None when the price, or the usage of one of them, is not known.
    so_far_usd : float or None
        From the first turn to this one; None from the first turn on whose cost is not known.
    """

    turn: int | None
    tokens: Mapping[str, int]
    usd: Mapping[str, float]
    cost_usd: float | None
    so_far_usd: float | None

    @property
    def name(self) -> str:
        """Return the turn's name on the axis."""
        return _BEFORE if self.turn is None else f"turn {self.turn}"


def costs_by_turn(responses: Iterable[ResponseFacts], price: Price | None) -> list[TurnCost]:
    """Return what each turn used, in order.

    Parameters
    ----------
    responses : iterable of ResponseFacts
        All of a run.
    price : Price or None
        Whose prices; None: unknown.
    """
    by_turn: dict[int, list[ResponseFacts]] = {}
    for response in responses:
        by_turn.setdefault(-1 if response.turn is None else response.turn, []).append(response)
    turns = sorted(by_turn)
    tokens = [_tokens(by_turn[turn]) for turn in turns]
    costs = [_cost(by_turn[turn], price) for turn in turns]
    known = [*(costs[: costs.index(None)] if None in costs else costs)]
    sums: list[float | None] = [*accumulate(cost for cost in known if cost is not None)]
    sums += [None] * (len(turns) - len(sums))
    return [
        TurnCost(None if turn < 0 else turn, used, _dollars(used, price), cost, so_far)
        for turn, used, cost, so_far in zip(turns, tokens, costs, sums, strict=True)
    ]


def _tokens(responses: Iterable[ResponseFacts]) -> dict[str, int]:
    used = dict.fromkeys((*METERS, *IMAGE_METERS), 0)
    for response in responses:
        for meter, n in tokens_by_meter(response.usage).items():
            used[meter] += n
    return used


def _cost(responses: Iterable[ResponseFacts], price: Price | None) -> float | None:
    costs = [cost_usd(response.usage, price) for response in responses]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _dollars(tokens: Mapping[str, int], price: Price | None) -> dict[str, float]:
    if price is None:
        return {}
    dollars = {}
    for meter, n in tokens.items():
        usd = usd_per_million(meter, price)
        if n and usd is None:
            return {}
        dollars[meter] = n * (usd or 0.0) / 1e6
    return dollars


def cost(run: Run, *, turns_ahead: int = TURNS_AHEAD, dark: bool = False) -> Figure:
    """Draw the tokens of each turn by modality, fresh, cached and out, the running cost, and what comes next.

    Parameters
    ----------
    run : Run
    turns_ahead : int
        How many further turns are projected; see `voicelab.measure.projection`.
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        Traces ``text in``, ``text cached``, ``text out``, ``audio in``, ``audio cached``, ``audio out`` (and the same
        of ``image`` where there were pictures); where the price is known ``cost so far``, whose values stop at the
        first turn whose cost is not known, ``projected range`` and ``projected``; ``transcription so far``, at the
        prices of its own model, where the user's speech was transcribed and all of it is priced.
    """
    facts = run.facts()
    responses = [*facts.responses.values()]
    if not any(response.usage for response in responses):
        return theme.empty("No response has reported its tokens yet, so there is nothing to add up", dark=dark)
    price = run.price
    costs = costs_by_turn(responses, price)
    ahead = curve(responses, price, turns_ahead)
    made = cost_figure(costs, run.manifest, price, ahead=ahead, dark=dark)
    transcription = transcription_of(facts.turns, run.prices)
    names = {cost.turn: cost.name for cost in costs}
    if transcription.so_far_usd:
        made.add_trace(apart(transcription, names))
    units = unit_costs(responses, price, session_ms=run.duration_ms, speech_ms=speech_ms(run))
    below = map(theme.plain, [*told(units), *told_ahead(ahead), *transcription.told])
    lines = [made.layout.xaxis.title.text, *below]
    made.update_layout(xaxis={"title": {"text": "<br>".join(lines)}}, height=_HEIGHT + 18 * (len(lines) - 1))
    return theme.foot(made, figure_source(run))


def cost_figure(
    costs: Sequence[TurnCost],
    manifest: Manifest,
    price: Price | None,
    *,
    ahead: Sequence[Projection] = (),
    dark: bool = False,
) -> Figure:
    """Draw turns whose costs are counted already: all of a run, or its newest; see `cost`."""
    made = theme.figure(_HEIGHT, dark)
    pictures = [meter for meter in IMAGE_METERS if any(cost.tokens.get(meter) for cost in costs)]
    made.add_traces([_bars(meter, costs) for meter in (*METERS, *pictures)])
    priced = [cost for cost in costs if cost.so_far_usd is not None]
    if priced and priced[-1] is costs[-1]:
        made.add_traces(projected(priced[-1].name, priced[-1].so_far_usd or 0.0, ahead))
        if ahead:  # a category without a bar gets no room of its own
            made.update_xaxes(range=[-0.6, len(costs) + len(ahead) - 0.4])
    if priced:
        made.add_trace(_running(priced, manifest.prices))
    _lay_out(made, manifest, price, bool(priced))
    return made


def _bars(meter: str, costs: Sequence[TurnCost]) -> dict[str, Any]:
    colour, shape = _LOOKS[meter]
    return {
        "type": "bar",
        "name": meter,
        "x": [cost.name for cost in costs],
        "y": [cost.tokens[meter] for cost in costs],
        "customdata": [-1 if cost.turn is None else cost.turn for cost in costs],
        "text": [f", {money(cost.usd[meter])}" if cost.usd else "" for cost in costs],
        "textposition": "none",
        "hovertemplate": f"%{{x}}: %{{y:,}} tokens {meter}%{{text}}<extra></extra>",
        "marker": {"color": colour, "line": {"width": 0}, "pattern": theme.pattern(shape)},
    }


def _running(costs: Sequence[TurnCost], prices: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": _SO_FAR,
        "x": [cost.name for cost in costs],
        "y": [cost.so_far_usd for cost in costs],
        "yaxis": "y2",
        "mode": "lines+markers",
        "line": {"color": theme.NEUTRAL, "width": 2},
        "text": [f"{money(cost.so_far_usd or 0.0)} {price_phrase(prices)}" for cost in costs],
        "hovertemplate": "%{x}: %{text} so far<extra></extra>",
    }


def _lay_out(made: Figure, manifest: Manifest, price: Price | None, priced: bool) -> None:
    prices = manifest.prices
    if price is None:
        model = prices.get("model") or manifest.model or "this model"
        title = f"US dollars unknown: no price is known for {escape(str(model))}"
    else:
        unknown = "US dollars unknown: a response reported no usage, or used what has no price"
        title = f"US dollars {price_phrase(prices)}" if priced else unknown
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
