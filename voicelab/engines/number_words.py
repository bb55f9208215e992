"""Numbers as people say them, both ways.

In: a sentence with number words, or a number. Out: the sentence with digits, or the words to speak. Does
not know: sums, arguments, units; English only, whole numbers below one million are read.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_TOO_LARGE_TO_SAY = 10**12
_DECIMALS = 3

_VALUE = {word: n for n, word in enumerate(_UNITS + _TEENS)} | {word: 10 * (n + 2) for n, word in enumerate(_TENS)}
_UNIT = rf"(?:{'|'.join(_UNITS)})"
_SMALL = rf"(?:(?:{'|'.join(_TENS)})(?:[ -]{_UNIT})?|{'|'.join(_TEENS)}|{_UNIT})"
_HUNDREDS = rf"(?:(?:a|{_SMALL}) hundred(?: (?:and )?{_SMALL})?|{_SMALL})"
_CARDINAL = rf"(?:(?:a|{_HUNDREDS}) thousand(?: (?:and )?{_HUNDREDS})?|{_HUNDREDS})"
_SPOKEN = re.compile(rf"\b({_CARDINAL})(?: point((?: {_UNIT})+))?\b", re.IGNORECASE)


def _value(words: str) -> int:
    total = group = 0
    for word in re.findall(r"[a-z]+", words.lower()):
        if word == "thousand":
            total, group = 1000 * max(group, 1), 0
        elif word == "hundred":
            group = 100 * max(group, 1)
        else:
            group += _VALUE.get(word, 0)
    return total + group


@lru_cache(maxsize=64)
def with_digits(text: str) -> str:
    """Write the spoken numbers of a text in digits: "two hundred and five point one" gives "205.1"."""

    def digits(match: re.Match[str]) -> str:
        whole, decimals = match.groups()
        tail = "".join(str(_VALUE[word]) for word in (decimals or "").lower().split())
        return f"{_value(whole)}.{tail}" if tail else str(_value(whole))

    return _SPOKEN.sub(digits, text)


def _below_thousand(n: int) -> str:
    words = []
    if n >= 100:
        words.append(f"{_UNITS[n // 100]} hundred")
        n %= 100
    if n >= 20:
        words.append(_TENS[n // 10 - 2] + (f"-{_UNITS[n % 10]}" if n % 10 else ""))
    elif n or not words:
        words.append((_UNITS + _TEENS)[n])
    return " ".join(words)


def spoken(number: int | Fraction) -> str:
    """Return a number in words: 56 gives "fifty-six"; a fraction is rounded to three decimals.

    From a million millions on the digits are returned: nobody follows so many words.
    """
    if number < 0:
        return f"minus {spoken(-number)}"
    exact = Fraction(number)
    if exact >= _TOO_LARGE_TO_SAY:
        return str(round(exact))
    whole, rest = divmod(round(exact * 10**_DECIMALS), 10**_DECIMALS)
    words = []
    for scale, name in _SCALES:
        if whole >= scale:
            words.append(f"{_below_thousand(whole // scale)} {name}")
            whole %= scale
    if whole or not words:
        words.append(_below_thousand(whole))
    if rest:
        words += ["point", *(_UNITS[int(digit)] for digit in f"{rest:0{_DECIMALS}d}".rstrip("0"))]
    return " ".join(words)


def ordinal(n: int) -> str:
    """Return the ordinal of 1 to 99 in words: 21 gives "twenty-first"."""
    irregular = {
        **{"one": "first", "two": "second", "three": "third", "five": "fifth"},
        **{"eight": "eighth", "nine": "ninth", "twelve": "twelfth"},
    }
    *head, last = re.split(r"(-)", _below_thousand(n))
    last = irregular.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return "".join(head) + last
