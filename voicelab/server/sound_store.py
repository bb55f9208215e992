"""Where the sound of a conversation's items is kept: on disk, so that a long conversation does not fill the memory.

In: samples.  Out: where they lie, and the samples again.
Does not know: items, or whose sound it is.

The file has no name and goes with the connection, or with the process, whichever ends first.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from voicelab.audio.samples import Samples

_BYTES_PER_SAMPLE = 2


@dataclass(frozen=True)
class Stretch:
    """``n`` samples from sample ``start`` of the store."""

    start: int
    n: int


class SoundStore:
    """An append-only file of 16-bit samples."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._end = 0

    def add(self, samples: Samples) -> Stretch:
        """Keep samples, shape (n,); return where they lie."""
        data = samples.astype("<i2", copy=False).tobytes()
        self._file.seek(self._end * _BYTES_PER_SAMPLE)
        self._file.write(data)
        stretch = Stretch(self._end, len(samples))
        self._end += len(samples)
        return stretch

    def read(self, stretches: Iterable[Stretch]) -> Samples:
        """Return the samples of some stretches, one behind the other."""
        pieces = [self._read(stretch) for stretch in stretches]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)

    def close(self) -> None:
        """Let the sound go."""
        self._file.close()

    def _read(self, stretch: Stretch) -> Samples:
        self._file.seek(stretch.start * _BYTES_PER_SAMPLE)
        data = self._file.read(stretch.n * _BYTES_PER_SAMPLE)
        return np.frombuffer(data, "<i2").astype(np.int16)
