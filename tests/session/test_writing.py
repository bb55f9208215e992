"""Who writes the folder: everything arrives, a full queue is counted, a broken disk is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicelab.audio.signals import tone
from voicelab.errors import RunError
from voicelab.runlog.manifest import Manifest, read_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import Record
from voicelab.runlog.tracks import read_track
from voicelab.runlog.writer import RunWriter, prepare_folder
from voicelab.session import writing
from voicelab.session.writing import DirectWriting, ThreadedWriting, Writing


def record(seq: int) -> Record:
    """Return a small record."""
    return Record(seq=seq, t_ns=seq, wall="2026-11-20T12:00:00Z", dir="local", type="voicelab.mark", event={"n": seq})


@pytest.mark.parametrize("make", [DirectWriting, ThreadedWriting])
def test_everything_handed_over_is_on_the_disk_after_sync(make: type, tmp_path: Path) -> None:
    """sync: a reader finds all records and samples, while the run goes on."""
    made: Writing = make(RunWriter(prepare_folder(tmp_path / "run"), Manifest()))
    sound = tone(440, 100)
    for seq in range(500):
        made.record(record(seq))
    made.audio("heard", 0, sound)
    made.sync()
    records, bad = read_records(tmp_path / "run")
    assert ([r.seq for r in records], bad) == (list(range(500)), 0)
    assert (read_track(tmp_path / "run" / "heard.wav") == sound).all()
    made.finish(Manifest(state="complete"))
    assert read_manifest(tmp_path / "run").state == "complete"


def test_full_queue_drops_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that stalls costs records, never the session's time; the number is kept."""
    monkeypatch.setattr(writing, "MOST_WAITING", 3)

    class Stalling(RunWriter):
        def record(self, record: Record) -> None:
            go.wait(5)
            super().record(record)

    import threading

    go = threading.Event()
    made = ThreadedWriting(Stalling(prepare_folder(tmp_path / "run"), Manifest()))
    for seq in range(50):
        made.record(record(seq))
    assert made.dropped >= 40
    go.set()
    made.finish(Manifest())


def test_broken_disk_is_told_at_the_end_with_what_was_saved(tmp_path: Path) -> None:
    """An error of the file system reaches the one who closes the session, as one clear line."""

    class Broken(RunWriter):
        def record(self, record: Record) -> None:
            raise OSError(28, "No space left on device")

    made = ThreadedWriting(Broken(prepare_folder(tmp_path / "run"), Manifest()))
    made.record(record(0))
    with pytest.raises(RunError, match="No space left on device; 0 records are in it"):
        made.finish(Manifest())
