"""The session: one conversation with a voice model over any transport, with everything written down.

In: a way to open a transport, a recorder, a sink; calls such as `play`, `ask`, `update`.  Out: client events,
records, sound. It is one coroutine on one event loop, real or virtual: no thread, no socket, no clock of its own.
Does not know: which service it talks to, or who called it (``faces``).
"""

from __future__ import annotations

import asyncio
import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from voicelab.audio.clip import Clip
from voicelab.audio.frames import FRAME_MS
from voicelab.audio.samples import Samples
from voicelab.errors import AudioError, ServerError, TransportClosed, TransportError
from voicelab.measure.budget import BudgetState
from voicelab.protocol import client_events as ce
from voicelab.protocol import server_events as ev
from voicelab.protocol.ids import Ids
from voicelab.protocol.items import InputText, Message
from voicelab.protocol.remembered import Remembered, remembered
from voicelab.protocol.settings import ResponseParams, merge
from voicelab.runlog.recorder import Recorder
from voicelab.session.appending import Appending
from voicelab.session.calls import Calls
from voicelab.session.connection import Connection
from voicelab.session.differences import Difference, SettingsWarning, find_differences, part_in_force
from voicelab.session.history import as_history
from voicelab.session.incoming import Incoming
from voicelab.session.levels import Levels
from voicelab.session.listening import Listening
from voicelab.session.microphone import Microphone
from voicelab.session.outgoing import Outgoing, checked_chunk
from voicelab.session.playback import Player, Sink
from voicelab.session.reacting import Reacting
from voicelab.session.requests import ANSWER_TIMEOUT_S, REPLY_TIMEOUT_S, Requests
from voicelab.session.source import Source
from voicelab.session.spending import Spending
from voicelab.session.terms import Terms
from voicelab.session.tools import Tool
from voicelab.transports.base import Transport
from voicelab.transports.clock import Clock

# A detector hears the beginning of speech up to this long after it was sent.
ONSET_WAIT_S = 0.5
NO_SPEECH_WAIT_S = 4.0


