"""The promises of scenarios and of what a recogniser gets from them."""

from __future__ import annotations

import pytest

from voicelab.engines.language import Scenario, grammar, pronunciations, words
from voicelab.errors import ConfigError

STOCK = ["hello HH AH L OW", "hello(2) HH EH L OW", "there DH EH R", "other AH DH ER"]


def test_words_are_those_of_the_phrases() -> None:
    """Each once."""
    assert words(Scenario("s", ("hello there", "hello"))) == {"hello", "there"}


def test_a_number_slot_brings_the_number_words() -> None:
    """Zero to one hundred need 29 words; the slot itself is none."""
    found = words(Scenario("s", ("count to {number}",)))
    assert {"zero", "nineteen", "ninety", "hundred", "count"} <= found
    assert len(found) == 2 + 29 - 0
    assert "{number}" not in found


def test_the_grammar_has_each_phrase_once_as_an_alternative() -> None:
    """A phrase given twice weighs no more than once."""
    text = grammar(Scenario("s", ("hello there", "goodbye", "hello there")))
    assert text.startswith("#JSGF V1.0;\n")
    assert "public <phrase> = goodbye | hello there;" in text


def test_the_grammar_replaces_the_slot_by_the_number_rule() -> None:
    """JSGF has no braces for that: they would be tags."""
    text = grammar(Scenario("s", ("{number} plus {number}",)))
    assert "public <phrase> = <number> plus <number>;" in text
    assert "{" not in text


@pytest.mark.parametrize(
    "phrase", ["", "Hello", "hello  there", " hello", "what's up?", "count to {n}", "a;b", "x{number}"]
)
def test_a_phrase_written_otherwise_is_refused(phrase: str) -> None:
    """The error shows the phrase; nothing can get into the grammar but words."""
    with pytest.raises(ConfigError, match="cannot use the phrase"):
        Scenario("s", (phrase,))


def test_a_scenario_without_phrases_is_refused() -> None:
    """There would be nothing to hear."""
    with pytest.raises(ConfigError, match="no phrases"):
        Scenario("s", ())


def test_pronunciations_are_all_those_of_the_words_and_no_others() -> None:
    """Variants of a word are kept, other words are left out."""
    found = pronunciations(Scenario("s", ("hello there",)), STOCK)
    assert found == [("hello", "HH AH L OW"), ("hello(2)", "HH EH L OW"), ("there", "DH EH R")]


def test_words_that_the_dictionary_lacks_are_all_named() -> None:
    """The author of a scenario sees at once which words to change."""
    with pytest.raises(ConfigError, match="frobnicate, xyzzy"):
        pronunciations(Scenario("s", ("hello xyzzy", "frobnicate")), STOCK)
