"""The memory view: the items that the server remembers of the conversation.

In: a run or a session.  Out: a widget.
Does not know: how the memory follows from events (``memory_feed``), or how it looks (``memory.js``).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from voicelab.widgets.following import Following, Fresh, Source
from voicelab.widgets.reading.memory_feed import Kept, MemoryFeed
from voicelab.widgets.script import joined
from voicelab.widgets.view import View
from voicelab.widgets.words import words

_EVERY_MS = 400
#: What is older is counted, and not listed: the list is sent whole.
MOST_LISTED = 100


class Memory(View, anywidget.AnyWidget):
    """Shows what the server remembers.

    Parameters
    ----------
    source : Run, Session, AsyncSession, path or None
        None is an empty view that says what to do.
    """

    _esm = joined(Path(__file__).parents[1], "elements.js", "reading/at_end.js", "reading/memory.js")
    _css = Path(__file__).with_name("memory.css")

    words = traitlets.Dict().tag(sync=True)
    items: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    about = traitlets.Dict().tag(sync=True)

    def __init__(self, source: Source = None) -> None:
        self._feed = MemoryFeed()
        self._n_shown = -1
        self._following = Following(self._paint, every_ms=_EVERY_MS)
        super().__init__(words=dict(words("memory")), about=_about(self._feed, ()))
        self.watch(source)

    def _paint(self, fresh: Fresh) -> None:
        if fresh.first:
            self._feed = MemoryFeed(fresh.run.manifest.side if fresh.run is not None else "client")
            self._n_shown = -1
        self._feed.take(fresh.records)
        if self._feed.n_changes == self._n_shown:
            return
        self._n_shown = self._feed.n_changes
        kept = self._feed.kept()
        with self.hold_sync():
            self.about = _about(self._feed, kept)
            self.items = [_as_json(one) for one in kept[-MOST_LISTED:]]


def _about(feed: MemoryFeed, kept: tuple[Kept, ...]) -> dict[str, int]:
    return {
        "n": len(kept),
        "tokens": sum(one.tokens for one in kept),
        "n_earlier": max(0, len(kept) - MOST_LISTED),
        "epoch": feed.epoch,
        "n_unreadable": feed.n_unreadable,
    }


def _as_json(kept: Kept) -> dict[str, Any]:
    return {**asdict(kept.item), "kept_ms": kept.kept_ms, "tokens": kept.tokens}
