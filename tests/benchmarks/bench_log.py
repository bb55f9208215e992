"""A log of a million events turned into the turn table: ``python -m tests.benchmarks.bench_log [EVENTS]``.

The log is the guided conversation again and again, to its end each time: times, tracks, connections and ids go on, so
that every turn is one of its own; there is no sound beside it. Each way runs in fresh processes that take turns, three
times each; told are medians.

- *first read*: ``vl.open_run(folder).turns()``, nothing kept from before;
- *kept copy*: the same in a later process;
- *json + pandas*: every line through ``json.loads`` into a data frame, and from it by group and merge the columns of
  the turn table that the log alone gives: who, what, status, latencies, what was delivered and heard, tokens. That the
  two tables are equal in all these columns is checked.

``inside`` is the time of the work alone, when everything that is needed has been imported, ``cpu`` the processor's time
for it (which another program on the same machine does not change much), and ``whole`` the time of the process from its
start to its end, imports included. The log is read once before, so that nobody waits for the disk.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from tests.benchmarks.turn_tables import COLUMNS
from voicelab.experiments.demo import run_demo
from voicelab.experiments.progress import Progress
from voicelab.runlog.manifest import read_manifest, write_manifest
from voicelab.runlog.record import Record
from voicelab.runlog.writer import EVENTS

ROUNDS = 3
WALL = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEPT = ".tables"


def main(n_events: int) -> None:
    """Make the log, measure, compare, print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "long"
        made = run_demo(Path(name) / "demo", fast=True, wall_start=WALL, progress=Progress(StringIO()))
        n_events = _make_long(made.folder, made.records(), folder, n_events)
        size_mb = (folder / EVENTS).stat().st_size / 1e6
        print(f"{n_events:,} events, {size_mb:,.0f} MB, {ROUNDS} rounds in fresh processes, median")
        taken: dict[str, list[dict[str, float]]] = {"first read": [], "kept copy": [], "json + pandas": []}
        for _ in range(ROUNDS):
            shutil.rmtree(folder / KEPT, ignore_errors=True)
            taken["first read"].append(_in_a_process("ours", folder, folder / "first.json"))
            taken["kept copy"].append(_in_a_process("ours", folder, folder / "kept.json"))
            taken["json + pandas"].append(_in_a_process("pandas", folder, folder / "pandas.json"))
        _compare(folder)
        _show(taken)


def _show(taken: dict[str, list[dict[str, float]]]) -> None:
    middle = {way: {key: median(one[key] for one in rounds) for key in rounds[0]} for way, rounds in taken.items()}
    theirs = middle["json + pandas"]
    print(
        f"{'':<14}"
        + "".join(f"{name:>10}{'ratio':>8}" for name in ("inside s", "cpu s", "whole s", "peak MB", "imports s"))
    )
    for way, own in middle.items():
        costs = ("inside_s", "cpu_s", "whole_s", "peak_mb", "imports_s")
        print(f"{way:<14}" + "".join(f"{own[cost]:>10,.2f}{theirs[cost] / own[cost]:>8.1f}" for cost in costs))
    print("ratio: how many times more json + pandas takes")


# --- the log -------------------------------------------------------------------------------------------------------

_HOLES = re.compile(
    # Names of fields such as "item_id" look like ids; a colon follows those.
    r'"(?P<id>(?:item|resp|call|event|sess|conv)_\w+)"(?!:)'
    r'|"track":"(?P<track>\w+)","start":(?P<start>\d+)'
    r'|"(?P<ms>start_ms)":(?P<at_ms>[\d.]+)'
    r'|"first_sample_ns":(?P<ns>\d+)'
)


