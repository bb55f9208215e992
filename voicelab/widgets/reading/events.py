"""The event inspector: what was sent and received, to filter, to search, to read as JSON.

In: a run or a session.  Out: a widget.
Does not know: how events become rows (``event_feed``), or how they look (``events.js``).

The page gets rows, in batches, five a second at most; an event's JSON only when it is chosen, the answer to a search
only when one is made.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

import anywidget
import traitlets

from voicelab.widgets.following import Following, Fresh, Source
from voicelab.widgets.reading.event_feed import MOST_KEPT, EventFeed, Row, holds, pretty
from voicelab.widgets.script import joined
from voicelab.widgets.view import View
from voicelab.widgets.words import words

_EVERY_MS = 200


class Events(View, anywidget.AnyWidget):
    """Shows the newest events of a run.

    Parameters
    ----------
    source : Run, Session, AsyncSession, path or None
        None is an empty list that says what to do.
    """

    _esm = joined(Path(__file__).parents[1], "elements.js", "reading/at_end.js", "reading/events.js")
    _css = Path(__file__).with_name("events.css")

    words = traitlets.Dict().tag(sync=True)
    most_kept = traitlets.Int(MOST_KEPT).tag(sync=True)
    folded = traitlets.Bool(True).tag(sync=True)
    search = traitlets.Unicode("").tag(sync=True)

    def __init__(self, source: Source = None) -> None:
        self._one_at_a_time = Lock()
        self._feed = EventFeed()
        self._following = Following(self._paint, every_ms=_EVERY_MS)
        super().__init__(words=dict(words("events")))
        self.on_msg(self._asked)
        self.observe(self._look_again, names=["folded", "search"])
        self.watch(source)

    def _paint(self, fresh: Fresh) -> None:
        with self._one_at_a_time:
            if fresh.first:
                self._feed = EventFeed()
            plain, folded = self._feed.take(fresh.records)
            rows = folded if self.folded else plain
            if fresh.first:
                self._send_rows("all", self._feed.rows(self.folded))
            elif rows:
                self._send_rows("more", rows)

    def _send_rows(self, kind: str, rows: list[Row]) -> None:
        self.send(
            {
                "type": kind,
                "rows": [row.as_json() for row in rows],
                "n_records": self._feed.n_records,
                "found": holds(rows, self.search) if self.search else None,
            }
        )

    def _look_again(self, _change: object) -> None:
        with self._one_at_a_time:
            self._send_rows("all", self._feed.rows(self.folded))

    def _asked(self, _widget: object, message: Any, _buffers: object) -> None:
        """Do what the page asks for; on whatever thread that comes."""
        match message:
            case {"type": "all"}:
                self._look_again(None)
            case {"type": "open", "seq": int(seq)}:
                with self._one_at_a_time:
                    row = self._feed.find(seq, self.folded)
                text = None if row is None else pretty(row.record)
                self.send({"type": "event", "seq": seq, "json": text})
