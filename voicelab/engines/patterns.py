"""Whether a text matches the ``pattern`` of a schema, within a time limit.

In: a regular expression as JSON Schema has them (ECMA 262, searched anywhere in the text) and a text.  Out: whether
it holds a match.
Does not know: schemas.

A client's pattern such as ``(a+)+$`` keeps Python's own ``re`` busy for hours, and with it every other session of the
server: the ``regex`` package knows the same language and stops when it is told to.
"""

from __future__ import annotations

from functools import lru_cache

import regex

_MOST_SECONDS = 0.05
_MOST_LETTERS = 500


class PatternError(ValueError):
    """The pattern cannot be read, or takes too long."""


def matches(pattern: str, text: str) -> bool:
    """Return whether the text holds a match.

    Raises
    ------
    PatternError
        The pattern is none, is longer than 500 letters, or took more than 50 ms.
    """
    try:
        return _compiled(pattern).search(text, timeout=_MOST_SECONDS) is not None
    except TimeoutError:
        raise PatternError(f"{pattern!r} takes too long") from None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> regex.Pattern[str]:
    if len(pattern) > _MOST_LETTERS:
        raise PatternError(f"a pattern of {len(pattern):,} letters is too long")
    try:
        return regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError) as error:
        raise PatternError(f"{pattern!r} is no regular expression: {error}") from None
