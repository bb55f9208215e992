"""``server_vad.idle_timeout_ms``: what is to happen when nobody speaks after a reply.

In: when a reply's playback is over, how long may pass.  Out: one call when that time has passed.
Does not know: events, audio, or what ends the silence; somebody cancels.

The clock starts at the end of the playback, not at ``response.done``: a reply is sent faster than it is heard
(OpenAI's reference of ``server_vad``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicelab.transports.pacing import sleep_until


class IdleClock:
    """One silence that is being waited through.

    Parameters
    ----------
    tasks : asyncio.TaskGroup
        Where the waiting happens; it ends with the connection.
    position : callable
        Where the input audio is now, in samples.
    timed_out : callable
        Told the position at the end of the playback, when nobody has spoken since.
    """

    def __init__(
        self, tasks: asyncio.TaskGroup, *, position: Callable[[], int], timed_out: Callable[[int], None]
    ) -> None:
        self._tasks = tasks
        self._position = position
        self._timed_out = timed_out
        self._waiting: asyncio.Task[None] | None = None
        self._playback_end_s: float | None = None
        self._begun_at: int | None = None

    def start(self, playback_end_s: float, timeout_ms: float) -> None:
        """Wait from ``playback_end_s`` (the loop's time) on; a wait that is under way is given up.

        Begun again for the same playback, the silence still began where it began.
        """
        self.cancel()
        if playback_end_s != self._playback_end_s:
            self._playback_end_s, self._begun_at = playback_end_s, None
        self._waiting = self._tasks.create_task(self._wait(playback_end_s, timeout_ms))

    def cancel(self) -> None:
        """Give up waiting, if anybody waits."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.cancel()

    async def _wait(self, playback_end_s: float, timeout_ms: float) -> None:
        await sleep_until(playback_end_s)
        if self._begun_at is None:
            self._begun_at = self._position()
        await sleep_until(playback_end_s + timeout_ms / 1000)
        self._waiting = None  # what follows may cancel the wait, and must not cancel itself
        self._timed_out(self._begun_at)
