"""Promises of `voicelab.audio.g711`, judged by the tables of the standard (ITU-T G.711) and by audioop."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

from voicelab.audio.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from voicelab.audio.resample import Resampler
from voicelab.audio.signals import tone

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)
EVERY_BYTE = bytes(range(256))


def ulaw_by_the_standard(code: int) -> int:
    """Table 2: bits inverted; sign, 3-bit segment, 4-bit step; values on a 14-bit scale, here times 4."""
    code ^= 0xFF
    segment, step = code >> 4 & 7, code & 15
    magnitude = (2 * step + 33) * 2**segment - 33
    return 4 * (-magnitude if code & 0x80 else magnitude)


def alaw_by_the_standard(code: int) -> int:
    """Table 1: every second bit inverted, then as table 2; values on a 13-bit scale, here times 8."""
    code ^= 0x55
    segment, step = code >> 4 & 7, code & 15
    magnitude = step + 0.5 if segment == 0 else (step + 16.5) * 2 ** (segment - 1)
    return int(16 * (magnitude if code & 0x80 else -magnitude))


@pytest.mark.parametrize(
    ("decode", "by_the_standard"), [(ulaw_decode, ulaw_by_the_standard), (alaw_decode, alaw_by_the_standard)]
)
def test_every_byte_decodes_to_the_value_in_the_standard(decode, by_the_standard):
    """All 256 values equal the formula of the standard's tables."""
    assert decode(EVERY_BYTE).tolist() == [by_the_standard(code) for code in range(256)]


@pytest.mark.parametrize(
    ("encode", "known"),
    [
        (
            ulaw_encode,
            {0: 0xFF, -1: 0x7E, -4: 0x7E, 4: 0xFE, 32767: 0x80, -32768: 0x00, 1000: 0xCE, -1000: 0x4E},
        ),
        (
            alaw_encode,
            {0: 0xD5, -1: 0x55, 8: 0xD5, 16: 0xD4, 32767: 0xAA, -32768: 0x2A, 1000: 0xFA, -1000: 0x7A},
        ),
    ],
)
def test_known_samples_encode_to_the_known_bytes(encode, known):
    """Silence, the smallest steps, both ends, and the two signs of 1000."""
    assert list(encode(np.array(list(known), np.int16))) == list(known.values())


def ulaw_code_by_the_standard(sample: int) -> int:
    """Table 2: with a bias of 33, segment ``s`` begins at the magnitude ``2 ** (s + 5)``."""
    value = sample >> 2
    biased = min(abs(value), 8158) + 33
    segment = biased.bit_length() - 6
    return (segment << 4 | biased >> (segment + 1) & 15) ^ (0x7F if value < 0 else 0xFF)


def alaw_code_by_the_standard(sample: int) -> int:
    """Table 1: segments 0 and 1 have steps of 2 (13-bit scale), then the steps double."""
    value = sample >> 3
    magnitude = value if value >= 0 else -value - 1
    segment = max(0, magnitude.bit_length() - 5)
    return (segment << 4 | magnitude >> max(1, segment) & 15) ^ (0x55 if value < 0 else 0xD5)


@pytest.mark.parametrize(
    ("encode", "by_the_standard"),
    [(ulaw_encode, ulaw_code_by_the_standard), (alaw_encode, alaw_code_by_the_standard)],
)
def test_every_sample_encodes_to_the_byte_in_the_standard(encode, by_the_standard):
    """All 65,536 samples equal a plain scalar encoder."""
    assert list(encode(EVERY_SAMPLE)) == [by_the_standard(sample) for sample in EVERY_SAMPLE.tolist()]


@pytest.mark.parametrize(("encode", "decode"), [(ulaw_encode, ulaw_decode), (alaw_encode, alaw_decode)])
def test_decoded_values_are_fixed_points(encode, decode):
    """A second trip through the code changes nothing."""
    values = decode(EVERY_BYTE)
    assert np.array_equal(decode(encode(values)), values)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="audioop left the standard library with Python 3.13")
def test_the_tables_equal_audioop_on_every_value():
    """Bit for bit on all 65,536 samples and all 256 bytes, both laws."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import audioop
    linear = EVERY_SAMPLE.tobytes()
    assert ulaw_encode(EVERY_SAMPLE) == audioop.lin2ulaw(linear, 2)
    assert alaw_encode(EVERY_SAMPLE) == audioop.lin2alaw(linear, 2)
    assert ulaw_decode(EVERY_BYTE).tobytes() == audioop.ulaw2lin(EVERY_BYTE, 2)
    assert alaw_decode(EVERY_BYTE).tobytes() == audioop.alaw2lin(EVERY_BYTE, 2)


@pytest.mark.parametrize(("encode", "decode"), [(ulaw_encode, ulaw_decode), (alaw_encode, alaw_decode)])
@pytest.mark.parametrize("level_dbfs", [-10, -20, -30])
def test_a_tone_keeps_the_signal_to_noise_ratio_of_telephony(encode, decode, level_dbfs):
    """At least 35 dB at speech levels: G.712 asks for 33 of a whole channel."""
    heard = Resampler(24_000, 8_000).feed(tone(1020, 500, level_dbfs))
    error = decode(encode(heard)).astype(float) - heard
    assert 10 * np.log10(np.mean(np.square(heard, dtype=float)) / np.mean(error**2)) > 35


def test_a_stride_does_not_change_the_code():
    """Every second sample of an array, as one channel of stereo, is coded like its copy."""
    view = EVERY_SAMPLE[::2]
    assert ulaw_encode(view) == ulaw_encode(view.copy())
    assert alaw_encode(view) == alaw_encode(view.copy())


@pytest.mark.parametrize("decode", [ulaw_decode, alaw_decode])
def test_decoding_gives_an_array_of_its_own(decode):
    """Writing into decoded samples does not spoil the table."""
    decode(EVERY_BYTE)[:] = 7
    assert decode(EVERY_BYTE).min() < -30000
