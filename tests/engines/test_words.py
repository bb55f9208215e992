"""How the rules compare sentences."""

from __future__ import annotations

import pytest

from voicelab.engines.words import content_stems, name_words, plain, stem


def test_plain_words_have_no_case_punctuation_or_apostrophes() -> None:
    """Typed and recognised words meet in one form."""
    assert plain("What's UP, doc?") == "whats up doc"


@pytest.mark.parametrize(
    ("one", "other"), [("lights", "light"), ("raining", "rain"), ("cities", "city"), ("prices", "price")]
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    """A declared "light" fits "lights"."""
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("time", "timer"), ("class", "clas"), ("is", "i")])
def test_different_words_keep_different_stems(one: str, other: str) -> None:
    """Asking for the time never sets a timer."""
    assert stem(one) != stem(other)


def test_content_leaves_out_grammar_and_numbers() -> None:
    """Only words that carry meaning count in a comparison."""
    assert content_stems("What is the weather in 2 days?") == ["weather", "day"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("get_weather", ["get", "weather"]),
        ("getCurrentWeather", ["get", "current", "weather"]),
        ("HTTPRequest-v2", ["http", "request", "v", "2"]),
    ],
)
def test_identifier_is_split_into_words(name: str, words: list[str]) -> None:
    """Snake, camel and kebab names are all read."""
    assert name_words(name) == words
