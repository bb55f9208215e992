"""The numbers of the latency and cost figures as tables: for who reads with a screen reader or the keyboard.

In: turns, or their costs.  Out: `Table`, texts only.
Does not know: figures, widgets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicelab.measure.prices import IMAGE_METERS, METERS
from voicelab.measure.turns import Turn
from voicelab.plots.cost import TurnCost
from voicelab.plots.wording import ANCHOR_WORDS, heard_words, money, price_phrase

_PARTS = {
    "endpoint": "endpoint_ms",
    "request": "request_ms",
    "model": "model_ms",
    "playout": "playout_ms",
    "leading_silence": "leading_silence_ms",
    "whole": "voice_to_voice_ms",
}


@dataclass(frozen=True)
class Table:
    """A table: a caption, one head a column, rows of as many texts; the first of a row names it."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def latency_table(turns: Sequence[Turn], words: Mapping[str, str], newest: int | None = None) -> Table:
    """Return the latency parts of the turns that were answered with sound; of the newest only, where that is given."""
    everything = [turn for turn in turns if turn.model_ms is not None]
    shown = everything if newest is None else everything[-newest:]
    caption = words["latency_caption"]
    if len(shown) < len(everything):
        caption = words["latency_newest"].format(n=len(shown))
    heads = (words["turn"], words["heard"], *(words[part] for part in _PARTS), words["known_by"])
    return Table(caption, heads, tuple(_latency_row(turn, words) for turn in shown))


def _latency_row(turn: Turn, words: Mapping[str, str]) -> tuple[str, ...]:
    values = [getattr(turn, field) for field in _PARTS.values()]
    told = [words["unknown"] if ms is None else f"{ms:,.0f}" for ms in values]
    known_by = ANCHOR_WORDS.get(turn.speech_end_from or "", words["unknown"])
    return (str(turn.turn), heard_words(turn), *told, known_by)


def cost_table(
    costs: Sequence[TurnCost], prices: Mapping[str, Any], words: Mapping[str, str], newest: int | None = None
) -> Table:
    """Return tokens and dollars of each turn, by modality and the way they count, and the running sum.

    Parameters
    ----------
    costs : sequence of TurnCost
    prices : mapping
        As in a run's manifest.
    words : mapping of str to str
    newest : int, optional
        How many turns stand in the table.
    """
    shown = costs if newest is None else costs[-newest:]
    told = price_phrase(prices) if any(cost.usd for cost in shown) else words["no_prices"]
    caption = words["cost_caption"].format(prices=told)
    if len(shown) < len(costs):
        caption = words["cost_newest"].format(n=len(shown), prices=told)
    # Pictures have columns where there are pictures.
    meters = (*METERS, *(meter for meter in IMAGE_METERS if any(cost.tokens.get(meter) for cost in shown)))
    heads = (words["turn"], *meters, words["cost"], words["so_far"])
    return Table(caption, heads, tuple(_cost_row(cost, meters, words) for cost in shown))


def _cost_row(cost: TurnCost, meters: Sequence[str], words: Mapping[str, str]) -> tuple[str, ...]:
    name = words["before"] if cost.turn is None else str(cost.turn)
    sums = [words["unknown"] if usd is None else money(usd) for usd in (cost.cost_usd, cost.so_far_usd)]
    return (name, *(_used(cost, meter, words) for meter in meters), *sums)


def _used(cost: TurnCost, meter: str, words: Mapping[str, str]) -> str:
    n = f"{cost.tokens[meter]:,}"
    if not cost.usd:
        return words["tokens"].format(n=n)
    return words["tokens_and_dollars"].format(n=n, usd=money(cost.usd[meter]))
