"""What is left of a run when its writer is killed, when the disk is full, and when two want the same folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import voicelab as vl
from tests.runlog.full_disk import files_end_at
from tests.session.recording import N_FOLDERS, RealClock
from voicelab.audio.signals import tone
from voicelab.errors import RunError
from voicelab.experiments.clips import spoken_lines
from voicelab.runlog.manifest import Manifest, read_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import Record
from voicelab.runlog.recorder import Recorder
from voicelab.runlog.writer import EVENTS, TRACKS, RunWriter, prepare_folder
from voicelab.session.writing import FLUSH_S, ThreadedWriting

HELLO = spoken_lines()["hello"]
HOUSE = Path(__file__).parents[2]
MOST_LOST_NS = 500_000_000


@contextmanager
def recording(what: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run one of the programs of `tests.session.recording`; it is gone afterwards."""
    command = [sys.executable, "-m", "tests.session.recording", what, str(folder)]
    program = subprocess.Popen(command, cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        with program:
            yield program
    finally:
        program.kill()


def facts(program: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """Go through what the program says."""
    assert program.stdout is not None
    for line in program.stdout:
        yield json.loads(line)


def killed(program: subprocess.Popen[str]) -> dict[str, Any] | None:
    """Kill the program, with the signal that nobody can catch; return the last that it said since it was asked."""
    program.kill()
    told = list(facts(program))
    program.wait()
    return told[-1] if told else None


def sound_of(record: Record) -> tuple[str, int] | None:
    """Return the track on which a record's sound lies, and the end of it."""
    for value in record.event.values():
        if isinstance(value, dict) and "audio_ref" in value:
            ref = value["audio_ref"]
            return ref["track"], ref["start"] + ref["n"]
    return None


def n_samples(path: Path) -> int:
    """Return what any reader of WAV files finds, header and sound."""
    with wave.open(str(path), "rb") as file:
        return len(file.readframes(file.getnframes())) // 2


def assert_sound_is_there(folder: Path, records: list[Record]) -> None:
    """Every record's sound is in its track."""
    lengths = {track: n_samples(folder / f"{track}.wav") for track in TRACKS}
    for track, end in filter(None, map(sound_of, records)):
        assert end <= lengths[track]


# --- killed --------------------------------------------------------------------------------------------------------


def test_a_killed_process_loses_the_last_half_second_at_most(tmp_path: Path) -> None:
    """SIGKILL in the longest wait between two flushes: all before the last half second reads, records and sound."""
    folder = tmp_path / "run"
    size, flushed_ns = 0, None
    with recording("frames", folder) as program:
        for fact in facts(program):
            before, size = size, (folder / EVENTS).stat().st_size
            if flushed_ns is None and size > before > 0:
                flushed_ns = fact["t_ns"]
            # Later than a flush that keeps the promise, earlier than one that does not.
            if flushed_ns is not None and fact["t_ns"] > flushed_ns + MOST_LOST_NS + 50_000_000:
                break
        last = killed(program) or fact
    records, n_bad = read_records(folder)
    assert [record.seq for record in records] == list(range(len(records)))
    assert n_bad == 0
    assert last["t_ns"] - records[-1].t_ns <= MOST_LOST_NS
    assert_sound_is_there(folder, records)
    assert n_samples(folder / "input.wav") >= 24 * (last["t_ns"] - MOST_LOST_NS) // 1_000_000 - 480
    assert read_manifest(folder).state == "running"
    assert FLUSH_S * 1e9 < MOST_LOST_NS


@pytest.mark.realtime
def test_a_killed_session_is_a_run_that_opens(tmp_path: Path) -> None:
    """A notebook's kernel is killed in the middle of a conversation: its turns, its sound and its tables are there."""
    folder = tmp_path / "run"
    with recording("session", folder) as program:
        told = next(facts(program))
        killed(program)
    run = vl.open_run(folder)
    assert run.manifest.state == "running"
    assert len(run.records()) >= told["records"]
    assert run.turn_list()[0].transcript == told["transcript"] == "hello"
    assert run.turns()["voice_to_voice_ms"][0] > 0
    assert_sound_is_there(folder, run.records())


# --- a full disk ---------------------------------------------------------------------------------------------------


@pytest.mark.realtime
def test_a_session_goes_on_when_the_disk_is_full(tmp_path: Path) -> None:
    """The log ends, the conversation does not; the end of the session is one clear error, what was written reads."""
    folder = tmp_path / "run"
    with vl.LocalServer(hearing="guide") as server:
        opener = vl.connect("local", server=server, out=folder)
        session = opener.open()
        session.play(HELLO.clip, HELLO.labels)
        session.log.records()  # brings the folder up to date; what comes after that is not promised to be there
        n_before = len(read_records(folder)[0])
        with files_end_at(max(path.stat().st_size for path in folder.iterdir())):
            assert session.ask("What is 2 + 3?").reply == "Two plus three is five."
            with pytest.raises(RunError, match=r"could not be written to the end: File too large; [\d,]+ records") as e:
                session.close()
    assert len(str(e.value).splitlines()) == 1
    run = vl.open_run(folder)
    assert run.manifest.state == "failed"
    assert run.manifest.dropped > 0
    assert len(run.records()) == run.manifest.records >= n_before
    assert run.turn_list()[0].transcript == "hello"
    assert_sound_is_there(folder, run.records()[:n_before])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may make a small disk")
def test_a_small_disk_keeps_what_it_took(tmp_path: Path) -> None:
    """A disk with room for a second of sound: everything that was flushed reads, the error is one line."""
    command = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", tmp_path]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no small disk can be made here: {made.stderr.strip()}")
    try:
        n_frames = write_until_full(tmp_path / "run")
        assert n_frames > 20
        assert n_whole_frames(tmp_path / "run") >= n_frames
        assert read_records(tmp_path / "run")[1] == 0
        assert read_manifest(tmp_path / "run").state in ("running", "failed")
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def write_until_full(folder: Path) -> int:
    """Write sound and records until the disk refuses some; return how many frames were there with both."""
    writing = ThreadedWriting(RunWriter(prepare_folder(folder), Manifest()))
    recorder = Recorder(RealClock(), writing)
    n_frames = 0
    while writing.dropped == 0:
        for _ in range(5):
            ref = recorder.place("input", tone(440, 20))
            recorder.record("send", "input_audio_buffer.append", {"audio": ref.to_event()})
        writing.sync()
        n_frames = max(n_frames, n_whole_frames(folder))
    with pytest.raises(RunError, match="No space left on device") as caught:
        writing.finish(Manifest(state="complete"))
    assert len(str(caught.value).splitlines()) == 1
    return n_frames


def n_whole_frames(folder: Path) -> int:
    return min(len(read_records(folder)[0]), n_samples(folder / "input.wav") // 480)


# --- two writers ---------------------------------------------------------------------------------------------------


def test_of_two_processes_that_want_a_folder_one_gets_it(tmp_path: Path) -> None:
    """Both found it empty, forty times: one whole run in each folder, and one clear error for the other process."""
    with recording("rivals", tmp_path) as one, recording("rivals", tmp_path) as other:
        rivals = {"one": one, "other": other}
        for name, program in rivals.items():
            tell(program, name)
        for program in rivals.values():
            assert next(facts(program)) == {"ready": True}
        for program in rivals.values():
            tell(program, "go")
        errors = {name: [fact["error"] for fact in facts(program)] for name, program in rivals.items()}
    for n in range(N_FOLDERS):
        (winner,) = (name for name in rivals if errors[name][n] is None)
        (refusal,) = (errors[name][n] for name in rivals if name != winner)
        assert refusal == f"{tmp_path / str(n)} has a writer already: give another folder, so that no run is mixed up"
        records, n_bad = read_records(tmp_path / str(n))
        assert ([record.event["text"] for record in records], n_bad) == ([winner] * 20, 0)
        manifest = read_manifest(tmp_path / str(n))
        assert (manifest.note, manifest.state) == (winner, "complete")


def tell(program: subprocess.Popen[str], word: str) -> None:
    """Write a line to a program."""
    assert program.stdin is not None
    program.stdin.write(f"{word}\n")
    program.stdin.flush()
