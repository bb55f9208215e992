"""voicelab: a workbench for real-time voice AI.

The front door: these names are all that most people need, and each is loaded when it is first used::

    import voicelab as vl

    with vl.connect("local", turn_detection=vl.ServerVAD(silence_duration_ms=300)) as session:
        turn = session.play("clip.wav")
    vl.plots.waveform(vl.open_run(session.folder))
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voicelab import plots, widgets
    from voicelab.audio.clip import Clip, read_clip
    from voicelab.errors import VoicelabError
    from voicelab.measure.both_ends import lay_over
    from voicelab.measure.budget import Budget
    from voicelab.measure.run import Run, open_run
    from voicelab.measure.runs import open_runs
    from voicelab.measure.turns import Turn
    from voicelab.protocol.settings import SemanticVAD, ServerVAD
    from voicelab.runlog.importing import import_events
    from voicelab.session.connect import connect
    from voicelab.session.faces import AsyncSession, Session
    from voicelab.session.local_server import LocalServer
    from voicelab.session.running import run
    from voicelab.session.tools import Tool
    from voicelab.widgets.lab import Lab

__version__ = "0.1.0"

_WHERE = {
    "AsyncSession": "voicelab.session.faces",
    "Budget": "voicelab.measure.budget",
    "Clip": "voicelab.audio.clip",
    "Lab": "voicelab.widgets.lab",
    "LocalServer": "voicelab.session.local_server",
    "Run": "voicelab.measure.run",
    "SemanticVAD": "voicelab.protocol.settings",
    "ServerVAD": "voicelab.protocol.settings",
    "Session": "voicelab.session.faces",
    "Tool": "voicelab.session.tools",
    "Turn": "voicelab.measure.turns",
    "VoicelabError": "voicelab.errors",
    "connect": "voicelab.session.connect",
    "import_events": "voicelab.runlog.importing",
    "lay_over": "voicelab.measure.both_ends",
    "open_run": "voicelab.measure.run",
    "open_runs": "voicelab.measure.runs",
    "read_clip": "voicelab.audio.clip",
    "run": "voicelab.session.running",
}
_ROOMS = ("plots", "widgets")

__all__ = [  # noqa: RUF022 - in the order in which people meet them
    "connect",
    "ServerVAD",
    "SemanticVAD",
    "Tool",
    "Budget",
    "Session",
    "AsyncSession",
    "Turn",
    "open_run",
    "open_runs",
    "Run",
    "lay_over",
    "import_events",
    "plots",
    "Lab",
    "widgets",
    "run",
    "LocalServer",
    "Clip",
    "read_clip",
    "VoicelabError",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: ``import voicelab`` alone stays fast."""
    if name in _ROOMS:
        return importlib.import_module(f"voicelab.{name}")
    if name in _WHERE:
        value = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'voicelab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
