"""The promises of the recogniser, kept by the real PocketSphinx on real synthetic and human speech."""

from __future__ import annotations

import wave
from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest

from voicelab.audio.resample import convert
from voicelab.audio.samples import Samples
from voicelab.engines.base import Heard
from voicelab.engines.espeak import Espeak
from voicelab.engines.language import Scenario
from voicelab.engines.sphinx import Sphinx
from voicelab.errors import ConfigError, EngineError

PHRASES = (
    "hello",
    "what time is it",
    "what is the weather in paris",
    "read me something long",
    "tell me a joke",
    "thank you",
    "stop",
    "what is {number} times {number}",
)
SAID = (
    "hello",
    "what time is it",
    "what is the weather in paris",
    "read me something long",
    "tell me a joke",
    "stop",
    "what is seven times eight",
    "what is twenty one times thirty",
)
NOT_IN_THE_SCENARIO = (
    "the cat sat on the old wooden chair",
    "please book a flight to madrid for next tuesday",
    "my sister lives near the harbour",
    "nobody knows what happened yesterday",
    "send an email to robert",
    "the doctor said to rest for a week",
    "could you lower the volume",
    "banana bread recipe",
)


def say(text: str, voice: str = "ada") -> Samples:
    """A turn as a server hands it over: a little silence, the words, the pause."""
    spoken = [chunk.samples for chunk in Espeak().speak(text, voice, 1.0)]
    return np.concatenate([np.zeros(7200, np.int16), *spoken])


def hear(recogniser: Sphinx, audio: Samples, n_chunk: int = 480) -> Heard:
    recogniser.start()
    for start in range(0, audio.size, n_chunk):
        recogniser.feed(audio[start : start + n_chunk])
    return recogniser.finish()


@pytest.fixture(scope="module")
def recogniser() -> Sphinx:
    return Sphinx(Scenario("test", PHRASES))


@pytest.fixture(scope="module")
def dictation() -> Sphinx:
    return Sphinx()


def test_phrases_of_the_scenario_are_understood_in_several_voices(recogniser: Sphinx) -> None:
    """At most one word in ten is wrong."""
    wanted = [text for _ in range(3) for text in SAID]
    heard = [hear(recogniser, say(text, voice)) for voice in ("ada", "chen", "emil") for text in SAID]
    assert jiwer.wer(wanted, [one.text or "-" for one in heard]) <= 0.10
    assert sum(one.rejected for one in heard) <= 2


def test_sentences_outside_the_scenario_are_rejected(recogniser: Sphinx) -> None:
    """Far more often than not, instead of being taken for the nearest phrase."""
    heard = [hear(recogniser, say(text, voice)) for voice in ("bruno", "dora") for text in NOT_IN_THE_SCENARIO]
    assert sum(one.rejected for one in heard) >= 0.8 * len(heard)


