"""What noise reduction does to false speech, to speech and to words: ``python -m tests.benchmarks.bench_denoise``.

Reads the labelled human speech that VOICELAB_SPEECH names. Each table has a row for sound as it is and one for each
kind of noise reduction at full strength. Frame scores follow the reference on metrics, section 7: frames of 10 ms,
speech where their centre is inside a ``speech`` row, left out where it is only inside a ``vocal`` row, no collar.
"""

from __future__ import annotations

import json
import os
import sys
import wave
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.denoise import DEPTHS, Denoiser
from voicelab.audio.resample import convert
from voicelab.audio.samples import RATE_HZ, Samples, round_to_int16
from voicelab.turns.scores import score_clip

Treatment = Callable[[Samples], Samples]

GAINS_DB = (0, 12, -12)
FRAME_S = 0.010
#: Name of a group -> what its clips' names begin with, whether they end with -snr5.
GROUPS = {
    "hand-labelled": ("ten-", False),
    "hand-labelled + noise": ("ten-", True),
    "meeting": ("ami-", False),
    "counting": ("pya-", False),
}
NOISES = ("noise-noise1", "noise-noise3", "noise-noise5", "noise-dog")
READ_CLIPS = ("libri-0880", "libri-0920", "lj002-0020", "jfk", "cards-001", "cards-003", "cards-005")
WORDS_SNR_DB = 10


@dataclass(frozen=True)
class Recording:
    """One clip of the share at 24 kHz, and the rows of its label file."""

    samples: Samples
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class FrameScore:
    """Counts of 10 ms frames: called speech or not, speech or not."""

    hits: int
    misses: int
    false_alarms: int
    rejections: int

    @property
    def recall(self) -> float:
        """Share of the speech frames that were called speech."""
        return self.hits / (self.hits + self.misses)

    @property
    def precision(self) -> float:
        """Share of the frames called speech that were."""
        return self.hits / (self.hits + self.false_alarms)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.hits / (2 * self.hits + self.misses + self.false_alarms)

    @property
    def false_alarm_rate(self) -> float:
        """Share of the other frames that were called speech."""
        return self.false_alarms / (self.false_alarms + self.rejections)


def treatments() -> dict[str, Treatment]:
    """Return what is compared, by name."""
    return {"off": lambda samples: samples, **{kind: _reducing(kind) for kind in DEPTHS}}


