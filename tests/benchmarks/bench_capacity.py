"""How many sessions one embedded server holds, frame by frame in time: ``python -m tests.benchmarks.bench_capacity``.

A real server process (with its recogniser processes) on the cores that this machine has, and on the same cores one or
two load processes with raw WebSocket connections. Each connection is an open microphone: 20 ms frames by absolute
deadlines, the demo's clips with pauses between them, in a loop, each connection beginning somewhere else. The server
finds the turns; it is not asked to answer, since answers would be measured then and not listening.

In time means three things. **ack**: behind every fifth frame goes a request for a known item; a connection's events are
handled in order, so the answer says that the frame was handled. **end**: from sending the frame that completes the
silence (``audio_end_ms``) to ``speech_stopped``; one frame of that is no lateness, since the detector scores windows of
32 ms behind a resampler that holds back a little. **words**: from ``committed`` to the transcription, where there is a
recogniser. Sessions are held while p95 of ack is within 20 ms, of end within 20 ms and that frame, and of words within
1,000 ms. N doubles until that fails. What was never answered counts as late as it is old. Linux only: CPU is read from
/proc.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import platform
import random
import subprocess
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from voicelab.experiments.clips import spoken_lines
from voicelab.session.local_server import LocalServer

FRAME_S = 0.02
FRAME_SAMPLES = 480
ACK_EVERY = 5
PAUSE_SAMPLES = 36_000
ACK_IN_TIME_MS = 20.0
END_IN_TIME_MS = ACK_IN_TIME_MS + 1000 * FRAME_S
WORDS_IN_TIME_MS = 1_000.0
WARM_S = 2.0
SETTLED_CORES, SETTLE_S = 0.05, 90.0
MODES = {"voice activity only": "none", "grammar": "guide", "dictation": "dictation"}
CLIPS = ("hello", "sum", "time", "joke", "can-do", "read")


@dataclass(frozen=True)
class Cores:
    """What was used while a level was measured, in cores: by the server, its workers, and everybody on the machine."""

    server: float
    workers: float
    machine: float


@dataclass
class Waits:
    """What one load process measured, in ms, and what it needed itself."""

    ack: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)
    words: list[float] = field(default_factory=list)
    sent_late: list[float] = field(default_factory=list)
    cores: float = 0.0

    def add(self, other: Waits) -> None:
        """Take in what another load process measured."""
        self.ack += other.ack
        self.end += other.end
        self.words += other.words
        self.sent_late += other.sent_late
        self.cores += other.cores

    def in_time(self) -> bool:
        """Whether the sessions were held."""
        return (
            _percentile(self.ack, 95) <= ACK_IN_TIME_MS
            and (not self.end or _percentile(self.end, 95) <= END_IN_TIME_MS)
            and (not self.words or _percentile(self.words, 95) <= WORDS_IN_TIME_MS)
        )


# --- one load process ----------------------------------------------------------------------------------------------


@cache
def _loop_of_frames() -> list[bytes]:
    """Return the append events of all clips with their pauses."""
    pause = np.zeros(PAUSE_SAMPLES, np.int16)
    samples = np.concatenate([part for name in CLIPS for part in (spoken_lines()[name].clip.samples, pause)])
    samples = np.pad(samples, (0, -len(samples) % FRAME_SAMPLES)).astype("<i2")
    audio = [base64.b64encode(frame.tobytes()).decode() for frame in samples.reshape(-1, FRAME_SAMPLES)]
    return [json.dumps({"type": "input_audio_buffer.append", "audio": one}).encode() for one in audio]


class Caller:
    """One connection: an open microphone that keeps the time of every answer."""

    def __init__(self, connection: ClientConnection, index: int, waits: Waits, hears: bool) -> None:
        self._connection = connection
        self._hears = hears
        self._waits = waits
        self._item_id = f"item_{index}"
        self._phase_s = FRAME_S * random.Random(index).random()
        self._first = random.Random(index).randrange(len(_loop_of_frames()))
        self._sent_s: list[float] = []
        self._asked_s: deque[float] = deque()
        self._committed_s: dict[str, float] = {}
        self._measured_from_s = float("inf")

    async def prepare(self) -> None:
        """Set the session up, and put in the item that is asked for later."""
        detection = {"type": "server_vad", "silence_duration_ms": 500, "create_response": False}
        heard = {"turn_detection": detection, "transcription": {"model": "whisper-1"} if self._hears else None}
        await self._say({"type": "session.update", "session": {"type": "realtime", "audio": {"input": heard}}})
        content = [{"type": "input_text", "text": "."}]
        item = {"type": "message", "id": self._item_id, "role": "system", "content": content}
        await self._say({"type": "conversation.item.create", "item": item})
        while json.loads(await self._connection.recv())["type"] != "conversation.item.done":
            pass

    async def speak(self, begun_s: float, seconds: float) -> None:
        """Send frames until the time is over."""
        frames, first_s = _loop_of_frames(), begun_s + self._phase_s
        self._measured_from_s = begun_s + WARM_S
        ask = json.dumps({"type": "conversation.item.retrieve", "item_id": self._item_id}).encode()
        for n in range(round((WARM_S + seconds) / FRAME_S)):
            due_s = first_s + n * FRAME_S
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            now_s = time.monotonic()
            self._sent_s.append(now_s)
            if now_s >= self._measured_from_s:
                self._waits.sent_late.append((now_s - due_s) * 1000)
            await self._connection.send(frames[(self._first + n) % len(frames)], text=True)
            if n % ACK_EVERY == 0:
                self._asked_s.append(now_s)
                await self._connection.send(ask, text=True)

    async def listen(self) -> None:
        """Keep the time of everything that is measured."""
        async for message in self._connection:
            now_s, event = time.monotonic(), json.loads(message)
            match event["type"]:
                case "conversation.item.retrieved":
                    self._keep(self._waits.ack, self._asked_s.popleft(), now_s)
                case "input_audio_buffer.speech_stopped":
                    last = -(-event["audio_end_ms"] // round(FRAME_S * 1000)) - 1
                    self._keep(self._waits.end, self._sent_s[min(last, len(self._sent_s) - 1)], now_s)
                case "input_audio_buffer.committed" if self._hears:
                    self._committed_s[event["item_id"]] = now_s
                case "conversation.item.input_audio_transcription.completed":
                    self._keep(self._waits.words, self._committed_s.pop(event["item_id"]), now_s)
                case "error" | "conversation.item.input_audio_transcription.failed":
                    raise AssertionError(f"the server refused: {event['error']}")

    def give_up(self) -> None:
        """Count what was never answered as late as it is old."""
        now_s = time.monotonic()
        for asked_s in self._asked_s:
            self._keep(self._waits.ack, asked_s, now_s)
        for committed_s in self._committed_s.values():
            self._keep(self._waits.words, committed_s, now_s)

    def _keep(self, waits: list[float], from_s: float, to_s: float) -> None:
        if from_s >= self._measured_from_s:
            waits.append((to_s - from_s) * 1000)

    async def _say(self, event: dict[str, Any]) -> None:
        await self._connection.send(json.dumps(event))


async def _load(url: str, key: str, indices: list[int], hears: bool, seconds: float) -> None:
    """Connect, say so, wait for the word, speak, print what was measured."""
    _loop_of_frames()
    waits, callers, connections = Waits(), [], []
    for index in indices:
        headers = {"Authorization": f"Bearer {key}"}
        connection = await connect(url, additional_headers=headers, compression=None, open_timeout=60)
        connections.append(connection)
        callers.append(Caller(connection, index, waits, hears))
        await callers[-1].prepare()
    print("connected", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    begun_s, cpu_s = time.monotonic(), time.process_time()
    listening = [asyncio.create_task(caller.listen()) for caller in callers]
    await asyncio.gather(*(caller.speak(begun_s, seconds) for caller in callers))
    waits.cores = (time.process_time() - cpu_s) / (time.monotonic() - begun_s)
    await asyncio.sleep(1.0)  # what is on its way still counts, at its age
    for task in listening:
        if task.done():
            task.result()
        task.cancel()
    for caller in callers:
        caller.give_up()
    print(json.dumps(asdict(waits)), flush=True)
    await asyncio.gather(*(connection.close() for connection in connections))


# --- the curve -----------------------------------------------------------------------------------------------------


def _percentile(values: list[float], q: float) -> float:
    return float(np.percentile(values, q)) if values else float("nan")


def _cpu_s(root: int) -> tuple[float, float]:
    """Return the CPU seconds of a process, and those of all its descendants."""
    ticks: dict[int, int] = {}
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        parents[int(folder.name)] = int(fields[1])
        ticks[int(folder.name)] = int(fields[11]) + int(fields[12])

    def is_under(pid: int) -> bool:
        while pid in parents:
            pid = parents[pid]
            if pid == root:
                return True
        return False

    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    return ticks[root] * tick_s, sum(n for pid, n in ticks.items() if is_under(pid)) * tick_s


def _busy_s() -> float:
    """Return the CPU seconds that the whole machine has worked since it started, whoever asked for it."""
    user, nice, system, _idle, _wait, irq, soft, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def _settle(root: int) -> None:
    """Wait until the recognisers have loaded what they need."""
    until_s, used_s = time.monotonic() + SETTLE_S, sum(_cpu_s(root))
    while time.monotonic() < until_s:
        time.sleep(0.5)
        before_s, used_s = used_s, sum(_cpu_s(root))
        if used_s - before_s < SETTLED_CORES * 0.5:
            return


def _level(server: LocalServer, n: int, hears: bool, seconds: float) -> tuple[Waits, Cores]:
    """Hold ``n`` sessions; return what was measured, and the cores that it took."""
    halves = [list(range(n))] if n < 16 else [list(range(0, n, 2)), list(range(1, n, 2))]
    loads = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.bench_capacity", "--load", json.dumps([half, hears, seconds])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "CAPACITY_URL": server.url, "CAPACITY_KEY": server.api_key},
        )
        for half in halves
    ]
    try:
        for load in loads:
            if _line(load) != "connected":
                raise AssertionError(f"a load process of {n} sessions could not connect")
        _settle(server.pid)
        begun_s, busy_s, (own_s, workers_s) = time.monotonic(), _busy_s(), _cpu_s(server.pid)
        for load in loads:
            if load.stdin is not None:
                load.stdin.write("\n")
                load.stdin.flush()
        time.sleep(WARM_S + seconds)
        took_s, busy_s = time.monotonic() - begun_s, _busy_s() - busy_s
        own_end_s, workers_end_s = _cpu_s(server.pid)
        waits = Waits()
        for load in loads:
            waits.add(Waits(**json.loads(_line(load))))
    finally:
        for load in loads:
            load.kill()
            load.communicate()
    return waits, Cores((own_end_s - own_s) / took_s, (workers_end_s - workers_s) / took_s, busy_s / took_s)


def _line(load: subprocess.Popen[str]) -> str:
    return load.stdout.readline().strip() if load.stdout is not None else ""


def _curve(name: str, hearing: str, first: int, most: int, seconds: float) -> None:
    print(f"\n{name} (hearing={hearing}); ms: p50/p95/p99")
    heads = "".join(f"{head:<24}" for head in ("ack", "end", "words"))
    print(f"{'N':>4}  {heads}{'n':>6}  cores: server workers  load others  sent late p95")
    held, n = 0, first
    with LocalServer(hearing=hearing) as server:
        while n <= most:
            waits, cores = _level(server, n, hearing != "none", seconds)
            columns = "".join(f"{_three(values):<24}" for values in (waits.ack, waits.end, waits.words))
            late = _percentile(waits.sent_late, 95)
            others = max(0.0, cores.machine - cores.server - cores.workers - waits.cores)
            used = f"{cores.server:>15.2f}{cores.workers:>8.2f}{waits.cores:>6.2f}{others:>7.2f}"
            print(f"{n:>4}  {columns}{len(waits.ack):>6}{used}{late:>15.1f}", flush=True)
            if not waits.in_time():
                break
            held, n = n, n * 2
    print(f"held in time: {held}" + ("" if n <= most else " (the most that was tried)"))


def _three(values: list[float]) -> str:
    return "/".join(f"{_percentile(values, q):.1f}" for q in (50, 95, 99)) if values else "-"


def main(modes: list[str], first: int, most: int, seconds: float) -> None:
    """Print the curve of each mode."""
    print(f"{_machine()}, {os.cpu_count()} cores shared by server and load, Python {platform.python_version()}")
    print(f"load average before: {os.getloadavg()[0]:.2f}; {seconds:.0f} s a level after {WARM_S:.0f} s of warming up")
    for mode in modes:
        _curve(mode, MODES[mode], first, most, seconds)


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--modes", nargs="+", choices=list(MODES), default=list(MODES))
    parser.add_argument("--first", type=int, default=2, help="sessions of the first level")
    parser.add_argument("--most", type=int, default=256, help="sessions of the last level that is tried")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured seconds a level")
    parser.add_argument("--load", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.load:
        numbers, with_words, for_s = json.loads(given.load)
        address, secret = os.environ["CAPACITY_URL"], os.environ["CAPACITY_KEY"]
        asyncio.run(_load(address, secret, numbers, with_words, for_s))
    else:
        main(given.modes, given.first, given.most, given.seconds)
