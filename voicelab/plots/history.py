"""Bytes sent once against tokens billed again every turn: one picture of why a long conversation is dear.

In: a `Run`.  Out: a plotly figure.
Does not know: how history is found (``measure.history``, ``measure.sent_and_billed``), prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from voicelab.measure.run import Run
from voicelab.measure.sent_and_billed import SentAndBilled, sent_and_billed
from voicelab.plots import theme
from voicelab.plots.provenance import figure_source

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_HEIGHT = 340
_BYTES_A_KILOBYTE = 1000
_SENT = "sent once (kB)"


def history(run: Run, *, dark: bool = False) -> Figure:
    """Draw what was sent once on the wire against what is billed again every turn, as running sums.

    Parameters
    ----------
    run : Run
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        Traces ``output``, ``new input``, ``history again`` (tokens billed, stacked) and ``sent once (kB)``.
    """
    responses = [*run.facts().responses.values()]
    rows = sent_and_billed(responses, run.records(), run.manifest.side)
    if not rows:
        return theme.empty("No response has told which of its tokens were input, so no history can be found", dark=dark)
    made = theme.figure(_HEIGHT, dark)
    parts = (
        ("output", [row.out_tokens for row in rows], theme.ORANGE, "/"),
        ("new input", [row.new_tokens for row in rows], theme.SKY, ""),
        ("history again", [row.history_tokens for row in rows], theme.PURPLE, "."),
    )
    made.add_traces([_stacked(rows, *part) for part in parts])
    told = [row for row in rows if row.sent_bytes is not None]
    if told:
        made.add_trace(_wire(told))
    last = rows[-1]
    again = last.history_tokens / last.billed_tokens if last.billed_tokens else 0.0
    words = [f"{again:.0%} of the {last.billed_tokens:,} tokens billed are history again"]
    words.append(f"{_kb(last):,.0f} kB were sent, once" if told else "the log does not say how many bytes were sent")
    made.update_layout(
        barmode="stack",
        xaxis={"type": "category", "title": {"text": "; ".join(words)}},
        yaxis={"title": {"text": "tokens billed so far"}, "rangemode": "tozero", "fixedrange": True},
        legend={"traceorder": "normal"},
    )
    if told:
        made.update_layout(
            yaxis2={
                "overlaying": "y",
                "side": "right",
                "rangemode": "tozero",
                "tickmode": "auto",
                "nticks": 6,
                "showgrid": False,
                "title": {"text": "kB sent so far"},
                "fixedrange": True,
            }
        )
    return theme.foot(made, figure_source(run))


def _name(row: SentAndBilled) -> str:
    return "before turn 1" if row.turn is None else f"turn {row.turn}"


def _kb(row: SentAndBilled) -> float:
    return (row.sent_bytes or 0) / _BYTES_A_KILOBYTE


def _stacked(rows: Sequence[SentAndBilled], name: str, tokens: list[int], colour: str, shape: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": name,
        "x": [_name(row) for row in rows],
        "y": tokens,
        "customdata": [-1 if row.turn is None else row.turn for row in rows],
        "hovertemplate": f"%{{x}}: %{{y:,}} tokens {name} so far<extra></extra>",
        "marker": {"color": colour, "line": {"width": 0}, "pattern": theme.pattern(shape)},
    }


def _wire(rows: Sequence[SentAndBilled]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": _SENT,
        "x": [_name(row) for row in rows],
        "y": [_kb(row) for row in rows],
        "yaxis": "y2",
        "mode": "lines+markers",
        "line": {"color": theme.NEUTRAL, "width": 2},
        "hovertemplate": "%{x}: %{y:,.1f} kB sent so far<extra></extra>",
    }
