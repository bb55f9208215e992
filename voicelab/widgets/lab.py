"""The Lab: all parts together, as ``lab = vl.Lab(); lab`` shows them.

In: a target and first wishes.  Out: one dashboard, and the same by code: ``talk``, ``play``, ``ask``, ``stop``.
Does not know: how any part works, or what a session does.

One Lab at a time in a kernel: a new one closes the one before, so that running a cell again leaves no microphone,
socket or thread behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from os import PathLike
from typing import Any, TypeAlias, TypeVar, get_args

import ipywidgets
import traitlets

from voicelab.audio.clip import Clip, read_clip
from voicelab.errors import ConfigError, RunError, VoicelabError
from voicelab.experiments.script import DEMO_TOOLS
from voicelab.measure.budget import Budget, checked_budget
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.session.faces import ClipLike, Session
from voicelab.widgets.bar import Bar
from voicelab.widgets.desk import Desk
from voicelab.widgets.headless import headless
from voicelab.widgets.kernel import look_after_kernel
from voicelab.widgets.knobs import Knobs
from voicelab.widgets.layout import Layout
from voicelab.widgets.pump import Handle, pump
from voicelab.widgets.reading.events import Events
from voicelab.widgets.reading.figures import Cost, Latency, Timeline
from voicelab.widgets.reading.live_figure import LiveFigure
from voicelab.widgets.reading.memory import Memory
from voicelab.widgets.reading.transcript import Transcript
from voicelab.widgets.scope.level import LevelMeter
from voicelab.widgets.scope.scope import Scope
from voicelab.widgets.sound.browser import BrowserSound
from voicelab.widgets.sources import Sources
from voicelab.widgets.standing import SourceName
from voicelab.widgets.wishes import Wishes
from voicelab.widgets.words import words

_Result = TypeVar("_Result")
Drawer: TypeAlias = Transcript | Memory | Events | Latency | Cost
_LOOK_MS = 120
_open_lab: Lab | None = None


class Lab(ipywidgets.VBox):
    """The dashboard.

    Parameters
    ----------
    target : str
        With whom to talk at first; as for `voicelab.connect`.
    source : {"browser", "device", "clip", "none"}
        Where the user's sound comes from at first.
    budget : Budget, optional
        What each session may spend; see `voicelab.connect`.
    **wishes
        What the knobs ask for at first, as the fields of `voicelab.widgets.wishes.Wishes`: ``silence_ms=900``.

    Raises
    ------
    ConfigError
        A wish that no session can have.
    """

    _handle: Handle | None = None  # ipywidgets closes also what never came to be

    def __init__(
        self, target: str = "local", *, source: SourceName = "clip", budget: Budget | None = None, **wishes: Any
    ) -> None:
        global _open_lab
        _check(wishes)
        first = Wishes(**wishes)
        if source not in get_args(SourceName):
            raise ConfigError(f"source is one of {', '.join(get_args(SourceName))}, not {source!r}", param="source")
        if _open_lab is not None:
            _open_lab.close(words("lab")["taken_over"])
        look_after_kernel()
        self._sound = BrowserSound()
        self.desk = Desk(
            target,
            wishes=first,
            tools=tuple(DEMO_TOOLS.values()),
            speaker=None if headless() else self._sound,
            source="clip" if headless() else source,
            budget=checked_budget(budget),
        )
        self._bar = Bar(self.desk)
        self._sources = Sources(self.desk)
        self._knobs = Knobs(self.desk)
        self._scope = Scope(desk=self.desk)
        self._level = LevelMeter()
        self._timeline = Timeline()
        self._transcript = Transcript(desk=self.desk)
        self._drawer: tuple[Drawer, ...] = (self._transcript, Memory(), Events(), Latency(narrow=True), Cost())
        self._views = (self._scope, self._level, self._timeline, *self._drawer)
        # One cursor runs through the views.
        for view in (self._timeline, self._transcript):
            traitlets.link((self._scope, "cursor_ms"), (view, "cursor_ms"))
        self._boxes = self._build()
        super().__init__([Layout(), self._bar, self._boxes[0]])
        self.add_class("voicelab-lab")
        self._shown: Run | None = None
        self._handle = pump().every(_LOOK_MS, self._look)
        _open_lab = self

    def __repr__(self) -> str:
        return f"Lab({self.desk.standing.target}, {self.desk.standing.state}): {words('lab')['text']}"

    # --- by code: each call waits until it is done -----------------------------------------------------------

    @property
    def session(self) -> Session:
        """The session that is open.

        Raises
        ------
        ConfigError
            None is.
        """
        if self.desk.session is None:
            raise ConfigError(words("lab")["no_session"])
        return self.desk.session

    @property
    def run(self) -> Run:
        """The newest run; it may be growing.

        Raises
        ------
        RunError
            There is none yet.
        """
        if self.desk.standing.run is None:
            raise RunError(words("lab")["no_run"])
        return self.desk.standing.run

    def talk(self, out: str | PathLike[str] | None = None) -> Session:
        """Open a session with what the knobs ask for; as the button does.

        Parameters
        ----------
        out : path, optional
            The run folder, new or empty.

        Raises
        ------
        VoicelabError
            It could not be opened.
        """
        _wait(self.desk.talk(out))
        return self.session

    def play(self, clip: ClipLike, labels: dict[str, Any] | None = None) -> Turn:
        """Say a clip, and wait for the answer; a session is opened when none is."""
        _wait(self.desk.play(clip if isinstance(clip, Clip) else read_clip(clip), labels))
        return self.session.turns[-1]

    def ask(self, text: str) -> Turn:
        """Send a typed message, and wait for the answer; a session is opened when none is."""
        _wait(self.desk.say(text))
        return self.session.turns[-1]

    def wish(self, **wishes: Any) -> None:
        """Turn knobs by code: ``lab.wish(silence_ms=900)``; waits until they are sent.

        Raises
        ------
        ConfigError
            A wish that no session can have.
        """
        _check(wishes)
        _wait(self.desk.wish(replace(self.desk.standing.wishes, **wishes)))

    def stop(self) -> Run:
        """Close the session; return its run, which is complete then."""
        _wait(self.desk.stop())
        return self.run

    def close(self, note: str | None = None) -> None:
        """Close the session, the microphone and all views; the bar stays, and says why they are closed."""
        global _open_lab
        if self._handle is None:
            return
        self._handle.close()
        self._handle = None
        if _open_lab is self:
            _open_lab = None
        self.desk.stop().result()
        self._bar.freeze(note or words("lab")["closed"])
        self.children = (self._bar,)
        for part in (self._sources, self._knobs, *self._views, self._sound, *self._boxes):
            part.close()

    # --- how it is done --------------------------------------------------------------------------------------

    def _build(self) -> tuple[ipywidgets.Box, ...]:
        """Return the box that holds everything below the bar, and those in it."""
        left = ipywidgets.VBox([self._sources, self._sound, self._knobs]).add_class("voicelab-column")
        middle = ipywidgets.VBox([self._level, self._scope, self._timeline]).add_class("voicelab-middle")
        names = ("transcript", "memory", "events", "latency", "cost")
        tabs = ipywidgets.Tab(list(self._drawer), titles=[words("lab")[f"tab_{name}"] for name in names])
        tabs.add_class("voicelab-drawer")
        body = ipywidgets.Box([left, middle, tabs]).add_class("voicelab-body")
        tabs.observe(lambda change: self._show_tab(body, change["new"]), "selected_index")
        self._show_tab(body, tabs.selected_index or 0)
        return body, left, middle, tabs

    def _show_tab(self, body: ipywidgets.Box, index: int | None) -> None:
        for number, view in enumerate(self._drawer):
            view.shown = number == index
        # A figure needs more room than text.
        wide = index is not None and isinstance(self._drawer[index], LiveFigure)
        (body.add_class if wide else body.remove_class)("voicelab-wide")

    def _look(self) -> None:
        """Let all views follow a new run; on the pump's thread."""
        run = self.desk.standing.run
        if run is not self._shown:
            self._shown = run
            for view in self._views:
                view.watch(run)


def _check(wishes: Mapping[str, Any]) -> None:
    unknown = ", ".join(sorted(set(wishes) - set(Wishes.__dataclass_fields__)))
    if unknown:
        raise ConfigError(
            f"the Lab has no knob called {unknown}; it has {', '.join(Wishes.__dataclass_fields__)}", param=unknown
        )


def _wait(future: Future[_Result | VoicelabError]) -> _Result:
    result = future.result()
    if isinstance(result, VoicelabError):
        raise result
    return result
