"""What a session's budget is counted by: the limit, and whose prices.

In: a budget, a model's name, a user's own prices.  Out: `Terms`, or one clear error where a price is missing.
Does not know: what is spent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.errors import ConfigError
from voicelab.measure.budget import Budget, can_be_counted
from voicelab.measure.prices import Price, price_note, price_of


@dataclass(frozen=True)
class Terms:
    """What a session's budget is counted by.

    Parameters
    ----------
    budget : Budget
    price : Price
        Of responses.
    overrides : mapping or None
        The user's own prices, also for transcription.
    table : str
        Version of the price table.
    """

    budget: Budget
    price: Price
    overrides: Mapping[str, Any] | None
    table: str

    def rates(self) -> dict[str, dict[str, float | None]]:
        """Return the prices of responses, in US dollars per million tokens, as they stand in ``prices.json``."""
        return {
            name: {"in": rate.fresh, "cached": rate.cached, "out": rate.out}
            for name, rate in (("text", self.price.text), ("audio", self.price.audio), ("image", self.price.image))
        }


def terms_of(budget: Budget | None, model: str, overrides: Mapping[str, Any] | None) -> Terms | None:
    """Return what a budget is counted by; None without one.

    Parameters
    ----------
    budget : Budget or None
    model : str
        That the session asks for; the embedded server's own are counted at the comparison model's prices.
    overrides : mapping or None
        As `voicelab.measure.prices.read_prices` returns them.

    Raises
    ------
    ConfigError
        A price of the model is unknown: a budget cannot be kept by guesses.
    """
    if budget is None:
        return None
    note = price_note(model, embedded=False, overrides=overrides)
    price = price_of(note["model"], overrides)
    if price is None or not can_be_counted(price):
        raise ConfigError(
            f"a budget needs the prices of {note['model']!r}, and not all are known (unknown is not 0): give them with "
            f'prices={{"{note["model"]}": {{"text": {{"in": ..., "cached": ..., "out": ...}}, '
            '"audio": {"in": ..., "cached": ..., "out": ...}}}, in US dollars per million tokens, or as a file of that',
            param="prices",
        )
    return Terms(budget, price, overrides, note["table"])
