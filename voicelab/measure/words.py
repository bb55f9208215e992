"""Word errors: how far what was understood is from what was said.

In: texts, spoken and understood.  Out: substitutions, deletions, insertions and the word error rate.
Does not know: runs, labels, recognisers.

By the project's metric definitions, section 4: the rate is (S + D + I) / N over the whole set, a sum of errors over a
sum of words and not a mean of rates; it may exceed 1. Both sides are brought to the same form: lower case, hyphen =
space, digits to words one by one, no punctuation. What is no letter from a to z, digit or apostrophe counts as a space:
the measure is one of English words, see `is_english`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NO_WORD = re.compile(r"[^a-z0-9' ]")


@dataclass(frozen=True)
class WordErrors:
    """What a least-edit alignment of two texts counts.

    Parameters
    ----------
    substitutions, deletions, insertions : int
    n_words : int
        Words that were said.
    """

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    n_words: int = 0

    @property
    def n_errors(self) -> int:
        """All three together."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """The word error rate; None where no word was said."""
        return self.n_errors / self.n_words if self.n_words else None

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.n_words + other.n_words,
        )


def spoken_words(text: str) -> list[str]:
    """Return the words of a text in the form in which they are compared."""
    words: list[str] = []
    for word in _NO_WORD.sub(" ", text.lower().replace("-", " ")).split():
        words += [_DIGITS[int(digit)] for digit in word] if word.isdigit() else [word.strip("'")]
    return [word for word in words if word]


def is_english(text: str) -> bool:
    """Return whether a text has no letters but those from a to z, so that `spoken_words` keeps its words whole."""
    return all(letter.isascii() for letter in text if letter.isalpha())


def word_errors(said: str, understood: str) -> WordErrors:
    """Return the errors of one text against another."""
    return edits(spoken_words(said), spoken_words(understood))


def edits(said: Sequence[str], understood: Sequence[str]) -> WordErrors:
    """Return the errors of the alignment with the least number of them (Levenshtein distance over words).

    Of several such alignments it is one that keeps the common beginning and end, and from the end on rather deletes
    than substitutes, and rather substitutes than inserts: that words were lost is then seen as such. The sum is the
    same in all of them.
    """
    n_words = len(said)
    said, understood = _without_common_ends(said, understood)
    distance = _distances(said, understood)
    i, j = len(said), len(understood)
    substitutions = deletions = insertions = 0
    while i or j:
        here = distance[i, j]
        if i and here == distance[i - 1, j] + 1:
            deletions, i = deletions + 1, i - 1
        elif i and j and said[i - 1] != understood[j - 1] and here == distance[i - 1, j - 1] + 1:
            substitutions, i, j = substitutions + 1, i - 1, j - 1
        elif j and here == distance[i, j - 1] + 1:
            insertions, j = insertions + 1, j - 1
        else:
            i, j = i - 1, j - 1
    return WordErrors(substitutions, deletions, insertions, n_words)


def _without_common_ends(a: Sequence[str], b: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    shorter = min(len(a), len(b))
    first = next((n for n in range(shorter) if a[n] != b[n]), shorter)
    a, b = a[first:], b[first:]
    shorter -= first
    last = next((n for n in range(shorter) if a[-1 - n] != b[-1 - n]), shorter)
    return a[: len(a) - last], b[: len(b) - last]


def _distances(said: Sequence[str], understood: Sequence[str]) -> NDArray[np.int32]:
    """Return the edit distance of each beginning of one text to each beginning of the other."""
    numbers: dict[str, int] = {}
    ours, theirs = (
        np.array([numbers.setdefault(word, len(numbers)) for word in words], np.int32) for words in (said, understood)
    )
    steps = np.arange(len(theirs) + 1, dtype=np.int32)
    distance = np.empty((len(ours) + 1, len(theirs) + 1), np.int32)
    distance[0] = steps
    for i, word in enumerate(ours, start=1):
        row = distance[i - 1] + 1
        row[1:] = np.minimum(row[1:], distance[i - 1, :-1] + (theirs != word))
        # An insertion is one step along the row: the least of what lies before, plus the steps from there.
        distance[i] = np.minimum.accumulate(row - steps) + steps
    return distance
