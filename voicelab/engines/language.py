"""What a recogniser may expect to hear: a scenario, and the grammar and dictionary made from it.

In: a scenario's phrases, and the lines of a stock pronunciation dictionary. Out: a JSGF grammar (a finite
language model), and the pronunciations of exactly the words it uses.
Does not know: any recogniser, files, audio.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from voicelab.errors import ConfigError

NUMBER_SLOT = "{number}"
_UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_NUMBER_WORDS = ("zero", *_UNITS, *_TEENS, *_TENS, "hundred")
_PHRASE = re.compile(r"(?:[a-z][a-z']*|\{number\})(?: (?:[a-z][a-z']*|\{number\}))*")
_ALTERNATIVE = re.compile(r"\(\d+\)$")


@dataclass(frozen=True)
class Scenario:
    """What people say in one setting.

    Attributes
    ----------
    name : str
        Shown with every result, such as ``"guide"``.
    phrases : tuple of str
        Lower-case words separated by single spaces; ``{number}`` stands for zero to one hundred.

    Raises
    ------
    ConfigError
        No phrase at all, or one that is not written like that.
    """

    name: str
    phrases: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.phrases:
            raise ConfigError(f"The scenario {self.name!r} has no phrases; give at least one.", param="phrases")
        for phrase in self.phrases:
            if not _PHRASE.fullmatch(phrase):
                raise ConfigError(
                    f"The scenario {self.name!r} cannot use the phrase {phrase!r}: write lower-case words with single "
                    f"spaces, and {NUMBER_SLOT} for a number.",
                    param="phrases",
                )


def words(scenario: Scenario) -> frozenset[str]:
    """List all words that can be heard in a scenario."""
    used = {word for phrase in scenario.phrases for word in phrase.split()}
    if NUMBER_SLOT in used:
        used = (used - {NUMBER_SLOT}) | set(_NUMBER_WORDS)
    return frozenset(used)


def grammar(scenario: Scenario) -> str:
    """Write the scenario as a grammar that takes one whole phrase at a time.

    Returns
    -------
    str
        JSGF 1.0 (W3C note "JSpeech Grammar Format", 2000), public rule ``phrase``.
    """
    units, teens, tens = ("|".join(numbers) for numbers in (_UNITS, _TEENS, _TENS))
    phrases = " | ".join(sorted(set(scenario.phrases))).replace(NUMBER_SLOT, "<number>")
    return (
        "#JSGF V1.0;\n"
        "grammar scenario;\n"
        f"<number> = zero | {units} | {teens} | ({tens}) [{units}] | one hundred;\n".replace("|", " | ")
        + f"public <phrase> = {phrases};\n"
    )


def pronunciations(scenario: Scenario, stock: Iterable[str]) -> list[tuple[str, str]]:
    """Choose the part of a pronunciation dictionary that a scenario needs.

    Parameters
    ----------
    scenario : Scenario
        Whose words.
    stock : iterable of str
        Lines of a CMU dictionary: ``word PH ON ES``; further pronunciations as ``word(2) ...``.

    Returns
    -------
    list of (str, str)
        Dictionary word (with its ``(2)``) and phones.

    Raises
    ------
    ConfigError
        Words that the dictionary does not have; all of them are listed.
    """
    needed = words(scenario)
    found: list[tuple[str, str]] = []
    for line in stock:
        entry, _, phones = line.strip().partition(" ")
        if _ALTERNATIVE.sub("", entry) in needed:
            found.append((entry, phones.strip()))
    missing = needed - {entry for entry, _ in found}
    if missing:
        raise ConfigError(
            f"The scenario {scenario.name!r} uses words that the recogniser cannot pronounce: "
            f"{', '.join(sorted(missing))}. Use other words.",
            param="phrases",
        )
    return found
