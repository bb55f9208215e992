"""What a conversation costs for each response, turn and minute, how well it was cached, and what others would charge.

In: the responses of a run, a price, how long the session and its speech lasted.  Out: `UnitCosts`, `TurnBill`,
`Elsewhere` values.
Does not know: runs, transcription (its own event, its own price), what is still to come (``projection``).

Definitions: metrics.md section 4. Cost of a turn = the sum over its responses, cancelled ones too. Cached share =
cached tokens / input tokens summed over the session, a ratio of sums; the first response can have nothing cached that
this conversation sent, so the share is given with it and without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicelab.measure.facts import ResponseFacts
from voicelab.measure.history import history_shares
from voicelab.measure.prices import Price, cost_usd, input_by_modality, price_of, tokens_by_meter

LAUNCH_MODEL = "gpt-4o-realtime-preview-2024-10-01"
#: Those that a run is compared with, dearest generation first; the last two are billed by time.
COMPARED_MODELS = (
    LAUNCH_MODEL,
    "gpt-4o-realtime-preview-2024-12-17",
    "gpt-4o-mini-realtime-preview",
    "gpt-realtime",
    "gpt-realtime-2.1",
    "gpt-realtime-2.1-mini",
    "gpt-live-1",
    "grok-voice-latest",
)
_MS_A_MINUTE = 60_000


@dataclass(frozen=True)
class CachedShare:
    """Cached tokens / input tokens, a ratio of sums; None: there was no input to divide by."""

    all_tokens: float | None
    audio: float | None
    text: float | None


@dataclass(frozen=True)
class UnitCosts:
    """What a session cost, and that divided by what it consists of.

    Parameters
    ----------
    total_usd : float or None
        Of all responses; None: the price, or the usage of a response that is done, is unknown.
    n_responses, n_turns : int
        Responses that are done, and user turns that had one.
    per_response_usd, per_turn_usd, per_minute_usd, per_speech_minute_usd : float or None
        ``total_usd`` divided by responses, turns, minutes of session, minutes of speech; None also where there are
        none.
    cached, cached_without_first : CachedShare
        With and without the first response of the session.
    """

    total_usd: float | None
    n_responses: int
    n_turns: int
    per_response_usd: float | None
    per_turn_usd: float | None
    per_minute_usd: float | None
    per_speech_minute_usd: float | None
    cached: CachedShare
    cached_without_first: CachedShare


@dataclass(frozen=True)
class TurnBill:
    """What one more turn cost, and how much of that is history.

    Parameters
    ----------
    turn : int or None
        None: before turn 1, or outside the conversation.
    cost_usd : float or None
        Of all its responses: the marginal cost of the turn.
    history_usd, new_usd, out_usd : float or None
        Paid for input sent or said before, for input that is new, and for what was made; their sum is ``cost_usd``.
    history_tokens, new_tokens, out_tokens : int
    """

    turn: int | None
    cost_usd: float | None
    history_usd: float | None
    new_usd: float | None
    out_usd: float | None
    history_tokens: int
    new_tokens: int
    out_tokens: int

    @property
    def history_share(self) -> float | None:
        """The share of the turn's cost that is history sent again; None: unknown, or the turn cost nothing."""
        return self.history_usd / self.cost_usd if self.history_usd is not None and self.cost_usd else None


@dataclass(frozen=True)
class Elsewhere:
    """What a run would have cost on another model.

    Parameters
    ----------
    model : str
    usd : float or None
        None: unpriced.
    basis : {"tokens", "time"}
        ``tokens``: the same token counts, the same ones cached, at that model's prices: another model would say other
        things and cache otherwise. ``time``: the length of the session.
    price : Price or None
    """

    model: str
    usd: float | None
    basis: str
    price: Price | None


def unit_costs(
    responses: Sequence[ResponseFacts], price: Price | None, *, session_ms: float, speech_ms: float | None = None
) -> UnitCosts:
    """Return what a session cost for each response, turn and minute.

    Parameters
    ----------
    responses : sequence of ResponseFacts
        In the order in which they were created; those that are not done yet are left out.
    price : Price or None
    session_ms : float
        Length of the session.
    speech_ms : float, optional
        How long the user and the agent spoke, together.
    """
    done = [response for response in responses if response.done_ns is not None]
    total = total_usd(done, price)
    n_turns = len({(r.epoch, r.turn) for r in done if r.turn is not None})
    speech = speech_ms or 0.0
    return UnitCosts(
        total_usd=total,
        n_responses=len(done),
        n_turns=n_turns,
        per_response_usd=_divided(total, len(done)),
        per_turn_usd=_divided(total, n_turns),
        per_minute_usd=_divided(total, session_ms / _MS_A_MINUTE),
        per_speech_minute_usd=_divided(total, speech / _MS_A_MINUTE),
        cached=cached_share(done),
        cached_without_first=cached_share(done[1:]),
    )


