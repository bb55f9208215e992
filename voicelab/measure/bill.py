"""A calculator: how truncation, the context limit and edited instructions change the bill of a conversation.

In: a conversation as tokens (of a run, or made up), terms, a price.  Out: a `Bill`, turn by turn.
Does not know: runs, figures, or what was said.

It does what the embedded server does, with the same functions: everything is given again for each response; when it is
more than fits, the oldest messages are left out (``protocol.truncation``) and stay out; of the rest, the beginning that
one of the last contexts began with is cached (``protocol.usage``).  Assumptions, to be kept in mind:

- A cache always has what it may have. The hosted one is best effort; ``hit_rate`` below 1 takes a share away.
- Edited instructions are as long as before, and end the cached beginning at once, since they are the first of it.
- A reply comes back as input as long as it was made (or as was kept of it), with its transcript.
- No cache outlives the conversation or was there before it. Transcription is not in it.

Sources: OpenAI's realtime cost guide (what is billed, tokens a second, its example of two turns) and API description
(``truncation``: with 32k tokens of context and 4,096 for the reply, 28,224 are left for the input).
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from voicelab.errors import ConfigError
from voicelab.measure.facts import ResponseFacts
from voicelab.measure.history import input_splits
from voicelab.measure.prices import Price, cost_usd
from voicelab.protocol.items import Item, Message
from voicelab.protocol.settings import RetentionRatio, TokenLimits, Truncation
from voicelab.protocol.truncation import n_to_drop, room_for_items
from voicelab.protocol.usage import Block, assistant_audio_tokens, usage, user_audio_tokens

#: Input tokens of a 32k model whose reply may have 4,096.
INPUT_LIMIT_TOKENS = 28_224
#: Of English at 150 words a minute and three quarters of a word a token.
TEXT_TOKENS_A_SECOND = 10 / 3
#: So many earlier contexts count as cached beginnings, as in the embedded server.
_REMEMBERED_CONTEXTS = 8
_MS = 1000


@dataclass(frozen=True)
class Exchange:
    """One response: what is new before it, and what it makes, in tokens.

    Parameters
    ----------
    user_text, user_audio : int
        New input: what was said or typed, or the result of a function.
    reply_text, reply_audio : int
        Output, as billed. A spoken reply has its transcript as text.
    kept_audio : int, optional
        The part of ``reply_audio`` that stays after a barge-in; by default all.
    """

    user_text: int = 0
    user_audio: int = 0
    reply_text: int = 0
    reply_audio: int = 0
    kept_audio: int | None = None


@dataclass(frozen=True)
class Conversation:
    """Exchanges, and the tokens of the instructions and tools in front of them."""

    instructions_tokens: int
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True)
class Terms:
    """What the session sets, and what the cache gives.

    Parameters
    ----------
    limit_tokens : int
        The most that a response may be given.
    truncation : "auto", "disabled" or RetentionRatio
        The session's ``truncation``; see `keeping`.
    edits : frozenset of int
        Before which exchanges (from 1) the instructions are edited.
    hit_rate : float
        The share of what could be cached that is, 0 to 1.

    Raises
    ------
    ConfigError
        A value out of its range.
    """

    limit_tokens: int = INPUT_LIMIT_TOKENS
    truncation: Truncation = "auto"
    edits: frozenset[int] = frozenset()
    hit_rate: float = 1.0

    def __post_init__(self) -> None:
        if self.limit_tokens < 1:
            raise ConfigError(f"limit_tokens must be 1 or more, not {self.limit_tokens}.", param="limit_tokens")
        if not 0 <= self.hit_rate <= 1:
            raise ConfigError(f"hit_rate must be from 0 to 1, not {self.hit_rate:g}.", param="hit_rate")


@dataclass(frozen=True)
class BilledExchange:
    """One line of the bill.

    Parameters
    ----------
    number : int
        Of the exchange, from 1.
    usage : dict
        As a server would report it.
    n_dropped : int
        Messages that had to be left out from here on.
    cost_usd, so_far_usd : float or None
        Of this exchange, and from the first to this one; None: the price is unknown.
    """

    number: int
    usage: dict[str, Any]
    n_dropped: int
    cost_usd: float | None
    so_far_usd: float | None


@dataclass(frozen=True)
class Bill:
    """A whole conversation's bill.

    Parameters
    ----------
    lines : tuple of BilledExchange
    refused_at : int or None
        The exchange that the server answers with an error, because its input is too long and may not be shortened;
        nothing comes after it.
    """

    lines: tuple[BilledExchange, ...]
    refused_at: int | None = None

    @property
    def total_usd(self) -> float | None:
        """What all of it costs; None: unknown."""
        return self.lines[-1].so_far_usd if self.lines else 0.0

    @property
    def cached_share(self) -> float | None:
        """Cached tokens / input tokens, a ratio of sums; None without input."""
        given = sum(line.usage["input_tokens"] for line in self.lines)
        cached = sum(line.usage["input_token_details"]["cached_tokens"] for line in self.lines)
        return cached / given if given else None

    @property
    def n_truncations(self) -> int:
        """How often something had to be left out."""
        return sum(line.n_dropped > 0 for line in self.lines)


def bill(conversation: Conversation, terms: Terms, price: Price | None) -> Bill:
    """Return what a conversation costs under some terms.

    Parameters
    ----------
    conversation : Conversation
        See `conversation_of` and `made_up`.
    terms : Terms
    price : Price or None
        None: tokens without money.
    """
    items: list[Item] = []
    blocks: list[Block] = []
    earlier: deque[Sequence[Block]] = deque(maxlen=_REMEMBERED_CONTEXTS)
    lines: list[BilledExchange] = []
    version, so_far = 0, 0.0 if price is not None else None
    for number, exchange in enumerate(conversation.exchanges, 1):
        version += number in terms.edits
        head = Block(f"instructions {version}", conversation.instructions_tokens)
        items.append(Message(role="user"))
        blocks.append(Block(f"user {number}", exchange.user_text, exchange.user_audio))
        room = room_for_items(conversation.instructions_tokens, terms.limit_tokens, terms.truncation)
        n_dropped = n_to_drop(items, blocks, room, terms.truncation)
        if n_dropped is None:
            return Bill(tuple(lines), refused_at=number)
        del items[:n_dropped], blocks[:n_dropped]
        context = (head, *blocks)
        used = _used(context, earlier, exchange, terms.hit_rate)
        earlier.append(context)
        items.append(Message(role="assistant"))
        kept = exchange.reply_audio if exchange.kept_audio is None else exchange.kept_audio
        blocks.append(Block(f"reply {number}", exchange.reply_text, kept))
        cost = cost_usd(used, price)
        so_far = None if cost is None or so_far is None else so_far + cost
        lines.append(BilledExchange(number, used, n_dropped, cost, so_far))
    return Bill(tuple(lines))


def keeping(retention_ratio: float | None, post_instructions: int | None = None) -> Truncation:
    """Return the ``truncation`` that keeps a share of what fits; None keeps as much as there is room for (``auto``).

    Parameters
    ----------
    retention_ratio : float or None
        0 to 1.
    post_instructions : int, optional
        A tighter limit for everything but the instructions and tools, in tokens.
    """
    if retention_ratio is None and post_instructions is None:
        return "auto"
    ratio = 1.0 if retention_ratio is None else retention_ratio
    if not 0 <= ratio <= 1:
        raise ConfigError(f"retention_ratio must be from 0 to 1, not {ratio:g}.", param="retention_ratio")
    limits = None if post_instructions is None else TokenLimits(post_instructions=post_instructions)
    return RetentionRatio(retention_ratio=ratio, token_limits=limits)


def conversation_of(responses: Sequence[ResponseFacts], epoch: int | None = None) -> Conversation:
    """Return a run's conversation in tokens, so that it can be billed under other terms.

    Parameters
    ----------
    responses : sequence of ResponseFacts
        Of one run, in the order in which they were created.
    epoch : int, optional
        Which of its connections; by default the one with the most responses. Each has a conversation of its own.

    Returns
    -------
    Conversation
        The new text of the first response is taken for the instructions and tools. A reply that was cut off comes back
        with the sound that was remembered and its whole transcript: a usage does not tell how much of that was.
    """
    splits = input_splits(responses)
    told = [response for response in responses if response.response_id in splits]
    if epoch is None and told:
        epoch = Counter(response.epoch for response in told).most_common(1)[0][0]
    exchanges: list[Exchange] = []
    instructions = 0
    for response in told:
        if response.epoch != epoch:
            continue
        text, audio = splits[response.response_id]["text"], splits[response.response_id]["audio"]
        if not exchanges:
            instructions = text.new
        exchanges.append(Exchange(text.new if exchanges else 0, audio.new, text.out, audio.out, audio.kept))
    return Conversation(instructions, tuple(exchanges))


def made_up(
    n_turns: int, *, user_seconds: float = 4.0, reply_seconds: float = 6.0, instructions_tokens: int = 500
) -> Conversation:
    """Return a conversation whose turns are all alike: 10 tokens a second of the user, 20 of the reply and its words.

    Parameters
    ----------
    n_turns : int
    user_seconds, reply_seconds : float
        How long each side speaks in a turn.
    instructions_tokens : int
        Instructions and tools.
    """
    if n_turns < 0 or user_seconds < 0 or reply_seconds < 0 or instructions_tokens < 0:
        raise ConfigError("n_turns, user_seconds, reply_seconds and instructions_tokens must be 0 or more.")
    exchange = Exchange(
        user_audio=user_audio_tokens(user_seconds * _MS),
        reply_text=math.ceil(reply_seconds * TEXT_TOKENS_A_SECOND),
        reply_audio=assistant_audio_tokens(reply_seconds * _MS),
    )
    return Conversation(instructions_tokens, (exchange,) * n_turns)


def every(n_turns: int, step: int) -> frozenset[int]:
    """Return the exchanges before which instructions are edited when that happens every ``step`` turns; 0: never."""
    return frozenset(range(step + 1, n_turns + 1, step)) if step > 0 else frozenset()


def _used(
    context: Sequence[Block], earlier: Sequence[Sequence[Block]], exchange: Exchange, hit_rate: float
) -> dict[str, Any]:
    counted: dict[str, Any] = msgspec.to_builtins(
        usage(context, earlier, output_text=exchange.reply_text, output_audio=exchange.reply_audio)
    )
    if hit_rate < 1:
        inputs = counted["input_token_details"]
        cached = {name: math.floor(n * hit_rate) for name, n in inputs["cached_tokens_details"].items()}
        inputs["cached_tokens_details"], inputs["cached_tokens"] = cached, sum(cached.values())
    return counted
