"""Our session beside the official client on one stream of audio deltas: ``python -m tests.benchmarks.bench_client``.

One small WebSocket server in a process of its own serves the same ready-made frames to each client, and each client
runs in a fresh process, so CPU is the client's alone (``getrusage`` of the whole process, all its threads).
Reported, median of the rounds: events received a second in a burst, client CPU an event, and at the pace of speech the
time from the frame on the wire to the client. What each client does with an event: the official ones parse it and
give it to a ``for`` loop that does nothing; ours parses it, applies it to the conversation, decodes the sound, plays
it to nobody at its pace, and writes event and sound to the disk (the wait for the disk is in the CPU, not in the rate).
numpy's own threads are kept out (the idle one spins for a moment after the import, in whatever is measured then).
Where the wire's time ends: in the official clients at the body of the loop; in ours at the record's own time stamp,
the earliest that a user of the session can read (``session.log``). The floor is the ``websockets`` library alone.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from websockets.asyncio.client import connect as websocket
from websockets.asyncio.server import ServerConnection, serve

FRAME_BYTES_PER_MS = 48
FIRST_FRAMES_LEFT_OUT = 10  # the code of the first frames is still being loaded and specialised
BLOCK = 64
MOST_UNSENT_BYTES = 2**20
END = "response.done"
DELTA = "response.output_audio.delta"


@dataclass(frozen=True)
class Stream:
    """What the server is asked to send: ``n`` deltas of ``frame_ms``, at once or at the pace of speech."""

    n: int
    frame_ms: int
    paced: bool


@dataclass(frozen=True)
class Taken:
    """What one client needed for one stream. ``late_us``: wire to user, one number a frame; empty in a burst."""

    events: int
    wall_s: float
    cpu_s: float
    late_us: list[float]


# --- the server ----------------------------------------------------------------------------------------------------


def _ids(**fields: Any) -> dict[str, Any]:
    where = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
    return {"event_id": "event_1", **where, **fields}


def _response(status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    made = {"object": "realtime.response", "id": "resp_1", "status": status, "conversation_id": "conv_1"}
    return {**made, "status_details": None, "output": output, "output_modalities": ["audio"], "usage": None}


def _head() -> list[dict[str, Any]]:
    item = {"id": "item_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    return [
        {"type": "response.created", "event_id": "event_1", "response": _response("in_progress", [])},
        _ids(type="response.output_item.added", item=item),
        {"type": "conversation.item.added", "event_id": "event_1", "item": item, "previous_item_id": None},
        _ids(type="response.content_part.added", part={"type": "audio", "transcript": ""}),
    ]


def _tail() -> list[dict[str, Any]]:
    """End with a call of the function ``stream_ended``: the moment at which our session runs its user's own code."""
    said = {"type": "output_audio", "transcript": ""}
    item = {"id": "item_1", "type": "message", "role": "assistant", "status": "completed", "content": [said]}
    call = {"id": "item_2", "type": "function_call", "name": "stream_ended", "call_id": "call_1", "arguments": "{}"}
    return [
        _ids(type="response.output_audio.done"),
        _ids(type="response.content_part.done", part={"type": "audio", "transcript": ""}),
        _ids(type="response.output_item.done", item=item),
        {"type": "conversation.item.done", "event_id": "event_1", "item": item, "previous_item_id": None},
        {"type": END, "event_id": "event_1", "response": _response("completed", [item, call])},
    ]


def _raw(text: bytes) -> bytes:
    """Return a whole unmasked WebSocket text frame (RFC 6455, section 5.2), so that sending costs nothing."""
    size = len(text)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 2**16 else b"\x7f" + size.to_bytes(8)
    return b"\x81" + length + text


