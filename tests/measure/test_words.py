"""Word errors: S, D and I of a least-edit alignment, held against an independent implementation."""

from __future__ import annotations

import jiwer
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from voicelab.measure.words import WordErrors, edits, is_english, spoken_words, word_errors

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=12)


@pytest.mark.parametrize(
    ("understood", "expected"),
    [
        ("set a timer for five minutes", WordErrors(0, 0, 0, 6)),
        ("set a timer for nine minutes", WordErrors(1, 0, 0, 6)),
        ("set a timer", WordErrors(0, 3, 0, 6)),
        ("please set a timer for five minutes", WordErrors(0, 0, 1, 6)),
        ("", WordErrors(0, 6, 0, 6)),
    ],
)
def test_errors_are_counted_apart(understood: str, expected: WordErrors) -> None:
    """Counted on the fingers; words lost to a cut-off are deletions."""
    assert word_errors("Set a timer for five minutes.", understood) == expected


def test_both_sides_are_brought_to_the_same_form() -> None:
    """Lower case, no punctuation, hyphen = space, digits to words one by one, apostrophes kept inside a word."""
    assert spoken_words("It's 42 Twenty-One, 'quoted'!") == ["it's", "four", "two", "twenty", "one", "quoted"]
    assert word_errors("Forty-two, isn't it?", "forty two isn't it").n_errors == 0
    assert spoken_words("3D ' '") == ["3d"]


def test_the_rate_is_of_sums_over_the_whole_set() -> None:
    """One wrong word of one and none of nine is 10 %, not 50."""
    total = word_errors("yes", "no") + word_errors("one two three four five six seven eight nine", "123456789")
    assert total == WordErrors(1, 0, 0, 10)
    assert total.rate == 0.1


def test_the_rate_may_exceed_one_and_needs_a_word() -> None:
    """A babbling recogniser is worse than a silent one; of nothing said there is no rate."""
    assert word_errors("yes", "no no no").rate == 3.0
    assert word_errors("", "no").rate is None
    assert word_errors("", "no").insertions == 1


def test_english_is_told_from_what_would_be_torn_apart() -> None:
    """Letters beyond a to z count as spaces: such a text has no word error rate here."""
    assert is_english("It's 7:30, isn't it?")
    assert not is_english("für")
    assert not is_english("こんにちは")


@settings(max_examples=300, deadline=None)
@example(["c", "b", "a"], ["b", "a", "a"])  # the common end decides: two substitutions, not one deletion and insertion
@given(TEXTS.filter(bool), TEXTS)
def test_counts_are_those_of_an_independent_implementation(said: list[str], understood: list[str]) -> None:
    """Of many alignments with the least errors it is the same one: S, D and I agree, not only their sum."""
    theirs = jiwer.process_words(" ".join(said), " ".join(understood))
    ours = edits(said, understood)
    assert (ours.substitutions, ours.deletions, ours.insertions) == (
        theirs.substitutions,
        theirs.deletions,
        theirs.insertions,
    )
    assert ours.n_words == len(said)
    assert ours.rate == pytest.approx(theirs.wer)
