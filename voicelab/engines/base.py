"""What a hearing and a speaking engine are: types only, no engine.

In: nothing. Out: the values engines exchange with their users (:class:`SpeechChunk`, :class:`Heard`), the
two kinds of synchronous engine (:class:`Speaker`, :class:`Recogniser`), and the two handles a server holds
(:class:`SpeakingHandle`, :class:`HearingHandle`), behind which the engine may live in another process.
Does not know: any particular engine, processes, the protocol.

All audio is 16-bit mono at 24,000 Hz.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Protocol

from voicelab.audio.samples import Samples


@dataclass(frozen=True)
class SpeechChunk:
    """A short stretch of synthetic speech.

    Attributes
    ----------
    samples : ndarray of int16, shape (n,)
        The sound, mono, 24,000 Hz; 100 ms or less.
    text : str
        The words whose sound begins in this chunk, with their spacing and punctuation, ``""`` when none
        does. The texts of all chunks of a reply, joined, are exactly the text that was asked for.
    """

    samples: Samples
    text: str


@dataclass(frozen=True)
class Heard:
    """What a recogniser makes of one turn.

    Attributes
    ----------
    text : str
        Lower-case words, ``""`` when there were none.
    rejected : bool
        The recogniser does not trust its words: they are probably not what was said. Always False for an
        empty text.
    confidence : float
        0 (none) to 1 (sure). Comparable within one engine only.
    engine : str
        Which engine, and how it was set: ``"pocketsphinx guide"``, ``"pocketsphinx dictation"``.
    """

    text: str
    rejected: bool
    confidence: float
    engine: str


class Speaker(Protocol):
    """A synchronous engine that turns text into speech."""

    def speak(self, text: str, voice: str, speed: float) -> Iterator[SpeechChunk]:
        """Speak ``text``, chunk by chunk; the caller may stop taking chunks at any point.

        Parameters
        ----------
        text : str
            What to say.
        voice : str
            A name that ``voices.voice_named`` knows.
        speed : float
            0.25 (slow) to 1.5 (fast); 1 is the voice's own pace.

        Raises
        ------
        EngineError
            Engine not installed, or nothing to say.
        ConfigError
            Unknown voice or a speed out of range.
        """
        ...


class Recogniser(Protocol):
    """A synchronous engine that turns speech into words, one for each session.

    The calls of one turn: ``start``, any number of ``feed``, ``pause`` and ``resume`` as the speaker stops
    and goes on, then ``finish``. Equal turns give equal results, whatever was heard before.
    """

    def start(self) -> None:
        """Begin a turn; an unfinished one is forgotten."""
        ...

    def feed(self, samples: Samples) -> str:
        """Listen to more audio.

        Returns
        -------
        str
            The words so far when they changed, else ``""``.
        """
        ...

    def pause(self) -> None:
        """Close the segment early, since the speaker may be done; what is fed from here on is only kept aside."""
        ...

    def resume(self) -> None:
        """Open another segment, since the speaker went on; it begins with the audio kept aside."""
        ...

    def finish(self) -> Heard:
        """End the turn.

        Returns
        -------
        Heard
            The words of all segments, joined.
        """
        ...


class HearingHandle(Protocol):
    """A recogniser at a distance, as the event loop of a server sees it.

    ``start``, ``feed``, ``pause`` and ``resume`` only post and never block or raise; a failure shows in
    ``finish``.
    """

    partial: str
    """The words so far of the running turn."""

    def start(self) -> None:
        """Post :meth:`Recogniser.start`."""
        ...

    def feed(self, samples: Samples) -> None:
        """Post :meth:`Recogniser.feed`."""
        ...

    def pause(self) -> None:
        """Post :meth:`Recogniser.pause`."""
        ...

    def resume(self) -> None:
        """Post :meth:`Recogniser.resume`."""
        ...

    async def finish(self) -> Heard:
        """End the turn and wait for its words.

        Raises
        ------
        EngineError
            The engine failed during this turn; the next turn starts afresh.
        """
        ...

    async def close(self) -> None:
        """Let the engine go. Safe to call twice."""
        ...


class SpeakingHandle(Protocol):
    """A speaker at a distance, shared by all sessions of a server."""

    def speak(self, text: str, voice: str, speed: float) -> AsyncGenerator[SpeechChunk]:
        """Speak ``text`` as :meth:`Speaker.speak` does.

        Leaving the iterator (``break`` with ``aclose()``, or cancelling the task) silences it at once;
        other replies go on.

        Raises
        ------
        EngineError, ConfigError
            As the speaker's own.
        """
        ...

    async def close(self) -> None:
        """Let the engine go. Safe to call twice."""
        ...
