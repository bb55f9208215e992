"""The browser's microphone, as a session wants one.

In: chunks that the page sends.  Out: int16 samples at 24 kHz, delivered on the portal's loop; one word when they end.
Does not know: which way they came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.errors import AudioError
from voicelab.widgets.sound.line import Line
from voicelab.widgets.sound.state import GIVEN_UP
from voicelab.widgets.sound.wire import Chunk

PAGE_S = 5.0
# A person has to read the browser's question and find the button.
ANSWER_S = 60.0
SILENT_S = 2.0


class BrowserMicrophone:
    """The microphone of the page; serves one session at a time.

    Parameters
    ----------
    line : Line
    """

    name = "browser"

    def __init__(self, line: Line) -> None:
        self._line = line
        self._words = line.words
        self._deliver: Callable[[Samples], None] | None = None
        self._lost: Callable[[str], None] = lambda _: None
        self._opened = False
        self._n_opened = 0
        self._changed = asyncio.Event()
        self._generation = 0
        self._over: set[int] = set()
        self._next: int | None = None
        self._said_silent = self._page_left = False
        self._frames_s = 0.0
        self._watch: asyncio.TimerHandle | None = None

    async def open(self, deliver: Callable[[Samples], None], lost: Callable[[str], None]) -> None:
        """Have the page open its microphone; see `voicelab.session.microphone.Microphone`."""
        if self._deliver is not None:
            raise AudioError(self._words["problem.in_use"])
        self._n_opened += 1
        mine = self._n_opened
        self._deliver, self._lost = deliver, lost
        self._said_silent = self._page_left = False
        self._next = None
        self._line.know(missing_ms=0.0)
        self._line.listen(True)

        def called_off() -> bool:
            return self._n_opened != mine

        try:
            no_page = self._words["problem.no_page"]
            await self._until(lambda: called_off() or self._line.state.way != "none", PAGE_S, no_page)
            slow = self._words["problem.no_answer"].format(seconds=round(ANSWER_S))
            await self._until(lambda: called_off() or self._answered(), ANSWER_S, slow)
            if called_off():
                raise AudioError(self._words["problem.called_off"])
            if self._page_left:
                raise AudioError(no_page)
            if self._line.state.microphone in GIVEN_UP:
                raise AudioError(self._line.state.problem)
        except BaseException:
            if not called_off():
                self._let_go(keep_problem=True)
            raise
        self._opened = True
        self._frames_s = asyncio.get_running_loop().time()
        self._watch_frames()

    def close(self) -> None:
        """Deliver no more and have the page let its microphone go; closing twice is harmless."""
        self._let_go(keep_problem=False)

    def take(self, chunk: Chunk) -> None:
        """Deliver what the page has recorded; what came already is left out."""
        self._frames_s = asyncio.get_running_loop().time()
        if self._deliver is None or not self._opened or not len(chunk.samples):
            return
        if not self._is_next(chunk):
            return
        if self._said_silent and self._line.state.microphone == "silent":
            self._line.know(microphone="on", problem="")
        self._said_silent = False
        self._deliver(np.zeros_like(chunk.samples) if self._line.state.muted else chunk.samples)

    def state_changed(self) -> None:
        """Look at what is known of the page."""
        self._changed.set()
        if self._opened and self._line.state.microphone in GIVEN_UP:
            self._end(self._line.state.problem)

    def page_gone(self) -> None:
        """Say that there is no page any more."""
        self._page_left = True
        self._changed.set()
        if self._opened:
            self._end(self._words["problem.page_closed"])

    def widget_closed(self) -> None:
        """Say that there will never be one."""
        self._page_left = True
        self._changed.set()
        if self._opened:
            self._end(self._words["problem.closed"])

    def _is_next(self, chunk: Chunk) -> bool:
        """Return whether a chunk goes on with the newest recording; a hole before it is counted.

        A recording is over for good when another one has begun: two at once would be one voice at twice its speed.
        """
        if chunk.generation in self._over:
            return False
        if chunk.generation != self._generation:
            self._over.add(self._generation)
        elif self._next is not None:
            if chunk.first < self._next:
                return False
            missing_ms = 1000 * (chunk.first - self._next) / RATE_HZ
            self._line.know(missing_ms=self._line.state.missing_ms + missing_ms)
        self._generation, self._next = chunk.generation, chunk.first + len(chunk.samples)
        return True

    def _answered(self) -> bool:
        return self._page_left or self._line.state.microphone in GIVEN_UP | {"on", "silent"}

    async def _until(self, true: Callable[[], bool], wait_s: float, otherwise: str) -> None:
        try:
            async with asyncio.timeout(wait_s):
                while not true():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AudioError(otherwise) from None

    def _watch_frames(self) -> None:
        """Say when an open microphone gives nothing for `SILENT_S`; once frames come, all is well again."""
        loop = asyncio.get_running_loop()
        quiet_s = loop.time() - self._frames_s
        if quiet_s >= SILENT_S and self._line.state.microphone == "on" and self._line.state.way != "none":
            self._said_silent = True
            self._line.know(microphone="silent", problem=self._words["problem.silent"])
        self._watch = loop.call_later(SILENT_S / 2, self._watch_frames)

    def _end(self, reason: str) -> None:
        lost = self._lost
        self._let_go(keep_problem=True)
        lost(reason)

    def _let_go(self, *, keep_problem: bool) -> None:
        self._deliver, self._lost, self._opened = None, lambda _: None, False
        self._n_opened += 1  # whoever still waits for the page's answer waits for nothing
        self._changed.set()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._line.listening:
            kept = self._line.state
            self._line.listen(False)
            if keep_problem and kept.microphone in GIVEN_UP:
                self._line.know(microphone=kept.microphone, problem=kept.problem)
