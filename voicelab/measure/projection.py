"""What the next turn will cost, and the session after so many more turns or minutes.

In: the responses of a run so far, a price.  Out: `Projection` values: an expected cost and an interval.
Does not know: what will be said. Transcription is not in it.

A further turn is taken to be like one of those seen: as many responses, as much new input, as much output, as many
tokens of history that the cache did not have, all on top of the conversation as it has grown by then. What was cached
is carried on as the tokens that were *not* found, not as a share: what misses the cache is mostly the last reply, which
stays as long as it is while the history grows. The first turn of a connection is no example (it brings the instructions
and finds nothing said before), except while there is no other; then its new text is taken for the instructions.

- Expected: the mean over the turns seen, at the length that the conversation is expected to have.
- Interval, from two turns up: 95 % of 1000 continuations whose turns are drawn from those seen, with a fixed seed
  (percentile bootstrap, metrics.md section 5; the unit that is drawn is the turn).
- Interval, with one turn: from everything said before being cached to nothing of it; expected: all but the last reply.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.measure.facts import ResponseFacts
from voicelab.measure.history import Split, input_splits
from voicelab.measure.prices import MODALITIES, Price, usd_per_million
from voicelab.measure.unit_costs import total_usd

_DRAWS = 1000
_LOW_HIGH = (2.5, 97.5)
_TOKENS_A_PRICE = 1_000_000
_MS_A_MINUTE = 60_000

Tokens = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """What further turns are expected to cost.

    Parameters
    ----------
    n_turns : int
        How many further turns.
    usd : float
        All of them together.
    low_usd, high_usd : float
        The interval; how it is found stands above.
    n_seen : int
        How many turns it is drawn from.
    spent_usd : float or None
        What the responses so far cost; None: unknown.
    """

    n_turns: int
    usd: float
    low_usd: float
    high_usd: float
    n_seen: int
    spent_usd: float | None

    @property
    def session_usd(self) -> float | None:
        """The whole session: what was spent, and the further turns."""
        return None if self.spent_usd is None else self.spent_usd + self.usd


@dataclass(frozen=True)
class _Seen:
    """The turns seen, one row each, one column a modality, and the conversation that they led to.

    ``n_responses`` (rows,): how often the conversation was billed; the others (rows, modalities) in tokens: ``new`` and
    ``out`` as billed, ``missed`` history that was not cached, ``within`` history that the turn itself brought about
    (a tool's result is new once and history in the response after it), ``growth`` of the conversation.
    """

    n_responses: Tokens
    new: Tokens
    out: Tokens
    missed: Tokens
    within: Tokens
    growth: Tokens
    context: Tokens
    only_first: bool


def next_turn(
    responses: Sequence[ResponseFacts], price: Price | None, *, limit_tokens: int | None = None
) -> Projection | None:
    """Return what the next turn is expected to cost; see `after_turns`."""
    return after_turns(responses, price, 1, limit_tokens=limit_tokens)


def after_turns(
    responses: Sequence[ResponseFacts],
    price: Price | None,
    n_turns: int,
    *,
    limit_tokens: int | None = None,
    seed: int = 0,
) -> Projection | None:
    """Return what a number of further turns is expected to cost.

    Parameters
    ----------
    responses : sequence of ResponseFacts
        Of a run so far, in the order in which they were created.
    price : Price or None
    n_turns : int
        1 or more.
    limit_tokens : int, optional
        The conversation never grows beyond it; the cache that a truncation costs is not counted (see `measure.bill`).
    seed : int
        Of the draws.

    Returns
    -------
    Projection or None
        None when a price is unknown, or no turn has told its usage yet.
    """
    found = curve(responses, price, n_turns, limit_tokens=limit_tokens, seed=seed)
    return found[-1] if found else None


def after_minutes(
    responses: Sequence[ResponseFacts],
    price: Price | None,
    minutes: float,
    so_far_ms: float,
    *,
    limit_tokens: int | None = None,
    seed: int = 0,
) -> Projection | None:
    """Return what further minutes are expected to cost, with as many turns a minute as so far (rounded up).

    Parameters
    ----------
    minutes : float
        Further ones.
    so_far_ms : float
        Length of the session so far.
    responses, price, limit_tokens, seed
        As for `after_turns`.
    """
    n_so_far = len({(r.epoch, r.turn) for r in responses if r.turn is not None and r.done_ns is not None})
    if not n_so_far or so_far_ms <= 0 or minutes <= 0:
        return None
    n_turns = math.ceil(n_so_far * minutes * _MS_A_MINUTE / so_far_ms)
    return after_turns(responses, price, n_turns, limit_tokens=limit_tokens, seed=seed)


def curve(
    responses: Sequence[ResponseFacts],
    price: Price | None,
    n_turns: int,
    *,
    limit_tokens: int | None = None,
    seed: int = 0,
) -> tuple[Projection, ...]:
    """Return the projections after 1, 2, ... further turns; empty where `after_turns` gives None."""
    done = [response for response in responses if response.done_ns is not None]
    seen = _seen(done)
    if price is None or seen is None or n_turns < 1:
        return ()
    rates = _rates(price, seen)
    if rates is None:
        return ()
    expected = np.cumsum(_expected_usd(seen, rates, n_turns, limit_tokens))
    low, high = _interval(seen, rates, n_turns, limit_tokens, seed)
    spent, n_seen = total_usd(done, price), len(seen.n_responses)
    return tuple(
        Projection(k + 1, float(expected[k]), float(low[k]), float(high[k]), n_seen, spent) for k in range(n_turns)
    )


def _seen(responses: Sequence[ResponseFacts]) -> _Seen | None:
    """Return the examples and where the conversation stands; None: no response has told its usage."""
    splits = input_splits(responses)
    groups: dict[tuple[int, int | None], list[Mapping[str, Split]]] = {}
    conversed: set[int] = set()
    for response in responses:
        if response.turn is None and response.epoch in conversed:
            continue  # outside the conversation
        if response.turn is not None:
            conversed.add(response.epoch)
        if response.response_id in splits:
            groups.setdefault((response.epoch, response.turn), []).append(splits[response.response_id])
    if not groups:
        return None
    firsts = {epoch: (epoch, turn) for epoch, turn in reversed(groups)}
    examples = [group for key, group in groups.items() if key not in firsts.values()]
    only_first = not examples
    examples = examples or list(groups.values())
    context = _after([*groups.values()][-1][-1])
    new = np.array([_sums(group, "new") for group in examples])
    growth = np.array([_after(group[-1]) - _of(group[0], "history") for group in examples])
    if only_first:
        text = MODALITIES.index("text")
        instructions = np.array([_of(group[0], "new")[text] for group in examples])
        new[:, text] -= instructions
        growth[:, text] -= instructions
    return _Seen(
        n_responses=np.array([float(len(group)) for group in examples]),
        new=new,
        out=np.array([_sums(group, "out") for group in examples]),
        missed=np.array([_missed(group) for group in examples]),
        within=np.array([_sums(group, "history") - len(group) * _of(group[0], "history") for group in examples]),
        growth=np.maximum(0.0, growth),
        context=context,
        only_first=only_first,
    )


def _of(split: Mapping[str, Split], field: str) -> Tokens:
    return np.array([float(getattr(split[modality], field)) for modality in MODALITIES])


def _after(split: Mapping[str, Split]) -> Tokens:
    return _of(split, "after")


def _sums(group: Sequence[Mapping[str, Split]], field: str) -> Tokens:
    return np.asarray(np.sum([_of(split, field) for split in group], axis=0))


def _missed(group: Sequence[Mapping[str, Split]]) -> Tokens:
    missed = [np.maximum(0.0, _of(split, "history") - _of(split, "cached")) for split in group]
    return np.asarray(np.sum(missed, axis=0))


def _rates(price: Price, seen: _Seen) -> tuple[Tokens, Tokens, Tokens] | None:
    """Return dollars a token, fresh, cached and out, by modality; None when one that will be needed is unknown."""
    used = (seen.context + seen.new.sum(axis=0)) > 0
    made = seen.out.sum(axis=0) > 0
    rows = []
    for way, needed in (("in", used), ("cached", used), ("out", made)):
        usd = [usd_per_million(f"{modality} {way}", price) for modality in MODALITIES]
        if any(n and value is None for n, value in zip(needed, usd, strict=True)):
            return None
        rows.append(np.array([value or 0.0 for value in usd]) / _TOKENS_A_PRICE)
    fresh, cached, out = rows
    return fresh, cached, out


def _turn_usd(
    seen: _Seen, rates: tuple[Tokens, Tokens, Tokens], which: NDArray[np.int64], context: Tokens, missed: Tokens
) -> Tokens:
    """Return the cost of turns like ``which`` (any shape) on a conversation of ``context`` tokens (shape, 3)."""
    fresh, cached, out = rates
    history = np.maximum(0.0, seen.n_responses[which, None] * context + seen.within[which])
    fresh_history = np.minimum(missed, history)
    parts = (history - fresh_history) * cached + (fresh_history + seen.new[which]) * fresh + seen.out[which] * out
    return np.asarray(parts.sum(axis=-1))


def _expected_usd(seen: _Seen, rates: tuple[Tokens, Tokens, Tokens], n_turns: int, limit_tokens: int | None) -> Tokens:
    steps = np.arange(n_turns)[:, None]
    context = _limited(seen.context + steps * seen.growth.mean(axis=0), limit_tokens)
    which = np.tile(np.arange(len(seen.n_responses)), (n_turns, 1))
    # The last reply was never part of an input, so no cache has it.
    missed = seen.growth - seen.new if seen.only_first else seen.missed
    return np.asarray(_turn_usd(seen, rates, which, context[:, None, :], missed[which]).mean(axis=1))


def _interval(
    seen: _Seen, rates: tuple[Tokens, Tokens, Tokens], n_turns: int, limit_tokens: int | None, seed: int
) -> tuple[Tokens, Tokens]:
    if len(seen.n_responses) == 1:
        which = np.zeros(n_turns, np.int64)
        context = _limited(seen.context + np.arange(n_turns)[:, None] * seen.growth[0], limit_tokens)
        bounds = [np.cumsum(_turn_usd(seen, rates, which, context, np.full(3, miss))) for miss in (0.0, np.inf)]
        return bounds[0], bounds[1]
    which = np.random.default_rng(seed).integers(len(seen.n_responses), size=(_DRAWS, n_turns))
    grown = np.cumsum(seen.growth[which], axis=1) - seen.growth[which]
    sums = np.cumsum(_turn_usd(seen, rates, which, _limited(seen.context + grown, limit_tokens), seen.missed[which]), 1)
    low, high = np.percentile(sums, _LOW_HIGH, axis=0)
    return low, high


def _limited(context: Tokens, limit_tokens: int | None) -> Tokens:
    """Return contexts (..., 3) shortened to the limit, each modality in proportion."""
    if limit_tokens is None:
        return context
    total = np.maximum(1.0, context.sum(axis=-1, keepdims=True))
    return np.asarray(context * np.minimum(1.0, limit_tokens / total))
