"""Two faces of one session: `Session` for plain cells and scripts, `AsyncSession` for ``await``.

In: what a person calls, on any thread or loop.  Out: the same, done on the portal's loop.
Does not know: how anything is done (``core``).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from voicelab.audio.clip import Clip, read_clip
from voicelab.errors import AudioError
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.session.asking import ask_for
from voicelab.session.live import LiveRun
from voicelab.session.portal import Portal
from voicelab.session.source import require_speech

ClipLike: TypeAlias = str | PathLike[str] | Clip
Closing: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


class _Face:
    """What both faces show without waiting."""

    def __init__(self, live: LiveRun, portal: Portal, closing: Closing) -> None:
        self._live = live
        self._portal = portal
        self._closing = closing

    @property
    def folder(self) -> Path:
        """The run folder, written as things happen."""
        return self._live.plan.folder

    @property
    def log(self) -> Run:
        """The run so far; it grows."""
        self._live.sync()
        return Run(self.folder, live=self._live.recorder.records)

    @property
    def turns(self) -> list[Turn]:
        """All turns so far, spoken and typed."""
        return self.log.turn_list()

    @property
    def in_force(self) -> dict[str, Any]:
        """The configuration that the server last said is in force."""
        return self._live.core.in_force

    @property
    def errors(self) -> list[str]:
        """What the server complained about, oldest first."""
        return [error.message for error in self._live.core.errors]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._live.plan.provider}, {self.folder})"

    def _last_turn(self) -> Turn:
        turns = self.turns
        if not turns:
            raise AudioError("the run has no turn yet")
        return turns[-1]


class Session(_Face):
    """A session for plain code: every call waits until it is done."""

    def play(self, clip: ClipLike, labels: Mapping[str, Any] | None = None) -> Turn:
        """Say a clip at real-time pace and wait for the answers.

        Parameters
        ----------
        clip : path or Clip
            WAV, FLAC or OGG, any rate and channel count.
        labels : mapping, optional
            Known facts for the log: ``text``, ``speech_start_ms``, ``speech_end_ms`` (in the clip).

        Returns
        -------
        Turn
            The last turn; ``turns`` has all.

        Raises
        ------
        AudioError
            The file cannot be used, or nobody speaks in it.
        TransportError
            The connection was lost; what had happened is in the run folder.
        """
        self._portal.call(self._live.core.play(_as_clip(clip), labels))
        return self._last_turn()

    def ask(self, text: str) -> Turn:
        """Send a typed message and wait for the answer."""
        self._portal.call(self._live.core.ask(text))
        return self._last_turn()

    def update(self, **settings: Any) -> dict[str, Any]:
        """Change settings live (see `voicelab.connect` for their names); return what is in force afterwards."""
        return self._portal.call(self._live.core.update(ask_for(**settings)))

    def reconnect(self, **settings: Any) -> None:
        """Open a new connection in the same run, with other settings and the conversation carried over."""
        self._portal.call(self._live.core.reconnect(ask_for(**settings)))

    def interrupt(self) -> None:
        """Stop the reply as if the user had spoken."""
        self._portal.call(self._live.core.interrupt())

    def mark(self, text: str) -> None:
        """Write a remark on the time line."""
        self._portal.call(self._live.core.mark(text))

    def close(self) -> None:
        """End the session and complete the run folder."""
        self._portal.call(self._closing())


class AsyncSession(_Face):
    """The same session for ``await``; it still lives on its own thread, so a busy loop here does not stop the sound."""

    async def play(self, clip: ClipLike, labels: Mapping[str, Any] | None = None) -> Turn:
        """Say a clip at real-time pace and wait for the answers; see `Session.play`."""
        await self._portal.wait(self._live.core.play(_as_clip(clip), labels))
        return self._last_turn()

    async def ask(self, text: str) -> Turn:
        """Send a typed message and wait for the answer."""
        await self._portal.wait(self._live.core.ask(text))
        return self._last_turn()

    async def update(self, **settings: Any) -> dict[str, Any]:
        """Change settings live; return what is in force afterwards."""
        return await self._portal.wait(self._live.core.update(ask_for(**settings)))

    async def reconnect(self, **settings: Any) -> None:
        """Open a new connection in the same run, with other settings and the conversation carried over."""
        await self._portal.wait(self._live.core.reconnect(ask_for(**settings)))

    async def interrupt(self) -> None:
        """Stop the reply as if the user had spoken."""
        await self._portal.wait(self._live.core.interrupt())

    async def mark(self, text: str) -> None:
        """Write a remark on the time line."""
        await self._portal.wait(self._live.core.mark(text))

    async def close(self) -> None:
        """End the session and complete the run folder."""
        await self._portal.wait(self._closing())


def _as_clip(clip: ClipLike) -> Clip:
    # On the caller's thread: scoring a long clip would hold up the sound on the session's.
    return require_speech(clip if isinstance(clip, Clip) else read_clip(clip))
