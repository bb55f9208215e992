"""The transcript: the conversation as it happens, with what was not heard struck through, and cards to say aloud.

In: a run or a session, and a desk for the cards.  Out: a widget; ``cursor_ms`` is the instant that somebody chose.
Does not know: how lines are made (``transcript_feed``), which cards there are (``cards``), how all this looks
(``transcript.js``).

The page has each line once: what is new or changed is sent in one message a repaint. A view that opens later asks for
everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

import anywidget
import traitlets

from voicelab.widgets.following import Following, Fresh, Source
from voicelab.widgets.pump import Handle, pump
from voicelab.widgets.reading.cards import CardDesk, Offer, offer_for
from voicelab.widgets.reading.line import Line
from voicelab.widgets.reading.transcript_feed import TranscriptFeed
from voicelab.widgets.script import joined
from voicelab.widgets.standing import Standing
from voicelab.widgets.view import View
from voicelab.widgets.words import words

_EVERY_MS = 120
_EVERY_CARDS_MS = 400
#: More lines than anybody scrolls through; an hour of talk has some six hundred.
MOST_LINES = 1000


class Transcript(View, anywidget.AnyWidget):
    """Shows a conversation in words.

    Parameters
    ----------
    source : Run, Session, AsyncSession, path or None
        What is shown; None is an empty transcript that says what to do.
    desk : Desk, optional
        Decides about the cards, and takes the one that is chosen. Without it there are none.

    Attributes
    ----------
    cursor_ms : float or None
        On the run's time line; a click on a line sets it, and whoever shares the cursor may.
    """

    _esm = joined(Path(__file__).parents[1], "elements.js", "reading/at_end.js", "reading/transcript.js")
    _css = Path(__file__).with_name("transcript.css")

    words = traitlets.Dict().tag(sync=True)
    lines: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    n_earlier = traitlets.Int(0).tag(sync=True)
    growing = traitlets.Bool(False).tag(sync=True)
    offer = traitlets.Dict().tag(sync=True)
    cursor_ms = traitlets.Float(None, allow_none=True).tag(sync=True)

    def __init__(self, source: Source = None, *, desk: CardDesk | None = None) -> None:
        self._one_at_a_time = Lock()
        self._feed = TranscriptFeed()
        self._desk = desk
        self._offered_for: Standing | None = None
        self._cards: Handle | None = None
        self._following = Following(self._paint, every_ms=_EVERY_MS)
        super().__init__(words=dict(words("transcript")), offer=asdict(Offer()))
        self.on_msg(self._asked)
        if desk is not None:
            self._look_at_desk()
            self._cards = pump().every(_EVERY_CARDS_MS, self._look_at_desk)
        self.watch(source)

    def close(self) -> None:
        """Follow no more, and take the widget off the page."""
        if self._cards is not None:
            self._cards.close()
            self._cards = None
        super().close()

    def _paint(self, fresh: Fresh) -> None:
        with self._one_at_a_time:
            if fresh.first:
                self._feed = TranscriptFeed(fresh.run.manifest.side if fresh.run is not None else "client")
            changed = self._feed.take(fresh.records)
            if fresh.first or fresh.over:
                self._send_all(not fresh.over)
            elif changed:
                self.send({"type": "lines", "lines": as_json(changed)})

    def _send_all(self, growing: bool) -> None:
        lines = self._feed.lines
        with self.hold_sync():
            self.growing = growing
            self.n_earlier = max(0, len(lines) - MOST_LINES)
            self.lines = as_json(lines[-MOST_LINES:])

    def _look_at_desk(self) -> None:
        if self._desk is None or not self.shown:
            return
        standing = self._desk.standing
        if standing is not self._offered_for:
            self._offered_for = standing
            self.offer = asdict(offer_for(standing))

    def _asked(self, _widget: object, message: Any, _buffers: object) -> None:
        """Do what the page asks for; on whatever thread that comes."""
        match message:
            case {"type": "all"}:
                with self._one_at_a_time:
                    self._send_all(self.growing)
            case {"type": "card"} if self._desk is not None and self._desk.standing.reply == "mirror":
                self._desk.choose_reply("guide")
            case {"type": "say", "text": str(text)} if self._desk is not None:
                self._desk.say(text)


def as_json(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Return lines as the page gets them."""
    return [asdict(line) for line in lines]
