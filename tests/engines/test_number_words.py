"""Numbers as people say them, both ways."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.engines.number_words import ordinal, spoken, with_digits


@given(st.integers(min_value=0, max_value=999_999))
def test_spoken_number_reads_back_as_the_same_number(number: int) -> None:
    """What the guide says as a number, it also understands as that number."""
    assert with_digits(spoken(number)) == str(number)


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("a hundred", "100"),
        ("two hundred and five", "205"),
        ("twenty five point one four", "25.14"),
        ("one two three", "1 2 3"),
        ("Set it to Twenty-One, please", "Set it to 21, please"),
        ("someone often weighs it", "someone often weighs it"),
        ("one and two", "1 and 2"),
    ],
)
def test_number_words_become_digits_and_other_words_stay(words: str, digits: str) -> None:
    """Only whole number words are read; everything around them is kept as it was."""
    assert with_digits(words) == digits


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (-6, "minus six"),
        (Fraction(7, 8), "zero point eight seven five"),
        (Fraction(1, 3), "zero point three three three"),
        (1_002_000, "one million two thousand"),
        (10**12, "1000000000000"),
        (Fraction(19999, 10000), "two"),
    ],
)
def test_number_is_spoken_in_words(number: int | Fraction, words: str) -> None:
    """Fractions are rounded to three decimals; what nobody can follow stays in digits."""
    assert spoken(number) == words


@pytest.mark.parametrize(
    ("n", "words"),
    [(1, "first"), (12, "twelfth"), (20, "twentieth"), (23, "twenty-third"), (30, "thirtieth")],
)
def test_day_of_the_month_is_an_ordinal(n: int, words: str) -> None:
    """Dates are read as people read them."""
    assert ordinal(n) == words
