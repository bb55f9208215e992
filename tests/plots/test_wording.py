"""Facts in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voicelab.measure.run import Run
from voicelab.plots.wording import by_anchor, count, count_in_words, money, price_phrase, printable, said_words, seconds


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


def test_turns_are_grouped_by_who_knows_their_end(run: Run) -> None:
    """Only what a person gave shares a group; a typed turn has no end and is in none."""
    labelled, estimated, typed = run.turn_list()
    marked, detected = replace(labelled, speech_end_from="mark"), replace(labelled, speech_end_from="detector")
    groups = by_anchor([detected, estimated, labelled, marked, typed])
    assert list(groups) == ["labelled or marked", "estimated", "from the detector"]
    assert [len(group) for group in groups.values()] == [2, 1, 1]


def test_what_was_cut_off_nobody_knows_where_has_no_instant(run: Run) -> None:
    """Three endings: heard so far, not heard, not known."""
    cut = run.turn_list()[1]
    endings = [said_words(replace(cut, heard_ms=ms)).rpartition("[")[2] for ms in (800.0, 0.0, None)]
    assert endings == ["cut off at 0.8 s]", "not heard]", "cut off]"]
