"""Playback: what was really heard, to the sample, at the pace of a sound card."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from tests.server.room import WALL
from voicelab.audio.samples import Samples
from voicelab.audio.signals import tone
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.recorder import DirectWriting, Recorder
from voicelab.runlog.tracks import read_track
from voicelab.runlog.writer import RunWriter, prepare_folder
from voicelab.session.playback import FileSink, NullSink, Player, Sink
from voicelab.transports.clock import Clock
from voicelab.transports.pacing import sleep_until
from voicelab.transports.virtual_time import run_in_virtual_time


def play(folder: Path, act: Callable[[Player], Awaitable[None]], sink: Sink | None = None) -> Recorder:
    """Run a player in virtual time while ``act`` feeds it; return everything it wrote down."""

    async def perform() -> Recorder:
        clock = Clock(asyncio.get_running_loop(), WALL)
        manifest = Manifest()
        writing = DirectWriting(RunWriter(prepare_folder(folder), manifest))
        recorder = Recorder(clock, writing)
        player = Player(sink or NullSink(), clock, recorder, lambda: None, lambda samples, start: None)
        running = asyncio.create_task(player.run())
        await act(player)
        running.cancel()
        writing.finish(manifest)
        return recorder

    return run_in_virtual_time(perform())


def facts(recorder: Recorder, kind: str) -> list[dict[str, object]]:
    """Return the facts of one kind."""
    return [record.event for record in recorder.records if record.type == f"voicelab.playback.{kind}"]


def test_item_is_heard_to_its_end_and_nothing_is_lost(tmp_path: Path) -> None:
    """Every sample that was received is in the heard track, in order, and its time passes."""
    sound = tone(300, 1_234)

    async def act(player: Player) -> None:
        for start in range(0, len(sound), 1_000):
            player.add("item", "resp", sound[start : start + 1_000])
        player.complete("item")
        await asyncio.sleep(1.2)
        assert player.busy
        await asyncio.sleep(0.1)
        assert not player.busy

    recorder = play(tmp_path / "run", act)
    (stopped,) = facts(recorder, "stopped")
    assert stopped["reason"] == "finished"
    assert stopped["heard_ms"] == stopped["received_ms"] == len(sound) / 24
    assert (read_track(tmp_path / "run" / "heard.wav") == sound).all()


@pytest.mark.parametrize("after_ms", [1, 10, 20, 21, 333, 999])
def test_interruption_counts_the_samples_heard_so_far(tmp_path: Path, after_ms: int) -> None:
    """Interrupted after so many ms, so many ms were heard: not the frame that was handed over, not what came."""
    sound = tone(300, 2_000)
    cuts = []

    async def act(player: Player) -> None:
        player.add("item", "resp", sound)
        await asyncio.sleep(after_ms / 1000)
        cuts.extend(await player.interrupt())
        await asyncio.sleep(1)
        assert not player.busy

    recorder = play(tmp_path / "run", act)
    (cut,) = cuts
    assert cut.heard_ms == pytest.approx(after_ms, abs=1)
    assert cut.received_ms == 2_000
    heard = read_track(tmp_path / "run" / "heard.wav")
    assert len(heard) == pytest.approx(after_ms * 24, abs=24)
    assert (heard == sound[: len(heard)]).all()
    assert facts(recorder, "stopped")[0]["reason"] == "interrupted"


def test_interruption_tells_each_item_apart(tmp_path: Path) -> None:
    """One item heard to its end is not cut; the one after it is cut where it was; the one not begun was not heard."""
    cuts = []

    async def act(player: Player) -> None:
        for name in ("first", "second", "third"):
            player.add(name, "resp", tone(300, 100))
            player.complete(name)
        await asyncio.sleep(0.150)
        cuts.extend(await player.interrupt())

    play(tmp_path / "run", act)
    assert [(cut.item_id, cut.heard_ms) for cut in cuts] == [("second", pytest.approx(50, abs=1)), ("third", 0)]


def test_late_audio_is_an_underrun_and_playback_goes_on(tmp_path: Path) -> None:
    """A hole in the arrival is a hole in what is heard, at its true place, and it is written down."""

    async def act(player: Player) -> None:
        player.add("item", "resp", tone(300, 100))
        await asyncio.sleep(0.5)
        player.add("item", "resp", tone(300, 100))
        player.complete("item")
        await asyncio.sleep(0.2)

    recorder = play(tmp_path / "run", act)
    assert facts(recorder, "underrun") == [{"item_id": "item", "at_ms": 100.0}]
    assert len(facts(recorder, "started")) == 1
    heard = read_track(tmp_path / "run" / "heard.wav")
    assert not heard[2_400:12_000].any()
    assert heard[12_000:14_400].any()


def test_interrupting_silence_cuts_nothing(tmp_path: Path) -> None:
    """Nobody is cut off when nothing plays."""

    async def act(player: Player) -> None:
        assert await player.interrupt() == []

    play(tmp_path / "run", act)


def test_file_sink_keeps_what_was_played(tmp_path: Path) -> None:
    """The sink's WAV holds the replies end to end."""
    sound: Samples = np.concatenate([tone(300, 50), tone(500, 70)])
    sink = FileSink(tmp_path / "heard-by-me.wav")

    async def act(player: Player) -> None:
        player.add("item", "resp", sound)
        player.complete("item")
        await asyncio.sleep(0.3)
        with wave.open(str(tmp_path / "heard-by-me.wav")) as file:
            assert file.getnframes() == len(sound)  # so a process that is killed now leaves it
        sink.close()

    play(tmp_path / "run", act, sink)
    with wave.open(str(tmp_path / "heard-by-me.wav")) as file:
        assert file.readframes(10_000) == sound.astype("<i2").tobytes()


