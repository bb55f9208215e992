"""The two telephone codes of ITU-T G.711, mu-law and A-law, by table.

In: int16 samples (8 kHz by custom, but the code does not care). Out: one byte a sample, and back.
Does not know: rates, streams, wire names.

The tables follow the reference code (Sun Microsystems' g711.c, also in ITU-T G.191): mu-law codes the upper
14 bits of a sample, A-law the upper 13.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.samples import Samples

_Codes = NDArray[np.uint8]

_ULAW_BIAS = 33  # on the 14-bit scale; 132 on the 16-bit scale
_ULAW_LARGEST = 0x1FFF  # with the bias, on the 14-bit scale
_ULAW_SEGMENT_ENDS = np.array([0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF])
_ALAW_SEGMENT_ENDS = np.array([0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF])


def ulaw_encode(samples: Samples) -> bytes:
    """Code samples in mu-law.

    Parameters
    ----------
    samples : int16 array, shape (n,)

    Returns
    -------
    bytes
        n bytes.
    """
    return _encode(samples, _ulaw_codes())


def ulaw_decode(data: bytes) -> Samples:
    """Decode mu-law bytes.

    Parameters
    ----------
    data : bytes
        n bytes; each of the 256 values is valid.

    Returns
    -------
    int16 array, shape (n,)
    """
    return _ulaw_values()[np.frombuffer(data, np.uint8)]


def alaw_encode(samples: Samples) -> bytes:
    """Code samples in A-law.

    Parameters
    ----------
    samples : int16 array, shape (n,)

    Returns
    -------
    bytes
        n bytes.
    """
    return _encode(samples, _alaw_codes())


def alaw_decode(data: bytes) -> Samples:
    """Decode A-law bytes.

    Parameters
    ----------
    data : bytes
        n bytes; each of the 256 values is valid.

    Returns
    -------
    int16 array, shape (n,)
    """
    return _alaw_values()[np.frombuffer(data, np.uint8)]


def _encode(samples: Samples, codes: _Codes) -> bytes:
    return codes[np.ascontiguousarray(samples, np.int16).view(np.uint16)].tobytes()


def _all_int16() -> NDArray[np.int64]:
    """Return every int16 value, in the order of its bits read as uint16; int64, so that 32768 fits."""
    return np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int64)


@lru_cache(maxsize=1)
def _ulaw_codes() -> _Codes:
    value = _all_int16() >> 2  # before the sign is taken: the other order differs on 646 values
    magnitude = np.minimum(np.abs(value) + _ULAW_BIAS, _ULAW_LARGEST)
    segment = np.searchsorted(_ULAW_SEGMENT_ENDS, magnitude)
    code = segment << 4 | (magnitude >> (segment + 1) & 0xF)
    return np.asarray(code ^ np.where(value < 0, 0x7F, 0xFF), np.uint8)


@lru_cache(maxsize=1)
def _ulaw_values() -> Samples:
    code = ~np.arange(256) & 0xFF
    bias = _ULAW_BIAS << 2
    magnitude = (((code & 0xF) << 3) + bias << (code >> 4 & 7)) - bias
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


@lru_cache(maxsize=1)
def _alaw_codes() -> _Codes:
    value = _all_int16() >> 3
    magnitude = np.where(value < 0, ~value, value)  # one's complement: -1 and 0 are a pair, not 0 alone
    segment = np.searchsorted(_ALAW_SEGMENT_ENDS, magnitude)
    code = segment << 4 | (magnitude >> np.maximum(segment, 1) & 0xF)
    return np.asarray(code ^ np.where(value < 0, 0x55, 0xD5), np.uint8)


@lru_cache(maxsize=1)
def _alaw_values() -> Samples:
    code = np.arange(256) ^ 0x55
    segment = code >> 4 & 7
    step = ((code & 0xF) << 4) + 8
    magnitude = np.where(segment == 0, step, step + 0x100 << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)
