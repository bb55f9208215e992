"""A session for a script: with a server process in real time, or server and client on one loop in virtual time.

In: a script (a coroutine that is given the session core).  Out: a complete run folder, whatever happens to the script.
Does not know: what the script does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from voicelab.engines.host import ModelledCost
from voicelab.errors import VoicelabError
from voicelab.measure.budget import Budget
from voicelab.protocol.ids import Ids
from voicelab.protocol.settings import merge
from voicelab.runlog.recorder import DirectWriting
from voicelab.server.engines import ServerOptions
from voicelab.server.opening import Choice, EngineRoom
from voicelab.server.serve import serve
from voicelab.session.asking import FIRST_ASK
from voicelab.session.core import SessionCore
from voicelab.session.live import LiveRun, Plan
from voicelab.session.local_server import LocalServer
from voicelab.session.playback import NullSink
from voicelab.session.profiles import LOCAL_MODEL, Target, hosted_target
from voicelab.session.terms import terms_of
from voicelab.session.tools import Tool
from voicelab.session.writing import ThreadedWriting
from voicelab.transports.base import Transport
from voicelab.transports.clock import Clock
from voicelab.transports.memory import memory_pair
from voicelab.transports.virtual_time import run_in_virtual_time
from voicelab.transports.websocket import open_websocket
from voicelab.turns.scores import Scorer

Script = Callable[[SessionCore, LiveRun], Awaitable[None]]


@dataclass(frozen=True)
class Staging:
    """Where a script plays.

    Parameters
    ----------
    folder : Path
        The run folder.
    target : str
        ``local``, ``openai`` or a URL.
    hearing, reply : str
        For the embedded server.
    asked : mapping
        Partial session object, over the usual first one.
    tools : mapping of str to Tool
    tags : mapping
    note : str
    budget : Budget or None
        What may be spent.
    prices : mapping or None
        The user's own; see `voicelab.measure.prices.read_prices`.
    """

    folder: Path
    target: str = "local"
    hearing: str = "dictation"
    reply: str = "guide"
    asked: Mapping[str, Any] = field(default_factory=dict)
    tools: Mapping[str, Tool] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    budget: Budget | None = None
    prices: Mapping[str, Any] | None = None

    @property
    def first_ask(self) -> dict[str, Any]:
        """The whole first ``session.update``."""
        declared = {"tools": [tool.declaration() for tool in self.tools.values()]} if self.tools else {}
        return dict(merge(merge(FIRST_ASK, declared), dict(self.asked)))


def play_in_real_time(script: Script, staging: Staging, wall_start: datetime) -> None:
    """Run a script at the pace of speech.

    Raises
    ------
    ConfigError
        There is a budget, and the model's price is unknown; nothing was opened.
    """
    with ExitStack() as open_things:
        if staging.target == "local":
            terms_of(staging.budget, LOCAL_MODEL, staging.prices)  # before a server is started
            server = open_things.enter_context(LocalServer(hearing=staging.hearing, reply=staging.reply))
            target = Target("local", f"{server.url}?{urlencode({'model': LOCAL_MODEL})}", LOCAL_MODEL, server.api_key)
        else:
            target = hosted_target(staging.target, None, None)
        plan = Plan(
            provider=target.provider,
            url=target.url,
            model=target.model,
            folder=staging.folder,
            open_transport=lambda: open_websocket(target.connect_url, target.headers, target.subprotocols),
            asked=staging.first_ask,
            tools=staging.tools,
            tags=staging.tags,
            note=staging.note,
            secrets=(target.key,) if target.key else (),
            dialect=target.dialect,
            budget=staging.budget,
            prices=staging.prices,
        )

        async def perform() -> None:
            clock = Clock(asyncio.get_running_loop(), wall_start)
            await _perform(script, LiveRun(plan, clock, Ids(), ThreadedWriting, NullSink()))

        asyncio.run(perform())


def play_in_virtual_time(
    script: Script, staging: Staging, wall_start: datetime, *, seed: int = 0, cost: ModelledCost | None = None
) -> None:
    """Run a script as fast as this computer can, the same each time for the same seed.

    Parameters
    ----------
    script, staging
        As in real time.
    wall_start : datetime
        The wall time that the conversation believes in.
    seed : int
        Of all identifiers.
    cost : ModelledCost, optional
        What the engines' work shall cost on the conversation's clock.
    """
    cost = cost or ModelledCost()

    async def perform() -> None:
        loop = asyncio.get_running_loop()
        room = EngineRoom(Choice(staging.hearing, staging.reply), in_place=cost)
        server_ids = Ids(seed)
        servers: list[asyncio.Task[None]] = []

        async def open_pair() -> Transport:
            here, there = memory_pair()
            clock = Clock(loop, wall_start)
            serving = serve(there, room.engines(), clock, server_ids, options=ServerOptions(), model=LOCAL_MODEL)
            servers.append(loop.create_task(serving))
            return here

        plan = Plan(
            provider="local",
            url="memory:",
            model=LOCAL_MODEL,
            folder=staging.folder,
            open_transport=open_pair,
            asked=staging.first_ask,
            tools=staging.tools,
            tags=staging.tags,
            note=staging.note,
            time="virtual",
            budget=staging.budget,
            prices=staging.prices,
        )
        live = LiveRun(plan, Clock(loop, wall_start), Ids(seed + 1), DirectWriting, NullSink())
        await _perform(script, live)
        for serving in servers:
            await serving
        await room.close()

    run_in_virtual_time(perform())


def shortcomings(core: SessionCore) -> list[str]:
    """Return one sentence for each thing that does not work here and is done otherwise, on either side."""
    told = (core.in_force.get("voicelab") or {}).get("notes") or []
    return list(dict.fromkeys(note for note in [*told, Scorer().note] if note))


async def _perform(script: Script, live: LiveRun) -> None:
    """Run the script in a session that is closed, and a folder that is complete, however the script ends."""
    await live.open()
    try:
        await script(live.core, live)
    except Exception as error:
        known = isinstance(error, VoicelabError)
        await live.close("failed", str(error) if known else f"{type(error).__name__}: {error}")
        raise
    except asyncio.CancelledError:
        await live.close("interrupted", "interrupted from the keyboard")
        raise
    await live.close()
