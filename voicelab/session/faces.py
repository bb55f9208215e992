"""Two faces of one session: `Session` for plain cells and scripts, `AsyncSession` for ``await``.

In: what a person calls, on any thread or loop.  Out: the same, done on the portal's loop.
Does not know: how anything is done (``core``).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias, Unpack

import msgspec

from voicelab.audio.clip import Clip, read_clip
from voicelab.audio.samples import Samples
from voicelab.errors import AudioError
from voicelab.measure.budget import BudgetState
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.protocol.client_events import ClientEvent
from voicelab.protocol.remembered import Remembered
from voicelab.protocol.server_events import Response
from voicelab.protocol.settings import ResponseParams
from voicelab.session.asking import ResponseOptions, ask_for, response_params
from voicelab.session.differences import Difference
from voicelab.session.live import LiveRun
from voicelab.session.microphone import Microphone
from voicelab.session.portal import Portal
from voicelab.session.profiles import PROFILES
from voicelab.session.source import require_speech
from voicelab.session.tools import Tool

ClipLike: TypeAlias = str | PathLike[str] | Clip
Closing: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


class _Face:
    """What both faces show without waiting."""

    def __init__(
        self, live: LiveRun, portal: Portal, closing: Closing, choose: Callable[[Mapping[str, str]], None]
    ) -> None:
        self._live = live
        self._portal = portal
        self._closing = closing
        self._choose = choose

    async def _reconnect(self, hearing: str | None, reply: str | None, settings: Mapping[str, Any]) -> None:
        change = ask_for(**settings)
        if chosen := {name: value for name, value in (("hearing", hearing), ("reply", reply)) if value is not None}:
            self._choose(chosen)
        await self._live.core.reconnect(change)

    @property
    def listening(self) -> str | None:
        """The microphone that is listened to, if any."""
        return self._live.core.listening.name

    @property
    def target(self) -> str:
        """With whom it is: a name that `voicelab.connect` knows, or an address without what may be a key."""
        plan = self._live.plan
        return plan.provider if plan.provider in PROFILES else plan.url.partition("?")[0]

    @property
    def tools(self) -> tuple[Tool, ...]:
        """Functions that the model may call."""
        return tuple(self._live.plan.tools.values())

    @property
    def folder(self) -> Path:
        """The run folder, written as things happen."""
        return self._live.plan.folder

    @property
    def log(self) -> Run:
        """The run so far; it grows. What is new in it (``since``) comes from memory, the rest from the folder."""
        return self._live.log

    @property
    def turns(self) -> list[Turn]:
        """All turns so far, spoken and typed."""
        return self.log.turn_list()

    @property
    def in_force(self) -> dict[str, Any]:
        """The configuration that the server last said is in force."""
        return self._live.core.in_force

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is in force otherwise than it was asked for, where the server shows it."""
        return self._live.core.differences

    @property
    def chunk_ms(self) -> int:
        """How much sound goes into an event; see `use_chunk`."""
        return self._live.core.chunk_ms

    @property
    def budget(self) -> BudgetState | None:
        """How it stands with the budget: ``limit_usd``, ``spent_usd``, ``remaining_usd``, ``projected_usd``."""
        return self._live.core.budget

    @property
    def errors(self) -> list[str]:
        """What the server complained about, oldest first; the last thousand (the log has all)."""
        return [error.message for error in self._live.core.errors.copy()]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._live.plan.provider}, {self.folder})"

    def _last_turn(self) -> Turn:
        turns = self.turns
        if not turns:
            raise AudioError("the run has no turn yet")
        return turns[-1]

    def _turn_of_response(self) -> Turn | None:
        turns = self.turns
        return turns[-1] if turns else None


