"""Promises of `voicelab.transports.websocket`, against real local servers: good ones, bad ones, and none at all."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from voicelab.errors import AuthenticationError, TransportClosed, TransportError
from voicelab.transports import websocket
from voicelab.transports.websocket import MAX_FRAME_BYTES, WebSocketTransport, open_websocket

KEY = "sk-very-secret-key"
HEADERS = {"Authorization": f"Bearer {KEY}"}

Handler = Callable[[ServerConnection], Awaitable[None]]


async def stay(connection: ServerConnection) -> None:
    """Serve nothing until the client goes."""
    await connection.wait_closed()


@asynccontextmanager
async def serving(handler: Handler = stay, **options: Any) -> AsyncIterator[str]:
    """Run a WebSocket server; give its address."""
    async with serve(handler, "127.0.0.1", 0, **options) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/realtime"


@asynccontextmanager
async def saying(answer: bytes | None) -> AsyncIterator[str]:
    """Run a server that answers everybody with the same bytes and hangs up; None: says nothing and stays."""
    done = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            await done.wait()
        else:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/realtime"
        done.set()


def answering(status: HTTPStatus) -> Callable[[ServerConnection, Request], Response]:
    """Return what refuses every upgrade with a status, and repeats the key it was given."""

    def respond(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(status, f"no: {request.headers.get('Authorization')}\n")

    return respond


async def failure(url: str, headers: dict[str, str] = HEADERS) -> TransportError:
    """Return the error with which opening ends."""
    with pytest.raises(TransportError) as caught:
        await open_websocket(url, headers)
    return caught.value


def closed_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


# --- opening -------------------------------------------------------------------------------------------------


def test_path_query_and_headers_reach_the_server() -> None:
    """The upgrade asks for the whole address and carries the key; no compression is offered."""
    seen: list[Request] = []

    async def look(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request)

    async def talk() -> None:
        async with serving(look) as url:
            await (await open_websocket(f"{url}?model=gpt-realtime", HEADERS)).close()

    asyncio.run(talk())
    assert seen[0].path == "/v1/realtime?model=gpt-realtime"
    assert seen[0].headers["Authorization"] == f"Bearer {KEY}"
    assert "Sec-WebSocket-Extensions" not in seen[0].headers


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
def test_a_key_that_is_not_accepted_is_an_authentication_error(status: HTTPStatus) -> None:
    """401 and 403 say where the key was not accepted and what to check, and never the key."""

    async def talk() -> TransportError:
        async with serving(process_request=answering(status)) as url:
            return await failure(f"{url}?api_key={KEY}")

    error = asyncio.run(talk())
    assert isinstance(error, AuthenticationError)
    assert f"/v1/realtime did not accept the key (HTTP {status.value})" in str(error)
    assert KEY not in repr(error)


@pytest.mark.parametrize("status", [HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY])
def test_another_refusal_says_its_status(status: HTTPStatus) -> None:
    """It is no matter of keys, so it is no AuthenticationError."""

    async def talk() -> TransportError:
        async with serving(process_request=answering(status)) as url:
            return await failure(url)

    error = asyncio.run(talk())
    assert not isinstance(error, AuthenticationError)
    assert f"refused the connection (HTTP {status.value})" in str(error)


def test_nobody_listening_is_said_with_a_question() -> None:
    """The address without query and user part, and whether the server runs at all."""
    url = f"ws://me:{KEY}@127.0.0.1:{closed_port()}/v1/realtime?api_key={KEY}"
    error = asyncio.run(failure(url))
    assert str(error).startswith("no connection to ws://127.0.0.1:")
    assert str(error).endswith("is the server running?")
    assert KEY not in str(error)


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"", b"HTTP/1.1 101 Switching\r\n\r\n"])
def test_a_server_of_another_kind_is_said_to_be_none(answer: bytes) -> None:
    """What answers something else, hangs up, or switches to nothing, does not speak WebSocket."""

    async def talk() -> TransportError:
        async with saying(answer) as url:
            return await failure(f"{url}?key={KEY}")

    error = asyncio.run(talk())
    assert "does not speak WebSocket" in str(error)
    assert KEY not in str(error)


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening ends after its time, with an error that says so."""
    monkeypatch.setattr(websocket, "OPEN_TIMEOUT_S", 0.05)

    async def talk() -> TransportError:
        async with saying(None) as url:
            return await failure(url)

    assert "did not answer within" in str(asyncio.run(talk()))


@pytest.mark.parametrize("url", ["http://127.0.0.1/v1/realtime", "127.0.0.1:80", "ws://"])
def test_what_is_no_websocket_address_is_said_to_be_none(url: str) -> None:
    """The error says how an address begins."""
    assert "it must begin with ws:// or wss://" in str(asyncio.run(failure(url)))


@pytest.mark.parametrize("address", ["127.0.0.1:port", "127.0.0.1:99999", "[::1"])
def test_an_address_that_cannot_be_read_is_a_transport_error(address: str) -> None:
    """A port that is no port, a bracket that stays open: one clear line, and nothing of the user part in it."""
    error = asyncio.run(failure(f"ws://{KEY}@{address}/v1/realtime"))
    assert "cannot be read" in str(error)
    assert KEY not in str(error)


