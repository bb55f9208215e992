"""The knobs: what a person asks of the session, and what is in force of it.

In: a desk (or a session), the hands on the knobs.  Out: `Desk.wish`, `undo` and `reconnect`; the standing, shown.
Does not know: sessions, what a wish does (``wishes``, ``controls``), the other parts of the Lab.

A callback only posts what was turned and returns; the pump shows what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from html import escape
from pathlib import Path
from threading import RLock
from typing import Any

import anywidget
import ipywidgets
import traitlets

from voicelab.errors import ConfigError
from voicelab.session.faces import AsyncSession, Session
from voicelab.widgets.controls import CONTROLS, Control
from voicelab.widgets.desk import Desk, desk_of
from voicelab.widgets.echo import Echo
from voicelab.widgets.kernel import look_after_kernel
from voicelab.widgets.knob import Knob
from voicelab.widgets.presets import PRESETS
from voicelab.widgets.pump import Handle, pump
from voicelab.widgets.standing import Standing
from voicelab.widgets.wishes import Wishes, changed
from voicelab.widgets.wishes_code import as_code
from voicelab.widgets.words import words

_LOOK_MS = 100


class KnobsPage(anywidget.AnyWidget):
    """What ipywidgets lack in the page: names for slider handles, and code that goes to the clipboard.

    Parameters
    ----------
    words : mapping
        The catalogue's part ``knobs``.
    """

    _esm = Path(__file__).with_name("knobs.js")
    _css = Path(__file__).with_name("knobs.css")

    words = traitlets.Dict().tag(sync=True)
    names = traitlets.Dict().tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)

    def __init__(self, words: Mapping[str, str]) -> None:
        names = {name: {"label": words[one.label], "unit": one.unit} for name, one in CONTROLS.items()}
        super().__init__(words=dict(words), names=names)


class Knobs(ipywidgets.VBox):
    """All knobs: three in front with the detection and the presets, the rest under "More".

    Parameters
    ----------
    source : Desk, Session or AsyncSession, optional
        What is turned; a desk of its own when absent.
    """

    def __init__(self, source: Desk | Session | AsyncSession | None = None) -> None:
        self._words = words("knobs")
        self._lock = RLock()
        self._desk = desk_of(source)
        self._wanted = self._desk.standing.wishes
        self._echo = Echo(self._wanted)
        self._standing: Standing | None = None
        self._handle: Handle | None = None
        self._preset = ""
        self._knobs = {name: Knob(one, self._words, self._turn) for name, one in CONTROLS.items()}
        self._presets, self._why = self._make_presets()
        self._undo = self._button("undo", self._undo_pressed)
        self._reconnect = self._button("reconnect", self._reconnect_pressed)
        self._more = ipywidgets.ToggleButton(description=self._words["more"])
        self._more.add_class("voicelab-knobs-more")
        self._page = KnobsPage(self._words)
        self._rest = ipywidgets.VBox(self._boxes(lambda one: not one.in_front))
        self._more.observe(self._more_pressed, "value")
        self._more_pressed({"new": False})
        super().__init__(
            [
                self._presets,
                self._why,
                *self._boxes(lambda one: one.in_front),
                ipywidgets.HBox([self._undo, self._more, self._reconnect]),
                self._page,
                self._rest,
            ]
        )
        self.add_class("voicelab-knobs")
        self.watch(self._desk)

    @property
    def desk(self) -> Desk:
        """What the knobs turn."""
        return self._desk

    @property
    def knobs(self) -> Mapping[str, Knob]:
        """Each knob by the field that it turns."""
        return self._knobs

    def watch(self, source: Desk | Session | AsyncSession | None) -> None:
        """Turn and show another desk (or session) from now on."""
        look_after_kernel()
        if self._handle is not None:
            self._handle.close()
        with self._lock:
            self._desk = desk_of(source)
            self._echo = Echo(self._desk.standing.wishes)
            self._standing = None
            self._show(self._desk.standing.wishes, tuple(CONTROLS))
        self.repaint()
        self._handle = pump().every(_LOOK_MS, self.repaint)

    def close(self) -> None:
        """Look at the desk no more, and leave the page. Closing twice is harmless."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None
        for one in _tree(self):
            if one is not self:
                one.close()
        super().close()

    # --- what a person does: on any thread, returns at once --------------------------------------------------

    def _turn(self, name: str, value: Any) -> None:
        with self._lock:
            try:
                wishes = replace(self._wanted, **{name: value})
            except ConfigError as error:
                self._knobs[name].complain(self._complaint(CONTROLS[name], error))
                return
            self._ask(wishes, (name,))

    def _ask(self, wishes: Wishes, names: tuple[str, ...]) -> None:
        """Show what a person wants, and ask the desk for it."""
        self._show(wishes, names)
        self._echo.asked(wishes)
        self._desk.wish(wishes)

    def _choose_preset(self, change: Mapping[str, Any]) -> None:
        with self._lock:
            preset = PRESETS.get(change["new"])
            if preset is None or change["new"] == self._preset:
                return
            self._preset = preset.name
            self._ask(preset.apply(self._wanted), tuple(preset.change))
            self._paint_preset(self._wanted)

    def _undo_pressed(self, _button: object) -> None:
        self._desk.undo()

    def _reconnect_pressed(self, _button: object) -> None:
        self._desk.reconnect()

    def _more_pressed(self, change: Mapping[str, Any]) -> None:
        self._rest.layout.display = "" if change["new"] else "none"

    def _complaint(self, control: Control, error: ConfigError) -> str:
        """Return one sentence that says what would have been right."""
        if control.kind in ("float", "int"):
            label = self._words[control.label]
            return self._words["bad.range"].format(label=label, low=f"{control.least:g}", high=f"{control.most:g}")
        return self._words["bad.other"].format(reason=error)

    # --- what the desk shows: on the pump's thread -----------------------------------------------------------

    def repaint(self) -> None:
        """Show how the desk stands; the pump does it ten times a second."""
        with self._lock:
            standing = self._desk.standing
            if self._echo.is_foreign(standing.wishes):
                self._show(standing.wishes, changed(self._wanted, standing.wishes))
            if standing is not self._standing:
                self._standing = standing
                self._paint(standing)

    def _show(self, wishes: Wishes, names: tuple[str, ...]) -> None:
        """Move the knobs of some fields; what they show is what is wanted from now on."""
        self._wanted = wishes
        for name in names:
            self._knobs[name].show(getattr(wishes, name))

    def _paint(self, standing: Standing) -> None:
        for knob in self._knobs.values():
            knob.paint(standing)
        self._paint_preset(standing.wishes)
        self._page.code = as_code(standing.wishes, standing.target)
        names = ", ".join(self._words[CONTROLS[name].label] for name in standing.pending)
        self._reconnect.tooltip = self._words["reconnect.help"].format(names=names)
        self._reconnect.layout.display = "" if standing.pending else "none"

    def _paint_preset(self, wishes: Wishes) -> None:
        """Show the chosen preset for as long as its knobs stand as it turned them."""
        if self._preset and wishes == self._wanted and not PRESETS[self._preset].holds(wishes):
            self._preset = ""
        self._presets.children[0].value = self._preset
        self._why.value = escape(self._words[f"preset.{self._preset}.why"]) if self._preset else ""
        self._why.layout.display = "" if self._preset else "none"

    # --- how it is built -------------------------------------------------------------------------------------

    def _boxes(self, wanted: Callable[[Control], bool]) -> list[ipywidgets.Widget]:
        return [knob.box for knob in self._knobs.values() if wanted(knob.control)]

    def _make_presets(self) -> tuple[ipywidgets.HBox, ipywidgets.HTML]:
        options = [(self._words["preset.choose"], ""), *((self._words[f"preset.{name}"], name) for name in PRESETS)]
        menu = ipywidgets.Dropdown(description=self._words["preset.label"], options=options, value="")
        menu.observe(self._choose_preset, "value")
        why = ipywidgets.HTML()
        why.add_class("voicelab-knob-note")
        return ipywidgets.HBox([menu]), why

    def _button(self, key: str, pressed: Callable[[object], None]) -> ipywidgets.Button:
        button = ipywidgets.Button(description=self._words[key], tooltip=self._words.get(f"{key}.help", ""))
        button.on_click(pressed)
        return button


def _tree(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    """Yield a widget with all that belongs to it; each holds a line to the page until it is closed."""
    for child in getattr(widget, "children", ()):
        yield from _tree(child)
    yield from (getattr(widget, name) for name in ("layout", "style") if getattr(widget, name, None) is not None)
    yield widget
