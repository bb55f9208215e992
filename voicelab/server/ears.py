"""The session's recogniser, asked for one turn after the other, however fast turns come.

In: the calls of a turn, in order.  Out: the words so far, and the words of each turn as a future.
Does not know: items, events, or where turns begin.

Two turns can come in one append. The end of a turn takes time, so the calls of the next one wait until it is over:
the recogniser never hears two turns at once, and each turn gets its own words.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from voicelab.audio.samples import Samples
from voicelab.engines.base import Heard, HearingHandle
from voicelab.errors import ConfigError, EngineError

NOTHING_HEARD = Heard(text="", rejected=False, confidence=0.0, engine="none")


class Ears:
    """A recogniser whose calls never wait.

    Parameters
    ----------
    handle : HearingHandle, optional
        The recogniser; None when this server recognises no words: every turn fails then.
    tasks : asyncio.TaskGroup
        Where the ends of turns are waited for.

    Attributes
    ----------
    paused : bool
        Whether the recogniser only keeps aside what it is fed.
    """

    def __init__(self, handle: HearingHandle | None, tasks: asyncio.TaskGroup) -> None:
        self._handle = handle
        self._tasks = tasks
        self._is_finishing = False
        self._waiting: deque[Callable[[], None]] = deque()
        self.paused = False

    @property
    def partial(self) -> str:
        """The words so far of the running turn; empty while the turn before is still being finished."""
        return "" if self._handle is None or self._is_finishing else self._handle.partial

    def start(self) -> None:
        """Begin a turn; an unfinished one is forgotten."""
        self.paused = False
        if self._handle is not None:
            self._call(self._handle.start)

    def feed(self, samples: Samples) -> None:
        """Give more audio of the turn, shape (n,)."""
        if (handle := self._handle) is not None:
            self._call(lambda: handle.feed(samples))

    def pause(self, paused: bool) -> None:
        """Say that the speaker may be done, or went on; saying it twice is saying it once."""
        if self._handle is not None and paused != self.paused:
            self._call(self._handle.pause if paused else self._handle.resume)
        self.paused = paused

    def finish(self) -> asyncio.Future[Heard]:
        """End the turn.

        Returns
        -------
        Future of Heard
            Its words; an `EngineError` or `ConfigError` when the recogniser failed.
        """
        words: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        if (handle := self._handle) is None:
            words.set_exception(EngineError("this server recognises no words"))
        else:
            self._call(lambda: self._begin_finish(handle, words))
        return words

    def _call(self, call: Callable[[], None]) -> None:
        if self._is_finishing:
            self._waiting.append(call)
        else:
            call()

    def _begin_finish(self, handle: HearingHandle, words: asyncio.Future[Heard]) -> None:
        self._is_finishing = True
        self._tasks.create_task(self._finish(handle, words))

    async def _finish(self, handle: HearingHandle, words: asyncio.Future[Heard]) -> None:
        try:
            heard = await handle.finish()
        except (EngineError, ConfigError) as error:
            if not words.done():  # nobody waits any more when the connection ends
                words.set_exception(error)
        else:
            if not words.done():
                words.set_result(heard)
        self._is_finishing = False
        while self._waiting and not self._is_finishing:
            self._waiting.popleft()()
