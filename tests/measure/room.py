"""A tape for tests: records and sound written down by hand, instant by instant, in the shape that a session writes.

All times are ms on the run's time line, so that every expected number can be counted on the fingers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from voicelab.audio.samples import Samples
from voicelab.measure.facts import Facts
from voicelab.measure.gathering import gather
from voicelab.measure.prices import Price, price_note, price_of
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn, turns_of
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import AudioRef, Direction, Record, Track
from voicelab.runlog.writer import RunWriter, prepare_folder

PER_MS = 24
FRAME_MS = 20
MODEL = "gpt-realtime"
PRICE = price_of(MODEL)
WALL = "2026-11-20T12:00:00.000000Z"


def loud(length_ms: float) -> Samples:
    """Return sound that is audible from its first sample on."""
    return np.full(round(length_ms * PER_MS), 20_000, np.int16)


def silent(length_ms: float) -> Samples:
    """Return silence."""
    return np.zeros(round(length_ms * PER_MS), np.int16)


def usage(*, text: tuple[int, int, int], audio: tuple[int, int, int]) -> dict[str, Any]:
    """Return the usage of a response; for each modality the tokens in, cached (a part of them), and out."""
    return {
        "total_tokens": text[0] + text[2] + audio[0] + audio[2],
        "input_tokens": text[0] + audio[0],
        "output_tokens": text[2] + audio[2],
        "input_token_details": {
            "text_tokens": text[0],
            "audio_tokens": audio[0],
            "image_tokens": 0,
            "cached_tokens": text[1] + audio[1],
            "cached_tokens_details": {"text_tokens": text[1], "audio_tokens": audio[1], "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": text[2], "audio_tokens": audio[2]},
    }


class Tape:
    """Records in order, and three tracks."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.tracks: dict[Track, Samples] = {name: silent(0) for name in ("input", "output", "heard")}  # type: ignore[misc]
        self.epoch = 0

    # --- records ---------------------------------------------------------------------------------------------

    def write(self, direction: Direction, kind: str, at_ms: float, /, **event: Any) -> None:
        """Write one record."""
        self.records.append(
            Record(
                seq=len(self.records),
                t_ns=round(at_ms * 1e6),
                wall=WALL,
                dir=direction,
                type=kind,
                event=event,
                epoch=self.epoch,
            )
        )

    def send(self, kind: str, at_ms: float, /, **event: Any) -> None:
        self.write("send", kind, at_ms, **event)

    def recv(self, kind: str, at_ms: float, /, **event: Any) -> None:
        self.write("recv", kind, at_ms, **event)

    def local(self, kind: str, at_ms: float, /, **event: Any) -> None:
        self.write("local", f"voicelab.{kind}", at_ms, **event)

    def place(self, track: Track, start_ms: float, samples: Samples) -> dict[str, Any]:
        """Put samples on a track; return what stands in the event."""
        start, old = round(start_ms * PER_MS), self.tracks[track]
        gap = np.zeros(start - len(old), np.int16)
        self.tracks[track] = np.concatenate([old, gap, samples])
        return AudioRef(track=track, start=start, n=len(samples)).to_event()

    # --- what happens in a session ---------------------------------------------------------------------------

    def opened(self, at_ms: float = 0, *, threshold: float | None = 0.5, kind: str = "session.created") -> None:
        """Let the server say what is in force."""
        detection = None if threshold is None else {"type": "server_vad", "threshold": threshold}
        self.recv(kind, at_ms, session={"audio": {"input": {"turn_detection": detection}}})

    def frames(self, start_ms: int, end_ms: int) -> None:
        """Send 20 ms frames, captured from here to there."""
        for at_ms in range(start_ms, end_ms, FRAME_MS):
            self.send("input_audio_buffer.append", at_ms, audio=self.place("input", at_ms, silent(FRAME_MS)))

    def scores(self, start_ms: float, *p: float, at_ms: float | None = None) -> None:
        """Score 32 ms windows of the sent audio."""
        at_ms = start_ms + 32 * len(p) if at_ms is None else at_ms
        self.local("vad", at_ms, start_ms=start_ms, window_ms=32.0, p=list(p), detector="silero-v6")

    def spoke(self, item_id: str, start_ms: int, end_ms: int, *, started_ms: float, stopped_ms: float) -> None:
        """Let the server find a turn between two positions of its input audio clock, and commit it 1 ms later."""
        self.recv("input_audio_buffer.speech_started", started_ms, audio_start_ms=start_ms, item_id=item_id)
        self.recv("input_audio_buffer.speech_stopped", stopped_ms, audio_end_ms=end_ms, item_id=item_id)
        self.recv("input_audio_buffer.committed", stopped_ms + 1, item_id=item_id)

    def typed(self, text: str, at_ms: float) -> None:
        """Send a typed message."""
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        self.send("conversation.item.create", at_ms, item=item)

    def created(self, response_id: str, at_ms: float, conversation_id: str | None = "conv_1") -> None:
        body = {"id": response_id, "status": "in_progress", "conversation_id": conversation_id}
        self.recv("response.created", at_ms, response=body)

    def said(self, response_id: str, item_id: str, at_ms: float, words: str) -> None:
        """Let words of a reply arrive."""
        kind = "response.output_audio_transcript.delta"
        self.recv(kind, at_ms, response_id=response_id, item_id=item_id, delta=words)

    def sound(self, response_id: str, item_id: str, at_ms: float, samples: Samples) -> None:
        """Let sound of a reply arrive."""
        ref = self.place("output", len(self.tracks["output"]) / PER_MS, samples)
        self.recv("response.output_audio.delta", at_ms, response_id=response_id, item_id=item_id, delta=ref)

    def played(self, item_id: str, at_ms: float) -> None:
        self.local("playback.started", at_ms, item_id=item_id, response_id="", sink="null")

    def heard(self, item_id: str, start_ms: float, samples: Samples) -> None:
        """Let sound be heard from an instant on."""
        ref = self.place("heard", start_ms, samples)
        self.local("playback.heard", start_ms + len(samples) / PER_MS, item_id=item_id, audio=ref)

    def stopped(
        self, item_id: str, at_ms: float, heard_ms: float, received_ms: float, reason: str = "finished"
    ) -> None:
        self.local(
            "playback.stopped", at_ms, item_id=item_id, reason=reason, heard_ms=heard_ms, received_ms=received_ms
        )

    def done(
        self, response_id: str, at_ms: float, used: dict[str, Any] | None, status: str = "completed", **details: Any
    ) -> None:
        body = {"id": response_id, "status": status, "status_details": details or None, "usage": used}
        self.recv("response.done", at_ms, response=body)

    # --- reading ---------------------------------------------------------------------------------------------

    def read(self, track: Track, start: int, n: int) -> Samples:
        return self.tracks[track][start : start + n]

    def facts(self) -> Facts:
        return gather(self.records)

    def turns(self, price: Price | None = PRICE) -> list[Turn]:
        """Return the turns without a folder."""
        return turns_of(self.facts(), self.records, price, self.read)

    def save(self, folder: Path, *, model: str = MODEL, **manifest: Any) -> Run:
        """Write the run folder as a session does, and open it."""
        facts = Manifest(
            provider="test", model=model, prices=price_note(model, embedded=model.startswith("voicelab-")), **manifest
        )
        writer = RunWriter(prepare_folder(folder), facts)
        for record in self.records:
            writer.record(record)
        for track, samples in self.tracks.items():
            writer.audio(track, 0, samples)
        writer.finish(facts)
        return Run(folder)


