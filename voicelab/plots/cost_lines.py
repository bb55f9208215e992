"""What goes with the cost curve: its projection, the transcription apart, and what is told in words below it.

In: projections, unit costs, the turns of a run.  Out: plotly traces as plain dicts, lines of text.
Does not know: how any of it is calculated (``measure``), or the figure that they are drawn in (``cost``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from voicelab.measure.facts import TurnFacts
from voicelab.measure.prices import charges, cost_usd, price_of
from voicelab.measure.projection import Projection
from voicelab.measure.run import Run
from voicelab.measure.unit_costs import UnitCosts
from voicelab.plots import theme
from voicelab.plots.wording import money

AHEAD = "projected"
BAND = "projected range"
TRANSCRIPTION = "transcription so far"


def projected(last: str, so_far_usd: float, ahead: Sequence[Projection]) -> list[dict[str, Any]]:
    """Return the band and the dashed line that go on where the running sum ends.

    Parameters
    ----------
    last : str
        The name of the last turn on the axis.
    so_far_usd : float
        What was spent until then.
    ahead : sequence of Projection
        After 1, 2, ... further turns; none gives no traces.
    """
    if not ahead:
        return []
    names = [last, *(_ahead_name(projection) for projection in ahead)]
    middle, low, high = (
        [so_far_usd, *(so_far_usd + value for value in values)]
        for values in zip(*((p.usd, p.low_usd, p.high_usd) for p in ahead), strict=True)
    )
    shared = {"type": "scatter", "yaxis": "y2", "mode": "lines"}
    points = zip(middle[1:], low[1:], high[1:], strict=True)
    words = ["", *(f"{money(expected)} ({money(least)} to {money(most)})" for expected, least, most in points)]
    words = [theme.plain(text) for text in words]
    return [
        {**shared, "x": names, "y": low, "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False, "name": "low"},
        {
            **shared,
            "name": BAND,
            "x": names,
            "y": high,
            "line": {"width": 0},
            "fill": "tonexty",
            "fillcolor": "rgba(128, 128, 128, 0.25)",
            "hoverinfo": "skip",
        },
        {
            **shared,
            "name": AHEAD,
            "x": names,
            "y": middle,
            "line": {"color": theme.NEUTRAL, "width": 2, "dash": "dash"},
            "text": words,
            "hovertemplate": "%{x}: %{text} expected by then<extra></extra>",
        },
    ]


def _ahead_name(projection: Projection) -> str:
    return "next" if projection.n_turns == 1 else f"+{projection.n_turns}"


def told_ahead(ahead: Sequence[Projection]) -> list[str]:
    """Return what is expected of the next turn, as a line of text; none when nothing is."""
    if not ahead:
        return []
    first = ahead[0]
    how = f"from {first.n_seen} turns, 95 %" if first.n_seen > 1 else "from one turn: all to nothing cached"
    return [f"next turn about {money(first.usd)} ({money(first.low_usd)} to {money(first.high_usd)}; {how})"]


def told(costs: UnitCosts) -> list[str]:
    """Return cost by turn and minute, and the cached share, as a line of text; none when nothing is known."""
    parts = [
        (costs.per_turn_usd, "a turn"),
        (costs.per_minute_usd, "a minute of session"),
        (costs.per_speech_minute_usd, "a minute of speech"),
    ]
    words = [f"{money(usd)} {unit}" for usd, unit in parts if usd is not None]
    share, later = costs.cached.all_tokens, costs.cached_without_first.all_tokens
    if share is not None:
        words.append(
            f"{share:.0%} of the input cached" + (f", {later:.0%} without the first response" if later else "")
        )
    return ["; ".join(words)] if words else []


@dataclass(frozen=True)
class Transcription:
    """Running cost of the transcription by turn (empty: none, or unpriced), and what has to be said of it."""

    so_far_usd: Mapping[int, float]
    told: tuple[str, ...]


def transcription_of(turns: Iterable[TurnFacts], overrides: Mapping[str, Any] | None) -> Transcription:
    """Add up the transcriptions, each at the price of its own model; billed by its own event, apart from responses."""
    so_far, by_turn = 0.0, {}
    models, unpriced = set(), set()
    for turn in turns:
        if not turn.transcription_usage:
            continue
        model = turn.transcription_model or "an unknown model"
        price = price_of(model, overrides)
        usd = cost_usd(turn.transcription_usage, price)
        models.add(model)
        if usd is None:
            meters = [c.meter for c in charges(turn.transcription_usage, price) if c.quantity and c.price_usd is None]
            unpriced.add(f"{model} ({', '.join(meters)})" if price is not None else model)
        else:
            so_far += usd
            by_turn[turn.turn] = so_far
    if unpriced:
        return Transcription({}, (f"transcription apart, unpriced: {escape('; '.join(sorted(unpriced)))}",))
    told = (f"transcription apart: {money(so_far)} at {escape(', '.join(sorted(models)))} prices",) if models else ()
    return Transcription(by_turn, told)


def apart(transcription: Transcription, names: Mapping[int | None, str]) -> dict[str, Any]:
    """Return the dotted line of the transcription, at the turns that have a name on the axis."""
    turns = [turn for turn in transcription.so_far_usd if turn in names]
    return {
        "type": "scatter",
        "name": TRANSCRIPTION,
        "x": [names[turn] for turn in turns],
        "y": [transcription.so_far_usd[turn] for turn in turns],
        "yaxis": "y2",
        "mode": "lines",
        "line": {"color": theme.PURPLE, "width": 2, "dash": "dot"},
        "text": [money(transcription.so_far_usd[turn]) for turn in turns],
        "hovertemplate": "%{x}: transcription %{text} so far, apart<extra></extra>",
    }


def speech_ms(run: Run) -> float:
    """Return how long the user spoke and the agent was heard, together."""
    return sum(
        (turn.heard_ms or 0.0) + ((turn.speech_end_ms or 0.0) - (turn.speech_start_ms or 0.0))
        if turn.speech_start_ms is not None and turn.speech_end_ms is not None
        else turn.heard_ms or 0.0
        for turn in run.turn_list()
    )
