"""The agent's own voice in the microphone: how alike the sound that is sent is to what was just played.

In: what the microphone gave and what the loudspeaker played, each with its time.  Out: `Echo` values twice a second.
Does not know: echo cancellation, playback, or what is done about it.

The loudness of five bands, every 10 ms, is compared with that of the sound played 0 to 500 ms before, over three
seconds, where something was played. Loudness rather than samples, because a loudspeaker, a room and a microphone
change the wave past recognition but not when it is loud; bands, because two people who talk at once are
sometimes loud at the same time, but rarely in the same bands.

Source of the method: correlation of the two signals is the classic test for double talk (Ye and Wu, IEEE Trans.
Commun. 39, 1991). Source of the limits: the project's human speech as near end, other clips and the embedded voice as
far end. Without echo the best correlation is 0.12 in the median, 0.29 in one window of twenty, and was above 0.6 in
one of 1,861; echo 25 dB down, with a short room and noise at -52 dBFS, has 0.58 and more in nineteen of twenty. While
both talk equally loud it lies between, so that the warning waits for a moment in which only the agent talks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.samples import FULL_SCALE, RATE_HZ, Samples

FRAME_MS = 10
_N_FRAME = RATE_HZ * FRAME_MS // 1000
_EDGES_HZ = (100, 400, 800, 1_600, 3_200, 6_000)
_N_BANDS = len(_EDGES_HZ) - 1
_FLOOR_DBFS = -75.0

MOST_DELAY_MS = 500
_N_DELAYS = MOST_DELAY_MS // FRAME_MS + 1
_N_COMPARED = 300
_N_PLAYED_LEAST = 150
_N_KEPT = _N_COMPARED + _N_DELAYS + 200
_EVERY_FRAMES = 50

_AUDIBLE_DBFS = -50.0
_LEAST_CHANGE_DB = 2.0

ON_FROM = 0.6
OFF_BELOW = 0.45
_ON_TIMES, _OFF_TIMES = 2, 3

_Bands = NDArray[np.float64]


@dataclass(frozen=True)
class Echo:
    """How alike the sent sound is to what was played.

    Parameters
    ----------
    at_ms : float
        To when the sound was compared.
    correlation : float
        -1 to 1, the highest of all delays; 0 where nothing was played or the microphone heard nothing that changes.
    delay_ms : float
        The delay at which it is highest, 0 to 500.
    coming_back : bool
        Whether the warning is in force: from a correlation of 0.6 twice in a row until it was below 0.45 three times.
    """

    at_ms: float
    correlation: float
    delay_ms: float
    coming_back: bool


class EchoWatch:
    """Compares one microphone with one loudspeaker."""

    def __init__(self) -> None:
        self._sent = _Loudness()
        self._played = _Loudness()
        self._judged_to = 0
        self._on = False
        self._n_for_change = 0

    def played(self, samples: Samples, at_ms: float) -> None:
        """Take what was played; it may be told some 200 ms late, as what is not known yet is not compared.

        Parameters
        ----------
        samples : int16, shape (n,)
            24 kHz.
        at_ms : float
            When the first was heard, on the clock of the sent sound.
        """
        self._played.feed(samples, at_ms)

    def sent(self, samples: Samples, at_ms: float) -> list[Echo]:
        """Take what the microphone gave, and compare.

        Parameters
        ----------
        samples : int16, shape (n,)
            24 kHz.
        at_ms : float
            When the first was captured.

        Returns
        -------
        list of Echo
            One for each half second.
        """
        self._sent.feed(samples, at_ms)
        ready = self._sent.end
        if ready - self._judged_to < _EVERY_FRAMES:
            return []
        self._judged_to = ready
        correlation, delay_ms = self._compare(ready)
        self._judge(correlation)
        return [Echo(ready * float(FRAME_MS), correlation, delay_ms, self._on)]

    def _compare(self, end: int) -> tuple[float, float]:
        sent = self._sent.between(end - _N_COMPARED, end)
        played = self._played.between(end - _N_COMPARED - _N_DELAYS + 1, end)
        if sent.std(axis=0).mean() < _LEAST_CHANGE_DB:
            return 0.0, 0.0
        audible = played.max(axis=1) > _AUDIBLE_DBFS
        found = [_likeness(sent, *_delayed(played, audible, delay)) for delay in range(_N_DELAYS)]
        best = int(np.argmax(found))
        return found[best], float(best * FRAME_MS) if found[best] else 0.0

    def _judge(self, correlation: float) -> None:
        for_change = correlation < OFF_BELOW if self._on else correlation >= ON_FROM
        self._n_for_change = self._n_for_change + 1 if for_change else 0
        if self._n_for_change >= (_OFF_TIMES if self._on else _ON_TIMES):
            self._on, self._n_for_change = not self._on, 0


def _delayed(played: _Bands, audible: NDArray[np.bool_], delay: int) -> tuple[_Bands, NDArray[np.bool_]]:
    begin = _N_DELAYS - 1 - delay
    return played[begin : begin + _N_COMPARED], audible[begin : begin + _N_COMPARED]


def _likeness(sent: _Bands, played: _Bands, audible: NDArray[np.bool_]) -> float:
    """Return Pearson's correlation over the frames in which something was played, each band about its own mean."""
    if np.count_nonzero(audible) < _N_PLAYED_LEAST:
        return 0.0
    mine, other = sent[audible], played[audible]
    mine, other = mine - mine.mean(axis=0), other - other.mean(axis=0)
    scale = float(np.sqrt(np.sum(mine**2) * np.sum(other**2)))
    return float(np.sum(mine * other)) / scale if scale > 0 else 0.0


