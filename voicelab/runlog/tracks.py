"""The sound of a run: 16-bit mono WAV files at 24 kHz whose headers are right after every flush.

In: samples and where they begin.  Out: a file that any player opens, also after the writer was killed: it
holds what was there at the last flush.
Does not know: clocks, or when to flush; a position is a sample number.

The header is written here, not by ``wave``: that keeps a file alive behind the back of whoever closed it on a full
disk, and fails beyond 4 GiB with an error that is no `OSError`.
"""

from __future__ import annotations

import errno
import struct
import wave
from pathlib import Path

import numpy as np

from voicelab.audio.samples import Samples
from voicelab.runlog.record import TRACK_RATE_HZ

_BUFFER_BYTES = 2**16
# Less than the buffer holds: such a piece is taken whole or not at all, also by a full disk.
_MOST_AT_ONCE = TRACK_RATE_HZ
_HEADER_BYTES = 44
# What the 32 bits of a WAV header can tell: more than 24 hours.
MOST_SAMPLES = (2**32 - _HEADER_BYTES) // 2


class WavTrack:
    """One growing WAV file.

    Raises
    ------
    OSError
        From every method, when the disk does not take it. What was flushed before stays readable.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=_BUFFER_BYTES)
        self.n_samples = 0
        self._file.write(_header(0))
        self._file.flush()

    def write(self, start: int, samples: Samples) -> None:
        """Write samples at ``start``; a gap before them becomes silence, what is already written stays.

        Parameters
        ----------
        start : int
            Sample number; samples before the end of the file are skipped (the track never changes its past).
        samples : int16, shape (n,)
        """
        while start > self.n_samples:
            self._append(np.zeros(min(start - self.n_samples, _MOST_AT_ONCE), np.int16))
        for at in range(self.n_samples - start, len(samples), _MOST_AT_ONCE):
            self._append(samples[at : at + _MOST_AT_ONCE])

    def flush(self) -> None:
        """Hand everything to the operating system, and then let the header tell its length."""
        self._file.flush()
        self._file.seek(0)
        self._file.write(_header(self.n_samples))
        self._file.seek(0, 2)

    def close(self) -> None:
        """Complete the header and close the file, also where the disk does not take the rest; twice is harmless."""
        if self._file.closed:
            return
        try:
            self.flush()
        finally:
            self._file.close()

    def _append(self, samples: Samples) -> None:
        if self.n_samples + len(samples) > MOST_SAMPLES:
            raise OSError(errno.EFBIG, "a WAV file holds no more than 24 hours of sound")
        self._file.write(samples.astype("<i2", copy=False).tobytes())
        self.n_samples += len(samples)


def _header(n_samples: int) -> bytes:
    """Return the header of a PCM file (RIFF, "Multimedia Programming Interface and Data Specifications 1.0", 1991)."""
    n_bytes = 2 * n_samples
    form = struct.pack("<4sI4s4sI", b"RIFF", _HEADER_BYTES - 8 + n_bytes, b"WAVE", b"fmt ", 16)
    return form + struct.pack("<HHIIHH4sI", 1, 1, TRACK_RATE_HZ, 2 * TRACK_RATE_HZ, 2, 16, b"data", n_bytes)


def read_track(path: Path, start: int = 0, n: int | None = None) -> Samples:
    """Read samples of a track; what lies beyond the end of the file is left out, a missing file is empty."""
    try:
        with wave.open(str(path), "rb") as file:
            file.setpos(min(start, file.getnframes()))
            data = file.readframes(file.getnframes() if n is None else n)
    except (FileNotFoundError, EOFError, wave.Error):
        return np.zeros(0, np.int16)
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16)
