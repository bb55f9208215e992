"""What every transport promises, tried on each kind: a memory pair, and a WebSocket to a server in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import pytest
from websockets.asyncio.server import ServerConnection, serve

from voicelab.errors import TransportClosed
from voicelab.transports.base import Transport
from voicelab.transports.memory import memory_pair
from voicelab.transports.websocket import WebSocketTransport, open_websocket

Ends: TypeAlias = tuple[Transport, Transport]


@asynccontextmanager
async def memory() -> AsyncIterator[Ends]:
    yield memory_pair()


@asynccontextmanager
async def websocket() -> AsyncIterator[Ends]:
    accepted: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    async def keep(connection: ServerConnection) -> None:
        accepted.set_result(connection)
        await connection.wait_closed()

    async with serve(keep, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = await open_websocket(f"ws://127.0.0.1:{port}/", {})
        yield client, WebSocketTransport(await accepted)  # type: ignore[arg-type]
        await client.close()


Kind: TypeAlias = Callable[[], AbstractAsyncContextManager[Ends]]
every_transport = pytest.mark.parametrize("kind", [memory, websocket])


def joined(kind: Kind, talk: Callable[[Transport, Transport], Awaitable[None]]) -> None:
    """Let two ends of a connection talk."""

    async def main() -> None:
        async with kind() as (one, other):
            await talk(one, other)

    asyncio.run(main())


@every_transport
def test_frames_arrive_unchanged_and_in_order(kind: Kind) -> None:
    """Both ways, whatever is in them."""
    frames = ["", "one", '{"type":"größe","text":"🎧\\n"}', "x" * 100_000]

    async def talk(one: Transport, other: Transport) -> None:
        for sender, receiver in ((one, other), (other, one)):
            for frame in frames:
                await sender.send(frame)
            assert [await receiver.receive() for _ in frames] == frames

    joined(kind, talk)


@every_transport
def test_what_was_sent_before_the_close_still_arrives(kind: Kind) -> None:
    """Closing is the last thing that the other end hears, not the first."""

    async def talk(one: Transport, other: Transport) -> None:
        await one.send("last words")
        await one.close()
        assert await other.receive() == "last words"
        with pytest.raises(TransportClosed):
            await other.receive()

    joined(kind, talk)


@every_transport
def test_the_other_end_learns_code_and_reason(kind: Kind) -> None:
    """Both stand in the error, whichever end closed."""

    async def talk(one: Transport, other: Transport) -> None:
        await other.close(4001, "time is up")
        with pytest.raises(TransportClosed, match=r"code 4001.*time is up") as caught:
            await one.receive()
        assert caught.value.code == 4001

    joined(kind, talk)


@every_transport
def test_a_closed_connection_takes_and_gives_nothing(kind: Kind) -> None:
    """After a close, both ends refuse to send and to receive, again and again."""

    async def talk(one: Transport, other: Transport) -> None:
        await one.close(4002)
        for end in (other, one) * 2:
            with pytest.raises(TransportClosed, match="code 4002"):
                await end.receive()
            with pytest.raises(TransportClosed, match="code 4002"):
                await end.send("too late")

    joined(kind, talk)


@every_transport
def test_closing_twice_is_harmless(kind: Kind) -> None:
    """Either end, any number of times; the first code stays."""

    async def talk(one: Transport, other: Transport) -> None:
        await one.close(4003)
        await one.close(1000)
        await other.close(1000)
        await other.close(1000)
        for _ in range(3):
            with pytest.raises(TransportClosed, match="code 4003"):
                await one.receive()

    joined(kind, talk)


@every_transport
def test_a_close_wakes_who_waits_for_a_frame(kind: Kind) -> None:
    """Nobody waits for ever, at neither end."""

    async def talk(one: Transport, other: Transport) -> None:
        waiting = [asyncio.ensure_future(end.receive()) for end in (one, other)]
        await asyncio.sleep(0)
        await one.close()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(error) for error in ended] == [TransportClosed, TransportClosed]

    joined(kind, talk)
