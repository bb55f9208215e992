"""Files that other code might have recorded: a short conversation, in whatever wrapping a test asks for."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from voicelab.audio.samples import Samples

#: One event: ms since the beginning, who sent it, the body.
Told = tuple[float, str, dict[str, Any]]
NOON_S = 1_795_176_000  # 2026-11-20T12:00:00Z
FRAME_MS = 20
KEY = "sk-proj-0123456789abcdef"


def tone(n: int) -> Samples:
    """Return sound that is audible from its first sample on."""
    return (np.sin(np.arange(n) / 7) * 12_000).astype(np.int16)


def base64_of(samples: Samples) -> str:
    """Return 16-bit PCM as it stands in an event."""
    return base64.b64encode(samples.astype("<i2").tobytes()).decode()


def conversation(n_frames: int = 80) -> list[Told]:
    """A spoken turn that is answered: 20 ms frames from 0 on, sent when they end."""
    frame = base64_of(tone(480))
    sent: list[Told] = [
        ((n + 1) * FRAME_MS, "send", {"type": "input_audio_buffer.append", "audio": frame}) for n in range(n_frames)
    ]
    response = {"id": "resp_1", "status": "in_progress", "conversation_id": "conv_1", "output": []}
    usage = {"total_tokens": 30, "input_tokens": 20, "output_tokens": 10}
    about = {"response_id": "resp_1", "item_id": "item_a1", "output_index": 0, "content_index": 0}
    told: list[Told] = [
        (0, "recv", {"type": "session.created", "session": {"type": "realtime", "model": "gpt-realtime",
            "client_secret": {"value": "ek_0123456789abcdef"}, "note": KEY}}),
        *sent,
        (400, "recv", {"type": "input_audio_buffer.speech_started", "audio_start_ms": 100, "item_id": "item_u1"}),
        (1420, "recv", {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 1400, "item_id": "item_u1"}),
        (1421, "recv", {"type": "input_audio_buffer.committed", "item_id": "item_u1", "previous_item_id": None}),
        (1430, "recv", {"type": "response.created", "response": response}),
        (1500, "recv", {"type": "response.output_audio.delta", **about, "delta": base64_of(tone(2400))}),
        (1520, "recv", {"type": "response.output_audio.delta", **about, "delta": base64_of(tone(1200))}),
        (1560, "recv", {"type": "response.done", "response": {**response, "status": "completed", "usage": usage}}),
    ]  # fmt: skip
    return sorted(told, key=lambda one: one[0])


def write(path: Path, told: Iterable[Told], wrap: Callable[[float, str, dict[str, Any]], Any]) -> Path:
    """Write one line an event."""
    path.write_text("".join(json.dumps(wrap(*one)) + "\n" for one in told), "utf-8")
    return path


def plain(_at_ms: float, _sender: str, body: dict[str, Any]) -> Any:
    """The event and nothing else."""
    return body


def unmute(at_ms: float, sender: str, body: dict[str, Any]) -> Any:
    """Wall time in seconds, sender, data."""
    who = "client" if sender == "send" else "server"
    return {"timestamp_wall": NOON_S + at_ms / 1000, "event_sender": who, "data": body}
