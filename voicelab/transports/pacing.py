"""Deadlines that do not drift: tick ``n`` is due at ``start + n * period``, however late tick ``n - 1`` was.

In: a period.  Out: an async iterator of tick numbers.  Does not know: what happens at a tick.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator


async def ticks(period_s: float, *, start_s: float | None = None) -> AsyncIterator[int]:
    """Yield 0, 1, 2, … , each at its absolute deadline; late ticks follow each other without a pause.

    Parameters
    ----------
    period_s : float
        Seconds from tick to tick.
    start_s : float, optional
        The loop's time of tick 0; now when absent.
    """
    loop = asyncio.get_running_loop()
    start = loop.time() if start_s is None else start_s
    n = 0
    while True:
        await sleep_until(start + n * period_s)
        yield n
        n += 1


async def sleep_until(deadline_s: float) -> None:
    """Sleep until the loop's clock shows ``deadline_s``; always gives other tasks a turn."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(max(0.0, deadline_s - loop.time()))
