"""How much of what a response is given had been sent or said before: bytes travel once, history is billed every turn.

In: the responses of a run in order, a price.  Out: for each response its input split into history and what is new.
Does not know: which items the input is made of; a usage tells only sums.

Of each modality, within one connection: ``history = min(in, in before + out before)``, where "before" is the response
before of the conversation; the rest is new. Cached tokens are the beginning of the input, so they belong to history
first. Three things a usage cannot tell, and what is done:

- A reply that was cut off comes back shorter than it was made: of its sound only what was remembered after the
  truncation counts as said before (1 token for 50 ms, OpenAI's realtime cost guide).
- Old messages that the server dropped hide as many new tokens: history is then too large by what is new.
- A response outside the conversation has an input of its own: only what was cached is known to be history, and the
  next response does not begin where it ended.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from voicelab.measure.facts import ResponseFacts
from voicelab.measure.prices import Price, input_by_modality, tokens_by_meter, usd_per_million
from voicelab.protocol.usage import ASSISTANT_AUDIO_MS_PER_TOKEN
from voicelab.runlog.record import TRACK_RATE_HZ

_TOKENS_A_PRICE = 1_000_000


@dataclass(frozen=True)
class Split:
    """Tokens of one modality in one response.

    Parameters
    ----------
    history : int
        Input that had been sent or said before.
    new : int
        The rest of the input. Of the first response of a connection the instructions and tools are among it.
    cached : int
        As reported; may be more than the input.
    out : int
        Output, as billed.
    kept : int
        The part of ``out`` that the conversation remembers.
    """

    history: int
    new: int
    cached: int
    out: int
    kept: int

    @property
    def given(self) -> int:
        """All of the input."""
        return self.history + self.new

    @property
    def after(self) -> int:
        """What a response that follows is given at least."""
        return self.given + self.kept


@dataclass(frozen=True)
class Share:
    """The input of one response: what had been sent or said before, and what is new.

    Parameters
    ----------
    history_tokens, new_tokens : int
        All modalities together; both together are the input.
    history_usd, new_usd : float or None
        What each costs; both together are what the input costs. None: a price is unknown.
    """

    history_tokens: int
    new_tokens: int
    history_usd: float | None
    new_usd: float | None


def input_splits(responses: Iterable[ResponseFacts]) -> dict[str, dict[str, Split]]:
    """Return for each response that told its usage by modality how its tokens divide, by modality.

    Parameters
    ----------
    responses : iterable of ResponseFacts
        Of one run, in the order in which they were created.

    Returns
    -------
    dict
        By response id, then by modality (``text``, ``audio``, ``image``).
    """
    before: dict[int, Mapping[str, Split]] = {}
    conversed: set[int] = set()
    splits: dict[str, dict[str, Split]] = {}
    for response in responses:
        if not (response.usage or {}).get("input_token_details"):
            continue
        # Before the first user turn a greeting belongs to no turn and is still part of the conversation.
        outside = response.turn is None and response.epoch in conversed
        found = _split(response, None if outside else before.get(response.epoch, {}))
        splits[response.response_id] = found
        if not outside:
            before[response.epoch] = found
        if response.turn is not None:
            conversed.add(response.epoch)
    return splits


def history_shares(responses: Sequence[ResponseFacts], price: Price | None) -> dict[str, Share]:
    """Return for each response how much of its input is history, and what that costs.

    Parameters
    ----------
    responses : sequence of ResponseFacts
        Of one run, in the order in which they were created.
    price : Price or None
        None leaves the money None.

    Returns
    -------
    dict of str to Share
        By response id; a response whose usage is unknown, or not told by modality, is not in it.
    """
    return {
        response_id: Share(
            sum(split.history for split in found.values()),
            sum(split.new for split in found.values()),
            *_input_usd(found, price),
        )
        for response_id, found in input_splits(responses).items()
    }


def _split(response: ResponseFacts, before: Mapping[str, Split] | None) -> dict[str, Split]:
    """Split one usage; ``before`` is that of the response before, None for one outside the conversation."""
    counts = tokens_by_meter(response.usage)
    found = {}
    for modality, given in input_by_modality(response.usage).items():
        cached, out = counts.get(f"{modality} cached", 0), counts.get(f"{modality} out", 0)
        history = min(given, cached if before is None else _after(before, modality))
        kept = min(out, _remembered_tokens(response)) if modality == "audio" and _was_cut(response) else out
        found[modality] = Split(history, given - history, cached, out, kept)
    return found


def _after(splits: Mapping[str, Split], modality: str) -> int:
    return splits[modality].after if modality in splits else 0


def _was_cut(response: ResponseFacts) -> bool:
    return any(item.remembered_ms is not None for item in response.items.values())


def _remembered_tokens(response: ResponseFacts) -> int:
    lengths_ms = (
        item.n_samples * 1000 / TRACK_RATE_HZ if item.remembered_ms is None else item.remembered_ms
        for item in response.items.values()
    )
    return sum(math.ceil(ms / ASSISTANT_AUDIO_MS_PER_TOKEN) for ms in lengths_ms)


def _input_usd(splits: Mapping[str, Split], price: Price | None) -> tuple[float | None, float | None]:
    """Return what history and what is new cost; None as soon as one of their tokens has no price."""
    if price is None:
        return None, None
    sums: list[float | None] = [0.0, 0.0]
    for modality, split in splits.items():
        old_cached = min(split.cached, split.history)
        fresh = max(0, split.given - split.cached)
        old_fresh = min(fresh, split.history - old_cached)
        parts = ((old_cached, old_fresh), (split.cached - old_cached, fresh - old_fresh))
        for k, (n_cached, n_fresh) in enumerate(parts):
            for n, meter in ((n_cached, f"{modality} cached"), (n_fresh, f"{modality} in")):
                usd, so_far = usd_per_million(meter, price), sums[k]
                if n and (usd is None or so_far is None):
                    sums[k] = None
                elif n and usd is not None and so_far is not None:
                    sums[k] = so_far + n * usd / _TOKENS_A_PRICE
    return sums[0], sums[1]
