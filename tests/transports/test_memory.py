"""Promises of `voicelab.transports.memory` beyond those of every transport."""

from __future__ import annotations

import asyncio

import pytest

from voicelab.errors import TransportClosed
from voicelab.transports.memory import MemoryTransport, memory_pair
from voicelab.transports.virtual_time import run_in_virtual_time


def test_a_frame_is_the_very_object_that_was_sent() -> None:
    """No copy is made."""

    async def talk() -> None:
        one, other = memory_pair()
        frame = "a frame " * 100
        await one.send(frame)
        assert await other.receive() is frame

    asyncio.run(talk())


def test_pairs_do_not_hear_each_other() -> None:
    """Two pairs are two connections."""

    async def talk() -> None:
        (one, other), (foreign, _) = memory_pair(), memory_pair()
        await foreign.send("not for you")
        await one.send("for you")
        assert await other.receive() == "for you"

    asyncio.run(talk())


def test_the_other_end_is_gone_at_once() -> None:
    """What is sent to an end that has closed is refused, also before the close was received; nothing is lost unsaid."""

    async def talk() -> None:
        one, other = memory_pair()
        await one.close(4001)
        with pytest.raises(TransportClosed, match="code 4001"):
            await other.send("too late")

    asyncio.run(talk())


def test_an_end_alone_is_a_broken_connection() -> None:
    """Without another end nothing can be sent; the code is that of a connection without a goodbye."""

    async def talk() -> None:
        alone = MemoryTransport()
        with pytest.raises(TransportClosed) as caught:
            await alone.send("anybody?")
        assert caught.value.code == 1006
        await alone.close()

    asyncio.run(talk())


def test_sending_and_receiving_take_no_time() -> None:
    """In virtual time a thousand frames pass at one instant."""

    async def talk() -> float:
        one, other = memory_pair()

        async def echo() -> None:
            for _ in range(1000):
                await other.send(await other.receive())

        echoing = asyncio.create_task(echo())
        for n in range(1000):
            await one.send(str(n))
            assert await one.receive() == str(n)
        await echoing
        return asyncio.get_running_loop().time()

    assert run_in_virtual_time(talk()) == 0.0
