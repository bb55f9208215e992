"""The level of a microphone, ten times a second, and what is wrong with it: muted, too loud, or a telephone's ear.

In: int16 samples at 24 kHz, with the time of the first.  Out: `Level` values, each with the warnings in force.
Does not know: devices, what is said, or the words in which a warning is shown.

A warning is on or off, and what turns it off is further away than what turns it on, so that none flickers:

- ``silent``: nothing but one value (exact zeros, or no change at all) for 2 s; off after 300 ms of anything else. A
  real microphone always gives a little noise: one that does not is muted, or there is none.
- ``clipping``: runs of three or more samples within 0.02 dB of full scale in two windows of one second; off after 3 s
  without. A sine at full scale has such runs only below 150 Hz.
- ``band_limited``: in 5 s of speech nothing rises above 4.4 kHz, as from an 8 kHz line or a Bluetooth headset that
  listens. Off as soon as 2 s of speech have something up there. Speech is told by loudness: windows 12 dB above the
  quietest of the last 15 s, so hum and steady noise are none.

Source of the figures for the band: the long-time spectrum of speech falls by some 30 dB from 0.5 to 6 kHz, and its
fricatives have their energy there (Byrne et al., JASA 96, 1994). In the project's human speech the loudest twentieth of
the windows rises 17 dB and more above the pauses at 4.4 to 7.5 kHz where the line carries it, and under 6 dB where it
ends at 4 kHz. Loud noise up there hides speech as well, but is itself proof of a wide line: hence the second condition.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.samples import FULL_SCALE, RATE_HZ, Samples, dbfs

WarningName: TypeAlias = Literal["silent", "clipping", "band_limited"]

WINDOW_MS = 100
_N_WINDOW = RATE_HZ * WINDOW_MS // 1000
_MOST_GAP_MS = 50.0

_CLIPPED_FROM = 32_700
_CLIPPED_RUN = 3

_LOW_HZ = (200, 3_600)
_HIGH_HZ = (4_400, 7_500)
_QUIETEST_SPEECH_DBFS = -50.0
_ABOVE_NOISE_DB = 12.0
_SWING_ON_DB, _SWING_OFF_DB = 6.0, 10.0
_FALL_DB = 33.0


@dataclass(frozen=True)
class Level:
    """How loud one window of 100 ms was.

    Parameters
    ----------
    at_ms : float
        The end of the window, on the clock of the samples.
    rms_dbfs, peak_dbfs : float
        0 or less; ``-inf`` for digital silence. A full-scale sine has an RMS of -3.01.
    n_clipped : int
        Samples in runs at full scale.
    warnings : tuple of {"silent", "clipping", "band_limited"}
        What is in force.
    """

    at_ms: float
    rms_dbfs: float
    peak_dbfs: float
    n_clipped: int
    warnings: tuple[str, ...] = ()

    def to_event(self) -> dict[str, Any]:
        """Return what a ``voicelab.audio.level`` record says; ``-inf`` becomes None, which JSON has."""
        return {
            "rms_dbfs": _finite(self.rms_dbfs),
            "peak_dbfs": _finite(self.peak_dbfs),
            "n_clipped": self.n_clipped,
            "warnings": list(self.warnings),
        }


class Meter:
    """Watches one microphone."""

    def __init__(self) -> None:
        self._waiting = np.zeros(0, np.int16)
        self._end_ms: float | None = None
        self._stuck = _Stuck()
        self._clipping = _Clipping()
        self._band = _Band()

    def feed(self, samples: Samples, at_ms: float) -> list[Level]:
        """Take the next samples and return the windows that they complete.

        Parameters
        ----------
        samples : int16, shape (n,)
            24 kHz, any number of them.
        at_ms : float
            When the first was captured. More than 50 ms away from the end of those before: the window begins anew.

        Returns
        -------
        list of Level
            In order; mostly none or one.
        """
        if self._end_ms is not None and abs(at_ms - self._end_ms) > _MOST_GAP_MS:
            self._waiting = self._waiting[:0]
        self._end_ms = at_ms + len(samples) * 1000 / RATE_HZ
        waiting = np.concatenate([self._waiting, samples])
        n_windows = len(waiting) // _N_WINDOW
        self._waiting = waiting[n_windows * _N_WINDOW :]
        first_end_ms = self._end_ms - len(self._waiting) * 1000 / RATE_HZ - (n_windows - 1) * WINDOW_MS
        rows = waiting[: n_windows * _N_WINDOW].reshape(-1, _N_WINDOW)
        return [self._level(row, first_end_ms + k * WINDOW_MS) for k, row in enumerate(rows)]

    def _level(self, window: Samples, at_ms: float) -> Level:
        n_clipped = n_in_clipped_runs(window)
        states: dict[WarningName, bool] = {
            "silent": self._stuck.take(window),
            "clipping": self._clipping.take(n_clipped),
            "band_limited": self._band.take(window),
        }
        peak = int(np.abs(window.astype(np.int32)).max())
        return Level(
            at_ms=round(at_ms, 3),
            rms_dbfs=dbfs(window),
            peak_dbfs=20 * math.log10(peak / FULL_SCALE) if peak else -math.inf,
            n_clipped=n_clipped,
            warnings=tuple(name for name, on in states.items() if on),
        )


class _Stuck:
    """Whether the sound does not change at all."""

    _ON_WINDOWS = 2_000 // WINDOW_MS
    _OFF_WINDOWS = 3

    def __init__(self) -> None:
        self._on = False
        self._value: int | None = None
        self._n_same = 0
        self._n_alive = 0

    def take(self, window: Samples) -> bool:
        value = int(window[0])
        if not (window == value).all():
            self._n_alive, self._n_same, self._value = self._n_alive + 1, 0, None
        else:
            self._n_same = self._n_same + 1 if value == self._value else 1
            self._n_alive, self._value = 0, value
        if self._on:
            self._on = self._n_alive < self._OFF_WINDOWS
        else:
            self._on = self._n_same >= self._ON_WINDOWS
        return self._on


class _Clipping:
    """Whether the sound is cut off at full scale again and again."""

    _LOOK_WINDOWS, _ON_WINDOWS = 10, 2
    _OFF_WINDOWS = 30

    def __init__(self) -> None:
        self._on = False
        self._recent: deque[bool] = deque(maxlen=self._OFF_WINDOWS)

    def take(self, n_clipped: int) -> bool:
        self._recent.append(n_clipped > 0)
        if self._on:
            self._on = any(self._recent)
        else:
            self._on = sum(list(self._recent)[-self._LOOK_WINDOWS :]) >= self._ON_WINDOWS
        return self._on


class _Band:
    """Whether speech has nothing above the band of a telephone."""

    _LOOK_WINDOWS = 150
    _ON_WINDOWS, _OFF_WINDOWS = 50, 20

    def __init__(self) -> None:
        self._on = False
        self._recent: deque[tuple[float, float]] = deque(maxlen=self._LOOK_WINDOWS)
        self._speech: deque[tuple[float, float]] = deque(maxlen=self._ON_WINDOWS)

    def take(self, window: Samples) -> bool:
        low_db, high_db = band_levels_dbfs(window)
        self._recent.append((low_db, high_db))
        noise_low_db, noise_high_db = np.percentile(np.array(self._recent), 10, axis=0)
        if low_db < max(_QUIETEST_SPEECH_DBFS, noise_low_db + _ABOVE_NOISE_DB):
            return self._on
        self._speech.append((low_db, high_db))
        if self._on:
            newest = np.array(self._speech)[-self._OFF_WINDOWS :, 1]
            self._on = float(np.percentile(newest, 95)) - noise_high_db < _SWING_OFF_DB
        elif len(self._speech) == self._ON_WINDOWS:
            self._on = _ends_early(np.array(self._speech), float(noise_high_db))
        return self._on


def _ends_early(speech_db: NDArray[np.float64], noise_high_db: float) -> bool:
    """Return whether windows of speech, shape (n, 2), have nothing in the high band."""
    mean_low_db, mean_high_db = 10 * np.log10(np.mean(10 ** (speech_db / 10), axis=0))
    swing_db = float(np.percentile(speech_db[:, 1], 95)) - noise_high_db
    return bool(swing_db < _SWING_ON_DB and mean_low_db - mean_high_db > _FALL_DB)


_hann = np.hanning(_N_WINDOW)
_bands = [slice(*np.searchsorted(np.fft.rfftfreq(_N_WINDOW, 1 / RATE_HZ), band)) for band in (_LOW_HZ, _HIGH_HZ)]
# A sine at full scale has -3.01 dBFS in its band, as it has in `dbfs`.
_power_scale = 2 / (FULL_SCALE**2 * _N_WINDOW * float(np.sum(_hann**2)))
_FLOOR = 1e-14


def band_levels_dbfs(window: Samples) -> tuple[float, float]:
    """Return the levels at 0.2 to 3.6 kHz and at 4.4 to 7.5 kHz of one window of 2,400 samples, not below -140."""
    power = np.abs(np.fft.rfft(window * _hann)) ** 2 * _power_scale
    low, high = (float(power[band].sum()) for band in _bands)
    return 10 * math.log10(low + _FLOOR), 10 * math.log10(high + _FLOOR)


def n_in_clipped_runs(samples: Samples) -> int:
    """Return how many samples stand in runs of three or more at full scale, of one sign."""
    n = 0
    for at_rail in (samples >= _CLIPPED_FROM, samples <= -_CLIPPED_FROM):
        if at_rail.any():
            edges = np.flatnonzero(np.diff(np.concatenate([[False], at_rail, [False]]).astype(np.int8)))
            lengths = edges[1::2] - edges[::2]
            n += int(lengths[lengths >= _CLIPPED_RUN].sum())
    return n


def _finite(level_dbfs: float) -> float | None:
    return round(level_dbfs, 2) if math.isfinite(level_dbfs) else None
