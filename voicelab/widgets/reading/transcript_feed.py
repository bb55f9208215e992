"""The conversation as lines to read, made from records a few at a time.

In: records, in order.  Out: frozen `Line` values: which have changed, and all of them.
Does not know: widgets, or how a line looks.  A server's trace is read as its client would have written it.

A user's line stands where the speech began, an agent's where its first output came. What the agent generated and nobody
heard is parted from what was heard (``heard_words``), after an interruption only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeAlias

from voicelab.runlog.manifest import Side
from voicelab.runlog.record import TRACK_RATE_HZ, Direction, Record
from voicelab.widgets.reading.heard_words import split_at_heard
from voicelab.widgets.reading.line import Line

_OPPOSITE: dict[Direction, Direction] = {"send": "recv", "recv": "send", "local": "local"}


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.changed: dict[str, None] = {}
        self._generated: dict[str, str] = {}
        self._received_ms: dict[str, float] = {}
        self._played: set[str] = set()
        self._tool_of_call: dict[str, str] = {}
        self._typed: tuple[Record, str] | None = None
        self._open_user: str | None = None
        self._asides: set[str] = set()
        self._transcribed = True
        self._epoch = 0

    def _put(self, line: Line) -> None:
        self.lines[line.key] = line
        self.changed.pop(line.key, None)
        self.changed[line.key] = None

    def _change(self, key: str, **changes: Any) -> None:
        line = self.lines.get(key)
        if line is not None:
            changed = replace(line, **changes)
            if changed != line:
                self._put(changed)

    def _drop(self, key: str) -> None:
        if self.lines.pop(key, None) is not None:
            self.changed[key] = None

    # What the user says

    def speech_started(self, record: Record) -> None:
        self._open_user = record.event["item_id"]
        self._put(Line(key=record.event["item_id"], who="user", at_ms=record.t_ns / 1e6))

    def speech_over(self, record: Record) -> None:
        key = record.event["item_id"]
        if self._open_user == key:
            self._open_user = None
        self._typed = None
        if key not in self.lines:
            self._put(Line(key=key, who="user", at_ms=record.t_ns / 1e6))
        if self.lines[key].state == "speaking":
            self._change(key, state="waiting" if self._transcribed else "final", words_known=self._transcribed)

    def buffer_cleared(self, _record: Record) -> None:
        if self._open_user is not None:
            self._drop(self._open_user)
            self._open_user = None

    def user_words(self, record: Record) -> None:
        line = self.lines.get(record.event["item_id"])
        if line is not None and line.state != "final":
            self._change(line.key, text=line.text + record.event["delta"])

    def user_said(self, record: Record) -> None:
        self._change(record.event["item_id"], text=record.event["transcript"], state="final", words_known=True)

    def user_not_understood(self, record: Record) -> None:
        self._change(record.event["item_id"], state="final", words_known=False)

    def item_asked(self, record: Record) -> None:
        """A typed message is a turn once a response is asked for; history that is carried over is none."""
        item = record.event["item"]
        if item.get("type") == "message":
            text = " ".join(part.get("text", "") for part in item.get("content") or ())
            self._typed = (record, text) if item.get("role") == "user" else None
        elif item.get("type") == "function_call_output":
            self._change(self._tool_of_call.get(item.get("call_id", ""), ""), result=item.get("output", ""))

    def response_asked(self, record: Record) -> None:
        if self._typed is None or (record.event.get("response") or {}).get("conversation") == "none":
            return
        asked, text = self._typed
        self._typed = None
        self._put(
            Line(key=f"typed-{asked.seq}", who="user", at_ms=asked.t_ns / 1e6, text=text, state="final", how="typed")
        )

    # What the agent says

    def response_created(self, record: Record) -> None:
        response = record.event["response"]
        if response.get("conversation_id", "as ever") is None:
            self._asides.add(response["id"])

    def agent_words(self, record: Record) -> None:
        self._generated[record.event["item_id"]] = (
            self._generated.get(record.event["item_id"], "") + record.event["delta"]
        )
        self._show_agent(record)

    def agent_said(self, record: Record) -> None:
        words = record.event.get("transcript", record.event.get("text"))
        if words:
            self._generated[record.event["item_id"]] = words
            self._show_agent(record)

    def agent_sound(self, record: Record) -> None:
        key, ref = record.event["item_id"], record.event["delta"]["audio_ref"]
        self._received_ms[key] = self._received_ms.get(key, 0.0) + ref["n"] * 1000 / TRACK_RATE_HZ

    def _show_agent(self, record: Record) -> None:
        key = record.event["item_id"]
        if key not in self.lines:
            how = "written" if record.type.startswith("response.output_text") else "spoken"
            if record.event.get("response_id") in self._asides:
                how = "aside"
            self._put(Line(key=key, who="agent", at_ms=record.t_ns / 1e6, how=how))
        line = self.lines[key]
        if line.cut:
            self._cut(key, line.heard_ms or 0.0, line.received_ms or 0.0)
        else:
            self._change(key, text=self._generated[key])

    def response_done(self, record: Record) -> None:
        response = record.event["response"]
        for item in response.get("output") or ():
            self._change(item.get("id", ""), state="final")

    def play_started(self, record: Record) -> None:
        self._played.add(record.event["item_id"])
        self._change(record.event["item_id"], at_ms=record.event.get("first_sample_ns", record.t_ns) / 1e6)

    def play_stopped(self, record: Record) -> None:
        if record.event["reason"] == "interrupted":
            self._cut(record.event["item_id"], record.event["heard_ms"], record.event["received_ms"])

    def truncated(self, record: Record) -> None:
        """Only where no player of this side said what was heard: another client's run, or a server's trace."""
        line = self.lines.get(record.event["item_id"])
        if line is not None and not line.cut:
            self._cut(line.key, record.event["audio_end_ms"], self._received_ms.get(line.key, 0.0))

    def deleted(self, record: Record) -> None:
        """A reply of which nothing was heard is deleted on an interruption, not truncated."""
        line = self.lines.get(record.event["item_id"])
        if line is not None and line.who == "agent" and line.how == "spoken" and line.key not in self._played:
            self._cut(line.key, 0.0, self._received_ms.get(line.key, 0.0))

    def _cut(self, key: str, heard_ms: float, received_ms: float) -> None:
        words = self._generated.get(key, "")
        heard, unheard = split_at_heard(words, heard_ms, received_ms)
        self._change(
            key,
            text=heard,
            unheard=unheard,
            cut=True,
            estimated=bool(unheard) and heard_ms > 0,
            heard_ms=heard_ms,
            received_ms=received_ms,
        )

    # Functions, remarks, what went wrong

    def tool_called(self, record: Record) -> None:
        self._tool_of_call[record.event["call_id"]] = record.event["item_id"]
        words = f"{record.event['name']}({record.event['arguments']})"
        self._put(
            Line(key=record.event["item_id"], who="tool", at_ms=record.t_ns / 1e6, text=words, state="final", how="")
        )

    def refused(self, record: Record) -> None:
        self._note(record, "refused", record.event["error"]["message"])

    def marked(self, record: Record) -> None:
        self._note(record, "mark", record.event["text"])

    def unanswered(self, record: Record) -> None:
        self._note(record, "unanswered", record.event["message"])

    def session(self, record: Record) -> None:
        audio_in = ((record.event["session"].get("audio") or {}).get("input")) or {}
        # What a server does not tell about is taken to be on: its words would be missed otherwise.
        self._transcribed = "transcription" not in audio_in or audio_in["transcription"] is not None
        if record.epoch > self._epoch:
            self._epoch = record.epoch
            self._note(record, "connection", "")

    def _note(self, record: Record, how: str, text: str) -> None:
        key = f"note-{record.seq}"
        self._put(Line(key=key, who="note", at_ms=record.t_ns / 1e6, text=text, state="final", how=how))


def _gone(key: str) -> Line:
    return Line(key=key, who="user", at_ms=0.0, state="final", how="gone")


_Handler: TypeAlias = Callable[[_Reading, Record], None]
_HANDLERS: dict[tuple[str, str], _Handler] = {
    ("recv", "session.created"): _Reading.session,
    ("recv", "session.updated"): _Reading.session,
    ("recv", "input_audio_buffer.speech_started"): _Reading.speech_started,
    ("recv", "input_audio_buffer.committed"): _Reading.speech_over,
    ("recv", "input_audio_buffer.cleared"): _Reading.buffer_cleared,
    ("recv", "conversation.item.input_audio_transcription.delta"): _Reading.user_words,
    ("recv", "conversation.item.input_audio_transcription.completed"): _Reading.user_said,
    ("recv", "conversation.item.input_audio_transcription.failed"): _Reading.user_not_understood,
    ("send", "conversation.item.create"): _Reading.item_asked,
    ("send", "response.create"): _Reading.response_asked,
    ("recv", "response.created"): _Reading.response_created,
    ("recv", "response.output_audio_transcript.delta"): _Reading.agent_words,
    ("recv", "response.output_text.delta"): _Reading.agent_words,
    ("recv", "response.output_audio_transcript.done"): _Reading.agent_said,
    ("recv", "response.output_text.done"): _Reading.agent_said,
    ("recv", "response.output_audio.delta"): _Reading.agent_sound,
    ("recv", "response.function_call_arguments.done"): _Reading.tool_called,
    ("recv", "response.done"): _Reading.response_done,
    ("recv", "conversation.item.truncated"): _Reading.truncated,
    ("recv", "conversation.item.deleted"): _Reading.deleted,
    ("recv", "error"): _Reading.refused,
    ("local", "voicelab.playback.started"): _Reading.play_started,
    ("local", "voicelab.playback.stopped"): _Reading.play_stopped,
    ("local", "voicelab.mark"): _Reading.marked,
    ("local", "voicelab.tool.unanswered"): _Reading.unanswered,
}


class TranscriptFeed:
    """Reads records and keeps the lines.

    Parameters
    ----------
    side : {"client", "server"}
        Who wrote the run.
    """

    def __init__(self, side: Side = "client") -> None:
        self._side = side
        self._reading = _Reading()

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, in the order in which they are read."""
        return tuple(self._reading.lines.values())

    def take(self, records: Iterable[Record]) -> tuple[Line, ...]:
        """Take the next records; return the lines that are new or have changed, in the order of the change.

        A line that turns out to be none (speech that was thrown away) comes back with the state ``final``, no words and
        ``how`` ``gone``.
        """
        reading = self._reading
        reading.changed = {}
        for record in records:
            direction = record.dir if self._side == "client" else _OPPOSITE[record.dir]
            handler = _HANDLERS.get((direction, record.type))
            if handler is None:
                continue
            try:
                handler(reading, record)
            except (KeyError, TypeError, AttributeError):
                # A payload of another shape than the protocol's says nothing that could be shown here.
                continue
        return tuple(reading.lines[key] if key in reading.lines else _gone(key) for key in reading.changed)
