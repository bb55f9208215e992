"""What happens in the demo: a guided conversation that shows what the lab is for.

In: a session core.  Out: the conversation; each step says beforehand what it is about to show.
Does not know: how it is displayed, or whether time is real.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from voicelab.errors import ServerError
from voicelab.experiments.clips import SpokenLine, spoken_lines
from voicelab.protocol import client_events as ce
from voicelab.protocol.settings import ServerVAD, to_plain
from voicelab.session.core import SessionCore
from voicelab.session.tools import Tool

HEARD_BEFORE_BARGE_IN_MS = 3_000


@dataclass(frozen=True)
class Step:
    """One step: what it shows, and what is done."""

    shows: str
    act: Callable[[SessionCore], Awaitable[None]]


def set_timer(minutes: int) -> str:
    """Set a timer for a number of minutes."""
    return f"The timer rings in {minutes * 60} seconds."


DEMO_TOOLS = {"set_timer": Tool.of(set_timer)}


def demo_steps() -> list[Step]:
    """Return the steps of the demo, in order."""
    lines = spoken_lines()
    return [
        Step("small talk", _say(lines["hello"])),
        Step("small talk", _say(lines["can-do"])),
        Step("a sum", _say(lines["sum"])),
        Step("a tool call: set_timer runs here, its result is spoken", _say(lines["timer"])),
        Step("a typed turn", lambda core: core.ask("What is 12 * 7?")),
        Step("a bad request, which the server refuses", _ask_for_an_unknown_voice),
        Step("silence 200 ms: the thinking pause ends the turn too early", _pause(lines["thinking"], 0.5, 200)),
        Step("silence 900 ms, threshold 0.6: the same sentence is heard whole", _pause(lines["thinking"], 0.6, 900)),
        Step(
            "barge-in: a reading is interrupted after three seconds; only what was heard is remembered",
            _barge_in(lines["read"], lines["say-again"]),
        ),
        Step("another voice: a new connection in the same run", _new_voice(lines["time"], "cedar")),
        Step("telephone sound: mu-law both ways", _telephone(lines["joke"])),
        Step("small talk", _say(lines["goodbye"])),
    ]


def _say(line: SpokenLine) -> Callable[[SessionCore], Awaitable[None]]:
    return lambda core: core.play(line.clip, line.labels)


def _detection(threshold: float, silence_ms: int) -> dict[str, Any]:
    detection = ServerVAD(threshold=threshold, silence_duration_ms=silence_ms)
    return {"audio": {"input": {"turn_detection": to_plain(detection)}}}


def _pause(line: SpokenLine, threshold: float, silence_ms: int) -> Callable[[SessionCore], Awaitable[None]]:
    async def act(core: SessionCore) -> None:
        await core.update(_detection(threshold, silence_ms))
        await core.play(line.clip, line.labels)

    return act


async def _ask_for_an_unknown_voice(core: SessionCore) -> None:
    """Send what `update` would not: the server's answer is what is to be seen."""
    event = ce.SessionUpdate(session={"type": "realtime", "audio": {"output": {"voice": "nobody"}}})
    try:
        await core.request(event)
    except ServerError as error:
        await core.mark(f"refused: {error}")


def _barge_in(reading: SpokenLine, interruption: SpokenLine) -> Callable[[SessionCore], Awaitable[None]]:
    async def act(core: SessionCore) -> None:
        await core.update(_detection(0.5, 500))
        whole = asyncio.ensure_future(core.play(reading.clip, reading.labels))
        enough = asyncio.ensure_future(core.wait_for_playback(HEARD_BEFORE_BARGE_IN_MS))
        # Where nothing can be spoken, or little is, the reply is over first.
        await asyncio.wait({whole, enough}, return_when=asyncio.FIRST_COMPLETED)
        enough.cancel()
        await asyncio.gather(enough, return_exceptions=True)
        await asyncio.gather(whole, core.play(interruption.clip, interruption.labels))

    return act


def _new_voice(line: SpokenLine, voice: str) -> Callable[[SessionCore], Awaitable[None]]:
    async def act(core: SessionCore) -> None:
        await core.reconnect({"audio": {"output": {"voice": voice}}})
        await core.play(line.clip, line.labels)

    return act


def _telephone(line: SpokenLine) -> Callable[[SessionCore], Awaitable[None]]:
    async def act(core: SessionCore) -> None:
        pcmu = {"format": {"type": "audio/pcmu"}}
        await core.reconnect({"audio": {"input": pcmu, "output": pcmu}})
        await core.play(line.clip, line.labels)

    return act
