"""Where sound begins and ends: the first and the last audible instant of a stretch of audio.

In: int16 samples and a level. Out: milliseconds from the first sample. Used for the leading silence of
synthetic speech and for labels that no person made.
Does not know: whether what is audible is speech.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicelab.errors import ConfigError


def audible_start_ms(
    samples: NDArray[np.int16], rate_hz: int, threshold_dbfs: float = -45, window_ms: float = 10
) -> float | None:
    """Return the first audible instant.

    It is the first sample at which the RMS level of the ``window_ms`` up to it reaches ``threshold_dbfs``:
    a fraction of a millisecond late for a sound well above the threshold, up to ``window_ms`` for one just
    at it, never early.

    Parameters
    ----------
    samples : ndarray of int16, shape (n,)
    rate_hz : int
    threshold_dbfs : float
        RMS against full scale; -45 dBFS over 10 ms is the project's measure of audible.
    window_ms : float
        What lies before the first sample counts as silence.

    Returns
    -------
    float or None
        Milliseconds from the first sample; None where nothing is audible.

    Raises
    ------
    ConfigError
        The window is shorter than one sample.
    """
    first = _first_audible(samples, _n_window(rate_hz, window_ms), threshold_dbfs)
    return None if first is None else first * 1000 / rate_hz


def audible_end_ms(
    samples: NDArray[np.int16], rate_hz: int, threshold_dbfs: float = -45, window_ms: float = 10
) -> float | None:
    """Return the last audible instant: :func:`audible_start_ms` heard backwards, so never late.

    Parameters, errors and None are as there.
    """
    first = _first_audible(samples[::-1], _n_window(rate_hz, window_ms), threshold_dbfs)
    return None if first is None else (len(samples) - first) * 1000 / rate_hz


def _n_window(rate_hz: int, window_ms: float) -> int:
    n_window = round(rate_hz * window_ms / 1000)
    if n_window < 1:
        raise ConfigError(f"window_ms={window_ms} is shorter than one sample at {rate_hz} Hz", param="window_ms")
    return n_window


def _first_audible(samples: NDArray[np.int16], n_window: int, threshold_dbfs: float) -> int | None:
    energy = np.concatenate([np.zeros(n_window, np.int64), np.cumsum(samples.astype(np.int64) ** 2)])
    in_window = energy[n_window:] - energy[:-n_window]
    audible = in_window >= n_window * (32768 * 10 ** (threshold_dbfs / 20)) ** 2
    return int(audible.argmax()) if audible.any() else None
