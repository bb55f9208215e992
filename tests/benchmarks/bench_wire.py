"""What one event costs, and what an import costs, beside peers: ``python -m tests.benchmarks.bench_wire``.

Events: decoding a frame, its typed view and applying it to the conversation, against the official SDK's own parsing of
the same frames in the same run. Import: ``import voicelab`` against ``import numpy`` in fresh processes.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from tests.server.room import Client, converse, spoken
from voicelab.protocol import wire
from voicelab.protocol.conversation import Conversation

ROUNDS = 20
IMPORTS = 7


def main() -> None:
    """Measure and print."""
    frames = _frames()
    ours = _us_an_event(lambda: _read(frames), len(frames))
    theirs = _us_an_event(lambda: _read_with_the_sdk(frames), len(frames))
    ratio = ours / theirs
    print(f"one event ({len(frames)} of a spoken turn): {ours:.1f} us, official SDK {theirs:.1f} us, ratio {ratio:.2f}")
    here, numpy = _import_s("voicelab"), _import_s("numpy")
    print(f"import voicelab: {here:.3f} s, import numpy {numpy:.3f} s, ratio {here / numpy:.2f}")


def _frames() -> list[str]:
    async def talk(client: Client) -> None:
        await client.append(spoken("hello"))
        await client.until("response.done")

    return [wire.encode(wire.parse_server(event)) for event in converse(talk).events]


def _read(frames: list[str]) -> None:
    conversation = Conversation()
    for frame in frames:
        conversation.apply(wire.parse_server(wire.decode(frame)))


def _read_with_the_sdk(frames: list[str]) -> None:
    from openai._models import construct_type_unchecked
    from openai.types.realtime import RealtimeServerEvent

    for frame in frames:
        construct_type_unchecked(value=wire.decode(frame), type_=RealtimeServerEvent)


def _us_an_event(work: Callable[[], None], n: int) -> float:
    work()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken) / n * 1e6


def _import_s(module: str) -> float:
    taken = []
    for _ in range(IMPORTS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        taken.append(time.perf_counter() - start)
    bare = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return median(taken) - (time.perf_counter() - bare)


if __name__ == "__main__":
    main()
