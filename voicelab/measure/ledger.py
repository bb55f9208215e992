"""What became of the sound of a response: generated, delivered, heard, remembered, billed; and what was wasted.

In: the facts of one response, a price.  Out: a frozen `Ledger`.
Does not know: turns, tables.

Generated is what the server bills: output audio tokens of 50 ms each (OpenAI's realtime cost guide). Only a reply that
was cut off or cancelled wastes anything: what was generated past the last sample that was heard
(waste: output audio tokens past the truncation point). A reply that was played to its end wastes
nothing, though its tokens round its length up.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicelab.measure.facts import ItemFacts, ResponseFacts
from voicelab.measure.prices import Price
from voicelab.protocol.usage import ASSISTANT_AUDIO_MS_PER_TOKEN
from voicelab.runlog.record import TRACK_RATE_HZ


@dataclass(frozen=True)
class Ledger:
    """The sound of one response, or of several; lengths in ms.

    Parameters
    ----------
    generated_ms : float or None
        None: no usage was reported.
    delivered_ms : float
    heard_ms : float or None
        None: nobody knows, the log is not of one who played.
    remembered_ms : float
    wasted_ms : float or None
        Generated (delivered, where no usage was reported) and not heard, of a reply that was cut off; None: not known
        (yet).
    billed_tokens : int
        Output audio tokens.
    wasted_usd : float or None
        None: price or usage unknown.
    """

    generated_ms: float | None
    delivered_ms: float
    heard_ms: float | None
    remembered_ms: float
    wasted_ms: float | None
    billed_tokens: int
    wasted_usd: float | None

    @property
    def made_ms(self) -> float:
        """What was generated; what was delivered where no usage was reported."""
        return self.delivered_ms if self.generated_ms is None else self.generated_ms


def ledger_of(response: ResponseFacts, price: Price | None, *, plays: bool) -> Ledger:
    """Return what became of a response's sound.

    Parameters
    ----------
    response : ResponseFacts
    price : Price or None
        Of the model that answered.
    plays : bool
        Whether the run's writer played what it received (`Facts.plays`).
    """
    items = [item for item in response.items.values() if item.n_samples]
    delivered_ms = sum(item.n_samples for item in items) * 1000 / TRACK_RATE_HZ
    tokens = ((response.usage or {}).get("output_token_details") or {}).get("audio_tokens") or 0
    generated_ms = float(tokens * ASSISTANT_AUDIO_MS_PER_TOKEN) if response.usage else None
    heard_ms = sum(item.heard_ms for item in items) if plays else None
    wasted_ms = _wasted_ms(response, delivered_ms if generated_ms is None else generated_ms, heard_ms)
    usd_per_token = price.audio.out / 1e6 if price is not None and price.audio.out is not None else None
    return Ledger(
        generated_ms=generated_ms,
        delivered_ms=delivered_ms,
        heard_ms=heard_ms,
        remembered_ms=sum(_remembered_ms(item) for item in items),
        wasted_ms=wasted_ms,
        billed_tokens=tokens,
        wasted_usd=None
        if wasted_ms is None or usd_per_token is None or not response.usage
        else wasted_ms / ASSISTANT_AUDIO_MS_PER_TOKEN * usd_per_token,
    )


def _wasted_ms(response: ResponseFacts, made_ms: float, heard_ms: float | None) -> float | None:
    if not was_cut(response):
        return None if response.status == "in_progress" else 0.0
    return None if heard_ms is None else max(0.0, made_ms - heard_ms)


def was_cut(response: ResponseFacts) -> bool:
    """Return whether a reply was cut off while it played, or cancelled."""
    return response.status == "cancelled" or any(item.cut for item in response.items.values())


def _remembered_ms(item: ItemFacts) -> float:
    return item.n_samples * 1000 / TRACK_RATE_HZ if item.remembered_ms is None else float(item.remembered_ms)


def added(values: list[float | None]) -> float | None:
    """Return a sum that is unknown as soon as a part of it is."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
