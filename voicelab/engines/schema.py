"""The part of JSON Schema that function declarations use: simplify a schema, check a value.

In: a schema that was read by ``schema_reading``. Out: one plain schema without unions or type lists; whether a
value satisfies a schema. Does not know: words, functions, schemas as clients write them. Source: JSON Schema
draft 2020-12, validation vocabulary.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from voicelab.engines.patterns import PatternError, matches
from voicelab.engines.schema_reading import NOTHING, Schema

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def simplify(schema: Schema, choice: int = 0) -> Schema:
    """Return a schema with one ``type`` and without ``allOf``, ``anyOf`` and ``oneOf`` at its top.

    Parameters
    ----------
    schema : Schema
        As `understood` gives it.
    choice : int
        Which branch of a union is taken, counted from 0 over those that values can satisfy, ``null`` last; too
        large a number takes the last. A value for the branch need not satisfy the union: ask `satisfies`.
    """
    plain = dict(schema)
    for branch in plain.pop("allOf", ()):
        plain = _merge(plain, simplify(branch, choice))
    for union in ("anyOf", "oneOf"):
        branches = [simplify(branch, choice) for branch in plain.pop(union, ()) if branch != NOTHING]
        branches.sort(key=lambda branch: branch.get("type") == "null")
        if branches:
            plain = _merge(plain, branches[min(choice, len(branches) - 1)])
    if isinstance(plain.get("type"), list):
        plain["type"] = next((name for name in plain["type"] if name != "null"), "null")
    if "type" not in plain and "properties" in plain:
        plain["type"] = "object"
    return plain


def _merge(one: dict[str, Any], other: Schema) -> dict[str, Any]:
    merged = {**one, **other}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = list(dict.fromkeys([*one["required"], *other["required"]]))
    return merged


def satisfies(value: Any, schema: Schema) -> bool:
    """Tell whether a JSON value satisfies a schema.

    A ``pattern`` that cannot be read (see ``patterns``) is satisfied by nothing, since nothing can be promised.
    """
    return (
        _has_type(value, schema.get("type"))
        and ("const" not in schema or _same(value, schema["const"]))
        and ("enum" not in schema or any(_same(value, option) for option in schema["enum"]))
        and all(satisfies(value, branch) for branch in schema.get("allOf", ()))
        and ("anyOf" not in schema or any(satisfies(value, branch) for branch in schema["anyOf"]))
        and ("oneOf" not in schema or sum(satisfies(value, branch) for branch in schema["oneOf"]) == 1)
        and ("not" not in schema or not satisfies(value, schema["not"]))
        and _in_bounds(value, schema)
    )


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has_type(value: Any, declared: str | list[str] | None) -> bool:
    if declared is None:
        return True
    if isinstance(declared, list):
        return any(_has_type(value, name) for name in declared)
    if declared in ("number", "integer"):
        return _is_number(value) and (declared == "number" or isinstance(value, int) or value.is_integer())
    return isinstance(value, _TYPES[declared])


def _in_bounds(value: Any, schema: Schema) -> bool:
    if _is_number(value):
        return _number_in_bounds(value, schema)
    if isinstance(value, str):
        long_enough = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf)
        return long_enough and ("pattern" not in schema or _matches(schema["pattern"], value))
    if isinstance(value, list):
        return _array_in_bounds(value, schema)
    return not isinstance(value, dict) or _object_in_bounds(value, schema)


def _matches(pattern: str, value: str) -> bool:
    try:
        return matches(pattern, value)
    except PatternError:
        return False


def _number_in_bounds(value: float, schema: Schema) -> bool:
    return (
        schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf)
        and schema.get("exclusiveMinimum", -math.inf) < value < schema.get("exclusiveMaximum", math.inf)
        and ("multipleOf" not in schema or Fraction(str(value)) % Fraction(str(schema["multipleOf"])) == 0)
    )


def _array_in_bounds(value: list[Any], schema: Schema) -> bool:
    return (
        schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf)
        and not (schema.get("uniqueItems") and _has_twins(value))
        and all(satisfies(item, schema.get("items", {})) for item in value)
    )


def _has_twins(value: list[Any]) -> bool:
    return any(_same(one, other) for n, one in enumerate(value) for other in value[:n])


def _object_in_bounds(value: dict[str, Any], schema: Schema) -> bool:
    properties = schema.get("properties", {})
    extra = schema.get("additionalProperties", {})
    return all(name in value for name in schema.get("required", ())) and all(
        satisfies(item, properties.get(name, extra)) for name, item in value.items()
    )
