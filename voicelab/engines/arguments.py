"""The arguments of a function call, found in the user's words.

In: the schema of a function's parameters, read by ``schema_reading``, and an `Utterance`. Out: an arguments
object whose every value satisfies its schema, and the required properties for which no words were found. Does
not know: which function fits (``tools.py``), or whether the call is made.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicelab.engines.guide_sums import parse_sum
from voicelab.engines.schema import satisfies, simplify
from voicelab.engines.schema_reading import Schema
from voicelab.engines.utterance import Utterance
from voicelab.engines.words import name_words

_MAX_ITEMS = 20
_MAX_DEPTH = 5
_EXACT = 2**53  # integers up to here are the same in every JSON reader
_ANY_MARKER = ("in", "for", "to", "of", "about", "on", "at", "called", "named", "with")
# Which prepositions lead to a property of this name; the first word of the table that is in the name decides.
_MARKERS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("origin", "source", "departure", "from", "start"), ("from",)),
    (("destination", "recipient", "target", "to", "end", "arrival"), ("to", "into", "for")),
    (("language",), ("into", "to", "in")),
    (("city", "location", "place", "country", "town", "room"), ("in", "at", "near", "for", "of")),
    (("subject", "topic", "theme"), ("about", "on", "of")),
    (("message", "body", "content"), ("saying", "that")),
    (("date", "day", "when"), ("on", "for", "at", "until")),
    (("name", "title", "label"), ("called", "named")),
    (("artist", "author", "composer"), ("by", "from")),
)
_PROPER_NAMES = frozenset(
    (
        *("city", "country", "place", "location", "town", "origin", "destination", "language"),
        *("name", "person", "recipient", "artist", "author", "composer"),
    )
)
_FREE_TEXT = frozenset(("query", "question", "prompt", "text", "input", "task", "note", "reminder", "q"))
_FORMULAS = frozenset(("expression", "formula", "calculation", "equation", "sum"))
_YES = ("on", "yes", "true", "enable", "enabled", "activate", "open", "start")
_NO = ("off", "no", "not", "false", "disable", "disabled", "deactivate", "without", "close", "stop", "dont")
_SWITCHES = frozenset(("on", "enabled", "enable", "state", "power", "active", "status"))

_NOTHING: Any = object()


@dataclass(frozen=True)
class Missing:
    """A required property for which the words held nothing: its name and its simplified schema."""

    name: str
    schema: Schema


@dataclass(frozen=True)
class Filled:
    """Arguments found in the words; complete when nothing is missing."""

    arguments: Mapping[str, Any]
    missing: tuple[Missing, ...]


def fill(parameters: Schema, utterance: Utterance) -> Filled:
    """Fill the parameters of a function from what the user said.

    Properties whose words are unmistakable (options, numbers) are served first, so that a free text does not
    eat them. A value that its schema refuses is not used; a default stands in where nothing was said. Nobody
    says objects in objects in objects: what lies deeper than five of them or of lists is not looked for.

    Parameters
    ----------
    parameters : Schema
        As `understood` gives it.
    utterance : Utterance
        The words; those that became values are spent.
    """
    return _object(simplify(parameters), utterance, 0)


def _object(schema: Schema, utterance: Utterance, depth: int) -> Filled:
    properties = schema.get("properties", {})
    required = [name for name in schema.get("required", ()) if name in properties]
    simple = {name: simplify(properties[name]) for name in properties}
    # Authors forget `required`; the first text is then what the function is about.
    wanted = set(required) or {next((n for n in simple if simple[n].get("type") == "string"), "")}
    values: dict[str, Any] = {}
    missing = []
    for name in sorted(simple, key=lambda n: (_rank(n, simple[n]), n not in wanted)):
        value = _value(name, simple[name], utterance, name in wanted, depth)
        if value is _NOTHING or not satisfies(value, properties[name]):
            value = simple[name].get("default", _NOTHING)
        if value is not _NOTHING and value is not None and satisfies(value, properties[name]):
            values[name] = value
        elif name in required:
            missing.append(Missing(name, simple[name]))
    undeclared = [Missing(name, {}) for name in schema.get("required", ()) if name not in properties]
    in_order = {name: values[name] for name in properties if name in values}
    return Filled(in_order, tuple(missing + undeclared))


def _rank(name: str, schema: Schema) -> int:
    """Return when a property is served: the less its words can be mistaken, the earlier."""
    if "enum" in schema or "enum" in schema.get("items", {}):
        return 0
    ranks = {"boolean": 1, "integer": 2, "number": 2, "object": 5, "array": 6}
    return ranks.get(str(schema.get("type")), 3 if _markers(name) else 4)


def _markers(name: str) -> tuple[str, ...]:
    words = name_words(name)
    return next((markers for keys, markers in _MARKERS if any(word in keys for word in words)), ())


def _value(name: str, schema: Schema, utterance: Utterance, wanted: bool, depth: int) -> Any:
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return _option(schema["enum"], utterance)
    match schema.get("type"):
        case "boolean":
            return _boolean(name, utterance, wanted)
        case "integer" | "number":
            return _number(name, schema, utterance)
        case "array":
            return _array(name, schema, utterance, wanted, depth + 1) if depth < _MAX_DEPTH else _NOTHING
        case "object":
            return _nested(schema, utterance, depth + 1) if depth < _MAX_DEPTH else _NOTHING
        case "string":
            return next(_texts(name, schema, utterance, wanted), _NOTHING)
        case _:
            return next(_texts(name, {}, utterance, wanted), _NOTHING) if wanted else _NOTHING


def _option(options: Sequence[Any], utterance: Utterance) -> Any:
    by_words = {str(option): option for option in options if option is not None}
    taken = utterance.take_option(tuple(by_words))
    if taken is not None:
        return by_words[taken]
    return options[0] if len(options) == 1 else _NOTHING


def _boolean(name: str, utterance: Utterance, wanted: bool) -> Any:
    words = name_words(name)
    if not (wanted or utterance.says(words) or _SWITCHES.intersection(words)):
        return _NOTHING
    if utterance.says(_NO):
        return False
    return True if utterance.says(_YES) or utterance.says(words) else _NOTHING


def _number(name: str, schema: Schema, utterance: Utterance) -> Any:
    def typed(value: float) -> float:
        return int(value) if value.is_integer() and abs(value) <= _EXACT else value

    value = utterance.take_number(name_words(name), lambda found: satisfies(typed(found), schema))
    return _NOTHING if value is None else typed(value)


def _nested(schema: Schema, utterance: Utterance, depth: int) -> Any:
    filled = _object(schema, utterance, depth)
    return dict(filled.arguments) if filled.arguments and not filled.missing else _NOTHING


def _array(name: str, schema: Schema, utterance: Utterance, wanted: bool, depth: int) -> Any:
    items = simplify(schema.get("items", {}))
    is_text = items.get("type", "string") == "string" and "enum" not in items
    if is_text and not (wanted or utterance.says(name_words(name))):
        return _NOTHING
    found: list[Any] = []
    for _ in range(min(schema.get("maxItems", _MAX_ITEMS), _MAX_ITEMS)):
        item = utterance.take_rest() if is_text else _value(name, items, utterance, wanted, depth)
        if item is None or item is _NOTHING or (not is_text and item in found):
            break
        if satisfies(item, items):
            found.append(item)
    return found or _NOTHING


def _texts(name: str, schema: Schema, utterance: Utterance, wanted: bool) -> Iterator[str]:
    """Yield the texts that satisfy the schema, the best first."""
    proper = _PROPER_NAMES.intersection(name_words(name))
    for text in _candidates(name, utterance, wanted):
        for form in (string.capwords(text) if proper and text.islower() else text, text, text.upper()):
            if satisfies(form, schema):
                yield form


def _candidates(name: str, utterance: Utterance, wanted: bool) -> Iterator[str]:
    words = set(name_words(name))
    if words & _FORMULAS and (parsed := parse_sum(utterance.text)):
        yield parsed.expression
    is_free = bool(words & _FREE_TEXT) or "saying" in _markers(name)
    if is_free and (quoted := utterance.take_quoted()):
        yield quoted
    while text := utterance.take_after(_markers(name), whole=is_free, earliest=is_free):
        yield text
    if not wanted:
        return
    while text := utterance.take_after(_ANY_MARKER, whole=is_free, earliest=True):
        yield text
    while text := utterance.take_rest():
        yield text
        yield from text.split()
    if is_free and utterance.text:
        yield utterance.text
