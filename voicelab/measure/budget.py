"""A limit in dollars: what was spent, what the next response is expected to cost, and whether it may begin.

In: usages as the server sent them, a price, what is known of the next turn.  Out: dollars, and yes or no.
Does not know: sessions or events; nothing here sends or stops anything.

What the next response is expected to cost, by modality (text, audio, image):

- *input*: what the last response was given and what it said, which is history by now (OpenAI's realtime cost guide: the
  whole conversation is input again), and the next question: as large as the last one, or as what is known of it
  already where that is more. The last question is what the last input had beyond the input and the output of the
  response before; of a connection's first response, its audio.
- *cached*: the same share of the input as at the last response, so that a cache that fails is believed.
- *output*: like the mean of all responses so far.

Before the first response only what is known counts: instructions, tools and items, estimated by the published rules
(`voicelab.protocol.usage`), at the fresh price, and no output. The same holds for the input on a new connection.
A response outside the conversation is expected to cost like the mean of those before it; the first like any other.

A reply may turn out longer than the mean: the limit can be passed by as much as one response costs more than expected.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from voicelab.errors import ConfigError
from voicelab.measure.prices import MODALITIES, Price, cost_usd

# Sums of dollars that are equal on paper are equal here.
_DIGITS = 12


@dataclass(frozen=True)
class Budget:
    """A limit for one session: it refuses before the next response, not after it.

    Parameters
    ----------
    limit_usd : float
        More than 0.

    Raises
    ------
    ConfigError
        The limit is no amount of money.
    """

    limit_usd: float

    def __post_init__(self) -> None:
        limit = self.limit_usd
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not (math.isfinite(limit) and limit > 0):
            raise ConfigError(
                f"a budget's limit is an amount in US dollars above 0, such as 0.50, not {limit!r}", param="limit_usd"
            )

    def refuses(self, spent_usd: float, projected_usd: float | None) -> bool:
        """Tell whether a response must not begin.

        Parameters
        ----------
        spent_usd : float
        projected_usd : float or None
            What it is expected to cost; None: nobody can tell, so it must not.
        """
        if projected_usd is None or spent_usd >= self.limit_usd:
            return True
        return round(spent_usd + projected_usd, _DIGITS) > self.limit_usd


def checked_budget(budget: Budget | None) -> Budget | None:
    """Return a budget that is one, or None.

    Raises
    ------
    ConfigError
        It is something else, such as a bare number.
    """
    if budget is not None and not isinstance(budget, Budget):
        raise ConfigError(f"budget must be vl.Budget(limit_usd=...), not {budget!r:.60}", param="budget")
    return budget


@dataclass(frozen=True)
class BudgetState:
    """How a session stands with its budget.

    Parameters
    ----------
    limit_usd, spent_usd : float
    projected_usd : float or None
        What the next response is expected to cost; None: nobody can tell.
    unpriced : int
        Usages that came and could not be priced: while there is one of a response, nobody knows what was spent.
    model : str
        Whose prices these are.
    billed : bool
        Whether anybody sends a bill; the embedded server does not, its figures are what the tokens would cost.
    holds_answers : bool
        Whether the server was told not to answer turns that it would have answered.
    """

    limit_usd: float
    spent_usd: float
    projected_usd: float | None
    unpriced: int
    model: str
    billed: bool
    holds_answers: bool = False

    @property
    def remaining_usd(self) -> float:
        """What is left, never below 0."""
        return max(0.0, round(self.limit_usd - self.spent_usd, _DIGITS))

    @property
    def refuses(self) -> bool:
        """Whether the next response would be refused now."""
        return Budget(self.limit_usd).refuses(self.spent_usd, self.projected_usd)

    def __str__(self) -> str:
        wording = "is spent" if self.billed else "would have been spent (nothing is billed)"
        return f"{usd_text(self.spent_usd)} of {usd_text(self.limit_usd)} {wording}"


@dataclass(frozen=True)
class Tokens:
    """A number of tokens by modality; a mean may be a fraction."""

    text: float = 0.0
    audio: float = 0.0
    image: float = 0.0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.text + other.text, self.audio + other.audio, self.image + other.image)

    def beyond(self, other: Tokens) -> Tokens:
        """Return what is here and not there, never below 0."""
        return Tokens(*(max(0.0, here - there) for here, there in zip(self._each, other._each, strict=True)))

    def at_least(self, other: Tokens) -> Tokens:
        """Return the larger number of each modality."""
        return Tokens(*map(max, self._each, other._each))

    def times(self, factor: float) -> Tokens:
        """Return so many times the tokens."""
        return Tokens(*(n * factor for n in self._each))

    @property
    def _each(self) -> tuple[float, float, float]:
        return self.text, self.audio, self.image


@dataclass(frozen=True)
class _Last:
    """The last response in the conversation of this connection."""

    input: Tokens
    cached: Tokens
    output: Tokens
    question: Tokens


@dataclass(frozen=True)
class Tally:
    """What a session has used so far: dollars, and what the next response is projected from.

    Every method returns a new tally. ``unpriced`` counts usages that could not be priced, ``unknown`` those among
    them that belong to responses: what was spent is not known then, so the next response costs nobody knows what.
    """

    spent_usd: float = 0.0
    unpriced: int = 0
    unknown: int = 0
    n_responses: int = 0
    output: Tokens = Tokens()
    n_asides: int = 0
    asides_usd: float = 0.0
    last: _Last | None = None

    def after_response(self, usage: Mapping[str, Any] | None, price: Price, *, asked: bool = True) -> Tally:
        """Count a response of the conversation.

        Parameters
        ----------
        usage : mapping or None
            ``response.done``'s.
        price : Price
        asked : bool
            Whether the user said something since the response before; what follows a function's result has no
            question of its own, so that the one before stays the last.
        """
        paid = self._paid(cost_usd(usage, price), of_response=True)
        inputs, outputs = _part(usage, "input_token_details"), _part(usage, "output_token_details")
        used, made = _tokens(inputs), _tokens(outputs)
        before = self.last
        if before is None:
            question = Tokens(audio=used.audio)
        else:
            question = used.beyond(before.input + before.output) if asked else before.question
        last = _Last(used, _tokens(_part(inputs, "cached_tokens_details")), made, question)
        return replace(paid, n_responses=self.n_responses + 1, output=self.output + made, last=last)

    def after_aside(self, usage: Mapping[str, Any] | None, price: Price) -> Tally:
        """Count a response outside the conversation."""
        usd = cost_usd(usage, price)
        return replace(
            self._paid(usd, of_response=True), n_asides=self.n_asides + 1, asides_usd=self.asides_usd + (usd or 0.0)
        )

    def after_cut_off(self, usage: Mapping[str, Any] | None, price: Price) -> Tally:
        """Count a response that was stopped for the budget's sake: it cost, and says nothing of the next."""
        return self._paid(cost_usd(usage, price), of_response=True)

    def after_transcription(self, usage: Mapping[str, Any] | None, price: Price | None) -> Tally:
        """Count a transcription, at the price of its own model; where that is unknown, as unpriced."""
        return self._paid(cost_usd(usage, price), of_response=False)

    def on_new_connection(self) -> Tally:
        """Keep what was spent; how large the conversation is on a new connection, the next usage tells."""
        return replace(self, last=None)

    def projected_usage(self, known: Tokens = Tokens()) -> dict[str, Any]:
        """Return what the next response in the conversation is expected to use, in the shape of a usage.

        Parameters
        ----------
        known : Tokens
            What its input is known to hold beside the history: after a response what was added since, before the
            first one of a connection all of it.
        """
        if self.last is None:
            used, cached = known, Tokens()
        else:
            last = self.last
            used = last.input + last.output + last.question.at_least(known)
            cached = Tokens(
                _share(last.cached.text, last.input.text) * used.text,
                _share(last.cached.audio, last.input.audio) * used.audio,
                _share(last.cached.image, last.input.image) * used.image,
            )
        made = self.output.times(1 / self.n_responses) if self.n_responses else Tokens()
        return {
            "input_token_details": {**_details(used, math.ceil), "cached_tokens_details": _details(cached, math.floor)},
            "output_token_details": _details(made, math.ceil),
        }

    def projected_usd(self, price: Price, known: Tokens = Tokens()) -> float | None:
        """Return what the next response in the conversation is expected to cost; None: nobody can tell."""
        return None if self.unknown else cost_usd(self.projected_usage(known), price)

    def projected_aside_usd(self, price: Price, known: Tokens = Tokens()) -> float | None:
        """Return what the next response outside the conversation is expected to cost; None: nobody can tell."""
        if self.unknown or not self.n_asides:
            return self.projected_usd(price, known)
        return self.asides_usd / self.n_asides

    def _paid(self, usd: float | None, *, of_response: bool) -> Tally:
        if usd is not None:
            return replace(self, spent_usd=self.spent_usd + usd)
        return replace(self, unpriced=self.unpriced + 1, unknown=self.unknown + of_response)


def can_be_counted(price: Price | None) -> bool:
    """Tell whether all that a spoken response is billed by has a price: text and audio, fresh, cached and out."""
    return price is not None and all(
        usd is not None for rate in (price.text, price.audio) for usd in (rate.fresh, rate.cached, rate.out)
    )


def usd_text(usd: float) -> str:
    """Return an amount as people read it: two digits, and as many more (six) as a small amount needs."""
    whole, _, fraction = f"{usd:.6f}".partition(".")
    return f"${whole}.{fraction.rstrip('0'):0<2}"


def _share(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole else 0.0


def _details(tokens: Tokens, rounded: Any) -> dict[str, int]:
    return {f"{modality}_tokens": rounded(getattr(tokens, modality)) for modality in MODALITIES}


def _tokens(details: Mapping[str, Any]) -> Tokens:
    return Tokens(*(float(details.get(f"{modality}_tokens") or 0) for modality in MODALITIES))


def _part(mapping: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    part = (mapping or {}).get(key)
    return part if isinstance(part, Mapping) else {}
