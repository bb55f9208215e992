"""The widget that gives a session the browser's microphone and loudspeaker.

In: a notebook that shows it.  Out: `BrowserSound`, with a microphone and a sink for a session.
Does not know: sessions.  What the page sends by comm comes on any thread and is handed to the portal's loop at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from voicelab.session.portal import portal
from voicelab.widgets.script import joined
from voicelab.widgets.sound.door import door
from voicelab.widgets.sound.line import Line
from voicelab.widgets.sound.microphone import BrowserMicrophone
from voicelab.widgets.sound.sink import BrowserSink
from voicelab.widgets.sound.state import SoundState
from voicelab.widgets.words import words

_HERE = Path(__file__).parent
#: The page, in the order in which its parts need one another.
PARTS = ("frames.js", "way.js", "context.js", "microphone.js", "playback.js", "sound.js", "line.js", "main.js")


class BrowserSound(anywidget.AnyWidget):
    """The browser's sound, and a line that shows how it travels.

    Show it in a notebook; give `microphone` and `sink` to a session. A second view of it shares the sound of the first.
    """

    _esm = joined(_HERE / "js", *PARTS)
    _css = _HERE / "sound.css"
    words = traitlets.Dict().tag(sync=True)
    worklets = traitlets.Unicode().tag(sync=True)

    def __init__(self) -> None:
        texts = words("sound")
        super().__init__(words=dict(texts), worklets=(_HERE / "worklets.js").read_text("utf-8"))
        self._line = Line(self._send_by_comm, texts, door)
        self._microphone = BrowserMicrophone(self._line)
        self._sink = BrowserSink(self._line)
        self._line.took_sound = self._microphone.take
        self._line.changed = self._microphone.state_changed
        self._line.gone = self._microphone.page_gone
        self._line.played = self._sink.page_played
        self._line.flushed = self._sink.page_flushed
        self.on_msg(self._receive)

    def __repr__(self) -> str:
        return f"BrowserSound(way={self.state.way!r}, microphone={self.state.microphone!r})"

    @property
    def state(self) -> SoundState:
        """What is known now; a frozen snapshot, for any thread."""
        return self._line.state

    @property
    def microphone(self) -> BrowserMicrophone:
        """The page's microphone, for one session at a time."""
        return self._microphone

    @property
    def sink(self) -> BrowserSink:
        """The page's loudspeaker."""
        return self._sink

    def mute(self, on: bool) -> None:
        """Deliver silence, or sound again; from any thread."""
        portal().post(self._line.mute, on)

    def close(self) -> None:
        """Let the page, its microphone and the door go; from any thread, twice is harmless."""
        if self.comm is not None:
            portal().post(self._shut)
        super().close()

    def _shut(self) -> None:
        self._microphone.widget_closed()
        self._sink.close()
        self._line.close()

    def _receive(self, _: Any, content: Any, buffers: Sequence[memoryview]) -> None:
        """Hand a message of the page to the loop; runs on whichever thread the kernel uses."""
        portal().post(self._line.take_comm, content, [bytes(buffer) for buffer in buffers])

    def _send_by_comm(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        if self.comm is not None:  # closed on another thread a moment ago
            self.send(message, buffers)
