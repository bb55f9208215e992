"""Spans for OpenTelemetry: a session, its turns, and in each turn its responses and tools.

In: runs.  Out: ``traces.json``, the JSON form of OTLP's ``TracesData``, one resource and one trace a run.
Does not know: which attribute comes from where (``otlp_mapping``).

Source of the form: the OTLP specification, "JSON Protobuf Encoding": names in lowerCamelCase, 64-bit integers as texts,
ids as hex, enums as numbers. Times are the run's wall time at its beginning plus its monotonic clock. Ids are
made of the run's name and beginning: the same run exported again has the same ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from voicelab.errors import RunError
from voicelab.measure.columns import METRIC_VERSION
from voicelab.measure.exports.lanes import instants_of
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.exports.otlp_mapping import (
    ATTRIBUTES,
    CALLED,
    CONVENTION,
    FINISH_REASONS,
    NAME,
    OPERATIONS,
    PROVIDERS,
    SPAN_EVENTS,
    VERSION,
    Mapped,
    SpanKind,
)
from voicelab.measure.facts import Facts, TurnFacts
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import TRACK_RATE_HZ

_INTERNAL, _CLIENT = 1, 3
_ERROR = 2
_UNIX = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def write_otlp(named: Sequence[NamedRun], out: Path) -> list[Path]:
    """Write the spans of all runs.

    Raises
    ------
    RunError
        A run has no wall time (it was imported from a file without); nothing was written then.
    """
    began = [_began_ns(one) for one in named]
    resources = [_Trace(one, began_ns).resource() for one, began_ns in zip(named, began, strict=True)]
    path = out / "traces.json"
    path.write_bytes(msgspec.json.encode({"resourceSpans": resources}))
    return [path]


def _began_ns(one: NamedRun) -> int:
    try:
        began = datetime.fromisoformat(one.run.manifest.began) - _UNIX
    except (ValueError, TypeError):
        raise RunError(
            f"{one.name} has no wall time, which OTLP spans need: export it as jsonl, csv, parquet or perfetto"
        ) from None
    return (began.days * 86_400 + began.seconds) * 1_000_000_000 + began.microseconds * 1_000


@dataclass(frozen=True)
class _Place:
    """Where a span stands: its kind, its id, the id above it, begin and end in ms of the run."""

    kind: SpanKind
    span_id: str
    parent_id: str
    start_ms: float
    end_ms: float


class _Trace:
    """The spans of one run."""

    def __init__(self, one: NamedRun, began_ns: int) -> None:
        self._run = one.run
        self._name = one.name
        self._manifest = one.run.manifest
        self._began_ns = began_ns
        self._end_ms = one.run.duration_ms
        self._with_text = self._manifest.redaction != "no text"
        self._trace_id = self._id("trace", 16)
        self._session_id = self._id("session", 8)
        self._conversations = _conversations(one.run)

    def resource(self) -> dict[str, Any]:
        """Return everything of the run, as one entry of ``resourceSpans``."""
        facts, version = self._run.facts(), self._manifest.software.get("voicelab", "")
        about = {
            "service.name": "voicelab",
            "service.version": version or None,
            "voicelab.run": self._name,
            "voicelab.schema": self._manifest.schema,
            "voicelab.metric_version": METRIC_VERSION,
            "voicelab.mapping.name": NAME,
            "voicelab.mapping.version": VERSION,
            "voicelab.mapping.convention": CONVENTION,
            **{f"voicelab.tag.{name}": value for name, value in self._manifest.tags.items()},
            "voicelab.note": self._manifest.note or None,
        }
        spans = [self._session(), *self._turns(facts), *self._responses(facts), *self._tools()]
        scope = {"name": "voicelab", "version": version}
        return {"resource": {"attributes": _key_values(about)}, "scopeSpans": [{"scope": scope, "spans": spans}]}

    def _session(self) -> dict[str, Any]:
        events = [
            self._event(f"voicelab.{instant.kind}", instant.at_ms, {"voicelab.text": text, "error.type": code})
            for instant in instants_of(self._run)
            for text in (instant.name if self._with_text and instant.kind != "error" else None,)
            for code in (instant.facts.get("code") if instant.kind == "error" else None,)
        ]
        place = _Place("session", self._session_id, "", 0.0, self._end_ms)
        return self._span("session", place, _manifest_values(self._manifest), events=events)

    def _turns(self, facts: Facts) -> Iterator[dict[str, Any]]:
        for turn, known in zip(self._run.turn_list(), facts.turns, strict=True):
            start = turn.speech_start_ms if turn.speech_start_ms is not None else known.began_ns / 1e6
            end = max([start, *_ends_of(turn, known)])
            values = {f"turns.{name}": value for name, value in asdict(turn).items()}
            values["conversation.id"] = self._conversations.get(turn.epoch)
            place = _Place("turn", self._turn_id(turn.turn), self._session_id, start, end)
            yield self._span(f"turn {turn.turn}", place, values)

    def _responses(self, facts: Facts) -> Iterator[dict[str, Any]]:
        for row in self._run.responses().iter_rows(named=True):
            usage = facts.responses[row["response_id"]].usage or {}
            values = {
                **_manifest_values(self._manifest),
                **{f"responses.{name}": value for name, value in row.items()},
                **dict(_flat("usage", usage)),
                "conversation.id": self._conversations.get(row["epoch"]) if row["turn"] is not None else None,
                "operation.name": OPERATIONS["response"],
                "finish_reasons": _finish_reasons(row),
                "output.messages": _messages(row),
                "error.type": (row["reason"] or "failed") if row["status"] == "failed" else None,
            }
            parent = self._session_id if row["turn"] is None else self._turn_id(row["turn"])
            span_id = self._id(f"response {row['epoch']} {row['response_id']}", 8)
            done = self._end_ms if row["done_ms"] is None else row["done_ms"]
            place = _Place("response", span_id, parent, row["created_ms"], done)
            name = f"{OPERATIONS['response']} {self._manifest.model}".strip()
            yield self._span(name, place, values, failed=row["status"] == "failed")

    def _tools(self) -> Iterator[dict[str, Any]]:
        for row in self._run.tools().iter_rows(named=True):
            values = {
                **{f"tools.{name}": value for name, value in row.items()},
                "conversation.id": self._conversations.get(row["epoch"]),
                "operation.name": OPERATIONS["tool"],
                "tool.type": "function",
            }
            parent = self._session_id if row["turn"] is None else self._turn_id(row["turn"])
            answered = self._end_ms if row["answered_ms"] is None else row["answered_ms"]
            place = _Place("tool", self._id(f"tool {row['call_id']}", 8), parent, row["called_ms"], answered)
            name = f"{OPERATIONS['tool']} {row['name']}" if self._with_text else OPERATIONS["tool"]
            yield self._span(name, place, values)

    def _span(
        self,
        name: str,
        place: _Place,
        values: Mapping[str, Any],
        *,
        events: Sequence[dict[str, Any]] = (),
        failed: bool = False,
    ) -> dict[str, Any]:
        found = {mapped.name: values.get(mapped.source) for mapped in _of(ATTRIBUTES, place.kind, self._with_text)}
        instants = [
            self._event(mapped.name, values[mapped.source], {})
            for mapped in _of(SPAN_EVENTS, place.kind, self._with_text)
            if values.get(mapped.source) is not None
        ]
        return {
            "traceId": self._trace_id,
            "spanId": place.span_id,
            **({"parentSpanId": place.parent_id} if place.parent_id else {}),
            "name": name,
            "kind": _CLIENT if place.kind == "response" else _INTERNAL,
            "startTimeUnixNano": self._unix_ns(place.start_ms),
            "endTimeUnixNano": self._unix_ns(max(place.start_ms, place.end_ms)),
            "attributes": _key_values(found),
            "events": [*events, *instants],
            "status": {"code": _ERROR} if failed else {},
        }

    def _event(self, name: str, at_ms: float, told: Mapping[str, Any]) -> dict[str, Any]:
        return {"timeUnixNano": self._unix_ns(at_ms), "name": name, "attributes": _key_values(told)}

    def _unix_ns(self, ms: float) -> str:
        return str(self._began_ns + round(ms * 1e6))

    def _turn_id(self, turn: int) -> str:
        return self._id(f"turn {turn}", 8)

    def _id(self, what: str, n_bytes: int) -> str:
        return sha256(f"{self._name}\n{self._manifest.began}\n{what}".encode()).hexdigest()[: 2 * n_bytes]


def _of(table: Sequence[Mapped], kind: SpanKind, with_text: bool) -> Iterator[Mapped]:
    return (mapped for mapped in table if mapped.span == kind and (with_text or not mapped.is_text))


def _manifest_values(manifest: Manifest) -> dict[str, Any]:
    provider = PROVIDERS.get(manifest.provider, manifest.provider)
    return {
        "manifest.provider": provider or None,
        "manifest.model": manifest.model or None,
        "manifest.state": manifest.state,
        "manifest.side": manifest.side,
        "manifest.time": manifest.time,
        "manifest.redaction": manifest.redaction,
        "manifest.clocks.t_ns": manifest.clocks.get("t_ns"),
    }


def _conversations(run: Run) -> dict[int, str]:
    """Return each connection's conversation, where the server named it."""
    named = {}
    for record in run.records():
        if record.type == "conversation.created":
            conversation = record.event.get("conversation")
            if isinstance(conversation, dict) and isinstance(conversation.get("id"), str):
                named[record.epoch] = conversation["id"]
    return named


