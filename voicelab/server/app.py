"""HTTP in front of the server: one WebSocket route, a token on it, and nothing else so far.

In: requests.  Out: sessions for those who have the key, HTTP 401 for the rest.
Does not know: what happens in a session (``serve``).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from voicelab.errors import ConfigError, TransportClosed
from voicelab.protocol.ids import Ids
from voicelab.server.engines import ServerOptions
from voicelab.server.opening import EngineRoom
from voicelab.server.serve import serve
from voicelab.transports.clock import Clock

PATH = "/v1/realtime"


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


def make_app(room: EngineRoom, api_key: str, options: ServerOptions, wall_now: Callable[[], datetime]) -> Starlette:
    """Return the web application.

    Parameters
    ----------
    room : EngineRoom
    api_key : str
        Who has it may talk.
    options : ServerOptions
    wall_now : callable
        Wall time, for the time stamps of sessions.
    """

    async def realtime(websocket: WebSocket) -> None:
        if not _has_key(websocket, api_key):
            await websocket.send_denial_response(_error("Incorrect API key provided.", "invalid_api_key", 401))
            return
        query = websocket.query_params
        try:
            engines = room.engines(query.get("hearing"), query.get("reply"), model=query.get("model"))
        except ConfigError as error:
            await websocket.send_denial_response(_error(str(error), error.code, 400))
            return
        await websocket.accept()
        clock = Clock(asyncio.get_running_loop(), wall_now())
        model = query.get("model") or "voicelab-guide"
        await serve(ServerSocket(websocket), engines, clock, Ids(), options=options, model=model)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        room.warm()
        try:
            yield
        finally:
            await room.close()

    return Starlette(routes=[WebSocketRoute(PATH, realtime)], lifespan=lifespan)


def _has_key(websocket: WebSocket, api_key: str) -> bool:
    given = websocket.headers.get("authorization", "").removeprefix("Bearer ").strip()
    return secrets.compare_digest(given.encode(), api_key.encode())


def _error(message: str, code: str, status: int) -> JSONResponse:
    body = {"message": message, "type": "invalid_request_error", "code": code, "param": None}
    return JSONResponse({"error": body}, status_code=status)
