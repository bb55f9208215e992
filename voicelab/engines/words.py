"""Plain words: how the rules compare sentences.

In: text as typed or recognised. Out: lower-case words without punctuation, the words that carry meaning,
light stems. Does not know: intents, functions, or any language but English.
"""

from __future__ import annotations

import re
from functools import lru_cache

_FUNCTION_WORDS = """
    a about again all also am an and any are as at be been both but by can could did do does done each
    even for from give had has have he hello her here hey hi him his how i if in into is it its just
    know like long make many may maybe me mean means might more most much must my need no not now of off
    oh ok okay on one or our out over per please really right say she should show so some tell than
    thank thanks that the their them then there these they this those to too um uh up us very want was
    we well were what whats when where which who why will with work works would yes you your explain
    describe understand
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())

_SUFFIXES = (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", ""))
_MIN_STEM = 3


def plain(text: str) -> str:
    """Return the text in lower case, without apostrophes, other punctuation turned into single spaces."""
    return " ".join(re.findall(r"\w+", re.sub(r"['’]", "", text.lower())))


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Cut the commonest English endings, so that "lights" meets "light" and "raining" meets "rain"."""
    for suffix, replacement in _SUFFIXES:
        if word.endswith(suffix) and not word.endswith("ss") and len(word) - len(suffix) >= _MIN_STEM:
            return word[: len(word) - len(suffix)] + replacement
    return word


def content_stems(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, in order, without numbers."""
    return [stem(word) for word in plain(text).split() if word not in FUNCTION_WORDS and not word.isdigit()]


def name_words(name: str) -> list[str]:
    """Split an identifier: ``getWeather_forecast-7d`` gives get, weather, forecast, 7, d."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