def total_usd(responses: Iterable[ResponseFacts], price: Price | None) -> float | None:
    """Return what responses cost together; None as soon as one of them is unknown."""
    costs = [cost_usd(response.usage, price) for response in responses]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) and price is not None else None


def cached_share(responses: Iterable[ResponseFacts]) -> CachedShare:
    """Return which share of the input was cached.

    Where more is reported as cached than as input, no more than the input counts: a share is never above 1.
    """
    cached, given = {"text": 0, "audio": 0, "image": 0}, {"text": 0, "audio": 0, "image": 0}
    for response in responses:
        counts = tokens_by_meter(response.usage)
        for modality, n in input_by_modality(response.usage).items():
            given[modality] += n
            cached[modality] += min(n, counts.get(f"{modality} cached", 0))
    sums = ((sum(cached.values()), sum(given.values())), *((cached[m], given[m]) for m in ("audio", "text")))
    return CachedShare(*(n_cached / n if n else None for n_cached, n in sums))


def turn_bills(responses: Sequence[ResponseFacts], price: Price | None) -> list[TurnBill]:
    """Return one bill a turn, in order; what came before turn 1 or outside the conversation is one of its own.

    Parameters
    ----------
    responses : sequence of ResponseFacts
        In the order in which they were created; those without a usage by modality add no tokens and make the money of
        their turn unknown.
    price : Price or None
    """
    shares = history_shares(responses, price)
    by_turn: dict[int, list[ResponseFacts]] = {}
    for response in responses:
        if response.done_ns is not None:
            by_turn.setdefault(-1 if response.turn is None else response.turn, []).append(response)
    bills = []
    for turn, own in sorted(by_turn.items()):
        found = [shares[r.response_id] for r in own if r.response_id in shares]
        cost = total_usd(own, price)
        history, new = (_sum(values) for values in _columns((share.history_usd, share.new_usd) for share in found))
        known = cost is not None and history is not None and new is not None and len(found) == len(own)
        bills.append(
            TurnBill(
                turn=None if turn < 0 else turn,
                cost_usd=cost,
                history_usd=history if known else None,
                new_usd=new if known else None,
                out_usd=cost - history - new if cost is not None and history is not None and new is not None else None,
                history_tokens=sum(share.history_tokens for share in found),
                new_tokens=sum(share.new_tokens for share in found),
                out_tokens=sum(_out_tokens(r.usage) for r in own),
            )
        )
    return bills


def on_other_models(
    responses: Sequence[ResponseFacts],
    *,
    session_ms: float,
    models: Sequence[str] = COMPARED_MODELS,
    overrides: Mapping[str, Any] | None = None,
) -> list[Elsewhere]:
    """Return what the same run would have cost on other models, among them at the prices of the launch.

    Parameters
    ----------
    responses : sequence of ResponseFacts
    session_ms : float
        Length of the session, for models that are billed by time.
    models : sequence of str
        By default OpenAI's generations, which count tokens alike, and two that are billed by time. A model that counts
        sound otherwise (Gemini: 25 tokens a second) is not comparable by these counts.
    overrides : mapping, optional
        The user's own prices.
    """
    done = [response for response in responses if response.done_ns is not None]
    found = []
    for model in models:
        price = price_of(model, overrides)
        if price is not None and price.usd_per_minute is not None:
            found.append(Elsewhere(model, price.usd_per_minute * session_ms / _MS_A_MINUTE, "time", price))
        else:
            found.append(Elsewhere(model, total_usd(done, price), "tokens", price))
    return found


def _out_tokens(usage: Mapping[str, Any] | None) -> int:
    return sum(n for meter, n in tokens_by_meter(usage).items() if meter.endswith(" out"))


def _columns(pairs: Iterable[tuple[float | None, float | None]]) -> tuple[list[float | None], list[float | None]]:
    rows = list(pairs)
    return [first for first, _ in rows], [second for _, second in rows]


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _divided(usd: float | None, n: float) -> float | None:
    return usd / n if usd is not None and n > 0 else None
