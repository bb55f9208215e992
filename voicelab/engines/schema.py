"""The part of JSON Schema that function declarations use: simplify, check, make the plainest valid value.

In: a schema as the client declared it. Out: one plain schema without references, unions or type lists;
whether a value satisfies a schema; a valid value when nothing better is known. Does not know: words,
functions. Source: JSON Schema draft 2020-12, validation vocabulary; keywords not named in this file are
not checked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

_MAX_DEPTH = 8
_N_MULTIPLES = 12
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}
# A keyword of another shape means nothing; it must not break the conversation.
_SHAPES: dict[str, type] = {"properties": dict, "required": list, "enum": list, "examples": list}


class UnfillableError(ValueError):
    """No value can be made up for a schema; the message is the path of the property."""


def simplify(schema: Any, root: Schema, depth: int = 0) -> Schema:
    """Return a schema with one ``type`` and without ``$ref``, ``allOf``, ``anyOf`` and ``oneOf`` at its top.

    Of a union the first branch that is not ``null`` is taken: a value for it satisfies the union.
    """
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return {}
    plain = dict(schema)
    if (reference := plain.pop("$ref", None)) is not None:
        plain = {**simplify(_resolve(str(reference), root), root, depth + 1), **plain}
    for branch in plain.pop("allOf", ()):
        plain = _merge(plain, simplify(branch, root, depth + 1))
    for union in ("anyOf", "oneOf"):
        branches = [simplify(branch, root, depth + 1) for branch in plain.pop(union, ())]
        if branches:
            plain = _merge(plain, next((b for b in branches if b.get("type") != "null"), branches[0]))
    for keyword, shape in _SHAPES.items():
        if not isinstance(plain.get(keyword, shape()), shape):
            del plain[keyword]
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


def _resolve(reference: str, root: Schema) -> Any:
    target: Any = root
    for key in reference.removeprefix("#").strip("/").split("/"):
        if key:
            target = target.get(key.replace("~1", "/").replace("~0", "~")) if isinstance(target, Mapping) else None
    return target


def satisfies(value: Any, schema: Any, root: Schema) -> bool:
    """Tell whether a JSON value satisfies a schema."""
    if not isinstance(schema, Mapping):
        return schema is not False
    if "$ref" in schema and not satisfies(value, _resolve(schema["$ref"], root) or {}, root):
        return False
    return (
        _has_type(value, schema.get("type"))
        and ("const" not in schema or _same(value, schema["const"]))
        and ("enum" not in schema or any(_same(value, option) for option in schema["enum"]))
        and all(satisfies(value, branch, root) for branch in schema.get("allOf", ()))
        and ("anyOf" not in schema or any(satisfies(value, branch, root) for branch in schema["anyOf"]))
        and ("oneOf" not in schema or sum(satisfies(value, branch, root) for branch in schema["oneOf"]) == 1)
        and ("not" not in schema or not satisfies(value, schema["not"], root))
        and _in_bounds(value, schema, root)
    )


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has_type(value: Any, declared: Any) -> bool:
    if declared is None:
        return True
    if isinstance(declared, list):
        return any(_has_type(value, name) for name in declared)
    if declared in ("number", "integer"):
        return _is_number(value) and (declared == "number" or float(value).is_integer())
    return isinstance(value, _TYPES.get(declared, ()))


def _in_bounds(value: Any, schema: Schema, root: Schema) -> bool:
    if _is_number(value):
        return _number_in_bounds(value, schema)
    if isinstance(value, str):
        long_enough = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf)
        return long_enough and ("pattern" not in schema or _matches(schema["pattern"], value))
    if isinstance(value, list):
        return _array_in_bounds(value, schema, root)
    return not isinstance(value, dict) or _object_in_bounds(value, schema, root)


def _matches(pattern: str, value: str) -> bool:
    try:
        return bool(re.search(pattern, value))
    except re.error:  # a pattern of another dialect (JSON Schema speaks ECMA 262): nothing can be promised
        return False


def _number_in_bounds(value: float, schema: Schema) -> bool:
    return (
        schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf)
        and schema.get("exclusiveMinimum", -math.inf) < value < schema.get("exclusiveMaximum", math.inf)
        and ("multipleOf" not in schema or Fraction(str(value)) % Fraction(str(schema["multipleOf"])) == 0)
    )


def _array_in_bounds(value: list[Any], schema: Schema, root: Schema) -> bool:
    repeated = any(_same(one, other) for n, one in enumerate(value) for other in value[:n])
    return (
        schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf)
        and not (schema.get("uniqueItems") and repeated)
        and all(satisfies(item, schema.get("items", {}), root) for item in value)
    )


def _object_in_bounds(value: dict[str, Any], schema: Schema, root: Schema) -> bool:
    properties = schema.get("properties", {})
    extra = schema.get("additionalProperties", True)
    return all(name in value for name in schema.get("required", ())) and all(
        satisfies(item, properties.get(name, extra), root) for name, item in value.items()
    )


def plainest(schema: Any, root: Schema, path: str = "", depth: int = 0) -> Any:
    """Return the plainest value that satisfies a schema: its default, first option, smallest number or text.

    Raises
    ------
    UnfillableError
        No value could be made up, such as for a ``pattern`` without ``default`` or ``examples``.
    """
    plain = simplify(schema, root)
    candidates = [plain[key] for key in ("default", "const") if key in plain]
    candidates += [*plain.get("enum", ()), *plain.get("examples", ())]
    candidates += _plain_values(plain, root, path, depth)
    for candidate in candidates:
        if satisfies(candidate, schema, root):
            return candidate
    raise UnfillableError(path)


def _plain_values(plain: Schema, root: Schema, path: str, depth: int) -> list[Any]:
    if depth > _MAX_DEPTH:
        return []
    match plain.get("type"):
        case "string":
            return ["", "unknown", "x" * plain.get("minLength", 0)]
        case "number" | "integer":
            return _plain_numbers(plain)
        case "boolean":
            return [False, True]
        case "array":
            return [_plain_array(plain, root, path, depth)]
        case "object":
            properties = plain.get("properties", {})
            return [
                {
                    name: plainest(properties.get(name, {}), root, f"{path}.{name}".strip("."), depth + 1)
                    for name in plain.get("required", ())
                }
            ]
        case _:
            return [None, "", 0, False, [], {}]


def _plain_numbers(plain: Schema) -> list[Any]:
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
    return [int(value) if value.denominator == 1 else float(value) for value in values]


def _plain_array(plain: Schema, root: Schema, path: str, depth: int) -> list[Any]:
    items, n_items = plain.get("items", {}), plain.get("minItems", 0)
    if n_items == 0:
        return []
    if plain.get("uniqueItems"):
        options = simplify(items, root).get("enum", range(n_items))
        return list(options)[:n_items]
    return [plainest(items, root, path, depth + 1)] * n_items
