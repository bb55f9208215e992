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
    """The newest buckets of one track, in one piece: where its room ends the newest go to the front of a new one.

    The room and the bucket that it begins with are one pair, so a look on another thread never sees one without the
    other.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._room = (0, np.zeros((2 * most, 2), np.int16))
        self._end = 0

    def take(self, start: int, samples: Samples) -> None:
        first, offset = divmod(start, BUCKET_SAMPLES)
        cuts = [0, *range(BUCKET_SAMPLES - offset, len(samples), BUCKET_SAMPLES)]
        end = first + len(cuts)
        begin, rows = self._reach(end)
        n_gone = max(0, begin - first)
        # A bucket that began in the piece before holds something already.
        lows, highs = rows[first + n_gone - begin : max(begin, end) - begin].T
        np.minimum(lows, np.minimum.reduceat(samples, cuts)[n_gone:], out=lows)
        np.maximum(highs, np.maximum.reduceat(samples, cuts)[n_gone:], out=highs)

    def cut(self, bucket: int) -> None:
        begin, rows = self._room
        rows[max(bucket - begin, 0) : max(self._end - begin, 0)] = 0

    def since(self, bucket: int) -> tuple[int, NDArray[np.int16]]:
        begin, rows = self._room
        end = self._end
        first = max(bucket, end - self._most, begin)
        return first, rows[first - begin : max(first, end) - begin].copy()

    def _reach(self, end: int) -> tuple[int, NDArray[np.int16]]:
        """Make room up to a bucket, and return it."""
        begin, rows = self._room
        if end - begin > len(rows):
            kept = rows[end - self._most - begin :]
            begin, rows = end - self._most, np.zeros_like(rows)
            rows[: len(kept)] = kept
            self._room = begin, rows
        self._end = max(self._end, end)
        return begin, rows


def outline(samples: Samples) -> NDArray[np.int16]:
    """Return the buckets of a whole track, int16 of shape (n, 2); the last one may be shorter."""
    if not len(samples):
        return np.zeros((0, 2), np.int16)
    cuts = np.arange(0, len(samples), BUCKET_SAMPLES)
    return np.stack([np.minimum.reduceat(samples, cuts), np.maximum.reduceat(samples, cuts)], axis=1)
