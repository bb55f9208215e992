"""What the embedded server needs beyond the silence it waits for: ``python -m tests.benchmarks.bench_latency``.

Real time, real server process, grammar recogniser: the demo's one-breath clips are played at each silence setting.
Reported: labelled end of speech to first audible reply sample, minus the silence setting (median, p95, maximum, n), and
the parts. The peer in the same run is the silence setting itself: the ratio says how much of the wait is the server's.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import voicelab as vl
from voicelab.experiments.clips import spoken_lines
from voicelab.measure.turns import Turn

CLIPS = ("hello", "can-do", "time", "say-again", "sum", "goodbye")
SILENCES_MS = (200, 500, 900)
PARTS = ("endpoint_ms", "request_ms", "model_ms", "playout_ms", "leading_silence_ms")


def main(rounds: int) -> None:
    """Measure and print one row a silence setting."""
    print(f"{len(CLIPS)} clips x {rounds} rounds, real time; ms beyond the silence setting")
    print(f"{'silence':>8}{'n':>5}{'median':>9}{'p95':>9}{'max':>9}{'ratio':>8}   " + "  ".join(PARTS))
    with tempfile.TemporaryDirectory() as folder, vl.LocalServer(hearing="guide") as server:
        for silence_ms in SILENCES_MS:
            turns = _turns(server, silence_ms, rounds, Path(folder) / str(silence_ms))
            waits = np.array([t.voice_to_voice_ms for t in turns if t.voice_to_voice_ms is not None])
            beyond = waits - silence_ms
            parts = "  ".join(f"{np.median([getattr(t, part) for t in turns]):{len(part)}.1f}" for part in PARTS)
            print(
                f"{silence_ms:>8}{len(beyond):>5}{np.median(beyond):>9.1f}{np.percentile(beyond, 95):>9.1f}"
                f"{beyond.max():>9.1f}{np.median(waits) / silence_ms:>8.2f}   {parts}"
            )


def _turns(server: vl.LocalServer, silence_ms: int, rounds: int, folder: Path) -> list[Turn]:
    """Play every clip; each reply is cut short, since only its beginning is measured."""
    lines = spoken_lines()
    detection = vl.ServerVAD(silence_duration_ms=silence_ms)
    with vl.connect(
        "local", server=server, turn_detection=detection, out=folder, settings={"max_output_tokens": 40}
    ) as session:
        for _ in range(rounds):
            for name in CLIPS:
                session.play(lines[name].clip, lines[name].labels)
        # A clip that was cut in two has a second turn; only turns that end at the label are measured.
        return [turn for turn in session.turns if turn.speech_end_from == "label"]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
