"""One knob: its widgets, its badge, and the line below it.

In: a `Control`, and a value or a `Standing` to show.  Out: the values that a person turns or types.
Does not know: the desk, the other knobs, what a value does.

A slider has a box for typing beside it, because a slider's own readout quietly moves what is typed into its range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from threading import get_ident
from typing import Any

import ipywidgets
from msgspec import UNSET

from voicelab.widgets.controls import Control, acts, blocked, chunk_cost, differs, is_shown
from voicelab.widgets.standing import Standing

_LONGEST_SHOWN = 80


class Knob:
    """The row of one control.

    Parameters
    ----------
    control : Control
    words : mapping
        The catalogue's part ``knobs``.
    turned : callable
        Told the control's name and the new value when a person has changed it, on any thread.

    Attributes
    ----------
    inputs : list of ipywidgets
        What is turned; of a slider the box beside it as well.
    """

    def __init__(self, control: Control, words: Mapping[str, str], turned: Callable[[str, Any], None]) -> None:
        self.control = control
        self._words = words
        self._turned = turned
        self._value: Any = None
        self._standing = Standing()
        self._complaint = ""
        self._showing_on: int | None = None
        self._badge = _line("voicelab-knob-badge")
        self._note = _line("voicelab-knob-note")
        self.inputs = self._make_inputs()
        self.box = ipywidgets.VBox([*self._rows(), self._note])
        self.box.add_class("voicelab-knob")
        self.box.add_class(f"voicelab-knob-{control.name}")
        for one in self.inputs:
            one.observe(self._changed, "value")

    @property
    def note(self) -> str:
        """What stands below it, as HTML."""
        return str(self._note.value)

    @property
    def badge(self) -> str:
        """What stands beside it, as HTML."""
        return str(self._badge.value)

    def show(self, value: Any) -> None:
        """Stand at a value."""
        self._value = value
        self._complaint = ""
        self._showing_on = get_ident()
        for one in self.inputs:
            _make_room(one, self.control, self._text_of, value)
            one.value = value
        self._showing_on = None

    def complain(self, sentence: str) -> None:
        """Say below the knob why a value was not taken."""
        self._complaint = sentence
        self.paint(self._standing)

    def paint(self, standing: Standing) -> None:
        """Show when the knob acts, why it cannot be turned, and what is in force."""
        self._standing = standing
        control, words = self.control, self._words
        when = acts(control, standing)
        waits = control.name in standing.pending
        self._badge.value = (
            f'<span data-acts="{when}" data-waits="{str(waits).lower()}" title="{escape(words[f"acts.{when}.help"])}">'
            f"{escape(words[f'acts.{when}'])}</span>"
        )
        reason = blocked(control, standing)
        for one in self.inputs:
            one.disabled = reason is not None
        self._note.value = escape(self._complaint or (words[reason] if reason else self._remark(standing)))
        self._note.layout.display = "" if self._note.value else "none"
        self.box.layout.display = "" if is_shown(control, standing.wishes) else "none"

    def _remark(self, standing: Standing) -> str:
        there = differs(self.control, standing)
        if there is not UNSET:
            key = "in_force.waits" if self.control.name in standing.pending else "in_force"
            return self._words[key].format(value=self._text_of(there))
        if self.control.name == "chunk_ms":
            return _cost(standing.wishes.chunk_ms, standing.wishes.input_format, self._words)
        return ""

    def _changed(self, change: Mapping[str, Any]) -> None:
        """Take what a person did, and nothing that `show` does: it is told on the thread that shows."""
        if self._showing_on == get_ident():
            return
        value = change["new"]
        if self.control.kind == "float":
            value = round(value, 3)  # a slider's steps add up to 0.30000000000000004
        if value == self._value:
            if self._complaint:
                self._complaint = ""
                self.paint(self._standing)
            return
        self._turned(self.control.name, value)

    def _text_of(self, value: Any) -> str:
        """Return a value as people read it."""
        name, words = self.control.name, self._words
        if isinstance(value, Mapping):
            return str(value.get("id", value))
        if isinstance(value, bool):
            return words["switch.on" if value else "switch.off"]
        if f"{name}.{value}" in words:
            return words[f"{name}.{value}"]
        if f"{name}.any" in words:
            return words[f"{name}.any"].format(value=value // 1000 if name == "idle_timeout_ms" else value)
        if self.control.unit:
            return words["value"].format(value=f"{value:g}", unit=self.control.unit)
        text = str(value)
        return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"

    def _make_inputs(self) -> list[Any]:
        control, label = self.control, self._words[self.control.label]
        if control.kind in ("float", "int"):
            floats = control.kind == "float"
            slider = ipywidgets.FloatSlider if floats else ipywidgets.IntSlider
            box = ipywidgets.FloatText if floats else ipywidgets.IntText
            span = {"min": control.low, "max": control.high, "step": control.step, "value": control.low}
            typed = box(value=control.low, step=control.step, continuous_update=False)
            return [slider(**span, readout=False), typed]
        if control.kind == "menu":
            return [ipywidgets.Dropdown(description=label, options=_options(control, self._text_of, ()))]
        if control.kind == "switch":
            return [ipywidgets.Checkbox(description=label, indent=False)]
        hint = self._words[f"{control.name}.empty"]
        return [ipywidgets.Textarea(description=label, placeholder=hint, rows=2, continuous_update=False)]

    def _rows(self) -> list[ipywidgets.Widget]:
        if self.control.kind in ("float", "int"):
            label = _line("voicelab-knob-label")
            label.value = escape(self._words[self.control.label])
            if self.control.unit:
                label.value += f" <small>{escape(self.control.unit)}</small>"
            return [ipywidgets.HBox([label, self._badge]), ipywidgets.HBox(self.inputs)]
        return [ipywidgets.HBox([*self.inputs, self._badge])]


def _line(name: str) -> ipywidgets.HTML:
    line = ipywidgets.HTML()
    line.add_class(name)
    return line


def _options(control: Control, text_of: Callable[[Any], str], more: tuple[Any, ...]) -> list[tuple[str, Any]]:
    return [(text_of(choice), choice) for choice in (*control.choices, *more)]


def _make_room(one: Any, control: Control, text_of: Callable[[Any], str], value: Any) -> None:
    """Let a slider or a menu show a value that it has no place for: code may ask for more than a hand."""
    if control.kind == "menu" and value not in control.choices:
        one.options = _options(control, text_of, (value,))
    if hasattr(one, "max"):
        one.min, one.max = min(control.low, value), max(control.high, value)


def _cost(chunk_ms: int, input_format: str, words: Mapping[str, str]) -> str:
    cost = chunk_cost(chunk_ms, input_format)
    delay = words["chunk_ms.delay"].format(ms=cost.later_ms) if cost.later_ms else words["chunk_ms.no_delay"]
    return words["chunk_ms.cost"].format(
        chunk_ms=chunk_ms, events=f"{cost.events_per_s:.3g}", delay=delay, overhead=round(100 * cost.overhead)
    )
