"""Promises of `voicelab.widgets.reading.figure_tables` that no browser is needed for."""

from __future__ import annotations

from voicelab.measure.prices import IMAGE_METERS, METERS
from voicelab.plots.cost import TurnCost
from voicelab.widgets.reading.figure_tables import cost_table

WORDS = {
    "turn": "turn",
    "cost": "cost",
    "so_far": "so far",
    "cost_caption": "{prices}",
    "no_prices": "no prices",
    "unknown": "unknown",
    "before": "before",
    "tokens": "{n}",
    "tokens_and_dollars": "{n} {usd}",
}


def cost(turn: int, **tokens: int) -> TurnCost:
    """Return a turn without prices; meters with a line for the space."""
    used = {meter: tokens.get(meter.replace(" ", "_"), 0) for meter in (*METERS, *IMAGE_METERS)}
    return TurnCost(turn, used, {}, None, None)


def test_pictures_have_columns_where_there_are_pictures() -> None:
    """Six meters as ever; one more for each way in which pictures were counted."""
    without = cost_table([cost(1, text_in=5)], {}, WORDS)
    assert without.heads == ("turn", *METERS, "cost", "so far")
    seen = cost_table([cost(1, text_in=5), cost(2, image_in=400)], {}, WORDS)
    assert seen.heads == ("turn", *METERS, "image in", "cost", "so far")
    assert [row[7] for row in seen.rows] == ["0", "400"]
