"""The Lab in a real notebook, and a person's hands for it: buttons, keys, sources, and what the window says.

In: a JupyterLab.  Out: ``LabRoom``; a voice for its microphone; ``SHUT``, a page whose sockets fail.
Does not know: what is promised.  A room may serve several tests: each begins with what it needs, `LabRoom.show` or
`LabRoom.talk`, whatever the test before has left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import soundfile
import soxr

from tests.widgets.browser import Browsers, Microphone, until
from tests.widgets.jupyterlab import JupyterLab, Notebook
from tests.widgets.sound_room import TAP
from voicelab.audio.samples import Samples
from voicelab.experiments.clips import spoken_lines

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

# Makes the page's sockets to some addresses fail, as a firewall would; those of Jupyter itself stay.
SHUT = """(shut) => {
  window.RealSocket ??= window.WebSocket;
  window.WebSocket = class extends window.RealSocket {
    constructor(address, ...rest) { super(new RegExp(shut).test(address) ? "ws://127.0.0.1:9/" : address, ...rest); }
  };
}"""
DIRECT = r"^ws://127\.0\.0\.1:\d+/$"
PROXY = r"/proxy/\d+/"


def write_voice(path: Path) -> Path:
    """Write what a microphone of 48 kHz hears: a voice that asks for something long, waits, and cuts in."""
    lines, rest = spoken_lines(), np.zeros(24_000, np.int16)
    said = [rest, lines["read"].clip.samples, *[rest] * 3, lines["sum"].clip.samples, *[rest] * 4]
    samples = soxr.resample(np.concatenate(said).astype(np.float32) / 32_768, 24_000, 48_000)
    soundfile.write(path, samples, 48_000, subtype="PCM_16")
    return path


class LabRoom:
    """A notebook whose first cell shows a Lab that is called ``lab``."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        notebook.page.evaluate(TAP)

    @property
    def page(self) -> Page:
        """Playwright's page."""
        return self.notebook.page

    @property
    def lab(self) -> Locator:
        """The newest Lab on the page."""
        return self.page.locator(".voicelab-lab").last

    def show(self, cell: int = 0) -> None:
        """Run a cell (again): a Lab as on the first day."""
        self.notebook.run(cell)
        self.notebook.wait_idle()
        self.lab.locator(".voicelab-talk[data-live=false]:enabled").wait_for()

    def told(self, expression: str, *, beside: bool = False) -> Any:
        """Return the value of an expression in the kernel."""
        return json.loads(self.notebook.kernel(f"import json; print(json.dumps({expression}))", beside=beside))

    def until(self, expression: str, what: str) -> None:
        """Wait until an expression is true in the kernel."""
        until(lambda: bool(self.told(f"bool({expression})")), what)

    def press(self, button: str) -> None:
        """Press a button of the Lab."""
        self.lab.get_by_role("button", name=button, exact=True).click()

    def talk(self) -> None:
        """Have a session open, by the button."""
        if self.told("lab.desk.standing.state") != "live":
            self.press("Talk")
        # A click into a page that was shown this moment may be lost; the bar asks again by itself.
        self.lab.locator(".voicelab-talk[data-live=true]").wait_for()
        self.until("lab.desk.standing.state == 'live'", "a session")

    def stop(self) -> None:
        """End the session, by the button; its run is whole."""
        self.press("Stop")
        self.until("lab.desk.standing.state == 'over'", "the end of the session")
        assert self.told("lab.run.manifest.state") == "complete"

    def listen(self) -> None:
        """Have a session that hears the page's microphone."""
        self.talk()
        self.until("lab.desk.standing.listening", "the microphone")

    def choose(self, source: Literal["browser", "clip"]) -> None:
        """Take the user's sound from somewhere else, by the menu."""
        self.lab.locator('select[id$="-source"]').select_option(source)
        self.until(f"lab.desk.standing.source == {source!r}", f"the source {source}")

    def problem(self, part: str) -> str:
        """Wait until the Lab's window tells a problem with these words in it, and return all of it."""
        told = self.lab.locator(".voicelab-problem:not([hidden])", has_text=part)
        told.wait_for()
        return told.inner_text()

    def sound_line(self, part: str) -> str:
        """Wait until the line about the browser's sound has these words in it, and return all of it."""
        line = self.lab.locator(".voicelab-sound", has_text=part)
        line.wait_for()
        return line.inner_text()

    def events(self, kind: str, field: str) -> list[Any]:
        """Return a field of all records of one type in the run."""
        found = self.told(f"[r.event.get({field!r}) for r in lab.run.records() if r.type == {kind!r}]")
        return list(found)

    def track(self, name: Literal["input", "heard"]) -> Samples:
        """Return a track of the run, as it lies in its folder."""
        folder = Path(self.told("str(lab.run.folder.resolve())"))
        samples: Samples = soundfile.read(folder / f"{name}.wav", dtype="int16")[0]
        return samples

    def played(self) -> Samples:
        """Return every sample that the page has given to its output."""
        outputs = self.page.evaluate("() => window.outputs")
        return np.asarray(np.rint(np.array(outputs) * 32_768), np.int16)

    def microphones(self) -> list[str]:
        """Return what became of each microphone that the page ever opened: "live" or "ended"."""
        states: list[str] = self.page.evaluate("() => window.tracks.map((track) => track.readyState)")
        return states


@contextmanager
def kept_room(
    browsers: Browsers, lab: JupyterLab, cells: Sequence[str], microphone: Microphone = None
) -> Iterator[LabRoom]:
    """Open a room for all tests of a file: it is not closed with the first of them."""
    with browsers.awake():
        room = LabRoom(lab.open(cells, microphone=microphone))
        lab._open.remove(room.notebook)
        room.show()
    yield room
    with browsers.awake():
        room.notebook.close()
