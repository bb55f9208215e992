"""What the server remembers, read from its own events a few records at a time.

In: records, in order.  Out: what the server remembers now, `Kept`, and how often that has changed.
Does not know: widgets.  Each connection has a memory of its own, so a new one begins with nothing.

The events are those that `protocol.conversation.Conversation` reads; sound is only counted. A server's trace says the
same of itself: what it sent is what a client would have received.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from voicelab.errors import ProtocolError
from voicelab.protocol.conversation import Conversation
from voicelab.protocol.remembered import Remembered, remembered
from voicelab.protocol.usage import assistant_audio_tokens, text_tokens, user_audio_tokens
from voicelab.protocol.wire import parse_server
from voicelab.runlog.manifest import Side
from voicelab.runlog.record import TRACK_RATE_HZ, Record

_SPOKEN = "response.output_audio.delta"
_CHANGES_MEMORY = frozenset(
    (
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.deleted",
        "conversation.item.truncated",
        "conversation.item.input_audio_transcription.completed",
        "response.output_audio_transcript.delta",
    )
)
_SAYS_LENGTH = ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped")


@dataclass(frozen=True)
class Kept:
    """One item that the server remembers.

    Parameters
    ----------
    item : Remembered
    kept_ms : float or None
        How much of its sound is remembered; None: it has none, or nobody said.
    tokens : int
        About what it counts as input of the next response, by the rules of `voicelab.protocol.usage`. A spoken message
        counts its sound, not its words.
    """

    item: Remembered
    kept_ms: float | None
    tokens: int


class MemoryFeed:
    """Reads records and knows what the server remembers.

    Parameters
    ----------
    side : {"client", "server"}
        Who wrote the run.
    """

    def __init__(self, side: Side = "client") -> None:
        self._from_server = "recv" if side == "client" else "send"
        self._begin(0)
        self.n_changes = 0
        """Counts what may have changed the memory, so that a view knows when to look."""
        self.n_unreadable = 0
        """Events of another shape than the protocol's."""

    def _begin(self, epoch: int) -> None:
        self.epoch = epoch
        """Which connection's memory this is."""
        self._conversation = Conversation()
        self._audio_ms: dict[str, float] = {}
        self._speech_start_ms: dict[str, float] = {}

    def take(self, records: Iterable[Record]) -> None:
        """Take the next records."""
        for record in records:
            if record.dir != self._from_server:
                continue
            if record.type == "session.created":
                self._begin(record.epoch)
                self.n_changes += 1
            elif record.type == _SPOKEN or record.type in _SAYS_LENGTH:
                self._measure(record.type, record.event)
            elif record.type in _CHANGES_MEMORY:
                self._apply(record)

    def _apply(self, record: Record) -> None:
        try:
            self._conversation.apply(parse_server({"type": record.type, **record.event}))
        except ProtocolError:
            self.n_unreadable += 1
            return
        self.n_changes += 1

    def _measure(self, kind: str, event: dict[str, Any]) -> None:
        """Count sound: an agent's as it comes, a user's between the begin and the end that the detector told."""
        item_id = event.get("item_id", "")
        if kind == _SPOKEN:
            delta = event.get("delta")
            ref = delta.get("audio_ref") if isinstance(delta, dict) else None
            if ref:
                self._audio_ms[item_id] = self._audio_ms.get(item_id, 0.0) + ref["n"] * 1000 / TRACK_RATE_HZ
        elif "audio_start_ms" in event:
            self._speech_start_ms[item_id] = event["audio_start_ms"]
        elif "audio_end_ms" in event and item_id in self._speech_start_ms:
            self._audio_ms[item_id] = event["audio_end_ms"] - self._speech_start_ms.pop(item_id)

    def kept(self) -> tuple[Kept, ...]:
        """Return what the server remembers, oldest first."""
        return tuple(_kept(item) for item in remembered(self._conversation, self._audio_ms))


def _kept(item: Remembered) -> Kept:
    known = [ms for ms in (item.audio_ms, item.heard_ms) if ms is not None]
    kept_ms = float(min(known)) if known else None
    if kept_ms is None:
        return Kept(item, None, text_tokens(item.text or ""))
    count = assistant_audio_tokens if item.role == "assistant" else user_audio_tokens
    return Kept(item, kept_ms, count(kept_ms))
