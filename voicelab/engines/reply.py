"""What a reply engine is asked, and what it gives back.

In: a `ReplyRequest`, everything that is known when a response begins. Out: an asynchronous stream of
parts: words to say, the speaker's own audio to give back, a function of the client to call. Does not
know: sockets, sessions, voices, or how words become sound; a part is only data.

A part carries its own spacing: ``"".join`` over the texts of all parts is exactly what the reply says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from voicelab.audio.samples import Samples
from voicelab.protocol.items import Item
from voicelab.protocol.settings import FunctionChoice, FunctionTool


@dataclass(frozen=True, eq=False)
class UserAudio:
    """What the user said last, as sound, and what was measured of it.

    Parameters
    ----------
    samples : Samples
        Mono at 24,000 Hz, shape (n,).
    longest_pause_ms : float
        The longest silence between two stretches of speech.
    speech_ms : float
        How long the user spoke.
    """

    samples: Samples
    longest_pause_ms: float
    speech_ms: float


@dataclass(frozen=True, eq=False, kw_only=True)
class ReplyRequest:
    """Everything that a reply engine may use for one response.

    Parameters
    ----------
    now : datetime
        Wall clock of the moment; engines have no clock of their own.
    items : tuple[Item, ...]
        What the conversation remembers, oldest first; an interrupted assistant message holds only the words
        that were heard.
    instructions : str
        The session's instructions, or those of this response.
    tools : tuple[FunctionTool, ...]
        Functions that the client declared.
    tool_choice : FunctionChoice
        ``auto``, ``none``, ``required`` or one named function.
    text : str
        The user's latest words, recognised or typed; empty for none.
    rejected : bool
        The recogniser does not believe its own words, so nobody should.
    audio : UserAudio, optional
        The user's latest audio, if there was any.
    seed : int
        Picks among equally good answers.
    """

    now: datetime
    items: tuple[Item, ...] = ()
    instructions: str = ""
    tools: tuple[FunctionTool, ...] = ()
    tool_choice: FunctionChoice = "auto"
    text: str = ""
    rejected: bool = False
    audio: UserAudio | None = None
    seed: int = 0


@dataclass(frozen=True)
class Say:
    """Words to be spoken or sent: one sentence or more, with the space that parts them from what follows."""

    text: str


@dataclass(frozen=True, eq=False)
class PlayBack:
    """Audio to be given back as it is (mono, 24,000 Hz, shape (n,)), and its line in the transcript."""

    samples: Samples
    text: str = ""


@dataclass(frozen=True)
class CallTool:
    """A function of the client to call, with arguments that satisfy the schema which the client declared."""

    name: str
    arguments: Mapping[str, Any]


ReplyPart: TypeAlias = Say | PlayBack | CallTool


class ReplyEngine(Protocol):
    """Anything that can answer.

    Attributes
    ----------
    name : str
        ``guide``, ``mirror`` or ``chat``; stands in tables and manifests.
    is_model : bool
        False for rules: they must never be called a model.
    scenario : tuple[str, ...]
        Phrases from which the recogniser's language model is built; empty when any words may come.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def is_model(self) -> bool: ...  # noqa: D102

    @property
    def scenario(self) -> tuple[str, ...]: ...  # noqa: D102

    def reply(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        """Answer one request, part by part; closing the iterator ends the answer at once.

        Raises
        ------
        EngineError
            The engine cannot answer; the line says why and what to do.
        """
        ...
