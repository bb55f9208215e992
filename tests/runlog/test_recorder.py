"""The recorder: numbered, stamped, without secrets, every sample in its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from voicelab.audio.signals import tone
from voicelab.runlog.manifest import Manifest, read_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.recorder import DirectWriting, Recorder
from voicelab.runlog.writer import RunWriter, prepare_folder

WALL = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that is set by hand."""

    t_ns: int = 0

    def now_ns(self) -> int:
        return self.t_ns

    def wall_at(self, t_ns: int) -> datetime:
        return WALL + timedelta(microseconds=t_ns / 1000)


def direct(folder: Path) -> DirectWriting:
    """Return a writing into a new run folder."""
    return DirectWriting(RunWriter(prepare_folder(folder), Manifest()))


def test_records_count_up_carry_both_clocks_and_hide_keys(tmp_path: Path) -> None:
    """seq without a gap, t_ns and wall of the same instant, the epoch, and no key in memory or on disk."""
    clock, writing = HandClock(), direct(tmp_path / "run")
    recorder = Recorder(clock, writing, secrets=("very-secret",))
    recorder.record("send", "session.update", {"session": {"instructions": "say very-secret"}}, n_bytes=10)
    clock.t_ns = 1_500_000_000
    recorder.epoch = 1
    recorder.local("mark", text="here")
    writing.finish(Manifest())
    first, second = recorder.records
    assert (first.seq, first.bytes, first.event["session"]["instructions"]) == (0, 10, "say [hidden]")
    assert (second.seq, second.t_ns, second.wall, second.epoch) == (1, 1_500_000_000, "2026-11-20T12:00:01.500000Z", 1)
    assert read_records(tmp_path / "run")[0] == [first, second]
    assert b"very-secret" not in (tmp_path / "run" / "events.jsonl").read_bytes()


def test_name_on_the_wire_is_kept_where_it_is_another(tmp_path: Path) -> None:
    """``native`` is the dialect's own name, and absent where that is the GA name."""
    writing = direct(tmp_path / "run")
    recorder = Recorder(HandClock(), writing)
    recorder.record("recv", "response.output_text.delta", {}, native="response.text.delta")
    recorder.record("recv", "error", {}, native="error")
    recorder.record("recv", "error", {})
    writing.finish(Manifest())
    assert [record.native for record in recorder.records] == ["response.text.delta", None, None]
    assert (tmp_path / "run" / "events.jsonl").read_bytes().count(b"native") == 1


def test_memory_keeps_the_newest_records_and_the_folder_all(tmp_path: Path) -> None:
    """A long run: thousands of records in memory, every one on the disk, and the count of all."""
    writing = direct(tmp_path / "run")
    recorder = Recorder(HandClock(), writing)
    for _ in range(20_000):
        recorder.local("mark", text="x")
    writing.finish(Manifest())
    kept = list(recorder.records)
    assert 5_000 <= len(kept) <= 6_000
    assert kept[-1].seq == 19_999
    assert recorder.records.n_records == 20_000
    assert len(read_records(tmp_path / "run")[0]) == 20_000


def test_folder_that_is_finished_can_still_be_asked_to_be_up_to_date(tmp_path: Path) -> None:
    """A closed session's log is read like an open one's."""
    writing = direct(tmp_path / "run")
    writing.finish(Manifest(state="complete"))
    writing.sync()
    assert read_manifest(tmp_path / "run").state == "complete"


def test_track_never_changes_its_past(tmp_path: Path) -> None:
    """Samples stand where they are asked to stand, or behind what is there, never over it."""
    writing = direct(tmp_path / "run")
    recorder = Recorder(HandClock(), writing)
    placed = [
        recorder.place("input", tone(440, 20), start=100),
        recorder.place("input", tone(440, 20)),
        recorder.place("input", tone(440, 20), start=50),
    ]
    writing.finish(Manifest())
    assert [(ref.start, ref.n) for ref in placed] == [(100, 480), (580, 480), (1_060, 480)]


@pytest.mark.parametrize("wall_us", [0, 999_999, 1])
@pytest.mark.parametrize(
    "t_ns", [0, 499, 500, 1_500, 999_999_500, 1_000_000_499, 3_600_000_000_001, 86_400_000_000_000]
)
def test_wall_time_is_that_of_the_clock_to_the_microsecond(tmp_path: Path, wall_us: int, t_ns: int) -> None:
    """RFC 3339 in UTC, rounded as the clock rounds it, over seconds, hours and days, whatever the zone of its start."""

    class Elsewhere(HandClock):
        def wall_at(self, t_ns: int) -> datetime:
            return super().wall_at(t_ns).astimezone(timezone(timedelta(hours=5, minutes=30))) + timedelta(
                microseconds=wall_us
            )

    clock, writing = Elsewhere(t_ns), direct(tmp_path / "run")
    wall = Recorder(clock, writing).local("mark").wall
    writing.finish(Manifest())
    assert wall.endswith("Z")
    assert len(wall) == len("2026-11-20T12:00:00.000000Z")
    assert datetime.fromisoformat(wall) == clock.wall_at(t_ns)


def test_what_was_recorded_is_written_as_it_was_then(tmp_path: Path) -> None:
    """Whoever changes an event afterwards does not change the run folder."""
    writing = direct(tmp_path / "run")
    session = {"voice": "marin"}
    Recorder(HandClock(), writing).record("send", "session.update", {"session": session})
    session["voice"] = "cedar"
    writing.finish(Manifest())
    assert read_records(tmp_path / "run")[0][0].event == {"session": {"voice": "marin"}}


def test_a_key_in_the_name_of_an_event_is_hidden(tmp_path: Path) -> None:
    """Whatever a service calls its events, or a field in them: in memory and on the disk."""
    writing = direct(tmp_path / "run")
    recorder = Recorder(HandClock(), writing, secrets=("very-secret",))
    recorder.record("recv", "x.very-secret", {"type": "x.very-secret", "very-secret": 1}, native="very-secret")
    writing.finish(Manifest())
    (record,) = recorder.records
    assert (record.type, record.native) == ("x.[hidden]", "[hidden]")
    assert record.event == {"type": "x.[hidden]", "[hidden]": 1}
    assert b"very-secret" not in (tmp_path / "run" / "events.jsonl").read_bytes()