class LateSink(NullSink):
    """Knows a moment later how much was heard, as a browser does."""

    def __init__(self, heard: int) -> None:
        super().__init__()
        self._heard = heard
        self._taken = 0
        self._settled = False

    def play(self, frame: Samples) -> None:
        super().play(frame)
        self._taken += len(frame)

    def unheard(self) -> int:
        return self._taken - self._heard if self._settled else super().unheard()

    def undecided(self) -> int:
        return max(self.unheard(), self._taken - self._heard)

    def flush(self) -> Awaitable[None]:
        super().flush()
        return self._settle()

    async def _settle(self) -> None:
        await asyncio.sleep(0.03)
        self._settled = True


@pytest.mark.parametrize("heard", [11_111, 3_000])
def test_a_sink_that_counts_later_is_waited_for(tmp_path: Path, heard: int) -> None:
    """The cut is what the sink counted in the end, not the estimate of the first moment; until then it is not quiet.

    So is the track, also where the sink was late by more than what is written at once.
    """
    cuts = []

    async def act(player: Player) -> None:
        player.add("item", "resp", tone(300, 2_000))
        await asyncio.sleep(0.5)
        settling = player.stop()
        assert settling is not None
        assert player.busy
        await settling
        cuts.extend(player.cuts())
        assert not player.busy
        assert player.cuts() == []

    recorder = play(tmp_path / "run", act, sink=LateSink(heard))
    assert [cut.heard_ms for cut in cuts] == [heard // 24]
    assert facts(recorder, "stopped")[0]["heard_ms"] == heard / 24
    assert len(read_track(tmp_path / "run" / "heard.wav")) == heard


def test_a_session_that_ends_while_a_cut_is_being_counted_loses_no_fact(tmp_path: Path) -> None:
    """Stopped twice before the sink has counted: what was heard is told and on the track, by the estimate."""
    cuts = []

    async def act(player: Player) -> None:
        player.add("item", "resp", tone(300, 2_000))
        await asyncio.sleep(0.5)
        settling = player.stop()
        assert settling is not None
        cuts.extend(await player.interrupt())
        await settling

    recorder = play(tmp_path / "run", act, sink=LateSink(heard=11_111))
    assert [cut.heard_ms for cut in cuts] == [pytest.approx(500, abs=1)]
    assert [fact["reason"] for fact in facts(recorder, "stopped")] == ["interrupted"]
    assert len(read_track(tmp_path / "run" / "heard.wav")) == pytest.approx(12_000, abs=24)


class HoldingSink(NullSink):
    """Takes frames long before they are heard, as a slow line to a browser makes it."""

    LEAD_S = 0.4

    async def wait(self) -> None:
        await sleep_until(self._end_s - self.LEAD_S)


def test_what_a_sink_still_holds_is_not_heard_yet(tmp_path: Path) -> None:
    """Interrupted while the sink holds 400 ms, the heard track ends where the ear did, not where the sink was fed."""

    async def act(player: Player) -> None:
        player.add("item", "resp", tone(300, 3_000))
        await asyncio.sleep(1.0)
        (cut,) = await player.interrupt()
        assert cut.heard_ms == pytest.approx(1_000, abs=1)

    play(tmp_path / "run", act, sink=HoldingSink())
    assert len(read_track(tmp_path / "run" / "heard.wav")) == pytest.approx(24_000, abs=24)


def test_the_end_of_an_item_counts_as_heard_only_when_it_was(tmp_path: Path) -> None:
    """Cut off in its last 400 ms, which the sink holds already, an item is cut there, and not finished."""

    async def act(player: Player) -> None:
        player.add("item", "resp", tone(300, 1_000))
        player.complete("item")
        await asyncio.sleep(0.8)
        (cut,) = await player.interrupt()
        assert cut.heard_ms == pytest.approx(800, abs=1)

    recorder = play(tmp_path / "run", act, sink=HoldingSink())
    assert [fact["reason"] for fact in facts(recorder, "stopped")] == ["interrupted"]


def test_a_reply_that_goes_on_while_the_sink_plays_has_no_hole(tmp_path: Path) -> None:
    """More of an item that arrives before the sink is empty follows at once: no underrun, one stretch."""
    sound = tone(300, 1_000)

    async def act(player: Player) -> None:
        player.add("item", "resp", sound[:12_000])
        await asyncio.sleep(0.3)
        player.add("item", "resp", sound[12_000:])
        player.complete("item")
        await asyncio.sleep(1)
        assert not player.busy

    recorder = play(tmp_path / "run", act, sink=HoldingSink())
    assert facts(recorder, "underrun") == []
    assert (read_track(tmp_path / "run" / "heard.wav") == sound).all()
