"""What a usage costs: every meter of it at its own price, and the sum where all of them are known.

In: a usage as the server sent it (of a response, of a transcription), a `Price`.  Out: `Charge` rows, or their sum;
None where a price or a count is unknown, never 0.
Does not know: runs, or where a price is written down (``price_list``, whose names are also here).

``cost = sum over text, audio, image of (in - cached) * fresh + cached * cached rate + out * out rate``. Source:
OpenAI's realtime cost guide, and metrics.md section 4. Fresh tokens are never below 0: a published example has more
cached than input tokens; `is_clamped` tells of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from voicelab.measure.price_list import (
    COMPARISON_MODEL,
    Price,
    Rate,
    price_note,
    price_of,
    price_table,
    read_prices,
)

__all__ = [
    "COMPARISON_MODEL",
    "IMAGE_METERS",
    "METERS",
    "MODALITIES",
    "Charge",
    "Price",
    "Rate",
    "charges",
    "cost_usd",
    "input_by_modality",
    "is_clamped",
    "price_note",
    "price_of",
    "price_table",
    "read_prices",
    "tokens_by_meter",
    "usd_per_million",
]

MODALITIES = ("text", "audio", "image")
#: What every response is counted by: ``in`` is fresh, without what was cached.
METERS = ("text in", "text cached", "text out", "audio in", "audio cached", "audio out")
#: What is counted besides where pictures were used.
IMAGE_METERS = ("image in", "image cached", "image out")
_TOKENS_A_PRICE = 1_000_000
_SECONDS_A_PRICE = 60
_CHARACTERS_A_PRICE = 1_000_000


@dataclass(frozen=True)
class Charge:
    """One line of a bill.

    Parameters
    ----------
    meter : str
        What is counted: one of `METERS` or `IMAGE_METERS`; ``audio`` for time; ``characters``; ``in``, ``cached`` or
        ``out`` alone for tokens of which nobody said whether they are text, audio or image.
    unit : str
        ``tokens``, ``seconds`` or ``characters``.
    quantity : float
        In that unit.
    price_usd : float or None
        For ``price_per`` units; None: unknown.
    price_per : float
    cost_usd : float or None
        None: unpriced.
    """

    meter: str
    unit: str
    quantity: float
    price_usd: float | None
    price_per: float
    cost_usd: float | None


#: What a `Charge` is made of: meter, unit, quantity, price and how many units it is for.
_Line: TypeAlias = tuple[str, str, float, float | None, float]


def tokens_by_meter(usage: Mapping[str, Any] | None) -> dict[str, int]:
    """Return how many tokens were used, for each of `METERS`, and of `IMAGE_METERS` where there were any."""
    usage = usage or {}
    inputs, outputs = _part(usage, "input_token_details"), _part(usage, "output_token_details")
    cached = _cached(inputs)
    if _is_transcription(usage) and not outputs:
        outputs = {"text_tokens": usage.get("output_tokens")}  # a transcript is text
    counts: dict[str, int] = {}
    for modality in MODALITIES:
        key = f"{modality}_tokens"
        n_in, n_cached, n_out = _count(inputs, key), _count(cached, key), _count(outputs, key)
        if modality != "image" or n_in or n_cached or n_out:
            counts[f"{modality} in"] = max(0, n_in - n_cached)
            counts[f"{modality} cached"] = n_cached
            counts[f"{modality} out"] = n_out
    return counts


def input_by_modality(usage: Mapping[str, Any] | None) -> dict[str, int]:
    """Return the input tokens of a usage for each of `MODALITIES`, cached ones included."""
    inputs = _part(usage or {}, "input_token_details")
    return {modality: _count(inputs, f"{modality}_tokens") for modality in MODALITIES}


def is_clamped(usage: Mapping[str, Any] | None) -> bool:
    """Whether more tokens of a modality were reported as cached than as input, so that fresh ones were taken as 0."""
    inputs = _part(usage or {}, "input_token_details")
    cached = _cached(inputs)
    return any(_count(cached, f"{m}_tokens") > n_in for m, n_in in input_by_modality(usage).items())


def usd_per_million(meter: str, price: Price) -> float | None:
    """Return what a million tokens of a meter cost; None: unknown."""
    modality, _, way = meter.partition(" ")
    rate = getattr(price, modality, None)
    if not isinstance(rate, Rate):
        return None  # tokens of which nobody said what they are
    return {"in": rate.fresh, "cached": rate.cached, "out": rate.out}[way]


def charges(usage: Mapping[str, Any] | None, price: Price | None) -> tuple[Charge, ...]:
    """Return the lines of a usage's bill.

    Parameters
    ----------
    usage : mapping or None
        ``response.done``'s ``usage``; or a transcription's: ``{type: "tokens", ...}``, ``{type: "duration", seconds}``;
        or ``{type: "characters", characters}`` of a synthesiser.
    price : Price or None
        None leaves every line unpriced.

    Returns
    -------
    tuple of Charge
        Of a response all `METERS`, also those at 0; of anything else only what was used; empty for no usage.
    """
    return tuple(_charge(*line) for line in _lines(usage, price))


def _lines(usage: Mapping[str, Any] | None, price: Price | None) -> Iterator[_Line]:
    if not usage:
        return
    if usage.get("type") == "duration":
        usd = None if price is None else price.usd_per_minute
        yield "audio", "seconds", _number(usage.get("seconds")), usd, _SECONDS_A_PRICE
        return
    if usage.get("type") == "characters":
        usd = None if price is None else price.usd_per_million_characters
        yield "characters", "characters", _number(usage.get("characters")), usd, _CHARACTERS_A_PRICE
        return
    counts = tokens_by_meter(usage)
    counts |= _unsplit(usage, counts)
    only_used = _is_transcription(usage)
    for meter, n in counts.items():
        if n or not only_used:
            usd = None if price is None else usd_per_million(meter, price)
            yield meter, "tokens", n, usd, _TOKENS_A_PRICE


def cost_usd(usage: Mapping[str, Any] | None, price: Price | None) -> float | None:
    """Return what a usage costs.

    Parameters
    ----------
    usage : mapping or None
        As for `charges`.
    price : Price or None

    Returns
    -------
    float or None
        US dollars; None when the price is unknown, or anything that was used is not counted by modality or has no
        price. The products are added before they are divided, so that a bill counted by hand is met to the last digit.
    """
    if not usage or price is None or not _says_enough(usage):
        return None
    products, price_per = [], 1.0
    for _, _, quantity, usd, price_per in _lines(usage, price):  # noqa: B007 - all lines of a usage are in one unit
        if quantity == 0:
            continue  # none of something whose price nobody knows costs nothing
        if usd is None:
            return None
        products.append(quantity * usd)
    return math.fsum(products) / price_per


def _charge(meter: str, unit: str, quantity: float, price_usd: float | None, price_per: float) -> Charge:
    cost = None if price_usd is None else quantity * price_usd / price_per
    return Charge(meter, unit, quantity, price_usd, float(price_per), cost)


def _is_transcription(usage: Mapping[str, Any]) -> bool:
    return usage.get("type") == "tokens"


def _says_enough(usage: Mapping[str, Any]) -> bool:
    """Whether input and output are both told of, in sum or by modality."""
    match usage.get("type"):
        case "duration":
            return _is_number(usage.get("seconds"))
        case "characters":
            return _is_number(usage.get("characters"))
    return all(_is_number(usage.get(f"{way}_tokens")) or _part(usage, f"{way}_token_details") for way in _DIRECTIONS)


_DIRECTIONS = ("input", "output")


def _unsplit(usage: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
    """Return the tokens of which nobody said whether they are text, audio or image; nobody knows their price."""
    n_out = sum(n for meter, n in counts.items() if meter.endswith(" out"))
    n_cached = sum(n for meter, n in counts.items() if meter.endswith(" cached"))
    rest = {
        "in": _count(usage, "input_tokens") - sum(input_by_modality(usage).values()),
        "cached": _count(_part(usage, "input_token_details"), "cached_tokens") - n_cached,
        "out": _count(usage, "output_tokens") - n_out,
    }
    return {meter: n for meter, n in rest.items() if n > 0}


def _cached(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the cached tokens by modality; told as one sum they can still be only what the input is made of."""
    told = _part(inputs, "cached_tokens_details")
    if told or not _count(inputs, "cached_tokens"):
        return told
    used = [f"{modality}_tokens" for modality in MODALITIES if _count(inputs, f"{modality}_tokens")]
    return {used[0]: inputs["cached_tokens"]} if len(used) == 1 else {}


def _part(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = mapping.get(key)
    # A log of a million events has many usages, and all of them are plain dicts.
    return part if type(part) is dict or isinstance(part, Mapping) else {}


def _count(mapping: Mapping[str, Any], key: str) -> int:
    """Return a count of tokens; what is no count is taken as not told, and shows in `_unsplit`."""
    value = mapping.get(key)
    return value if type(value) is int and value >= 0 else int(_number(value))


def _number(value: Any) -> float:
    return value if _is_number(value) else 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
