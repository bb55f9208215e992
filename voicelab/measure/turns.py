"""One row a user turn: what was heard, what was said, where the time went, what was played, what it would cost.

In: the facts of a run, its sound, its price.  Out: frozen `Turn` values.
Does not know: files (sound comes through a function), tables, plots, or which turns are known (``turns_so_far``).

The latency stack, all on the client's clock, each part beginning where the one before ends (milliseconds):

- ``endpoint_ms``: end of speech to ``speech_stopped`` received
- ``request_ms``: to ``response.created`` received (of the turn's first response)
- ``model_ms``: to the first audio delta received
- ``playout_ms``: to the first sample played
- ``leading_silence_ms``: to the first audible sample (-45 dBFS over 10 ms), measured in the received audio

``voice_to_voice_ms`` is measured apart from them, between two instants of the recorded sound: the end of the user's
speech and the first audible sample in ``heard.wav``. ``residual_ms`` is what the parts do not explain; under one 20
ms frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from voicelab.audio.samples import Samples
from voicelab.measure.facts import Facts, ItemFacts, TurnFacts
from voicelab.measure.history import Share, history_shares
from voicelab.measure.ledger import added, ledger_of, was_cut
from voicelab.measure.prices import Price, cost_usd, is_clamped, price_of
from voicelab.measure.speech import EndFrom, Evidence, Speech, evidence_of
from voicelab.measure.speech_end import with_sound
from voicelab.runlog.record import TRACK_RATE_HZ, Record, Track
from voicelab.turns.voiced import audible_start_ms

# How far into a reply the first audible sample is looked for.
_LOOK_MS = 5_000

ReadTrack = Callable[[Track, int, int], Samples]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One user turn and everything it caused. Times are ms on the run's time line, durations ms.

    ``None`` means: does not exist for this turn (a typed turn has no end of speech) or cannot be known from the log.
    What each field means stands in `voicelab.measure.columns`.
    """

    turn: int
    kind: Literal["spoken", "typed"]
    epoch: int
    item_id: str
    transcript: str | None
    reply: str
    calls: tuple[str, ...]
    status: str
    interrupted: bool
    speech_start_ms: float | None
    speech_end_ms: float | None
    speech_end_from: EndFrom | None
    stopped_ms: float | None
    first_played_ms: float | None
    first_audible_ms: float | None
    voice_to_voice_ms: float | None
    from_stopped_ms: float | None
    endpoint_ms: float | None
    request_ms: float | None
    model_ms: float | None
    playout_ms: float | None
    leading_silence_ms: float | None
    residual_ms: float | None
    first_audio_ms: float | None
    transcript_delay_ms: float | None
    generated_ms: float
    delivered_ms: float
    heard_ms: float | None
    remembered_ms: float
    wasted_ms: float | None
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    audio_tokens_out: int
    history_tokens: int
    cost_usd: float | None
    history_usd: float | None
    wasted_usd: float | None
    transcription_usd: float | None
    clamped: bool


@dataclass(frozen=True)
class Context:
    """What a turn cannot know of itself: whose prices, what of its input was history, whether sound was played here.

    Parameters
    ----------
    price : Price or None
        Of the model that answers; None leaves the dollars None.
    prices : mapping or None
        Overrides, where the price of the transcription's model is looked up first.
    shares : mapping of str to Share
        By response; see `voicelab.measure.history`.
    plays : bool
        See `Facts.plays`.
    """

    price: Price | None
    prices: Mapping[str, Any] | None
    shares: Mapping[str, Share]
    plays: bool

    def of(self, turn: TurnFacts) -> Context:
        """Return the same with only what concerns one turn, so that two of them can be compared."""
        ids = [response.response_id for response in turn.responses]
        return replace(self, shares={key: self.shares[key] for key in ids if key in self.shares})


def context_of(facts: Facts, price: Price | None, prices: Mapping[str, Any] | None = None) -> Context:
    """Return what the turns of a run are told with."""
    return Context(price, prices, history_shares(list(facts.responses.values()), price), facts.plays)


def turns_of(
    facts: Facts,
    records: Sequence[Record],
    price: Price | None,
    read_track: ReadTrack,
    prices: Mapping[str, Any] | None = None,
) -> list[Turn]:
    """Return one `Turn` for each user turn.

    Parameters
    ----------
    facts, records
        Of one run.
    price, prices
        See `Context`.
    read_track : callable
        ``(track, start, n) -> samples``; fewer samples, or none, where the sound is missing.
    """
    return turns_by(facts, evidence_of(facts, records), price, read_track, prices)


def turns_by(
    facts: Facts,
    evidence: Evidence,
    price: Price | None,
    read_track: ReadTrack,
    prices: Mapping[str, Any] | None = None,
) -> list[Turn]:
    """Return the same where it is known already what all the records say of speech."""
    context = context_of(facts, price, prices)
    return [turn_of(turn, evidence.speech_of(turn), context.of(turn), read_track) for turn in facts.turns]


