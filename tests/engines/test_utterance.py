"""Words as material, each handed out once."""

from __future__ import annotations

import pytest

from voicelab.engines.utterance import Utterance


def anything(value: float) -> bool:
    return True


def test_phrase_after_a_preposition_ends_at_the_next() -> None:
    """A phrase is one thing: articles, times and further prepositions are not part of it."""
    words = Utterance("the weather in the New York area tomorrow for Ann")
    assert words.take_after(("in",)) == "New York area"
    assert words.take_after(("for",)) == "Ann"
    assert words.take_after(("for",)) is None


def test_whole_phrase_goes_on_to_the_end() -> None:
    """A query keeps its prepositions."""
    words = Utterance("search the web for cats in boots")
    assert words.take_after(("in", "for"), whole=True, earliest=True) == "cats in boots"


@pytest.mark.parametrize(
    ("text", "near", "value"),
    [
        ("set a timer for five minutes", ["duration", "seconds"], 300),
        ("set a timer for five minutes", ["minutes"], 5),
        ("wait 90 seconds", ["minutes"], 1.5),
        ("room 5 to 21 degrees", ["degrees"], 21),
        ("minus three degrees", ["degrees"], -3),
        ("about 40% please", ["brightness"], 40),
    ],
)
def test_number_is_found_beside_its_name_and_in_its_unit(text: str, near: list[str], value: float) -> None:
    """Numbers go where they belong; units of time are converted."""
    assert Utterance(text).take_number(near, anything) == value


def test_number_that_is_refused_stays() -> None:
    """A number out of bounds is left for another argument."""
    words = Utterance("from 3 to 200")
    assert words.take_number([], lambda value: value > 100) == 200
    assert words.take_number([], anything) == 3


def test_longest_option_wins() -> None:
    """When "dark red" is said, "red" is not chosen."""
    assert Utterance("paint it dark red").take_option(("red", "dark_red")) == "dark_red"
    assert Utterance("the Kitchens please").take_option(("kitchen",)) == "kitchen"
    assert Utterance("the cellar").take_option(("kitchen",)) is None


def test_rest_is_taken_run_by_run() -> None:
    """Things in a list come one by one; words that named the function are no things."""
    words = Utterance("add milk, brown bread and eggs to my list", spent_stems={"add", "list"})
    assert [words.take_rest() for _ in range(4)] == ["milk", "brown bread", "eggs", None]


def test_quoted_words_are_taken_together() -> None:
    """Quotation marks settle what a text is."""
    words = Utterance('translate "good morning to you" to French')
    assert words.take_quoted() == "good morning to you"
    assert words.take_after(("to",)) == "French"


def test_only_words_with_a_reason_count_as_values() -> None:
    """What was merely left over does not make a function fit better."""
    words = Utterance("rain in Oslo maybe umbrella")
    words.take_after(("in",))
    words.take_rest()
    assert words.value_stems() == {"in", "oslo", "mayb", "umbrella"} - {"rain"}
