"""HTTP in front of the server: the WebSocket route, the routes beside it, and a key on all of them.

In: requests.  Out: sessions for those who have the key, an error body as the hosted service's for the rest.
Does not know: what happens in a session (``serve``), or what makes a key valid (``admission``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from voicelab.errors import ConfigError, TransportClosed
from voicelab.protocol.beta import Beta
from voicelab.protocol.dialects import GA, Dialect
from voicelab.protocol.ids import Ids
from voicelab.server.admission import (
    Admitted,
    Door,
    chosen_subprotocol,
    not_admitted,
    offered_subprotocols,
    refusal,
    speaks_beta,
)
from voicelab.server.client_secrets import ClientSecrets
from voicelab.server.connection import Kind
from voicelab.server.engines import ServerOptions
from voicelab.server.http_sessions import SessionRoutes
from voicelab.server.opening import EngineRoom
from voicelab.server.serve import serve
from voicelab.transports.clock import Clock

PATH = "/v1/realtime"
# OpenAI's paths, and Azure's for the same.
PREFIXES = ("/v1", "/openai/v1")
OWN_MODEL = "voicelab-guide"

_NO_CALLS = "the embedded server has no WebRTC and no telephone so far: connect by WebSocket to /v1/realtime."
_NO_TRANSLATION = "the embedded server does not translate."


class ServerSocket:
    """The server's end of a WebSocket, as a transport."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def send(self, frame: str) -> None:
        """Send one text frame."""
        try:
            await self._websocket.send_text(frame)
        except (WebSocketDisconnect, RuntimeError) as error:
            # Starlette raises RuntimeError for a send after the close.
            raise TransportClosed(f"the client is gone: {error}") from None

    async def receive(self) -> str:
        """Return the next frame; a binary frame is taken for UTF-8 text."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise TransportClosed("the client closed the connection", code=message.get("code", 1006))
        text: str | None = message.get("text")
        return text if text is not None else bytes(message["bytes"]).decode(errors="replace")

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, unless the client did."""
        open_states = (WebSocketState.CONNECTED, WebSocketState.CONNECTING)
        if self._websocket.client_state in open_states and self._websocket.application_state in open_states:
            await self._websocket.close(code, reason)


@dataclass(frozen=True)
class Wish:
    """What a client asks for as it connects, by its address, its headers and its secret."""

    model: str | None
    kind: Kind
    attached: Mapping[str, Any]
    dialect: Dialect


def read_wish(connection: HTTPConnection, admitted: Admitted) -> Wish:
    """Read what a client that was let in asks for.

    Raises
    ------
    ConfigError
        An intent that does not exist, or that its client secret is not for.
    """
    query = connection.query_params
    attached = dict(admitted.secret.session) if admitted.secret else {}
    intent = query.get("intent")
    if intent not in (None, "", "transcription"):
        raise ConfigError(f"Invalid value: '{intent}'. Supported values are: transcription.", param="intent")
    kind: Kind = "transcription" if "transcription" in (intent, attached.get("type")) else "realtime"
    if attached and attached["type"] != kind:
        raise ConfigError(f"The client secret is for a {attached['type']} session.", param="intent")
    named = query.get("model")
    if named:
        attached.pop("model", None)  # who connects may override what was attached
    dialect: Dialect = GA()
    if speaks_beta(connection):
        temperature = admitted.secret.temperature if admitted.secret else None
        dialect = Beta() if temperature is None else Beta(temperature)
    return Wish(named or attached.get("model"), kind, attached, dialect)


def make_app(room: EngineRoom, api_key: str, options: ServerOptions, wall_now: Callable[[], datetime]) -> Starlette:
    """Return the web application.

    Parameters
    ----------
    room : EngineRoom
    api_key : str
        Who has it may talk, and make client secrets for others.
    options : ServerOptions
    wall_now : callable
        Wall time, for the time stamps of sessions and the end of client secrets.
    """

    def now_s() -> float:
        return wall_now().timestamp()

    client_secrets = ClientSecrets()
    door = Door(api_key, client_secrets, now_s)
    posts = SessionRoutes(door, client_secrets, Ids(), now_s)

    async def realtime(websocket: WebSocket) -> None:
        admitted = door.admit(websocket)
        if admitted is None:
            await websocket.send_denial_response(not_admitted(websocket))
            return
        query = websocket.query_params
        if "call_id" in query:
            await websocket.send_denial_response(_not_there("call_id", _NO_CALLS))
            return
        try:
            wish = read_wish(websocket, admitted)
            engines = room.engines(query.get("hearing"), query.get("reply"), model=wish.model)
        except ConfigError as error:
            await websocket.send_denial_response(refusal(str(error), code=error.code, status=400, param=error.param))
            return
        await websocket.accept(chosen_subprotocol(offered_subprotocols(websocket)))
        await serve(
            ServerSocket(websocket),
            engines,
            Clock(asyncio.get_running_loop(), wall_now()),
            Ids(),
            options=options,
            model=wish.model or OWN_MODEL,
            kind=wish.kind,
            attached=wish.attached,
            dialect=wish.dialect,
        )

    routes: list[BaseRoute] = []
    for prefix in PREFIXES:
        routes += [WebSocketRoute(f"{prefix}/realtime", realtime), *posts.below(prefix), *_absent(prefix, door)]
    routes.append(WebSocketRoute("/{path:path}", _nowhere))
    return Starlette(routes=routes, lifespan=_lifespan(room), exception_handlers={HTTPException: _http_error})


def _lifespan(room: EngineRoom) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        room.warm()
        try:
            yield
        finally:
            await room.close()

    return lifespan


def _absent(prefix: str, door: Door) -> list[BaseRoute]:
    """Return the routes of the hosted service that say what this server does not have."""

    def post(path: str, what: str, why: str) -> Route:
        async def answer(request: Request) -> Response:
            return not_admitted(request) if door.admit(request) is None else _not_there(what, why)

        return Route(f"{prefix}/realtime{path}", answer, methods=["POST"])

    async def translations(websocket: WebSocket) -> None:
        known = door.admit(websocket) is not None
        answer = _not_there("translations", _NO_TRANSLATION) if known else not_admitted(websocket)
        await websocket.send_denial_response(answer)

    return [
        post("", "realtime", _NO_CALLS),
        post("/calls", "calls", _NO_CALLS),
        post("/calls/{path:path}", "calls", _NO_CALLS),
        post("/translations/client_secrets", "translations", _NO_TRANSLATION),
        WebSocketRoute(f"{prefix}/realtime/translations", translations),
    ]


def _not_there(what: str, why: str) -> Response:
    return refusal(f"{what}: {why}", code="unsupported", status=501, param=what)


async def _nowhere(websocket: WebSocket) -> None:
    await websocket.send_denial_response(refusal(f"There is no such path: use {PATH}.", code=None, status=404))


async def _http_error(_: Request, error: Exception) -> Response:
    """Answer an unknown path or method in the same shape as everything else."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refusal(f"There is nothing here for this method and path (HTTP {status}).", code=None, status=status)
