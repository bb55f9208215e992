"""A tape for tests: records and sound written down by hand, instant by instant, in the shape that a session writes.

All times are ms on the run's time line, so that every expected number can be counted on the fingers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from voicelab.audio.samples import Samples
from voicelab.measure.facts import Facts, gather
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

    def write(self, direction: Direction, kind: str, at_ms: float, **event: Any) -> None:
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

    def send(self, kind: str, at_ms: float, **event: Any) -> None:
        self.write("send", kind, at_ms, **event)

    def recv(self, kind: str, at_ms: float, **event: Any) -> None:
        self.write("recv", kind, at_ms, **event)

    def local(self, kind: str, at_ms: float, **event: Any) -> None:
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
