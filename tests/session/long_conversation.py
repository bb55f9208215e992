"""Half an hour of conversation in virtual time; prints what this process held at the end of each minute.

Run as a program, in a process of its own: what other tests left in memory does not blur the figures, and numpy's
threads, which only wait for each other on pieces as small as these, can be switched off from outside.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path

import numpy as np

from tests.server.room import GivenEars
from tests.session.room import Held, hold
from voicelab.audio.samples import Samples
from voicelab.engines.reply import ReplyPart, ReplyRequest, Say
from voicelab.experiments.clips import spoken_lines
from voicelab.measure.run import Run
from voicelab.session.core import SessionCore

STATM = Path("/proc/self/statm")
CHUNK = 2_400
PAUSE_S = 7
MINUTES = 30


class DeafEars(GivenEars):
    """Hears the same words each time and keeps no sound."""

    def feed(self, samples: Samples) -> None:
        """Let it pass."""


class Talking:
    """Answers with three seconds of speech and keeps no request."""

    name = "talking"
    is_model = False
    scenario: tuple[str, ...] = ()

    async def reply(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        """Say thirty words, whatever was asked."""
        yield Say("word " * 30)


def resident_mb() -> float:
    """Return how much memory this process holds."""
    gc.collect()
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def converse(folder: Path) -> tuple[Held, list[float]]:
    """Hold the conversation, and read on in its log each minute; return it, and the memory at the end of each."""
    held_mb: list[float] = []

    async def act(core: SessionCore) -> None:
        loop, log = asyncio.get_running_loop(), Run(folder, live=core._recorder.records)
        began_s, n_sent = loop.time(), 0
        lines = cycle([spoken_lines()[name].clip.samples for name in ("hello", "sum", "thinking")])
        for minute in range(1, MINUTES + 1):
            while loop.time() - began_s < minute * 60:
                sound = np.concatenate([next(lines), np.zeros(PAUSE_S * 24_000, np.int16)])
                for at in range(0, len(sound) - CHUNK + 1, CHUNK):
                    await core.append(sound[at : at + CHUNK])
                    n_sent += 1
                    await asyncio.sleep(began_s + n_sent * CHUNK / 24_000 - loop.time())
            assert len(log.facts().turns) > 5 * (minute - 1)
            assert len(log.since(core._recorder.records.n_records - 101)) == 100
            held_mb.append(resident_mb())

    return hold(act, folder, reply=Talking(), ears=DeafEars()), held_mb


if __name__ == "__main__":
    held, mb = converse(Path(sys.argv[1]))
    turns = held.run.turn_list()
    told = {
        "held_mb": mb,
        "turns": len(turns),
        "heard_ms": sum(turn.heard_ms for turn in turns),
        "duration_ms": held.run.duration_ms,
    }
    print(json.dumps(told))
