"""Makes the demo's spoken clips: ``python -m voicelab.experiments.make_clips [FOLDER]``.

In: the lines below, a synthetic caller's voice.  Out: one FLAC file a line, and ``clips.jsonl`` with its labels:
text, true onset and true offset (first and last audible instant, -45 dBFS over 10 ms), milliseconds in the clip.
Does not know: what the demo does with them.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.audio.signals import silence
from voicelab.engines.espeak import Espeak
from voicelab.turns.voiced import audible_end_ms, audible_start_ms

LEAD_MS = 300
TAIL_MS = 200
SPEED = 0.95


@dataclass(frozen=True)
class Line:
    """One clip: what is said, and the pause inside where there is one."""

    name: str
    parts: tuple[str, ...]
    pause_ms: int = 0


CALLER = "dora"
LINES = (
    Line("hello", ("Hello.",)),
    Line("can-do", ("What can you do?",)),
    Line("timer", ("Set a timer for five minutes.",)),
    Line("thinking", ("What is seven", "times eight?"), pause_ms=600),
    Line("read", ("Read me something long.",)),
    Line("say-again", ("What did you just say?",)),
    Line("time", ("What time is it?",)),
    Line("sum", ("What is twelve plus thirty?",)),
    Line("joke", ("Tell me a joke.",)),
    Line("goodbye", ("Goodbye.",)),
)


def main(folder: Path) -> None:
    """Write all clips and their labels."""
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    labels = []
    for line in LINES:
        samples = _speak(line)
        soundfile.write(folder / f"{line.name}.flac", samples, RATE_HZ, subtype="PCM_16")
        labels.append(
            {
                "clip": line.name,
                "text": " ".join(line.parts),
                "speech_start_ms": round(audible_start_ms(samples, RATE_HZ) or 0.0, 1),
                "speech_end_ms": round(audible_end_ms(samples, RATE_HZ) or 0.0, 1),
                "voice": CALLER,
                "pause_ms": line.pause_ms,
            }
        )
    text = "".join(json.dumps(label) + "\n" for label in labels)
    (folder / "clips.jsonl").write_text(text, encoding="utf-8")


def _speak(line: Line) -> Samples:
    engine = Espeak()
    pieces: list[Samples] = [silence(LEAD_MS)]
    for index, part in enumerate(line.parts):
        spoken = np.concatenate([chunk.samples for chunk in engine.speak(part, CALLER, SPEED)])
        end_ms = audible_end_ms(spoken, RATE_HZ) or 0.0
        if index:
            pieces.append(silence(line.pause_ms))
        pieces.append(spoken[: round(end_ms * RATE_HZ / 1000)])
    return np.concatenate([*pieces, silence(TAIL_MS)])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "clips")
