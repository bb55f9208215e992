"""A small run, written record by record in the shape that the session writes, and the means to vary it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from voicelab.measure.prices import price_note
from voicelab.measure.run import Run, open_run
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import AudioRef, Direction, Record, Track
from voicelab.runlog.writer import RunWriter, prepare_folder

RATE_HZ = 24_000
NASTY = "</script><script>alert('x')</script> <b>& \"quoted\""

Stage = Callable[..., "Story"]


class Story:
    """Writes a run as a session does: the order of the calls is the order of the records."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = prepare_folder(folder)
        self.manifest = manifest
        self.writer = RunWriter(self.folder, manifest)
        self.n_output = 0

    def record(self, direction: Direction, kind: str, at_ms: float, **event: Any) -> None:
        self.writer.record(
            Record(
                seq=self.writer.n_records,
                t_ns=round(at_ms * 1e6),
                wall="2026-11-20T12:00:00.000000Z",
                dir=direction,
                type=kind,
                event=event,
            )
        )

    def sound(self, track: Track, start_ms: float, samples: NDArray[np.int16]) -> dict[str, Any]:
        start = round(start_ms * RATE_HZ / 1000)
        self.writer.audio(track, start, samples)
        return AudioRef(track=track, start=start, n=len(samples)).to_event()

    def send_audio(self, start_ms: float, end_ms: float, speech: tuple[float, float] | None = None) -> None:
        """Send 20 ms frames; inside ``speech`` they are a tone and scored as speech."""
        for at_ms in np.arange(start_ms, end_ms, 20.0):
            loud = speech is not None and speech[0] <= at_ms < speech[1]
            ref = self.sound("input", float(at_ms), tone(20) if loud else np.zeros(480, np.int16))
            self.record("send", "input_audio_buffer.append", float(at_ms) + 20, audio=ref)
        windows = np.arange(start_ms, end_ms - 31, 32.0)
        p = [0.95 if speech and speech[0] <= at < speech[1] - 31 else 0.02 for at in windows]
        self.record("local", "voicelab.vad", end_ms, start_ms=start_ms, window_ms=32.0, p=p, detector="silero-v6")

    def spoken(self, item_id: str, start_ms: int, stopped_ms: int, words: str | None) -> None:
        """Let the server find a turn in what was sent."""
        began_ms = start_ms + 350
        self.record("recv", "input_audio_buffer.speech_started", began_ms, audio_start_ms=start_ms, item_id=item_id)
        self.record("recv", "input_audio_buffer.speech_stopped", stopped_ms, audio_end_ms=stopped_ms, item_id=item_id)
        self.record("recv", "input_audio_buffer.committed", stopped_ms, item_id=item_id)
        if words is not None:
            kind = "conversation.item.input_audio_transcription.completed"
            self.record("recv", kind, stopped_ms + 5, item_id=item_id, transcript=words)

    def reply(
        self,
        name: str,
        at_ms: float,
        length_ms: int,
        words: str,
        *,
        heard_ms: float | None = None,
        usage: bool = True,
        samples: NDArray[np.int16] | None = None,
    ) -> None:
        """Let the server answer with a tone; with ``heard_ms`` it is interrupted after that."""
        self.record("recv", "response.created", at_ms, response={"id": f"resp_{name}", "status": "in_progress"})
        where = {"response_id": f"resp_{name}", "item_id": f"item_{name}", "output_index": 0}
        self.record("recv", "response.output_audio_transcript.delta", at_ms + 8, **where, delta=words)
        samples = tone(length_ms) if samples is None else samples
        for k in range(0, length_ms, 60):
            piece = samples[k * 24 : (k + 60) * 24]
            ref = self.sound("output", self.n_output / 24, piece)
            self.n_output += len(piece)
            self.record("recv", "response.output_audio.delta", at_ms + 8 + k / 3, **where, delta=ref)
        playing_ms, n_heard = at_ms + 12, round((length_ms if heard_ms is None else heard_ms) * 24)
        self.record("local", "voicelab.playback.started", playing_ms, item_id=where["item_id"], sink="null")
        ref = self.sound("heard", playing_ms, samples[:n_heard])
        stop_ms = playing_ms + n_heard / 24
        self.record("local", "voicelab.playback.heard", stop_ms, item_id=where["item_id"], audio=ref)
        reason = "finished" if heard_ms is None else "interrupted"
        stopped = {"heard_ms": n_heard / 24, "received_ms": float(length_ms), "reason": reason}
        self.record("local", "voicelab.playback.stopped", stop_ms, item_id=where["item_id"], **stopped)
        if heard_ms is not None:
            self.record(
                "recv", "conversation.item.truncated", stop_ms, item_id=where["item_id"], audio_end_ms=round(heard_ms)
            )
        self.done(name, stop_ms, "completed" if heard_ms is None else "cancelled", usage=usage)

    def done(self, name: str, at_ms: float, status: str, *, usage: bool = True) -> None:
        body: dict[str, Any] = {"id": f"resp_{name}", "status": status, "usage": USAGE if usage else None}
        if status == "cancelled":
            body["status_details"] = {"type": "cancelled", "reason": "turn_detected"}
        self.record("recv", "response.done", at_ms, response=body)

    def run(self) -> Run:
        self.writer.finish(self.manifest)
        return open_run(self.folder)