def _delta(frame_ms: int) -> tuple[bytes, bytes]:
    """Return a delta of noise in two halves: between them the time stamp is written."""
    noise = np.random.default_rng(1).integers(-2000, 2000, frame_ms * FRAME_BYTES_PER_MS // 2, np.int16)
    event = _ids(type=DELTA, delta=base64.b64encode(noise.astype("<i2").tobytes()).decode(), stamp_ns="@")
    before, after = json.dumps(event).encode().split(b'"@"')
    return before, after


async def _stream(connection: ServerConnection, stream: Stream) -> None:
    for event in _head():
        await connection.send(json.dumps(event))
    before, after = _delta(stream.frame_ms)
    if stream.paced:
        begun_s = time.monotonic()
        for n in range(stream.n):
            await asyncio.sleep(max(0.0, begun_s + n * stream.frame_ms / 1000 - time.monotonic()))
            connection.transport.write(_raw(b"%s%d%s" % (before, time.monotonic_ns(), after)))
    else:
        frame = _raw(before + b"0" + after)
        for n in range(0, stream.n, BLOCK):
            connection.transport.write(frame * min(BLOCK, stream.n - n))
            while connection.transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
                await asyncio.sleep(0.0005)
    for event in _tail():
        await connection.send(json.dumps(event))


async def _talk(connection: ServerConnection) -> None:
    session: dict[str, Any] = {"type": "realtime", "object": "realtime.session", "audio": {}}
    await connection.send(json.dumps({"type": "session.created", "event_id": "event_1", "session": session}))
    async for message in connection:
        event = json.loads(message)
        if event["type"] != "session.update":
            continue
        asked = event["session"].get("instructions") or ""
        shown = {**session, **event["session"]}
        await connection.send(json.dumps({"type": "session.updated", "event_id": "event_1", "session": shown}))
        if asked.startswith("{"):
            await _stream(connection, Stream(**json.loads(asked)))


async def _serve() -> None:
    async with serve(_talk, "127.0.0.1", 0, compression=None, max_size=None) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
        await server.serve_forever()


# --- the clients, each in a process of its own ---------------------------------------------------------------------


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _update(stream: Stream) -> dict[str, Any]:
    return {"type": "realtime", "instructions": json.dumps(asdict(stream))}


def _late_us(stamps: list[tuple[int, int]]) -> list[float]:
    return [(there_ns - sent_ns) / 1000 for sent_ns, there_ns in stamps[FIRST_FRAMES_LEFT_OUT:]]


def _official_sync(url: str, stream: Stream) -> Taken:
    from openai import OpenAI

    stamps: list[tuple[int, int]] = []
    with OpenAI(api_key="none", websocket_base_url=url).realtime.connect(model="m") as connection:
        connection.recv()
        connection.session.update(session=_update(stream))  # type: ignore[arg-type]
        connection.recv()
        begun_s, cpu_s, n = time.monotonic(), _cpu_s(), 0
        for event in connection:
            n += 1
            if stream.paced and event.type == DELTA:
                stamps.append((event.stamp_ns, time.monotonic_ns()))  # type: ignore[attr-defined]
            if event.type == END:
                break
        return Taken(n, time.monotonic() - begun_s, _cpu_s() - cpu_s, _late_us(stamps))


def _official_async(url: str, stream: Stream) -> Taken:
    from openai import AsyncOpenAI

    async def perform() -> Taken:
        stamps: list[tuple[int, int]] = []
        async with AsyncOpenAI(api_key="none", websocket_base_url=url).realtime.connect(model="m") as connection:
            await connection.recv()
            await connection.session.update(session=_update(stream))  # type: ignore[arg-type]
            await connection.recv()
            begun_s, cpu_s, n = time.monotonic(), _cpu_s(), 0
            async for event in connection:
                n += 1
                if stream.paced and event.type == DELTA:
                    stamps.append((event.stamp_ns, time.monotonic_ns()))  # type: ignore[attr-defined]
                if event.type == END:
                    break
            return Taken(n, time.monotonic() - begun_s, _cpu_s() - cpu_s, _late_us(stamps))

    return asyncio.run(perform())


def _ours(url: str, stream: Stream) -> Taken:
    import voicelab as vl

    ended = threading.Event()

    def stream_ended() -> str:
        """Say that the stream has ended."""
        ended.set()
        return "yes"

    # The records carry wall time; the server stamps the monotonic clock.
    wall_to_monotonic_ns = time.monotonic_ns() - time.time_ns()
    with (
        tempfile.TemporaryDirectory() as folder,
        vl.connect(
            f"{url}/realtime", model="m", api_key="none", out=Path(folder) / "run", tools=[stream_ended]
        ) as session,
    ):
        begun_s, cpu_s = time.monotonic(), _cpu_s()
        session.update(instructions=json.dumps(asdict(stream)))
        if not ended.wait(stream.n * 0.2 + 30):
            raise AssertionError(f"the stream did not end; the server said {session.errors}")
        wall_s = time.monotonic() - begun_s
        log = session.log  # waits until the folder holds everything
        cpu_s = _cpu_s() - cpu_s
        records = [r for r in log.records() if r.dir == "recv" and r.type == DELTA]
        if len(records) != stream.n or any("audio_ref" not in r.event["delta"] for r in records):
            raise AssertionError(f"{len(records):,} of {stream.n:,} deltas are in the log")
        stamps = [
            (r.event["stamp_ns"], round(datetime.fromisoformat(r.wall).timestamp() * 1e9) + wall_to_monotonic_ns)
            for r in (records if stream.paced else ())
        ]
    return Taken(stream.n + len(_head()) + len(_tail()), wall_s, cpu_s, _late_us(stamps))


def _floor(url: str, stream: Stream) -> Taken:
    async def perform() -> Taken:
        stamps: list[tuple[int, int]] = []
        async with websocket(f"{url}/realtime", compression=None, max_size=None) as connection:
            await connection.recv()
            await connection.send(json.dumps({"type": "session.update", "session": _update(stream)}))
            await connection.recv()
            begun_s, cpu_s, n = time.monotonic(), _cpu_s(), 0
            async for frame in connection:
                n += 1
                if stream.paced and '"stamp_ns"' in frame[-60:]:
                    stamps.append((json.loads(frame)["stamp_ns"], time.monotonic_ns()))
                if END in frame[:40]:
                    break
            return Taken(n, time.monotonic() - begun_s, _cpu_s() - cpu_s, _late_us(stamps))

    return asyncio.run(perform())


CLIENTS: dict[str, Callable[[str, Stream], Taken]] = {
    "openai, async": _official_async,
    "openai, sync": _official_sync,
    "voicelab, with its log": _ours,
    "websockets alone": _floor,
}


# --- the comparison ------------------------------------------------------------------------------------------------


def _in_own_process(name: str, url: str, stream: Stream) -> Taken:
    command = [sys.executable, "-m", "tests.benchmarks.bench_client", "--client", name, "--url", url]
    done = subprocess.run(
        [*command, "--stream", json.dumps(asdict(stream))],
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode:
        raise AssertionError(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def _burst(url: str, stream: Stream, rounds: int) -> None:
    print(f"\nburst: {stream.n:,} deltas of {stream.frame_ms} ms, median of {rounds} rounds (least to most)")
    print(f"{'client':<26}{'events/s':>10}{'CPU us/event':>14}{'':>4}{'range':<16}{'of ours':>8}")
    taken: dict[str, list[Taken]] = {name: [] for name in CLIENTS}
    for _ in range(rounds):  # in turns, so that a busy moment of the machine meets all of them
        for name in CLIENTS:
            taken[name].append(_in_own_process(name, url, stream))
    cpu_us = {name: [one.cpu_s / one.events * 1e6 for one in runs] for name, runs in taken.items()}
    ours = median(cpu_us["voicelab, with its log"])
    for name, runs in taken.items():
        rate = median(one.events / one.wall_s for one in runs)
        spread = f"{min(cpu_us[name]):.1f}-{max(cpu_us[name]):.1f}"
        used = median(cpu_us[name])
        print(f"{name:<26}{rate:>10,.0f}{used:>14.1f}{'':>4}{spread:<16}{used / ours:>8.2f}")


def _paced(url: str, stream: Stream) -> None:
    print(f"\nat the pace of speech: {stream.n:,} deltas of {stream.frame_ms} ms; wire to user, us")
    print(f"{'client':<26}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>9}{'n':>7}{'CPU us/event':>14}")
    for name in CLIENTS:
        taken = _in_own_process(name, url, stream)
        p50, p95, p99, most = np.percentile(taken.late_us, [50, 95, 99, 100])
        used = taken.cpu_s / taken.events * 1e6
        print(f"{name:<26}{p50:>8.0f}{p95:>8.0f}{p99:>8.0f}{most:>9.0f}{len(taken.late_us):>7}{used:>14.0f}")


def main(rounds: int, seconds: float, n: int) -> None:
    """Serve, measure every client, and print."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("openai", "websockets", "msgspec", "pydantic"))
    print(f"{versions}; Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.bench_client", "--serve"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            url = server.stdout.readline().strip() if server.stdout else ""
            _burst(url, Stream(n, 20, paced=False), rounds)
            _burst(url, Stream(max(1, n // 4), 100, paced=False), rounds)
            _paced(url, Stream(round(seconds / 0.02), 20, paced=True))
        finally:
            server.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="bursts of each client")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the stream at the pace of speech")
    parser.add_argument("--deltas", type=int, default=8_000, help="deltas of 20 ms in a burst; of 100 ms a quarter")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--client", choices=list(CLIENTS), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--stream", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(_serve())
    elif given.client:
        print(json.dumps(asdict(CLIENTS[given.client](given.url, Stream(**json.loads(given.stream))))))
    else:
        main(given.rounds, given.seconds, given.deltas)
