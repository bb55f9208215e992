"""The bar on top of the Lab: with whom, how it stands, for how long, for how much; Talk and Stop.

In: a desk (or a session).  Out: commands to it; its standing, shown.
Does not know: sessions, sound, the other parts of the Lab.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from voicelab.errors import VoicelabError
from voicelab.measure.gathering import Gathering
from voicelab.measure.prices import cost_usd
from voicelab.runlog.record import Record
from voicelab.session.faces import AsyncSession, Session
from voicelab.session.profiles import PROFILES
from voicelab.widgets.desk import Desk, desk_of
from voicelab.widgets.following import Following, Fresh
from voicelab.widgets.pump import pump
from voicelab.widgets.script import joined
from voicelab.widgets.standing import Standing
from voicelab.widgets.words import words

_LOOK_MS = 120
_COUNT_MS = 400
_BUDGET = "voicelab.budget"


class Bar(anywidget.AnyWidget):
    """Target, state, time, cost, and the buttons.

    Parameters
    ----------
    source : Desk, Session or AsyncSession, optional
        What it commands; a desk of its own when absent.
    """

    _esm = joined(Path(__file__).parent, "elements.js", "bar.js")
    _css = Path(__file__).with_name("bar.css")

    words = traitlets.Dict().tag(sync=True)
    targets: traitlets.List[str] = traitlets.List().tag(sync=True)
    standing = traitlets.Dict().tag(sync=True)
    counts = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)

    def __init__(self, source: Desk | Session | AsyncSession | None = None) -> None:
        super().__init__()
        self.words = dict(words("bar"))
        self.targets = [name for name in PROFILES if name != "local"]
        self._desk = desk_of(source)
        self._shown = -1
        self._count = Count()
        self._following = Following(self._paint_counts, every_ms=_COUNT_MS)
        self.on_msg(self._heard)
        self._repaint()
        self._handle = pump().every(_LOOK_MS, self._repaint)

    def close(self) -> None:
        """Follow no more, and leave the page."""
        self._handle.close()
        self._following.close()
        super().close()

    def freeze(self, note: str) -> None:
        """Show a last sentence, and do nothing any more."""
        self._handle.close()
        self._following.close()
        self.note = note
        self.standing = {**_shown(self._desk.standing), "frozen": True}

    def _repaint(self) -> None:
        standing = self._desk.standing
        if standing.n == self._shown:
            return
        self._shown = standing.n
        if standing.run is not self._following.run:
            self._following.watch(standing.run)
        self.standing = _shown(standing)

    def _paint_counts(self, fresh: Fresh) -> None:
        if fresh.first:
            self._count = Count()
        for record in fresh.records:
            self._count.take(record, fresh)
        self.counts = self._count.shown()

    def _heard(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        """Do what a button or a key asks for; on any thread."""
        desk, value = self._desk, content.get("value")
        commands: dict[str, Callable[[], object]] = {
            "talk": desk.talk,
            "stop": desk.stop,
            "interrupt": desk.interrupt,
            "undo": desk.undo,
            "mute": lambda: desk.mute(bool(value)),
            "mark": lambda: desk.mark("true end"),
            "target": lambda: desk.choose_target(
                str(value), str(content.get("key", "")), str(content.get("model", ""))
            ),
            "limit": lambda: desk.limit(float(value or 0)),
            "report": lambda: desk.report().add_done_callback(lambda done: self._told("report_made", done.result())),
            "hand_in": lambda: desk.hand_in().add_done_callback(lambda done: self._told("hand_in_made", done.result())),
            "dismiss": lambda: desk.tell(None),
        }
        command = commands.get(str(content.get("do")))
        if command is not None:
            command()

    def _told(self, key: str, made: Path | VoicelabError) -> None:
        if isinstance(made, Path):
            self.note = self.words[key].format(path=made)


class Count:
    """What the bar counts of a run: turns and money."""

    def __init__(self) -> None:
        self._gathering = Gathering()
        self._usd = 0.0
        self._unpriced = False
        self._limit_usd: float | None = None
        self._spent_usd = 0.0
        self._t_ns = 0

    def take(self, record: Record, fresh: Fresh) -> None:
        """Count the next record."""
        self._t_ns = record.t_ns
        self._gathering.take(record)
        if record.type.startswith(_BUDGET) and "limit_usd" in record.event:
            self._limit_usd, self._spent_usd = record.event["limit_usd"], record.event["spent_usd"]
        if record.type == "response.done" and fresh.run is not None:
            usage = (record.event.get("response") or {}).get("usage")
            usd = cost_usd(usage, fresh.run.price) if usage else 0.0
            self._unpriced |= usd is None
            self._usd += usd or 0.0

    def shown(self) -> dict[str, Any]:
        """Return the counts as the page shows them; money that cannot be known is null.

        Under a budget the money is what the budget counts: transcription too.
        """
        usd = self._usd if self._limit_usd is None else self._spent_usd
        return {
            "turns": len(self._gathering.facts.turns),
            "usd": None if self._unpriced else usd,
            "limit_usd": self._limit_usd,
            "seconds": self._t_ns / 1e9,
        }


def _shown(standing: Standing) -> dict[str, Any]:
    """Return the standing as the page shows it."""
    problem = standing.problem
    return {
        "state": standing.state,
        "target": standing.target,
        "folder": None if standing.run is None else str(standing.run.folder),
        "expires_at": standing.in_force.get("expires_at"),
        "limit_minutes": standing.limit_minutes,
        "limit_usd": standing.limit_usd,
        "hosted": standing.target != "local",
        "muted": standing.muted,
        "listening": standing.listening,
        "problem": None if problem is None else {"what": problem.what, "kept": problem.kept, "do": problem.do},
    }