def _make_long(source: Path, records: list[Record], folder: Path, n_least: int) -> int:
    """Write a run of at least so many records; return how many."""
    folder.mkdir()
    n_events = -(-n_least // len(records)) * len(records)
    with (folder / EVENTS).open("w") as file:
        file.writelines(islice(_Repeating(records).lines(), n_events))
    write_manifest(folder, msgspec.structs.replace(read_manifest(source), records=n_events, note="repeated"))
    return n_events


class _Repeating:
    """A recorded run again and again, as if it had gone on."""

    def __init__(self, records: list[Record]) -> None:
        self._records = [(record, self._split(record)) for record in records]
        self._lasts_ns = records[-1].t_ns + 1_000_000_000
        self._n_epochs = records[-1].epoch + 1
        self._output_samples = max(
            ref["start"] + ref["n"]
            for record in records
            if (ref := (record.event.get("delta") or {}).get("audio_ref") if _has_sound(record) else None)
        )

    def lines(self) -> Iterator[str]:
        """Yield lines for ever."""
        seq, rep = 0, 0
        while True:
            for record, pieces in self._records:
                t_ns = record.t_ns + rep * self._lasts_ns
                wall = (WALL + timedelta(microseconds=t_ns // 1000)).isoformat(timespec="microseconds")
                event = "".join(piece if isinstance(piece, str) else piece(rep) for piece in pieces)
                rest = "" if record.bytes is None else f',"bytes":{record.bytes}'
                yield (
                    f'{{"seq":{seq},"t_ns":{t_ns},"wall":"{wall[:-6]}Z","dir":"{record.dir}","type":"{record.type}",'
                    f'"event":{event},"epoch":{record.epoch + rep * self._n_epochs}{rest}}}\n'
                )
                seq += 1
            rep += 1

    def _split(self, record: Record) -> list[str | Callable[[int], str]]:
        """Return an event's JSON in pieces; what changes from one time to the next is a function of their number."""
        text, pieces, at = msgspec.json.encode(record.event).decode(), [], 0
        for hole in _HOLES.finditer(text):
            pieces += [text[at : hole.start()], self._filler(hole)]
            at = hole.end()
        return [*pieces, text[at:]]

    def _filler(self, hole: re.Match[str]) -> Callable[[int], str]:
        found = hole.groupdict()
        if found["id"] is not None:
            return lambda rep: f'"{found["id"]}x{rep}"'
        if found["track"] is not None:
            return lambda rep: f'"track":"{found["track"]}","start":{int(found["start"]) + self._samples(found, rep)}'
        if found["ms"] is not None:
            return lambda rep: f'"start_ms":{float(found["at_ms"]) + rep * self._lasts_ns / 1e6}'
        return lambda rep: f'"first_sample_ns":{int(found["ns"]) + rep * self._lasts_ns}'

    def _samples(self, found: dict[str, Any], rep: int) -> int:
        return rep * (self._output_samples if found["track"] == "output" else self._lasts_ns * 24 // 1_000_000)


def _has_sound(record: Record) -> bool:
    return record.type == "response.output_audio.delta"


# --- the processes ---------------------------------------------------------------------------------------------------


def _in_a_process(way: str, folder: Path, out: Path) -> dict[str, float]:
    begun = time.perf_counter()
    told = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.turn_tables", way, str(folder), str(out)],
        check=True,
        capture_output=True,
        text=True,
    )
    whole_s = time.perf_counter() - begun
    return {**json.loads(told.stdout), "whole_s": whole_s}


def _compare(folder: Path) -> None:
    """Stop where the tables differ."""
    first, kept, theirs = (json.loads((folder / f"{name}.json").read_text()) for name in ("first", "kept", "pandas"))
    assert first == kept, "the kept copy differs from the first read"
    assert len(first) == len(theirs) > 0, f"{len(first)} turns, {len(theirs)} of pandas"
    n_compared = 0
    for ours, other in zip(first, theirs, strict=True):
        for name in COLUMNS:
            # Where no label says it, we take the end of speech from the speech scores.
            if name == "endpoint_ms" and ours["speech_end_from"] != "label":
                continue
            assert _same(ours[name], other[name]), f"turn {ours['turn']}: {name} is {ours[name]} and {other[name]}"
            n_compared += 1
    print(f"{len(first):,} turns; {n_compared:,} values of {len(COLUMNS)} columns are equal")


def _same(ours: Any, theirs: Any) -> bool:
    if ours is None or theirs is None or theirs != theirs:  # NaN is pandas' null
        return ours is None and (theirs is None or theirs != theirs)
    return abs(ours - theirs) < 1e-3 if isinstance(ours, float) else bool(ours == theirs)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
