"""Who writes the folder: everything arrives, a full queue is counted, a broken disk is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runlog.full_disk import files_end_at
from voicelab.audio.signals import tone
from voicelab.errors import RunError
from voicelab.runlog.manifest import Manifest, read_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import Record, encode_line
from voicelab.runlog.recorder import DirectWriting, Writing
from voicelab.runlog.tracks import read_track
from voicelab.runlog.writer import RunWriter, prepare_folder
from voicelab.session import writing
from voicelab.session.writing import SYNC_TIMEOUT_S, ThreadedWriting


def line(seq: int) -> bytes:
    """Return a small record as it is handed over."""
    event = {"n": seq}
    return encode_line(Record(seq=seq, t_ns=seq, wall="2026-11-20T12:00:00Z", dir="local", type="x", event=event))


def assert_returns(wait: Callable[[], None]) -> None:
    """Fail where a wait ends only because it was given up."""
    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(SYNC_TIMEOUT_S / 2)
    assert not waiting.is_alive()


@pytest.mark.parametrize("make", [DirectWriting, ThreadedWriting])
def test_everything_handed_over_is_on_the_disk_after_sync(make: type, tmp_path: Path) -> None:
    """sync: a reader finds all records and samples, while the run goes on."""
    made: Writing = make(RunWriter(prepare_folder(tmp_path / "run"), Manifest()))
    sound = tone(440, 100)
    for seq in range(500):
        made.line(line(seq))
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
        def line(self, line: bytes) -> None:
            go.wait(5)
            super().line(line)

    go = threading.Event()
    made = ThreadedWriting(Stalling(prepare_folder(tmp_path / "run"), Manifest()))
    for seq in range(50):
        made.line(line(seq))
    assert made.dropped >= 40
    go.set()
    made.finish(Manifest())


def test_broken_disk_is_told_at_the_end_with_what_was_saved(tmp_path: Path) -> None:
    """An error of the file system reaches the one who closes the session, as one clear line."""

    class Broken(RunWriter):
        def line(self, line: bytes) -> None:
            raise OSError(28, "No space left on device")

    made = ThreadedWriting(Broken(prepare_folder(tmp_path / "run"), Manifest()))
    made.line(line(0))
    with pytest.raises(RunError, match="No space left on device; 0 records are in it"):
        made.finish(Manifest())


def test_a_full_disk_ends_the_log_and_not_the_session(tmp_path: Path) -> None:
    """What was written reads; what comes later is counted; nobody waits; the manifest says why the log is short."""
    made = ThreadedWriting(RunWriter(prepare_folder(tmp_path / "run"), Manifest()))
    for seq in range(3):
        made.line(line(seq))
    made.sync()
    with files_end_at(20_000):
        made.audio("heard", 0, tone(440, 1_000))
        assert_returns(made.sync)
        for seq in range(3, 10):
            made.line(line(seq))
        made.sync()
    assert made.dropped == 7
    with pytest.raises(RunError, match="could not be written to the end: File too large; 3 records are in it"):
        made.finish(Manifest(state="complete", records=10, note="mine"))
    assert [record.seq for record in read_records(tmp_path / "run")[0]] == [0, 1, 2]
    manifest = read_manifest(tmp_path / "run")
    assert (manifest.state, manifest.records, manifest.dropped, manifest.note) == ("failed", 3, 7, "mine")
    assert manifest.reason == "the log could not be written to the end: File too large"


def test_what_waited_for_a_disk_that_broke_is_counted(tmp_path: Path) -> None:
    """Records behind the one that was refused; and who waits for them to be written is let go."""

    class Breaking(RunWriter):
        def line(self, line: bytes) -> None:
            go.wait(5)
            raise OSError(28, "No space left on device")

    go = threading.Event()
    made = ThreadedWriting(Breaking(prepare_folder(tmp_path / "run"), Manifest()))
    for seq in range(5):
        made.line(line(seq))
    threading.Timer(0.05, go.set).start()
    assert_returns(made.sync)
    with pytest.raises(RunError, match="No space left on device"):
        made.finish(Manifest())
    assert made.dropped == 4


def test_what_was_handed_over_is_on_the_disk_without_being_asked_for(tmp_path: Path) -> None:
    """The thread wakes by itself, so a process that is killed leaves records and sound in a folder that can be read."""

    class Watched(RunWriter):
        def flush(self) -> None:
            super().flush()
            if read_records(tmp_path / "run")[0]:
                flushed.set()

    flushed = threading.Event()
    made = ThreadedWriting(Watched(prepare_folder(tmp_path / "run"), Manifest()))
    made.audio("heard", 0, tone(440, 100))
    made.line(line(0))
    assert flushed.wait(10)
    assert (read_track(tmp_path / "run" / "heard.wav") == tone(440, 100)).all()
    made.finish(Manifest())


def test_order_is_kept_and_nothing_is_lost_in_a_flood(tmp_path: Path) -> None:
    """More at once than the thread lets wait: every record arrives, in the order it came."""
    made = ThreadedWriting(RunWriter(prepare_folder(tmp_path / "run"), Manifest()))
    for seq in range(30_000):
        made.line(line(seq))
    made.finish(Manifest())
    assert made.dropped == 0
    assert [record.seq for record in read_records(tmp_path / "run")[0]] == list(range(30_000))