def test_a_local_server_is_reached_without_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is for the world outside."""
    for name in ("http_proxy", "https_proxy", "socks_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")

    async def talk() -> None:
        async with serving() as url:
            await (await open_websocket(url, HEADERS)).close()

    asyncio.run(talk())


@pytest.mark.parametrize("proxy", [f"ftp://me:{KEY}@127.0.0.1:1", "socks5://127.0.0.1:1"])
def test_a_proxy_that_cannot_be_used_is_said(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another kind of proxy, or one that needs a package: the error names the proxy as the cause, not its password."""
    if proxy.startswith("socks") and importlib.util.find_spec("python_socks"):
        pytest.skip("python-socks is installed: a SOCKS proxy can be used here")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("https_proxy", proxy)
    error = asyncio.run(failure("wss://voicelab.invalid/v1/realtime"))
    assert str(error).startswith("no connection to wss://voicelab.invalid/v1/realtime: the proxy")
    assert KEY not in str(error)


def test_subprotocols_are_offered_in_order() -> None:
    """As a browser does it; none are offered unless asked for, and a server that picks none is no error."""
    offers = ("realtime", f"openai-insecure-api-key.{KEY}")
    seen: list[str | None] = []

    async def look(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.headers.get("Sec-WebSocket-Protocol"))

    async def talk() -> None:
        async with serving(look) as url:
            await (await open_websocket(url, {}, offers)).close()
            await (await open_websocket(url, HEADERS)).close()
        async with serving(look, subprotocols=["realtime"]) as url:
            await (await open_websocket(url, {}, offers)).close()

    asyncio.run(talk())
    assert seen == [", ".join(offers), None, ", ".join(offers)]


@pytest.mark.parametrize("names", ["realtime, openai-insecure-api-key." + KEY, KEY])
def test_a_server_that_sends_the_key_back_does_not_bring_it_into_the_error(names: str) -> None:
    """Several subprotocols at once, or one that was not offered: refused, without repeating them."""

    def respond(connection: ServerConnection, request: Request, response: Response) -> Response:
        assert connection.request is request
        response.headers["Sec-WebSocket-Protocol"] = names
        return response

    async def talk() -> TransportError:
        async with serving(process_response=respond) as url:
            with pytest.raises(TransportError) as caught:
                await open_websocket(url, {}, ("realtime", f"openai-insecure-api-key.{KEY}"))
            return caught.value

    error = asyncio.run(talk())
    assert "it chose a subprotocol that cannot be used" in str(error)
    assert KEY not in repr(error)


# --- an open connection --------------------------------------------------------------------------------------


def closing(handler: Handler) -> TransportClosed:
    """Return the error with which receiving ends when a server behaves so."""

    async def talk() -> TransportClosed:
        async with serving(handler) as url:
            transport = await open_websocket(url, HEADERS)
            with pytest.raises(TransportClosed) as caught:
                await transport.receive()
            return caught.value

    return asyncio.run(talk())


def test_a_close_of_the_server_tells_its_code_and_reason() -> None:
    """In the server's own words."""

    async def expire(connection: ServerConnection) -> None:
        await connection.close(4000, "session expired")

    error = closing(expire)
    assert (str(error), error.code) == ("the server closed the connection (code 4000: session expired)", 4000)


def test_a_connection_that_breaks_is_told_from_one_that_is_closed() -> None:
    """No goodbye came: code 1006, and the error says that it broke."""

    async def vanish(connection: ServerConnection) -> None:
        connection.transport.abort()

    error = closing(vanish)
    assert error.code == 1006
    assert "went away without a word" in str(error)


def test_a_frame_that_is_too_large_is_closed_by_this_side() -> None:
    """The error says who closed, and why: it was not the server."""

    async def shout(connection: ServerConnection) -> None:
        await connection.send(b"x" * (MAX_FRAME_BYTES + 1))

    error = closing(shout)
    assert error.code == 1009
    assert "this side closed the connection" in str(error)


def test_a_long_item_fits_into_a_frame() -> None:
    """Two minutes of audio, retrieved, are 8 MB of base64: more than the library's own limit."""
    frame = "A" * 8_000_000

    async def retrieve(connection: ServerConnection) -> None:
        await connection.send(frame)

    async def talk() -> str:
        async with serving(retrieve) as url:
            transport = await open_websocket(url, HEADERS)
            try:
                return await transport.receive()
            finally:
                await transport.close()

    assert asyncio.run(talk()) == frame


@pytest.mark.parametrize(("data", "text"), [(b'{"type":"x"}', '{"type":"x"}'), (b"\xff{}", "\ufffd{}")])
def test_a_binary_frame_is_given_as_text(data: bytes, text: str) -> None:
    """Some servers send JSON in binary frames; what is no text is no reason to fall over."""

    async def send(connection: ServerConnection) -> None:
        await connection.send(data)

    async def talk() -> str:
        async with serving(send) as url:
            transport = await open_websocket(url, HEADERS)
            try:
                return await transport.receive()
            finally:
                await transport.close()

    assert asyncio.run(talk()) == text


def test_the_server_hears_why_it_was_closed() -> None:
    """Code and reason of our goodbye arrive."""
    heard: list[tuple[int | None, str | None]] = []

    async def listen(connection: ServerConnection) -> None:
        await connection.wait_closed()
        heard.append((connection.close_code, connection.close_reason))

    async def talk() -> None:
        async with serving(listen) as url:
            transport = await open_websocket(url, HEADERS)
            assert isinstance(transport, WebSocketTransport)
            await transport.close(1001, "going away")

    asyncio.run(talk())
    assert heard == [(1001, "going away")]