class _Loudness:
    """The newest frames of one sound, on a grid of 10 ms whose frame 0 is time 0; where nothing came is silence."""

    def __init__(self) -> None:
        self._frames: _Bands = np.full((_N_KEPT, _N_BANDS), _FLOOR_DBFS)
        self._n_framed = 0
        self._waiting: list[Samples] = []
        self._n_waiting = 0

    @property
    def end(self) -> int:
        """The frame behind the last whole one."""
        return self._n_framed + self._n_waiting // _N_FRAME

    def feed(self, samples: Samples, at_ms: float) -> None:
        due_ms = self._n_framed * FRAME_MS + self._n_waiting * 1000 / RATE_HZ
        if abs(at_ms - due_ms) > FRAME_MS:
            self._take_in()
            self._waiting, self._n_waiting = [], 0
            begin = round(at_ms / FRAME_MS)
            self._append(np.full((max(0, min(begin - self._n_framed, _N_KEPT)), _N_BANDS), _FLOOR_DBFS))
            self._n_framed = max(self._n_framed, begin)
        self._waiting.append(samples)
        self._n_waiting += len(samples)
        if self._n_waiting > _N_FRAME * _EVERY_FRAMES:
            self._take_in()

    def _take_in(self) -> None:
        """Turn what waits into frames, many at a time: one by one they cost ten times as much."""
        n_frames = self._n_waiting // _N_FRAME
        if n_frames:
            waiting = np.concatenate(self._waiting)
            self._append(_bands_dbfs(waiting[: n_frames * _N_FRAME].reshape(-1, _N_FRAME)))
            self._n_framed += n_frames
            self._waiting = [waiting[n_frames * _N_FRAME :]]
            self._n_waiting = len(self._waiting[0])

    def _append(self, frames: _Bands) -> None:
        if len(frames):
            self._frames = np.concatenate([self._frames, frames])[-_N_KEPT:]

    def between(self, begin: int, end: int) -> _Bands:
        """Return frames ``begin`` to ``end``, shape (n, bands); what is not known is silence."""
        self._take_in()
        found = np.full((end - begin, _N_BANDS), _FLOOR_DBFS)
        first = self._n_framed - _N_KEPT
        low, high = max(begin, first), min(end, self._n_framed)
        if low < high:
            found[low - begin : high - begin] = self._frames[low - first : high - first]
        return found


_hann = np.hanning(_N_FRAME)
_power_scale = 2 / (FULL_SCALE**2 * _N_FRAME * float(np.sum(_hann**2)))
_band_of_bin = np.searchsorted(_EDGES_HZ, np.fft.rfftfreq(_N_FRAME, 1 / RATE_HZ), side="right") - 1


def _bands_dbfs(frames: Samples) -> _Bands:
    power = np.abs(np.fft.rfft(frames * _hann, axis=1)) ** 2 * _power_scale
    sums = np.stack([power[:, _band_of_bin == band].sum(axis=1) for band in range(_N_BANDS)], axis=1)
    return np.asarray(np.maximum(10 * np.log10(sums + 1e-12), _FLOOR_DBFS), np.float64)
