"""The ledger of a run's sound: what each reply generated, delivered, let be heard, and what is remembered and billed.

In: a `Run`.  Out: a plotly figure, one bar a response with sound; x is seconds of sound.
Does not know: how the ledger is kept (``measure.ledger``).

Waste is what was generated past the last sample heard of a reply that was cut off (the project's metric definitions,
section 4); it is hatched, so that no colour tells it alone. What nobody can know is told as not known, never as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicelab.measure.facts import Facts, ResponseFacts
from voicelab.measure.ledger import Ledger, added, ledger_of
from voicelab.measure.prices import Price
from voicelab.measure.run import Run
from voicelab.plots import theme
from voicelab.plots.provenance import figure_source
from voicelab.plots.wording import count, money, price_phrase, printable, seconds
from voicelab.protocol.usage import ASSISTANT_AUDIO_MS_PER_TOKEN

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROW_HEIGHT = 26


@dataclass(frozen=True)
class _Entry:
    """One response on its row."""

    name: str
    turn: int
    ledger: Ledger
    words: str


def ledger(run: Run, *, dark: bool = False) -> Figure:
    """Draw what became of the sound of each response, the first on top; totals and waste stand below the axis.

    Parameters
    ----------
    run : Run
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        Traces ``heard``, ``not heard`` (hatched), ``not known whether heard``, ``generated``, ``delivered`` and
        ``remembered`` (marks); those without anything to show are left out. ``customdata`` is the turn, -1 where a
        response answers none.
    """
    facts, price = run.facts(), run.price
    entries = list(_entries(facts, price))
    if not entries:
        return theme.empty("No reply with sound is in this run yet, so there is nothing to keep a ledger of", dark=dark)
    lines = [theme.plain(line) for line in _totals(entries, price, run)]
    made = theme.figure(82 + 18 * len(lines) + _ROW_HEIGHT * len(entries), dark)
    made.add_traces([*_bars(entries), *_marks(entries)])
    made.update_layout(
        barmode="stack",
        xaxis={"title": {"text": "<br>".join(lines)}, "ticksuffix": " s", "range": [0, _room_s(entries)]},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False, "fixedrange": True},
        legend={"traceorder": "normal"},
    )
    return theme.foot(made, figure_source(run))


def _room_s(entries: Sequence[_Entry]) -> float:
    """Return how far the axis goes: what is written behind a bar needs room that plotly does not make."""
    ends_ms = [max(entry.ledger.made_ms, entry.ledger.delivered_ms) for entry in entries]
    waste_ms = [end for end, entry in zip(ends_ms, entries, strict=True) if entry.ledger.wasted_ms]
    return max([1.04 * max(ends_ms), *(1.25 * end for end in waste_ms)]) / 1000


def _entries(facts: Facts, price: Price | None) -> list[_Entry]:
    found = [(response, ledger_of(response, price, plays=facts.plays)) for response in facts.responses.values()]
    sounding = [(response, one) for response, one in found if one.made_ms or one.delivered_ms]
    return [
        _Entry(_name(response, [r for r, _ in sounding]), response.turn or -1, one, printable(response.text))
        for response, one in sounding
    ]


def _name(response: ResponseFacts, others: Sequence[ResponseFacts]) -> str:
    """Return a name that no other row has: its turn, and which reply of the turn where there are several."""
    alike = [other.response_id for other in others if other.turn == response.turn]
    turn = "no turn" if response.turn is None else f"turn {response.turn}"
    return turn if len(alike) == 1 else f"{turn}, reply {alike.index(response.response_id) + 1}"


def _bars(entries: Sequence[_Entry]) -> list[dict[str, Any]]:
    heard = [entry.ledger.heard_ms for entry in entries]
    wasted = [entry.ledger.wasted_ms for entry in entries]
    unknown = [entry.ledger.made_ms if entry.ledger.heard_ms is None else None for entry in entries]
    bars = [
        _bar("heard", entries, heard, theme.AGENT, ""),
        _bar("not heard", entries, [ms or None for ms in wasted], theme.AGENT, "/"),
        _bar("not known whether heard", entries, unknown, theme.NEUTRAL, "."),
    ]
    bars[1]["text"] = [
        theme.plain(_waste(entry.ledger)) if ms else "" for entry, ms in zip(entries, wasted, strict=True)
    ]
    return [bar for bar in bars if any(value is not None for value in bar["x"])]


def _waste(entry: Ledger) -> str:
    dollars = "" if entry.wasted_usd is None else f", {money(entry.wasted_usd)}"
    return f"wasted {seconds(entry.wasted_ms or 0.0)}{dollars}"


def _bar(
    name: str, entries: Sequence[_Entry], values_ms: Sequence[float | None], colour: str, shape: str
) -> dict[str, Any]:
    looks: dict[str, Any] = {"color": colour, "line": {"width": 0}}
    if shape == "/":
        # Strokes on bare ground: what was never heard has no body.
        looks = {
            "color": "rgba(0,0,0,0)",
            "line": {"width": 1, "color": colour},
            "pattern": {"shape": shape, "fgcolor": colour, "solidity": 0.3, "size": 7},
        }
    elif shape:
        looks["pattern"] = theme.pattern(shape)
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": [None if ms is None else ms / 1000 for ms in values_ms],
        "y": [entry.name for entry in entries],
        "customdata": [entry.turn for entry in entries],
        "textposition": "outside",
        "cliponaxis": False,
        "constraintext": "none",
        "hovertext": [_hover(entry) for entry in entries],
        "hoverinfo": "text",
        "marker": looks,
    }


def _marks(entries: Sequence[_Entry]) -> list[dict[str, Any]]:
    looks = (
        ("generated", "line-ns-open", theme.NEUTRAL, [entry.ledger.generated_ms for entry in entries]),
        ("delivered", "triangle-down", theme.SKY, [entry.ledger.delivered_ms for entry in entries]),
        ("remembered", "diamond-open", theme.PROBABILITY, [entry.ledger.remembered_ms for entry in entries]),
    )
    return [
        {
            "type": "scatter",
            "name": name,
            "mode": "markers",
            "x": [None if ms is None else ms / 1000 for ms in values_ms],
            "y": [entry.name for entry in entries],
            "customdata": [entry.turn for entry in entries],
            "hovertext": [_hover(entry) for entry in entries],
            "hoverinfo": "text",
            "cliponaxis": False,
            "marker": {"symbol": symbol, "size": 16 if symbol == "line-ns-open" else 9, "color": colour}
            | {"line": {"width": 2, "color": colour}},
        }
        for name, symbol, colour, values_ms in looks
        if any(ms is not None for ms in values_ms)
    ]


def _hover(entry: _Entry) -> str:
    one = entry.ledger
    billed = f"billed {count(one.billed_tokens, 'output audio token')}"
    return theme.hover(
        f"{entry.name}: {entry.words}",
        f"generated {_told(one.generated_ms)}, delivered {_told(one.delivered_ms)}",
        f"heard {_told(one.heard_ms)}, remembered {_told(one.remembered_ms)}",
        billed if one.generated_ms is not None else "no usage was reported",
        "waste not known" if one.wasted_ms is None else _waste(one),
    )


def _told(ms: float | None) -> str:
    return "not known" if ms is None else f"{ms / 1000:.2f} s"


def _totals(entries: Sequence[_Entry], price: Price | None, run: Run) -> list[str]:
    """Return the sums below the axis; a sum of which a part is not known is not known."""
    kept = [entry.ledger for entry in entries]
    generated = added([one.generated_ms for one in kept])
    sums = (
        ("generated", generated),
        ("delivered", added([one.delivered_ms for one in kept])),
        ("heard", added([one.heard_ms for one in kept])),
        ("remembered", added([one.remembered_ms for one in kept])),
    )
    told = ", ".join(f"{name} {'not known' if ms is None else seconds(ms)}" for name, ms in sums)
    tokens = sum(one.billed_tokens for one in kept)
    per_token = None if price is None or price.audio.out is None else price.audio.out / 1e6
    dollars = (
        "price unknown" if per_token is None else f"{money(tokens * per_token)} {price_phrase(run.manifest.prices)}"
    )
    return [f"all replies: {told}", f"billed: {tokens:,} output audio tokens, {dollars}", _wasted(kept, tokens)]


def _wasted(kept: Sequence[Ledger], tokens: int) -> str:
    wasted_ms, wasted_usd = added([one.wasted_ms for one in kept]), added([one.wasted_usd for one in kept])
    if wasted_ms is None:
        return "wasted: not known"
    wasted_tokens = wasted_ms / ASSISTANT_AUDIO_MS_PER_TOKEN
    share = f" ({wasted_tokens / tokens:.0%} of them)" if tokens else ""
    dollars = ", price unknown" if wasted_usd is None else f", {money(wasted_usd)}"
    return f"wasted: {seconds(wasted_ms)}, {wasted_tokens:,.0f} tokens{share}{dollars}"
