"""The promises of the speaker, kept by the real espeak-ng."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256

import numpy as np
import pytest

from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.engines.base import SpeechChunk
from voicelab.engines.child import child_environment
from voicelab.engines.espeak import CHUNK_SAMPLES, Espeak
from voicelab.errors import ConfigError, EngineError
from voicelab.turns.voiced import audible_start_ms

SENTENCE = "The quick brown fox jumps over the lazy dog near the river."
TEXTS = (
    "Hello there! This is a test, for a while — naïve café 😀 done.  Dr. Smith paid 3.50 dollars.",
    'One line\n\nand another... "Really?" Yes',
    "  leading and trailing space  ",
    "漢字 and Ελληνικά",
    "no\0thing <b>is</b> [[special]] & \\here",
    "...",
    "word " * 400,
)


def _chunks(text: str, voice: str = "marin", speed: float = 1.0) -> list[SpeechChunk]:
    return list(Espeak().speak(text, voice, speed))


def _sound(text: str, voice: str = "marin", speed: float = 1.0) -> Samples:
    return np.concatenate([chunk.samples for chunk in _chunks(text, voice, speed)])


@pytest.mark.parametrize("text", TEXTS)
def test_the_words_of_all_chunks_are_the_text(text: str) -> None:
    """Nothing is lost or changed, whatever the text holds."""
    assert "".join(chunk.text for chunk in _chunks(text)) == text


@pytest.mark.parametrize("text", TEXTS)
def test_no_chunk_is_longer_than_100_ms(text: str) -> None:
    """So a reply that is cut off is silent within one chunk."""
    assert all(chunk.samples.size <= CHUNK_SAMPLES for chunk in _chunks(text))


def test_words_come_with_the_chunk_in_which_they_begin() -> None:
    """No chunk splits a word, and the words are spread over the sound as they are said."""
    chunks = _chunks("Nine tall giraffes wandered across dusty plains yesterday.")
    with_words = [index for index, chunk in enumerate(chunks) if chunk.text]
    assert all(chunk.text.endswith((" ", ".")) for chunk in chunks if chunk.text)
    assert chunks[0].text == "Nine "
    assert len(with_words) == 8
    assert with_words[-1] > len(chunks) / 2


def test_a_later_word_is_late_in_the_sound() -> None:
    """The position of a word agrees with the length of what is said before it."""
    before_ms = 1000 * _sound("Once upon a time there was a").size / RATE_HZ
    chunks = _chunks("Once upon a time there was a crocodile.")
    index = next(i for i, chunk in enumerate(chunks) if "crocodile" in chunk.text)
    assert index * 100 < before_ms < index * 100 + 700


@pytest.mark.parametrize("voice", ["alloy", "echo", "shimmer", "ada"])
@pytest.mark.parametrize("text", [SENTENCE, "Hello.", "Five", "Said she."])
def test_speech_starts_at_once(text: str, voice: str) -> None:
    """At most 5 ms of silence come before the first audible sample."""
    start_ms = audible_start_ms(_sound(text, voice), RATE_HZ)
    assert start_ms is not None
    assert start_ms <= 5


def test_a_sentence_ends_with_its_pause() -> None:
    """The silence between sentences is kept: it is part of the prosody."""
    assert np.abs(_sound("Hello there.")[-2400:].astype(int)).max() < 100


@pytest.mark.parametrize(
    ("speed", "ratio"), [(0.25, 4.0), (0.35, 2.9), (0.5, 2.0), (0.75, 1.33), (1.25, 0.8), (1.5, 0.667)]
)
def test_speed_changes_the_length_in_proportion(speed: float, ratio: float) -> None:
    """Over the whole range of the setting, to 15 %."""
    assert _sound(SENTENCE, speed=speed).size / _sound(SENTENCE).size == pytest.approx(ratio, rel=0.15)


@pytest.mark.parametrize("speed", [0.0, 0.24, 1.51, -1.0, float("nan")])
def test_a_speed_out_of_range_is_refused(speed: float) -> None:
    """The range is that of the protocol."""
    with pytest.raises(ConfigError, match=r"0\.25 to 1\.5"):
        _chunks("hello", speed=speed)


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_text_is_refused(text: str) -> None:
    """There is nothing to say, and the error says so."""
    with pytest.raises(EngineError, match="empty"):
        _chunks(text)


@pytest.mark.parametrize("voice", ["marin", "ada", "shimmer"])
def test_the_same_sentence_sounds_the_same_whatever_was_said_before(voice: str) -> None:
    """espeak-ng keeps state between calls; here none of it is heard, not even beside an unfinished reply."""
    first = _sound(SENTENCE, voice)
    unfinished = Espeak().speak("Something else entirely. And more.", "ballad", 1.3)
    next(unfinished)
    assert np.array_equal(_sound(SENTENCE, voice), first)
    next(unfinished)
    assert np.array_equal(_sound(SENTENCE, voice), first)


@pytest.mark.parametrize("voice", ["marin", "ada"])
def test_another_process_speaks_the_very_same_samples(voice: str) -> None:
    """So a conversation in virtual time can be repeated exactly; "ada" has breath noise, which is seeded."""
    script = (
        "import sys, hashlib\n"
        "from voicelab.engines.espeak import Espeak\n"
        f"chunks = Espeak().speak({SENTENCE!r}, {voice!r}, 1.0)\n"
        "print(hashlib.sha256(b''.join(chunk.samples.tobytes() for chunk in chunks)).hexdigest())"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=child_environment()
    ).stdout
    assert printed.strip() == sha256(_sound(SENTENCE, voice).tobytes()).hexdigest()


def test_a_very_long_text_is_made_piece_by_piece() -> None:
    """The first chunk of an hour of speech comes before the hour is made."""
    speech = Espeak().speak("This sentence is one of very many. " * 20_000, "marin", 1.0)
    assert next(speech).text == "This "


def test_a_missing_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without espeakng-loader the error says what to install."""
    monkeypatch.setattr("voicelab.engines.espeak.find_spec", lambda name: None)
    with pytest.raises(EngineError, match="pip install espeakng-loader"):
        _chunks("hello")
