"""Patterns without explosions, judged by Python's own ``re``."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.engines.patterns import PatternError, matches

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "[0-9-]", r"\d", r"\W", r"\b", "^", "$", "(?=a)", "(?!b)", r"\."])
COUNTS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,}", "{1,3}", "*?"])


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    grouped = st.builds(lambda part, n: f"(?:{part}){n}", inner, COUNTS)
    return st.lists(grouped, min_size=1, max_size=3).map("".join) | st.lists(grouped, max_size=2).map("|".join)


PATTERNS = st.recursive(ATOMS, joined, max_leaves=6)


@settings(max_examples=300, deadline=None)
@given(PATTERNS, st.text("ab1-. ", max_size=7))
def test_search_agrees_with_re(pattern: str, text: str) -> None:
    """What both dialects know is found in the same texts."""
    assert matches(pattern, text) == bool(re.search(pattern, text))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^[a-z0-9]+(-[a-z0-9]+)*$", "a-slug-of-3"),
        (r"^(?:\d{1,3}\.){3}\d{1,3}$", "192.168.0.1"),
        (r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "ada@example.org"),
        (r"^(?<year>\d{4})-\d\d$", "2026-11"),
        (r"^\u0041\x42[\b\]\\-]$", "AB]"),
        ("^a{,2}$", "a{,2}"),
        ("", ""),
    ],
)
def test_pattern_of_a_real_schema_is_read(pattern: str, text: str) -> None:
    """Slugs, addresses, dates, and the corners of the grammar."""
    assert matches(pattern, text)
    assert not matches(f"^{pattern.strip('^$')}$", f"{text}\n")


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^a*a*a*a*a*a*$", "^((a{1,500}){1,500}){1,500}$"])
def test_catastrophic_pattern_is_answered(pattern: str) -> None:
    """What would keep a backtracking search busy for hours costs a few thousand steps."""
    assert not matches(pattern, "a" * 400 + "b")


def test_search_that_takes_too_long_is_no_match() -> None:
    """No match is promised where the steps are used up."""
    pattern = "^" + "(?=.*a)" * 30 + "(?:a(?=.*b))*b$"
    assert matches(pattern, "aaab")
    assert not matches(pattern, "a" * 9_000 + "b")


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "[a", "a**", "*a", "a{3,2}", "[b-a]", "(a)\\1", "(?<=a)b", "\\p{L}", "(?i)a", "\\", "(" * 99, "a" * 501],
)
def test_pattern_that_cannot_be_read_is_refused(pattern: str) -> None:
    """Broken grammar and unknown constructs are an error of their own, never a guess."""
    with pytest.raises(PatternError):
        matches(pattern, "a")
