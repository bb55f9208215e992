"""What writing a record costs, beside peers that write the same content: ``python -m tests.benchmarks.bench_append``.

The records are those of the guided conversation: a line is some 300 bytes, most of them name sound that lies on a
track. Three ways take turns in one process, round by round: ours; ``structlog`` writing JSON lines as its documentation
sets it up for speed; ``json.dumps`` and a file. Told is the median of the rounds, in microseconds a record.

Two tables. In the first the stamps are given: encoding and writing alone. In the second each way stamps its records
itself, and ours does what a session needs of it besides: it numbers the record, searches it for keys, and keeps it for
the views. ``structlog`` flushes after every line, which is a call of the operating system; its second row does without.
"""

from __future__ import annotations

import gc
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from statistics import median
from typing import Any, TextIO

import structlog

from voicelab.experiments.demo import run_demo
from voicelab.experiments.progress import Progress
from voicelab.measure.run import Run
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import AudioRef, Record
from voicelab.runlog.recorder import DirectWriting, Recorder
from voicelab.runlog.writer import RunWriter, prepare_folder

ROUNDS = 15
KEY = "not-a-key-but-as-long-as-one-0123456789"
Way = tuple[str, Callable[[], None]]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records = [_as_made(record) for record in _conversation(folder / "run").records()]
        print(f"{len(records):,} records of a conversation, {ROUNDS} rounds, median; us a record")
        _show("stamps given", _with_stamps(records, folder), len(records))
        _show("stamping itself", _stamping(records, folder), len(records))


def _conversation(folder: Path) -> Run:
    return run_demo(folder, fast=True, wall_start=_WALL, progress=Progress(StringIO()))


def _show(title: str, ways: list[Way], n: int) -> None:
    taken: dict[str, list[float]] = {name: [] for name, _ in ways}
    for _ in range(ROUNDS):
        for name, work in ways:
            gc.collect()
            begun = time.perf_counter()
            work()
            taken[name].append((time.perf_counter() - begun) / n * 1e6)
    ours = median(taken[ways[0][0]])
    print(f"\n{title:<44}{'us':>8}{'ratio':>8}")
    for name, _ in ways:
        cost = median(taken[name])
        print(f"{name:<44}{cost:>8.2f}{cost / ours:>8.1f}")


def _with_stamps(records: list[Record], folder: Path) -> list[Way]:
    writer = RunWriter(prepare_folder(folder / "given"), Manifest())
    file = (folder / "given.jsonl").open("w")
    facts = [_facts(record) for record in records]

    def ours() -> None:
        for record in records:
            writer.record(record)

    def plain() -> None:
        for fact in facts:
            file.write(json.dumps(fact) + "\n")

    return [
        ("RunWriter.record", ours),
        ("structlog", _structlog(facts, (folder / "structlog-given.jsonl").open("w"), [])),
        ("structlog, never flushing", _structlog(facts, _never_flushing(folder / "held-given.jsonl"), [])),
        ("json.dumps + file.write", plain),
    ]


def _stamping(records: list[Record], folder: Path) -> list[Way]:
    recorder = Recorder(_Clock(), DirectWriting(RunWriter(prepare_folder(folder / "own"), Manifest())), [KEY])
    file = (folder / "own.jsonl").open("w")
    facts = [{k: v for k, v in _facts(record).items() if k not in ("t_ns", "wall")} for record in records]
    stamps = [structlog.processors.TimeStamper(fmt="iso", utc=True, key="wall"), _add_t_ns]

    def ours() -> None:
        for record in records:
            recorder.record(record.dir, record.type, record.event, n_bytes=record.bytes)

    def plain() -> None:
        for fact in facts:
            stamped = {**fact, "t_ns": time.monotonic_ns(), "wall": datetime.now(UTC).isoformat()}
            file.write(json.dumps(stamped) + "\n")

    return [
        ("Recorder.record (and keys, and memory)", ours),
        ("structlog", _structlog(facts, (folder / "structlog-own.jsonl").open("w"), stamps)),
        ("structlog, never flushing", _structlog(facts, _never_flushing(folder / "held-own.jsonl"), stamps)),
        ("json.dumps + file.write", plain),
    ]


def _structlog(facts: list[dict[str, Any]], file: TextIO, stamps: list[Any]) -> Callable[[], None]:
    # What structlog calls the event is the name of it; the payload goes by another name.
    named = [(fact["type"], {("payload" if k == "event" else k): v for k, v in fact.items()}) for fact in facts]
    log = structlog.wrap_logger(
        structlog.WriteLogger(file),
        processors=[*stamps, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        cache_logger_on_first_use=True,
    ).bind()

    def work() -> None:
        for name, fact in named:
            log.info(name, **fact)

    return work


def _never_flushing(path: Path) -> TextIO:
    file = path.open("w")
    file.flush = lambda: None  # type: ignore[method-assign]
    return file


def _facts(record: Record) -> dict[str, Any]:
    """Return what a line of the log holds, as a dict for those who want one."""
    known: dict[str, Any] = json.loads(json.dumps({f: getattr(record, f) for f in Record.__struct_fields__}))
    return {name: value for name, value in known.items() if value is not None and (name != "epoch" or value)}


def _as_made(record: Record) -> Record:
    """Return a record as a session makes it: where sound lies is told by our own type, not by what JSON gives."""
    event = {
        name: AudioRef(**value["audio_ref"]).to_event() if isinstance(value, dict) and "audio_ref" in value else value
        for name, value in record.event.items()
    }
    return Record(**{**{f: getattr(record, f) for f in Record.__struct_fields__}, "event": event})


def _add_t_ns(_logger: object, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    event["t_ns"] = time.monotonic_ns()
    return event


_WALL = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class _Clock:
    """Real time, as a session stamps."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def wall_at(self, t_ns: int) -> datetime:
        return _WALL + timedelta(microseconds=t_ns / 1000)


if __name__ == "__main__":
    main()
