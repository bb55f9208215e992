"""One pass over a run's records: who said what when, before anything is calculated.

In: records in order.  Out: user turns and the responses that belong to them, with the instants that matter.
Does not know: how latency or cost is defined.  Instants are nanoseconds on the run's clock.

A response belongs to the latest user turn before it; what follows a tool call belongs to the same turn, a response
outside the conversation to none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from voicelab.runlog.manifest import Side
from voicelab.runlog.record import TRACK_RATE_HZ, Direction, Record

SAMPLES_PER_MS = TRACK_RATE_HZ // 1000


@dataclass
class ItemFacts:
    """One assistant message with sound."""

    item_id: str
    first_delta_ns: int | None = None
    output_start: int | None = None
    n_samples: int = 0
    played_ns: int | None = None
    heard_ms: float = 0.0
    heard_refs: list[tuple[int, int]] = field(default_factory=list)
    cut: bool = False
    transcript: str = ""
    remembered_ms: int | None = None


@dataclass
class ResponseFacts:
    """One response, from created to done."""

    response_id: str
    epoch: int
    created_ns: int
    turn: int | None
    first_output_ns: int | None = None
    done_ns: int | None = None
    status: str = "in_progress"
    reason: str | None = None
    usage: dict[str, Any] | None = None
    text: str = ""
    calls: list[str] = field(default_factory=list)
    items: dict[str, ItemFacts] = field(default_factory=dict)


@dataclass
class TurnFacts:
    """One user turn, spoken or typed."""

    turn: int
    item_id: str
    epoch: int
    kind: Literal["spoken", "typed"]
    began_ns: int
    committed_ns: int
    audio_start_ms: float | None = None
    audio_end_ms: float | None = None
    stopped_ns: int | None = None
    requested_ns: int | None = None
    transcript: str | None = None
    responses: list[ResponseFacts] = field(default_factory=list)


@dataclass(frozen=True)
class Label:
    """Known speech in a clip that was sent, on the run's time line."""

    clip: str
    speech_start_ms: float | None
    speech_end_ms: float | None
    text: str | None


@dataclass
class Facts:
    """Everything one pass finds."""

    turns: list[TurnFacts] = field(default_factory=list)
    responses: dict[str, ResponseFacts] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    thresholds: list[tuple[int, float]] = field(default_factory=list)
    errors: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)


# What the server sends is what the client receives.
_FROM_THE_OTHER_END: dict[Direction, Direction] = {"send": "recv", "recv": "send", "local": "local"}


