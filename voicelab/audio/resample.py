"""Change the sampling rate: a short filter for live sound, soxr for whole clips.

In: int16 samples at one rate, in chunks of any size or at once. Out: the same sound at another rate, not
shifted in time.
Does not know: files, wire formats, or how long a chunk is meant to last.

The live filter is a sinc under a Kaiser window, cut into one row of weights per phase (a polyphase bank). It
reaches 1.25 ms to either side, and so holds back 1.25 ms where a high-quality streaming resampler holds back
43-75 ms. The price is a soft edge: flat up to 0.72 kHz below the Nyquist frequency of the lower rate, some
60 dB down from 0.72 kHz above it.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.samples import FULL_SCALE, Samples, round_to_int16, to_int16
from voicelab.errors import AudioError

_N_ZEROS = 10  # zero crossings of the sinc to either side, at 8 kHz; a higher rate gets more in the same time
_SOFTEST_HZ = 8_000
_STOPBAND_DB = 60.0
_WEIGHT_STEPS = 2**24
_BLOCK_WEIGHTS = 27_000  # at a time, a row for each output; four times slower where they outgrow the cache


class Resampler:
    """Resample a stream, chunk by chunk, holding back about 1 ms.

    Any chunking gives the same samples, bit for bit, as one call with the whole stream. Sample ``m`` of the
    output belongs to the time ``m / to_hz`` of the input: an impulse lands where it was.

    Parameters
    ----------
    from_hz, to_hz : int
        Samples per second coming in and going out.

    Raises
    ------
    AudioError
        If a rate is not a positive whole number.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        _check_rates(from_hz, to_hz)
        common_hz = math.gcd(from_hz, to_hz)
        self._up = to_hz // common_hz
        self._down = from_hz // common_hz
        self._bank = _polyphase_bank(from_hz, to_hz)
        self._half = self._bank.shape[1] // 2
        self._restart()

    def _restart(self) -> None:
        # The window begins `half - 1` samples before the first input sample: silence came before the stream.
        self._window = np.zeros(self._half - 1)
        self._n_forgotten = 0
        self._n_in = 0
        self._n_out = 0

    def feed(self, samples: Samples) -> Samples:
        """Take the next samples, return those that are now certain.

        Parameters
        ----------
        samples : int16 array, shape (n,)
            At ``from_hz``.

        Returns
        -------
        int16 array, shape (m,)
            At ``to_hz``; may be empty.
        """
        if self._up == self._down:
            return samples.copy()
        self._n_in += samples.size
        self._window = np.concatenate([self._window, samples])
        n_known = max(0, self._n_in - self._half)  # an output at or after this input sample needs more future
        return self._emit_until(-(-n_known * self._up // self._down))

    def finish(self) -> Samples:
        """Return what was held back, and begin anew.

        Returns
        -------
        int16 array, shape (m,)
            Brings the total to ``round(n_in * to_hz / from_hz)``.
        """
        if self._up == self._down:
            return np.empty(0, np.int16)
        self._window = np.concatenate([self._window, np.zeros(self._half)])
        tail = self._emit_until(round(self._n_in * self._up / self._down))
        self._restart()
        return tail

    def _emit_until(self, n_out: int) -> Samples:
        if n_out <= self._n_out:
            return np.empty(0, np.int16)
        n_block = max(1, _BLOCK_WEIGHTS // self._bank.shape[1])
        starts = range(self._n_out, n_out, n_block)
        values = np.concatenate([self._filtered(start, min(start + n_block, n_out)) for start in starts])
        n_spent = n_out * self._down // self._up - self._n_forgotten
        self._window = self._window[n_spent:]
        self._n_forgotten += n_spent
        self._n_out = n_out
        return round_to_int16(values)

    def _filtered(self, start: int, end: int) -> NDArray[np.float64]:
        whole, phase = np.divmod(np.arange(start, end) * self._down, self._up)
        windows = _every_window(self._window, 2 * self._half)[whole - self._n_forgotten]
        return np.asarray(np.einsum("ij,ij->i", windows, self._bank.take(phase, axis=0)))


def convert(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Resample a whole clip at once with soxr's high quality.

    Parameters
    ----------
    samples : int16 array, shape (n,)
        At ``from_hz``.
    from_hz, to_hz : int
        Samples per second.

    Returns
    -------
    int16 array, shape (m,)
        At ``to_hz``, not shifted in time.

    Raises
    ------
    AudioError
        If a rate is not a positive whole number.
    """
    _check_rates(from_hz, to_hz)
    if from_hz == to_hz:
        return samples.copy()
    return to_int16(convert_float(samples.astype(np.float32) / np.float32(FULL_SCALE), from_hz, to_hz))


def convert_float(values: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Do what `convert` does, on float samples where 1.0 is full scale.

    Parameters
    ----------
    values : float32 array, shape (n,)
        At ``from_hz``.
    from_hz, to_hz : int
        Samples per second.

    Returns
    -------
    float32 array, shape (m,)
        At ``to_hz``; not clipped.
    """
    try:
        import soxr
    except ImportError:
        # There is no wheel for Windows on ARM. The live filter does the same with a softer edge.
        live, sound = Resampler(from_hz, to_hz), to_int16(values)
        return np.concatenate([live.feed(sound), live.finish()]).astype(np.float32) / np.float32(FULL_SCALE)
    # Floats, because soxr dithers int16: digital silence would come out as faint noise.
    resampled: NDArray[np.float32] = soxr.resample(values, from_hz, to_hz, quality="HQ")
    return resampled


def _check_rates(*rates_hz: int) -> None:
    for rate_hz in rates_hz:
        if not isinstance(rate_hz, int) or rate_hz <= 0:
            raise AudioError(f"cannot resample with a rate of {rate_hz!r}: give whole samples per second, such as 8000")


def _every_window(values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return a view, shape (size - n + 1, n), whose row ``i`` begins at ``values[i]``."""
    # numpy's sliding_window_view does the same and takes longer than the filter itself.
    return np.ndarray((values.size - n + 1, n), np.float64, values, strides=(values.itemsize, values.itemsize))


@lru_cache(maxsize=16)
def _polyphase_bank(from_hz: int, to_hz: int) -> NDArray[np.float64]:
    """Return the weights, shape (phases, taps); row ``p``: an output ``p / phases`` after an input sample.

    Source of the window and of ``beta``: J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh
    window function", 1974; Oppenheim & Schafer, Discrete-Time Signal Processing.
    """
    low_hz = min(from_hz, to_hz)
    reach = _N_ZEROS * from_hz / min(low_hz, _SOFTEST_HZ)  # of the filter to one side, in input samples
    half = math.ceil(reach)
    phases = to_hz // math.gcd(from_hz, to_hz)
    distance = np.arange(phases)[:, None] / phases - np.arange(1 - half, half + 1)[None, :]
    beta = 0.1102 * (_STOPBAND_DB - 8.7)
    inside = np.sqrt(np.maximum(0.0, 1 - (distance / reach) ** 2))
    weights = np.sinc(distance * low_hz / from_hz) * np.i0(beta * inside) * (inside > 0)
    weights /= weights.sum(axis=1, keepdims=True)
    # Weights that are whole multiples of 2**-24 make every product and partial sum exact in float64, so the
    # order of summing, and with it the chunking and the processor, cannot change a single bit of the result.
    bank: NDArray[np.float64] = np.rint(weights * _WEIGHT_STEPS) / _WEIGHT_STEPS
    bank.flags.writeable = False  # the cache hands the same array to every resampler
    return bank
