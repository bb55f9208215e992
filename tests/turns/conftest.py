"""Sound for the tests of the turns room: a made voice, and human speech where the share is present."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

RATE_HZ = 16_000


@dataclass(frozen=True)
class Recording:
    """A clip of the share: 16 kHz samples and the rows of its label file."""

    name: str
    samples_16k: NDArray[np.int16]
    rows: tuple[dict, ...]


@pytest.fixture(scope="session")
def made_voice_16k() -> NDArray[np.int16]:
    """Four seconds that Silero half believes: a gliding buzz in syllables, then silence, in faint noise."""
    n = 3 * RATE_HZ
    seconds = np.arange(n) / RATE_HZ
    pitch_hz = 180 + 25 * np.sin(2 * np.pi * 0.7 * seconds)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    formants_hz = np.array([600, 1200, 2500])[:, None] * (1 + 0.25 * np.sin(2 * np.pi * 1.9 * seconds))
    voice = np.zeros(n)
    for harmonic in range(1, 30):
        gain = (1 / (1 + ((harmonic * pitch_hz - formants_hz) / 150) ** 2)).sum(axis=0)
        voice += gain * np.sin(harmonic * phase) / harmonic
    voice *= np.clip(np.sin(2 * np.pi * 4 * seconds), 0, 1)
    noise = np.random.default_rng(7).standard_normal(n + RATE_HZ) * 10
    return (np.concatenate([voice / np.abs(voice).max() * 9000, np.zeros(RATE_HZ)]) + noise).astype(np.int16)


@pytest.fixture
def read_recording(speech_share: Path) -> Callable[[str], Recording]:
    """Read one clip of the share by its name."""

    def read(name: str) -> Recording:
        with wave.open(str(speech_share / "audio" / f"{name}.wav")) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
        lines = (speech_share / "labels" / f"{name}.jsonl").read_text().splitlines()
        return Recording(name, samples, tuple(json.loads(line) for line in lines))

    return read


@pytest.fixture
def clip_names(speech_share: Path) -> Callable[[str], list[str]]:
    """List the share's clips whose name matches a pattern."""
    return lambda pattern: sorted(path.stem for path in (speech_share / "audio").glob(f"{pattern}.wav"))
