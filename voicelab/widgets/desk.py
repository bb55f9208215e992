"""The desk: what all parts of the Lab share, and the only one among them that touches a session.

In: commands, from any thread; they return at once.  Out: `Standing` snapshots; a session, opened, changed and closed.
Does not know: widgets.

Commands are coroutines on the portal's loop, so what stands here has one writer. What blocks (a session's calls)
runs on another thread, so that neither the sound nor the next command waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, cast
from weakref import WeakValueDictionary

from voicelab.audio.clip import Clip
from voicelab.errors import AudioError, BudgetError, ConfigError, RunError, TransportError, VoicelabError
from voicelab.measure.budget import Budget, checked_budget, usd_text
from voicelab.measure.run import Run
from voicelab.plots.report import write_report
from voicelab.protocol.settings import merge
from voicelab.session.connect import Opener, connect
from voicelab.session.faces import AsyncSession, Session
from voicelab.session.microphone import Microphone
from voicelab.session.playback import Sink
from voicelab.session.portal import portal
from voicelab.session.tools import Tool
from voicelab.widgets.controls import waiting
from voicelab.widgets.handing_in import hand_in
from voicelab.widgets.lookout import (
    AgentSpoke,
    Complaint,
    Ended,
    LimitRaised,
    MicrophoneLost,
    News,
    Opened,
    OverBudget,
    Updated,
    news_of,
)
from voicelab.widgets.moves import Moves
from voicelab.widgets.pump import Handle, pump
from voicelab.widgets.standing import Problem, ReplyName, SourceName, Standing
from voicelab.widgets.wishes import ChunkMs, Wishes, changed, taken_over, to_change
from voicelab.widgets.wishes_code import without_key
from voicelab.widgets.words import words

_Result = TypeVar("_Result")
_LOOK_MS = 200


class Speaker(Protocol):
    """Where the Lab's sound comes from and goes to: a browser's page."""

    @property
    def microphone(self) -> Microphone:
        """What the page hears."""

    @property
    def sink(self) -> Sink:
        """What the page plays."""

    def mute(self, on: bool) -> None:
        """Have the page hear nothing, or hear again."""


class Desk:
    """One session at a time, and what is asked of it.

    Parameters
    ----------
    target : str
        As for `voicelab.connect`.
    wishes : Wishes, optional
        What the knobs ask for at first.
    tools : sequence of Tool
        What the model may call while the wish ``tools`` is on.
    speaker : Speaker, optional
        Sound of a page; without one nobody hears the replies (they are in ``heard.wav``).
    source : str
        Where the user's sound comes from.
    reply : {"mirror", "guide"}, optional
        Who answers at the embedded server; when absent, the mirror answers a microphone until the guide is chosen, so
        that nobody's first impression is a misheard sentence.
    budget : Budget, optional
        What each session may spend.
    """

    def __init__(
        self,
        target: str = "local",
        *,
        wishes: Wishes | None = None,
        tools: Sequence[Tool] = (),
        speaker: Speaker | None = None,
        source: SourceName = "clip",
        reply: ReplyName | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._budget = checked_budget(budget)
        self.standing = Standing(
            target=without_key(target),
            wishes=wishes or Wishes(),
            source=source,
            reply=reply or _first_reply(source),
            limit_usd=None if budget is None else budget.limit_usd,
        )
        self._reply_was_chosen = reply is not None
        self._target = target  # whole: a key in an address is for the connection, not for those who look
        self._tools = tuple(tools)
        self._speaker = speaker
        self._api_key = self._model = ""
        self._session: Session | None = None
        self._moves = Moves()
        self._sent = self.standing.wishes
        self._sending = False
        self._unwanted = False
        self._connected: asyncio.Event | None = None
        self._began_s: float | None = None
        self._seq = -1
        self._epoch = 0
        self._handle: Handle | None = None
        self._words = words("desk")

    def __repr__(self) -> str:
        return f"Desk({self.standing.target}, {self.standing.state})"

    @property
    def session(self) -> Session | None:
        """The session that is open."""
        return self._session

    # --- commands: from any thread, they return at once ------------------------------------------------------

    def talk(self, out: str | PathLike[str] | None = None) -> Future[VoicelabError | None]:
        """Open a session with the wishes, and listen to the source; the result says why it could not be."""
        return self._command(self._talk(out))

    def stop(self) -> Future[VoicelabError | None]:
        """Close the session; its run folder is complete then."""
        return self._command(self._stop())

    def interrupt(self) -> Future[VoicelabError | None]:
        """Stop the reply."""
        return self._command(self._with_session(lambda session: session.interrupt()))

    def play(self, clip: Clip, labels: dict[str, Any] | None = None) -> Future[VoicelabError | None]:
        """Say a clip; a session is opened when none is."""
        return self._command(self._speak(lambda session: session.play(clip, labels)))

    def say(self, text: str) -> Future[VoicelabError | None]:
        """Send a typed message; a session is opened when none is."""
        return self._command(self._speak(lambda session: session.ask(text)))

    def mark(self, text: str, at_ms: float | None = None) -> Future[VoicelabError | None]:
        """Write a remark on the time line of the session."""
        return self._command(self._with_session(lambda session: session.mark(text, at_ms)))

    def wish(self, wishes: Wishes) -> Future[VoicelabError | None]:
        """Ask for settings; of wishes that come fast only the newest is sent."""
        return self._command(self._wish(wishes, keep=True))

    def undo(self) -> Future[VoicelabError | None]:
        """Go back to the wishes before."""
        return self._command(self._undo())

    def reconnect(self) -> Future[VoicelabError | None]:
        """Open a new connection in the same run, with the wishes that wait for one."""
        return self._command(self._reconnect())

    def choose_reply(self, reply: ReplyName) -> Future[VoicelabError | None]:
        """Let the mirror or the guide answer; an open session gets a new connection for it."""
        return self._command(self._choose_reply(reply))

    def choose_source(self, source: SourceName) -> Future[VoicelabError | None]:
        """Take the user's sound from somewhere else."""
        return self._command(self._choose_source(source))

    def choose_target(self, target: str, api_key: str = "", model: str = "") -> Future[VoicelabError | None]:
        """Talk with somebody else, from the next session on; the key stays in memory."""
        return self._command(self._choose_target(target, api_key, model))

    def mute(self, on: bool) -> Future[VoicelabError | None]:
        """Send silence instead of what the microphone hears."""
        return self._command(self._mute(on))

    def limit(self, minutes: float) -> Future[VoicelabError | None]:
        """Let a session with somebody else's server end by itself after so long."""
        return self._command(self._limit(minutes))

    def report(self) -> Future[Path | VoicelabError]:
        """Write the report of the newest run; the result is its path."""
        return self._command(self._make(lambda run: write_report([run], run.folder / "report.html")))

    def hand_in(self) -> Future[Path | VoicelabError]:
        """Write the newest run's numbers, without words and sound, into a ZIP beside it; the result is its path."""
        return self._command(self._make(lambda run: hand_in(run, run.folder.name)))

    def tell(self, problem: Problem | None) -> Future[VoicelabError | None]:
        """Show a problem in the Lab's window; None takes it away."""
        return self._command(self._tell(problem))

    # --- how they are done: on the portal's loop -------------------------------------------------------------

    def _command(self, coroutine: Coroutine[Any, Any, _Result]) -> Future[_Result | VoicelabError]:
        return portal().submit(self._guarded(coroutine))

    async def _guarded(self, command: Awaitable[_Result]) -> _Result | VoicelabError:
        """Do a command; what goes wrong is shown, with what was kept and what to do."""
        try:
            return await command
        except VoicelabError as error:
            self._set(problem=self._problem_of(error))
            return error
        except Exception as error:  # noqa: BLE001 - the seam: nobody waits for a button's command, so it is told here
            what = self._words["broke"].format(kind=type(error).__name__, error=error)
            self._set(problem=self._problem(what))
            return VoicelabError(what)

    def _problem_of(self, error: VoicelabError) -> Problem:
        if isinstance(error, BudgetError):
            return self._over_budget(OverBudget(error.limit_usd, error.spent_usd, error.projected_usd))
        return self._problem(str(error))

    def _problem(self, what: str, do: str | None = None) -> Problem:
        run = self.standing.run
        kept = self._words["kept_nothing"] if run is None else self._words["kept_run"].format(folder=run.folder)
        live = self.standing.state == "live"
        return Problem(what, kept, do or self._words["do_go_on" if live else "do_talk_again"])

    def _over_budget(self, news: OverBudget) -> Problem:
        limit, spent = usd_text(news.limit_usd), usd_text(news.spent_usd)
        if news.projected_usd is None:
            return self._problem(self._words["over_budget_unknown"].format(limit=limit))
        what = self._words["over_budget"].format(limit=limit, spent=spent, projected=usd_text(news.projected_usd))
        return self._problem(what, self._words["do_raise"].format(more=f"{2 * news.limit_usd:g}"))

    def _set(self, **facts: Any) -> None:
        self.standing = replace(self.standing, n=self.standing.n + 1, **facts)

    async def _here(self, function: Callable[[], _Result]) -> _Result:
        """Run what blocks on a thread of its own."""
        return await portal().in_thread(function)

    async def _with_session(self, act: Callable[[Session], object]) -> None:
        session = self._session
        if session is not None:
            await self._here(lambda: act(session))

    async def _talk(self, out: str | PathLike[str] | None) -> None:
        if self.standing.state == "connecting" and self._connected is not None:
            await self._connected.wait()
        if self.standing.state not in ("ready", "over"):
            return
        self._unwanted = False
        self._connected = asyncio.Event()
        self._set(state="connecting", problem=None, pending=(), agent_spoke=False, in_force={})
        wishes = self.standing.wishes
        try:
            self._session = await self._here(lambda: self._opener(wishes, out).open())
        finally:
            if self._session is None:
                self._set(state="over" if self.standing.run else "ready")
            self._connected.set()
        if self._unwanted:  # Stop was pressed meanwhile
            await self._stop()
            return
        self._began_s = asyncio.get_running_loop().time()
        self._begin(wishes)
        await self._send_wishes()  # whatever was asked for meanwhile
        await self._listen()

    def _opener(self, wishes: Wishes, out: str | PathLike[str] | None) -> Opener:
        standing = self.standing
        return connect(
            self._target,
            model=self._model or None,
            settings=wishes.to_session(self._tools),
            tools=self._tools,
            chunk_ms=wishes.chunk_ms,
            sink=self._sink(),
            api_key=self._api_key or None,
            hearing="guide",
            reply=standing.reply,
            out=out,
            budget=self._budget,
        )

    def _begin(self, sent: Wishes) -> None:
        """Show the session that is open now, and look after it."""
        session = self._session
        if session is None:
            return
        self._sent, self._seq, self._epoch = sent, -1, 0
        _desks[session.folder] = self
        self._set(state="live", run=session.log, in_force=session.in_force)
        self._handle = pump().every(_LOOK_MS, self._look)

    def take(self, session: Session | AsyncSession) -> None:
        """Take over a session that was opened elsewhere; its settings are the wishes."""
        self._session = session if isinstance(session, Session) else session.plain
        wishes = replace(Wishes.from_session(session.in_force), chunk_ms=cast("ChunkMs", session.chunk_ms))
        self._began_s = None  # whoever opened it ends it
        self._target, self._tools, self._reply_was_chosen = session.target, session.tools, True
        limit_usd = None if session.budget is None else session.budget.limit_usd
        self._set(wishes=wishes, target=session.target, listening=session.listening is not None, limit_usd=limit_usd)
        self._begin(wishes)

    def _sink(self) -> Literal["null", "device"] | Sink:
        if self.standing.source == "device":
            return "device"
        return "null" if self._speaker is None else self._speaker.sink

    async def _listen(self) -> None:
        """Open the microphone of the source; without one the session goes on."""
        session, source = self._session, self.standing.source
        if session is None:
            return
        if source == "device":
            await self._here(session.listen)
        elif source == "browser" and self._speaker is not None:
            microphone = self._speaker.microphone
            await self._here(lambda: session.listen(microphone))
        else:
            await self._here(session.stop_listening)
        if self.standing.muted:
            await self._here(lambda: session.mute(True))
        self._set(listening=session.listening is not None)

    async def _stop(self) -> None:
        self._unwanted = self.standing.state == "connecting"
        session, self._session = self._session, None
        if session is None:
            return
        self._set(state="closing")
        if self._handle is not None:
            self._handle.close()
            self._handle = None
        try:
            await self._here(session.close)
        finally:
            self._set(state="over", listening=False, playing=False, pending=())

    async def _speak(self, say: Callable[[Session], object]) -> None:
        if self._session is None:
            await self._talk_first()
        self._set(playing=True)
        try:
            await self._with_session(say)
        finally:
            self._set(playing=False)

    async def _talk_first(self) -> None:
        """Open a session for what is to be said; it can be said without a microphone."""
        try:
            await self._talk(None)
        except AudioError as error:
            if self._session is None:
                raise
            self._set(problem=self._problem(str(error)))

    async def _wish(self, wishes: Wishes, *, keep: bool) -> None:
        if wishes == self.standing.wishes:
            return
        if keep:
            self._moves.made(self.standing.wishes, wishes, asyncio.get_running_loop().time())
        self._set(wishes=wishes)
        await self._send_wishes()

    async def _undo(self) -> None:
        before = self._moves.back()
        if before is not None:
            await self._wish(before, keep=False)

    async def _send_wishes(self) -> None:
        """Send what differs from what was sent, until nothing does; one update at a time."""
        if self._sending or self._session is None or self.standing.state != "live":
            return
        self._sending = True
        try:
            while self._session is not None and (wishes := self._sendable()) != self._sent:
                before, self._sent = self._sent, wishes
                await self._send(self._session, before, wishes)
        finally:
            self._sending = False
            self._set(pending=changed(self._sent, self.standing.wishes))

    def _sendable(self) -> Wishes:
        """Return the wishes as far as this connection can take them."""
        wishes = self.standing.wishes
        waits = waiting(self._sent, wishes, self.standing)
        return replace(wishes, **{name: getattr(self._sent, name) for name in waits})

    async def _send(self, session: Session, before: Wishes, wishes: Wishes) -> None:
        if wishes.chunk_ms != before.chunk_ms:
            await self._here(lambda: session.use_chunk(wishes.chunk_ms))
        if change := to_change(before, wishes, self._tools):
            in_force = await self._here(lambda: session.update(settings=change))
            self._set(in_force=in_force)

    async def _reconnect(self, reply: ReplyName | None = None) -> None:
        session = self._session
        if session is None:
            return
        wishes = self.standing.wishes
        settings = wishes.to_session(self._tools)
        hearing = None if reply is None else "guide"
        try:
            await self._here(lambda: session.reconnect(hearing=hearing, reply=reply, settings=settings))
        except TransportError as error:
            await self._lost(session, str(error))  # the old connection is gone, and there is no new one
            return
        self._sent = wishes
        self._set(in_force=session.in_force, pending=())

    async def _choose_reply(self, reply: ReplyName) -> None:
        self._reply_was_chosen = True
        await self._answer_by(reply)

    async def _answer_by(self, reply: ReplyName) -> None:
        if reply == self.standing.reply:
            return
        if self._session is not None and self.standing.target == "local":
            await self._reconnect(reply)
        self._set(reply=reply)

    async def _choose_source(self, source: SourceName) -> None:
        self._set(source=source, problem=None)
        if not self._reply_was_chosen:
            await self._answer_by(_first_reply(source))
        await self._listen()

    async def _choose_target(self, target: str, api_key: str, model: str) -> None:
        self._target, self._api_key, self._model = target, api_key, model
        self._set(target=without_key(target), problem=None)

    async def _mute(self, on: bool) -> None:
        self._set(muted=on)
        if self._speaker is not None:
            self._speaker.mute(on)
        await self._with_session(lambda session: session.mute(on))

    async def _limit(self, minutes: float) -> None:
        if not minutes >= 1:
            raise ConfigError(f"a session lasts a minute or more, not {minutes:g}", param="limit_minutes")
        self._set(limit_minutes=minutes)

    async def _make(self, make: Callable[[Run], Path]) -> Path:
        run = self.standing.run
        if run is None:
            raise RunError(self._words["no_run"])
        return await self._here(lambda: make(run))

    async def _tell(self, problem: Problem | None) -> None:
        self._set(problem=problem)

    # --- what happens by itself ------------------------------------------------------------------------------

    def _look(self) -> None:
        """Look at what is new in the run; on the pump's thread, which only posts."""
        session = self._session
        if session is None:
            return
        if not session.log.growing:  # closed by somebody else: a cell that holds it
            self._command(self._stop())
            return
        portal().post(self._look_at_the_clock)
        for record in session.log.since(self._seq):
            self._seq = record.seq
            news = news_of(record)
            if news is None or (isinstance(news, AgentSpoke) and self.standing.agent_spoke):
                continue
            portal().post(self._take_news, session, news)

    def _take_news(self, session: Session, news: News) -> None:
        """Show what happened; on the portal's loop."""
        match news:
            case Opened(epoch):
                self._epoch = epoch
                self._set(agent_spoke=False)
            case Updated():
                self._take_over(session.in_force, as_wished=_without_hold(session))
            case AgentSpoke(epoch) if epoch == self._epoch:
                self._set(agent_spoke=True)
            case Ended(message):
                self._command(self._lost(session, message))
            case MicrophoneLost(reason):
                self._set(listening=False, problem=self._problem(reason))
            case Complaint(message):
                self._set(problem=self._problem(message))
            case OverBudget():
                self._set(problem=self._over_budget(news))
            case LimitRaised(limit_usd):
                self._set(problem=None, limit_usd=limit_usd)

    def _take_over(self, in_force: dict[str, Any], as_wished: dict[str, Any]) -> None:
        """Show what is in force; what a cell has changed by `Session.update` is wished for from now on."""
        wishes, before = self.standing.wishes, self.standing.in_force
        if not self._sending:  # else it is the answer to the knobs
            wishes, self._sent = taken_over(wishes, before, as_wished), taken_over(self._sent, before, as_wished)
        self._set(wishes=wishes, in_force=in_force)

    def _look_at_the_clock(self) -> None:
        if self._began_s is None or self.standing.target == "local" or self.standing.state != "live":
            return
        open_s = asyncio.get_running_loop().time() - self._began_s
        if open_s > self.standing.limit_minutes * 60 and self._session is not None:
            self._began_s = None
            self._command(self._reached_limit(self._session))

    async def _reached_limit(self, session: Session) -> None:
        if session is self._session:
            await self._stop()
            what = self._words["limit_reached"].format(minutes=f"{self.standing.limit_minutes:g}")
            self._set(problem=self._problem(what))

    async def _lost(self, session: Session, message: str) -> None:
        """Complete the run of a session whose server is gone."""
        if session is not self._session:
            return
        await self._stop()
        self._set(problem=self._problem(message))


def _first_reply(source: SourceName) -> ReplyName:
    return "mirror" if source in ("browser", "device") else "guide"


def _without_hold(session: Session) -> dict[str, Any]:
    """Return what is in force as the user wants it: that a budget holds answers back is nobody's wish."""
    state = session.budget
    if state is None or not state.holds_answers:
        return session.in_force
    return dict(merge(session.in_force, {"audio": {"input": {"turn_detection": {"create_response": True}}}}))


_desks: WeakValueDictionary[Path, Desk] = WeakValueDictionary()


def desk_of(source: Desk | Session | AsyncSession | None) -> Desk:
    """Return the desk behind whatever a widget was given; all widgets of a session share one.

    Raises
    ------
    ConfigError
        It is nothing that can be commanded, such as a saved run.
    """
    if isinstance(source, Desk):
        return source
    if source is None:
        return Desk()
    if not isinstance(source, Session | AsyncSession):
        raise ConfigError(words("desk")["no_session"].format(kind=type(source).__name__))
    desk = _desks.get(source.folder)
    if desk is None:
        desk = Desk()
        desk.take(source)
    return desk
