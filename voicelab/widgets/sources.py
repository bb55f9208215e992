"""Where the user's sound comes from: the browser's microphone, a sound card, a clip, or typed text.

In: a desk (or a session), files and words from the page.  Out: `Desk.choose_source`, `play`, `say`, `mute`; what is
wrong with a file, by `Desk.tell`.
Does not know: how a microphone is opened, what is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import anywidget
import traitlets

from voicelab.audio.clip import Clip
from voicelab.errors import AudioError
from voicelab.experiments.clips import spoken_lines
from voicelab.session.devices import input_device, output_device
from voicelab.session.faces import AsyncSession, Session
from voicelab.session.portal import portal
from voicelab.widgets.desk import Desk, desk_of
from voicelab.widgets.headless import headless
from voicelab.widgets.pump import Handle, pump
from voicelab.widgets.script import joined
from voicelab.widgets.standing import Problem, SourceName, Standing
from voicelab.widgets.upload import read_upload
from voicelab.widgets.words import words

_LOOK_MS = 120
#: A message of a page to its kernel may have 10 MiB at Jupyter's server, which closes the connection otherwise.
MOST_UPLOAD_MB = 8
_MICROPHONES = ("browser", "device")


@dataclass(frozen=True, eq=False)
class Choice:
    """A clip that can be played, and what is known of it."""

    clip: Clip
    text: str = ""
    labels: Mapping[str, Any] | None = None


def spoken_choices() -> dict[str, Choice]:
    """Return the demo's spoken lines by name."""
    return {name: Choice(line.clip, line.text, line.labels) for name, line in spoken_lines().items()}


def hint(standing: Standing) -> str:
    """Return the key of the sentence that says what to do next, or what is happening."""
    microphone = standing.source in _MICROPHONES
    if standing.state in ("connecting", "closing"):
        return standing.state
    if standing.state in ("ready", "over"):
        return "ready.microphone" if standing.source == "browser" else f"ready.{standing.source}"
    if not microphone:
        return f"live.{standing.source}"
    if standing.muted:
        return "live.muted"
    return "live.listening" if standing.listening else "live.deaf"


class Sources(anywidget.AnyWidget):
    """The choice of a source, with what belongs to it.

    Parameters
    ----------
    source : Desk, Session or AsyncSession, optional
        Who gets the sound; a desk of its own when absent. The browser's microphone needs the desk of a Lab.
    """

    _esm = joined(Path(__file__).parent, "elements.js", "sources.js")
    _css = Path(__file__).with_name("sources.css")

    words = traitlets.Dict().tag(sync=True)
    clips: traitlets.List[Any] = traitlets.List().tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)
    most_bytes = traitlets.Int(MOST_UPLOAD_MB * 2**20).tag(sync=True)

    def __init__(self, source: Desk | Session | AsyncSession | None = None) -> None:
        super().__init__(words=dict(words("sources")))
        self._choices = spoken_choices()
        self._clip = next(iter(self._choices))
        self._refused: dict[str, str] = {}
        self._checking = False
        self._handle: Handle | None = None
        self._show_clips()
        self.on_msg(self._heard)
        self.watch(source)

    def watch(self, source: Desk | Session | AsyncSession | None) -> None:
        """Serve another desk (or session) from now on."""
        if self._handle is not None:
            self._handle.close()
        self._desk = desk_of(source)
        if isinstance(source, Desk):
            self._refused.pop("browser", None)
        else:
            self._refused["browser"] = self.words["no_page"]
        if headless() and self._desk.standing.source != "clip":
            self._desk.choose_source("clip")
        self.repaint()
        self._handle = pump().every(_LOOK_MS, self.repaint)

    def close(self) -> None:
        """Look at the desk no more, and leave the page. Closing twice is harmless."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None
        super().close()

    @property
    def desk(self) -> Desk:
        """Who gets the sound."""
        return self._desk

    @property
    def clip(self) -> Clip:
        """The clip that Play plays."""
        return self._choices[self._clip].clip

    # --- what a person does: on any thread, returns at once --------------------------------------------------

    def _heard(self, _widget: object, content: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        value = str(content.get("value", ""))
        commands: dict[str, Callable[[], object]] = {
            "source": lambda: self._choose_source(value),
            "clip": lambda: self._choose_clip(value),
            "play": self._play,
            "say": lambda: self._say(value),
            "mute": lambda: self._desk.mute(bool(content.get("value"))),
            "file": lambda: self._in_background(self._open_file(value, bytes(buffers[0]))),
            "too_big": lambda: self._too_big(value),
        }
        command = commands.get(str(content.get("do")))
        if command is not None:
            command()

    def _choose_source(self, name: str) -> None:
        if name == "device":
            self._in_background(self._open_device())
        elif name in get_args(SourceName) and name not in self._refused:
            self._desk.choose_source(name)  # type: ignore[arg-type]

    def _choose_clip(self, name: str) -> None:
        if name in self._choices:
            self._clip = name

    def _play(self) -> None:
        choice = self._choices[self._clip]
        self._desk.play(choice.clip, dict(choice.labels) if choice.labels else None)

    def _say(self, text: str) -> None:
        if text.strip():
            self._desk.say(text.strip())

    def _too_big(self, name: str) -> None:
        what = self.words["too_big"].format(name=name, megabytes=MOST_UPLOAD_MB)
        self._desk.tell(Problem(what, self.words["kept"], self.words["do_by_code"].format(name=name)))

    # --- what takes a moment: on the session's loop, the blocking part on another thread ---------------------

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        portal().submit(work)

    async def _open_file(self, name: str, data: bytes) -> None:
        try:
            clip = await portal().in_thread(lambda: read_upload(name, data))
        except AudioError as error:
            what = self.words["bad_file"].format(reason=str(error).rstrip("."))
            self._desk.tell(Problem(what, self.words["kept"], self.words["do_other_file"]))
            return
        self._choices[clip.name] = Choice(clip, clip.converted)
        self._clip = clip.name
        self._show_clips()
        self._desk.choose_source("clip")  # which takes a problem off the window as well

    async def _open_device(self) -> None:
        """Look for a sound card, which loads PortAudio, only now that somebody wants one."""
        self._checking = True
        try:
            await portal().in_thread(lambda: (input_device(), output_device()))
        except AudioError as error:
            self._refused["device"] = str(error)
        else:
            self._refused.pop("device", None)
            self._desk.choose_source("device")
        finally:
            self._checking = False

    # --- what is shown ---------------------------------------------------------------------------------------

    def _show_clips(self) -> None:
        self.clips = [
            {
                "name": name,
                "text": one.text,
                "seconds": f"{one.clip.duration_ms / 1000:.1f}",
                "spoken": bool(one.labels),
            }
            for name, one in self._choices.items()
        ]

    def repaint(self) -> None:
        """Show how the desk stands; the pump does it."""
        standing = self._desk.standing
        shown = {
            "source": standing.source,
            "clip": self._clip,
            "playing": standing.playing,
            "busy": standing.state in ("connecting", "closing"),
            "muted": standing.muted,
            "refused": dict(self._refused),
            "hint": "checking" if self._checking else hint(standing),
        }
        if shown != self.shown:
            self.shown = shown
