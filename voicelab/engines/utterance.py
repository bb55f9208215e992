"""The user's words as material for arguments: each word is handed out once.

In: a sentence. Out: numbers, options, phrases after a preposition, words that are left; what was handed
out is spent. Does not know: schemas or functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from voicelab.engines.number_words import with_digits
from voicelab.engines.words import FUNCTION_WORDS, name_words, plain, stem

PREPOSITIONS = frozenset(
    (
        "in",
        "into",
        "for",
        "to",
        "of",
        "about",
        "at",
        "on",
        "from",
        "near",
        "by",
        "with",
        "called",
        "named",
        "until",
        "saying",
    )
)
_TIME_WORDS = frozenset(("today", "tomorrow", "tonight", "now", "please", "right"))
_ARTICLES = frozenset(("the", "a", "an", "my", "me", "your"))
_NUMBER = re.compile(r"[$€£]?(-?\d+(?:\.\d+)?)(?:%|°?[cfCF])?")
_SECONDS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86_400}


@dataclass
class _Word:
    text: str
    plain: str
    ends_clause: bool
    spent: bool = False


def _split(text: str) -> list[_Word]:
    words = []
    for raw in with_digits(text).split():
        bare = raw.strip(",;:.!?\"'“”‘’()")
        if bare:
            words.append(_Word(bare, plain(bare), ends_clause=raw[-1] in ",;:.!?"))
    return words


class Utterance:
    """A sentence whose words are taken one after the other.

    Parameters
    ----------
    text : str
        The words as typed or recognised; spoken numbers are read as digits.
    spent_stems : Collection[str]
        Stems of words that are no material, because they named the function.
    """

    def __init__(self, text: str, spent_stems: Collection[str] = ()) -> None:
        self.text = text
        self._words = _split(text)
        self._naming = frozenset(spent_stems)
        self._left_over: set[str] = set()

    def value_stems(self) -> set[str]:
        """Return the stems of the words that became values for a reason, not just because they were left."""
        return {stem(word.plain) for word in self._words if word.spent} - self._left_over

    def says(self, words: Collection[str]) -> bool:
        """Tell whether any of these words was said and is not spent."""
        return any(word.plain in words and not word.spent for word in self._words)

    def take_option(self, options: Sequence[str]) -> str | None:
        """Take the option (of an enum) that was said; of several the longest."""
        for option in sorted(options, key=len, reverse=True):
            wanted = [stem(word) for word in name_words(option) or plain(option).split()]
            for start in range(len(self._words) - len(wanted) + 1):
                span = self._words[start : start + len(wanted)]
                if wanted and [stem(word.plain) for word in span] == wanted and not any(w.spent for w in span):
                    return self._take(span, option)
        return None

    def take_number(self, near: Sequence[str], accept: Callable[[float], bool]) -> float | None:
        """Take a number: one that stands beside a word of ``near`` first, else the first that is accepted.

        A number with a unit of time is converted when ``near`` asks for another unit: "five minutes" is 300
        for ``["duration", "seconds"]``.
        """
        stems = {stem(word) for word in near}
        found = [n for n, word in enumerate(self._words) if not word.spent and _NUMBER.fullmatch(word.text)]
        found.sort(key=lambda n: not self._stands_beside(n, stems))
        for n in found:
            value, span = self._measure(n, stems)
            if accept(value):
                self._take(span, "")
                return value
        return None

    def take_after(self, markers: Sequence[str], *, whole: bool = False, earliest: bool = False) -> str | None:
        """Take the phrase after a preposition: the first of ``markers``, or the ``earliest`` of them said.

        The phrase ends at the next preposition; with ``whole`` it goes on to the end of the sentence.
        """
        places = [
            (n if earliest else markers.index(word.plain), n)
            for n, word in enumerate(self._words)
            if word.plain in markers and not word.spent
        ]
        for _, n in sorted(places):
            if span := self._phrase(n + 1, whole):
                return self._take([self._words[n], *span], _joined(span))
        return None

    def take_rest(self) -> str | None:
        """Take the first run of words that carry meaning and are not spent."""
        run: list[_Word] = []
        for word in self._words:
            if self._is_material(word):
                run.append(word)
            if run and (word.ends_clause or word is not run[-1]):
                break
        self._left_over |= {stem(word.plain) for word in run}
        return self._take(run, _joined(run)) if run else None

    def take_quoted(self) -> str | None:
        """Take what stands between quotation marks."""
        if (match := re.search(r"[\"“”]([^\"“”]+)[\"“”]", self.text)) is None:
            return None
        quoted = match.group(1).strip()
        n_words = len(_split(quoted))
        for start in range(len(self._words) - n_words + 1):
            span = self._words[start : start + n_words]
            if [word.text for word in span] == [word.text for word in _split(quoted)]:
                return self._take(span, quoted)
        return None

    def _is_material(self, word: _Word) -> bool:
        is_grammar = word.plain in FUNCTION_WORDS or word.plain in PREPOSITIONS or word.plain in _TIME_WORDS
        return not (word.spent or is_grammar or stem(word.plain) in self._naming)

    def _stands_beside(self, n: int, stems: set[str]) -> bool:
        beside = self._words[max(n - 1, 0) : n] + self._words[n + 1 : n + 2]
        return any(stem(word.plain) in stems for word in beside)

    def _measure(self, n: int, stems: set[str]) -> tuple[float, list[_Word]]:
        match = _NUMBER.fullmatch(self._words[n].text)
        value = float(match.group(1)) if match else 0.0
        span = [self._words[n]]
        if n and self._words[n - 1].plain == "minus":
            value, span = -value, [self._words[n - 1], *span]
        said = stem(self._words[n + 1].plain) if n + 1 < len(self._words) else ""
        asked = next((unit for unit in _SECONDS if stem(unit) in stems), None)
        said_unit = next((unit for unit in _SECONDS if stem(unit) == said), None)
        if said_unit:
            span = [*span, self._words[n + 1]]
            if asked:
                value = value * _SECONDS[said_unit] / _SECONDS[asked]
        return value, span

    def _phrase(self, start: int, whole: bool) -> list[_Word]:
        while start < len(self._words) and self._words[start].plain in _ARTICLES and not whole:
            start += 1
        span: list[_Word] = []
        for word in self._words[start:]:
            ends = word.plain in PREPOSITIONS or word.plain in _TIME_WORDS or word.plain == "and"
            if word.spent or (ends and not whole):
                break
            span.append(word)
            if word.ends_clause and not whole:
                break
        return span

    @staticmethod
    def _take(span: Sequence[_Word], value: str) -> str:
        for word in span:
            word.spent = True
        return value


def _joined(span: Sequence[_Word]) -> str:
    return " ".join(word.text for word in span)
