"""Token counts as the embedded server estimates them, by the published rules.

In: texts, milliseconds of audio, the context of each response.  Out: `Usage` objects.
Does not know: prices (``measure``), or what a hosted model would really have counted: text tokens are estimated as one
per four characters, and everything here is marked as an estimate by the run's manifest.
Source: OpenAI's realtime cost guide: user audio 1 token per 100 ms, assistant audio 1 token per 50 ms; the whole
conversation is billed as input again on each response; a prefix that was billed before is cached.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voicelab.protocol.server_events import InputTokenDetails, OutputTokenDetails, TokenDetails, Usage

USER_AUDIO_MS_PER_TOKEN = 100
ASSISTANT_AUDIO_MS_PER_TOKEN = 50
CHARACTERS_PER_TEXT_TOKEN = 4


def text_tokens(text: str) -> int:
    """Estimate the text tokens of a text: one for each four characters, rounded up."""
    return math.ceil(len(text) / CHARACTERS_PER_TEXT_TOKEN)


def user_audio_tokens(audio_ms: float) -> int:
    """Return the audio tokens of so many milliseconds of the user's audio."""
    return math.ceil(audio_ms / USER_AUDIO_MS_PER_TOKEN)


def assistant_audio_tokens(audio_ms: float) -> int:
    """Return the audio tokens of so many milliseconds of the assistant's audio."""
    return math.ceil(audio_ms / ASSISTANT_AUDIO_MS_PER_TOKEN)


@dataclass(frozen=True)
class Block:
    """One piece of a response's context: the instructions, the tools, or an item.

    Parameters
    ----------
    key : str
        Changes whenever the content changes; equal keys mean equal content.
    text_tokens, audio_tokens : int
        What the piece counts as input.
    """

    key: str
    text_tokens: int = 0
    audio_tokens: int = 0


def n_tokens(blocks: Iterable[Block]) -> int:
    """Return how many tokens some pieces count together."""
    return sum(block.text_tokens + block.audio_tokens for block in blocks)


def cached_prefix(context: Sequence[Block], earlier: Iterable[Sequence[Block]]) -> Sequence[Block]:
    """Return the blocks at the front of ``context`` that stood at the front of an earlier context as well."""
    return context[: max((_n_common(context, before) for before in earlier), default=0)]


def _n_common(context: Sequence[Block], before: Sequence[Block]) -> int:
    pairs = enumerate(zip(context, before, strict=False))
    return next((n for n, (here, there) in pairs if here != there), min(len(context), len(before)))


def usage(
    context: Sequence[Block], earlier: Iterable[Sequence[Block]], *, output_text: int, output_audio: int
) -> Usage:
    """Return the usage of one response.

    Parameters
    ----------
    context, earlier
        What this response was given, and what responses before it were given.
    output_text, output_audio : int
        Tokens that were made.
    """
    cached = cached_prefix(context, earlier)
    text, audio = sum(b.text_tokens for b in context), sum(b.audio_tokens for b in context)
    cached_text, cached_audio = sum(b.text_tokens for b in cached), sum(b.audio_tokens for b in cached)
    return Usage(
        total_tokens=text + audio + output_text + output_audio,
        input_tokens=text + audio,
        output_tokens=output_text + output_audio,
        input_token_details=InputTokenDetails(
            text_tokens=text,
            audio_tokens=audio,
            cached_tokens=cached_text + cached_audio,
            cached_tokens_details=TokenDetails(text_tokens=cached_text, audio_tokens=cached_audio),
        ),
        output_token_details=OutputTokenDetails(text_tokens=output_text, audio_tokens=output_audio),
    )
