"""A remark can be written into a run that is over, and into no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voicelab.errors import RunError
from voicelab.runlog.afterwards import add_mark
from voicelab.runlog.manifest import MANIFEST, Manifest, read_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import Record
from voicelab.runlog.writer import EVENTS, RunWriter, prepare_folder


def a_run(folder: Path, n: int = 3, **manifest: object) -> Path:
    facts = {"state": "complete", "began": "2026-11-20T12:00:00Z", "records": n, **manifest}
    writer = RunWriter(prepare_folder(folder), Manifest())
    for seq in range(n):
        writer.record(Record(seq=seq, t_ns=seq * 1000, wall="w", dir="local", type="x", epoch=seq // 2))
    writer.finish(Manifest(**facts))  # type: ignore[arg-type]
    return folder


def test_a_mark_is_the_next_record_and_the_manifest_counts_it(tmp_path: Path) -> None:
    """The records stay in the order of their numbers and times; what the mark is about is in it."""
    folder = a_run(tmp_path / "run")
    made = add_mark(folder, "true end", 1234.5)
    records, n_bad = read_records(folder)
    assert (records[-1], n_bad) == (made, 0)
    assert [record.seq for record in records] == [0, 1, 2, 3]
    assert (made.t_ns, made.epoch, made.type) == (2000, 1, "voicelab.mark")
    assert made.event == {"text": "true end", "at_ms": 1234.5, "afterwards": True}
    assert read_manifest(folder).records == 4
    add_mark(folder, "again", 1.0)
    assert read_manifest(folder).records == len(read_records(folder)[0]) == 5


def test_the_rest_of_the_manifest_stays(tmp_path: Path) -> None:
    """Only the number of records changes."""
    folder = a_run(tmp_path / "run", provider="local", note="mine")
    add_mark(folder, "x", 0.0)
    assert (read_manifest(folder).provider, read_manifest(folder).note) == ("local", "mine")


def test_what_a_newer_version_wrote_stays(tmp_path: Path) -> None:
    """Marking a run of tomorrow loses nothing of its manifest."""
    folder = a_run(tmp_path / "run")
    newer = {**json.loads((folder / MANIFEST).read_bytes()), "schema": "voicelab.run/1.2", "state": "x", "mood": 5}
    (folder / MANIFEST).write_text(json.dumps(newer))
    add_mark(folder, "true end", 1.0)
    assert json.loads((folder / MANIFEST).read_bytes()) == {**newer, "records": 4}


def test_a_run_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    """Two writers would give two records one number: the file does not change, and the message says what to do."""
    folder = a_run(tmp_path / "run", state="running")
    before = (folder / EVENTS).read_bytes()
    with pytest.raises(RunError, match="mark it in the open session"):
        add_mark(folder, "true end", 1.0)
    assert (folder / EVENTS).read_bytes() == before


def test_a_line_that_was_cut_off_does_not_swallow_the_mark(tmp_path: Path) -> None:
    """It stays one bad line."""
    folder = a_run(tmp_path / "run")
    with (folder / EVENTS).open("ab") as file:
        file.write(b'{"seq":3,"t_ns"')
    add_mark(folder, "true end", 1.0)
    records, n_bad = read_records(folder)
    assert (len(records), n_bad, records[-1].type) == (4, 1, "voicelab.mark")


def test_numbers_of_records_that_were_lost_are_not_used_again(tmp_path: Path) -> None:
    """The manifest knows of more records than the disk took."""
    assert add_mark(a_run(tmp_path / "run", records=9), "x", 0.0).seq == 9


def test_an_empty_run_can_be_marked(tmp_path: Path) -> None:
    """A session that failed at once has no record."""
    made = add_mark(a_run(tmp_path / "run", n=0, state="failed"), "x", 0.0)
    assert (made.seq, made.wall) == (0, "2026-11-20T12:00:00Z")


def test_a_folder_that_is_no_run_is_an_error(tmp_path: Path) -> None:
    """Nothing is made in it."""
    with pytest.raises(RunError, match="is not a run folder"):
        add_mark(tmp_path, "x", 0.0)
    assert list(tmp_path.iterdir()) == []