class Session(_Face):
    """A session for plain code: every call waits until it is done."""

    def play(self, clip: ClipLike, labels: Mapping[str, Any] | None = None) -> Turn:
        """Say a clip at real-time pace and wait for the answers.

        Parameters
        ----------
        clip : path or Clip
            WAV, FLAC or OGG, any rate and channel count.
        labels : mapping, optional
            Known facts for the log: ``text``, ``speech_start_ms``, ``speech_end_ms`` (in the clip).

        Returns
        -------
        Turn
            The last turn; ``turns`` has all.

        Raises
        ------
        AudioError
            The file cannot be used, or nobody speaks in it.
        BudgetError
            The answer would pass the budget's limit: nothing was played. Or the limit was reached while it was played:
            its last turn is in the conversation, unanswered.
        TransportError
            The connection was lost; what had happened is in the run folder.
        """
        self._portal.call(self._live.core.play(_as_clip(clip), labels))
        return self._last_turn()

    def ask(self, text: str) -> Turn:
        """Send a typed message and wait for the answer.

        Raises
        ------
        BudgetError
            The answer would pass the budget's limit; nothing was sent.
        """
        self._portal.call(self._live.core.ask(text))
        return self._last_turn()

    def append(self, audio: Samples | bytes) -> None:
        """Send sound of your own, now and as it is, instead of the silence between clips.

        Parameters
        ----------
        audio : int16, shape (n,), 24 kHz; or bytes
            Bytes are in the session's input format already (``pcm``: 16-bit little endian, 24 kHz).

        Raises
        ------
        AudioError
            No int16 samples, or bytes that end in the middle of one.
        ConfigError
            A clip is being played.
        """
        self._portal.call(self._live.core.append(audio))

    def commit(self) -> str:
        """Make the appended sound a user message; return its item id. It is not answered: see `respond`.

        Raises
        ------
        ConfigError
            Less than 100 ms were appended; nothing was sent.
        """
        return self._portal.call(self._live.core.commit())

    def clear(self) -> None:
        """Throw away the sound that was appended and not committed."""
        self._portal.call(self._live.core.clear())

    def respond(self, **options: Unpack[ResponseOptions]) -> Turn | None:
        """Ask for a response and wait until it was heard; see `voicelab.session.asking.ResponseOptions`.

        Returns
        -------
        Turn or None
            The turn that was answered; None while nobody has said anything (a greeting).
        """
        params, tools = response_params(options)
        self._portal.call(self._live.core.respond(params, tools))
        return self._turn_of_response()

    def respond_aside(self, **options: Unpack[ResponseOptions]) -> Response:
        """Ask for a response outside the conversation, in text unless asked otherwise; it belongs to no turn.

        Returns
        -------
        Response
            When it is done: ``text_of(response.output[0])`` are its words; functions that it calls are not run.
        """
        return self._portal.call(self._live.core.respond_aside(_aside(options)))

    def request(self, event: ClientEvent) -> None:
        """Send any event of `voicelab.protocol.client_events`, and give the server a moment to refuse it.

        Raises
        ------
        ServerError
            The server answered with an ``error`` that names this event.
        """
        self._portal.call(self._live.core.request(event))

    def memory(self) -> tuple[Remembered, ...]:
        """Return the items that the server remembers, as far as it can be known here."""
        return self._portal.call(self._live.core.memory())

    def update(self, **settings: Any) -> dict[str, Any]:
        """Change settings live (see `voicelab.connect` for their names); return what is in force afterwards.

        What is in force otherwise than asked, without an error that says why, is told by a `SettingsWarning`.
        """
        return self._portal.call(self._live.core.update(ask_for(**settings)))

    def raise_budget(self, limit_usd: float) -> BudgetState | None:
        """Let the session go on up to a larger limit; if the server answered turns before, it does again.

        What was said meanwhile is answered by `respond`.

        Raises
        ------
        ConfigError
            The session has no budget, or the limit is not larger than the one it has.
        """
        return self._portal.call(self._live.core.raise_budget(limit_usd))

    def reconnect(self, *, hearing: str | None = None, reply: str | None = None, **settings: Any) -> None:
        """Open a new connection in the same run, with other settings and the conversation carried over.

        Parameters
        ----------
        hearing, reply : str, optional
            How the embedded server hears and who answers from now on; see `LocalServer`.
        **settings
            As for `update`.

        Raises
        ------
        ConfigError
            A wrong setting, or ``hearing`` or ``reply`` for another server; the connection is as it was.
        """
        self._portal.call(self._reconnect(hearing, reply, settings))

    def listen(self, microphone: Literal["device"] | Microphone = "device") -> None:
        """Send what a microphone hears from now on: the sound card's, or one of your own.

        Raises
        ------
        AudioError
            It cannot be had: says why, and what to do.
        """
        self._portal.call(_listen(self._live, microphone))

    def stop_listening(self) -> None:
        """Let the microphone go."""
        self._portal.call(self._live.core.stop_listening())

    def mute(self, muted: bool = True) -> None:
        """Send silence instead of what the microphone hears; ``mute(False)`` sends what it hears again."""
        self._portal.call(self._live.core.mute(muted))

    def use_chunk(self, chunk_ms: int) -> None:
        """Put so much sound into an event from now on: 20, 40, 60, 80 or 100 ms."""
        self._portal.call(self._live.core.use_chunk(chunk_ms))

    def interrupt(self) -> None:
        """Stop the reply as if the user had spoken."""
        self._portal.call(self._live.core.interrupt())

    def mark(self, text: str, at_ms: float | None = None) -> None:
        """Write a remark on the time line: about now, or about another moment of the run."""
        self._portal.call(self._live.core.mark(text, at_ms))

    def close(self) -> None:
        """End the session and complete the run folder."""
        self._portal.call(self._closing())


