"""What happened when in a run, in lanes side by side: the shape that trace viewers and sound editors want.

In: a run.  Out: stretches and instants on the run's time line, and stretches of ``output.wav``.
Does not know: formats.  Of a redacted copy it tells what is in the copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from voicelab.measure.facts import Facts, ItemFacts
from voicelab.measure.run import Run
from voicelab.runlog.record import TRACK_RATE_HZ, Record

Lane: TypeAlias = Literal["user speech", "detector", "responses", "agent audio received", "heard", "tools"]
#: In the order in which they are shown, and what a stretch in each of them is.
LANES: Mapping[Lane, str] = {
    "user speech": "the user's speech in one turn, from speech_start_ms to speech_end_ms",
    "detector": "from speech_started received to speech_stopped received",
    "responses": "from response.created received to response.done received",
    "agent audio received": "from the first to the last audio delta of an item received",
    "heard": "sound of an item that was played without a gap",
    "tools": "from the finished arguments received to the output sent",
}
MARKS = "marks"
MARKS_MEANING = "remarks, errors of the server and typed turns, each at one instant"
_PER_MS = TRACK_RATE_HZ / 1000


@dataclass(frozen=True)
class Stretch:
    """Something that lasted, ms on the run's time line (or in ``output.wav``)."""

    start_ms: float
    end_ms: float
    name: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Instant:
    """Something that happened at one moment."""

    kind: Literal["mark", "error", "typed"]
    at_ms: float
    name: str
    facts: Mapping[str, Any]


def lanes_of(run: Run) -> dict[Lane, list[Stretch]]:
    """Return the stretches of every lane, by their beginnings; what had not ended lasts to the end of the run."""
    facts, end_ms = run.facts(), run.duration_ms
    lanes: dict[Lane, list[Stretch]] = {
        "user speech": list(_user_speech(run)),
        "detector": list(_detector(run.records(), end_ms)),
        "responses": list(_rows(run, "responses", ("created_ms", "done_ms"), end_ms)),
        "agent audio received": list(_received(facts)),
        "heard": list(_heard(facts)),
        "tools": list(_rows(run, "tools", ("called_ms", "answered_ms"), end_ms)),
    }
    return {lane: sorted(stretches, key=_start) for lane, stretches in lanes.items()}


def instants_of(run: Run) -> list[Instant]:
    """Return remarks, errors and typed turns, in order."""
    facts = run.facts()
    marks = [Instant("mark", t_ns / 1e6, text, {}) for t_ns, text in facts.marks]
    errors = [
        Instant("error", t_ns / 1e6, f"error: {error.get('code') or error.get('type')}", error)
        for t_ns, error in facts.errors
    ]
    typed = [
        Instant("typed", turn.began_ns / 1e6, f"typed: {turn.transcript or ''}", {"turn": turn.turn})
        for turn in facts.turns
        if turn.kind == "typed"
    ]
    return sorted([*marks, *errors, *typed], key=lambda instant: instant.at_ms)


def received_sound(run: Run) -> list[Stretch]:
    """Return where each item's sound lies in ``output.wav``."""
    found = [
        Stretch(start / _PER_MS, (start + item.n_samples) / _PER_MS, _said(item), {"item_id": item.item_id})
        for _, item in _items(run.facts())
        if (start := item.output_start) is not None and item.n_samples
    ]
    return sorted(found, key=_start)


def layers_of(stretches: Iterable[Stretch]) -> list[list[Stretch]]:
    """Part stretches into layers in which none overlaps another; mostly there is one."""
    layers: list[list[Stretch]] = []
    for stretch in sorted(stretches, key=_start):
        free = next((layer for layer in layers if layer[-1].end_ms <= stretch.start_ms), None)
        if free is None:
            layers.append([stretch])
        else:
            free.append(stretch)
    return layers


def _start(stretch: Stretch) -> float:
    return stretch.start_ms


def _user_speech(run: Run) -> Iterator[Stretch]:
    for turn in run.turn_list():
        start, end = turn.speech_start_ms, turn.speech_end_ms
        if start is not None and end is not None:
            about = {"turn": turn.turn, "end_from": turn.speech_end_from, "item_id": turn.item_id}
            yield Stretch(start, max(start, end), turn.transcript or f"turn {turn.turn}", about)


def _detector(records: Iterable[Record], end_ms: float) -> Iterator[Stretch]:
    began: dict[str, Record] = {}
    for record in records:
        item_id = str(record.event.get("item_id"))
        if record.type == "input_audio_buffer.speech_started":
            began[item_id] = record
        elif record.type == "input_audio_buffer.speech_stopped" and item_id in began:
            yield _decided(began.pop(item_id), record.t_ns / 1e6, record.event.get("audio_end_ms"))
    for record in began.values():
        yield _decided(record, max(end_ms, record.t_ns / 1e6), None)


def _decided(started: Record, end_ms: float, audio_end_ms: Any) -> Stretch:
    about = {"audio_start_ms": started.event.get("audio_start_ms"), "audio_end_ms": audio_end_ms}
    return Stretch(started.t_ns / 1e6, end_ms, "speech", about)


def _rows(run: Run, table: Literal["responses", "tools"], ends: tuple[str, str], end_ms: float) -> Iterator[Stretch]:
    """Yield a stretch a row of a table, which says all that there is to say of it."""
    for row in run.table(table).drop("metric_version").iter_rows(named=True):
        start, end = row[ends[0]], row[ends[1]]
        about = {key: value for key, value in row.items() if value is not None and key not in ends}
        calls = ", ".join(row.get("calls") or ())
        name = row.get("text") or calls or row.get("status") or f"{row.get('name')}({row.get('arguments')})"
        if end is None:
            about["unfinished"] = True
        yield Stretch(start, max(start, end_ms if end is None else end), name, about)


def _items(facts: Facts) -> Iterator[tuple[str, ItemFacts]]:
    for response in facts.responses.values():
        for item in response.items.values():
            yield response.response_id, item


def _received(facts: Facts) -> Iterator[Stretch]:
    for response_id, item in _items(facts):
        came = facts.arrivals.get(item.item_id)
        if came:
            about = {"item_id": item.item_id, "response_id": response_id, "audio_ms": item.n_samples / _PER_MS}
            yield Stretch(came[0][0] / 1e6, came[-1][0] / 1e6, _said(item), about)


def _heard(facts: Facts) -> Iterator[Stretch]:
    for response_id, item in _items(facts):
        refs = sorted(item.heard_refs)
        seams = [n for n, (before, ref) in enumerate(pairwise(refs), 1) if ref[0] > sum(before)]
        for first, last in pairwise([0, *seams, len(refs)]):
            if first == last:
                continue
            about = {"item_id": item.item_id, "response_id": response_id, "cut": item.cut}
            end = refs[last - 1][0] + refs[last - 1][1]
            yield Stretch(
                refs[first][0] / _PER_MS, end / _PER_MS, _said(item) + (" [cut off]" if item.cut else ""), about
            )


def _said(item: ItemFacts) -> str:
    return item.transcript.strip() or item.item_id
