"""Text in drops, cut at sentence ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.engines.sentences import LONG_CLAUSE, SentenceCutter, sentences

TEXT = st.text(alphabet="aB1 .,!?\n。", max_size=400)


@given(TEXT)
def test_sentences_join_to_the_text(text: str) -> None:
    """Not a character is lost or moved."""
    assert "".join(sentences(text)) == text


@given(TEXT, st.lists(st.integers(min_value=1, max_value=9), min_size=1))
def test_no_chunking_loses_text(text: str, sizes: list[int]) -> None:
    """However the text drips in, what comes out is that text."""
    cutter, out, start = SentenceCutter(), [], 0
    while start < len(text):
        size = sizes[start % len(sizes)]
        out += cutter.feed(text[start : start + size])
        start += size
    assert "".join([*out, cutter.rest()]) == text


def test_first_sentence_comes_before_the_second_is_there() -> None:
    """Speech can start as soon as the first sentence has ended."""
    cutter = SentenceCutter()
    assert cutter.feed("Hello there") == []
    assert cutter.feed(". How") == ["Hello there. "]
    assert cutter.rest() == "How"


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith paid 3.5 dollars",
        "Tea, coffee, e.g. espresso",
        "J. S. Bach wrote it",
        "1. Open the door",
        "It is version 2.0.1 of voicelab.txt",
    ],
)
def test_dot_that_ends_no_sentence_does_not_cut(text: str) -> None:
    """Abbreviations, initials, decimals and list numbers stay whole."""
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Was it I. Yes!", ["Was it I. ", "Yes!"]),
        ('He said "no." Then left', ['He said "no." ', "Then left"]),
        ("Wait... What", ["Wait... ", "What"]),
        ("No. Never", ["No. ", "Never"]),
        ("你好。再见", ["你好。", "再见"]),
        ("one\ntwo", ["one\n", "two"]),
    ],
)
def test_sentence_end_cuts(text: str, cut: list[str]) -> None:
    """Marks, closing quotes, dots in a row, line ends and full-width marks end a sentence."""
    assert sentences(text) == cut


def test_endless_sentence_is_cut_at_a_comma() -> None:
    """A clause of two hundred characters does not hold speech back."""
    clause = "and so it went on and on and on without any end in sight, "
    parts = sentences(clause * 6)
    assert len(parts) > 1
    assert all(len(part) <= LONG_CLAUSE + len(clause) for part in parts)
