"""Promises of `voicelab.audio.resample`, judged by physics: tones, impulses, aliases."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.audio.resample import Resampler, convert
from voicelab.errors import AudioError

RATES = [
    (24_000, 16_000),
    (16_000, 24_000),
    (24_000, 8_000),
    (8_000, 24_000),
    (22_050, 24_000),
    (44_100, 24_000),
]
ODD_RATES = [*RATES, (24_000, 24_000), (24_001, 24_000), (11_025, 16_000), (4_000, 24_000), (24_000, 1_000)]


def whole(samples, from_hz, to_hz):
    resampler = Resampler(from_hz, to_hz)
    return np.concatenate([resampler.feed(samples), resampler.finish()])


def sine(hz, rate_hz, amplitude=16_000.0):
    return amplitude * np.sin(2 * np.pi * hz * np.arange(rate_hz) / rate_hz)


def int16(values):
    return np.rint(values).astype(np.int16)


def middle(values):
    """Leave out the edges, where a filter hears the tone begin and end."""
    return values[values.size // 10 : -values.size // 10].astype(float)


def ratio_db(signal, noise):
    return 10 * np.log10(np.mean(signal**2) / np.mean(noise**2))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ODD_RATES), st.lists(st.integers(0, 700), max_size=8), st.integers(0, 2**32 - 1))
def test_any_chunking_gives_the_same_samples_as_one_shot(rates, sizes, seed):
    """Bit for bit, and in total `round(n * to / from)` samples, for any rates and any chunks."""
    from_hz, to_hz = rates
    stream = np.random.default_rng(seed).integers(-32768, 32768, sum(sizes)).astype(np.int16)
    resampler = Resampler(from_hz, to_hz)
    chunks = np.split(stream, np.cumsum(sizes)[:-1]) if sizes else []
    parts = [*(resampler.feed(chunk) for chunk in chunks), resampler.finish()]
    streamed = np.concatenate(parts)
    assert all(part.dtype == np.int16 for part in parts)
    assert streamed.size == round(stream.size * to_hz / from_hz)
    assert np.array_equal(streamed, whole(stream, from_hz, to_hz))


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_a_stream_longer_than_one_block_is_the_same_at_once_and_in_frames(from_hz, to_hz):
    """Two seconds at once equal two seconds in 20 ms chunks: the inner blocks leave no seam."""
    stream = np.random.default_rng(3).integers(-20000, 20000, 2 * from_hz).astype(np.int16)
    resampler = Resampler(from_hz, to_hz)
    frames = [resampler.feed(frame) for frame in np.array_split(stream, 100)]
    assert np.array_equal(np.concatenate([*frames, resampler.finish()]), whole(stream, from_hz, to_hz))


@pytest.mark.parametrize("method", [whole, convert])
@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("hz", [100, 440, 1000, 3000])
def test_a_tone_becomes_the_tone_synthesised_at_the_other_rate(method, from_hz, to_hz, hz):
    """The difference from the true tone is 60 dB below it: level and phase are right, images are gone."""
    heard, true = middle(method(int16(sine(hz, from_hz)), from_hz, to_hz)), middle(sine(hz, to_hz))
    assert ratio_db(true, heard - true) > 60


@pytest.mark.parametrize(
    ("from_hz", "to_hz", "hz"),
    [
        (24_000, 8_000, 4_800),
        (24_000, 8_000, 6_000),
        (24_000, 8_000, 11_000),
        (24_000, 16_000, 9_000),
        (48_000, 24_000, 13_000),
        (44_100, 24_000, 20_000),
    ],
)
def test_a_tone_that_the_lower_rate_cannot_hold_is_gone(from_hz, to_hz, hz):
    """From 0.8 kHz above the new Nyquist frequency an alias is at least 55 dB down."""
    tone = int16(sine(hz, from_hz))
    alias = middle(whole(tone, from_hz, to_hz))
    assert np.mean(alias**2) < np.mean(middle(tone) ** 2) * 10**-5.5


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_the_telephone_band_is_flat(from_hz, to_hz):
    """300 to 3,400 Hz keep their level to 0.3 dB even through 8 kHz."""
    for hz in (300, 1000, 2500, 3400):
        level_db = ratio_db(middle(whole(int16(sine(hz, from_hz)), from_hz, to_hz)), middle(sine(hz, to_hz)))
        assert abs(level_db) < 0.3


@pytest.mark.parametrize("method", [whole, convert])
@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_an_impulse_lands_where_it_was(method, from_hz, to_hz):
    """The centre of an impulse at half a second is at half a second, within a hundredth of a ms."""
    click = np.zeros(from_hz, np.int16)
    click[from_hz // 2] = 30_000
    energy = method(click, from_hz, to_hz).astype(float) ** 2
    centre_ms = 1000 * np.sum(np.arange(to_hz) * energy) / np.sum(energy) / to_hz
    assert centre_ms == pytest.approx(500, abs=0.01)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_no_more_than_one_and_a_half_ms_is_held_back(from_hz, to_hz):
    """After any frame the output is at most 1.5 ms behind the input."""
    resampler = Resampler(from_hz, to_hz)
    n_in = n_out = 0
    for _ in range(20):
        n_in += from_hz // 50
        n_out += resampler.feed(np.ones(from_hz // 50, np.int16)).size
        assert 0 <= n_in / from_hz - n_out / to_hz <= 0.0015


@pytest.mark.parametrize("method", [whole, convert])
def test_digital_silence_stays_digital_silence(method):
    """No dither, no noise: zeros in, zeros out."""
    assert not method(np.zeros(4800, np.int16), 24_000, 16_000).any()


@pytest.mark.parametrize("method", [whole, convert])
def test_what_overshoots_full_scale_is_clipped_and_does_not_wrap(method):
    """A full-scale square wave rings beyond int16 at its edges; the sign never flips."""
    square = np.repeat(np.array([32767, -32768] * 20, np.int16), 120)
    heard = method(square, 24_000, 16_000)
    assert heard.max() == 32767
    assert (heard.reshape(40, 80)[::2, 10:70] > 25_000).all()


def test_a_constant_keeps_its_value_in_every_phase():
    """Each phase of the filter has gain 1, so a level does not pick up a buzz."""
    heard = whole(np.full(2205, 10_000, np.int16), 22_050, 24_000)
    assert set(heard[100:-100].tolist()) == {10_000}


def test_after_finish_a_stream_begins_anew():
    """Nothing of the first stream is heard in the second."""
    resampler = Resampler(24_000, 8_000)
    stream = int16(sine(440, 24_000))
    first = np.concatenate([resampler.feed(stream), resampler.finish()])
    second = np.concatenate([resampler.feed(stream), resampler.finish()])
    assert np.array_equal(first, second)


@pytest.mark.parametrize("method", [lambda samples, *rates: Resampler(*rates).feed(samples), convert])
def test_equal_rates_change_nothing_and_copy(method):
    """The samples come back the same at once, and are not the caller's own array."""
    stream = np.arange(100).astype(np.int16)
    same = method(stream, 24_000, 24_000)
    assert np.array_equal(same, stream)
    assert not np.shares_memory(same, stream)


@pytest.mark.parametrize("rates", [(0, 24_000), (24_000, -8_000), (24_000, 8_000.5)])
def test_a_bad_rate_is_named_in_the_error(rates):
    """The error carries the value that was wrong."""
    (bad,) = (rate for rate in rates if rate != 24_000)
    with pytest.raises(AudioError, match=str(bad)):
        Resampler(*rates)
    with pytest.raises(AudioError, match=str(bad)):
        convert(np.zeros(10, np.int16), *rates)


def test_without_soxr_a_clip_is_converted_all_the_same(monkeypatch):
    """Where soxr has no wheel (Windows on ARM) the live filter converts: same length, same tone."""
    monkeypatch.setitem(sys.modules, "soxr", None)
    sound = convert(int16(sine(440, 24_000))[:12_000], 24_000, 16_000)
    assert len(sound) == 8_000
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert np.argmax(spectrum) * 2 == 440
