"""The level meter: how loud the microphone is, and what is wrong with it, in words that say what to do.

In: the ``voicelab.audio.level`` records of a run.  Out: a widget.
Does not know: how a level is measured or a warning found (`voicelab.audio.meter`, `voicelab.audio.echo`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from voicelab.widgets.following import Following, Fresh, Source
from voicelab.widgets.view import View
from voicelab.widgets.words import words

_EVERY_MS = 100
_WARNING = "warning_"


class LevelMeter(View, anywidget.AnyWidget):
    """Shows the level of the user's sound.

    Parameters
    ----------
    source : Run, Session, AsyncSession, path or None
        Whose; of a saved run the last level is shown.

    Attributes
    ----------
    rms_dbfs, peak_dbfs : float or None
        None: digital silence, or nothing heard yet.
    warnings : list of str
        Those in force: ``silent``, ``clipping``, ``band_limited``, ``echo``.
    """

    _esm = Path(__file__).with_name("level.js")
    _css = Path(__file__).with_name("level.css")

    words = traitlets.Dict().tag(sync=True)
    heard = traitlets.Bool(False).tag(sync=True)
    rms_dbfs = traitlets.Float(None, allow_none=True).tag(sync=True)
    peak_dbfs = traitlets.Float(None, allow_none=True).tag(sync=True)
    warnings: traitlets.List[str] = traitlets.List().tag(sync=True)

    def __init__(self, source: Source = None) -> None:
        self._following = Following(self._paint, every_ms=_EVERY_MS)
        super().__init__(words=dict(words("scope")))
        self.watch(source)

    def _paint(self, fresh: Fresh) -> None:
        newest = next((one for one in reversed(fresh.records) if one.type == "voicelab.audio.level"), None)
        if newest is None:
            if fresh.first:
                self._show({}, heard=False)
            return
        self._show(newest.event, heard=True)

    def _show(self, level: dict[str, Any], *, heard: bool) -> None:
        with self.hold_sync():
            self.heard = heard
            self.rms_dbfs, self.peak_dbfs = level.get("rms_dbfs"), level.get("peak_dbfs")
            # A warning of a newer version that has no words here is not shown rather than shown as a name.
            self.warnings = [name for name in level.get("warnings") or () if f"{_WARNING}{name}" in self.words]
