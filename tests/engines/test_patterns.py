"""Patterns of schemas: found anywhere in the text, and never at the price of everybody's time."""

from __future__ import annotations

import pytest

from voicelab.engines.patterns import PatternError, matches


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^[a-z0-9]+(-[a-z0-9]+)*$", "a-slug-of-3"),
        (r"^(?:\d{1,3}\.){3}\d{1,3}$", "192.168.0.1"),
        (r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "ada@example.org"),
        (r"^(?<year>\d{4})-\d\d$", "2026-11"),
        (r"^\p{Lu}", "Ärger"),
        ("b", "abc"),
        ("", ""),
    ],
)
def test_pattern_of_a_real_schema_is_read(pattern: str, text: str) -> None:
    """Slugs, addresses, dates, letters of any language."""
    assert matches(pattern, text)
    assert not matches(f"^x{pattern.strip('^$')}$", text)


def test_a_pattern_that_takes_too_long_is_given_up() -> None:
    """What would keep a search busy for hours is an error after a moment."""
    with pytest.raises(PatternError, match="too long"):
        matches(r"^(.*?,){30}P$", "1," * 60)


@pytest.mark.parametrize("pattern", ["(", ")", "[a", "*a", "[b-a]", "\\", "(" * 99, "a" * 501])
def test_pattern_that_cannot_be_read_is_refused(pattern: str) -> None:
    """Broken grammar is an error of its own, never a guess."""
    with pytest.raises(PatternError):
        matches(pattern, "a")
