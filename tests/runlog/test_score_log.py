"""Promises of `voicelab.runlog.score_log`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import AudioRef
from voicelab.runlog.recorder import DirectWriting, Recorder
from voicelab.runlog.score_log import SCORES_A_RECORD, ScoreLog
from voicelab.runlog.writer import RunWriter
from voicelab.turns.scores import Score

MS = 24


class Zero:
    """A clock that stands still."""

    def now_ns(self) -> int:
        return 0

    def wall_at(self, t_ns: int) -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC) + timedelta(microseconds=t_ns / 1000)


def log(folder: Path) -> tuple[ScoreLog, Recorder]:
    recorder = Recorder(Zero(), DirectWriting(RunWriter(folder, Manifest())))
    return ScoreLog(recorder, "silero"), recorder


def scores(first: int, n: int) -> list[Score]:
    return [Score(k * 32.0, (k + 1) * 32.0, k / 100) for k in range(first, first + n)]


def test_scores_lie_where_their_sound_lies(tmp_path: Path) -> None:
    """Behind a gap in the track they lie behind it too, and those of before the gap before it."""
    scored, recorder = log(tmp_path)
    scored.placed(AudioRef(track="input", start=1000 * MS, n=64 * MS))
    scored.add(scores(0, 2))
    scored.placed(AudioRef(track="input", start=3000 * MS, n=128 * MS))
    scored.add(scores(2, SCORES_A_RECORD))
    events = [record.event for record in recorder.records]
    assert [(event["start_ms"], event["p"]) for event in events] == [
        (1000.0, [0.0, 0.01]),
        (3000.0, [0.02, 0.03, 0.04, 0.05]),
    ]
    assert {event["detector"] for event in events} == {"silero"}


def test_a_few_scores_make_a_record(tmp_path: Path) -> None:
    """Not one record a window: a log of an hour stays readable."""
    scored, recorder = log(tmp_path)
    scored.placed(AudioRef(track="input", start=0, n=400 * MS))
    for score in scores(0, 3 * SCORES_A_RECORD):
        scored.add([score])
    assert [len(record.event["p"]) for record in recorder.records] == [SCORES_A_RECORD] * 3
