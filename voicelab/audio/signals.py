"""Test signals: a tone, silence, noise.

In: a length in ms, a level in dBFS (RMS, as `voicelab.audio.samples.dbfs` measures it). Out: 24 kHz int16
samples.
Does not know: chance; noise is a function of its seed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.samples import RATE_HZ, Samples, to_int16
from voicelab.errors import AudioError


def tone(hz: float, ms: float, level_dbfs: float = -20.0) -> Samples:
    """Return a sine.

    Parameters
    ----------
    hz : float
        Frequency, up to 12,000.
    ms : float
        Length.
    level_dbfs : float
        RMS level; -3.01 is the loudest sine there is.

    Returns
    -------
    int16 array, shape (n,)

    Raises
    ------
    AudioError
        If the sine would not fit into 16 bits.
    """
    return _at_level(np.sin(2 * np.pi * hz * np.arange(_n_samples(ms)) / RATE_HZ), math.sqrt(2), level_dbfs)


def silence(ms: float) -> Samples:
    """Return digital silence, ``ms`` long."""
    return np.zeros(_n_samples(ms), np.int16)


def noise(ms: float, level_dbfs: float, seed: int) -> Samples:
    """Return white noise, uniformly distributed so that its peaks are known.

    Parameters
    ----------
    ms : float
        Length.
    level_dbfs : float
        RMS level; -4.77 is the loudest such noise there is.
    seed : int
        The same seed gives the same noise.

    Returns
    -------
    int16 array, shape (n,)

    Raises
    ------
    AudioError
        If the noise would not fit into 16 bits.
    """
    return _at_level(np.random.default_rng(seed).uniform(-1, 1, _n_samples(ms)), math.sqrt(3), level_dbfs)


def _n_samples(ms: float) -> int:
    return round(ms * RATE_HZ / 1000)


def _at_level(shape: NDArray[np.float64], crest: float, level_dbfs: float) -> Samples:
    """Scale a waveform with peak 1, whose peak is ``crest`` times its RMS, to an RMS level."""
    peak = crest * 10 ** (level_dbfs / 20)
    if peak > 1.0:
        loudest_dbfs = -20 * math.log10(crest)
        raise AudioError(f"a level of {level_dbfs} dBFS does not fit into 16 bits: use {loudest_dbfs:.2f} or less")
    return to_int16(peak * shape)
