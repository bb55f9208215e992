"""Timeline, latency and cost of a run that may still grow.

In: a run or a session.  Out: widgets; each picture is also a plain figure, ``voicelab.plots.timeline(run)`` and so on.
Does not know: how a figure is drawn (``plots``) or kept up to date (``live_figure``).

While a run grows, the timeline shows its newest minute, once a second: plotly stalls the page while it draws, and what
waits there for 80 ms is heard as a gap. Latency and cost show the newest turns, and are drawn only when a turn has
changed. When it is over, each is drawn in full, once.
"""

from __future__ import annotations

import ipywidgets
import traitlets

from voicelab.measure.gathering import Gathering
from voicelab.plots import theme
from voicelab.plots.cost import cost_figure, costs_by_turn
from voicelab.plots.latency import latency_figure
from voicelab.plots.live_lanes import WINDOW_MS, LiveLanes
from voicelab.plots.timeline import Span, lane_traces, lanes_figure, timeline
from voicelab.widgets.following import Fresh, Source
from voicelab.widgets.reading.figure_tables import cost_table, latency_table
from voicelab.widgets.reading.live_figure import LiveFigure
from voicelab.widgets.reading.time_cursor import TimeCursor

_TIMELINE_EVERY_MS = 1000
_NUMBERS_EVERY_MS = 1000
# Pixels that six lines of a legend need beyond the one that is allowed for.
_NARROW_LEGEND = 84
#: So many turns are drawn while a conversation goes on.
NEWEST_TURNS = 20
_CHANGES_LATENCY = frozenset(
    (
        "conversation.item.input_audio_transcription.completed",
        "response.done",
        "voicelab.playback.started",
        "voicelab.playback.stopped",
    )
)
_CHANGES_COST = frozenset(("response.done",))


class Timeline(LiveFigure):
    """Who did what when, in lanes.

    Parameters
    ----------
    source : Run, Session, AsyncSession, path or None

    Attributes
    ----------
    cursor_ms : float or None
        The time cursor on the run's time line; None: not set. A click in the lanes sets it and plays the sound there;
        code and other views may set it as well (``traitlets.link((timeline, "cursor_ms"), (scope, "cursor_ms"))``).
    """

    cursor_ms = traitlets.Float(None, allow_none=True)

    def __init__(self, source: Source = None) -> None:
        self._cursor = TimeCursor()
        self._lanes = LiveLanes()
        self._asked_range_s: tuple[float, float] | None = None
        self._drawn: dict[str, list[Span]] = {}
        self._follow = ipywidgets.Checkbox(value=True, indent=False)
        super().__init__(source, every_ms=_TIMELINE_EVERY_MS, empty="timeline_empty")
        traitlets.link((self, "cursor_ms"), (self._cursor, "cursor_ms"))

    def close(self) -> None:
        """Follow no more, and take the widget off the page."""
        self._cursor.close()
        super().close()

    def _below(self) -> list[ipywidgets.Widget]:
        return [self._cursor]

    def _above(self) -> list[ipywidgets.Widget]:
        self._follow.description = self._words["follow"]
        self._follow.layout.display = "none"
        return [self._follow]

    def _draw(self, fresh: Fresh) -> None:
        if fresh.run is None:
            return
        self._cursor.run = fresh.run
        if fresh.first:
            self._lanes = LiveLanes(fresh.run.manifest.side)
            self._asked_range_s, self._follow.value = None, True
        if fresh.over:
            self._follow.layout.display = "none"
            self._show(timeline(fresh.run, dark=self._dark), None)
            self._zoom_to((0.0, fresh.run.duration_ms / 1000))
            return
        self._lanes.take(fresh.records)
        self._draw_newest()

    def _draw_newest(self) -> None:
        if self._asked_range_s is not None and self._follow.value and self._is_zoomed():
            # Whoever looks at something wants it to stay.
            self._follow.value = False
        if not self._follow.value:
            return
        lanes, now_ms = self._lanes.lanes(), self._lanes.now_ms
        range_s = (max(0.0, now_ms - WINDOW_MS) / 1000, max(WINDOW_MS, now_ms) / 1000)
        if self._asked_range_s is None:
            self._follow.layout.display = ""
            self._show(lanes_figure(lanes, (range_s[0] * 1000, range_s[1] * 1000), dark=self._dark), None)
        else:
            self._renew_lanes(lanes, range_s)
        self._asked_range_s, self._drawn = range_s, lanes

    def _renew_lanes(self, lanes: dict[str, list[Span]], range_s: tuple[float, float]) -> None:
        """Send the lanes that have changed; plotly looks at every point that it is given."""
        new = [name for name, spans in lanes.items() if spans != self._drawn.get(name)]
        with self.figure.batch_update():
            for trace, made in zip(self.figure.data, lane_traces(lanes), strict=True):
                if trace.name in new:
                    marker = {key: made["marker"][key] for key in ("symbol", "size")}
                    trace.update(x=made["x"], y=made["y"], text=made["text"], marker=marker)
            self.figure.layout.xaxis.range = range_s

    def _is_zoomed(self) -> bool:
        """Whether the page shows another stretch than it was asked to."""
        axis = self.figure.layout.xaxis
        if axis.range is None or self._asked_range_s is None:
            return False
        return any(abs(shown - asked) > 1e-3 for shown, asked in zip(axis.range, self._asked_range_s, strict=True))

    def _zoom_to(self, range_s: tuple[float, float]) -> None:
        if self._follow.value:
            self.figure.layout.xaxis.range = range_s