class AsyncSession(_Face):
    """The same session for ``await``; it still lives on its own thread, so a busy loop here does not stop the sound."""

    @property
    def plain(self) -> Session:
        """The same session for plain code, as on another thread."""
        return Session(self._live, self._portal, self._closing, self._choose)

    async def play(self, clip: ClipLike, labels: Mapping[str, Any] | None = None) -> Turn:
        """Say a clip at real-time pace and wait for the answers; see `Session.play`."""
        await self._portal.wait(self._live.core.play(_as_clip(clip), labels))
        return self._last_turn()

    async def ask(self, text: str) -> Turn:
        """Send a typed message and wait for the answer."""
        await self._portal.wait(self._live.core.ask(text))
        return self._last_turn()

    async def append(self, audio: Samples | bytes) -> None:
        """Send sound of your own, now and as it is; see `Session.append`."""
        await self._portal.wait(self._live.core.append(audio))

    async def commit(self) -> str:
        """Make the appended sound a user message; return its item id. See `Session.commit`."""
        return await self._portal.wait(self._live.core.commit())

    async def clear(self) -> None:
        """Throw away the sound that was appended and not committed."""
        await self._portal.wait(self._live.core.clear())

    async def respond(self, **options: Unpack[ResponseOptions]) -> Turn | None:
        """Ask for a response and wait until it was heard; see `Session.respond`."""
        params, tools = response_params(options)
        await self._portal.wait(self._live.core.respond(params, tools))
        return self._turn_of_response()

    async def respond_aside(self, **options: Unpack[ResponseOptions]) -> Response:
        """Ask for a response outside the conversation; see `Session.respond_aside`."""
        return await self._portal.wait(self._live.core.respond_aside(_aside(options)))

    async def request(self, event: ClientEvent) -> None:
        """Send any client event, and give the server a moment to refuse it; see `Session.request`."""
        await self._portal.wait(self._live.core.request(event))

    async def memory(self) -> tuple[Remembered, ...]:
        """Return the items that the server remembers, as far as it can be known here."""
        return await self._portal.wait(self._live.core.memory())

    async def update(self, **settings: Any) -> dict[str, Any]:
        """Change settings live; return what is in force afterwards."""
        return await self._portal.wait(self._live.core.update(ask_for(**settings)))

    async def raise_budget(self, limit_usd: float) -> BudgetState | None:
        """Let the session go on up to a larger limit; see `Session.raise_budget`."""
        return await self._portal.wait(self._live.core.raise_budget(limit_usd))

    async def reconnect(self, *, hearing: str | None = None, reply: str | None = None, **settings: Any) -> None:
        """Open a new connection in the same run; see `Session.reconnect`."""
        await self._portal.wait(self._reconnect(hearing, reply, settings))

    async def listen(self, microphone: Literal["device"] | Microphone = "device") -> None:
        """Send what a microphone hears from now on; see `Session.listen`."""
        await self._portal.wait(_listen(self._live, microphone))

    async def stop_listening(self) -> None:
        """Let the microphone go."""
        await self._portal.wait(self._live.core.stop_listening())

    async def mute(self, muted: bool = True) -> None:
        """Send silence instead of what the microphone hears, or what it hears again."""
        await self._portal.wait(self._live.core.mute(muted))

    async def use_chunk(self, chunk_ms: int) -> None:
        """Put so much sound into an event from now on: 20, 40, 60, 80 or 100 ms."""
        await self._portal.wait(self._live.core.use_chunk(chunk_ms))

    async def interrupt(self) -> None:
        """Stop the reply as if the user had spoken."""
        await self._portal.wait(self._live.core.interrupt())

    async def mark(self, text: str, at_ms: float | None = None) -> None:
        """Write a remark on the time line: about now, or about another moment of the run."""
        await self._portal.wait(self._live.core.mark(text, at_ms))

    async def close(self) -> None:
        """End the session and complete the run folder."""
        await self._portal.wait(self._closing())


async def _listen(live: LiveRun, microphone: Literal["device"] | Microphone) -> None:
    if microphone == "device":
        from voicelab.session.devices import DeviceMicrophone

        microphone = DeviceMicrophone()
    await live.core.listen(microphone)


def _as_clip(clip: ClipLike) -> Clip:
    # On the caller's thread: scoring a long clip would hold up the sound on the session's.
    return require_speech(clip if isinstance(clip, Clip) else read_clip(clip))


def _aside(options: ResponseOptions) -> ResponseParams:
    params, _ = response_params(options)
    params = params or ResponseParams()
    # Nobody asked for sound: what is said outside the conversation is mostly meant for the program, not the ear.
    return params if params.output_modalities else msgspec.structs.replace(params, output_modalities=("text",))
