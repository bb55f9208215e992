"""Prosody: pitch against tones of known pitch, falls against glides, pauses against windows that were counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.audio.resample import Resampler, convert
from voicelab.audio.samples import RATE_HZ, Samples, to_int16
from voicelab.audio.signals import noise, silence, tone
from voicelab.turns.prosody import Frames, Listener, Prosody, track, with_falls

WINDOW_MS = 32


def glide(from_hz: float, to_hz: float, ms: float, from_dbfs: float = -20.0, to_dbfs: float = -20.0) -> Samples:
    """Return a buzz of ten harmonics whose pitch and level move evenly (on their own, logarithmic scales)."""
    n = round(ms * RATE_HZ / 1000)
    phase = 2 * np.pi * np.cumsum(np.geomspace(from_hz, to_hz, n)) / RATE_HZ
    wave = sum(np.sin(k * phase) / k for k in range(1, 11))
    return to_int16(wave * 10 ** (np.linspace(from_dbfs, to_dbfs, n) / 20))


def tracked(samples: Samples) -> Frames:
    return track(np.concatenate([np.zeros(240, np.int16), convert(samples, RATE_HZ, 8_000)]))


def described(samples: Samples, marks: str, n_chunk: int | None = None) -> Prosody:
    """Hear samples, in chunks ahead of their windows, and return what is known after the last window."""
    listener = Listener()
    if n_chunk is None:
        listener.hear(samples)
    at = 0
    for k, mark in enumerate(marks):
        while n_chunk and at < (k + 1) * WINDOW_MS * RATE_HZ // 1000:
            listener.hear(samples[at : at + n_chunk])
            at += n_chunk
        listener.feed(k * WINDOW_MS, (k + 1) * WINDOW_MS, mark == "v")
    return listener.prosody()


@pytest.mark.parametrize("hz", [75, 100, 133, 180, 220, 300, 390])
def test_pitch_of_a_tone_is_right_within_two_hertz(hz: float) -> None:
    """From a deep man's to a child's voice, every frame that hears only the tone."""
    frames = tracked(tone(hz, 500))
    assert np.abs(frames.pitch_hz[5:] - hz).max() < 2


@pytest.mark.parametrize("hz", [90, 150, 210])
def test_a_voice_is_not_heard_an_octave_off(hz: float) -> None:
    """Harmonics make every multiple of the period fit; the shortest is taken."""
    frames = tracked(glide(hz, hz, 500))
    assert np.abs(frames.pitch_hz[5:] - hz).max() < 2


def test_a_strong_second_harmonic_is_not_taken_for_the_pitch() -> None:
    """A vowel whose first formant lies at twice the pitch repeats nearly as well after half a period."""
    frames = tracked((tone(140, 500, -26).astype(np.int32) + tone(280, 500, -20)).astype(np.int16))
    assert np.abs(frames.pitch_hz[5:] - 140).max() < 2


def test_pitch_follows_a_glide() -> None:
    """Each frame gives the pitch of the middle of its 40 ms, within 3 Hz."""
    frames = tracked(glide(120, 240, 1000))
    middle_s = np.arange(5, 95) * 0.01 - 0.01
    assert np.abs(frames.pitch_hz[5:95] - 120 * 2**middle_s).max() < 3


def test_noise_and_silence_have_no_pitch() -> None:
    """Nothing repeats in them: at most one frame in twenty of noise is taken for a voice."""
    assert not tracked(silence(500)).pitch_hz.any()
    assert np.mean(tracked(noise(2000, -20, seed=4)).pitch_hz > 0) < 0.05


def test_level_is_that_of_the_last_ten_milliseconds() -> None:
    """A tone at -20 dBFS is a frame of -20 dBFS, and the silence after it is silent at once."""
    frames = tracked(np.concatenate([tone(200, 300), silence(100)]))
    assert frames.level_dbfs[5:28] == pytest.approx(-20, abs=0.3)
    assert frames.level_dbfs[32:].max() < -100


@pytest.mark.parametrize("n", [0, 1, 240, 319])
def test_sound_of_less_than_a_frame_gives_none(n: int) -> None:
    """The 40 ms of the first frame have to be there."""
    assert track(np.ones(n, np.int16)).pitch_hz.size == 0


def test_a_fall_of_pitch_is_positive_a_rise_negative_a_level_voice_between() -> None:
    """The end is compared with the whole: down an octave, level, up an octave, in this order and about symmetric."""
    marks = "v" * 30 + "." * 6
    falls = [described(glide(200, end_hz, 960), marks).pitch_fall_st for end_hz in (100, 200, 400)]
    assert falls[0] == pytest.approx(4.9, abs=0.5)
    assert falls[1] == pytest.approx(0, abs=0.1)
    assert falls[2] == pytest.approx(-4.9, abs=0.5)


def test_a_voice_that_fades_has_a_fall_of_level_and_none_of_pitch() -> None:
    """20 dB over a second: the last half second lies about 5 dB under the mean."""
    prosody = described(glide(150, 150, 960, -20, -40), "v" * 30 + "." * 6)
    assert prosody.level_fall_db == pytest.approx(5, abs=0.7)
    assert prosody.pitch_fall_st == pytest.approx(0, abs=0.1)


def test_speech_without_pitch_has_no_falls() -> None:
    """Unknown counts as no fall."""
    prosody = described(noise(960, -20, seed=1), "v" * 2 + "." * 6)
    assert (prosody.pitch_fall_st, prosody.level_fall_db) == (0, 0)
    assert with_falls(Prosody(pitch_fall_st=3, level_fall_db=3), Frames(np.zeros(9), np.zeros(9))) == Prosody()


def test_sound_in_silent_windows_does_not_count_as_voice() -> None:
    """A hum in the pause changes nothing of what is said about the voice before it."""
    voice = glide(200, 100, 640)
    quiet = described(np.concatenate([voice, silence(320)]), "v" * 20 + "." * 10)
    hum = described(np.concatenate([voice, tone(390, 320)]), "v" * 20 + "." * 10)
    assert hum == quiet


def test_pauses_and_speech_are_counted_in_windows() -> None:
    """Speech in all, the last run, the longest pause inside, the pause under way."""
    prosody = described(silence(5000), "vvv" + "....." + "vv" + ".." + "vvvv" + "...")
    assert prosody == Prosody(
        last_run_ms=4 * WINDOW_MS, longest_pause_ms=5 * WINDOW_MS, speech_ms=9 * WINDOW_MS, silence_ms=3 * WINDOW_MS
    )


def test_the_silence_before_the_first_word_is_no_pause() -> None:
    """Only silence between speech and speech belongs to the history."""
    assert described(silence(2000), "....." + "vv" + ".").longest_pause_ms == 0


def test_forgetting_begins_a_new_turn_on_the_same_clock() -> None:
    """After it the next voice is described as if it were the first."""
    listener = Listener()
    listener.hear(np.concatenate([glide(300, 300, 640), glide(200, 100, 640), silence(320)]))
    for k in range(20):
        listener.feed(k * WINDOW_MS, (k + 1) * WINDOW_MS, True)
    listener.forget()
    assert listener.prosody() == Prosody()
    for k in range(20, 42):
        listener.feed(k * WINDOW_MS, (k + 1) * WINDOW_MS, k < 40)
    assert listener.prosody().speech_ms == 20 * WINDOW_MS
    assert listener.prosody().pitch_fall_st == pytest.approx(4.1, abs=0.3)


def test_a_reset_listener_hears_what_a_new_one_hears() -> None:
    """Clock, sound and history begin anew."""
    sound = np.concatenate([glide(200, 120, 960), silence(320)])
    marks = "v" * 30 + "." * 6
    listener = Listener()
    listener.hear(sound[:5000])
    listener.feed(0, 32, True)
    listener.reset()
    listener.hear(sound)
    for k, mark in enumerate(marks):
        listener.feed(k * WINDOW_MS, (k + 1) * WINDOW_MS, mark == "v")
    assert listener.prosody() == described(sound, marks)


def test_windows_without_their_sound_are_counted_without_falls() -> None:
    """Whoever feeds scores and no audio still gets the history of pauses."""
    prosody = described(silence(0), "vvvv" + "..")
    assert prosody == Prosody(last_run_ms=128, speech_ms=128, silence_ms=64)


def test_sound_that_comes_late_still_counts() -> None:
    """The window by which it is there takes it; the clock does not slip."""
    sound = np.concatenate([glide(200, 100, 960), silence(320)])
    listener = Listener()
    for k in range(36):
        if k == 12:
            listener.hear(sound)
        listener.feed(k * WINDOW_MS, (k + 1) * WINDOW_MS, k < 30)
    assert listener.prosody() == described(sound, "v" * 30 + "." * 6)


def test_only_the_newest_ten_seconds_of_voice_are_kept() -> None:
    """What came before a long speech no longer moves its falls, and memory stays flat."""
    high, low = glide(300, 300, 12_000), glide(150, 150, 10_500)
    marks = "v" * (22_500 // WINDOW_MS) + "." * 6
    assert described(np.concatenate([high, low]), marks).pitch_fall_st == pytest.approx(0, abs=0.1)


@settings(deadline=None, max_examples=40)
@given(n_chunk=st.integers(1, 10_000))
def test_any_chunking_gives_the_same_description(n_chunk: int) -> None:
    """To the last bit, though the resampler holds sound back."""
    sound = np.concatenate([glide(220, 140, 320, -15, -30), silence(64)])
    marks = "v" * 10 + "." * 2
    assert described(sound, marks, n_chunk) == described(sound, marks)


def test_the_resampler_holds_back_less_than_is_allowed_for() -> None:
    """The frames of a window are there as soon as its sound is, else chunking would show."""
    n_held_back = 8_000 - Resampler(RATE_HZ, 8_000).feed(silence(1000)).size
    assert n_held_back <= 2 * 8
