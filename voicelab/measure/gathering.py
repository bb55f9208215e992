"""One pass over a run's records: its facts, also while it goes on.

In: records in order; of the most common kinds only the numbers that count.  Out: `Facts`.
Does not know: files, how latency or cost is defined.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from voicelab.measure.facts import (
    SAMPLES_PER_MS,
    ConversationItem,
    Facts,
    ItemFacts,
    Label,
    ResponseFacts,
    ToolFacts,
    TurnFacts,
)
from voicelab.runlog.manifest import Side
from voicelab.runlog.record import Direction, Record

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
        self._transcription_model: str | None = None
        self._unspoken: list[ToolFacts] = []
        self._last_user_item: ConversationItem | None = None

    def direction(self, written: Direction) -> Direction:
        """Return which way a record went as the client sees it."""
        return written if self._side == "client" else _FROM_THE_OTHER_END[written]

    def take(self, record: Record) -> None:
        handler = _HANDLERS.get((self.direction(record.dir), record.type))
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
                    labels.get("kind"),
                )
            )

    def session(self, record: Record, event: dict[str, Any]) -> None:
        audio = (event.get("session") or {}).get("audio") or {}
        detection = (audio.get("input") or {}).get("turn_detection") or {}
        if detection.get("threshold") is not None:
            self.facts.thresholds.append((record.t_ns, float(detection["threshold"])))
        if "input" in audio:
            self._transcription_model = (audio["input"].get("transcription") or {}).get("model")

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
        elif item.get("type") == "function_call_output":
            self._tool_answered(record, item)

    def response_asked(self, record: Record, event: dict[str, Any]) -> None:
        if (event.get("response") or {}).get("conversation") == "none":
            return
        if self._typed is not None:
            asked, item = self._typed
            text = " ".join(part.get("text", "") for part in item.get("content") or ())
            self._typed = None
            told = self._last_user_item
            item_id = told.item_id if told is not None and told.added_ns >= asked.t_ns else None
            self._add_turn(
                TurnFacts(
                    turn=len(self.facts.turns) + 1,
                    item_id=item_id or item.get("id") or f"typed-{asked.seq}",
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
        if turn.item_id in self.facts.items:
            self.facts.items[turn.item_id].turn = turn.turn

    def transcribed(self, record: Record, event: dict[str, Any]) -> None:
        turn = self._turn_of_item.get(event.get("item_id", ""))
        if turn is not None:
            turn.transcript, turn.transcribed_ns = event.get("transcript"), record.t_ns
            turn.transcription_usage, turn.transcription_model = event.get("usage"), self._transcription_model
        item = self.facts.items.get(event.get("item_id", ""))
        if item is not None:
            item.text = event.get("transcript") or ""

    def response_created(self, record: Record, event: dict[str, Any]) -> None:
        body = event["response"]
        response_id = body["id"]
        in_conversation = body.get("conversation_id", "as ever") is not None
        turn = self.facts.turns[-1] if self.facts.turns and in_conversation else None
        response = ResponseFacts(response_id, record.epoch, record.t_ns, turn.turn if turn else None)
        self.facts.responses[response_id] = response
        if turn is not None:
            turn.responses.append(response)

    def _item_of(self, response_id: str, item_id: str) -> tuple[ResponseFacts | None, ItemFacts]:
        response = self.facts.responses.get(response_id)
        item = self._items.get(item_id)
        if item is None:
            item = self._items[item_id] = ItemFacts(item_id)
        if response is not None and item_id not in response.items:
            response.items[item_id] = item
        return response, item

    def audio(self, record: Record, event: dict[str, Any]) -> None:
        ref = (event.get("delta") or {}).get("audio_ref") or {"start": None, "n": 0}
        self.sound_came(
            record.t_ns, event.get("response_id", ""), event.get("item_id", ""), ref["start"], ref["n"] or 0
        )

    def sound_came(self, t_ns: int, response_id: str, item_id: str, start: int | None, n: int) -> None:
        """Sound of a reply was received."""
        response, item = self._item_of(response_id, item_id)
        if item.first_delta_ns is None:
            item.first_delta_ns, item.output_start = t_ns, start
        self.facts.arrivals.setdefault(item_id, []).append((t_ns, item.n_samples))
        item.n_samples += n
        if response is not None and response.first_output_ns is None:
            response.first_output_ns = t_ns
        if self._unspoken and response is not None:
            self._spoken_after_tools(t_ns, response)

    def _spoken_after_tools(self, t_ns: int, response: ResponseFacts) -> None:
        """The first sound of a response that was made after a function's result is the answer to it."""
        for tool in self._unspoken:
            if (tool.answered_ns or 0) <= response.created_ns and tool.epoch == response.epoch:
                tool.next_audio_ns = t_ns
        self._unspoken = [tool for tool in self._unspoken if tool.next_audio_ns is None]

    def words(self, record: Record, event: dict[str, Any]) -> None:
        response = self.words_came(event.get("response_id", ""), event.get("item_id", ""), event.get("delta", ""))
        if response is not None and record.type == "response.output_text.delta" and response.first_output_ns is None:
            response.first_output_ns = record.t_ns

    def words_came(self, response_id: str, item_id: str, words: str) -> ResponseFacts | None:
        """Words of a reply were received; return the response that they are of."""
        response, item = self._item_of(response_id, item_id)
        item.transcript += words
        told = self.facts.items.get(item_id)
        if told is not None:
            told.text += words
        if response is not None:
            response.text += words
        return response

    def arguments(self, record: Record, event: dict[str, Any]) -> None:
        response = self.facts.responses.get(event.get("response_id", ""))
        name, arguments, call_id = event.get("name"), event.get("arguments"), event.get("call_id")
        if response is not None:
            response.calls.append(f"{name}({arguments})")
        if call_id is not None:
            turn = response.turn if response is not None else None
            self.facts.tools[call_id] = ToolFacts(
                call_id, name or "", arguments or "", event.get("response_id", ""), turn, record.epoch, record.t_ns
            )

    def _tool_answered(self, record: Record, item: dict[str, Any]) -> None:
        tool = self.facts.tools.get(item.get("call_id", ""))
        if tool is not None and tool.answered_ns is None:
            tool.answered_ns, tool.output = record.t_ns, item.get("output")
            self._unspoken.append(tool)

    def item_told(self, record: Record, event: dict[str, Any]) -> None:
        """The server tells of an item: new, changed, or as a part of a response."""
        body = event["item"]
        item_id = body["id"]
        item = self.facts.items.get(item_id)
        if item is None:
            turn = self._turn_of_item.get(item_id) or self.facts.tools.get(body.get("call_id", ""))
            item = ConversationItem(item_id, turn.turn if turn else None, record.epoch, record.t_ns)
            self.facts.items[item_id] = item
            if body.get("role") == "user":
                self._last_user_item = item
        item.type, item.role = body.get("type") or item.type, body.get("role", item.role)
        item.status = body.get("status") or item.status
        response = self.facts.responses.get(event.get("response_id", ""))
        if response is not None:
            item.response_id, item.turn = response.response_id, response.turn
        item.text = _words_of(body) or item.text

    def response_done(self, record: Record, event: dict[str, Any]) -> None:
        body = event["response"]
        response = self.facts.responses.get(body["id"])
        if response is not None:
            response.done_ns = record.t_ns
            response.status = body.get("status") or "completed"
            response.reason = (body.get("status_details") or {}).get("reason")
            response.usage = body.get("usage")

    def opened(self, record: Record, event: dict[str, Any]) -> None:
        self.facts.plays = True

    def underrun(self, record: Record, event: dict[str, Any]) -> None:
        self.facts.underruns.append((record.t_ns, event.get("item_id", "")))

    def play_started(self, record: Record, event: dict[str, Any]) -> None:
        self.facts.plays = True
        if event["item_id"] in self._items:
            self._items[event["item_id"]].played_ns = event.get("first_sample_ns", record.t_ns)

    def play_heard(self, record: Record, event: dict[str, Any]) -> None:
        ref = (event.get("audio") or {}).get("audio_ref")
        if ref:
            self.sound_heard(event.get("item_id", ""), ref["start"], ref["n"])

    def sound_heard(self, item_id: str, start: int, n: int) -> None:
        """Sound of a reply was heard."""
        item = self._items.get(item_id)
        if item is not None:
            item.heard_refs.append((start, n))
            # A reply whose player was killed has been heard as far as it was; playback.stopped has the last word.
            item.heard_ms += n / SAMPLES_PER_MS

    def play_stopped(self, record: Record, event: dict[str, Any]) -> None:
        item = self._items.get(event["item_id"])
        if item is not None:
            item.heard_ms = event["heard_ms"]
            item.cut = event["reason"] == "interrupted"

    def truncated(self, record: Record, event: dict[str, Any]) -> None:
        item = self._items.get(event.get("item_id", ""))
        if item is not None:
            item.remembered_ms = event.get("audio_end_ms")
        told = self.facts.items.get(event.get("item_id", ""))
        if told is not None:
            told.memory = "truncated"

    def deleted(self, record: Record, event: dict[str, Any]) -> None:
        item = self._items.get(event.get("item_id", ""))
        if item is not None:
            item.remembered_ms, item.cut = 0, item.cut or item.played_ns is None
        told = self.facts.items.get(event.get("item_id", ""))
        if told is not None:
            told.memory = "deleted"

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
    ("recv", "conversation.item.added"): _Pass.item_told,
    ("recv", "conversation.item.done"): _Pass.item_told,
    ("recv", "response.output_item.added"): _Pass.item_told,
    ("recv", "response.output_item.done"): _Pass.item_told,
    ("recv", "response.created"): _Pass.response_created,
    ("recv", "response.output_audio.delta"): _Pass.audio,
    ("recv", "response.output_audio_transcript.delta"): _Pass.words,
    ("recv", "response.output_text.delta"): _Pass.words,
    ("recv", "response.function_call_arguments.done"): _Pass.arguments,
    ("recv", "response.done"): _Pass.response_done,
    ("recv", "conversation.item.truncated"): _Pass.truncated,
    ("recv", "conversation.item.deleted"): _Pass.deleted,
    ("recv", "error"): _Pass.error,
    ("local", "voicelab.session.opened"): _Pass.opened,
    ("local", "voicelab.playback.underrun"): _Pass.underrun,
    ("local", "voicelab.playback.started"): _Pass.play_started,
    ("local", "voicelab.playback.heard"): _Pass.play_heard,
    ("local", "voicelab.playback.stopped"): _Pass.play_stopped,
    ("local", "voicelab.mark"): _Pass.mark,
}