def read(share: Path, name: str) -> Recording:
    """Read one clip of the share."""
    with wave.open(str(share / "audio" / f"{name}.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
    lines = (share / "labels" / f"{name}.jsonl").read_text("utf-8").splitlines()
    return Recording(convert(samples, 16_000, RATE_HZ), tuple(json.loads(line) for line in lines))


def group(share: Path, name: str) -> list[Recording]:
    """Read the clips of one of ``GROUPS``."""
    begins, with_noise = GROUPS[name]
    names = sorted(path.stem for path in (share / "audio").glob(f"{begins}*.wav"))
    return [read(share, one) for one in names if one.endswith("-snr5") == with_noise]


def probabilities(samples: Samples) -> NDArray[np.float64]:
    """Return the speech probability of each window."""
    return np.array([score.probability for score in score_clip(samples)])


def amplified(samples: Samples, gain_db: float) -> Samples:
    """Return the sound louder or softer; what does not fit is clipped, as a microphone does."""
    return round_to_int16(samples * 10 ** (gain_db / 20))


def frame_score(recordings: Iterable[Recording], treat: Treatment, threshold: float = 0.5) -> FrameScore:
    """Score the frames of all recordings together."""
    counts = np.zeros((2, 2), int)
    for recording in recordings:
        n_frames = int(len(recording.samples) / RATE_HZ / FRAME_S)
        centres_s = (np.arange(n_frames) + 0.5) * FRAME_S
        speech, vocal = (_inside(centres_s, recording.rows, kind) for kind in ("speech", "vocal"))
        scores = score_clip(treat(recording.samples))
        ends_s = np.array([score.end_ms / 1000 for score in scores])
        window = np.minimum(np.searchsorted(ends_s, centres_s, side="right"), len(scores) - 1)
        called = np.array([score.probability >= threshold for score in scores])[window]
        kept = speech | ~vocal
        np.add.at(counts, (speech[kept].astype(int), called[kept].astype(int)), 1)
    return FrameScore(
        hits=int(counts[1, 1]), misses=int(counts[1, 0]), false_alarms=int(counts[0, 1]), rejections=int(counts[0, 0])
    )


def main() -> None:
    """Measure everything and print it; a minute or two."""
    named = os.environ.get("VOICELAB_SPEECH")
    if not named:
        sys.exit("VOICELAB_SPEECH names no folder of labelled speech: nothing to measure")
    share = Path(named)
    _print_false_speech(share)
    _print_frame_scores(share)
    _print_words(share)
    _print_cost(share)


def _reducing(kind: Any) -> Treatment:
    def treat(samples: Samples) -> Samples:
        denoiser = Denoiser(kind)
        return np.concatenate([denoiser.feed(samples), denoiser.flush()])

    return treat


def _inside(centres_s: NDArray[np.float64], rows: Iterable[dict[str, Any]], kind: str) -> NDArray[np.bool_]:
    inside = [(centres_s >= row["start"]) & (centres_s < row["end"]) for row in rows if row["kind"] == kind]
    return np.any(inside, axis=0) if inside else np.zeros(len(centres_s), bool)


def _print_false_speech(share: Path) -> None:
    print("\nNoise only: windows of 32 ms called speech at 0.5 / at 0.3, mean probability")
    print(f"{'clip':<16}{'gain':>7}{'windows':>9}" + "".join(f"{name:>20}" for name in treatments()))
    for gain_db in GAINS_DB:
        every: dict[str, list[NDArray[np.float64]]] = {name: [] for name in treatments()}
        for clip in NOISES:
            sound = amplified(read(share, clip).samples, gain_db)
            for name, treat in treatments().items():
                every[name].append(probabilities(treat(sound)))
            _print_noise_row(clip, gain_db, [found[-1] for found in every.values()])
        _print_noise_row("all", gain_db, [np.concatenate(found) for found in every.values()])


def _print_noise_row(clip: str, gain_db: float, columns: list[NDArray[np.float64]]) -> None:
    cells = [f"{(p >= 0.5).sum():>5} / {(p >= 0.3).sum():>3} {p.mean():.4f}" for p in columns]
    print(f"{clip:<16}{gain_db:>+4} dB{len(columns[0]):>9}" + "".join(f"{cell:>20}" for cell in cells))


def _print_frame_scores(share: Path) -> None:
    print("\nClips with speech: frames of 10 ms, threshold 0.5")
    print(f"{'group':<24}{'':<12}{'precision':>10}{'recall':>8}{'F1':>8}{'false alarms':>14}")
    for label in GROUPS:
        recordings = group(share, label)
        for name, treat in treatments().items():
            score = frame_score(recordings, treat)
            found = f"{score.precision:>10.3f}{score.recall:>8.3f}{score.f1:>8.3f}{score.false_alarm_rate:>14.3f}"
            print(f"{label:<24}{name:<12}{found}")


def _print_words(share: Path) -> None:
    import jiwer

    from voicelab.engines.sphinx import Sphinx

    noise = read(share, NOISES[0]).samples
    clips = [read(share, name) for name in READ_CLIPS]
    texts = [next(row["text"] for row in clip.rows if row["kind"] == "transcript") for clip in clips]
    n_words = sum(len(text.split()) for text in texts)
    print(f"\nDictation, PocketSphinx, {len(clips)} read clips, {n_words} words: word error rate")
    print(f"{'':<12}{'as recorded':>14}{f'noise1 at {WORDS_SNR_DB} dB':>18}")
    dictation = Sphinx()
    for name, treat in treatments().items():
        plain = [_words(dictation, treat(clip.samples)) for clip in clips]
        noisy = [_words(dictation, treat(_mixed(clip.samples, noise))) for clip in clips]
        print(f"{name:<12}{jiwer.wer(texts, plain):>14.3f}{jiwer.wer(texts, noisy):>18.3f}")


def _words(recogniser: Any, sound: Samples) -> str:
    recogniser.start()
    for at in range(0, sound.size, 480):
        recogniser.feed(sound[at : at + 480])
    return recogniser.finish().text or "-"


def _mixed(speech: Samples, noise: Samples) -> Samples:
    under = np.resize(noise, speech.size).astype(float)
    wanted = np.mean(np.square(speech, dtype=float)) / 10 ** (WORDS_SNR_DB / 10)
    return round_to_int16(speech + under * np.sqrt(wanted / np.mean(under**2)))


def _print_cost(share: Path) -> None:
    sound = read(share, "ami-EN2003a").samples
    denoiser = Denoiser("far_field")
    begun = process_time()
    for at in range(0, sound.size, 480):
        denoiser.feed(sound[at : at + 480])
    print(
        f"\nCPU time per second of sound, in pieces of 20 ms: {(process_time() - begun) * RATE_HZ / sound.size:.4f} s"
    )


if __name__ == "__main__":
    main()