def turn_of(turn: TurnFacts, speech: Speech, context: Context, read_track: ReadTrack) -> Turn:
    """Return one turn. It is made of what is given here and of nothing else: the same again while none of it changes.

    Parameters
    ----------
    turn : TurnFacts
    speech : Speech
        Where the user spoke; see `voicelab.measure.speech.Evidence`. An end by speech scores is moved back to the last
        voiced sample.
    context : Context
        Of this turn.
    read_track
        As for `turns_of`.
    """
    speech = with_sound(speech, read_track)
    items = [item for response in turn.responses for item in response.items.values() if item.n_samples]
    usages = [response.usage for response in turn.responses if response.usage]
    last = turn.responses[-1] if turn.responses else None
    return Turn(
        turn=turn.turn,
        kind=turn.kind,
        epoch=turn.epoch,
        item_id=turn.item_id,
        transcript=turn.transcript,
        reply=" ".join(r.text.strip() for r in turn.responses if r.text.strip()),
        calls=tuple(call for response in turn.responses for call in response.calls),
        status=last.status if last else "no response",
        interrupted=any(was_cut(response) for response in turn.responses),
        speech_start_ms=speech.start_ms,
        speech_end_ms=speech.end_ms,
        speech_end_from=speech.end_from,
        stopped_ms=_ms(turn.stopped_ns),
        first_played_ms=_ms(items[0].played_ns) if items else None,
        **_latency(turn, items, speech.end_ms, read_track),
        transcript_delay_ms=_between(speech.end_ms, _ms(turn.transcribed_ns)),
        **_sound(turn, context),
        input_tokens=sum(u.get("input_tokens", 0) for u in usages),
        cached_tokens=sum((u.get("input_token_details") or {}).get("cached_tokens", 0) for u in usages),
        output_tokens=sum(u.get("output_tokens", 0) for u in usages),
        **_money(turn, usages, context),
        clamped=any(is_clamped(usage) for usage in usages),
    )


def _sound(turn: TurnFacts, context: Context) -> dict[str, Any]:
    """Return the ledger of a turn: that of its responses, added up."""
    ledgers = [ledger_of(response, context.price, plays=context.plays) for response in turn.responses]
    return {
        "generated_ms": sum(ledger.made_ms for ledger in ledgers),
        "delivered_ms": sum(ledger.delivered_ms for ledger in ledgers),
        "heard_ms": added([ledger.heard_ms for ledger in ledgers]),
        "remembered_ms": sum(ledger.remembered_ms for ledger in ledgers),
        "wasted_ms": added([ledger.wasted_ms for ledger in ledgers]),
        "wasted_usd": added([ledger.wasted_usd for ledger in ledgers]),
        "audio_tokens_out": sum(ledger.billed_tokens for ledger in ledgers),
    }


def _money(turn: TurnFacts, usages: Sequence[Mapping[str, Any]], context: Context) -> dict[str, Any]:
    """Return what a turn costs, and how much of it is paid for what was sent or said before."""
    shares = list(context.shares.values())
    used, model = turn.transcription_usage, turn.transcription_model
    return {
        "history_tokens": sum(share.history_tokens for share in shares),
        "cost_usd": added([cost_usd(usage, context.price) for usage in usages]) if usages else None,
        "history_usd": added([share.history_usd for share in shares]) if usages else None,
        "transcription_usd": cost_usd(used, price_of(model, context.prices)) if used and model else None,
    }


def _latency(turn: TurnFacts, items: list[ItemFacts], end_ms: float | None, read_track: ReadTrack) -> dict[str, Any]:
    """Return the latency stack of one turn; every part that cannot be known is None."""
    first = items[0] if items else None
    created_ms = _ms(turn.responses[0].created_ns) if turn.responses else None
    stopped_ms = _ms(turn.stopped_ns)
    delta_ms = _ms(first.first_delta_ns) if first else None
    played_ms = _ms(first.played_ns) if first else None
    silence_ms = _leading_silence_ms(first, read_track) if first else None
    audible_ms = _first_audible_ms(first, read_track) if first else None
    parts = {
        "endpoint_ms": _between(end_ms, stopped_ms),
        "request_ms": _between(stopped_ms, created_ms),
        "model_ms": _between(created_ms, delta_ms),
        "playout_ms": _between(delta_ms, played_ms),
        "leading_silence_ms": silence_ms,
    }
    voice_to_voice = _between(end_ms, audible_ms)
    known = [part for part in parts.values() if part is not None]
    return {
        **parts,
        "first_audible_ms": audible_ms,
        "voice_to_voice_ms": voice_to_voice,
        "from_stopped_ms": _between(stopped_ms, audible_ms),
        "residual_ms": voice_to_voice - sum(known) if voice_to_voice is not None and len(known) == 5 else None,
        # What is usually called time to first audio: it hides the wait for silence.
        "first_audio_ms": _between(stopped_ms if stopped_ms is not None else _ms(turn.requested_ns), delta_ms),
    }


def _leading_silence_ms(item: ItemFacts, read_track: ReadTrack) -> float | None:
    if item.output_start is None:
        return None
    n = min(item.n_samples, _LOOK_MS * TRACK_RATE_HZ // 1000)
    samples = read_track("output", item.output_start, n)
    return audible_start_ms(samples, TRACK_RATE_HZ) if len(samples) else None


def _first_audible_ms(item: ItemFacts, read_track: ReadTrack) -> float | None:
    """Return the instant at which the first audible sample of an item was heard."""
    if not item.heard_refs:
        return None
    start = item.heard_refs[0][0]
    stretches: list[list[int]] = []
    for ref_start, n in item.heard_refs:
        if ref_start - start > _LOOK_MS * TRACK_RATE_HZ // 1000:
            break
        if stretches and sum(stretches[-1]) == ref_start:
            stretches[-1][1] += n  # to open a file costs more than to read from it
        else:
            stretches.append([ref_start, n])
    heard = [read_track("heard", stretch_start, n) for stretch_start, n in stretches]
    samples = np.concatenate(heard)
    audible = audible_start_ms(samples, TRACK_RATE_HZ) if len(samples) else None
    return None if audible is None else start * 1000 / TRACK_RATE_HZ + audible


def _ms(t_ns: int | None) -> float | None:
    return None if t_ns is None else t_ns / 1e6


def _between(start_ms: float | None, end_ms: float | None) -> float | None:
    return None if start_ms is None or end_ms is None else end_ms - start_ms
