"""Noise reduction for a stream: what lies under the voice is turned down, band by band, 20 ms at a time.

In: int16 samples in chunks of any size. Out: as many samples, less noise, not shifted in time.
Does not know: the session's settings, who listens afterwards, or what speech is beyond "louder than the noise".

Three things are made from each frame of 20 ms (a new one every 10 ms):

1. the noise in each band, from the quietest moments of the last second and a half (`NoiseFloor`);
2. a Wiener gain for each band, which turns down a band that hardly stands out of its noise;
3. an opening between 0 and 1: has anything stood out between 600 Hz and 4.5 kHz lately? Closed, every band gets the
   same low gain, so that the noise only gets quieter. Open, the Wiener gains count, down to a mild limit.

Why so: speech detectors know plain noise for what it is, but take the ragged rest that deep spectral suppression
leaves for a voice. So suppression is deep only where it is even. For the same reason the rumble below 150 Hz stays,
and the opening never jumps. ``tests/benchmarks/bench_denoise.py`` measures it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.samples import Samples, round_to_int16
from voicelab.errors import ConfigError

NoiseKind = Literal["near_field", "far_field"]

_HOP = 240  # 10 ms
_FRAME = 2 * _HOP
# The square root of a Hann window, used before and after: two overlapping squares add up to one exactly.
_WINDOW = np.sin(np.pi * np.arange(_FRAME) / _FRAME)
_BIN_HZ = 50
# Edges of the bands in bins of 50 Hz: 150 Hz wide at first, from 1 kHz on about a sixth of their frequency.
_EDGES = np.array([3, 6, 9, 12, 15, 18, 21, 24, 28, 32, 37, 43, 50, 58, 67, 78, 90, 104, 121, 140, 162, 188, 218, 241])
_WIDTHS = np.diff(_EDGES)
_CENTRES = (_EDGES[1:] + _EDGES[:-1] - 1) / 2
_BINS = np.arange(_FRAME // 2 + 1)
_VOICE = slice(3, 16)  # 600 Hz to 4.5 kHz: below, wind and engines swell as speech does

_ROUNDING = _FRAME / 24  # power that rounding to 16 bits leaves in a bin: no band has less
_OVERESTIMATE = 1.5
_OWN_PAST = 0.95  # weight of the frame before in the signal-to-noise ratio ("decision-directed")
_STANDS_OUT_DB = 18.0  # suppression at which a band counts as noise only
_LATELY = 150  # frames; a pause inside a turn is no reason to close
_OPENS_FROM, _OPEN_AT = 0.02, 0.08  # share of the voice bands that stands out
_RISE, _FALL = 0.1, 0.025  # of the opening in one frame: 100 ms to open, 400 ms to close


@dataclass(frozen=True)
class Depth:
    """How far noise is turned down, in dB, at full strength."""

    closed_db: float
    open_db: float


#: A headset hears little noise and must keep the voice whole; a laptop across the room hears much.
DEPTHS: dict[NoiseKind, Depth] = {"near_field": Depth(12, 3), "far_field": Depth(18, 6)}


class Denoiser:
    """Turn the noise in a stream down; pieces of any size give the same samples, bit for bit.

    Output sample ``k`` belongs to input sample ``k`` and follows it by less than 20 ms.

    What the stream begins with is taken for noise, after digital silence too: a first word that nothing was heard
    before comes out softer at its start.

    Parameters
    ----------
    kind : {"near_field", "far_field"}
        Close microphone (12 dB while nobody speaks, at most 3 dB in a band while somebody does) or a distant one
        (18 dB, 6 dB).
    strength : float
        Scales these depths: 1 is all of it, 0 leaves the sound as it is.

    Raises
    ------
    ConfigError
        Another kind, or a strength outside 0 to 1.
    """

    def __init__(self, kind: NoiseKind, strength: float = 1.0) -> None:
        if kind not in DEPTHS:
            raise ConfigError(f"noise reduction is one of {', '.join(DEPTHS)}, not {kind!r}", param="kind")
        if not 0 <= strength <= 1:
            raise ConfigError(f"the strength of noise reduction must be from 0 to 1, not {strength}", param="strength")
        self._closed_gain = 10 ** (-DEPTHS[kind].closed_db * strength / 20)
        self._open_gain = 10 ** (-DEPTHS[kind].open_db * strength / 20)
        self.reset()

    def reset(self) -> None:
        """Forget everything heard, the learnt noise too."""
        self._floor = NoiseFloor()
        self._snr_before = np.zeros(_WIDTHS.size)
        self._shares = np.zeros(5)  # of voice bands that stand out, in the newest frames
        self._lately = np.zeros(_LATELY)
        self._n_frames = 0
        self._opening = 0.0
        self._begin()

    def _begin(self) -> None:
        self._pending: Samples = np.empty(0, np.int16)
        self._hop_before = np.zeros(_HOP)
        self._sounded = False
        self._overlap: NDArray[np.float64] | None = None

    def feed(self, samples: Samples) -> Samples:
        """Take the next samples, return those that are now certain.

        Parameters
        ----------
        samples : int16 array, shape (n,)

        Returns
        -------
        int16 array, shape (m,)
            May be empty; up to 479 samples are held back.
        """
        stream = np.concatenate([self._pending, samples])
        n_whole = stream.size - stream.size % _HOP
        self._pending = stream[n_whole:]
        return self._joined([self._step(hop) for hop in stream[:n_whole].reshape(-1, _HOP)])

    def flush(self) -> Samples:
        """Return what was held back, so that as much came out as went in; what was learnt stays.

        Returns
        -------
        int16 array, shape (m,)
            Up to 479 samples.
        """
        n_held = self._pending.size + (0 if self._overlap is None else _HOP)
        ending = np.concatenate([self._pending, np.zeros(2 * _HOP - self._pending.size, np.int16)])
        tail = self._joined([self._step(hop) for hop in ending.reshape(-1, _HOP)])
        self._begin()
        return tail[:n_held]

    def _joined(self, hops: list[Samples]) -> Samples:
        return np.concatenate([np.empty(0, np.int16), *hops])

    def _step(self, hop: Samples) -> Samples:
        """Take the second half of a frame, return the first half of it: empty for the first frame of a stream."""
        sounds = bool(hop.any())
        frame = np.concatenate([self._hop_before, hop])
        # Frames that are digital silence, or half of one, say nothing of the noise.
        clean = self._frame(frame, learn=sounds and self._sounded) if sounds or self._sounded else frame
        self._hop_before, self._sounded = frame[_HOP:], sounds
        before, self._overlap = self._overlap, clean[_HOP:]
        return np.empty(0, np.int16) if before is None else round_to_int16(before + clean[:_HOP])

    def _frame(self, frame: NDArray[np.float64], learn: bool) -> NDArray[np.float64]:
        spectrum = np.fft.rfft(frame * _WINDOW)
        power = spectrum.real**2 + spectrum.imag**2
        bands = np.add.reduceat(power, _EDGES[:-1]) / _WIDTHS + _ROUNDING
        if learn:
            self._floor.learn(bands)
        gains = np.interp(_BINS, _CENTRES, self._gains(bands))
        gains[: _EDGES[0]] = 1
        return np.asarray(np.fft.irfft(spectrum * gains, _FRAME) * _WINDOW)

    def _gains(self, bands: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the gain of each band.

        Wiener's gain under the decision-directed ratio of Ephraim & Malah, "Speech enhancement using a minimum
        mean-square error short-time spectral amplitude estimator", 1984.
        """
        if self._floor.power is None:
            return np.full(bands.size, self._closed_gain)
        ratio = np.minimum(bands / (_OVERESTIMATE * self._floor.power), 1e4)
        snr = _OWN_PAST * self._snr_before + (1 - _OWN_PAST) * np.maximum(ratio - 1, 0)
        wiener = snr / (1 + snr)
        self._snr_before = wiener**2 * ratio
        self._open_or_close(wiener)
        spoken = np.maximum(wiener, self._open_gain) ** self._opening
        return np.asarray(spoken * self._closed_gain ** (1 - self._opening))

    def _open_or_close(self, wiener: NDArray[np.float64]) -> None:
        heard_db = 20 * np.log10(np.maximum(wiener[_VOICE], 10 ** (-_STANDS_OUT_DB / 20)))
        self._shares[self._n_frames % self._shares.size] = 1 + heard_db.mean() / _STANDS_OUT_DB
        self._lately[self._n_frames % _LATELY] = self._shares.mean()
        self._n_frames += 1
        wanted = min(max((float(self._lately.max()) - _OPENS_FROM) / (_OPEN_AT - _OPENS_FROM), 0.0), 1.0)
        self._opening = min(max(wanted, self._opening - _FALL), self._opening + _RISE)


