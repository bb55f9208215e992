"""Two seconds of a run to listen to: both sides together, as a WAV file in memory.

In: a `Run` and an instant.  Out: bytes that any browser plays.
Does not know: pages.
"""

from __future__ import annotations

import io
import wave

import numpy as np

from voicelab.audio.samples import RATE_HZ, round_to_int16
from voicelab.measure.run import Run

BEFORE_MS, AFTER_MS = 500.0, 1_500.0


def sound_around(run: Run, at_ms: float) -> tuple[float, bytes]:
    """Return the sound from half a second before an instant to one and a half after it.

    Parameters
    ----------
    run : Run
    at_ms : float
        On the run's time line.

    Returns
    -------
    begin_ms : float
        Where the sound begins; never before the run.
    wav : bytes
        16-bit mono, 24 kHz; what both sides say at once is added, and clipped where it is too loud.
    """
    begin_ms = max(0.0, at_ms - BEFORE_MS)
    sides = [run.stretch(track, begin_ms, at_ms + AFTER_MS) for track in ("input", "heard")]
    mixed = round_to_int16(np.sum(sides, axis=0, dtype=np.float64))
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE_HZ)
        wav.writeframes(mixed.astype("<i2").tobytes())
    return begin_ms, file.getvalue()
