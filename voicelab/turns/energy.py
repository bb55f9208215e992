"""Speech by loudness: the detector that needs nothing, for machines without the Silero wheel.

In: 16 kHz samples. Out: a level between 0 and 1 per 10 ms, 0.5 at -40 dBFS. It finds speech worse than
Silero (on the shared human speech F1 0.83 against 0.90) and calls most noise speech, which is why it is
only the fallback.
Does not know: that the number will be read as a probability of speech.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicelab.turns.windows import Sound, to_float

_FLOOR = 1e-12  # keeps the logarithm finite; -120 dBFS


class Energy:
    """Level of the last 30 ms, read as if it were a probability: 0.5 = -40 dBFS, 0.1 = 10 dB.

    Attributes
    ----------
    name : str
    n_samples : int
        Length of a window, 160 samples of 16 kHz (10 ms).
    """

    name = "energy"
    n_samples = 160

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the audio heard so far."""
        self._last_powers = np.zeros(2)

    def window(self, samples_16k: Sound) -> float:
        """Score the next window.

        Parameters
        ----------
        samples_16k : ndarray of int16 or float32, shape (160,)
            16 kHz; floats from -1 to 1.

        Returns
        -------
        float
            From 0 to 1.
        """
        return float(self.windows(samples_16k[None])[0])

    def windows(self, rows: Sound) -> NDArray[np.float32]:
        """Score the next ``n`` windows at once, shape (n, 160) -> (n,)."""
        new_powers = (to_float(rows, self.n_samples).astype(np.float64) ** 2).mean(axis=1)
        powers = np.concatenate([self._last_powers, new_powers])
        self._last_powers = powers[-2:]
        level_dbfs = 10 * np.log10((powers[2:] + powers[1:-1] + powers[:-2]) / 3 + _FLOOR)
        levels: NDArray[np.float32] = np.clip(0.5 + (level_dbfs + 40) / 100, 0, 1).astype(np.float32)
        return levels
