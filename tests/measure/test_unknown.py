"""Promises of `voicelab.measure.unknown`: what a log cannot tell is null, in every table."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.measure.room import Tape
from voicelab.measure.run import Run
from voicelab.runlog.manifest import CLOCKS

LENGTHS = "voice_to_voice_ms endpoint_ms transcript_delay_ms residual_ms from_stopped_ms request_ms model_ms playout_ms"
FROM_SPEECH = LENGTHS.split()[:4]


def saved(conversation: Tape, folder: Path, *unknown: str) -> Run:
    """Return the conversation as a run some of whose clocks measure nothing."""
    clocks = {**CLOCKS, **dict.fromkeys(unknown, "unknown: the imported file has none")}
    return conversation.save(folder / "run", state="complete", clocks=clocks)


def test_a_log_without_time_stamps_has_no_latencies(conversation: Tape, tmp_path: Path, run: Run) -> None:
    """The order of its events is no clock; words, tokens and sound are as ever."""
    without = saved(conversation, tmp_path, "t_ns")
    lengths = [*LENGTHS.split(), "first_audio_ms"]
    for turn, timed in zip(without.turn_list(), run.turn_list(), strict=True):
        assert {name: value for name, value in asdict(turn).items() if name in lengths} == dict.fromkeys(lengths)
        same = set(asdict(turn)) - set(lengths)
        assert {name: asdict(turn)[name] for name in same} == {name: asdict(timed)[name] for name in same}
    assert without.tools().select("run_ms", "reply_ms", "gap_ms").row(0) == (None, None, None)
    told = {row["metric"] for row in without.metrics().rows(named=True) if row["value"] is not None}
    assert told <= {"wer", "word_substitutions", "word_deletions", "word_insertions"}


def test_sound_that_was_sent_faster_than_it_was_spoken_has_no_end_of_speech(
    conversation: Tape, tmp_path: Path, run: Run
) -> None:
    """What is counted from there is null; what is between two events of the log is not."""
    fast = saved(conversation, tmp_path, "input").turns()
    assert fast.select(FROM_SPEECH).null_count().row(0) == (fast.height,) * 4
    assert fast["model_ms"].to_list() == run.turns()["model_ms"].to_list()
    metrics = saved(conversation, tmp_path / "more", "input").metrics()
    assert metrics.filter(metrics["metric"] == "voice_to_voice_p50")["value"].null_count() > 0
    assert metrics.filter(metrics["metric"] == "tool_gap_p50")["value"].to_list() == [200.0]


def test_a_copy_without_words_has_no_word_errors(conversation: Tape, tmp_path: Path) -> None:
    """Two redacted texts are alike, which says nothing of who understood what."""
    copy = conversation.save(tmp_path / "run", state="complete", redaction="no text")
    rows = {row["metric"]: row for row in copy.metrics().rows(named=True)}
    assert rows["wer"]["value"] is None
    assert "taken out" in rows["wer"]["note"]


@pytest.mark.parametrize("clock", ["heard", "wall"])
def test_other_clocks_change_nothing_here(conversation: Tape, tmp_path: Path, run: Run, clock: str) -> None:
    """Whether sound was heard stands in the log itself."""
    assert saved(conversation, tmp_path, clock).turns().equals(run.turns())
