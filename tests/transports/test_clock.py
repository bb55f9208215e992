"""Promises of `voicelab.transports.clock`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

from voicelab.transports.clock import Clock, rfc3339
from voicelab.transports.virtual_time import run_in_virtual_time

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_a_clock_begins_at_zero_and_follows_its_loop() -> None:
    """Whatever the loop's time was when it was made; nanoseconds to the digit."""

    async def watch() -> list[int]:
        await asyncio.sleep(3)
        clock = Clock(asyncio.get_running_loop(), NOON)
        seen = [clock.now_ns()]
        await asyncio.sleep(0.02)
        seen.append(clock.now_ns())
        await asyncio.sleep(3600)
        return [*seen, clock.now_ns()]

    assert run_in_virtual_time(watch()) == [0, 20_000_000, 3_600_020_000_000]


def test_wall_time_is_the_start_plus_the_clock() -> None:
    """The wall time of a record belongs to its ``t_ns``, not to when somebody looked."""

    async def look() -> Clock:
        return Clock(asyncio.get_running_loop(), NOON)

    clock = run_in_virtual_time(look())
    assert clock.wall_at(0) == NOON
    assert clock.wall_at(90_000_001_000) == NOON + timedelta(seconds=90, microseconds=1)


def test_a_start_in_another_time_zone_is_the_same_instant() -> None:
    """Wall times are given in UTC."""

    async def look() -> Clock:
        return Clock(asyncio.get_running_loop(), datetime(2026, 11, 20, 14, 0, tzinfo=timezone(timedelta(hours=2))))

    clock = run_in_virtual_time(look())
    assert clock.wall_start == NOON
    assert clock.wall_start.utcoffset() == timedelta(0)


def test_rfc3339_is_utc_with_microseconds() -> None:
    """Always six digits and a Z, so that texts of wall times sort like the times."""
    assert rfc3339(NOON) == "2026-11-20T12:00:00.000000Z"
    east = datetime(2026, 11, 20, 13, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    assert rfc3339(east) == "2026-11-20T12:00:00.000005Z"
