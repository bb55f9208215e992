"""The server as one coroutine: frames in, events out, until the client is gone or the session's time is up.

In: an open transport, engines, a clock, a source of ids.  Out: nothing; the transport is closed in the end.
Does not know: HTTP (``app``), or whether time is real.  It has two callers: the WebSocket route and the memory pair.
"""

from __future__ import annotations

import asyncio

from voicelab.errors import ConfigError, TransportClosed, VoicelabError
from voicelab.protocol import client_events as ce
from voicelab.protocol import server_events as ev
from voicelab.protocol import wire
from voicelab.protocol.ids import Ids
from voicelab.server.connection import Connection
from voicelab.server.engines import Engines, ServerOptions
from voicelab.server.item_events import create_item, delete_item, retrieve_item, truncate_item
from voicelab.server.listening import Listening
from voicelab.server.responses import Responses
from voicelab.server.session_events import update_session
from voicelab.transports.base import Transport
from voicelab.transports.clock import Clock

EXPIRED_CODE = 1001
FAREWELL_S = 2.0


async def serve(
    transport: Transport,
    engines: Engines,
    clock: Clock,
    ids: Ids,
    *,
    options: ServerOptions | None = None,
    model: str = "voicelab-guide",
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
    """
    options = options or ServerOptions()
    connection = Connection(engines, clock, ids, options, model)
    hearing = await engines.open_hearing() if engines.open_hearing is not None else None
    try:
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(_write(connection, transport))
            lifetime = tasks.create_task(_expire(connection, transport))
            responses = Responses(connection, tasks)
            responses.listening = listening = Listening(
                connection, hearing, tasks, user_began=responses.user_began, turn_ended=responses.turn_ended
            )
            connection.emit(ev.SessionCreated(session=connection.session()))
            connection.emit(ev.ConversationCreated(conversation=ev.ConversationInfo(id=connection.conversation_id)))
            try:
                while True:
                    _handle(await transport.receive(), connection, listening, responses)
            except TransportClosed:
                raise _Gone from None
            finally:
                lifetime.cancel()
                writer.cancel()
    except* _Gone:
        pass  # the client is gone: the task group has ended every answer, and there is nobody to tell
    finally:
        if hearing is not None:
            await hearing.close()
        await transport.close()


class _Gone(VoicelabError):
    """The client closed: the way out of the task group."""


def _handle(frame: str, connection: Connection, listening: Listening, responses: Responses) -> None:
    """Act on one client frame; what is wrong with it is answered, never fatal."""
    event_id: str | None = None
    try:
        body = wire.decode(frame)
        event_id = body.get("event_id") if isinstance(body.get("event_id"), str) else None
        _dispatch(wire.parse_client(body), connection, listening, responses)
    except ConfigError as error:
        connection.refuse(error, event_id)
    except VoicelabError as error:
        connection.refuse(ConfigError(str(error)), event_id)


def _dispatch(event: ce.ClientEvent, connection: Connection, listening: Listening, responses: Responses) -> None:
    match event:
        case ce.InputAudioAppend():
            listening.append(event)
        case ce.InputAudioCommit():
            listening.commit()
        case ce.InputAudioClear():
            listening.clear()
        case ce.SessionUpdate():
            update_session(connection, event)
            listening.configure()
        case ce.ItemCreate():
            create_item(connection, event)
        case ce.ItemRetrieve():
            retrieve_item(connection, event)
        case ce.ItemDelete():
            delete_item(connection, event)
        case ce.ItemTruncate():
            truncate_item(connection, event)
        case ce.ResponseCreate():
            responses.create(event)
        case ce.ResponseCancel():
            responses.cancel(event)


async def _write(connection: Connection, transport: Transport) -> None:
    """Empty the outbox into the transport."""
    while True:
        event = await connection.outbox.get()
        try:
            await transport.send(wire.encode(event))
        except TransportClosed:
            return  # the reading side sees the same close and ends the session
        connection.outbox.task_done()


async def _expire(connection: Connection, transport: Transport) -> None:
    """End the session when its time is up, with the words of the hosted service."""
    await asyncio.sleep(connection.options.session_seconds)
    length = _in_words(connection.options.session_seconds)
    message = f"Your session hit the maximum duration of {length}."
    connection.emit(ev.Error(error=ev.ErrorDetail(message=message, code="session_expired")))
    try:
        async with asyncio.timeout(FAREWELL_S):
            await connection.outbox.join()
    finally:
        await transport.close(EXPIRED_CODE, "session expired")


def _in_words(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:g} minutes" if minutes >= 1 else f"{seconds:g} seconds"
