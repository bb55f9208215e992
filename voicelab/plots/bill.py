"""The calculator's picture: one conversation's running bill under several terms.

In: a `Run`, a conversation that is made up, or plain values from sliders.  Out: a plotly figure.
Does not know: how a bill is calculated (``measure.bill``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from voicelab.measure.bill import (
    INPUT_LIMIT_TOKENS,
    Bill,
    Conversation,
    Terms,
    conversation_of,
    every,
    keeping,
    made_up,
)
from voicelab.measure.bill import bill as calculated
from voicelab.measure.prices import COMPARISON_MODEL, price_of
from voicelab.measure.run import Run
from voicelab.plots import theme
from voicelab.plots.provenance import figure_source
from voicelab.plots.wording import count, money

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_HEIGHT = 380
_LINES = (
    (theme.AGENT, "solid", "circle"),
    (theme.SKY, "dash", "square"),
    (theme.PROBABILITY, "dot", "diamond"),
    (theme.PURPLE, "dashdot", "triangle-up"),
    (theme.ORANGE, "longdash", "cross"),
    (theme.USER, "longdashdot", "x"),
)


def cases(n_exchanges: int, *, edit_every: int = 10, limit_tokens: int = INPUT_LIMIT_TOKENS) -> dict[str, Terms]:
    """Return the terms that `bill` compares by default: as much as fits, a share of it, and edited instructions.

    Parameters
    ----------
    n_exchanges : int
    edit_every : int
        Turns between two edits of the instructions; 0: never, and no such case.
    limit_tokens : int
        By default that of a 32k model.
    """
    found = {
        "auto": Terms(limit_tokens),
        "retention ratio 0.8": Terms(limit_tokens, keeping(0.8)),
        "retention ratio 0.5": Terms(limit_tokens, keeping(0.5)),
    }
    if edit_every > 0:
        edits = every(n_exchanges, edit_every)
        found[f"auto, instructions edited every {edit_every} turns"] = Terms(limit_tokens, edits=edits)
    return found


def bill(
    source: Run | Conversation | None = None,
    *,
    terms: Mapping[str, Terms] | None = None,
    model: str = COMPARISON_MODEL,
    dark: bool = False,
) -> Figure:
    """Draw the running bill of a conversation under several terms: retention ratio, context limit, edits.

    Parameters
    ----------
    source : Run or Conversation, optional
        By default a made-up one of 250 turns, which outgrows a 32k context; see `voicelab.measure.bill`. A run is
        billed at its own prices.
    terms : mapping of str to Terms, optional
        By name; by default `cases`.
    model : str
        Whose prices, when ``source`` is no run.
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        One line a case; marks where messages had to be left out.
    """
    if isinstance(source, Run):
        conversation, price = conversation_of([*source.facts().responses.values()]), source.price
    else:
        conversation, price = source or made_up(250), price_of(model)
    if not conversation.exchanges:
        return theme.empty("There is no exchange whose tokens are known, so there is no bill to calculate", dark=dark)
    if price is None:
        return theme.empty("No price is known for this model, so there is no bill to calculate", dark=dark)
    asked = cases(len(conversation.exchanges)) if terms is None else terms
    bills = {name: calculated(conversation, one, price) for name, one in asked.items()}
    made = theme.figure(_HEIGHT, dark)
    for k, (name, one) in enumerate(bills.items()):
        made.add_traces(_case(name, one, *_LINES[k % len(_LINES)]))
    made.update_layout(
        xaxis={
            "title": {
                "text": f"exchanges, at {price.model} prices<br>marks: the oldest messages had to be left out, and the "
                "cache with them"
            },
            "rangemode": "tozero",
        },
        yaxis={"title": {"text": "dollars so far"}, "rangemode": "tozero", "tickformat": "$,.4~f"},
        legend={"traceorder": "normal"},
        margin={"t": 80},
    )
    what = "Calculated; as the embedded server truncates and caches; everything that may be cached is"
    return theme.foot(made, f"{what}; {figure_source(source)}" if isinstance(source, Run) else what)


def what_if(
    n_turns: int = 250,
    user_seconds: float = 4.0,
    reply_seconds: float = 6.0,
    instructions_tokens: int = 500,
    limit_tokens: int = INPUT_LIMIT_TOKENS,
    retention_ratio: float = 0.8,
    edit_every: int = 0,
    hit_rate: float = 1.0,
    model: str = COMPARISON_MODEL,
    dark: bool = False,
) -> Figure:
    """Draw the bill of a made-up conversation under your terms beside ``auto``; all plain values, ready for sliders.

    Parameters
    ----------
    n_turns : int
    user_seconds, reply_seconds : float
        How long each side speaks in a turn.
    instructions_tokens : int
        Instructions and tools.
    limit_tokens : int
        The most that a response may be given.
    retention_ratio : float
        The share that is kept when the conversation has outgrown the limit, 0 to 1.
    edit_every : int
        Turns between two edits of the instructions; 0: never.
    hit_rate : float
        The share of what could be cached that is, 0 to 1.
    model : str
        Whose prices.
    dark : bool
        Light letters on a dark ground.

    Raises
    ------
    ConfigError
        A value out of its range.
    """
    conversation = made_up(
        n_turns, user_seconds=user_seconds, reply_seconds=reply_seconds, instructions_tokens=instructions_tokens
    )
    edits = every(n_turns, edit_every)
    yours = Terms(limit_tokens, keeping(retention_ratio), edits, hit_rate)
    terms = {"auto": Terms(limit_tokens, hit_rate=hit_rate), "yours": yours}
    return bill(conversation, terms=terms, model=model, dark=dark)


def _case(name: str, made: Bill, colour: str, dash: str, symbol: str) -> list[dict[str, Any]]:
    lines = [line for line in made.lines if line.so_far_usd is not None]
    cut = [line for line in lines if line.n_dropped]
    share = made.cached_share
    told = f"{name}: {money(made.total_usd or 0.0)}" if lines else f"{name}: unpriced"
    if made.refused_at is not None:
        told += f", refused at {made.refused_at}"
    details = f"{count(made.n_truncations, 'truncation')}, {share or 0:.0%} of the input cached"
    return [
        {
            "type": "scatter",
            "name": told,
            "legendgroup": name,
            "x": [line.number for line in lines],
            "y": [line.so_far_usd for line in lines],
            "mode": "lines",
            "line": {"color": colour, "width": 2, "dash": dash},
            "hovertemplate": f"exchange %{{x}}: $%{{y:.4f}} so far<br>in the end {details}<extra>{name}</extra>",
        },
        {
            "type": "scatter",
            "name": f"{name}, truncated",
            "legendgroup": name,
            "showlegend": False,
            "x": [line.number for line in cut],
            "y": [line.so_far_usd for line in cut],
            "mode": "markers",
            "marker": {"color": colour, "symbol": symbol, "size": 6},
            "text": [count(line.n_dropped, "message") for line in cut],
            "hovertemplate": "exchange %{x}: %{text} left out<extra></extra>",
        },
    ]
