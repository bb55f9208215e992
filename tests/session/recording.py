"""Programs that record and are ended from outside: ``python -m tests.session.recording WHAT FOLDER``.

Each says on its standard output what it has done so far, one line of JSON at a time, so that whoever ends it knows what
ought to be in the folder.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from voicelab.audio.frames import FRAME_MS
from voicelab.audio.signals import tone
from voicelab.errors import RunError
from voicelab.experiments.clips import spoken_lines
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.recorder import Recorder
from voicelab.runlog.writer import RunWriter, prepare_folder
from voicelab.session.connect import connect
from voicelab.session.writing import ThreadedWriting

N_FOLDERS = 40


def main() -> None:
    """Do what the command line says."""
    programs: dict[str, Callable[[Path], None]] = {"frames": frames, "session": session, "rivals": rivals}
    programs[sys.argv[1]](Path(sys.argv[2]))


def frames(folder: Path) -> None:
    """Write sound and records at the pace of speech, in both directions, until somebody ends this process."""
    clock = RealClock()
    writing = ThreadedWriting(RunWriter(prepare_folder(folder), Manifest()))
    recorder = Recorder(clock, writing)
    frame = tone(440, FRAME_MS)
    due_ns = 0
    while True:
        for track, direction, kind in (("input", "send", "input_audio_buffer.append"), ("output", "recv", "x.delta")):
            ref = recorder.place(track, frame)  # type: ignore[arg-type]
            record = recorder.record(direction, kind, {"audio": ref.to_event()})  # type: ignore[arg-type]
        _say({"t_ns": record.t_ns, "records": record.seq + 1})
        due_ns += FRAME_MS * 1_000_000
        time.sleep(max(0.0, (due_ns - clock.now_ns()) / 1e9))


def session(folder: Path) -> None:
    """Talk to the embedded server over a socket, again and again, until somebody ends this process."""
    hello = spoken_lines()["hello"]
    with connect("local", hearing="guide", out=folder) as talk:
        while True:
            turn = talk.play(hello.clip, hello.labels)
            _say({"turns": len(talk.turns), "transcript": turn.transcript, "records": len(talk.log.records())})


def rivals(folder: Path) -> None:
    """Find many folders empty, wait for a word, then write a run into each that can be had; another does the same."""
    name = sys.stdin.readline().strip()
    paths = [prepare_folder(folder / str(n)) for n in range(N_FOLDERS)]
    _say({"ready": True})
    sys.stdin.readline()
    for path in paths:
        try:
            writing = ThreadedWriting(RunWriter(path, Manifest(note=name)))
        except RunError as error:
            _say({"error": str(error)})
            continue
        recorder = Recorder(RealClock(), writing)
        for _ in range(20):
            recorder.local("mark", text=name)
        writing.finish(Manifest(state="complete", note=name))
        _say({"error": None})


class RealClock:
    """Real time since the run began."""

    def __init__(self) -> None:
        self._start_ns = time.monotonic_ns()
        self._wall_start = datetime.now(UTC)

    def now_ns(self) -> int:
        return time.monotonic_ns() - self._start_ns

    def wall_at(self, t_ns: int) -> datetime:
        return self._wall_start + timedelta(microseconds=t_ns / 1000)


def _say(fact: dict[str, Any]) -> None:
    print(json.dumps(fact), flush=True)


if __name__ == "__main__":
    main()
