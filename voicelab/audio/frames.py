"""Cut a stream of samples into frames of one exact length.

In: samples in chunks of any size. Out: frames of 20 ms (480 samples), and at the end the rest.
Does not know: pace, clocks, what a frame is used for.
"""

from __future__ import annotations

import numpy as np

from voicelab.audio.samples import Samples

FRAME_MS = 20
FRAME_SAMPLES = 480


class Framer:
    """Collect samples until a frame is full.

    Parameters
    ----------
    n_samples : int
        Length of a frame.
    """

    def __init__(self, n_samples: int = FRAME_SAMPLES) -> None:
        self._n_samples = n_samples
        self._pending: Samples = np.empty(0, np.int16)

    def feed(self, samples: Samples) -> list[Samples]:
        """Take the next samples, return the frames that are now full.

        Parameters
        ----------
        samples : int16 array, shape (n,)
            Is copied: a sound card may reuse its buffer at once.

        Returns
        -------
        list of int16 arrays, each of shape (n_samples,)
        """
        stream = np.concatenate([self._pending, samples])
        n_framed = stream.size - stream.size % self._n_samples
        self._pending = stream[n_framed:]
        return list(stream[:n_framed].reshape(-1, self._n_samples))

    def rest(self) -> Samples:
        """Return the samples that did not fill a frame (shorter than one, perhaps empty), and forget them."""
        rest = self._pending
        self.clear()
        return rest

    def clear(self) -> None:
        """Forget the samples that did not fill a frame."""
        self._pending = np.empty(0, np.int16)