def _words_of(item: dict[str, Any]) -> str:
    """Return the words in an item; a function call's are its name and arguments, a result's its output."""
    if item.get("type") == "function_call":
        return f"{item.get('name')}({item.get('arguments')})"
    if item.get("type") == "function_call_output":
        return str(item.get("output") or "")
    return " ".join(filter(None, (p.get("text") or p.get("transcript") for p in item.get("content") or ())))


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

    # What most records of a log are, for a reader that has not parsed them whole.

    def wants(self, direction: Direction, kind: str) -> bool:
        """Return whether anything is learnt from a record of this kind."""
        return (self._pass.direction(direction), kind) in _HANDLERS

    def sound_came(self, t_ns: int, response_id: str, item_id: str, start: int, n: int) -> None:
        """Take an audio delta, by when it came and where it lies on the output track."""
        self._pass.sound_came(t_ns, response_id, item_id, start, n)

    def words_came(self, response_id: str, item_id: str, words: str) -> None:
        """Take words of a spoken reply."""
        self._pass.words_came(response_id, item_id, words)

    def sound_heard(self, item_id: str, start: int, n: int) -> None:
        """Take a stretch of a reply that was heard, by where it lies on the heard track."""
        self._pass.sound_heard(item_id, start, n)


def gather(records: Iterable[Record], side: Side = "client") -> Facts:
    """Return the turns and responses of a run; see `Gathering`."""
    gathering = Gathering(side)
    for record in records:
        gathering.take(record)
    return gathering.facts
