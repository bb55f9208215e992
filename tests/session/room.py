"""A session joined to the embedded server in memory and virtual time, writing a real run folder."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.server.room import WALL, GivenEars, Saying, ToneVoice
from voicelab.engines.base import SpeakingHandle
from voicelab.engines.reply import ReplyEngine
from voicelab.measure.budget import Budget
from voicelab.measure.run import Run
from voicelab.protocol.dialects import make_dialect
from voicelab.protocol.ids import Ids
from voicelab.protocol.settings import merge
from voicelab.runlog.recorder import DirectWriting
from voicelab.server.engines import Engines
from voicelab.server.serve import serve
from voicelab.session.asking import FIRST_ASK
from voicelab.session.core import SessionCore
from voicelab.session.live import LiveRun, Plan
from voicelab.session.playback import NullSink, Sink
from voicelab.session.tools import Tool
from voicelab.transports.base import Transport
from voicelab.transports.clock import Clock
from voicelab.transports.memory import MemoryTransport, memory_pair
from voicelab.transports.virtual_time import run_in_virtual_time
from voicelab.turns.scores import Scorer

Act = Callable[[SessionCore], Awaitable[None]]


@dataclass
class Held:
    """What a test needs of a session that was held."""

    run: Run
    core: SessionCore
    server_ends: list[MemoryTransport]

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """Return the client events of one type."""
        return [r.event for r in self.run.records() if r.dir == "send" and r.type == kind]

    def local(self, kind: str) -> list[dict[str, Any]]:
        """Return this side's own facts of one kind."""
        return [r.event for r in self.run.records() if r.type == f"voicelab.{kind}"]


def hold(
    act: Act,
    folder: Path,
    *,
    reply: ReplyEngine | None = None,
    ears: GivenEars | None = None,
    asked: Mapping[str, Any] | None = None,
    tools: Mapping[str, Tool] | None = None,
    serving: Callable[[MemoryTransport], Awaitable[None]] | None = None,
    dialect: str = "ga",
    speaking: SpeakingHandle | None = None,
    sink: Sink | None = None,
    model: str = "test",
    budget: Budget | None = None,
    prices: Mapping[str, Any] | None = None,
) -> Held:
    """Hold a session in virtual time; whatever ``act`` raises is raised here, after the folder is complete."""
    ends: list[MemoryTransport] = []

    async def perform() -> SessionCore:
        loop = asyncio.get_running_loop()
        hearing = ears or GivenEars()
        servers: list[asyncio.Task[None]] = []

        async def open_ears() -> GivenEars:
            return hearing

        engines = Engines(
            open_scorer=Scorer,
            open_hearing=open_ears,
            speaking=speaking or ToneVoice(),
            reply=reply or Saying(),
            about={"reply": "test"},
        )

        async def open_pair() -> Transport:
            here, there = memory_pair()
            ends.append(there)
            clock, ids = Clock(loop, WALL), Ids(len(ends))
            speaks = make_dialect(dialect)
            run = serving(there) if serving else serve(there, engines, clock, ids, dialect=speaks)
            servers.append(asyncio.ensure_future(run))
            return here

        declared = {"tools": [tool.declaration() for tool in (tools or {}).values()]} if tools else {}
        plan = Plan(
            provider="local",
            url="memory:",
            model=model,
            folder=folder,
            open_transport=open_pair,
            asked=merge(merge(FIRST_ASK, declared), dict(asked or {})),
            tools=tools or {},
            time="virtual",
            dialect=dialect,
            budget=budget,
            prices=prices,
        )
        live = LiveRun(plan, Clock(loop, WALL), Ids(0), DirectWriting, sink or NullSink())
        await live.open()
        try:
            await act(live.core)
        finally:
            await live.close()
            for task in servers:
                task.cancel()
            await asyncio.gather(*servers, return_exceptions=True)
        return live.core

    core = run_in_virtual_time(perform())
    return Held(Run(folder), core, ends)
