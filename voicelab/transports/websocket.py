"""The client's WebSocket: the one seam where the ``websockets`` library meets the rest.

In: a URL and headers.  Out: an open transport, or one error that says what was wrong and what to do.
Does not know: the protocol. Headers carry keys: they never appear in an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, InvalidStatus, InvalidURI

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


async def open_websocket(url: str, headers: Mapping[str, str]) -> WebSocketTransport:
    """Open a client socket.

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
            compression=None,
            max_size=MAX_FRAME_BYTES,
            open_timeout=OPEN_TIMEOUT_S,
            proxy=True if remote else None,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if status in (401, 403):
            raise AuthenticationError(
                f"{where} did not accept the key (HTTP {status}): check the key that was given for this server"
            ) from None
        raise TransportError(f"{where} refused the connection (HTTP {status})") from None
    except InvalidURI:
        raise TransportError(f"{where} is not a WebSocket address: it must begin with ws:// or wss://") from None
    except (InvalidProxy, ImportError):
        raise TransportError(
            f"no connection to {where}: the proxy that this computer's environment names cannot be used "
            "(for a SOCKS proxy install python-socks)"
        ) from None
    except (InvalidHandshake, EOFError) as error:
        raise TransportError(f"{where} does not speak WebSocket: {error}") from None
    except TimeoutError:
        raise TransportError(f"{where} did not answer within {OPEN_TIMEOUT_S:.0f} s") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise TransportError(f"no connection to {where}: {reason}; is the server running?") from None
    return WebSocketTransport(connection)


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
