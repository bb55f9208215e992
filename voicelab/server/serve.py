"""The server as one coroutine: frames in, events out, until the client is gone or the session's time is up.

In: an open transport, engines, a clock, a source of ids.  Out: nothing; the transport is closed in the end.
Does not know: HTTP (``app``), or whether time is real.  It has two callers: the WebSocket route and the memory pair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from voicelab.audio.formats import from_wire
from voicelab.engines.base import HearingHandle
from voicelab.errors import ConfigError, TransportClosed, TransportError, VoicelabError
from voicelab.protocol import client_events as ce
from voicelab.protocol import server_events as ev
from voicelab.protocol import wire
from voicelab.protocol.beta_session import hint
from voicelab.protocol.dialects import GA, Dialect
from voicelab.protocol.ids import Ids
from voicelab.protocol.settings import to_plain
from voicelab.server.connection import Connection, Kind
from voicelab.server.engines import Engines, ServerOptions
from voicelab.server.item_events import create_item, delete_item, retrieve_item, truncate_item
from voicelab.server.listening import Listening
from voicelab.server.responses import Responses
from voicelab.server.session_events import configure, update_session
from voicelab.server.trace import Trace
from voicelab.transports.base import Transport
from voicelab.transports.clock import Clock

EXPIRED_CODE = 1001
FAREWELL_S = 2.0
# One append of 15 MiB, in base64 and its JSON.
MOST_FRAME_CHARACTERS = 24 * 2**20


async def serve(
    transport: Transport,
    engines: Engines,
    clock: Clock,
    ids: Ids,
    *,
    options: ServerOptions | None = None,
    model: str = "voicelab-guide",
    kind: Kind = "realtime",
    attached: Mapping[str, Any] | None = None,
    dialect: Dialect | None = None,
) -> None:
    """Hold one session with one client.

    Parameters
    ----------
    transport : Transport
        Open; closed when this returns.
    engines : Engines
        What to listen, think and speak with.
    clock, ids
        Time and identifiers: with a virtual clock and seeded ids a session can be repeated exactly.
    options : ServerOptions, optional
    model : str
        The model name that the client asked for.
    kind : {"realtime", "transcription"}
        A conversation, or a session that only writes down what it hears.
    attached : mapping, optional
        The partial session object that came with the client secret; checked before.
    dialect : Dialect, optional
        What the client speaks; GA when absent.
    """
    connection = Connection(engines, clock, ids, options or ServerOptions(), model, kind)
    trace: Trace | None = None
    hearing: HearingHandle | None = None
    try:
        refusals = configure(connection, attached or {})
        trace = _open_trace(connection)
        hearing = await engines.open_hearing() if engines.open_hearing is not None else None
        async with asyncio.TaskGroup() as tasks:
            desk = _Desk(connection, tasks, hearing, dialect or GA(), trace)
            helpers = [tasks.create_task(desk.write(transport)), tasks.create_task(_expire(connection, transport))]
            if trace is not None:
                helpers.append(tasks.create_task(trace.flush_regularly()))
            connection.emit(ev.SessionCreated(session=connection.session()))
            connection.emit(ev.ConversationCreated(conversation=ev.ConversationInfo(id=connection.conversation_id)))
            for refusal in refusals:
                connection.refuse(refusal, None)
            try:
                while True:
                    desk.handle(await transport.receive())
            finally:
                for helper in helpers:
                    helper.cancel()
    except* TransportError:
        pass  # the client is gone, or does not read: the task group has ended every answer, and nobody is to be told
    finally:
        if hearing is not None:
            await hearing.close()
        connection.memory.close()
        if trace is not None:
            trace.close(connection.session())
        await transport.close()


def _open_trace(connection: Connection) -> Trace | None:
    folder = connection.options.trace
    if folder is None:
        return None
    scorer = connection.engines.open_scorer()
    trace = Trace(
        folder,
        connection.clock,
        session_id=connection.session_id,
        model=connection.model,
        about=connection.engines.about,
        detector=scorer.name,
        secrets=connection.options.secrets,
    )
    connection.scored = trace.scored
    return trace


class _Desk:
    """Where client events are handed to the family that answers them, and server events leave."""

    def __init__(
        self,
        connection: Connection,
        tasks: asyncio.TaskGroup,
        hearing: HearingHandle | None,
        dialect: Dialect,
        trace: Trace | None,
    ) -> None:
        self._connection = connection
        self._trace = trace
        self._tasks = tasks
        self._dialect = dialect
        self._responses = Responses(connection, tasks)
        self._responses.listening = self._listening = Listening(
            connection,
            hearing,
            tasks,
            user_began=self._responses.user_began,
            turn_ended=self._responses.turn_ended,
        )

    def handle(self, frame: str) -> None:
        """Act on one client frame; what is wrong with it is answered, never fatal."""
        event_id, kind = None, ""
        try:
            if len(frame) > MOST_FRAME_CHARACTERS:
                raise ConfigError(
                    f"The message of {len(frame):,} characters is too large: at most {MOST_FRAME_CHARACTERS:,}.",
                    code="message_too_large",
                )
            body = wire.decode_object(frame)
            event_id = body.get("event_id") if isinstance(body.get("event_id"), str) else None
            wire.check_type(body)
            kind = body["type"]
            for ga_body in self._dialect.client_from_wire(body):
                self._dispatch(self._read(ga_body, kind, len(frame)))
        except ConfigError as error:
            self._connection.refuse(_hinted(error, kind), event_id)
        except TransportError:
            raise
        except VoicelabError as error:
            self._connection.refuse(ConfigError(str(error)), event_id)
        except RecursionError:
            self._connection.refuse(ConfigError("The message is nested too deeply.", code="invalid_json"), event_id)

    def _read(self, body: dict[str, Any], native: str, n_bytes: int) -> ce.ClientEvent:
        """Return the typed form of an event; it is written down whether it can be read or not."""
        event: ce.ClientEvent | None = None
        try:
            event = wire.parse_client(body)
            return event
        finally:
            if self._trace is not None:
                wire_format = from_wire(to_plain(self._connection.input.format))
                self._trace.received(body, event, n_bytes=n_bytes, native=native, wire_format=wire_format)

    async def write(self, transport: Transport) -> None:
        """Empty the outbox into the transport."""
        outbox = self._connection.outbox
        while True:
            event = await outbox.get()
            try:
                for frame in self._frames(event):
                    await transport.send(frame)
            except TransportClosed:
                return  # the reading side sees the same close and ends the session
            outbox.task_done()

    def _frames(self, event: ev.ServerEvent) -> list[str]:
        """Return what goes out for an event, in the client's dialect, and write it down."""
        if isinstance(self._dialect, GA):
            frames, natives = [wire.encode(event)], [wire.name_of(event)]
        else:
            bodies = self._dialect.server_to_wire(wire.plain(event))
            frames, natives = [wire.encode_plain(body) for body in bodies], [body["type"] for body in bodies]
        if self._trace is not None:
            n_bytes = sum(map(len, frames))
            self._trace.sent(event, wire.plain(event), n_bytes=n_bytes, native=natives[0] if natives else None)
        return frames

    def _dispatch(self, event: ce.ClientEvent) -> None:
        connection = self._connection
        match event:
            case ce.InputAudioAppend():
                self._listening.append(event)
            case ce.InputAudioCommit():
                self._listening.commit()
            case ce.InputAudioClear():
                self._listening.clear()
            case ce.SessionUpdate():
                update_session(connection, event)
                self._listening.configure()
            case ce.ItemCreate():
                create_item(connection, self._tasks, event)
            case ce.ItemRetrieve():
                retrieve_item(connection, event)
            case ce.ItemDelete():
                delete_item(connection, event)
            case ce.ItemTruncate():
                truncate_item(connection, event)
            case ce.ResponseCreate():
                self._responses.create(event)
            case ce.ResponseCancel():
                self._responses.cancel(event)


def _hinted(error: ConfigError, kind: str) -> ConfigError:
    """Add the new name to the refusal of a name of the beta: old examples are everywhere."""
    if error.code not in ("unknown_parameter", "invalid_event"):
        return error
    other = hint(kind if error.code == "invalid_event" else error.param or "")
    return error if other is None else ConfigError(f"{error} {other}", param=error.param, code=error.code)


async def _expire(connection: Connection, transport: Transport) -> None:
    """End the session when its time is up, with the words of the hosted service."""
    await asyncio.sleep(connection.options.session_seconds)
    length = _in_words(connection.options.session_seconds)
    message = f"Your session hit the maximum duration of {length}."
    connection.emit(ev.Error(error=ev.ErrorDetail(message=message, code="session_expired")))
    with suppress(TimeoutError):  # a client that does not read is not waited for
        async with asyncio.timeout(FAREWELL_S):
            await connection.outbox.join()
    await transport.close(EXPIRED_CODE, "session expired")


def _in_words(seconds: float) -> str:
    amount, unit = (seconds / 60, "minute") if seconds >= 60 else (seconds, "second")
    return f"{amount:g} {unit}{'' if amount == 1 else 's'}"
