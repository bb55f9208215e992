"""The session: one conversation with a voice model over any transport, with everything written down.

In: a way to open a transport, a recorder, a sink; calls such as `play`, `ask`, `update`.  Out: client events,
records, sound. It is one coroutine on one event loop, real or virtual: no thread, no socket, no clock of its own.
Does not know: which service it talks to, or who called it (``faces``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from voicelab.audio.clip import Clip
from voicelab.errors import AudioError, TransportClosed, TransportError, VoicelabError
from voicelab.protocol import client_events as ce
from voicelab.protocol import server_events as ev
from voicelab.protocol.ids import Ids
from voicelab.protocol.items import FunctionCall, FunctionCallOutput, InputText, Message, OutputText, text_of
from voicelab.protocol.settings import merge
from voicelab.session.calls import Calls
from voicelab.session.incoming import Incoming
from voicelab.session.outgoing import Outgoing
from voicelab.session.playback import Player, Sink
from voicelab.session.recorder import Recorder
from voicelab.session.requests import ANSWER_TIMEOUT_S, REFUSAL_WAIT_S, REPLY_TIMEOUT_S, Requests
from voicelab.session.source import Source
from voicelab.session.tools import Tool
from voicelab.transports.base import Transport
from voicelab.transports.clock import Clock

# A detector hears the beginning of speech up to this long after it was sent.
ONSET_WAIT_S = 0.5
NO_SPEECH_WAIT_S = 4.0
GOODBYE_S = 2.0


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
    ) -> None:
        self._open_transport = open_transport
        self._recorder = recorder
        self._sink = sink
        self._tools = tools
        self._calls = Calls()
        self._out = Outgoing(clock, ids, recorder)
        self._player = Player(sink, clock, recorder, self._calls.look)
        self._in = Incoming(recorder, self._player)
        self._source = Source(self._out.send_audio, lambda: self._in.detection is not None)
        self._transport: Transport | None = None
        self._connection_tasks: list[asyncio.Task[None]] = []
        # A dict, since a set would cancel them in an order that differs from run to run.
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._requests = Requests(self._out, self._in, self._calls, self._player)
        self.asked: dict[str, Any] = dict(asked)

    @property
    def in_force(self) -> dict[str, Any]:
        """The configuration that the server last said is in force."""
        return self._in.in_force

    @property
    def errors(self) -> list[ev.ErrorDetail]:
        """What the server complained about, oldest first."""
        return self._requests.errors

    # --- beginning and end -----------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect, ask for the settings, begin to listen and play."""
        self._begin(self._player.run())
        await self._connect()
        self._begin(self._source.run())

    async def close(self) -> None:
        """End the conversation; what plays is cut off."""
        self._source.stop(TransportClosed("the session was closed here", code=1000))
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._player.busy:
            self._player.interrupt()
        if self._transport is not None:
            await self._close_transport()
        self._sink.close()

    async def reconnect(self, change: Mapping[str, Any] | None = None) -> None:
        """Open a new connection in the same run, with other settings and the conversation carried over as text.

        This is how a voice is changed after audio was heard: the protocol forbids it within a session.
        """
        history = [item for item in self._in.conversation.items if isinstance(item, Message) and text_of(item)]
        await self._stop_connection()
        self.asked = merge(self.asked, change or {})
        self._recorder.epoch += 1
        self._in.begin()
        self._out.restart_audio()
        self._calls.begin()
        await self._connect()
        for item in history:
            part = OutputText if item.role == "assistant" else InputText
            self._out.send(ce.ItemCreate(item=Message(role=item.role, content=(part(text=text_of(item)),))))

    async def _connect(self) -> None:
        self._transport = await self._open_transport()
        self._connection_tasks = [
            self._begin(self._receive(self._transport)),
            self._begin(self._out.run(self._transport)),
        ]
        await self._calls.until(lambda: bool(self._in.in_force), what="session.created", timeout_s=ANSWER_TIMEOUT_S)
        self._recorder.local("session.opened", epoch=self._recorder.epoch)
        if self.asked:
            await self._requests.update(self.asked)

    async def _stop_connection(self) -> None:
        for task in self._connection_tasks:
            task.cancel()
        await asyncio.gather(*self._connection_tasks, return_exceptions=True)
        if self._player.busy:
            self._player.interrupt()
        await self._close_transport()

    async def _close_transport(self) -> None:
        """Say goodbye; a server that does not answer is not waited for."""
        transport, self._transport = self._transport, None
        if transport is not None:
            try:
                async with asyncio.timeout(GOODBYE_S):
                    await transport.close()
            except TimeoutError:
                self._recorder.local("session.no_goodbye", waited_s=GOODBYE_S)

    async def _receive(self, transport: Transport) -> None:
        try:
            while True:
                frame = await transport.receive()
                try:
                    self._in.take(frame, self)
                except VoicelabError as error:
                    # One event that cannot be read is no reason to end a conversation.
                    self._recorder.local("event.unreadable", message=str(error))
                self._out.use_format(self._in.format_of("input"))
                self._calls.look()
        except TransportClosed as error:
            self._recorder.local("session.closed", message=str(error), code=error.code)
            self._give_up(error)

    def _give_up(self, error: VoicelabError) -> None:
        """End every waiting call: nothing more will come."""
        self._source.stop(error)
        self._calls.end(error)

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Let nobody wait for a task that died of a mistake in voicelab itself."""
        self._tasks.pop(task, None)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            error = VoicelabError(f"the session broke inside ({type(failure).__name__}: {failure}); please report this")
            self._recorder.local("session.failed", message=str(error))
            self._give_up(error)

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
        TransportError
            The connection was lost.
        """
        turns_before = self._in.n_turns
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

    async def ask(self, text: str) -> None:
        """Send a typed user message, and wait until it has been answered."""
        await self._requests.add_item(Message(role="user", content=(InputText(text=text),)))
        await self.respond()

    async def respond(self) -> None:
        """Ask for a response, and wait until it has been said and heard."""
        await self._requests.response()
        await self._requests.quiet()

    async def update(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """Change settings live; return what is in force afterwards.

        Raises
        ------
        ServerError
            The server refused a value: nothing, or only the refused field, has stayed as it was.
        """
        await self._requests.update(change)
        self.asked = merge(self.asked, change)
        return self._in.in_force

    async def request(self, event: ce.ClientEvent) -> None:
        """Send any client event as it is, and give the server a moment to refuse it.

        Raises
        ------
        ServerError
            The server answered with an ``error`` that names this event.
        """
        event_id = self._out.send(event)
        await asyncio.sleep(REFUSAL_WAIT_S)
        self._requests.raise_refusal(event_id)

    async def interrupt(self) -> None:
        """Stop the reply, as if the user had spoken: playback, generation and memory end at the sample heard."""
        if self._in.conversation.active_response is not None:
            self._out.send(ce.ResponseCancel())
        self._cut()
        await self._calls.until(lambda: self._in.conversation.active_response is None, what="response.done")

    async def mark(self, text: str) -> None:
        """Write a remark on the time line."""
        self._recorder.local("mark", text=text)

    async def wait_for_playback(self, heard_ms: float) -> None:
        """Wait until so much of the next (or running) reply has been heard."""
        await self._calls.until(lambda: self._player.busy, what="a reply", timeout_s=REPLY_TIMEOUT_S)
        await asyncio.sleep(heard_ms / 1000)

    # --- reactions to the server -----------------------------------------------------------------------------

    def user_began(self) -> None:
        """Let the user have the floor: stop at once, and tell the server what was heard."""
        detection = self._in.detection or {}
        if detection.get("interrupt_response", True):
            self._cut()

    def tools_wanted(self, calls: tuple[FunctionCall, ...]) -> None:
        """Run the functions that a response called, then ask for the next response."""
        self._requests.tools_running += 1
        self._begin(self._run_tools(calls))

    def failed(self, error: ev.ErrorDetail) -> None:
        """Give an error to the call that caused it; keep it in any case."""
        self.errors.append(error)
        self._calls.fail(error)

    # --- how it is done --------------------------------------------------------------------------------------

    def _cut(self) -> None:
        """Stop playback; truncate what was heard in part, delete what was not heard at all."""
        for cut in self._player.interrupt():
            self._in.cut_items.add(cut.item_id)
            if cut.heard_ms > 0:
                self._out.send(ce.ItemTruncate(item_id=cut.item_id, content_index=0, audio_end_ms=cut.heard_ms))
            else:
                self._out.send(ce.ItemDelete(item_id=cut.item_id))

    async def _run_tools(self, calls: tuple[FunctionCall, ...]) -> None:
        for call in calls:
            tool = self._tools.get(call.name)
            output = await tool.call(call.arguments) if tool else '{"error": "no such function"}'
            self._recorder.local("tool.ran", name=call.name, call_id=call.call_id)
            self._out.send(ce.ItemCreate(item=FunctionCallOutput(call_id=call.call_id or "", output=output)))
        try:
            await self._requests.response()
        except VoicelabError as error:
            self._recorder.local("tool.unanswered", message=str(error))
        finally:
            self._requests.tools_running -= 1
            self._calls.look()

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