class _Pass:
    """The state of the pass."""

    def __init__(self, side: Side) -> None:
        self.facts = Facts()
        self._side = side
        self._speech: dict[str, Record] = {}
        self._stopped: dict[str, Record] = {}
        self._items: dict[str, ItemFacts] = {}
        self._turn_of_item: dict[str, TurnFacts] = {}
        self._clip: Record | None = None
        self._typed: tuple[Record, dict[str, Any]] | None = None

    def take(self, record: Record) -> None:
        direction = record.dir if self._side == "client" else _FROM_THE_OTHER_END[record.dir]
        handler = _HANDLERS.get((direction, record.type))
        if handler is None:
            return
        try:
            handler(self, record, record.event)
        except (KeyError, TypeError, AttributeError):
            # A payload of another shape than the protocol's: somebody else's server, or a damaged line. Set aside.
            self.facts.unreadable.append(record.seq)

    def clip_started(self, record: Record, event: dict[str, Any]) -> None:
        self._clip = record

    def appended(self, record: Record, event: dict[str, Any]) -> None:
        """The first frame after a clip began says where on the run's time line its labels lie."""
        ref = (event.get("audio") or {}).get("audio_ref")
        if self._clip is None or not ref:
            return
        began_ms, labels, clip = ref["start"] * 1000 / ref["rate"], self._clip.event.get("labels") or {}, self._clip
        self._clip = None
        if "speech_end_ms" in labels or "speech_start_ms" in labels:
            start, end = labels.get("speech_start_ms"), labels.get("speech_end_ms")
            self.facts.labels.append(
                Label(
                    clip.event.get("clip", ""),
                    None if start is None else began_ms + start,
                    None if end is None else began_ms + end,
                    labels.get("text"),
                )
            )

    def session(self, record: Record, event: dict[str, Any]) -> None:
        audio = (event.get("session") or {}).get("audio") or {}
        detection = (audio.get("input") or {}).get("turn_detection") or {}
        if detection.get("threshold") is not None:
            self.facts.thresholds.append((record.t_ns, float(detection["threshold"])))

    def speech_started(self, record: Record, event: dict[str, Any]) -> None:
        self._speech[event["item_id"]] = record

    def speech_stopped(self, record: Record, event: dict[str, Any]) -> None:
        self._stopped[event["item_id"]] = record

    def committed(self, record: Record, event: dict[str, Any]) -> None:
        item_id = event["item_id"]
        self._typed = None  # written before somebody spoke and never asked about: history carried over
        started, stopped = self._speech.pop(item_id, None), self._stopped.pop(item_id, None)
        self._add_turn(
            TurnFacts(
                turn=len(self.facts.turns) + 1,
                item_id=item_id,
                epoch=record.epoch,
                kind="spoken",
                began_ns=(started or record).t_ns,
                committed_ns=record.t_ns,
                audio_start_ms=started.event.get("audio_start_ms") if started else None,
                audio_end_ms=stopped.event.get("audio_end_ms") if stopped else None,
                stopped_ns=stopped.t_ns if stopped else None,
            )
        )

    def item_asked(self, record: Record, event: dict[str, Any]) -> None:
        """A typed user message begins a turn once a response is asked for; history carried over does not."""
        item = event.get("item") or {}
        if item.get("type") == "message" and item.get("role") == "user":
            self._typed = (record, item)

    def response_asked(self, record: Record, event: dict[str, Any]) -> None:
        if (event.get("response") or {}).get("conversation") == "none":
            return
        if self._typed is not None:
            asked, item = self._typed
            text = " ".join(part.get("text", "") for part in item.get("content") or ())
            self._typed = None
            self._add_turn(
                TurnFacts(
                    turn=len(self.facts.turns) + 1,
                    item_id=item.get("id") or f"typed-{asked.seq}",
                    epoch=record.epoch,
                    kind="typed",
                    began_ns=asked.t_ns,
                    committed_ns=asked.t_ns,
                    transcript=text,
                )
            )
        if self.facts.turns and self.facts.turns[-1].requested_ns is None:
            self.facts.turns[-1].requested_ns = record.t_ns

    def _add_turn(self, turn: TurnFacts) -> None:
        self.facts.turns.append(turn)
        self._turn_of_item[turn.item_id] = turn

    def transcribed(self, record: Record, event: dict[str, Any]) -> None:
        turn = self._turn_of_item.get(event.get("item_id", ""))
        if turn is not None:
            turn.transcript = event.get("transcript")

    def response_created(self, record: Record, event: dict[str, Any]) -> None:
        body = event["response"]
        response_id = body["id"]
        in_conversation = body.get("conversation_id", "as ever") is not None
        turn = self.facts.turns[-1] if self.facts.turns and in_conversation else None
        response = ResponseFacts(response_id, record.epoch, record.t_ns, turn.turn if turn else None)
        self.facts.responses[response_id] = response
        if turn is not None:
            turn.responses.append(response)

    def _item(self, event: dict[str, Any]) -> tuple[ResponseFacts | None, ItemFacts]:
        response = self.facts.responses.get(event.get("response_id", ""))
        item_id = event.get("item_id", "")
        item = self._items.setdefault(item_id, ItemFacts(item_id))
        if response is not None:
            response.items.setdefault(item_id, item)
        return response, item

    def audio(self, record: Record, event: dict[str, Any]) -> None:
        response, item = self._item(event)
        ref = (event.get("delta") or {}).get("audio_ref") or {"start": None, "n": 0}
        if item.first_delta_ns is None:
            item.first_delta_ns, item.output_start = record.t_ns, ref["start"]
        item.n_samples += ref["n"]
        if response is not None and response.first_output_ns is None:
            response.first_output_ns = record.t_ns

    def words(self, record: Record, event: dict[str, Any]) -> None:
        response, item = self._item(event)
        item.transcript += event.get("delta", "")
        if response is not None:
            response.text += event.get("delta", "")
            if record.type == "response.output_text.delta" and response.first_output_ns is None:
                response.first_output_ns = record.t_ns

    def arguments(self, record: Record, event: dict[str, Any]) -> None:
        response = self.facts.responses.get(event.get("response_id", ""))
        if response is not None:
            response.calls.append(f"{event.get('name')}({event.get('arguments')})")

    def response_done(self, record: Record, event: dict[str, Any]) -> None:
        body = event["response"]
        response = self.facts.responses.get(body["id"])
        if response is not None:
            response.done_ns = record.t_ns
            response.status = body.get("status") or "completed"
            response.reason = (body.get("status_details") or {}).get("reason")
            response.usage = body.get("usage")

    def play_started(self, record: Record, event: dict[str, Any]) -> None:
        if event["item_id"] in self._items:
            self._items[event["item_id"]].played_ns = event.get("first_sample_ns", record.t_ns)

    def play_heard(self, record: Record, event: dict[str, Any]) -> None:
        ref = (event.get("audio") or {}).get("audio_ref")
        item = self._items.get(event.get("item_id", ""))
        if item is not None and ref:
            item.heard_refs.append((ref["start"], ref["n"]))
            # A reply whose player was killed has been heard as far as it was; playback.stopped has the last word.
            item.heard_ms += ref["n"] / SAMPLES_PER_MS

    def play_stopped(self, record: Record, event: dict[str, Any]) -> None:
        item = self._items.get(event["item_id"])
        if item is not None:
            item.heard_ms = event["heard_ms"]
            item.cut = event["reason"] == "interrupted"

    def truncated(self, record: Record, event: dict[str, Any]) -> None:
        item = self._items.get(event.get("item_id", ""))
        if item is not None:
            item.remembered_ms = event.get("audio_end_ms")

    def deleted(self, record: Record, event: dict[str, Any]) -> None:
        item = self._items.get(event.get("item_id", ""))
        if item is not None:
            item.remembered_ms, item.cut = 0, item.cut or item.played_ns is None

    def error(self, record: Record, event: dict[str, Any]) -> None:
        self.facts.errors.append((record.t_ns, event.get("error") or {}))

    def mark(self, record: Record, event: dict[str, Any]) -> None:
        at_ms = event.get("at_ms")  # a remark about another moment than that at which it was made
        self.facts.marks.append((record.t_ns if at_ms is None else round(at_ms * 1e6), event.get("text", "")))


