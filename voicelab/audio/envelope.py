"""The outline of a sound for a plot: the lowest and the highest sample of each stretch.

In: samples, and how many points the plot can show. Out: two arrays of that length.
Does not know: figures, time axes. No sample is skipped, so a click of one sample is seen at any zoom.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.samples import FULL_SCALE, Samples
from voicelab.errors import AudioError


def envelope(samples: Samples, n_points: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the lowest and the highest value of each of ``n_points`` equal stretches.

    Stretch ``i`` of ``n`` samples is ``[i * n // n_points, (i + 1) * n // n_points)``.

    Parameters
    ----------
    samples : int16 array, shape (n,)
    n_points : int
        At least 1.

    Returns
    -------
    lows, highs : float32 arrays, shape (min(n, n_points),)
        Between -1 and 1.

    Raises
    ------
    AudioError
        If ``n_points`` is less than 1.
    """
    if n_points < 1:
        raise AudioError(f"an envelope of {n_points} points shows nothing: ask for at least 1")
    if samples.size == 0:
        return np.empty(0, np.float32), np.empty(0, np.float32)
    n_stretches = min(n_points, samples.size)
    starts = np.arange(n_stretches) * samples.size // n_stretches
    lows = np.minimum.reduceat(samples, starts)
    highs = np.maximum.reduceat(samples, starts)
    full_scale = np.float32(FULL_SCALE)
    return lows.astype(np.float32) / full_scale, highs.astype(np.float32) / full_scale