class Latency(LiveFigure):
    """Where each turn's time went: the stacked parts of its latency.

    Parameters
    ----------
    source : Run, Session, AsyncSession, path or None
    narrow : bool
        It stands in a column of less than 600 pixels, where the legend needs a line for each part.
    """

    def __init__(self, source: Source = None, *, narrow: bool = False) -> None:
        self._narrow = narrow
        super().__init__(source, every_ms=_NUMBERS_EVERY_MS, empty="latency_empty")
        self.add_class("voicelab-figure-bars")

    def _draw(self, fresh: Fresh) -> None:
        run = fresh.run
        if run is None or not _is_new(fresh, _CHANGES_LATENCY):
            return
        turns, newest = run.turn_list(), None if fresh.over else NEWEST_TURNS
        is_virtual = run.manifest.time == "virtual"
        made = latency_figure(turns, virtual=is_virtual, newest=newest, dark=self._dark)
        if self._narrow:
            made.update_layout(height=made.layout.height + _NARROW_LEGEND, margin={"t": 44 + _NARROW_LEGEND})
        self._show(made, latency_table(turns, self._words, newest))


class Cost(LiveFigure):
    """Tokens and money: by modality, fresh and cached, per turn and running.

    Parameters
    ----------
    source : Run, Session, AsyncSession, path or None
    """

    def __init__(self, source: Source = None) -> None:
        self._gathering = Gathering()
        super().__init__(source, every_ms=_NUMBERS_EVERY_MS, empty="cost_empty")
        self.add_class("voicelab-figure-bars")

    def _draw(self, fresh: Fresh) -> None:
        run = fresh.run
        if run is None:
            return
        if fresh.first:
            self._gathering = Gathering(run.manifest.side)
        for record in fresh.records:
            self._gathering.take(record)
        if not _is_new(fresh, _CHANGES_COST):
            return
        responses = self._gathering.facts.responses.values()
        if not any(response.usage for response in responses):
            self._show(theme.empty(self._empty, dark=self._dark), None)
            return
        price, manifest, newest = run.price, run.manifest, None if fresh.over else NEWEST_TURNS
        costs = costs_by_turn(responses, price)
        made = cost_figure(costs if newest is None else costs[-newest:], manifest, price, dark=self._dark)
        self._show(made, cost_table(costs, manifest.prices, self._words, newest))


def _is_new(fresh: Fresh, kinds: frozenset[str]) -> bool:
    """Whether something has come that changes the picture."""
    return fresh.first or fresh.over or any(record.type in kinds for record in fresh.records)
