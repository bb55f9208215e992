"""A trace for Perfetto and Chrome's trace viewer: one process a run, one lane a thread.

In: runs.  Out: ``trace.json``, an object with ``traceEvents`` (the Trace Event Format's JSON object form).
Does not know: what happened (``lanes``).

Source of the form: Google's "Trace Event Format": ``ph`` M names processes and threads, X is a stretch with ``ts`` and
``dur``, i an instant with its scope in ``s``, C a counter; times are microseconds, and may have decimals. Stretches of
one thread must lie beside or inside each other, so those that overlap get a thread of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from voicelab.measure.columns import METRIC_VERSION
from voicelab.measure.exports.lanes import MARKS, Instant, Stretch, instants_of, lanes_of, layers_of
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.run import Run
from voicelab.runlog.manifest import Manifest

# Room for so many layers in a lane before the numbers of the next one begin.
_MOST_LAYERS = 1_000


def write_perfetto(named: Sequence[NamedRun], out: Path) -> list[Path]:
    """Write one trace with all runs; each begins at 0."""
    events = [event for pid, one in enumerate(named, 1) for event in _process(pid, one)]
    other = {one.name: _about(one.run.manifest) for one in named}
    trace = {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {"metric_version": METRIC_VERSION, "runs": other},
    }
    path = out / "trace.json"
    path.write_bytes(msgspec.json.encode(trace))
    return [path]


def _about(manifest: Manifest) -> dict[str, Any]:
    return {
        "began": manifest.began,
        "provider": manifest.provider,
        "model": manifest.model,
        "redaction": manifest.redaction,
        "t_ns": manifest.clocks.get("t_ns"),
    }


def _process(pid: int, one: NamedRun) -> Iterator[dict[str, Any]]:
    yield _named(pid, 0, "process_name", name=one.name)
    yield _named(pid, 0, "process_sort_index", sort_index=pid)
    lanes = lanes_of(one.run)
    for place, (lane, stretches) in enumerate(lanes.items(), 1):
        for layer, layer_stretches in enumerate(layers_of(stretches) or [[]]):
            tid = place * _MOST_LAYERS + layer
            yield from _thread(pid, tid, lane if not layer else f"{lane} {layer + 1}")
            yield from (_stretch(pid, tid, lane, stretch) for stretch in layer_stretches)
    tid = (len(lanes) + 1) * _MOST_LAYERS
    yield from _thread(pid, tid, MARKS)
    yield from (_instant(pid, tid, instant) for instant in instants_of(one.run))
    yield from _probability(pid, one.run)


def _named(pid: int, tid: int, what: str, **args: Any) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "ts": 0, "args": args}


def _thread(pid: int, tid: int, name: str) -> Iterator[dict[str, Any]]:
    yield _named(pid, tid, "thread_name", name=name)
    yield _named(pid, tid, "thread_sort_index", sort_index=tid)


def _stretch(pid: int, tid: int, lane: str, stretch: Stretch) -> dict[str, Any]:
    start_us, end_us = _us(stretch.start_ms), _us(stretch.end_ms)
    return {
        "ph": "X",
        "name": stretch.name,
        "cat": lane,
        "pid": pid,
        "tid": tid,
        "ts": start_us,
        "dur": round(end_us - start_us, 3),
        "args": stretch.facts,
    }


def _instant(pid: int, tid: int, instant: Instant) -> dict[str, Any]:
    return {
        "ph": "i",
        "s": "p",
        "name": instant.name or MARKS,
        "cat": MARKS,
        "pid": pid,
        "tid": tid,
        "ts": _us(instant.at_ms),
        "args": instant.facts,
    }


def _probability(pid: int, run: Run) -> Iterator[dict[str, Any]]:
    """Yield the speech scores as a counter, which viewers draw as a curve."""
    for start_ms, p in run.vad().select("start_ms", "probability").iter_rows():
        name = "speech probability"
        yield {"ph": "C", "name": name, "cat": "vad", "pid": pid, "tid": 0, "ts": _us(start_ms), "args": {"p": p}}


def _us(ms: float) -> float:
    """Return microseconds, exact to the nanosecond."""
    return round(max(0.0, ms) * 1_000, 3)
