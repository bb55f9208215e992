"""Responses for tests of money: a usage, a turn, and how much of a cut reply is remembered."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.measure.room import usage
from voicelab.measure.facts import ItemFacts, ResponseFacts
from voicelab.measure.prices import Price, Rate

#: A price whose cached tokens cost a tenth of a cent a thousand, and whose bills are easy to count.
PRICE = Price("test", text=Rate(10, 1, 100), audio=Rate(1000, 20, 5000), source="here", date="2026")
_ids = count(1)


def told(
    turn: int | None,
    *,
    text: tuple[int, int, int] = (0, 0, 0),
    audio: tuple[int, int, int] = (0, 0, 0),
    epoch: int = 0,
    remembered_ms: int | None = None,
    used: dict[str, Any] | None = None,
    done: bool = True,
) -> ResponseFacts:
    """Return a response; for each modality the tokens in, cached (a part of them), and out.

    With ``remembered_ms`` its sound was cut off there.
    """
    k = next(_ids)
    response = ResponseFacts(f"resp_{k}", epoch, k * 1_000_000_000, turn)
    response.usage = usage(text=text, audio=audio) if used is None else used
    if done:
        response.done_ns, response.status = k * 1_000_000_000 + 500_000_000, "completed"
    else:
        response.usage = None
    if remembered_ms is not None:
        item = ItemFacts(f"item_{k}", n_samples=audio[2] * 50 * 24, remembered_ms=remembered_ms, cut=True)
        response.items[item.item_id] = item
    return response
