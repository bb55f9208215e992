"""Hypothesis strategies for the parameter schemas that clients declare."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    low = draw(st.integers(-5, 20))
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = low + draw(st.integers(2, 40))
    if draw(st.booleans()) and "maximum" not in schema and "exclusiveMaximum" not in schema:
        schema["multipleOf"] = draw(st.sampled_from([1, 2, 5, 0.5]))
    return schema


@st.composite
def strings(draw: st.DrawFn) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if draw(st.booleans()):
        schema["minLength"] = draw(st.integers(0, 4))
    if draw(st.booleans()):
        schema["maxLength"] = draw(st.integers(4, 12))
    return schema


OPTIONS = st.lists(st.sampled_from(["red", "green", "living_room", 3]), min_size=1, unique=True)
LEAVES = (
    numbers()
    | strings()
    | st.just({"type": "boolean"})
    | OPTIONS.map(lambda options: {"enum": options})
    | st.just({"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 2}]})
    | st.just({"type": ["string", "null"]})
    | st.just({"const": "fixed"})
)
NAMES = st.sampled_from(["city", "count", "query", "roomName", "is_on", "unit", "to"])


def objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def build(properties: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.sets(st.sampled_from(sorted(properties)) if properties else st.nothing()).map(
            lambda required: {
                "type": "object",
                "properties": properties,
                "required": sorted(required),
                "additionalProperties": False,
            }
        )

    return st.dictionaries(NAMES, inner, max_size=4).flatmap(build)


def arrays(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda items, n: {"type": "array", "items": items, "minItems": n}, inner, st.integers(0, 2))


SCHEMAS = st.recursive(LEAVES, lambda inner: objects(inner) | arrays(inner), max_leaves=5)


PARAMETERS = objects(SCHEMAS)