_HANDLERS: dict[tuple[str, str], Any] = {
    ("local", "voicelab.source.started"): _Pass.clip_started,
    ("send", "input_audio_buffer.append"): _Pass.appended,
    ("send", "conversation.item.create"): _Pass.item_asked,
    ("send", "response.create"): _Pass.response_asked,
    ("recv", "session.created"): _Pass.session,
    ("recv", "session.updated"): _Pass.session,
    ("recv", "input_audio_buffer.speech_started"): _Pass.speech_started,
    ("recv", "input_audio_buffer.speech_stopped"): _Pass.speech_stopped,
    ("recv", "input_audio_buffer.committed"): _Pass.committed,
    ("recv", "conversation.item.input_audio_transcription.completed"): _Pass.transcribed,
    ("recv", "response.created"): _Pass.response_created,
    ("recv", "response.output_audio.delta"): _Pass.audio,
    ("recv", "response.output_audio_transcript.delta"): _Pass.words,
    ("recv", "response.output_text.delta"): _Pass.words,
    ("recv", "response.function_call_arguments.done"): _Pass.arguments,
    ("recv", "response.done"): _Pass.response_done,
    ("recv", "conversation.item.truncated"): _Pass.truncated,
    ("recv", "conversation.item.deleted"): _Pass.deleted,
    ("recv", "error"): _Pass.error,
    ("local", "voicelab.playback.started"): _Pass.play_started,
    ("local", "voicelab.playback.heard"): _Pass.play_heard,
    ("local", "voicelab.playback.stopped"): _Pass.play_stopped,
    ("local", "voicelab.mark"): _Pass.mark,
}


class Gathering:
    """The pass while it goes on: ``facts`` are those of the records taken so far.

    Parameters
    ----------
    side : {"client", "server"}
        Who wrote the run; a server's trace is read as its client would have written it.
    """

    def __init__(self, side: Side = "client") -> None:
        self._pass = _Pass(side)
        self.facts = self._pass.facts

    def take(self, record: Record) -> None:
        """Take the next record of the run."""
        self._pass.take(record)


def gather(records: Iterable[Record], side: Side = "client") -> Facts:
    """Return the turns and responses of a run; see `Gathering`."""
    gathering = Gathering(side)
    for record in records:
        gathering.take(record)
    return gathering.facts
