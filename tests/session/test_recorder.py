"""The recorder: numbered, stamped, without secrets, every sample in its place."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.server.room import WALL
from voicelab.audio.signals import tone
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.writer import RunWriter, prepare_folder
from voicelab.session.recorder import Recorder
from voicelab.session.writing import DirectWriting
from voicelab.transports.clock import Clock
from voicelab.transports.virtual_time import run_in_virtual_time


def test_records_count_up_carry_both_clocks_and_hide_keys(tmp_path: Path) -> None:
    """seq without a gap, t_ns and wall of the same instant, the epoch, and no key in memory or on disk."""

    async def act() -> Recorder:
        writing = DirectWriting(RunWriter(prepare_folder(tmp_path / "run"), Manifest()))
        recorder = Recorder(Clock(asyncio.get_running_loop(), WALL), writing, secrets=("very-secret",))
        recorder.record("send", "session.update", {"session": {"instructions": "say very-secret"}}, n_bytes=10)
        await asyncio.sleep(1.5)
        recorder.epoch = 1
        recorder.local("mark", text="here")
        writing.finish(Manifest())
        return recorder

    recorder = run_in_virtual_time(act())
    first, second = recorder.records
    assert (first.seq, first.bytes, first.event["session"]["instructions"]) == (0, 10, "say [hidden]")
    assert (second.seq, second.t_ns, second.wall, second.epoch) == (1, 1_500_000_000, "2026-11-20T12:00:01.500000Z", 1)
    assert read_records(tmp_path / "run")[0] == recorder.records
    assert b"very-secret" not in (tmp_path / "run" / "events.jsonl").read_bytes()


def test_track_never_changes_its_past(tmp_path: Path) -> None:
    """Samples stand where they are asked to stand, or behind what is there, never over it."""

    async def act() -> list[tuple[int, int]]:
        writing = DirectWriting(RunWriter(prepare_folder(tmp_path / "run"), Manifest()))
        recorder = Recorder(Clock(asyncio.get_running_loop(), WALL), writing)
        placed = [
            recorder.place("input", tone(440, 20), start=100),
            recorder.place("input", tone(440, 20)),
            recorder.place("input", tone(440, 20), start=50),
        ]
        writing.finish(Manifest())
        return [(ref.start, ref.n) for ref in placed]

    assert run_in_virtual_time(act()) == [(100, 480), (580, 480), (1_060, 480)]
