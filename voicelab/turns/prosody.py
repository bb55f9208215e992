"""How a voice sounds before a pause: pitch and loudness against the turn's own, and the history of its pauses.

In: int16 samples at 24 kHz and, window by window, whether speech was in them. Out: a :class:`Prosody` for the
pause that is under way. Pitch and level come every 10 ms from :func:`track`, a pure function of sound.
Does not know: words, how long to wait, or what a turn is; somebody says :meth:`Listener.forget` between turns.

That pitch and loudness fall towards the end of a turn is old knowledge (S. Duncan, "Some signals and rules for
taking speaking turns in conversations", 1972). The length of the last vowel and the slope of the pitch were tried
too: on the shared speech neither told an end from a pause better than chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.resample import Resampler
from voicelab.audio.samples import FULL_SCALE, RATE_HZ, Samples

HOP_MS = 10
LAST_MS = 500  # what the end of a turn's voice is, pauses left out
FINAL_PITCH_MS = 200  # and of that, for pitch, its last pitched sound
TURN_S = 10  # what "the turn's own" is: no more than this of its newest voice

_RATE_HZ = 8_000  # enough for pitch, a third of the work
_HOP = _RATE_HZ * HOP_MS // 1000
_LOW_HZ, _HIGH_HZ = 70, 400
_MIN_LAG, _MAX_LAG = _RATE_HZ // _HIGH_HZ, _RATE_HZ // _LOW_HZ + 1
_WINDOW = 320  # 40 ms: two periods of the lowest voice and the lag to the third
_BASE = _WINDOW - _MAX_LAG - 1  # samples compared at every lag
_REACH = _WINDOW - _HOP  # what a frame hears from before its own 10 ms
_FFT = 512
_PITCHED = 0.6  # normalised cross-correlation from which on a frame has a pitch
_AS_GOOD = 0.9  # the shortest lag this close to the best one is the period, not a multiple of it
_QUIET_DBFS = -65.0  # below it nothing has a pitch
_HELD_BACK_MS = 2  # the resampler's delay: frames so new are left to the next window, however the audio came


@dataclass(frozen=True)
class Frames:
    """Level and pitch every 10 ms, both shape (n,); ``pitch_hz`` is 0 where there is none."""

    level_dbfs: NDArray[np.float64]
    pitch_hz: NDArray[np.float64]


@dataclass(frozen=True)
class Prosody:
    """What a pause follows on. Falls are positive where the end lies lower; 0 stands for unknown too.

    Attributes
    ----------
    pitch_fall_st : float
        Median pitch of the turn above that of its end, in semitones.
    level_fall_db : float
        Mean level of the turn's pitched sound above that of its end, in dB.
    last_run_ms : float
        Length of the last unbroken run of voiced windows.
    longest_pause_ms : float
        Longest silence inside the turn so far, the one under way left out; 0 for none.
    speech_ms : float
        Speech so far in the turn, silences left out.
    silence_ms : float
        Length of the silence under way; 0 while somebody speaks.
    """

    pitch_fall_st: float = 0.0
    level_fall_db: float = 0.0
    last_run_ms: float = 0.0
    longest_pause_ms: float = 0.0
    speech_ms: float = 0.0
    silence_ms: float = 0.0


def track(samples_8k: Samples) -> Frames:
    """Measure level and pitch.

    Pitch is the lag at which the normalised cross-correlation of a 40 ms window peaks (D. Talkin, "A robust
    algorithm for pitch tracking", 1995), between 70 and 400 Hz, refined by a parabola through the peak.

    Parameters
    ----------
    samples_8k : ndarray of int16, shape (240 + 80 n,)
        At 8 kHz; the first 240 only reach back before the first frame.

    Returns
    -------
    Frames
        ``n`` of them; each sees the 40 ms up to its end, its level is that of its own 10 ms.
    """
    n = max(0, (len(samples_8k) - _WINDOW) // _HOP + 1)
    if n == 0:
        return Frames(np.zeros(0), np.zeros(0))
    sound = samples_8k.astype(np.float64) / FULL_SCALE
    rows = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP][:n]
    level = 10 * np.log10(np.square(rows[:, -_HOP:]).mean(axis=1) + 1e-12)
    rows = rows - rows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(rows, _FFT) * np.fft.rfft(rows[:, :_BASE], _FFT).conj()
    product = np.fft.irfft(spectrum, _FFT)[:, : _MAX_LAG + 2]
    energy = np.concatenate([np.zeros((n, 1)), np.cumsum(rows**2, axis=1)], axis=1)
    at_lag = energy[:, _BASE : _BASE + _MAX_LAG + 2] - energy[:, : _MAX_LAG + 2]
    likeness = product / np.sqrt(at_lag[:, :1] * at_lag + 1e-9)
    return Frames(level, np.where(level > _QUIET_DBFS, _pitches(likeness), 0.0))


def _pitches(likeness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the pitch of each row of likeness over lag, 0 where no lag is like enough."""
    middle = likeness[:, _MIN_LAG : _MAX_LAG + 1]
    before, after = likeness[:, _MIN_LAG - 1 : _MAX_LAG], likeness[:, _MIN_LAG + 1 : _MAX_LAG + 2]
    peaks = np.where((middle >= before) & (middle > after), middle, 0.0)
    best = peaks.max(axis=1, keepdims=True)
    first = np.argmax(peaks >= np.maximum(_AS_GOOD * best, 1e-6), axis=1)
    row = np.arange(len(likeness))
    left, top, right = before[row, first], middle[row, first], after[row, first]
    curve = left - 2 * top + right
    shift = np.where(curve < 0, 0.5 * (left - right) / np.minimum(curve, -1e-12), 0.0)
    pitched = best[:, 0] >= _PITCHED
    return np.where(pitched, _RATE_HZ / (first + _MIN_LAG + np.clip(shift, -0.5, 0.5)), 0.0)


class Listener:
    """Hear a voice and describe each of its pauses; chunks of any size give the same description.

    Sound and windows share a clock that begins at 0; sound waits until its windows come.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything heard; the clock is at 0 again."""
        self._resampler = Resampler(RATE_HZ, _RATE_HZ)
        self._sound = np.zeros(_REACH, np.int16)  # begins that long before the next frame's 10 ms
        self._n_frames = 0
        self.forget()

    def forget(self) -> None:
        """Begin a new turn; the clock goes on."""
        self._voice = Frames(np.zeros(0), np.zeros(0))  # of the turn's voiced windows
        self._silent_from_ms: float | None = None
        self._heard = Prosody()

    def hear(self, samples: Samples) -> None:
        """Take sound, shape (n,), 24 kHz: that of the windows fed next, and more if it is at hand."""
        self._sound = np.concatenate([self._sound, self._resampler.feed(samples)])

    def feed(self, start_ms: float, end_ms: float, voiced: bool) -> None:
        """Take the next window; a voiced one makes the silence before it an inner pause."""
        sound = self._sound_until(end_ms)
        if voiced:
            self._voice = _newest(self._voice, track(sound))
            self._silent_from_ms = None
            self._heard = _longer(self._heard, end_ms - start_ms)
            return
        if self._silent_from_ms is None:
            self._silent_from_ms = start_ms
            self._heard = with_falls(self._heard, self._voice)
        self._heard = replace(self._heard, silence_ms=end_ms - self._silent_from_ms)

    def prosody(self) -> Prosody:
        """Describe the pause that is under way, or what was heard so far, where there is none."""
        return self._heard

    def _sound_until(self, end_ms: float) -> Samples:
        """Return the sound of the frames that are over by then; it is not needed again."""
        n_new = max(0, math.floor((end_ms - _HELD_BACK_MS) / HOP_MS) - self._n_frames)
        n_there = min(n_new, (len(self._sound) - _REACH) // _HOP)
        sound = self._sound[: _REACH + n_there * _HOP]
        self._sound = self._sound[n_there * _HOP :]
        self._n_frames += n_there
        return sound


def with_falls(heard: Prosody, voice: Frames) -> Prosody:
    """Compare the end of a turn's voice with all of it.

    Parameters
    ----------
    heard : Prosody
        What else is known of the turn.
    voice : Frames
        The turn's voiced windows, pauses left out.

    Returns
    -------
    Prosody
        With both falls; 0 where less than 30 ms have a pitch.
    """
    where = np.flatnonzero(voice.pitch_hz > 0)
    if len(where) < 3:
        return replace(heard, pitch_fall_st=0.0, level_fall_db=0.0)
    height_st = 12 * np.log2(voice.pitch_hz[where])
    level_dbfs = voice.level_dbfs[where]
    last = where > where[-1] - LAST_MS // HOP_MS
    return replace(
        heard,
        pitch_fall_st=float(np.median(height_st) - np.median(height_st[last][-FINAL_PITCH_MS // HOP_MS :])),
        level_fall_db=float(level_dbfs.mean() - level_dbfs[last].mean()),
    )


def _newest(voice: Frames, more: Frames) -> Frames:
    most = TURN_S * 1000 // HOP_MS
    return Frames(
        np.concatenate([voice.level_dbfs, more.level_dbfs])[-most:],
        np.concatenate([voice.pitch_hz, more.pitch_hz])[-most:],
    )


def _longer(heard: Prosody, window_ms: float) -> Prosody:
    """Add a voiced window."""
    return replace(
        heard,
        speech_ms=heard.speech_ms + window_ms,
        last_run_ms=window_ms + (0.0 if heard.silence_ms else heard.last_run_ms),
        longest_pause_ms=max(heard.longest_pause_ms, heard.silence_ms if heard.speech_ms else 0.0),
        silence_ms=0.0,
    )
