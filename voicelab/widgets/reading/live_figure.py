"""A plotly figure that follows a run: what the timeline, latency and cost widgets share.

In: a run or a session; how to draw it (a subclass says).  Out: a widget: the figure, and its numbers as a table below.
Does not know: what is drawn.

Plotly stalls the page while it draws, so a figure is drawn seldom, and only when something changed; its traces stay
the same ones, so that a reader's zoom survives.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

import ipywidgets
from plotly.graph_objects import Figure, FigureWidget

from voicelab.plots import theme
from voicelab.widgets.following import Following, Fresh, Source
from voicelab.widgets.reading.figure_tables import Table
from voicelab.widgets.reading.figure_text import FigureText
from voicelab.widgets.view import View
from voicelab.widgets.words import words


class LiveFigure(View, ipywidgets.VBox):
    """A figure, and its text below.

    Parameters
    ----------
    source : Run, Session, AsyncSession, path or None
        None is an empty figure that says what to do.
    every_ms : int
        How often it is drawn at most.
    empty : str
        Key of what an empty figure says.

    Attributes
    ----------
    figure : FigureWidget
    """

    def __init__(self, source: Source, *, every_ms: int, empty: str) -> None:
        self._one_at_a_time = Lock()
        self._words = words("figures")
        self._empty = self._words[empty]
        self._text = FigureText()
        self._following = Following(self._paint, every_ms=every_ms)
        self.figure = FigureWidget(theme.empty(self._empty))
        self.figure._config = {**self.figure._config, "responsive": True}  # the page fits it to its box
        super().__init__([*self._above(), self.figure, *self._below(), self._text])
        self.add_class("voicelab-figure")
        self._text.observe(self._theme_changed, names="dark")
        self.watch(source)

    def close(self) -> None:
        """Follow no more, and take the widget off the page."""
        self.figure.close()
        self._text.close()
        super().close()

    @property
    def _dark(self) -> bool:
        return bool(self._text.dark)

    def _above(self) -> list[ipywidgets.Widget]:
        """Return what stands above the figure."""
        return []

    def _below(self) -> list[ipywidgets.Widget]:
        """Return what stands between the figure and its text."""
        return []

    def _paint(self, fresh: Fresh) -> None:
        with self._one_at_a_time:
            if fresh.run is None:
                renew(self.figure, theme.empty(self._empty, dark=self._dark))
                self._text.show(None)
            else:
                self._draw(fresh)

    def _draw(self, fresh: Fresh) -> None:
        """Take what is new, and draw it when it changes the picture."""
        raise NotImplementedError

    def _show(self, made: Figure, table: Table | None) -> None:
        renew(self.figure, made)
        self._text.show(table)

    def _theme_changed(self, _change: object) -> None:
        with self._one_at_a_time:
            self.figure.layout.template = theme.template(self._dark)


def renew(figure: FigureWidget, made: Figure) -> None:
    """Make a figure on the page look like a new one; where the traces are the same ones, only what differs is sent."""
    names = [trace.name for trace in made.data]
    if names and names == [trace.name for trace in figure.data]:
        with figure.batch_update():
            for trace, new in zip(figure.data, made.data, strict=True):
                trace.update(new.to_plotly_json())
            figure.layout.height = made.layout.height
            figure.layout.xaxis.title = made.layout.xaxis.title
        return
    with figure.batch_update():
        figure.data = []
        figure.layout.annotations = made.layout.annotations  # the page keeps what a new layout does not name
        figure.layout = made.layout
    figure.add_traces([_plain(trace) for trace in made.data])


def _plain(trace: Any) -> Any:
    """Return a trace that belongs to no figure."""
    return trace.__class__(trace.to_plotly_json())