class Talk(Tape):
    """A tape on which sound is sent without a gap from 0 on, so that its clock is the run's time line."""

    def __init__(self, *, threshold: float | None = 0.5) -> None:
        super().__init__()
        self._sent_ms = 0
        self.opened(threshold=threshold)

    def local_about(self, kind: str, now_ms: float, at_ms: float, **event: Any) -> None:
        """Write a local fact that has an ``at_ms`` of its own."""
        self.local(kind, now_ms, **event)
        self.records[-1].event["at_ms"] = at_ms

    def until(self, at_ms: int) -> None:
        """Send silence up to an instant, a multiple of 20."""
        self.frames(self._sent_ms, at_ms)
        self._sent_ms = max(self._sent_ms, at_ms)

    def clip(self, at_ms: int, length_ms: int, **labels: Any) -> None:
        """Play a clip; times in the labels are of the run here."""
        self.until(at_ms)
        placed = {name: labels[name] - at_ms for name in ("speech_start_ms", "speech_end_ms") if name in labels}
        if "pauses_ms" in labels:
            placed["pauses_ms"] = [[begin - at_ms, end - at_ms] for begin, end in labels["pauses_ms"]]
        self.local("source.started", at_ms, clip="clip", duration_ms=length_ms, labels={**labels, **placed})
        self.until(at_ms + length_ms)

    def speaks(self, start_ms: int, end_ms: int, **labels: Any) -> None:
        """Play a clip in which the user speaks from here to there."""
        self.clip(start_ms - 100, end_ms - start_ms + 200, speech_start_ms=start_ms, speech_end_ms=end_ms, **labels)

    def found(self, item_id: str, start_ms: int, end_ms: int, *, late_ms: int = 20, text: str | None = None) -> None:
        """Let the detector find speech between two positions; it says so some ms later."""
        self.spoke(item_id, start_ms, end_ms, started_ms=start_ms + late_ms, stopped_ms=end_ms + late_ms)
        if text is not None:
            kind = "conversation.item.input_audio_transcription.completed"
            self.recv(kind, end_ms + late_ms + 5, item_id=item_id, transcript=text)

    def reply(self, name: str, at_ms: float, length_ms: float, words: str = "a b c d", *, heard_ms: float = -1) -> None:
        """Answer: heard from an instant on, made 20 ms before; cut off where less is heard than was made."""
        heard = length_ms if heard_ms < 0 else heard_ms
        self.created(name, at_ms - 20)
        self.said(name, f"item_{name}", at_ms - 10, words)
        self.sound(name, f"item_{name}", at_ms - 10, loud(length_ms))
        self.done(name, at_ms - 5, None)
        self.played(f"item_{name}", at_ms)
        self.heard(f"item_{name}", at_ms, loud(heard))
        reason = "finished" if heard == length_ms else "interrupted"
        self.stopped(f"item_{name}", at_ms + heard, heard, length_ms, reason)