USAGE = {
    "total_tokens": 150,
    "input_tokens": 100,
    "output_tokens": 50,
    "input_token_details": {
        "text_tokens": 40,
        "audio_tokens": 60,
        "cached_tokens": 30,
        "cached_tokens_details": {"text_tokens": 20, "audio_tokens": 10},
    },
    "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
}
# (20 fresh text * 4 + 20 cached * 0.4 + 10 out * 16 + 50 fresh audio * 32 + 10 cached * 0.4 + 40 out * 64) / 1e6
USAGE_USD = (20 * 4 + 20 * 0.4 + 10 * 16 + 50 * 32 + 10 * 0.4 + 40 * 64) / 1e6


def tone(length_ms: int) -> NDArray[np.int16]:
    """A loud 300 Hz tone that is audible from its first quarter period on."""
    t = np.arange(length_ms * 24)
    return (9000 * np.cos(2 * np.pi * 300 * t / RATE_HZ)).astype(np.int16)


def manifest(**changes: Any) -> Manifest:
    """Return the manifest of a finished run with the embedded server, with changes."""
    facts: dict[str, Any] = {
        "state": "complete",
        "began": "2026-11-20T12:00:00.000000Z",
        "ended": "2026-11-20T12:00:12.000000Z",
        "provider": "local",
        "model": "voicelab-guide",
        "prices": price_note("voicelab-guide", embedded=True),
        "voicelab_server": {
            "hearing": "dictation",
            "reply": "guide",
            "reply_is_a_model": False,
            "speech_scores": "silero-v6",
        },
        "asked": {"audio": {"input": {"turn_detection": {"threshold": 0.5, "silence_duration_ms": 300}}}},
        "in_force": {"audio": {"input": {"turn_detection": {"threshold": 0.5, "silence_duration_ms": 500}}}},
    }
    return Manifest(**{**facts, **changes})


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Begin a run of your own; keywords change its manifest."""

    def begin(name: str = "made", **changes: Any) -> Story:
        return Story(tmp_path / name, manifest(**changes))

    return begin


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A labelled turn; an estimated one with a tool call, interrupted; a refused request; a typed turn."""
    story = Story(tmp_path_factory.mktemp("plots") / "story", manifest())
    detection = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}
    session = {"audio": {"input": {"turn_detection": detection}}}
    story.record("recv", "session.created", 0, session=session)
    labels = {"speech_start_ms": 500.0, "speech_end_ms": 1500.0, "text": "Hello."}
    story.record("local", "voicelab.source.started", 0, clip="hello", labels=labels)
    story.send_audio(0, 2000, speech=(500, 1500))
    story.spoken("item_u1", 200, 2000, NASTY)
    story.reply("a1", 2000, 1200, "Hello there.")
    story.send_audio(2000, 6000, speech=(4000, 5500))
    story.spoken("item_u2", 3700, 6000, "set a timer")
    story.record("recv", "response.created", 6000, response={"id": "resp_tool", "status": "in_progress"})
    call = {"response_id": "resp_tool", "name": "set_timer", "arguments": '{"minutes": 5}'}
    story.record("recv", "response.function_call_arguments.done", 6010, **call)
    story.done("tool", 6012, "completed")
    story.reply("a2", 6020, 3000, "The timer is set.", heard_ms=800)
    error = {"type": "invalid_request_error", "code": "invalid_value", "param": "session.voice", "message": NASTY}
    story.record("recv", "error", 8000, error=error)
    story.record("local", "voicelab.mark", 8100, text="confused")
    typed = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "And 12 * 7?"}]}
    story.record("send", "conversation.item.create", 9000, item=typed)
    story.record("send", "response.create", 9010)
    story.reply("a3", 9015, 600, "Eighty-four.")
    return story.run()
