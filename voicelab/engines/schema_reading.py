"""A schema as a client declared it, read once: what can be meant stays, the rest is as if absent.

In: any JSON that stands where a schema should. Out: a `Schema` in which every keyword has the type it must have
and no references are left, small enough to walk through. Does not know: values, words, functions. Source: JSON
Schema draft 2020-12, core and validation vocabularies; keywords not named in this file are not understood.

What a declaration gets wrong is decided here, and nowhere else:

- a keyword of the wrong type (``minimum: "x"``, ``multipleOf: 0``, ``allOf: 5``) says nothing and is left out;
- a ``$ref`` that leads nowhere says nothing;
- a schema that contains itself is followed once round: inside, its own place is `NOTHING`, so that an optional
  part is left out;
- what lies deeper than 20 schemas, or beyond the first 2,000, is `NOTHING` too;
- a ``const`` too large to be used, a required property, an item of a list that must have some, all branches of a
  union: where such a part is `NOTHING`, so is the whole.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

NOTHING: Schema = {"not": {}}
"""The schema that no value satisfies (``false``)."""

_MAX_DEPTH = 20
_MAX_SCHEMAS = 2000
_MAX_OPTIONS = 1000
_MAX_VALUE_DEPTH = 20
_MAX_VALUE_PARTS = 1000
_MAX_INTEGER = 2**64  # beyond it JSON readers disagree about integers
_MAX_REFERENCES = 50
_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_ABSENT: Any = object()


def understood(declared: Any) -> Schema:
    """Return what a declared schema can mean.

    Parameters
    ----------
    declared : Any
        JSON: an object, ``true`` or ``false``; anything else says nothing.

    Returns
    -------
    Schema
        Without ``$ref``; `NOTHING` where no value can be right. Subschemas are objects, never ``true`` or ``false``.
    """
    return _Reading(declared).schema(declared, 0, ())


def is_value(value: Any) -> bool:
    """Tell whether a JSON value is small enough to be used: 20 levels, 1,000 parts, integers of 64 bits."""
    parts, n_parts = [(value, 0)], 0
    while parts:
        part, depth = parts.pop()
        n_parts += 1
        if depth > _MAX_VALUE_DEPTH or n_parts > _MAX_VALUE_PARTS:
            return False
        if isinstance(part, Mapping):
            parts += [(inner, depth + 1) for inner in part.values()]
        elif isinstance(part, list):
            parts += [(inner, depth + 1) for inner in part]
        elif isinstance(part, int) and abs(part) >= _MAX_INTEGER:
            return False
    return True


class _Reading:
    """One schema being read: its root, and how many more schemas may be followed."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._n_left = _MAX_SCHEMAS
        self._n_cuts = 0

    def schema(self, declared: Any, depth: int, inside: tuple[str, ...]) -> Schema:
        """Read one schema; ``inside`` are the references that led here."""
        if declared is False:
            return NOTHING
        if not isinstance(declared, Mapping):
            return {}
        self._n_left -= 1
        if depth > _MAX_DEPTH or self._n_left < 0:
            return self._cut()
        plain: dict[str, Any] = {}
        for keyword, read in _KEYWORDS.items():
            if keyword in declared and (value := read(declared[keyword])) is not _ABSENT:
                plain[keyword] = value
        if "const" in declared and "const" not in plain:
            return self._cut()
        plain |= self._subschemas(declared, depth + 1, inside)
        if _is_impossible(plain):
            return NOTHING
        if not isinstance(reference := declared.get("$ref"), str):
            return plain
        target = self._target(reference, depth, inside)
        return {"allOf": [target, plain]} if plain and target != NOTHING else target

    def _cut(self) -> Schema:
        self._n_cuts += 1
        return NOTHING

    def _subschemas(self, declared: Schema, depth: int, inside: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if isinstance(properties := declared.get("properties"), Mapping):
            found["properties"] = {name: self.schema(inner, depth, inside) for name, inner in properties.items()}
        for keyword in ("items", "additionalProperties", "not"):
            if isinstance(inner := declared.get(keyword), Mapping | bool):
                n_cuts = self._n_cuts
                found[keyword] = self.schema(inner, depth, inside)
                if keyword == "not" and self._n_cuts > n_cuts:
                    found[keyword] = {}  # what is excluded is not known, so nothing is safe
        for keyword in ("allOf", "anyOf", "oneOf"):
            branches = declared.get(keyword)
            if isinstance(branches, list) and (meant := [b for b in branches if isinstance(b, Mapping | bool)]):
                found[keyword] = [self.schema(branch, depth, inside) for branch in meant]
        return found

    def _target(self, reference: str, depth: int, inside: tuple[str, ...]) -> Schema:
        place = reference.removeprefix("#").strip("/")
        if place in ("", *inside) or len(inside) > _MAX_REFERENCES:
            return self._cut()
        target = self._root
        for key in place.split("/"):
            name = key.replace("~1", "/").replace("~0", "~")
            if isinstance(target, list) and name.isascii() and name.isdigit() and len(name) < 6:
                target = target[int(name)] if int(name) < len(target) else None
            else:
                target = target.get(name) if isinstance(target, Mapping) else None
        return self.schema(target, depth + 1, (*inside, place))


def _is_impossible(plain: Schema) -> bool:
    unions = [plain[keyword] for keyword in ("anyOf", "oneOf") if keyword in plain]
    if NOTHING in plain.get("allOf", ()) or any(all(branch == NOTHING for branch in union) for union in unions):
        return True
    if plain.get("type") == "array":
        return plain.get("minItems", 0) > 0 and plain.get("items") == NOTHING
    properties = plain.get("properties", {})
    is_object = plain.get("type", "object") == "object"  # whoever declares properties means an object
    return is_object and any(properties.get(name) == NOTHING for name in plain.get("required", ()))


def _type(declared: Any) -> Any:
    names = [name for name in (declared if isinstance(declared, list) else [declared]) if name in _TYPES]
    if not names:
        return _ABSENT
    return names if isinstance(declared, list) else names[0]


def _number(declared: Any) -> Any:
    is_number = isinstance(declared, int | float) and not isinstance(declared, bool)
    return declared if is_number and abs(declared) <= sys.float_info.max else _ABSENT


def _step(declared: Any) -> Any:
    step = _number(declared)
    return step if step is not _ABSENT and step > 0 else _ABSENT


def _count(declared: Any) -> Any:
    count = _number(declared)
    return int(count) if count is not _ABSENT and count >= 0 and count == int(count) else _ABSENT


def _text(declared: Any) -> Any:
    return declared if isinstance(declared, str) else _ABSENT


def _flag(declared: Any) -> Any:
    return declared if isinstance(declared, bool) else _ABSENT


def _value(declared: Any) -> Any:
    return declared if is_value(declared) else _ABSENT


def _values(declared: Any) -> Any:
    if not isinstance(declared, list):
        return _ABSENT
    return [value for value in declared[:_MAX_OPTIONS] if is_value(value)]


def _names(declared: Any) -> Any:
    if not isinstance(declared, list):
        return _ABSENT
    return list(dict.fromkeys(name for name in declared if isinstance(name, str)))


_KEYWORDS: dict[str, Callable[[Any], Any]] = {
    "type": _type,
    "const": _value,
    "default": _value,
    "enum": _values,
    "examples": _values,
    "required": _names,
    "minimum": _number,
    "maximum": _number,
    "exclusiveMinimum": _number,
    "exclusiveMaximum": _number,
    "multipleOf": _step,
    "minLength": _count,
    "maxLength": _count,
    "minItems": _count,
    "maxItems": _count,
    "pattern": _text,
    "uniqueItems": _flag,
}
