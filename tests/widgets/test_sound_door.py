"""The door for sound: only the page with a fresh ticket and the right origin comes in."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from voicelab.widgets.sound import door as door_module
from voicelab.widgets.sound.door import Door

PAGE = "http://localhost:8888"


async def greet(connection: ServerConnection) -> None:
    """Let whoever came in know it."""
    await connection.send("welcome")


async def knock(port: int, token: str, origin: str | None = PAGE) -> str:
    """Return what the door answers."""
    address = f"ws://127.0.0.1:{port}/"
    async with connect(address, origin=None if origin is None else Origin(origin), proxy=None) as connection:
        await connection.send(json.dumps({"type": "here", "token": token}))
        return str(await connection.recv())


def at_door(act: Callable[[Door], Awaitable[None]]) -> None:
    """Run a test at an open door."""

    async def perform() -> None:
        door = Door()
        await door.enter("test")
        try:
            await act(door)
        finally:
            door.leave("test")

    asyncio.run(perform())


def test_page_with_its_ticket_comes_in_once() -> None:
    """The ticket is good for one connection; the second is turned away."""

    async def act(door: Door) -> None:
        token = door.ticket(PAGE, greet)
        door.ticket(PAGE, greet)  # keeps the origin known, so that it is the ticket which is refused
        assert await knock(door.port, token) == "welcome"
        with pytest.raises(ConnectionClosed):
            await knock(door.port, token)

    at_door(act)


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://localhost:9999", "https://localhost:8888"]
)
def test_other_origin_is_refused_at_the_threshold(origin: str | None) -> None:
    """Another page of the same browser, or a program without an origin, gets 403 although it has the ticket."""

    async def act(door: Door) -> None:
        token = door.ticket(PAGE, greet)
        with pytest.raises(InvalidStatus, match="403"):
            await knock(door.port, token, origin)

    at_door(act)


def test_ticket_of_another_origin_is_refused_and_spent() -> None:
    """Two pages with tickets cannot use each other's, and trying spends it."""

    async def act(door: Door) -> None:
        token = door.ticket(PAGE, greet)
        door.ticket("http://localhost:9999", greet)
        door.ticket(PAGE, greet)
        with pytest.raises(ConnectionClosed):
            await knock(door.port, token, "http://localhost:9999")
        with pytest.raises(ConnectionClosed):
            await knock(door.port, token)

    at_door(act)


@pytest.mark.parametrize("shown", ["", "guess", "null"])
def test_wrong_ticket_is_refused(shown: str) -> None:
    """The right origin alone is not enough."""

    async def act(door: Door) -> None:
        door.ticket(PAGE, greet)
        with pytest.raises(ConnectionClosed):
            await knock(door.port, shown)

    at_door(act)


def test_old_ticket_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ticket that was not used in time is worth nothing."""

    async def act(door: Door) -> None:
        door.ticket(
            PAGE, greet
        )  # keeps the origin known; and it comes first, because a new ticket clears old ones away
        monkeypatch.setattr(door_module, "TICKET_S", 0.0)
        token = door.ticket(PAGE, greet)
        with pytest.raises(ConnectionClosed):
            await knock(door.port, token)

    at_door(act)


def test_door_listens_on_this_computer_only_and_closes_with_its_last_user() -> None:
    """127.0.0.1, a free port; two users keep it open, and after the last nothing listens."""

    async def perform() -> None:
        door = Door()
        await door.enter("a")
        await door.enter("b")
        assert door._server is not None
        (listening,) = door._server.sockets
        address, port = listening.getsockname()
        assert (address, port) == ("127.0.0.1", door.port)
        door.leave("a")
        token = door.ticket(PAGE, greet)
        assert await knock(port, token) == "welcome"
        door.leave("b")
        door.leave("b")
        await asyncio.sleep(0)
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0

    asyncio.run(perform())


def test_no_ticket_in_a_repr_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """What is shown and what is logged, at any level, holds no ticket."""
    tokens = []

    async def act(door: Door) -> None:
        for used in (PAGE, PAGE):
            tokens.append(door.ticket(used, greet))
            shown = repr(door)
            assert tokens[-1] not in shown
        await knock(door.port, tokens[0])

    with caplog.at_level(logging.DEBUG):
        at_door(act)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("websockets.client")]
    assert not any(tokens[0] in line for line in ours)
    assert not logging.getLogger("voicelab.sound.door").isEnabledFor(logging.INFO)
