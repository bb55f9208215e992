"""The sound of a run: 16-bit mono WAV files at 24 kHz whose headers are right after every flush.

In: samples and where they begin.  Out: a file that any player opens, also after the writer was killed: it
holds what was there at the last flush.
Does not know: clocks, or when to flush; a position is a sample number.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from voicelab.audio.samples import Samples
from voicelab.runlog.record import TRACK_RATE_HZ

_MOST_SILENCE_AT_ONCE = 10 * TRACK_RATE_HZ
_BUFFER_BYTES = 2**16  # more than a second of sound


class WavTrack:
    """One growing WAV file."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("wb", buffering=_BUFFER_BYTES)
        self._file = wave.open(self._raw, "wb")  # noqa: SIM115 - closed in close()
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(TRACK_RATE_HZ)
        self.n_samples = 0
        self.flush()

    def write(self, start: int, samples: Samples) -> None:
        """Write samples at ``start``; a gap before them becomes silence, what is already written stays.

        Parameters
        ----------
        start : int
            Sample number; samples before the end of the file are skipped (the track never changes its past).
        samples : int16, shape (n,)
        """
        while start > self.n_samples:
            self._append(np.zeros(min(start - self.n_samples, _MOST_SILENCE_AT_ONCE), np.int16))
        self._append(samples[self.n_samples - start :])

    def flush(self) -> None:
        """Hand everything to the operating system, and let the header tell its length."""
        self._file.writeframes(b"")  # no more sound, but wave corrects the header
        self._raw.flush()

    def close(self) -> None:
        """Complete the header and close the file."""
        self._file.close()
        self._raw.close()

    def _append(self, samples: Samples) -> None:
        self._file.writeframesraw(samples.astype("<i2", copy=False).tobytes())
        self.n_samples += len(samples)


def read_track(path: Path, start: int = 0, n: int | None = None) -> Samples:
    """Read samples of a track; what lies beyond the end of the file is left out, a missing file is empty."""
    try:
        with wave.open(str(path), "rb") as file:
            file.setpos(min(start, file.getnframes()))
            data = file.readframes(file.getnframes() if n is None else n)
    except (FileNotFoundError, EOFError, wave.Error):
        return np.zeros(0, np.int16)
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16)
