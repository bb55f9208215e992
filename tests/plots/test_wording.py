"""Facts in words."""

from __future__ import annotations

import pytest

from voicelab.plots.wording import count, count_in_words, money, price_phrase, printable, seconds


@pytest.mark.parametrize(
    ("usd", "text"),
    [(0, "$0.00"), (0.031, "$0.03"), (1234.5, "$1,234.50"), (0.0042, "$0.0042"), (0.0000012, "$0.0000012")],
)
def test_money_keeps_two_digits_that_say_something(usd: float, text: str) -> None:
    """Less than a cent is never rounded to nothing, nor written with an exponent."""
    assert money(usd) == text


def test_one_is_singular_and_everything_else_plural() -> None:
    """Counting reads like English, in digits and in words."""
    assert [count(n, "turn") for n in (0, 1, 2)] == ["0 turns", "1 turn", "2 turns"]
    assert [count_in_words(n, "reply", "replies") for n in (1, 3, 12)] == ["one reply", "three replies", "12 replies"]


def test_durations_are_told_in_tenths_of_a_second() -> None:
    """3.2 s, as people say it."""
    assert seconds(3240) == "3.2 s"


def test_a_price_that_nobody_billed_says_so() -> None:
    """The embedded server bills nothing, and every cost beside it says that."""
    assert price_phrase({"model": "gpt-realtime", "billed": False}) == "at gpt-realtime prices, nothing billed"
    assert price_phrase({"model": "gpt-realtime", "billed": True}) == "at gpt-realtime prices"


def test_what_was_said_cannot_steer_a_terminal() -> None:
    """Escape sequences and line ends in a transcript become blanks."""
    assert printable("a\x1b[31mred\nline\ttab") == "a [31mred line tab"
