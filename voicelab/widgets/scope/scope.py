"""The scope: both sides of a conversation on one clock, with what the turn detection made of them, and its threshold.

In: a run, a session or a folder; a desk, where the threshold shall be changed.  Out: a widget; ``cursor_ms``.
Does not know: how the picture is made (the scripts in ``js``), or what it is told (``feed``).

While the run goes on, dragging the threshold changes the session. A page that is paused asks what would have been, and
nothing changes until somebody says so. The page speaks to this class by messages, because a message is lossless where a
trait is throttled; they come on any thread and only post a command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import anywidget
import traitlets

from voicelab.errors import ConfigError, RunError
from voicelab.measure.run import Run
from voicelab.runlog.afterwards import add_mark
from voicelab.session.faces import AsyncSession, Session
from voicelab.session.portal import portal
from voicelab.widgets.desk import Desk, desk_of
from voicelab.widgets.following import Following, Fresh, Source
from voicelab.widgets.pump import Handle, pump
from voicelab.widgets.scope.feed import Feed, no_sound
from voicelab.widgets.scope.listening import sound_around
from voicelab.widgets.script import joined
from voicelab.widgets.standing import Standing
from voicelab.widgets.view import View
from voicelab.widgets.words import words

EVERY_MS = 40
_DESK_EVERY_MS = 200
TRUE_END = "true end"
#: The page, in the order in which its parts need one another.
PARTS = (
    *("numbers.js", "outline.js", "story.js", "clock.js", "theme.js"),
    *("picture.js", "draw_sound.js", "draw_turns.js", "draw_speech.js", "draw_signs.js"),
    *("parts.js", "sending.js", "telling.js", "listening.js", "threshold.js", "time.js", "page.js", "main.js"),
)


class Scope(View, anywidget.AnyWidget):
    """Shows sound and turns, live or afterwards.

    Parameters
    ----------
    source : Run, Session, AsyncSession, path or None
        What is shown. A session is also what the threshold changes, unless there is a desk.
    desk : Desk, optional
        Takes the threshold and the marks.
    on_threshold : callable, optional
        Takes a threshold from 0 to 1 where there is neither desk nor session; called on any thread.

    Attributes
    ----------
    cursor_ms : float or None
        The time cursor on the run's time line; None: not set. The page sets it when somebody clicks or presses an arrow
        key; code and other views may set it as well (``traitlets.link((scope, "cursor_ms"), (other, "cursor_ms"))``,
        ``scope.observe(callback, "cursor_ms")``). A page that is live draws it and stays live; one that looks back goes
        there. Observers are called on the thread that set it: for a click that is the one that brings messages, so
        they only post a command. Seen from the page the last one who set it wins.
    asked : float
        The threshold that is asked for, shown before any is in force.
    """

    _esm = joined(Path(__file__).with_name("js"), *PARTS)
    _css = Path(__file__).with_name("scope.css")

    words = traitlets.Dict().tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)
    can_use = traitlets.Bool(False).tag(sync=True)
    asked = traitlets.Float(0.5).tag(sync=True)
    cursor_ms = traitlets.Float(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        source: Source = None,
        *,
        desk: Desk | None = None,
        on_threshold: Callable[[float], object] | None = None,
    ) -> None:
        if desk is None and isinstance(source, Session | AsyncSession):
            desk = desk_of(source)
        self._feeding = Lock()
        self._feed = Feed()
        self._run: Run | None = None
        self._over = True
        self._desk = desk
        self._on_threshold = on_threshold
        self._standing: Standing | None = None
        self._looking: Handle | None = None
        self._following = Following(self._paint, every_ms=EVERY_MS)
        super().__init__(words=dict(words("scope")), can_use=desk is not None or on_threshold is not None)
        self.on_msg(self._told)
        if desk is not None:
            self._look_at_desk()
            self._looking = pump().every(_DESK_EVERY_MS, self._look_at_desk)
        self.watch(source)

    def close(self) -> None:
        """Follow no more, and leave the page; closing twice is harmless."""
        if self._looking is not None:
            self._looking.close()
            self._looking = None
        super().close()

    # --- painting -----------------------------------------------------------------------------------------------

    def _paint(self, fresh: Fresh) -> None:
        with self._feeding:
            if fresh.first:
                self._feed = Feed()
            self._run, self._over = fresh.run, fresh.over
            self._feed.take(fresh.records)
        self.running = fresh.run is not None and not fresh.over
        self._tell(reset=fresh.first)

    def _tell(self, *, reset: bool) -> None:
        """Send what is new; a message is sent before the next is made, or the page would get them in another order."""
        with self._feeding:
            read = no_sound if self._run is None else self._run.loudness
            news = self._feed.news(read, reset=reset, over=self._over)
            self.send(news.content | {"run": str(self._run.folder) if self._run else ""}, news.buffers)

    def _look_at_desk(self) -> None:
        if self._desk is not None and self._desk.standing is not self._standing:
            self._standing = self._desk.standing
            self.asked = self._standing.wishes.threshold

    # --- what the page says -------------------------------------------------------------------------------------

    def _told(self, _widget: object, content: dict[str, Any], _buffers: list[bytes]) -> None:
        """Take a message of the page; one that it never sends is passed over."""
        match content:
            case {"do": "again"}:
                self._tell(reset=True)
            case {"do": "threshold" | "use", "value": int() | float() as value}:
                self._ask_for(float(value))
            case {"do": "what if", "value": int() | float() as value, "from": begin_ms, "to": end_ms}:
                self._imagine(float(value), float(begin_ms), float(end_ms))
            case {"do": "mark", "at": int() | float() as at_ms}:
                self._mark(float(at_ms))
            case {"do": "listen", "at": int() | float() as at_ms}:
                self._play(float(at_ms))

    def _ask_for(self, threshold: float) -> None:
        threshold = min(1.0, max(0.0, threshold))
        if self._desk is not None:
            self._desk.wish(replace(self._desk.standing.wishes, threshold=threshold))
        elif self._on_threshold is not None:
            self._on_threshold(threshold)

    def _imagine(self, threshold: float, begin_ms: float, end_ms: float) -> None:
        try:
            with self._feeding:
                found = self._feed.what_if(threshold, begin_ms, end_ms)
        except ConfigError as error:
            self._say("not_possible", error)
            return
        self.send({"kind": "what if", "from": begin_ms, "to": end_ms, **found.to_message()})

    def _mark(self, at_ms: float) -> None:
        run = self._run
        if run is None:
            return
        if run.growing and self._desk is not None:
            self._desk.mark(TRUE_END, at_ms)
            return
        try:
            record = add_mark(run.folder, TRUE_END, at_ms)
        except RunError as error:
            self._say("not_marked", error)
            return
        with self._feeding:
            self._feed.take([record])
        self._tell(reset=False)

    def _play(self, at_ms: float) -> None:
        run = self._run
        if run is not None:
            portal().submit(self._send_sound(run, at_ms))

    async def _send_sound(self, run: Run, at_ms: float) -> None:
        # Reading waits for the disk: not on the thread of the sound, and not on the one that brings messages.
        begin_ms, wav = await portal().in_thread(partial(sound_around, run, at_ms))
        self.send({"kind": "sound", "from": begin_ms}, [wav])

    def _say(self, key: str, error: Exception) -> None:
        self.send({"kind": "say", "text": words("scope")[key].format(error=error)})
