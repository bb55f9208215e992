"""The plainest value that satisfies a schema, for when nothing better is known.

In: a schema that was read by ``schema_reading``. Out: its default, its first option, the smallest number, a
short text; or the error that none could be made. Does not know: words, functions.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from voicelab.engines.schema import satisfies, simplify
from voicelab.engines.schema_reading import NOTHING, Schema

_N_MULTIPLES = 12
_MAX_CHOICES = 8
_MAX_LETTERS = 1000
_MAX_PARTS = 1000
_MAX_TRIES = 1000
_EXACT = 2**53  # integers up to here are the same in every JSON reader
_ANYTHING: tuple[Any, ...] = (None, "", 0, False, [], {})


class UnfillableError(ValueError):
    """No value can be made up for a schema; the message is the path of the property."""


def plainest(schema: Schema, path: str = "") -> Any:
    """Return the plainest value that satisfies a schema: its default, first option, smallest number or text.

    Parameters
    ----------
    schema : Schema
        As `understood` gives it.
    path : str
        Where the schema stands, for the error.

    Raises
    ------
    UnfillableError
        No value could be made up: a ``pattern`` without ``default`` or ``examples``, a schema that requires itself,
        a text of more than 1,000 letters, a value of more than 1,000 parts, or more than 1,000 tries.
    """
    return _Making().value(schema, path)


class _Making:
    """One value being made up, and how many more schemas may be tried for it."""

    def __init__(self) -> None:
        self._n_tries = _MAX_TRIES

    def value(self, schema: Schema, path: str) -> Any:
        self._n_tries -= 1
        if schema == NOTHING or self._n_tries < 0:
            raise UnfillableError(path)
        failures = []
        for choice in range(_n_choices(schema)):
            plain = simplify(schema, choice)
            try:
                for candidate in self._candidates(plain, path):
                    if satisfies(candidate, schema):
                        return candidate
            except UnfillableError as error:
                failures.append(str(error))
        for candidate in _ANYTHING:
            if satisfies(candidate, schema):
                return candidate
        raise UnfillableError(failures[0] if failures else path)

    def _candidates(self, plain: Schema, path: str) -> Iterator[Any]:
        yield from (plain[key] for key in ("default", "const") if key in plain)
        yield from (*plain.get("enum", ()), *plain.get("examples", ()))
        match plain.get("type"):
            case "string":
                yield from ("", "unknown")
                if plain.get("minLength", 0) <= _MAX_LETTERS:
                    yield "x" * plain.get("minLength", 0)
            case "number" | "integer":
                yield from _numbers(plain)
            case "boolean":
                yield from (False, True)
            case "array":
                yield self._array(plain, path)
            case "object":
                yield self._object(plain, path)

    def _object(self, plain: Schema, path: str) -> dict[str, Any]:
        properties = plain.get("properties", {})
        required = plain.get("required", ())
        made = {name: self.value(properties.get(name, {}), f"{path}.{name}".strip(".")) for name in required}
        if sum(_n_parts(value) for value in made.values()) > _MAX_PARTS:
            raise UnfillableError(path)
        return made

    def _array(self, plain: Schema, path: str) -> list[Any]:
        items, n_items = plain.get("items", {}), plain.get("minItems", 0)
        if n_items == 0:
            return []
        if n_items > _MAX_PARTS:
            raise UnfillableError(path)
        if plain.get("uniqueItems"):
            return list(simplify(items).get("enum", range(n_items)))[:n_items]
        item = self.value(items, path)
        if n_items * _n_parts(item) > _MAX_PARTS:
            raise UnfillableError(path)
        return [item] * n_items


def _n_choices(schema: Schema) -> int:
    """Return how many branches the widest union at the top of a schema has; 1 without unions, at most 8."""
    unions = [schema.get(union, ()) for union in ("anyOf", "oneOf")]
    inner = [_n_choices(branch) for keyword in ("allOf", "anyOf", "oneOf") for branch in schema.get(keyword, ())]
    return min(max([1, *map(len, unions), *inner]), _MAX_CHOICES)


def _n_parts(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(_n_parts(part) for part in inner)


def _numbers(plain: Schema) -> list[Any]:
    """Return zero, then the multiples nearest to each bound, then what lies between the bounds."""
    step = Fraction(str(plain.get("multipleOf", 1)))
    low, high = (
        None if bound is None else Fraction(str(bound))
        for bound in (
            plain.get("minimum", plain.get("exclusiveMinimum")),
            plain.get("maximum", plain.get("exclusiveMaximum")),
        )
    )
    values = [Fraction(0)]
    if low is not None:
        values += [(math.ceil(low / step) + n) * step for n in range(_N_MULTIPLES)] + [low]
    if high is not None:
        values += [(math.floor(high / step) - n) * step for n in range(_N_MULTIPLES)] + [high]
    if low is not None and high is not None:
        values.append((low + high) / 2)
    return [_typed(value) for value in values if abs(value) <= sys.float_info.max]


def _typed(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 and abs(value) <= _EXACT else float(value)
