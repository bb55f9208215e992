"""Promises of `voicelab.experiments.pausing`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from voicelab.errors import AudioError
from voicelab.experiments.clips import spoken_lines
from voicelab.experiments.many import run_many
from voicelab.experiments.pausing import PausingCaller, with_pause
from voicelab.measure.run import Run
from voicelab.protocol.settings import ServerVAD
from voicelab.turns.voiced import audible_end_ms, audible_start_ms

LINE = spoken_lines()["thinking"]


@pytest.mark.parametrize("pause_ms", [0.0, 150.0, 600.0, 1_700.0])
def test_a_pause_is_as_long_as_asked_and_labels_follow(pause_ms: float) -> None:
    """Nothing but the silence changes; begin and end of speech are where the sound says."""
    paused = with_pause(LINE, pause_ms)
    samples = paused.line.clip.samples
    start, end = (round(ms * 24) for ms in paused.pause_ms)
    assert (end - start) / 24 == pytest.approx(pause_ms, abs=0.05)
    assert not samples[start:end].any()
    original = LINE.clip.samples
    assert samples[:start].tolist() == original[:start].tolist()
    assert samples[end:].tolist() == original[len(original) - (len(samples) - end) :].tolist()
    assert samples[start - 1] != 0 != samples[end]
    # A window of 10 ms decides what is audible.
    assert audible_start_ms(samples, 24_000) == pytest.approx(paused.line.speech_start_ms, abs=10)
    assert audible_end_ms(samples, 24_000) == pytest.approx(paused.line.speech_end_ms, abs=10)
    assert paused.labels["speech_end_ms"] == paused.line.speech_end_ms
    assert paused.labels["pauses_ms"] == [list(paused.pause_ms)]


def test_a_line_without_a_pause_is_refused() -> None:
    """There is no place for one."""
    with pytest.raises(AudioError, match="has no pause"):
        with_pause(spoken_lines()["hello"], 500)


def test_the_caller_says_what_chance_says(tmp_path: Path) -> None:
    """So many questions, pauses within bounds, the plain one anywhere; the same in a pair, others in the next."""
    conditions = {"a": {"turn_detection": ServerVAD(silence_duration_ms=300)}, "b": {}}
    with ThreadPoolExecutor(1) as here:
        outcomes = run_many(
            PausingCaller(n_pausing=2, pause_ms=400, spread=2.0, longest_ms=450),
            conditions,
            3,
            tmp_path / "all",
            hearing="none",
            reply="mirror",
            executor=here,
        )
    said = {}
    for one in outcomes:
        assert one.error is None
        started = [r.event for r in Run(one.folder).records() if r.type == "voicelab.source.started"]
        said[one.folder.name] = [tuple(map(tuple, body["labels"]["pauses_ms"])) for body in started]
    assert said["a-01"] == said["b-01"] != said["a-02"]
    assert said["a-02"] == said["b-02"] != said["a-03"]
    pauses_ms = np.array([pause for lines in said.values() for line in lines for pause in line])
    assert len(pauses_ms) == 2 * len(said)
    assert all(len(lines) == 3 for lines in said.values())
    lengths_ms = pauses_ms[:, 1] - pauses_ms[:, 0]
    assert 0 < lengths_ms.min() < 300 < lengths_ms.max() <= 450.1
    assert len({lines.index(()) for lines in said.values()}) > 1
