"""Which of the client's functions fits what the user said.

In: the declared functions, their schemas understood, and the user's words. Out: the best `Fit` with its
arguments, or None when the words have nothing to do with any function. Does not know: conversations, or how a
call travels.

A word of the name says most, a word of the description or of a parameter little: one of those alone only
counts when nothing else was said, so that unrelated words never call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from voicelab.engines.arguments import Missing, fill
from voicelab.engines.guide_sums import parse_sum
from voicelab.engines.reply import CallTool
from voicelab.engines.schema import satisfies, simplify
from voicelab.engines.schema_reading import Schema, understood
from voicelab.engines.schema_values import UnfillableError, plainest
from voicelab.engines.utterance import Utterance
from voicelab.engines.words import FUNCTION_WORDS, content_stems, name_words, stem
from voicelab.protocol.settings import FunctionTool

_NAME_WEIGHT, _OPTION_WEIGHT, _OTHER_WEIGHT = 3, 2, 1
_WEAK_SCORE, _WEAK_COVERAGE = 2, 0.5
# Verbs and fillers of function names: they say what is done, not what it is about.
_GENERIC = frozenset(
    (
        *(
            "get",
            "set",
            "fetch",
            "find",
            "lookup",
            "look",
            "run",
            "create",
            "call",
            "function",
            "tool",
            "current",
        ),
        *("info", "information", "data", "api", "value", "new", "add", "update", "delete", "remove", "send"),
        *(
            "search",
            "play",
            "book",
            "order",
            "start",
            "stop",
            "turn",
            "read",
            "write",
            "open",
            "close",
            "check",
        ),
        *("change", "use", "switch"),
    )
)
_CONCEPTS = {
    "weather": ("rain", "sunny", "sun", "forecast", "temperature", "umbrella", "snow", "cold", "warm", "hot"),
    "light": ("lamp", "bulb"),
    "timer": ("remind", "countdown"),
    "email": ("mail",),
    "music": ("song", "track"),
}
_CONCEPT_OF = {stem(word): stem(concept) for concept, words in _CONCEPTS.items() for word in words}
_SUM_WORDS = {
    "+": ("add", "sum", "addition", "plus"),
    "-": ("subtract", "subtraction", "difference", "minus"),
    "*": ("multiply", "multiplication", "product", "times"),
    "/": ("divide", "division", "quotient"),
}
_ANY_SUM = ("calculate", "calculator", "calc", "compute", "math", "maths", "arithmetic", "evaluate")


@dataclass(frozen=True)
class Fit:
    """A function that fits the words.

    Parameters
    ----------
    tool : FunctionTool
        The function.
    arguments : Mapping[str, Any]
        What the words gave; satisfies the schema when nothing is missing.
    missing : tuple[Missing, ...]
        Required properties that the words did not give.
    is_certain : bool
        The words name the function, or say nothing besides it; otherwise it only fits better than nothing.
    score : float
        For comparing functions; larger is better.
    """

    tool: FunctionTool
    arguments: Mapping[str, Any]
    missing: tuple[Missing, ...]
    is_certain: bool
    score: float

    def question(self) -> str:
        """Return what to ask for the first missing argument: "Which city?"."""
        first = self.missing[0]
        words = " ".join(word for word in name_words(first.name) if not word.isdigit()) or first.name
        if first.schema.get("type") == "boolean":
            return f"{words.capitalize()}, yes or no?"
        if first.schema.get("type") in ("integer", "number") and words.endswith("s"):
            return f"How many {words}?"
        options = [str(option).replace("_", " ") for option in first.schema.get("enum", ())]
        listed = f": {', '.join(options[:-1])} or {options[-1]}" if 1 < len(options) <= 5 else ""
        return f"Which {words}{listed}?"


def understood_tools(tools: Iterable[FunctionTool]) -> tuple[FunctionTool, ...]:
    """Return the functions with what their schemas can mean (`understood`), which the rest of this file relies on."""
    return tuple(msgspec.structs.replace(tool, parameters=dict(understood(tool.parameters))) for tool in tools)


def best_fit(tools: Iterable[FunctionTool], text: str) -> Fit | None:
    """Return the function that fits best; None when none does.

    Parameters
    ----------
    tools : Iterable[FunctionTool]
        As `understood_tools` gives them.
    text : str
        What the user said.
    """
    fits = [fit for tool in tools if (fit := fit_tool(tool, text))]
    return max(fits, key=lambda fit: (fit.is_certain, fit.score), default=None)


def fit_tool(tool: FunctionTool, text: str) -> Fit | None:
    """Compare one function with the words; None when they have nothing to do with it, or nothing satisfies it."""
    said = _said(text)
    weights = _vocabulary(tool)
    hits = {word for word in said if word in weights}
    if not hits:
        return None
    utterance = Utterance(text, spent_stems=_naming(tool, said))
    filled = fill(tool.parameters, utterance)
    if not (filled.missing or satisfies(dict(filled.arguments), tool.parameters)):
        return None
    score = sum(weights[word] for word in hits)
    open_words = said - (utterance.value_stems() - hits) - {w for w in said if _CONCEPT_OF.get(w) in hits}
    coverage = len(hits & open_words) / max(len(open_words), 1)
    is_named = any(weights[word] == _NAME_WEIGHT for word in hits)
    if not (is_named or coverage == 1 or (score >= _WEAK_SCORE and coverage >= _WEAK_COVERAGE)):
        return None
    is_certain = is_named or (coverage == 1 and not filled.missing)
    return Fit(tool, filled.arguments, filled.missing, is_certain, score + coverage)


def forced_call(tools: Sequence[FunctionTool], text: str) -> CallTool:
    """Call one of the functions whatever was said (``tool_choice`` required or named).

    What the words do not give is the plainest value that the schema allows.

    Raises
    ------
    UnfillableError
        A required property has a schema for which no value can be made up, or no object satisfies the whole.
    """
    fit = best_fit(tools, text)
    tool = fit.tool if fit else tools[0]
    filled = fill(tool.parameters, Utterance(text, spent_stems=_naming(tool, _said(text))))
    arguments = dict(filled.arguments)
    for missing in filled.missing:
        declared = simplify(tool.parameters).get("properties", {})
        arguments[missing.name] = plainest(declared.get(missing.name, {}), missing.name)
    if not satisfies(arguments, tool.parameters):
        raise UnfillableError(tool.name)
    return CallTool(tool.name, arguments)


def _said(text: str) -> set[str]:
    if parsed := parse_sum(text):
        words = [word for operator in parsed.operators for word in _SUM_WORDS[operator]]
        return {stem(word) for word in (*words, *_ANY_SUM)}
    stems = set(content_stems(text))
    return stems | {_CONCEPT_OF[word] for word in stems if word in _CONCEPT_OF}


def _naming(tool: FunctionTool, said: set[str]) -> set[str]:
    """Return the stems that named the function or a parameter and so are no material for its arguments."""
    parameters = simplify(tool.parameters)
    names = [*name_words(tool.name), *_property_words(parameters), *_GENERIC]
    return {stem(word) for word in names} | {word for word in said if word in _CONCEPT_OF}


def _vocabulary(tool: FunctionTool) -> dict[str, float]:
    """Return the weight of every stem that speaks for the function."""
    parameters = simplify(tool.parameters)
    words = dict.fromkeys(content_stems(tool.description), _OTHER_WEIGHT)
    words |= dict.fromkeys(_property_words(parameters), _OTHER_WEIGHT)
    words |= dict.fromkeys(_option_words(parameters), _OPTION_WEIGHT)
    named = [word for word in name_words(tool.name) if word not in FUNCTION_WORDS]
    nouns = [word for word in named if word not in _GENERIC]
    words |= dict.fromkeys((stem(word) for word in named), _OTHER_WEIGHT)
    words |= dict.fromkeys((stem(word) for word in nouns or named), _NAME_WEIGHT)
    return {word: float(weight) for word, weight in words.items()}


def _properties(parameters: Schema) -> dict[str, Schema]:
    return {name: simplify(schema) for name, schema in parameters.get("properties", {}).items()}


def _property_words(parameters: Schema) -> list[str]:
    return [stem(word) for name in _properties(parameters) for word in name_words(name)]


def _option_words(parameters: Schema) -> list[str]:
    options = [
        option
        for schema in _properties(parameters).values()
        for option in (*schema.get("enum", ()), *simplify(schema.get("items", {})).get("enum", ()))
    ]
    return [word for option in options if isinstance(option, str) for word in content_stems(option.replace("_", " "))]
