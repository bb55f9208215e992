"""Windows of sound as a detector wants them: rows of floats.

In: windows of int16 or float32 samples, one a row. Out: the same as float32, full scale 1.
Does not know: what the windows are scored for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicelab.errors import AudioError

#: 16 kHz samples of a detector: int16, or float32 from -1 to 1.
Sound = NDArray[np.int16] | NDArray[np.float32]


def to_float(rows: Sound, n_samples: int) -> NDArray[np.float32]:
    """Check windows and scale int16 to -1..1.

    Parameters
    ----------
    rows : ndarray of int16 or float32, shape (k, n_samples)
        Floats are taken to be from -1 to 1 already.
    n_samples : int
        Length of a window.

    Returns
    -------
    ndarray of float32, shape (k, n_samples)

    Raises
    ------
    AudioError
        The samples are of another type, or the windows of another length.
    """
    if rows.dtype not in (np.int16, np.float32):
        raise AudioError(f"a detector takes int16 or float32 samples, not {rows.dtype}; convert them first")
    if rows.ndim != 2 or rows.shape[1] != n_samples:
        raise AudioError(f"a detector takes windows of {n_samples} samples, not the shape {rows.shape}")
    if rows.dtype == np.int16:
        return rows.astype(np.float32) / np.float32(32768)
    return rows.astype(np.float32, copy=False)
