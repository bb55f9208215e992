"""Promises of `voicelab.transports.virtual_time`."""

from __future__ import annotations

import asyncio
import socket

import pytest

from voicelab.errors import VoicelabError
from voicelab.transports.virtual_time import run_in_virtual_time


def test_the_clock_jumps_over_every_wait() -> None:
    """A day passes, and the clock says so; the test is over at once."""
    day_s = 24 * 3600.0

    async def wait() -> tuple[float, float]:
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(day_s)
        return began, asyncio.get_running_loop().time()

    assert run_in_virtual_time(wait()) == (0.0, day_s)


def test_work_takes_no_virtual_time() -> None:
    """The clock stands still while something is ready, however long it computes."""

    async def work() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run_in_virtual_time(work()) == 0.0


def test_waits_end_in_the_order_of_their_deadlines() -> None:
    """Many tasks on one clock: each wakes at its own time, and a tie in the order of its beginning."""

    async def race() -> list[tuple[float, str]]:
        woken: list[tuple[float, str]] = []

        async def sleeper(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            woken.append((asyncio.get_running_loop().time(), name))

        await asyncio.gather(sleeper("c", 3), sleeper("a", 1), sleeper("b", 2), sleeper("a2", 1))
        return woken

    expected = [(1.0, "a"), (1.0, "a2"), (2.0, "b"), (3.0, "c")]
    assert run_in_virtual_time(race()) == expected
    assert run_in_virtual_time(race()) == expected


def test_a_timeout_fires_in_virtual_time() -> None:
    """``asyncio.timeout`` goes by the same clock."""

    async def wait() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(90):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run_in_virtual_time(wait()) == 90.0


def test_waiting_for_what_can_never_happen_is_an_error() -> None:
    """Nobody will ever set the event: the loop says so instead of standing still."""

    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(VoicelabError, match="can never happen"):
        run_in_virtual_time(wait())


def test_waiting_for_a_socket_is_an_error_too() -> None:
    """A socket that stays silent would be waited for in real time: it is refused."""
    one, other = socket.socketpair()
    with one, other:
        one.setblocking(False)

        async def read() -> bytes:
            return await asyncio.get_running_loop().sock_recv(one, 1)

        with pytest.raises(VoicelabError, match="a thread, a socket or a subprocess cannot be used"):
            run_in_virtual_time(read())


def test_tasks_that_are_left_are_ended() -> None:
    """After the coroutine, or after the error, nothing goes on: every task gets to clean up."""
    ended: list[str] = []

    async def linger(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def leave(*, stuck: bool) -> asyncio.Task[None]:
        task = asyncio.create_task(linger("stuck" if stuck else "left"))
        await asyncio.sleep(1)
        if stuck:
            await asyncio.Event().wait()
        return task

    assert run_in_virtual_time(leave(stuck=False)).cancelled()
    with pytest.raises(VoicelabError):
        run_in_virtual_time(leave(stuck=True))
    assert ended == ["left", "stuck"]


def test_the_coroutines_own_error_comes_out() -> None:
    """Nothing is wrapped around it."""

    async def fail() -> None:
        await asyncio.sleep(1)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        run_in_virtual_time(fail())


def test_every_run_begins_at_zero() -> None:
    """One run knows nothing of the one before."""

    async def wait() -> float:
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(7)
        return began

    assert [run_in_virtual_time(wait()) for _ in range(2)] == [0.0, 0.0]
