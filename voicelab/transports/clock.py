"""Time since a session began, on the clock of the event loop, and the wall time that belongs to it.

In: an event loop and the wall time at the start.  Out: nanoseconds, RFC 3339 text.
Does not know: whether the loop's clock is the real one or the virtual one; that is the point.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that starts at zero.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
        Its ``time()`` is the time.
    wall_start : datetime
        The wall time at zero, with a time zone.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, wall_start: datetime) -> None:
        self._loop = loop
        self._start_s = loop.time()
        self.wall_start = wall_start.astimezone(UTC)

    def now_ns(self) -> int:
        """Return the nanoseconds since the start."""
        return self.ns_at(self._loop.time())

    def ns_at(self, loop_s: float) -> int:
        """Return the nanoseconds from the start to an instant of the loop's clock."""
        return round((loop_s - self._start_s) * 1e9)

    def wall_at(self, t_ns: int) -> datetime:
        """Return the wall time that belongs to ``t_ns``."""
        return self.wall_start + timedelta(microseconds=t_ns / 1000)


def rfc3339(moment: datetime) -> str:
    """Return a wall time as RFC 3339 text in UTC, with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
