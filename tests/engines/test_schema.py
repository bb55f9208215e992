"""The part of JSON Schema that function declarations use, judged by the jsonschema package."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.made_up_schemas import SCHEMAS
from voicelab.engines.schema import UnfillableError, plainest, satisfies, simplify

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from([0.5, 2.0, "", "paris", "x" * 9]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(SCHEMAS, VALUES)
def test_check_agrees_with_jsonschema(schema: dict[str, Any], value: Any) -> None:
    """A value is accepted here exactly when the reference implementation accepts it."""
    assert satisfies(value, schema, schema) == jsonschema.Draft202012Validator(schema).is_valid(value)


@settings(max_examples=150, deadline=None)
@given(SCHEMAS)
def test_plainest_value_satisfies_its_schema(schema: dict[str, Any]) -> None:
    """Whatever is made up is valid."""
    jsonschema.validate(plainest(schema, schema), schema)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "default": "Oslo"}, "Oslo"),
        ({"enum": ["celsius", "fahrenheit"]}, "celsius"),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, 1),
        ({"type": "integer", "exclusiveMinimum": 2, "multipleOf": 0.5}, 3),
        ({"type": "integer", "exclusiveMaximum": -2, "multipleOf": 5}, -5),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["usd", "EUR"]}, "EUR"),
        (
            {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 2, "uniqueItems": True},
            ["a", "b"],
        ),
    ],
)
def test_plainest_value_is_the_expected_one(schema: dict[str, Any], value: Any) -> None:
    """Defaults first, then the first option, the smallest number, an example."""
    assert plainest(schema, schema) == value


def test_schema_beyond_the_rules_is_refused_by_path() -> None:
    """A pattern without an example cannot be filled, and the error names the property."""
    schema = {
        "type": "object",
        "properties": {"zip": {"type": "string", "pattern": "^[0-9]{5}$"}},
        "required": ["zip"],
    }
    with pytest.raises(UnfillableError, match="zip"):
        plainest(schema, schema)


def test_references_and_unions_are_resolved() -> None:
    """Schemas as pydantic writes them: definitions, optional values, merged branches."""
    root = {
        "$defs": {"Unit": {"enum": ["c", "f"]}, "Base": {"type": "object", "properties": {"a": {}}}},
        "type": "object",
    }
    assert simplify({"$ref": "#/$defs/Unit"}, root)["enum"] == ["c", "f"]
    assert simplify({"anyOf": [{"type": "null"}, {"type": "integer"}]}, root)["type"] == "integer"
    merged = simplify({"allOf": [{"$ref": "#/$defs/Base"}, {"properties": {"b": {}}}]}, root)
    assert set(merged["properties"]) == {"a", "b"}


def test_malformed_keywords_are_passed_over() -> None:
    """A client's slip in a declaration does not break the conversation."""
    root = {"type": "object", "properties": None, "required": "city", "enum": None}
    assert simplify(root, root) == {"type": "object"}
    assert not satisfies("a", {"pattern": "(?<name>\\p{L})"}, {})


def test_endless_reference_ends() -> None:
    """A schema that refers to itself without end is no trap."""
    root = {"$ref": "#"}
    assert simplify(root, root) == {}
