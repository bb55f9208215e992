"""The client's WebSocket: the one seam where the ``websockets`` library meets the rest.

In: a URL, headers, subprotocols.  Out: an open transport, or one error that says what was wrong and what to do.
Does not know: the protocol. Each of the three can carry a key: none of them appears in an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidHeader,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    NegotiationError,
)
from websockets.typing import Subprotocol

from voicelab.errors import AuthenticationError, TransportClosed, TransportError

OPEN_TIMEOUT_S = 10.0
# An item retrieved with two minutes of audio is 8 MB of base64; the protocol's own limit is 15 MiB an append.
MAX_FRAME_BYTES = 32 * 2**20


class WebSocketTransport:
    """An open client socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, frame: str) -> None:
        """Send one text frame."""
        try:
            await self._connection.send(frame)
        except ConnectionClosed as error:
            raise _closed(error) from None

    async def receive(self) -> str:
        """Return the next text frame."""
        try:
            frame = await self._connection.recv()
        except ConnectionClosed as error:
            raise _closed(error) from None
        return frame if isinstance(frame, str) else frame.decode(errors="replace")

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye and close."""
        await self._connection.close(code, reason)


async def open_websocket(url: str, headers: Mapping[str, str], subprotocols: Sequence[str] = ()) -> WebSocketTransport:
    """Open a client socket.

    Parameters
    ----------
    url : str
        ``ws://`` or ``wss://``; its query may hold a key.
    headers : mapping of str to str
        Sent beside those of the upgrade.
    subprotocols : sequence of str
        Offered in this order; a server that picks none is accepted.

    Raises
    ------
    AuthenticationError
        HTTP 401 or 403.
    TransportError
        Anything else that prevented the connection.
    """
    try:
        where, remote = _without_secrets(url), _is_remote(url)
    except ValueError:
        # urllib's own words would repeat the address, and with it what it holds of a key.
        raise TransportError("the server's address cannot be read: it must be like ws://host:port/path") from None
    try:
        # Latency is what is measured here: compression costs time and audio in base64 gains little.
        connection = await connect(
            url,
            additional_headers=dict(headers),
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            compression=None,
            max_size=MAX_FRAME_BYTES,
            open_timeout=OPEN_TIMEOUT_S,
            proxy=True if remote else None,
        )
    except (InvalidHandshake, InvalidProxy, InvalidURI, ImportError, OSError, EOFError) as error:
        raise _not_opened(error, where) from None
    return WebSocketTransport(connection)


def _not_opened(error: Exception, where: str) -> TransportError:
    """Say what prevented a connection, without headers, query and subprotocols."""
    match error:
        case InvalidStatus(response=response):
            status = response.status_code
            if status in (401, 403):
                return AuthenticationError(
                    f"{where} did not accept the key (HTTP {status}): check the key that was given for this server"
                )
            return TransportError(f"{where} refused the connection (HTTP {status})")
        case InvalidURI():
            return TransportError(f"{where} is not a WebSocket address: it must begin with ws:// or wss://")
        case InvalidProxy() | ImportError():
            return TransportError(
                f"no connection to {where}: the proxy that this computer's environment names cannot be used "
                "(for a SOCKS proxy install python-socks)"
            )
        case NegotiationError() | InvalidHeader(name="Sec-WebSocket-Protocol"):
            # The library's words repeat what the server sent back: maybe all that was offered, the key among it.
            return TransportError(f"{where} does not speak WebSocket: it chose a subprotocol that cannot be used")
        case InvalidHandshake() | EOFError():
            return TransportError(f"{where} does not speak WebSocket: {error}")
        case TimeoutError():
            return TransportError(f"{where} did not answer within {OPEN_TIMEOUT_S:.0f} s")
    reason = getattr(error, "strerror", None) or str(error)
    return TransportError(f"no connection to {where}: {reason}; is the server running?")


def _closed(error: ConnectionClosed) -> TransportClosed:
    here = error.sent is not None and not error.rcvd_then_sent
    frame = error.sent if here else error.rcvd
    if frame is None:
        return TransportClosed("the server went away without a word (the connection broke)", code=1006)
    who = "this side" if here else "the server"
    reason = f": {frame.reason}" if frame.reason else ""
    return TransportClosed(f"{who} closed the connection (code {frame.code}{reason})", code=frame.code)


def _without_secrets(url: str) -> str:
    """Return the address without its query and user part, either of which may hold a key."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _is_remote(url: str) -> bool:
    return urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1")
