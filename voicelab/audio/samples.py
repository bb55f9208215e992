"""What a stretch of sound is inside voicelab: int16 samples, one channel, 24,000 a second.

In: arrays of samples. Out: the type, the rate, the level of a stretch, and the one place where floats become
int16.
Does not know: files, wire formats, other rates.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 24_000
"""Samples per second, everywhere inside voicelab."""

FULL_SCALE = 32_768
"""The int16 value that would be 1.0 as a float."""

Samples: TypeAlias = NDArray[np.int16]
"""Sound, shape (n,), mono; at `RATE_HZ` unless a name says otherwise."""


def round_to_int16(values: NDArray[np.floating[Any]]) -> Samples:
    """Round values that are already on the int16 scale; what lies beyond it is clipped."""
    # np.clip says the same, but costs as much as the live resampling filter.
    return np.asarray(np.minimum(np.maximum(np.rint(values), -FULL_SCALE), FULL_SCALE - 1), np.int16)


def to_int16(values: NDArray[np.floating[Any]]) -> Samples:
    """Turn float samples into int16; what lies beyond full scale is clipped.

    Parameters
    ----------
    values : floating array, shape (n,)
        Samples where 1.0 is full scale.

    Returns
    -------
    int16 array, shape (n,)
    """
    return round_to_int16(values * FULL_SCALE)


def dbfs(samples: Samples) -> float:
    """Return the RMS level in dB relative to full scale.

    A square wave at full scale is 0 dBFS, so the loudest possible sine is -3.01.

    Parameters
    ----------
    samples : int16 array, shape (n,)

    Returns
    -------
    float
        0 or less; ``-inf`` for silence and for no samples at all.
    """
    if not samples.any():
        return -math.inf
    mean_square = float(np.mean(np.square(samples, dtype=np.float64)))
    return 10 * math.log10(mean_square / FULL_SCALE**2)
