"""A real `BrowserSound` joined to its own JavaScript on a plain page, without Jupyter between them.

In: a plain page.  Out: ``SoundRoom``: the widget, its page, and a `pump` that carries comm messages both ways; what the
microphone delivered, and the samples that the page really gave to the output.
Does not know: sessions.
"""

from __future__ import annotations

import queue
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tests.widgets.browser import until
from tests.widgets.plain_page import PlainPage, PlainPages
from voicelab.audio.samples import Samples
from voicelab.session.portal import portal
from voicelab.widgets import sound
from voicelab.widgets.sound.browser import BrowserSound

FOLDER = Path(sound.__file__).parent
_SCRIPTS = tempfile.TemporaryDirectory(prefix="sound-page-")  # gone with the last test
# Everything that is connected to the output is also written down, exactly, by a worklet of the test.
TAP = """() => {
  if (!isSecureContext) return;
  window.outputs = [];
  window.tracks = [];
  window.contexts = [];
  const source = `registerProcessor("tap", class extends AudioWorkletProcessor {
    process([[samples]]) { if (samples) this.port.postMessage(samples.slice()); return true; }
  });`;
  const add = AudioWorklet.prototype.addModule;
  AudioWorklet.prototype.addModule = async function (address) {
    await add.call(this, URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    return add.call(this, address);
  };
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) {
      window.contexts.push(this.context);
      const tap = new AudioWorkletNode(this.context, "tap", { numberOfOutputs: 0 });
      tap.port.onmessage = ({ data }) => window.outputs.push(...data);
      connect.call(this, tap);
    }
    return connect.call(this, to, ...rest);
  };
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await ask(wish);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}"""


class _Comm:
    """What a kernel's comm is to a widget; keeps messages for the page until the test's thread carries them over."""

    def __init__(self) -> None:
        self.comm_id = "comm"
        self.waiting: queue.Queue[tuple[Any, list[bytes]]] = queue.Queue()

    def on_msg(self, handler: Callable[[Any], None]) -> None:
        self.from_page = handler

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        if data and data.get("method") == "custom":
            self.waiting.put((data["content"], [bytes(buffer) for buffer in buffers or []]))

    def close(self, *_: Any, **__: Any) -> None:
        return None


class SoundRoom:
    """A widget and a page that shows it."""

    def __init__(self, pages: PlainPages, microphone: Path | Literal["denied"] | None = None) -> None:
        self._pages = pages
        self._microphone = microphone
        self.widget = BrowserSound()
        self._comm = _Comm()
        self.widget.comm = self._comm
        self.plain = self.show()
        self.delivered: list[Samples] = []
        self.lost: list[str] = []

    def show(self) -> PlainPage:
        """Show the widget on a new page, as a reload does."""
        model = {"words": dict(self.widget.words), "worklets": self.widget.worklets}
        script = Path(_SCRIPTS.name) / "sound.js"
        script.write_text(str(BrowserSound._esm), encoding="utf-8")
        self.plain = self._pages(script, model, css=FOLDER / "sound.css", microphone=self._microphone)
        # The plain page comes from no address at all, and Chromium lets only pages from this computer reach its ports.
        self.plain.page.context.grant_permissions(
            ["microphone", "local-network-access"][self._microphone == "denied" :]
        )
        self.plain.page.evaluate(TAP)
        self._n_carried = 0
        return self.plain

    def pump(self) -> None:
        """Carry what waits on the comm, both ways."""
        sent = self.plain.sent
        for message in sent[self._n_carried :]:
            data = {"method": "custom", "content": message.content}
            self._comm.from_page({"content": {"data": data}, "buffers": [memoryview(b) for b in message.buffers]})
        self._n_carried = len(sent)
        while not self._comm.waiting.empty():
            content, buffers = self._comm.waiting.get()
            self.plain.receive(content, buffers)

    def until(self, true: Callable[[], bool], what: str, *, deadline_s: float = 20) -> None:
        """Carry messages until something is true."""

        def look() -> bool:
            self.pump()
            return true()

        until(look, what, deadline_s=deadline_s)

    def connect(self, way: str) -> None:
        """Wait until sound goes this way."""
        self.until(lambda: self.widget.state.way == way, f"the way {way}: {self.widget.state}")

    def open_microphone(self) -> Future[None]:
        """Ask for the microphone, as a session does."""
        return portal().submit(self.widget.microphone.open(self.delivered.append, self.lost.append))

    def played(self) -> Samples:
        """Return what the page has given to the output so far."""
        outputs = self.plain.page.evaluate("() => window.outputs")
        return np.asarray(np.rint(np.array(outputs) * 32768), np.int16)

    def close(self) -> None:
        """End the widget."""
        self.widget.close()
        portal().call(_nothing())


async def _nothing() -> None:
    """Come after whatever was posted before."""


def where(part: Samples, whole: Samples) -> int:
    """Return where a stretch begins in another one, sample for sample; -1 when it is not in it."""
    starts = np.flatnonzero(whole[: max(0, len(whole) - len(part) + 1)] == part[0])
    return next((int(start) for start in starts if np.array_equal(whole[start : start + len(part)], part)), -1)
