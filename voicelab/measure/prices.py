"""What tokens cost: a dated, sourced price table, and the cost of one response's usage.

In: a model's name, a usage as the server sent it.  Out: dollars, or None where the price is unknown (never 0).
Does not know: runs. The embedded server bills nothing: its cost is what the tokens would cost on a named model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

#: Whose prices are shown for the embedded server.
COMPARISON_MODEL = "gpt-realtime"
_EMBEDDED = "voicelab-"
_TOKENS_A_PRICE = 1_000_000


@dataclass(frozen=True)
class Rate:
    """Dollars per million tokens of one modality."""

    fresh: float
    cached: float
    out: float


@dataclass(frozen=True)
class Price:
    """What one model costs, and how that is known."""

    model: str
    text: Rate
    audio: Rate
    source: str
    date: str


@lru_cache(maxsize=1)
def price_table() -> dict[str, Any]:
    """Return ``prices.json``."""
    table: dict[str, Any] = json.loads(resources.files("voicelab.measure").joinpath("prices.json").read_text("utf-8"))
    return table


def price_of(model: str) -> Price | None:
    """Return a model's price, or None when the table does not know it."""
    entry = price_table()["models"].get(model)
    if entry is None:
        return None
    text, audio = (Rate(entry[m]["in"], entry[m]["cached"], entry[m]["out"]) for m in ("text", "audio"))
    return Price(model, text, audio, entry["source"], entry["date"])


def price_note(model: str, *, embedded: bool) -> dict[str, Any]:
    """Return what a manifest says of prices: whose they are, of when, and whether anything is billed.

    Parameters
    ----------
    model : str
        The model that the session asked for.
    embedded : bool
        Whether the embedded server answers, which bills nothing; its own model names have no price, so its tokens are
        shown at those of `COMPARISON_MODEL`.
    """
    priced_as = COMPARISON_MODEL if model.startswith(_EMBEDDED) else model
    return {
        "model": priced_as,
        "billed": not embedded,
        "known": price_of(priced_as) is not None,
        "table": price_table()["version"],
    }


#: What is counted: ``in`` is fresh, without what was cached.
METERS = ("text in", "text cached", "text out", "audio in", "audio cached", "audio out")


def tokens_by_meter(usage: Mapping[str, Any] | None) -> dict[str, int]:
    """Return how many tokens a response used, for each of `METERS`.

    Fresh tokens are never below 0: a published example has more cached than input tokens.
    """
    usage = usage or {}
    inputs = usage.get("input_token_details") or {}
    cached = inputs.get("cached_tokens_details") or {}
    outputs = usage.get("output_token_details") or {}
    counts: dict[str, int] = {}
    for modality in ("text", "audio"):
        key = f"{modality}_tokens"
        n_cached = cached.get(key) or 0
        counts[f"{modality} in"] = max(0, (inputs.get(key) or 0) - n_cached)
        counts[f"{modality} cached"] = n_cached
        counts[f"{modality} out"] = outputs.get(key) or 0
    return counts


def usd_per_million(meter: str, price: Price) -> float:
    """Return what a million tokens of one of `METERS` cost."""
    modality, way = meter.split()
    rate: Rate = getattr(price, modality)
    return {"in": rate.fresh, "cached": rate.cached, "out": rate.out}[way]


def cost_usd(usage: Mapping[str, Any] | None, price: Price | None) -> float | None:
    """Return what one response costs.

    ``cost = sum over text, audio of (in - cached) * fresh + cached * cached rate + out * out rate``; fresh tokens are
    never below 0. Source: OpenAI's realtime cost guide.

    Parameters
    ----------
    usage : mapping or None
        ``response.done``'s ``usage``.
    price : Price or None

    Returns
    -------
    float or None
        Dollars; None when usage or price is unknown.
    """
    if not usage or price is None:
        return None
    inputs, outputs = usage.get("input_token_details"), usage.get("output_token_details")
    # Without the split by modality, or with pictures (whose price the table does not hold), nobody can say.
    if not inputs or not outputs or inputs.get("image_tokens"):
        return None
    return sum(n * usd_per_million(meter, price) for meter, n in tokens_by_meter(usage).items()) / _TOKENS_A_PRICE
