"""The time cursor of a figure: where it is on the run's time line, and the sound there.

In: a run; clicks and keys from the page.  Out: ``cursor_ms``; a line over the figure; two seconds of sound.
Does not know: the figure.  The page finds it beside itself (``time_cursor.js``).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from voicelab.measure.run import Run
from voicelab.session.portal import portal
from voicelab.widgets.scope.listening import sound_around
from voicelab.widgets.words import words


class TimeCursor(anywidget.AnyWidget):
    """A line over the figure that stands in the same box.

    Attributes
    ----------
    cursor_ms : float or None
        On the run's time line; None: not set.
    run : Run or None
        Whose sound a click plays.
    """

    _esm = Path(__file__).with_name("time_cursor.js")
    _css = Path(__file__).with_name("time_cursor.css")

    words = traitlets.Dict().tag(sync=True)
    cursor_ms = traitlets.Float(None, allow_none=True).tag(sync=True)

    def __init__(self) -> None:
        self.run: Run | None = None
        texts = words("figures")
        super().__init__(words={key: texts[key] for key in ("cursor", "cursor_none", "cursor_at")})
        self.on_msg(self._told)

    def _told(self, _widget: object, content: dict[str, Any], _buffers: list[bytes]) -> None:
        """Take a message of the page; one that it never sends is passed over."""
        match content:
            case {"do": "listen", "at": int() | float() as at_ms} if self.run is not None:
                portal().submit(self._send_sound(self.run, float(at_ms)))

    async def _send_sound(self, run: Run, at_ms: float) -> None:
        # Reading waits for the disk: not on the thread of the sound, and not on the one that brings messages.
        _begin_ms, wav = await portal().in_thread(partial(sound_around, run, at_ms))
        self.send({"kind": "sound"}, [wav])
