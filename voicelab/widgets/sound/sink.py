"""Sound that is heard in the browser: paced by the clock, counted by the page.

In: frames of a reply.  Out: chunks for the page, a little ahead of the ear; how many samples have not been heard.
Does not know: items, why it is flushed, or which way chunks travel.

The clock sets the pace, so that a conversation goes on when the page has gone; every report of the page sets the clock
right. Frames go out `LEAD_S` before they are due, which is what the network and a busy computer may be late by.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.transports.pacing import sleep_until
from voicelab.widgets.sound.line import Line
from voicelab.widgets.sound.state import Way
from voicelab.widgets.sound.wire import Chunk

LEAD_S: dict[Way, float] = {"none": 0.08, "direct": 0.25, "proxy": 0.3, "comm": 0.4}
# How long the page's exact count is waited for. By comm it comes after whatever the notebook itself has to say.
SETTLE_S: dict[Way, float] = {"none": 0.25, "direct": 0.25, "proxy": 0.5, "comm": 3.0}
# Until a page with a suspended AudioContext is clicked on, the reply waits for it, but not for ever.
HOLD_S = 10.0


@dataclass(frozen=True)
class _Flushed:
    """What was thrown away last, as far as it is known here. Counts are samples."""

    generation: int
    handed: int
    played: int


class BrowserSink:
    """Plays in the page.

    Parameters
    ----------
    line : Line
    """

    name = "browser"

    def __init__(self, line: Line) -> None:
        self._line = line
        self._end_s = 0.0
        self._handed = 0
        self._played = 0
        self._held_since_s = 0.0
        self._begins = True
        self._thrown_away: int | None = None
        self._exact: asyncio.Future[int] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._flushed = _Flushed(0, 0, 0)

    async def start(self) -> float:
        """Begin a stretch; return when its first sample will be heard."""
        if self._settling is not None:
            await self._settling
        now_s = asyncio.get_running_loop().time()
        self._end_s = max(self._end_s, now_s + self._latency_s)
        self._held_since_s = now_s
        self._begins = True
        return self._end_s

    async def wait(self) -> None:
        """Wait until the page should have another frame; a report of the page may move that time."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = self._end_s - self._latency_s - LEAD_S[self._line.state.way]
            # A short sleep at a time: a flush or a report has to be seen.
            await sleep_until(min(due_s, loop.time() + 0.02))
            if due_s <= loop.time() or self._thrown_away is not None:
                return

    def play(self, frame: Samples) -> None:
        """Send a frame to the page."""
        now_s = asyncio.get_running_loop().time()
        self._thrown_away = None
        self._line.send(Chunk(self._line.generation, self._handed, self._begins, frame))
        self._begins = False
        self._handed += len(frame)
        self._end_s = max(self._end_s, now_s + self._latency_s) + len(frame) / RATE_HZ

    def unheard(self) -> int:
        """Return the samples that were taken and not heard; after a flush, those that it threw away."""
        if self._thrown_away is not None:
            return self._thrown_away
        left = round((self._end_s - asyncio.get_running_loop().time()) * RATE_HZ)
        return min(max(0, left), self._handed)

    def undecided(self) -> int:
        """Return the samples that no report has told of: a page that is late has not played what the clock says."""
        if self._thrown_away is not None or self._line.state.way == "none":
            return self.unheard()
        return max(self.unheard(), self._handed - self._played)

    def flush(self) -> Awaitable[None] | None:
        """Throw away what waits in the page; `unheard` is exact once the result was awaited."""
        if self._thrown_away is not None:
            return self._settling
        loop = asyncio.get_running_loop()
        self._thrown_away = self.unheard()
        self._flushed = _Flushed(self._line.generation, self._handed, self._played)
        self._line.generation += 1
        self._handed = self._played = 0
        self._end_s = loop.time()
        if self._flushed.handed == 0 or self._line.state.way == "none":
            return None
        self._exact = loop.create_future()
        self._settling = asyncio.ensure_future(self._settle(self._exact))
        self._line.tell("flush", generation=self._flushed.generation)
        return self._settling

    def close(self) -> None:
        """Throw away what waits; the sink may be used again."""
        self.flush()

    def page_played(self, generation: int, position: int) -> None:
        """Set the clock right: the page has copied everything before ``position`` to its output."""
        now_s = asyncio.get_running_loop().time()
        if generation != self._line.generation or not self._played <= position <= self._handed:
            return
        if position == self._played == self._handed:
            return  # known already: its last sample is on its way to the ear
        if position > self._played:
            self._held_since_s = now_s
        self._played = position
        if now_s - self._held_since_s < HOLD_S:
            self._end_s = now_s + (self._handed - position) / RATE_HZ + self._latency_s

    def page_flushed(self, generation: int, position: int) -> None:
        """Take the exact count: what the output has got will be heard, the rest never."""
        flushed = self._flushed
        if self._exact is None or self._exact.done() or generation != flushed.generation:
            return
        # A page that was loaded again knows nothing of what the one before it played.
        heard = min(max(position, flushed.played), flushed.handed)
        self._exact.set_result(flushed.handed - heard)

    @property
    def _latency_s(self) -> float:
        return self._line.state.output_latency_ms / 1000

    async def _settle(self, exact: asyncio.Future[int]) -> None:
        try:
            async with asyncio.timeout(SETTLE_S[self._line.state.way]):
                self._thrown_away = await exact
        except TimeoutError:
            return  # the estimate stands
        finally:
            self._settling = None
