"""The promises of the table of voices, judged on the sound that espeak-ng makes of them."""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
import pytest

from voicelab.audio.samples import RATE_HZ, Samples, dbfs
from voicelab.engines.espeak import Espeak
from voicelab.engines.voices import CALLER_VOICES, VOICES, voice_named
from voicelab.errors import ConfigError, EngineError

TEXT = (
    "The quick brown fox jumps over the lazy dog near the river. Hello, how are you today? "
    "I am here to help you with your questions! Set a timer for five minutes. No! What? Absolutely wonderful."
)


@lru_cache
def _spoken(voice: str) -> Samples:
    return np.concatenate([chunk.samples for chunk in Espeak().speak(TEXT, voice, 1.0)])


@lru_cache
def _pitch_hz(voice: str) -> float:
    """Median fundamental frequency by autocorrelation, 85 ms windows, 60-400 Hz."""
    samples = _spoken(voice).astype(float)
    found = []
    for start in range(0, samples.size - 2048, 512):
        window = samples[start : start + 2048]
        if window.std() < 500:
            continue
        spectrum = np.fft.rfft((window - window.mean()) * np.hanning(2048), 8192)
        correlation = np.fft.irfft(np.abs(spectrum) ** 2)
        shortest, longest = RATE_HZ // 400, RATE_HZ // 60
        lag = shortest + int(correlation[shortest:longest].argmax())
        if correlation[lag] > 0.4 * correlation[0]:
            found.append(RATE_HZ / lag)
    return float(np.median(found))


@lru_cache
def _centroid_hz(voice: str) -> float:
    power = np.abs(np.fft.rfft(_spoken(voice).astype(float))) ** 2
    return float((power * np.fft.rfftfreq(_spoken(voice).size, 1 / RATE_HZ)).sum() / power.sum())


def test_the_ten_voices_have_the_names_of_the_hosted_service() -> None:
    """A `voice` setting that the hosted service takes means something here too."""
    assert set(VOICES) == {"alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"}


def test_there_are_five_caller_voices_made_of_other_variants() -> None:
    """No scripted caller uses the variant of a reply voice."""
    assert len(CALLER_VOICES) == 5
    variants = [voice.variant for voice in (*VOICES.values(), *CALLER_VOICES.values())]
    assert len(set(variants)) == len(variants)


@pytest.mark.parametrize("pair", list(itertools.combinations(VOICES, 2)), ids="-".join)
def test_any_two_of_the_ten_differ_clearly_in_pitch_or_in_colour(pair: tuple[str, str]) -> None:
    """By two semitones in the median fundamental, or by a third of an octave in the spectral centroid."""
    one, other = pair
    semitones = 12 * abs(np.log2(_pitch_hz(one) / _pitch_hz(other)))
    thirds = 3 * abs(np.log2(_centroid_hz(one) / _centroid_hz(other)))
    assert semitones >= 2 or thirds >= 1


@pytest.mark.parametrize("voice", [*VOICES, *CALLER_VOICES])
def test_a_voice_neither_clips_nor_whispers(voice: str) -> None:
    """Peaks stay 2 dB under full scale, and all voices are about equally loud: -20 to -25 dBFS."""
    assert np.abs(_spoken(voice).astype(int)).max() < 26_000
    assert -25 < dbfs(_spoken(voice)) < -20


def test_an_unknown_voice_is_refused_with_the_list_of_the_ten() -> None:
    """The error names what can be chosen and which setting was meant."""
    with pytest.raises(ConfigError, match="alloy, ash, ballad") as caught:
        voice_named("nobody")
    assert caught.value.param == "session.audio.output.voice"


def test_caller_voices_are_found_by_name_too() -> None:
    """One look-up serves replies and scripted users."""
    assert voice_named("ada") is CALLER_VOICES["ada"]
    assert voice_named("marin") is VOICES["marin"]


@pytest.mark.parametrize("language", ["de", "ar", "ja", "pt-br"])
def test_a_voice_reads_by_the_rules_of_another_language(language: str) -> None:
    """The same voice, the same letters or others: another sound, and never the names of the letters."""
    text = {"ar": "كم الساعة الآن؟", "ja": "いま なんじ ですか"}.get(language, "Es ist fünf Uhr")
    there, here = (
        np.concatenate([chunk.samples for chunk in Espeak().speak(text, voice, 1.0)])
        for voice in (f"ada-{language}", "ada")
    )
    assert there.size != here.size
    assert 0.8 * RATE_HZ < there.size < 2.5 * RATE_HZ
    assert voice_named(f"ada-{language}").variant == voice_named("ada").variant


def test_a_language_that_nobody_speaks_is_told() -> None:
    """With the name that was looked for."""
    with pytest.raises(EngineError, match="no voice xx"):
        list(Espeak().speak("Hello", "ada-xx", 1.0))