def _ends_of(turn: Turn, known: TurnFacts) -> Iterator[float]:
    """Yield everything that a turn lasts at least to: the user's speech, its responses, what was heard of them."""
    yield from (ms for ms in (turn.speech_end_ms, turn.stopped_ms) if ms is not None)
    for response in known.responses:
        yield (response.done_ns if response.done_ns is not None else response.created_ns) / 1e6
        for item in response.items.values():
            yield from ((start + n) * 1000 / TRACK_RATE_HZ for start, n in item.heard_refs[-1:])


def _finish_reasons(row: Mapping[str, Any]) -> list[str] | None:
    if row["status"] == "completed" and row["calls"]:
        return [CALLED]
    found = FINISH_REASONS.get(row["status"]) or FINISH_REASONS.get(row["reason"] or "")
    return [found] if found else None


def _messages(row: Mapping[str, Any]) -> str | None:
    """Return what a response said, as the JSON text of the convention's output messages."""
    if not row["text"]:
        return None
    said = {"role": "assistant", "parts": [{"type": "text", "content": row["text"]}]}
    finish = _finish_reasons(row)
    return msgspec.json.encode([{**said, "finish_reason": finish[0]} if finish else said]).decode()


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    else:
        yield path, value


def _key_values(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return attributes in OTLP's form, without those that are not known."""
    return [{"key": key, "value": _any_value(value)} for key, value in values.items() if value is not None]


def _any_value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_any_value(inner) for inner in value]}}
    return {"stringValue": str(value)}
