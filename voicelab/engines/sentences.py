"""Text that arrives in drops, cut at sentence ends so that speech can start with the first sentence.

In: text deltas of any size. Out: whole sentences, each with the white space that follows it, so that
joining them gives the text back unchanged. Does not know: where the text comes from, or who speaks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONG_CLAUSE = 200
"""Characters after which a sentence without an end is cut at a comma."""

_ABBREVIATIONS = frozenset(
    (
        *("dr", "mr", "mrs", "ms", "prof", "st", "sr", "jr", "vs", "etc", "e.g", "i.e", "cf", "fig", "vol"),
        *("approx", "inc", "ltd", "co", "dept", "a.m", "p.m", "u.s", "u.k"),
    )
)
# A mark only ends a sentence when white space (or, in Chinese and Japanese, nothing) follows it.
_END = re.compile(r"(?:[.!?…]+[\"'”’)\]]*\s+|[。！？]+\s*|\n\s*)")
_CLAUSE_END = re.compile(r"[,;:–—]\s+")


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    if not match.group().startswith(".") or match.group().startswith(".."):
        return True
    last_word = text[: match.start()].rpartition(" ")[2].lstrip("\"'“‘([").lower()
    is_initial = len(last_word) == 1 and last_word.isalpha() and last_word != "i"
    is_list_number = last_word.isdigit() and text[: match.start()].strip() == last_word
    return not (last_word in _ABBREVIATIONS or is_initial or is_list_number)


def _cut(text: str) -> tuple[str, str] | None:
    """Return the first sentence and the rest; None while no end is certain."""
    for match in _END.finditer(text):
        if _ends_sentence(text, match) and text[: match.start()].strip():
            return text[: match.end()], text[match.end() :]
    if len(text) > LONG_CLAUSE:
        clauses = [match.end() for match in _CLAUSE_END.finditer(text, LONG_CLAUSE // 2)]
        if clauses:
            return text[: clauses[0]], text[clauses[0] :]
    return None


class SentenceCutter:
    """Collects text deltas and hands out whole sentences.

    Abbreviations ("Dr."), initials, decimals ("3.5") and a leading list number ("1.") do not end a sentence;
    a sentence longer than `LONG_CLAUSE` characters is cut at a comma.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> list[str]:
        """Take a delta; return the sentences that are now certain, oldest first."""
        self._held += text
        return list(self._whole())

    def rest(self) -> str:
        """Return what is left when no more text comes, and forget it."""
        held, self._held = self._held, ""
        return held

    def _whole(self) -> Iterator[str]:
        while parts := _cut(self._held):
            sentence, self._held = parts
            yield sentence


def sentences(text: str) -> list[str]:
    """Cut a whole text into sentences; ``"".join`` of them is the text."""
    cutter = SentenceCutter()
    whole = cutter.feed(text)
    rest = cutter.rest()
    return [*whole, rest] if rest else whole
