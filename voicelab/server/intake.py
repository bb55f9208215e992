"""From the bytes of an append to the samples that everything else hears: decoded, and cleaned of noise.

In: wire bytes, the input's settings.  Out: samples at 24 kHz, noise reduced when that was asked for.
Does not know: turns, words, or where the samples go.

Both steps hold a little back (the telephone formats 1 ms, noise reduction up to 20 ms). What is held back comes out
when a step is changed and when it is asked for, so the samples that came out always count as the audio that went in.
"""

from __future__ import annotations

import numpy as np

from voicelab.audio.denoise import Denoiser
from voicelab.audio.formats import AudioFormat, Decoder, from_wire
from voicelab.audio.samples import Samples
from voicelab.protocol.settings import AudioInput, NoiseReduction, to_plain


class Intake:
    """The way in for one connection's audio.

    Parameters
    ----------
    settings : AudioInput
        Its format and noise reduction hold; `change` replaces them.
    """

    def __init__(self, settings: AudioInput) -> None:
        self._format = _format_of(settings)
        self._decoder = Decoder(self._format)
        self._reduction = settings.noise_reduction
        self._denoiser = _denoiser_for(self._reduction)

    def feed(self, data: bytes) -> Samples:
        """Take the bytes of an append, return the samples that are ready, shape (n,).

        Raises
        ------
        AudioError
            An odd number of bytes of 16-bit audio; nothing of it is taken.
        """
        return self._clean(self._decoder.feed(data))

    def flush(self) -> Samples:
        """Return what is held back, shape (n,): now as many samples came out as went in."""
        rest = self._clean(self._decoder.finish())
        return rest if self._denoiser is None else np.concatenate([rest, self._denoiser.flush()])

    def change(self, settings: AudioInput) -> Samples:
        """Go on with other settings; return what the old steps held back, shape (n,)."""
        rest = np.zeros(0, np.int16)
        if (wire_format := _format_of(settings)) != self._format:
            rest = self._clean(self._decoder.finish())
            self._format, self._decoder = wire_format, Decoder(wire_format)
        if settings.noise_reduction != self._reduction:
            if self._denoiser is not None:
                rest = np.concatenate([rest, self._denoiser.flush()])
            self._reduction = settings.noise_reduction
            self._denoiser = _denoiser_for(self._reduction)
        return rest

    def _clean(self, samples: Samples) -> Samples:
        return samples if self._denoiser is None else self._denoiser.feed(samples)


def _format_of(settings: AudioInput) -> AudioFormat:
    return from_wire(to_plain(settings.format))


def _denoiser_for(reduction: NoiseReduction | None) -> Denoiser | None:
    return None if reduction is None else Denoiser(reduction.type, reduction.strength)
