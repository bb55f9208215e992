"""Promises of `voicelab.runlog.writer`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runlog.full_disk import files_end_at
from voicelab.errors import RunError
from voicelab.runlog.manifest import Manifest, read_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import Record
from voicelab.runlog.tracks import read_track
from voicelab.runlog.writer import RunWriter, prepare_folder


def record(seq: int) -> Record:
    return Record(seq=seq, t_ns=seq * 1000, wall="2026-11-20T12:00:00.000000Z", dir="recv", type="x", event={"n": seq})


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    """A new name is enough; an empty folder is as good."""
    folder = prepare_folder(tmp_path / "runs" / "größe 1")
    assert folder.is_dir()
    assert prepare_folder(folder) == folder


def test_a_folder_with_anything_in_it_is_refused(tmp_path: Path) -> None:
    """Nothing recorded is ever overwritten: the error says so, and what is there stays."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="is not empty: give a new folder"):
        prepare_folder(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_in_the_way_is_said_to_be_one(tmp_path: Path) -> None:
    """As the folder itself, or on the way to it."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunError, match="is a file"):
            prepare_folder(path)


def test_a_folder_that_cannot_be_made_is_an_error_that_says_why(tmp_path: Path) -> None:
    """The system's reason, and what to do; no bare OSError."""
    with pytest.raises(RunError, match=r"cannot be written \(.*\): choose a folder"):
        prepare_folder(tmp_path / ("x" * 300))


def test_the_manifest_is_written_first(tmp_path: Path) -> None:
    """Before any record there is a manifest that says the run is running, and every file of the folder."""
    writer = RunWriter(tmp_path, Manifest(model="m"))
    assert read_manifest(tmp_path) == Manifest(model="m")
    names = {"manifest.json", "events.jsonl", "input.wav", "output.wav", "heard.wav"}
    assert {path.name for path in tmp_path.iterdir()} == names
    writer.finish(Manifest())


def test_a_finished_run_holds_everything(tmp_path: Path) -> None:
    """Records in order, each track its samples, the final manifest."""
    writer = RunWriter(tmp_path, Manifest())
    for seq in range(3):
        writer.record(record(seq))
    for value, track in enumerate(("input", "output", "heard"), start=1):
        writer.audio(track, value, np.full(2, value, np.int16))  # type: ignore[arg-type]
    writer.finish(Manifest(state="complete", records=writer.n_records))
    assert read_records(tmp_path) == ([record(0), record(1), record(2)], 0)
    assert read_track(tmp_path / "input.wav").tolist() == [0, 1, 1]
    assert read_track(tmp_path / "output.wav").tolist() == [0, 0, 2, 2]
    assert read_track(tmp_path / "heard.wav").tolist() == [0, 0, 0, 3, 3]
    assert read_manifest(tmp_path) == Manifest(state="complete", records=3)


def test_a_killed_writer_has_left_what_was_flushed(tmp_path: Path) -> None:
    """Without a finish: flushed records and all sound are in the folder, and the manifest still says running."""
    writer = RunWriter(tmp_path, Manifest())
    writer.record(record(0))
    writer.audio("input", 0, np.ones(480, np.int16))
    writer.flush()
    assert read_records(tmp_path) == ([record(0)], 0)
    assert len(read_track(tmp_path / "input.wav")) == 480
    assert read_manifest(tmp_path).state == "running"
    writer.finish(Manifest())


def test_a_file_that_cannot_be_completed_does_not_keep_the_others_open(tmp_path: Path) -> None:
    """There is no room for the records: that is raised, and the sound is whole."""
    writer = RunWriter(tmp_path, Manifest())
    writer.audio("input", 0, np.ones(480, np.int16))
    writer.line(b"x" * 9_999 + b"\n")
    with files_end_at(5_000), pytest.raises(OSError, match="File too large"):
        writer.close()
    assert len(read_track(tmp_path / "input.wav")) == 480
    writer.close()


def test_of_two_writers_that_found_a_folder_empty_one_gets_it(tmp_path: Path) -> None:
    """The second is told in one line, and changes nothing of what the first has written or will write."""
    for _ in range(2):
        prepare_folder(tmp_path / "run")
    first = RunWriter(tmp_path / "run", Manifest(note="first"))
    first.record(record(0))
    first.audio("input", 0, np.ones(480, np.int16))
    first.flush()
    with pytest.raises(RunError, match="has a writer already: give another folder"):
        RunWriter(tmp_path / "run", Manifest(note="second"))
    assert read_manifest(tmp_path / "run").note == "first"
    first.record(record(1))
    first.finish(Manifest(state="complete"))
    assert read_records(tmp_path / "run") == ([record(0), record(1)], 0)
    assert len(read_track(tmp_path / "run" / "input.wav")) == 480


def test_a_disk_that_is_full_from_the_beginning_is_one_clear_error(tmp_path: Path) -> None:
    """No half a run stays behind: with room again the same name can be used."""
    folder = prepare_folder(tmp_path / "run")
    with files_end_at(100), pytest.raises(RunError, match=r"cannot be written \(File too large\)"):
        RunWriter(folder, Manifest())
    assert list(folder.iterdir()) == []
    RunWriter(prepare_folder(folder), Manifest()).finish(Manifest(state="complete"))
    assert read_manifest(folder).state == "complete"
