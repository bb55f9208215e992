"""The script: what can be said to the guide."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicelab.engines.guide import understand
from voicelab.engines.guide_script import CARDS, INTENTS, PHRASES, READING
from voicelab.engines.guide_sums import parse_sum
from voicelab.engines.sentences import sentences


def spoken(phrase: str) -> str:
    return phrase.replace("{number}", "seven", 1).replace("{number}", "eight")


@pytest.mark.parametrize(("name", "phrase"), [(intent.name, phrase) for intent in INTENTS for phrase in intent.phrases])
def test_every_phrase_is_understood_as_its_own_intent(name: str, phrase: str) -> None:
    """What the recogniser learns, the guide answers, and with the right thing."""
    if name == "sum":
        assert parse_sum(spoken(phrase)) is not None
    else:
        intent = understand(spoken(phrase))
        assert intent is not None
        assert intent.name == name


def test_every_word_is_in_the_recognisers_dictionary() -> None:
    """The language model can be built: no word needs a made-up pronunciation."""
    pocketsphinx = pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel here")
    dictionary = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8")
    known = {line.split()[0] for line in dictionary.splitlines() if line}
    words = {word for phrase in PHRASES for word in phrase.replace("{number}", "").split()}
    assert words - known == set()


def test_phrases_are_lower_case_words_and_number_slots() -> None:
    """The form on which guide and recogniser agree."""
    assert all(re.fullmatch(r"(?:[a-z]+|\{number\})(?: (?:[a-z]+|\{number\}))*", phrase) for phrase in PHRASES)
    assert len(set(PHRASES)) == len(PHRASES)


@pytest.mark.parametrize("card", CARDS)
def test_every_card_is_something_the_recogniser_learnt(card: str) -> None:
    """The guide never advises words that it cannot hear."""
    said = re.sub(r"[^a-z ]", "", card.lower())
    assert said in {spoken(phrase) for phrase in PHRASES} or parse_sum(said)


def test_reading_is_long_enough_to_be_interrupted() -> None:
    """About half a minute of speech, beginning with a short sentence."""
    assert 70 <= len(READING.split()) <= 110
    assert len(sentences(READING)[0].split()) <= 3


@pytest.mark.parametrize("answer", [answer for intent in INTENTS for answer in intent.answers])
def test_answers_can_be_spoken(answer: str) -> None:
    """Whole sentences without marks that a voice would stumble on, the first one short."""
    assert re.fullmatch(r"[A-Z][A-Za-z ,.:;'?-]+[.?]", answer)
    assert len(sentences(answer)[0].split()) <= 15
