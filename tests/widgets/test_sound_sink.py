"""The browser as a sink: the clock sets the pace, the page's counts are believed, and it goes on without a page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from voicelab.audio.samples import RATE_HZ
from voicelab.transports.virtual_time import run_in_virtual_time
from voicelab.widgets.sound.door import Door
from voicelab.widgets.sound.line import Line
from voicelab.widgets.sound.sink import SETTLE_S, BrowserSink
from voicelab.widgets.sound.wire import Chunk, unpack_chunk
from voicelab.widgets.words import words

FRAME = np.ones(480, np.int16)


class Page:
    """A page at the other end of a comm: plays what comes at the clock's pace, or not at all."""

    def __init__(self) -> None:
        self.line = Line(self._take, words("sound"), Door())
        self.sink = BrowserSink(self.line)
        self.line.played, self.line.flushed = self.sink.page_played, self.sink.page_flushed
        self.chunks: list[Chunk] = []
        self.told: list[dict[str, Any]] = []
        self.answers_flush_with: int | None = None

    def _take(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        self.chunks += [unpack_chunk(buffer) for buffer in buffers]
        self.told.append(message)
        if message["type"] == "flush" and self.answers_flush_with is not None:
            self.say("flushed", generation=message["generation"], position=self.answers_flush_with)

    def here(self) -> None:
        """Come."""
        self.line.take_comm({"type": "here", "page": "p"}, [])

    def say(self, kind: str, **fields: Any) -> None:
        """Send a message to the kernel."""
        self.line.take_comm({"type": kind, "page": "p", **fields}, [])

    def played(self, position: int) -> None:
        """Report what was played."""
        fields = {"position": position, "output_latency_ms": 40.0, "n_underruns": 0}
        self.say("played", generation=self.line.generation, **fields)


def with_page(act: Callable[[Page], Awaitable[None]]) -> None:
    """Run a test in virtual time; the line is let go afterwards."""

    async def perform() -> None:
        page = Page()
        await act(page)
        page.line.close()

    run_in_virtual_time(perform())


async def play(sink: BrowserSink, n_frames: int) -> None:
    """Play as a player does."""
    await sink.start()
    for _ in range(n_frames):
        sink.play(FRAME)
        await sink.wait()


def test_without_a_page_the_clock_sets_the_pace() -> None:
    """Two seconds of sound take two seconds less the lead, and are all heard at their end."""

    async def act(page: Page) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await play(page.sink, 100)
        assert round(loop.time() - began_s, 3) == 1.92
        assert page.sink.unheard() == round(0.08 * RATE_HZ)
        await asyncio.sleep(0.08)
        assert page.sink.unheard() == 0

    with_page(act)


def test_report_of_the_page_sets_the_clock_right() -> None:
    """What the page has not played is not heard, and what it has is on its way for the output's latency."""

    async def act(page: Page) -> None:
        page.here()
        await page.sink.start()
        for _ in range(10):
            page.sink.play(FRAME)
        page.played(2_400)
        assert page.sink.unheard() == 2_400 + round(0.04 * RATE_HZ)
        await asyncio.sleep(0.05)
        assert page.sink.unheard() == 2_400 + round(0.04 * RATE_HZ) - 1_200

    with_page(act)


def test_what_no_report_has_told_of_is_undecided() -> None:
    """A page that is late may yet be cut off where the clock says heard; without a page the clock decides."""

    async def act(page: Page) -> None:
        await play(page.sink, 50)
        assert page.sink.undecided() == page.sink.unheard()
        page.here()
        page.played(480)
        await asyncio.sleep(0.5)
        assert page.sink.unheard() < page.sink.undecided() == 49 * 480
        page.played(50 * 480)
        assert page.sink.undecided() == page.sink.unheard() == round(0.04 * RATE_HZ)

    with_page(act)


def test_count_of_a_flush_is_the_pages() -> None:
    """Once the flush is awaited, the page's count stands, not the estimate."""

    async def act(page: Page) -> None:
        page.here()
        await page.sink.start()
        for _ in range(10):
            page.sink.play(FRAME)
        page.answers_flush_with = 1_111
        settling = page.sink.flush()
        assert settling is not None
        await settling
        assert page.sink.unheard() == 4_800 - 1_111
        await play(page.sink, 1)
        assert (page.chunks[-1].generation, page.chunks[-1].first, page.chunks[-1].begins) == (2, 0, True)

    with_page(act)


def test_flush_without_an_answer_keeps_the_estimate() -> None:
    """A page that does not answer is given up after what its way may take."""

    async def act(page: Page) -> None:
        page.here()
        await page.sink.start()
        for _ in range(10):
            page.sink.play(FRAME)
        await asyncio.sleep(0.1)
        estimate = page.sink.unheard()
        settling = page.sink.flush()
        assert settling is not None
        began_s = asyncio.get_running_loop().time()
        await settling
        assert round(asyncio.get_running_loop().time() - began_s, 3) == SETTLE_S["comm"]
        assert page.sink.unheard() == estimate == 2_400

    with_page(act)


def test_page_that_waits_for_a_click_holds_the_reply_but_not_for_ever() -> None:
    """While the page plays nothing the reply waits for it; after ten seconds the conversation goes on."""

    async def act(page: Page) -> None:
        page.here()
        playing = asyncio.ensure_future(play(page.sink, 100))
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        held = 0
        while not playing.done():
            await asyncio.sleep(0.02)
            page.played(0)
            held = page.sink._handed if loop.time() - began_s < 9 else held
        assert 0 < held < round(0.5 * RATE_HZ)
        assert 10 < loop.time() - began_s < 13

    with_page(act)


def test_count_of_a_page_that_was_loaded_again_never_goes_back() -> None:
    """What the page before it has played was heard, although the new one knows nothing of it."""

    async def act(page: Page) -> None:
        page.here()
        await page.sink.start()
        for _ in range(10):
            page.sink.play(FRAME)
        page.played(2_000)
        page.answers_flush_with = 0
        settling = page.sink.flush()
        assert settling is not None
        await settling
        assert page.sink.unheard() == 4_800 - 2_000

    with_page(act)
