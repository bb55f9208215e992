"""Records for the tests of the reading views, written as a session writes them, without a folder."""

from __future__ import annotations

from typing import Any

from voicelab.runlog.record import AudioRef, Direction, Record

_TRANSCRIPTION = "conversation.item.input_audio_transcription"


class Log:
    """A list of records; the order of the calls is their order."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.epoch = 0
        self._n_output = 0

    def add(self, direction: Direction, kind: str, at_ms: float, **event: Any) -> None:
        record = Record(
            seq=len(self.records),
            t_ns=round(at_ms * 1e6),
            wall="2026-11-20T12:00:00.000000Z",
            dir=direction,
            type=kind,
            event=event,
            epoch=self.epoch,
        )
        self.records.append(record)

    def session(self, at_ms: float, *, transcribed: bool = True) -> None:
        transcription = {"model": "any"} if transcribed else None
        session = {"audio": {"input": {"transcription": transcription}}}
        self.add("recv", "session.created", at_ms, session=session)

    def appended(self, start_ms: float, n_frames: int) -> None:
        for k in range(n_frames):
            ref = AudioRef(track="input", start=round(start_ms * 24) + 480 * k, n=480).to_event()
            self.add("send", "input_audio_buffer.append", start_ms + 20 * (k + 1), audio=ref)

    def began(self, item_id: str, at_ms: float, audio_start_ms: int = 0) -> None:
        self.add("recv", "input_audio_buffer.speech_started", at_ms, item_id=item_id, audio_start_ms=audio_start_ms)

    def ended(self, item_id: str, at_ms: float, audio_end_ms: int = 0) -> None:
        self.add("recv", "input_audio_buffer.speech_stopped", at_ms, item_id=item_id, audio_end_ms=audio_end_ms)
        self.add("recv", "input_audio_buffer.committed", at_ms, item_id=item_id, previous_item_id=None)
        item = {"type": "message", "id": item_id, "role": "user", "content": [{"type": "input_audio"}]}
        self.add("recv", "conversation.item.added", at_ms, item=item, previous_item_id=None)

    def heard(self, item_id: str, at_ms: float, words: str) -> None:
        for delta in words.split(" "):
            self.add("recv", f"{_TRANSCRIPTION}.delta", at_ms, item_id=item_id, content_index=0, delta=f"{delta} ")
        usage = {"type": "duration", "seconds": 1}
        done = {"item_id": item_id, "content_index": 0, "transcript": words, "usage": usage}
        self.add("recv", f"{_TRANSCRIPTION}.completed", at_ms + 1, **done)

    def answering(self, name: str, at_ms: float, words: str, sound_ms: float = 1000, *, aside: bool = False) -> None:
        """Let words and sound of a reply come; it is not over yet."""
        response = {"id": f"resp_{name}", "status": "in_progress", "conversation_id": None if aside else "conv_1"}
        self.add("recv", "response.created", at_ms, response=response)
        where = {"response_id": f"resp_{name}", "item_id": name, "output_index": 0, "content_index": 0}
        item = {"type": "message", "id": name, "role": "assistant", "status": "in_progress", "content": []}
        if not aside:
            self.add("recv", "conversation.item.added", at_ms, item=item, previous_item_id=None)
        for delta in words.split(" "):
            self.add("recv", "response.output_audio_transcript.delta", at_ms + 1, **where, delta=f"{delta} ")
        if sound_ms:
            ref = AudioRef(track="output", start=self._n_output, n=round(sound_ms * 24))
            self._n_output += ref.n
            self.add("recv", "response.output_audio.delta", at_ms + 2, **where, delta=ref.to_event())

    def played(self, name: str, at_ms: float) -> None:
        first_ns = round(at_ms * 1e6)
        self.add("local", "voicelab.playback.started", at_ms, item_id=name, sink="null", first_sample_ns=first_ns)

    def stopped(self, name: str, at_ms: float, heard_ms: float, received_ms: float) -> None:
        reason = "finished" if heard_ms == received_ms else "interrupted"
        ledger = {"heard_ms": heard_ms, "received_ms": received_ms, "reason": reason}
        self.add("local", "voicelab.playback.stopped", at_ms, item_id=name, **ledger)

    def done(self, name: str, at_ms: float, status: str = "completed", usage: dict[str, Any] | None = None) -> None:
        response = {"id": f"resp_{name}", "status": status, "output": [{"id": name, "type": "message"}], "usage": usage}
        self.add("recv", "response.done", at_ms, response=response)

    def typed(self, text: str, at_ms: float) -> None:
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        self.add("send", "conversation.item.create", at_ms, item=item)
        self.add("send", "response.create", at_ms)
