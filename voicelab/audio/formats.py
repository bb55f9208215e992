"""The audio formats a Realtime session may use on the wire, and the way to them and back.

In: 24 kHz int16 samples, or wire bytes; a format as a wire object or a name. Out: the other one of each pair.
Does not know: base64, JSON, events, or who sends.

The wire objects are those of OpenAI's GA Realtime API (``session.audio.input.format``): ``audio/pcm`` has a
rate, which must be 24000; the two telephone formats have none and mean 8 kHz.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from voicelab.audio import g711
from voicelab.audio.resample import Resampler
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.errors import AudioError, ConfigError


@dataclass(frozen=True)
class AudioFormat:
    """One wire format.

    Parameters
    ----------
    type : str
        Its GA name, such as ``audio/pcm``.
    rate_hz : int
        Samples per second on the wire.
    bytes_per_ms : int
        48 for 16-bit PCM at 24 kHz, 8 for the telephone codes.
    """

    type: str
    rate_hz: int
    bytes_per_ms: int

    def to_wire(self) -> dict[str, Any]:
        """Return the GA object: ``{"type": "audio/pcm", "rate": 24000}`` or ``{"type": "audio/pcmu"}``."""
        return {"type": self.type, "rate": self.rate_hz} if self.type == "audio/pcm" else {"type": self.type}

    def ms(self, n_bytes: int) -> float:
        """Return how long ``n_bytes`` of this format last, in ms."""
        return n_bytes / self.bytes_per_ms


PCM24 = AudioFormat("audio/pcm", 24_000, 48)
PCMU = AudioFormat("audio/pcmu", 8_000, 8)
PCMA = AudioFormat("audio/pcma", 8_000, 8)

_NAMES: dict[str, AudioFormat] = {
    **dict.fromkeys(("audio/pcm", "pcm", "pcm16"), PCM24),
    **dict.fromkeys(("audio/pcmu", "pcmu", "ulaw", "mulaw", "g711_ulaw"), PCMU),
    **dict.fromkeys(("audio/pcma", "pcma", "alaw", "g711_alaw"), PCMA),
}


def by_name(name: str) -> AudioFormat:
    """Return the format of that name: GA, Beta, or one of the usual short ones.

    Parameters
    ----------
    name : str
        ``pcm``, ``pcm16``, ``pcmu``, ``ulaw``, ``mulaw``, ``g711_ulaw``, ``pcma``, ``alaw``, ``g711_alaw``,
        or a GA type such as ``audio/pcmu``.

    Raises
    ------
    ConfigError
        If the name is none of these.
    """
    if name not in _NAMES:
        raise ConfigError(f"audio format {name!r} is not supported: use one of {', '.join(_NAMES)}", param="type")
    return _NAMES[name]


def from_wire(obj: Mapping[str, Any]) -> AudioFormat:
    """Return the format that a GA wire object means.

    Parameters
    ----------
    obj : mapping
        ``type``, one of the GA types, and for ``audio/pcm`` optionally ``rate``.

    Raises
    ------
    ConfigError
        If the type is not supported, or the rate not that of the type; ``param`` is ``type`` or ``rate``.
    """
    supported = {wire_format.type: wire_format for wire_format in (PCM24, PCMU, PCMA)}
    wire_type = obj.get("type")
    if not isinstance(wire_type, str) or wire_type not in supported:
        raise ConfigError(
            f"audio format type {wire_type!r} is not supported: use one of {', '.join(supported)}",
            param="type",
        )
    found = supported[wire_type]
    rate_hz = obj.get("rate", found.rate_hz)
    if rate_hz != found.rate_hz:
        raise ConfigError(f"{wire_type} at rate {rate_hz!r} is not supported: use {found.rate_hz}", param="rate")
    return found


class Encoder:
    """Turn a stream of 24 kHz samples into wire bytes.

    Parameters
    ----------
    format : AudioFormat
        What to produce. The telephone formats hold back about 1 ms until `finish`; PCM holds back nothing.
    """

    def __init__(self, format: AudioFormat) -> None:
        self._format = format
        self._resampler = Resampler(RATE_HZ, format.rate_hz)

    def feed(self, samples: Samples) -> bytes:
        """Take the next samples (int16, shape (n,), 24 kHz), return the bytes that are ready."""
        return _to_bytes(self._resampler.feed(samples), self._format)

    def finish(self) -> bytes:
        """Return the bytes held back, and begin anew."""
        return _to_bytes(self._resampler.finish(), self._format)


class Decoder:
    """Turn a stream of wire bytes into 24 kHz samples.

    Parameters
    ----------
    format : AudioFormat
        What arrives. The telephone formats hold back about 1 ms until `finish`; PCM holds back nothing.
    """

    def __init__(self, format: AudioFormat) -> None:
        self._format = format
        self._resampler = Resampler(format.rate_hz, RATE_HZ)

    def feed(self, data: bytes) -> Samples:
        """Take the next bytes, return the samples (int16, shape (n,), 24 kHz) that are ready.

        Raises
        ------
        AudioError
            If 16-bit PCM comes with an odd number of bytes; nothing of it is taken.
        """
        return self._resampler.feed(_from_bytes(data, self._format))

    def finish(self) -> Samples:
        """Return the samples held back, and begin anew."""
        return self._resampler.finish()


def _to_bytes(samples: Samples, wire_format: AudioFormat) -> bytes:
    if wire_format is PCMU:
        return g711.ulaw_encode(samples)
    if wire_format is PCMA:
        return g711.alaw_encode(samples)
    return samples.astype("<i2", casting="equiv").tobytes()


def _from_bytes(data: bytes, wire_format: AudioFormat) -> Samples:
    if wire_format is PCMU:
        return g711.ulaw_decode(data)
    if wire_format is PCMA:
        return g711.alaw_decode(data)
    if len(data) % 2:
        raise AudioError(f"16-bit PCM came as {len(data):,} bytes, an odd number: send whole samples of two bytes")
    return np.frombuffer(data, "<i2").astype(np.int16, copy=False)  # a copy where int16 is big-endian