class SessionCore:
    """One run: a conversation over one connection, or several one after the other.

    Parameters
    ----------
    open_transport : callable
        Opens a connection; called again by `reconnect`.
    clock, ids, recorder, sink
        Time, identifiers, the run log, and where replies are heard.
    asked : mapping
        The partial session object to ask for first.
    tools : mapping of str to Tool
        Functions that the model may call.
    dialect : {"ga", "beta"}
        What the connection speaks; the log always speaks GA.
    chunk_ms : int
        How much sound goes into one event.
    terms : Terms or None
        The session's budget, and what it is counted by.
    embedded : bool
        Whether it is known beforehand that the embedded server answers, which bills nothing.
    """

    def __init__(
        self,
        open_transport: Callable[[], Awaitable[Transport]],
        *,
        clock: Clock,
        ids: Ids,
        recorder: Recorder,
        sink: Sink,
        asked: Mapping[str, Any],
        tools: Mapping[str, Tool],
        dialect: str = "ga",
        chunk_ms: int = FRAME_MS,
        terms: Terms | None = None,
        embedded: bool = False,
    ) -> None:
        self._recorder = recorder
        self._sink = sink
        self._calls = Calls()
        self._out = Outgoing(clock, ids, recorder)
        self._out.use_chunk(chunk_ms)
        levels = Levels(recorder, clock)
        self._player = Player(sink, clock, recorder, self._calls.look, levels.heard_by_user)
        self._in = Incoming(recorder, self._player)
        self._source = Source(self._out.send_audio, lambda: self._in.detection is not None)
        self._appending = Appending(self._out, self._source, recorder, clock)
        self.listening = Listening(self._appending, self._in, self._source, levels, recorder)
        self._spending = Spending(terms, self._in, self._out, recorder, embedded=embedded)
        self._requests = Requests(self._out, self._in, self._calls, self._player, self._spending)
        self._connection = Connection(open_transport, dialect, self._in, self._out, self._calls, self._source, recorder)
        self._reacting = Reacting(
            self._in,
            self._out,
            self._player,
            self._requests,
            self._calls,
            recorder,
            self._spending,
            tools,
            self._connection.begin,
        )
        self._said: set[str] = set()
        self.asked: dict[str, Any] = dict(asked)

    @property
    def in_force(self) -> dict[str, Any]:
        """The configuration that the server last said is in force."""
        return self._in.in_force

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is in force otherwise than it was asked for."""
        return find_differences(self.asked, self._in.in_force)

    @property
    def chunk_ms(self) -> int:
        """How much sound goes into an event."""
        return self._out.chunk_ms

    @property
    def errors(self) -> deque[ev.ErrorDetail]:
        """What the server complained about, oldest first: the last thousand."""
        return self._requests.errors

    @property
    def budget(self) -> BudgetState | None:
        """How the session stands with its budget; None without one. Any thread may ask."""
        return self._spending.state

    # --- beginning and end -----------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect, ask for the settings, begin to listen and play."""
        self._connection.begin(self._player.run())
        await self._connect()
        self._connection.begin(self._source.run())

    async def close(self) -> None:
        """End the conversation; what plays is cut off."""
        self.listening.end()
        self._source.stop(TransportClosed("the session was closed here", code=1000))
        await self._connection.end_tasks()
        self._out.end()
        if self._player.busy:
            await self._player.interrupt()
        await self._connection.close()
        self._sink.close()

    async def reconnect(self, change: Mapping[str, Any] | None = None) -> None:
        """Open a new connection in the same run, with other settings and the conversation carried over as text.

        This is how a voice is changed after audio was heard: the protocol forbids it within a session. Messages are
        replayed with their words, function calls and what they returned as they were; see `voicelab.session.history`.
        """
        history = as_history(self._in.conversation.items)
        await self._connection.stop()
        if self._player.busy:
            await self._player.interrupt()
        self.asked = merge(self.asked, change or {})
        self._recorder.epoch += 1
        await self._connect()
        for error in await self._requests.replay(history):
            self._recorder.local("history.refused", message=str(error), code=error.code)
        self._spending.look()

    async def _connect(self) -> None:
        self._spending.begin()
        await self._connection.open(self._reacting)
        await self._calls.until(lambda: bool(self._in.in_force), what="session.created", timeout_s=ANSWER_TIMEOUT_S)
        self._recorder.local("session.opened", epoch=self._recorder.epoch)
        if self.asked:
            await self._ask_for(self.asked)

    # --- what a person does ----------------------------------------------------------------------------------

    async def play(self, clip: Clip, labels: Mapping[str, Any] | None = None) -> None:
        """Send a whole clip at real-time pace, and wait until everything it caused has been said and heard.

        Parameters
        ----------
        clip : Clip
        labels : mapping, optional
            Known facts about the clip, written into the log: ``text``, ``speech_start_ms``, ``speech_end_ms``.

        Raises
        ------
        AudioError
            The server found no speech in the clip.
        BudgetError
            The answer would pass the session's limit: nothing was sent; or the limit was reached by what the clip
            caused, and its last turn stays in the conversation unanswered.
        TransportError
            The connection was lost.
        """
        self._spending.check_clip(clip.duration_ms)
        turns_before, unanswered_before = self._in.n_turns, self._spending.n_unanswered
        await self._send_clip(clip, labels)
        if self._in.detection is None:
            await self._requests.commit()
            await self.respond()
            return
        await asyncio.sleep(ONSET_WAIT_S)
        try:
            await self._calls.until(
                lambda: self._in.speech_open or self._in.n_turns > turns_before,
                what="speech",
                timeout_s=NO_SPEECH_WAIT_S,
            )
        except TransportError as error:
            if isinstance(error, TransportClosed):
                raise
            threshold = self._in.detection.get("threshold")
            raise AudioError(f"{clip.name}: the server found no speech in it (threshold {threshold})") from None
        await self._requests.quiet(lambda: self._in.n_turns > turns_before)
        self._spending.raise_unanswered(unanswered_before)

    async def ask(self, text: str) -> None:
        """Send a typed user message, and wait until it has been answered.

        Raises
        ------
        BudgetError
            The answer would pass the session's limit; nothing was sent. Or what a function returned cannot be answered
            any more: it is in the conversation.
        """
        before = self._spending.n_unanswered
        await self._requests.question(Message(role="user", content=(InputText(text=text),)))
        await self._requests.quiet()
        self._spending.raise_unanswered(before)

    async def append(self, audio: Samples | bytes) -> None:
        """Send sound of one's own; see `voicelab.session.appending`."""
        self._appending.append(audio, self._in.format_of("input"))

    async def commit(self) -> str:
        """Make the appended sound a user message; return its item id. See `voicelab.session.requests`."""
        self._spending.check_event(ce.InputAudioCommit())
        return await self._requests.commit()

    async def clear(self) -> None:
        """Throw away the sound that was appended and not committed."""
        await self._requests.clear()

    async def respond(self, params: ResponseParams | None = None, tools: Iterable[Tool] = ()) -> None:
        """Ask for a response in the conversation, and wait until it has been said and heard.

        Parameters
        ----------
        params : ResponseParams, optional
            What is different for this response.
        tools : iterable of Tool
            Functions that can be called from now on, beside those of the session.

        Raises
        ------
        BudgetError
            The response would pass the session's limit; nothing was sent.
        """
        before = self._spending.n_unanswered
        self._reacting.tools.update({tool.name: tool for tool in tools})
        await self._requests.response(params)
        await self._requests.quiet()
        self._spending.raise_unanswered(before)

    async def respond_aside(self, params: ResponseParams) -> ev.Response:
        """Ask for a response outside the conversation, and return it when it is done; several may run at once."""
        return await self._requests.aside(params)

    async def update(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """Change settings live; return what is in force afterwards.

        Raises
        ------
        ServerError
            The server refused a value: nothing, or only the refused field, has stayed as it was. For a voice that
            cannot change any more (``cannot_update_voice``) the text offers `reconnect`.
        """
        try:
            await self._ask_for(change)
        except ServerError as error:
            self.asked = merge(self.asked, part_in_force(change, self._in.in_force))
            raise _with_offer(error, change) from None
        self.asked = merge(self.asked, change)
        return self._in.in_force

    async def raise_budget(self, limit_usd: float) -> BudgetState | None:
        """Set a larger limit; the server answers turns again if it did before the old one was reached.

        Raises
        ------
        ConfigError
            There is no budget, or the limit is not larger.
        """
        again = self._spending.raise_limit(limit_usd)
        if again is not None:
            await self._requests.update(again)
        return self.budget

    async def request(self, event: ce.ClientEvent) -> None:
        """Send any client event as it is, and give the server a moment to refuse it.

        Raises
        ------
        BudgetError
            It asks for a response that would pass the session's limit; nothing was sent.
        ServerError
            The server answered with an ``error`` that names this event.
        """
        if isinstance(event, ce.InputAudioAppend):  # its sound belongs on the track, not into the log
            self._appending.append(event.audio, self._in.format_of("input"), event_id=event.event_id)
            return
        await self._requests.raw(event)
        self._spending.look()

    async def interrupt(self) -> None:
        """Stop the reply, as if the user had spoken: playback, generation and memory end at the sample heard."""
        if self._in.conversation.active_response is not None:
            self._out.send(ce.ResponseCancel())
        self._reacting.cut()
        await self._calls.until(lambda: self._in.conversation.active_response is None, what="response.done")

    async def mark(self, text: str, at_ms: float | None = None) -> None:
        """Write a remark on the time line: about this moment, or about another one."""
        self._recorder.local("mark", text=text, **({} if at_ms is None else {"at_ms": at_ms}))

    async def listen(self, microphone: Microphone) -> None:
        """Send what a microphone hears, from now on."""
        await self.listening.begin(microphone)

    async def stop_listening(self) -> None:
        """Let the microphone go."""
        self.listening.end()

    async def mute(self, muted: bool) -> None:
        """Send silence instead of what the microphone hears; or what it hears again."""
        self.listening.muted = muted
        self._recorder.local("source.muted" if muted else "source.unmuted")

    async def use_chunk(self, chunk_ms: int) -> None:
        """Put so much sound into an event from now on.

        Raises
        ------
        ConfigError
            No multiple of 20 ms from 20 to 100.
        """
        self._out.use_chunk(checked_chunk(chunk_ms))
        self._recorder.local("chunk", chunk_ms=chunk_ms)

    async def memory(self) -> tuple[Remembered, ...]:
        """Return what the server remembers, as far as its events tell."""
        return remembered(self._in.conversation, self._in.audio_ms)

    async def wait_for_playback(self, heard_ms: float) -> None:
        """Wait until so much of the next (or running) reply has been heard."""
        await self._calls.until(lambda: self._player.busy, what="a reply", timeout_s=REPLY_TIMEOUT_S)
        await asyncio.sleep(heard_ms / 1000)

    # --- how it is done --------------------------------------------------------------------------------------

    async def _ask_for(self, change: Mapping[str, Any]) -> None:
        """Ask for settings; say what is in force otherwise although no error explains it."""
        found, error = await self._requests.update(self._spending.as_allowed(change))
        for difference in found:
            self._recorder.local(
                "settings.differ", path=difference.path, asked=difference.asked, in_force=difference.in_force
            )
            if str(difference) not in self._said:
                self._said.add(str(difference))
                warnings.warn(str(difference), SettingsWarning, stacklevel=2)
        if error is not None:
            raise error

    async def _send_clip(self, clip: Clip, labels: Mapping[str, Any] | None) -> None:
        def began() -> None:
            self._recorder.local(
                "source.started",
                clip=clip.name,
                converted=clip.converted,
                duration_ms=clip.duration_ms,
                labels=dict(labels or {}),
            )

        await self._source.play(clip, began)


def _with_offer(error: ServerError, change: Mapping[str, Any]) -> ServerError:
    """Return the error with the way out, where there is one."""
    if error.code != "cannot_update_voice":
        return error
    audio_out = (change.get("audio") or {}).get("output") or {}
    offer = (
        f'session.reconnect(voice="{audio_out.get("voice")}") opens a new connection with that voice, in the same run, '
        "and replays the conversation"
    )
    return ServerError(f"{error} {offer}", code=error.code, param=error.param, event_id=error.event_id)
