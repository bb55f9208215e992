"""Values made up for a schema, judged by the jsonschema package."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from tests.engines.made_up_schemas import SCHEMAS
from voicelab.engines.schema_reading import understood
from voicelab.engines.schema_values import UnfillableError, plainest


@settings(max_examples=150, deadline=None)
@given(SCHEMAS)
def test_plainest_value_satisfies_its_schema(schema: dict[str, Any]) -> None:
    """Whatever is made up is valid."""
    jsonschema.validate(plainest(understood(schema)), schema)


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
        ({"anyOf": [{"type": "string", "pattern": "^q$"}, {"type": "integer", "minimum": 5}]}, 5),
        ({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["usd", "EUR"]}, "EUR"),
        (
            {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 2, "uniqueItems": True},
            ["a", "b"],
        ),
    ],
)
def test_plainest_value_is_the_expected_one(schema: dict[str, Any], value: Any) -> None:
    """Defaults first, then the first option, the smallest number, an example."""
    assert plainest(understood(schema)) == value


def test_schema_beyond_the_rules_is_refused_by_path() -> None:
    """A pattern without an example cannot be filled, and the error names the property."""
    schema = {
        "type": "object",
        "properties": {"zip": {"type": "string", "pattern": "^[0-9]{5}$"}},
        "required": ["zip"],
    }
    with pytest.raises(UnfillableError, match="zip"):
        plainest(understood(schema))


TREE = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "child": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
    "required": ["value", "child"],
}
EITHER = {
    "$defs": {
        "Leaf": {"type": "object", "properties": {"kind": {"const": "leaf"}}, "required": ["kind"]},
        "Fork": {"type": "object", "properties": {"left": {"$ref": "#/$defs/Node"}}, "required": ["left"]},
        "Node": {"anyOf": [{"$ref": "#/$defs/Fork"}, {"$ref": "#/$defs/Leaf"}]},
    },
    "$ref": "#/$defs/Node",
}


@pytest.mark.parametrize(
    ("schema", "value"), [(TREE, {"value": 0, "child": None}), (EITHER, {"kind": "leaf"})], ids=["null", "other branch"]
)
def test_recursion_ends_where_the_schema_lets_it(schema: dict[str, Any], value: Any) -> None:
    """A required part of the same kind becomes null, or the branch that ends."""
    assert plainest(understood(schema)) == value
    jsonschema.validate(value, schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 10**9},
        {"type": "array", "minItems": 10**9},
        {"type": "array", "minItems": 10**5, "uniqueItems": True},
        {"type": "array", "minItems": 40, "items": {"type": "array", "minItems": 40, "items": {"type": "integer"}}},
        {"type": "object", "properties": {"self": {"$ref": "#"}}, "required": ["self"]},
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"type": "number", "minimum": 1e308, "multipleOf": 1e308, "exclusiveMinimum": 1.7e308},
        False,
    ],
)
def test_what_cannot_be_made_is_refused(schema: Any) -> None:
    """Giant values, endless ones and contradictions are an error, not a gigabyte."""
    with pytest.raises(UnfillableError):
        plainest(understood(schema))


def test_text_as_long_as_asked_is_made() -> None:
    """Lengths that make sense are honoured."""
    assert len(plainest(understood({"type": "string", "minLength": 1000}))) == 1000
    assert len(plainest(understood({"type": "array", "items": {"type": "integer"}, "minItems": 400}))) == 400


def test_many_failing_branches_are_given_up() -> None:
    """Eight ways in each of many levels are not all tried."""
    schema: Any = {"type": "string", "pattern": "^q$"}
    for _ in range(9):
        schema = {"type": "object", "properties": {"p": schema}, "required": ["p"], "anyOf": [{}] * 8}
    with pytest.raises(UnfillableError, match=r"p\.p"):
        plainest(understood(schema))
