"""Sums in words or digits: "what is seven times eight", "12*7", "2 plus 3 times 4".

In: the user's words. Out: the parsed `Sum`, exact (fractions), with its expression and its spoken
answer; None when the words are anything but a sum. Does not know: brackets, powers, or the rest of the
conversation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from voicelab.engines.number_words import spoken, with_digits

_SYMBOLS = {
    **{"plus": "+", "+": "+", "minus": "-", "-": "-", "−": "-", "less": "-"},
    **{"times": "*", "multiplied by": "*", "*": "*", "x": "*", "×": "*"},
    **{"divided by": "/", "over": "/", "/": "/", "÷": "/", ":": "/"},
}
_SPOKEN_OPERATORS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,15})?"
_MAX_NUMBERS = 12
_OPERATOR = r"plus|minus|less|times|multiplied by|divided by|over|[-+*/x×÷:−]"
_SUM = re.compile(rf"(?:minus |-)?{_NUMBER}(?:\s*(?:{_OPERATOR})\s*(?:minus |-)?{_NUMBER})+")
_TERM = re.compile(rf"((?:minus |-)?{_NUMBER})\s*({_OPERATOR})?")
_AROUND = re.compile(
    r"\b(?:hello|hey|hi|okay|ok|so|and|now|please|can|could|you|tell|me|what['’]?s|what|is|does|do"
    r"|how|much|"
    r"make|makes|equal|equals|calculate|compute|work out|the result of|the sum of)\b|[\s,.?!=]"
)


@dataclass(frozen=True)
class Sum:
    """Numbers and the operators between them: ``n`` numbers, ``n - 1`` of ``+ - * /``."""

    numbers: tuple[Fraction, ...]
    operators: tuple[str, ...]

    @property
    def expression(self) -> str:
        """The sum in digits, such as ``12 * 7``; fractions as decimals."""
        words = [f"{float(self.numbers[0]):.12g}"]
        for operator, number in zip(self.operators, self.numbers[1:], strict=True):
            words += [operator, f"{float(number):.12g}"]
        return " ".join(words)

    def value(self) -> Fraction:
        """Compute it, products first.

        Raises
        ------
        ZeroDivisionError
            Something is divided by zero.
        """
        terms = [self.numbers[0]]
        for operator, number in zip(self.operators, self.numbers[1:], strict=True):
            if operator == "*":
                terms[-1] *= number
            elif operator == "/":
                terms[-1] /= number
            else:
                terms.append(number if operator == "+" else -number)
        return sum(terms, Fraction(0))

    def answer(self) -> str:
        """Return one spoken sentence: "Seven times eight is fifty-six."."""
        words = [spoken(self.numbers[0])]
        for operator, number in zip(self.operators, self.numbers[1:], strict=True):
            words += [_SPOKEN_OPERATORS[operator], spoken(number)]
        try:
            value = self.value()
        except ZeroDivisionError:
            return "Nobody can divide by zero. Try another sum."
        about = "" if (value * 1000).denominator == 1 else "about "
        return f"{' '.join(words).capitalize()} is {about}{spoken(value)}."


def _number(text: str) -> Fraction:
    return Fraction(text.replace(",", "").replace("minus ", "-"))


def parse_sum(text: str) -> Sum | None:
    """Find the sum in the words; None when there is more around it than a way of asking ("what is")."""
    words = with_digits(text.lower())
    match = _SUM.search(words)
    if match is None or _AROUND.sub("", words[: match.start()] + words[match.end() :]):
        return None
    terms = _TERM.findall(match.group())
    if len(terms) > _MAX_NUMBERS:
        return None
    return Sum(
        numbers=tuple(_number(number) for number, _ in terms),
        operators=tuple(_SYMBOLS[operator] for _, operator in terms[:-1]),
    )
