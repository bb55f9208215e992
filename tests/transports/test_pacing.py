"""Promises of `voicelab.transports.pacing`, in virtual time: no test waits."""

from __future__ import annotations

import asyncio

import pytest

from voicelab.transports.pacing import sleep_until, ticks
from voicelab.transports.virtual_time import run_in_virtual_time

PERIOD_S = 0.02


def now() -> float:
    return asyncio.get_running_loop().time()


def test_ticks_come_at_absolute_deadlines() -> None:
    """Tick n is due at start + n * period: after six minutes there is no drift of a microsecond."""

    async def count() -> float:
        async for n in ticks(PERIOD_S):
            if n == 18_000:
                return now()
        raise AssertionError("the ticks ended")

    assert run_in_virtual_time(count()) == pytest.approx(360, abs=1e-6)


def test_a_late_tick_does_not_delay_the_next() -> None:
    """Work that takes longer than a period is made up for: late ticks follow each other without a pause."""

    async def work() -> list[tuple[int, float]]:
        seen = []
        async for n in ticks(PERIOD_S):
            seen.append((n, round(now(), 6)))
            if n == 1:
                await asyncio.sleep(0.05)
            if n == 5:
                return seen
        raise AssertionError("the ticks ended")

    assert run_in_virtual_time(work()) == [(0, 0.0), (1, 0.02), (2, 0.07), (3, 0.07), (4, 0.08), (5, 0.1)]


def test_ticks_can_begin_later_or_have_begun_before() -> None:
    """Tick 0 belongs to ``start_s``, in the future or in the past."""

    async def first_three(start_s: float) -> list[float]:
        await sleep_until(1.0)
        seen: list[float] = []
        async for _ in ticks(PERIOD_S, start_s=start_s):
            seen.append(round(now(), 6))
            if len(seen) == 3:
                break
        return seen

    assert run_in_virtual_time(first_three(2.0)) == [2.0, 2.02, 2.04]
    assert run_in_virtual_time(first_three(0.97)) == [1.0, 1.0, 1.01]


def test_sleeping_until_a_deadline_ends_there() -> None:
    """The loop shows the deadline; one that is past is no wait at all."""

    async def sleep() -> list[float]:
        await sleep_until(4.0)
        seen = [now()]
        await sleep_until(3.0)
        return [*seen, now()]

    assert run_in_virtual_time(sleep()) == [4.0, 4.0]


def test_even_a_late_deadline_gives_other_tasks_a_turn() -> None:
    """A pump that is behind does not starve the rest."""

    async def pump() -> list[str]:
        seen: list[str] = []

        async def other() -> None:
            seen.append("other")

        task = asyncio.create_task(other())
        await sleep_until(-1.0)
        seen.append("pump")
        await task
        return seen

    assert run_in_virtual_time(pump()) == ["other", "pump"]
