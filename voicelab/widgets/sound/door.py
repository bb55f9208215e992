"""The kernel's door for sound: a WebSocket server on 127.0.0.1 that lets in whoever holds a ticket.

In: tickets asked for by the widget, whose page proved itself on Jupyter's own authenticated connection.  Out: admitted
connections, handed to whoever the ticket was made out for.
Does not know: what is said on a connection.

Any web page that the user has open can reach a port of this computer, so three things must fit. The connection comes
from an origin to which a ticket was given (browsers do not let a page lie about that; no origin at all is refused). Its
first message shows the ticket, of 256 random bits, made for that origin, unused and not older than `TICKET_S`. And the
ticket is spent by being shown, whether or not it fits. It travels as a message and not in the address, because the
Jupyter proxy writes addresses into its log.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from voicelab.errors import ProtocolError
from voicelab.widgets.sound.wire import MOST_BYTES, read_message

TICKET_S = 30.0
SHOW_S = 2.0
POLICY_VIOLATION = 1008

Admit = Callable[[ServerConnection], Awaitable[None]]

_log = logging.getLogger("voicelab.sound.door")
_log.setLevel(logging.WARNING)
# A port scanner's half-open connections are no news for the notebook, and their tracebacks quote what was sent.
_log.addFilter(lambda record: record.msg != "opening handshake failed")


@dataclass(frozen=True)
class _Ticket:
    origin: str
    admit: Admit
    until_s: float


@dataclass
class Door:
    """A WebSocket server for the widgets of this process; everything happens on one loop.

    Attributes
    ----------
    port : int
        Where it listens; 0 while it is closed.
    """

    port: int = 0
    _tickets: dict[str, _Ticket] = field(default_factory=dict, repr=False)
    _server: Server | None = field(default=None, repr=False)
    _users: set[object] = field(default_factory=set, repr=False)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def enter(self, user: object) -> None:
        """Open the door, if it is not open, for as long as ``user`` needs it."""
        async with self._opening:
            self._users.add(user)
            if self._server is None:
                server = await serve(
                    self._meet,
                    "127.0.0.1",
                    0,
                    process_request=self._look,
                    compression=None,
                    max_size=MOST_BYTES,
                    server_header=None,
                    logger=_log,
                )
                self._server, self.port = server, next(iter(server.sockets)).getsockname()[1]

    def leave(self, user: object) -> None:
        """Need the door no more; it closes when nobody does. Leaving twice is harmless."""
        self._users.discard(user)
        if not self._users and self._server is not None:
            self._server.close()
            self._server, self.port = None, 0
            self._tickets.clear()

    def ticket(self, origin: str, admit: Admit) -> str:
        """Return a new ticket, good for one connection from one origin within `TICKET_S`.

        Parameters
        ----------
        origin : str
            Such as ``http://localhost:8888``.
        admit : coroutine function
            Takes the connection; it is closed when this returns.
        """
        now_s = asyncio.get_running_loop().time()
        self._tickets = {token: ticket for token, ticket in self._tickets.items() if ticket.until_s > now_s}
        token = secrets.token_urlsafe(32)
        self._tickets[token] = _Ticket(origin, admit, now_s + TICKET_S)
        return token

    def _look(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse at the threshold what comes from an origin without a ticket."""
        origins = request.headers.get_all("Origin")
        now_s = asyncio.get_running_loop().time()
        known = {ticket.origin for ticket in self._tickets.values() if ticket.until_s > now_s}
        if len(origins) == 1 and origins[0] in known:
            return None
        return connection.respond(HTTPStatus.FORBIDDEN, "This door is for the page of a voicelab widget only.\n")

    async def _meet(self, connection: ServerConnection) -> None:
        try:
            async with asyncio.timeout(SHOW_S):
                ticket = self._redeem(await connection.recv(), connection)
        except (TimeoutError, ProtocolError, ConnectionClosed):
            ticket = None
        if ticket is None:
            await connection.close(POLICY_VIOLATION, "no valid ticket")
        else:
            await ticket.admit(connection)

    def _redeem(self, shown: str | bytes, connection: ServerConnection) -> _Ticket | None:
        if isinstance(shown, bytes):
            return None
        ticket = self._tickets.pop(str(read_message(shown).get("token")), None)
        origin = connection.request.headers.get("Origin") if connection.request is not None else None
        in_time = ticket is not None and ticket.until_s > asyncio.get_running_loop().time()
        return ticket if ticket is not None and in_time and ticket.origin == origin else None


door = Door()
"""The process's door; it is used on the portal's loop."""
