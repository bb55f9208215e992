"""The scores in the log are those of the sound that was sent, where it lies, however it was cut into frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runlog.test_score_log import Zero
from voicelab.experiments.clips import spoken_lines
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import AudioRef
from voicelab.runlog.recorder import DirectWriting, Recorder
from voicelab.runlog.writer import RunWriter
from voicelab.session.scoring import Scoring
from voicelab.turns.scores import score_clip

SPEECH = spoken_lines()["read"].clip.samples[: 24_000 * 2]


def logged(folder: Path, starts: list[int], n_frame: int) -> list[tuple[float, float]]:
    """Return (start_ms, probability) of each window, of speech whose frames lie at these samples."""
    recorder = Recorder(Zero(), DirectWriting(RunWriter(folder, Manifest())))
    scoring = Scoring(recorder)
    for k, start in enumerate(starts):
        scoring.sent(SPEECH[k * n_frame : (k + 1) * n_frame], AudioRef(track="input", start=start, n=n_frame))
    events = [record.event for record in recorder.records]
    return [(event["start_ms"] + n * 32.0, p) for event in events for n, p in enumerate(event["p"])]


@pytest.mark.parametrize("n_frame", [480, 2_400])
def test_scores_are_those_of_the_whole_sound(tmp_path: Path, n_frame: int) -> None:
    """Frame by frame as all at once, up to the last few windows, which wait for more."""
    found = logged(tmp_path, list(range(0, len(SPEECH), n_frame)), n_frame)
    whole = score_clip(SPEECH)
    assert len(found) >= len(whole) - 8
    for (start_ms, p), score in zip(found, whole, strict=False):
        assert start_ms == score.start_ms
        assert p == pytest.approx(score.probability, abs=1e-3)


def test_sound_before_a_gap_is_scored_before_it(tmp_path: Path) -> None:
    """What waited to be scored when a gap came lies where it was sent, not behind the gap."""
    before, gap = 10, 240_000
    starts = [k * 480 + (gap if k >= before else 0) for k in range(len(SPEECH) // 480)]
    times = np.array([start_ms for start_ms, _ in logged(tmp_path, starts, 480)])
    assert (times[times < 5_000] < before * 20).all()
    assert np.count_nonzero(times < 5_000) == before * 20 // 32
    assert times[times > 5_000].min() == pytest.approx(10_000 + before * 20, abs=32)
