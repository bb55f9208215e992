"""The outline of the newest sound of a run that is being written: what a live picture draws, without reading a file.

In: samples and where they lie.  Out: the lowest and the highest sample of each 10 ms, for the last two minutes.
Does not know: pictures.  One thread adds, any may look: a look may catch the newest bucket half made.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.samples import Samples
from voicelab.runlog.record import Track

#: Samples of a bucket: 10 ms at 24 kHz.
BUCKET_SAMPLES = 240
MOST_BUCKETS = 12_000


class Loudness:
    """The outlines of the tracks, bucket by bucket on the run's time line; buckets without sound are silent.

    Parameters
    ----------
    most_buckets : int
        So many are kept for each track.
    """

    def __init__(self, most_buckets: int = MOST_BUCKETS) -> None:
        self._most = most_buckets
        self._rings: dict[Track, _Ring] = {}

    def take(self, track: Track, start: int, samples: Samples) -> None:
        """Take samples that lie at ``start``; what was there before is widened, never narrowed."""
        if len(samples):
            self._ring(track).take(start, samples)

    def cut(self, track: Track, from_sample: int) -> None:
        """Make silent what begins at a sample or behind it: it was shown, and was not heard after all."""
        self._ring(track).cut(-(-from_sample // BUCKET_SAMPLES))

    def since(self, track: Track, first_bucket: int) -> tuple[int, NDArray[np.int16]]:
        """Return the number of the first bucket and the buckets from there on, int16 of shape (n, 2).

        Parameters
        ----------
        track : Track
        first_bucket : int
            The one that is wanted; a later one comes where it is not kept any more.
        """
        return self._ring(track).since(first_bucket)

    def _ring(self, track: Track) -> _Ring:
        if track not in self._rings:
            self._rings[track] = _Ring(self._most)
        return self._rings[track]


class _Ring:
    """The newest buckets of one track; bucket ``b`` stands at ``b % most``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows = np.zeros((most, 2), np.int16)
        self._end = 0

    def take(self, start: int, samples: Samples) -> None:
        first, offset = divmod(start, BUCKET_SAMPLES)
        cuts = [0, *range(BUCKET_SAMPLES - offset, len(samples), BUCKET_SAMPLES)]
        lows, highs = np.minimum.reduceat(samples, cuts), np.maximum.reduceat(samples, cuts)
        n = min(len(cuts), self._most)
        buckets = np.arange(first + len(cuts) - n, first + len(cuts))
        self._reach(int(buckets[-1]) + 1)
        rows = buckets % self._most
        # A bucket that began in the piece before holds something already.
        self._rows[rows, 0] = np.minimum(self._rows[rows, 0], lows[-n:])
        self._rows[rows, 1] = np.maximum(self._rows[rows, 1], highs[-n:])

    def cut(self, bucket: int) -> None:
        if bucket < self._end:
            self._rows[np.arange(max(bucket, self._end - self._most), self._end) % self._most] = 0

    def since(self, bucket: int) -> tuple[int, NDArray[np.int16]]:
        end = self._end
        first = max(bucket, end - self._most, 0)
        return first, self._rows[np.arange(first, max(first, end)) % self._most]

    def _reach(self, end: int) -> None:
        """Make room up to a bucket; what comes into the ring anew is silence."""
        if end > self._end:
            self._rows[np.arange(max(self._end, end - self._most), end) % self._most] = 0
            self._end = end


def outline(samples: Samples) -> NDArray[np.int16]:
    """Return the buckets of a whole track, int16 of shape (n, 2); the last one may be shorter."""
    if not len(samples):
        return np.zeros((0, 2), np.int16)
    cuts = np.arange(0, len(samples), BUCKET_SAMPLES)
    return np.stack([np.minimum.reduceat(samples, cuts), np.maximum.reduceat(samples, cuts)], axis=1)