def test_results_do_not_depend_on_what_was_heard_before(recogniser: Sphinx) -> None:
    """The same turn gives the same words and the same confidence, to the last bit, in any order."""
    audio = say("what is seven times eight")
    first = hear(recogniser, audio)
    hear(recogniser, say("the cat sat on the old wooden chair", "bruno") // 8)
    recogniser.start()
    recogniser.feed(say("tell me a joke", "dora"))  # a turn that is given up
    assert hear(recogniser, audio) == first
    assert hear(Sphinx(Scenario("test", PHRASES)), audio) == first


@pytest.mark.parametrize("n_chunk", [1, 479, 1111, 1_000_000])
def test_results_do_not_depend_on_how_the_audio_is_cut(recogniser: Sphinx, n_chunk: int) -> None:
    """Any chunks give what 20 ms frames give."""
    audio = say("what time is it", "chen")
    assert hear(recogniser, audio, n_chunk) == hear(recogniser, audio)


def test_words_are_told_while_the_speaker_speaks(recogniser: Sphinx) -> None:
    """Partial texts come before the turn ends, each only once in a row."""
    recogniser.start()
    audio = say("what is the weather in paris")
    partials = [recogniser.feed(audio[start : start + 480]) for start in range(0, audio.size, 480)]
    told = [partial for partial in partials if partial]
    assert told[-1] == "what is the weather in paris"
    assert any(partials[: len(partials) * 3 // 4])
    assert all(one != other for one, other in pairwise(told))


def test_audio_after_a_pause_is_not_heard(recogniser: Sphinx) -> None:
    """A paused segment is closed; what follows is only kept aside."""
    recogniser.start()
    recogniser.feed(say("tell me a joke"))
    recogniser.pause()
    assert recogniser.feed(say("hello")) == ""
    assert recogniser.finish().text == "tell me a joke"


def test_a_phrase_goes_on_after_a_pause_inside_it(recogniser: Sphinx) -> None:
    """Such as "what is seven ... times eight": one phrase, not two."""
    recogniser.start()
    recogniser.feed(say("what is seven"))
    recogniser.pause()
    recogniser.feed(np.zeros(4800, np.int16))
    recogniser.resume()
    recogniser.feed(say("times eight"))
    assert recogniser.finish().text == "what is seven times eight"


def test_two_phrases_in_one_turn_are_joined(recogniser: Sphinx) -> None:
    """The audio kept aside during the pause belongs to the second one."""
    recogniser.start()
    recogniser.feed(say("tell me a joke"))
    recogniser.pause()
    second = say("what time is it")
    recogniser.feed(second[:12_000])
    recogniser.resume()
    recogniser.feed(second[12_000:])
    assert recogniser.finish().text == "tell me a joke what time is it"


@pytest.mark.parametrize("n_samples", [0, 100, 24_000])
def test_silence_has_no_words_and_is_not_rejected(recogniser: Sphinx, n_samples: int) -> None:
    """There was nothing that could have been misheard."""
    assert hear(recogniser, np.zeros(n_samples, np.int16)) == Heard("", False, 0.0, "pocketsphinx test")


def test_pausing_twice_and_resuming_twice_change_nothing(recogniser: Sphinx) -> None:
    """The server need not keep books."""
    recogniser.start()
    recogniser.resume()
    recogniser.feed(say("tell me a joke"))
    recogniser.pause()
    recogniser.pause()
    assert recogniser.finish().text == "tell me a joke"


def test_dictation_hears_words_of_no_scenario(dictation: Sphinx) -> None:
    """Free words, said to be free, and never rejected, since nothing is outside of them."""
    heard = hear(dictation, say("what is the threshold"))
    assert heard.engine == "pocketsphinx dictation"
    assert not heard.rejected
    assert {"what", "the"} <= set(heard.text.split())


def test_dictation_does_not_depend_on_order_either(dictation: Sphinx) -> None:
    """The cepstral mean of one turn is not that of the next."""
    audio = say("could you lower the volume", "chen")
    first = hear(dictation, audio)
    hear(dictation, say("banana bread recipe", "dora"))
    assert hear(dictation, audio) == first


@pytest.mark.speech
def test_dictation_reads_a_clean_human_reading_for_the_most_part(dictation: Sphinx, speech_share: Path) -> None:
    """More than half of the words of a clean read sentence are right."""
    with wave.open(str(speech_share / "audio" / "libri-0920.wav")) as file:
        audio = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    labels = (speech_share / "labels" / "libri-0920.jsonl").read_text()
    text = labels.split('"text": "')[1].split('"')[0]
    assert jiwer.wer(text, hear(dictation, convert(audio, 16_000, 24_000)).text) < 0.5


def test_unknown_words_of_a_scenario_are_refused() -> None:
    """With the words, before anything is heard."""
    with pytest.raises(ConfigError, match="xyzzyq"):
        Sphinx(Scenario("s", ("hello xyzzyq",)))


def test_a_missing_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pocketsphinx the error says what to install."""
    monkeypatch.setattr("voicelab.engines.sphinx.find_spec", lambda name: None)
    with pytest.raises(EngineError, match="pip install pocketsphinx"):
        Sphinx()
