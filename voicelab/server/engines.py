"""What the embedded server thinks with: ears, voice, mind, and what it says of them.

In: engines that were opened elsewhere.  Out: one frozen bundle for each connection.
Does not know: whether an engine lives in a worker process or in this one.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voicelab.engines.base import HearingHandle, SpeakingHandle
from voicelab.engines.reply import ReplyEngine
from voicelab.errors import ConfigError
from voicelab.turns.scores import Scorer


@dataclass(frozen=True)
class Engines:
    """The engines of one connection.

    Parameters
    ----------
    open_scorer : callable
        Makes the speech scorer of a session.
    open_hearing : callable, optional
        Opens the recogniser of a session; None: this server recognises no words.
    speaking : SpeakingHandle, optional
        The synthesiser, shared by all sessions; None: this server answers in text only.
    reply : ReplyEngine
        What decides the answer.
    about : dict
        What stands in ``session.voicelab``, so that every log says what it talked with.
    """

    open_scorer: Callable[[], Scorer]
    reply: ReplyEngine
    about: dict[str, Any]
    open_hearing: Callable[[], Awaitable[HearingHandle]] | None = None
    speaking: SpeakingHandle | None = None


REPLY_SHARE = 8


@dataclass(frozen=True)
class ServerOptions:
    """How the server behaves towards every client.

    Parameters
    ----------
    audio_speed : float
        How many times faster than real time a reply's audio is sent; never all at once, so that a barge-in finds
        something to cancel.
    session_seconds : float
        Life of a session; the hosted service ends one after 60 minutes.
    context_tokens : int
        The context limit, of which an eighth is kept free for the reply: 32,768 and 4,096 as gpt-realtime has them.
    requests_a_minute, tokens_a_minute : int
        Rate limits of one session.
    blocked_words : tuple of str
        A reply that comes to one of these words ends there, ``incomplete`` for ``content_filter``: so that a client's
        handling of that can be tried.
    trace : Path, optional
        A folder in which each session is written down from the server's side, as a run of its own.
    secrets : tuple of str
        The server's keys, which are hidden in a trace.
    """

    audio_speed: float = 3.0
    session_seconds: float = 3600.0
    context_tokens: int = 32_768
    requests_a_minute: int = 1_000
    tokens_a_minute: int = 4_000_000
    blocked_words: tuple[str, ...] = ()
    trace: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.session_seconds < math.inf:
            raise ConfigError(
                f"session_seconds must be a number above 0, not {self.session_seconds:g}", param="session_seconds"
            )
        object.__setattr__(self, "blocked_words", tuple(word.lower() for word in self.blocked_words))
        for name in ("context_tokens", "requests_a_minute", "tokens_a_minute"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more, not {getattr(self, name)}", param=name)

    @property
    def input_tokens(self) -> int:
        """How many tokens a response may be given."""
        return self.context_tokens - self.context_tokens // REPLY_SHARE
