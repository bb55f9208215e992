"""The Lab in JupyterLab: sliders to settings, views that follow a run, the browser's sound.

Read in this order: ``wishes`` (what the knobs ask for), ``standing`` and ``desk`` (the one part that touches a
session; ``moves`` and ``lookout`` are its undo and its eyes), ``pump``, ``following`` and ``view`` (how views are
repainted), ``kernel`` (what its versions get wrong), ``script`` (a page's JavaScript from its files), ``knobs``,
``sources``, ``bar``; ``scope``, ``reading`` (transcript, memory, events, figures), ``sound`` (microphone and
loudspeaker of the page), ``lab`` (all of them together). ``words`` has every sentence that people read.

In: sessions and runs.  Out: widgets; each also works alone, ``vl.widgets.Scope(run)``, ``vl.widgets.Knobs(session)``.
Does not know: how a session works, how numbers are calculated.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voicelab.widgets.bar import Bar
    from voicelab.widgets.handing_in import class_figure, hand_in
    from voicelab.widgets.knobs import Knobs
    from voicelab.widgets.lab import Lab
    from voicelab.widgets.predict import predict
    from voicelab.widgets.reading.events import Events
    from voicelab.widgets.reading.figures import Cost, Latency, Timeline
    from voicelab.widgets.reading.memory import Memory
    from voicelab.widgets.reading.transcript import Transcript
    from voicelab.widgets.scope.level import LevelMeter
    from voicelab.widgets.scope.scope import Scope
    from voicelab.widgets.sound.browser import BrowserSound
    from voicelab.widgets.sources import Sources
    from voicelab.widgets.workshop import reset

_WHERE = {
    "Bar": "bar",
    "BrowserSound": "sound.browser",
    "Cost": "reading.figures",
    "Events": "reading.events",
    "Knobs": "knobs",
    "Lab": "lab",
    "Latency": "reading.figures",
    "LevelMeter": "scope.level",
    "Memory": "reading.memory",
    "Scope": "scope.scope",
    "Sources": "sources",
    "Timeline": "reading.figures",
    "Transcript": "reading.transcript",
    "class_figure": "handing_in",
    "hand_in": "handing_in",
    "predict": "predict",
    "reset": "workshop",
}

__all__ = [  # noqa: RUF022 - in the order in which people meet them
    "Lab",
    "Bar",
    "Sources",
    "Knobs",
    "Scope",
    "LevelMeter",
    "Timeline",
    "Transcript",
    "Memory",
    "Events",
    "Latency",
    "Cost",
    "BrowserSound",
    "predict",
    "reset",
    "hand_in",
    "class_figure",
]


def __getattr__(name: str) -> Any:
    """Load a widget when it is first used."""
    if name not in _WHERE:
        raise AttributeError(f"module 'voicelab.widgets' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
