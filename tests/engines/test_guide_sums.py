"""Sums in words and digits."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.engines.guide_sums import parse_sum
from voicelab.engines.number_words import spoken


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("what is seven times eight", "Seven times eight is fifty-six."),
        ("12*7", "Twelve times seven is eighty-four."),
        ("How much is 2 plus 3 times 4?", "Two plus three times four is fourteen."),
        ("ten divided by four please", "Ten divided by four is two point five."),
        ("what's 10 / 3", "Ten divided by three is about three point three three three."),
        ("three minus ten", "Three minus ten is minus seven."),
        ("1,200 + 5", "One thousand two hundred plus five is one thousand two hundred five."),
        ("five divided by zero", "Nobody can divide by zero. Try another sum."),
    ],
)
def test_sum_is_answered(words: str, answer: str) -> None:
    """Sums are right, products come first, roundings say "about"."""
    parsed = parse_sum(words)
    assert parsed is not None
    assert parsed.answer() == answer


@given(st.integers(0, 100), st.integers(0, 100), st.sampled_from("+-*"))
def test_spoken_and_typed_sums_agree_with_arithmetic(a: int, b: int, operator: str) -> None:
    """The same sum in words and in digits has the value that Python gives it."""
    word = {"+": "plus", "-": "minus", "*": "times"}[operator]
    expected = {"+": a + b, "-": a - b, "*": a * b}[operator]
    for words in (f"what is {spoken(a)} {word} {spoken(b)}", f"{a}{operator}{b}"):
        parsed = parse_sum(words)
        assert parsed is not None
        assert parsed.value() == Fraction(expected)


@pytest.mark.parametrize("words", ["24/7 support", "hello", "seven", "see you 2026-11-20 then", "the 2 * 2 matrix"])
def test_words_around_numbers_make_no_sum(words: str) -> None:
    """A date or an idiom is not a sum."""
    assert parse_sum(words) is None


def test_sum_gives_its_expression_in_digits() -> None:
    """A client's calculator gets digits and signs."""
    parsed = parse_sum("what is two point five times minus three")
    assert parsed is not None
    assert parsed.expression == "2.5 * -3"


@pytest.mark.parametrize("words", ["9" * 5000 + "*2", "+".join("1" * 5000)])
def test_monstrous_sum_is_left_alone(words: str) -> None:
    """Numbers that nobody says do not stop the server."""
    assert parse_sum(words) is None