class NoiseFloor:
    """The power of the noise in each band, learnt from what is heard.

    The idea is that of R. Martin, "Noise power spectral density estimation based on optimal smoothing and minimum
    statistics", 2001: speech pauses, noise does not, so the lowest power of the last 1.5 s is noise. Inside the limits
    that this minimum sets, the estimate follows frames that look like noise.

    Attributes
    ----------
    power : float64 array, shape (n_bands,), or None
        None until something was heard.
    """

    _PART = 25  # frames; six parts make the 1.5 s
    _N_PARTS = 6
    _SMOOTH, _FOLLOW = 0.8, 0.9  # weight of the past, in the power and in the estimate
    _ABOVE_LOWEST = (1.2, 2.0)  # the mean of noise lies above its smoothed minimum, but not by much

    def __init__(self) -> None:
        self.power: NDArray[np.float64] | None = None
        self._n_heard = 0
        self._parts: list[NDArray[np.float64]] = []

    def learn(self, bands: NDArray[np.float64]) -> None:
        """Take the next frame.

        Parameters
        ----------
        bands : float64 array, shape (n_bands,)
            Power in each band, above 0.
        """
        if self.power is None:
            self.power = self._smooth = self._lowest = bands.copy()
        self._n_heard += 1
        # A plain mean of the first frames: one frame alone says little.
        past = 1 - 1 / (self._n_heard + 1)
        smooth = min(self._SMOOTH, past)
        self._smooth = smooth * self._smooth + (1 - smooth) * bands
        self._lowest = self._smooth if self._n_heard < 5 else np.minimum(self._lowest, self._smooth)
        lowest = np.min([self._lowest, *self._parts], axis=0)
        if self._n_heard % self._PART == 0:
            self._parts = [*self._parts, self._lowest][1 - self._N_PARTS :]
            self._lowest = self._smooth
        # 1/2 at 4 dB above the noise, near 1 for louder bands, near 0 for softer ones.
        speech = 1 / (1 + (2.5 * self.power / bands) ** 4)
        follow = min(self._FOLLOW, past) + (1 - min(self._FOLLOW, past)) * speech
        followed = follow * self.power + (1 - follow) * bands
        least, most = self._ABOVE_LOWEST
        self.power = np.minimum(np.maximum(followed, least * lowest), most * lowest)
