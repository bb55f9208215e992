"""What a declared schema can mean."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.engines.schema_reading import NOTHING, is_value, understood


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum": "x"},
        {"maximum": None},
        {"exclusiveMinimum": True},
        {"multipleOf": 0},
        {"multipleOf": -1},
        {"pattern": 5},
        {"minLength": "x"},
        {"maxLength": -1},
        {"minItems": 1.5},
        {"enum": 5},
        {"examples": {}},
        {"required": "city"},
        {"allOf": 5},
        {"anyOf": {}},
        {"oneOf": [5]},
        {"properties": None},
        {"items": [{}]},
        {"uniqueItems": "yes"},
        {"type": "strnig"},
        {"type": [5, {}]},
        {"$ref": 5},
        {"$ref": "#/nowhere"},
        {"$ref": "https://example.org/schema"},
        {"title": "unknown keywords too"},
    ],
    ids=str,
)
def test_keyword_of_the_wrong_type_says_nothing(wrong: dict[str, Any]) -> None:
    """A slip in a declaration is as if absent; what stands beside it still counts."""
    assert understood(wrong) == {}
    assert understood({"description": "", "default": 1, **wrong}) in ({"default": 1}, {"allOf": [{}, {"default": 1}]})


def test_what_is_right_in_a_wrong_list_stays() -> None:
    """One bad name, type or branch does not spoil the others."""
    schema = {"required": ["a", 5, {}, "a"], "type": ["string", "date"], "anyOf": [5, {"minLength": 2.0}]}
    assert understood(schema) == {"required": ["a"], "type": ["string"], "anyOf": [{"minLength": 2}]}


def test_booleans_are_schemas() -> None:
    """True allows anything, false nothing."""
    schema = {"properties": {"a": True, "b": False, "c": 5}, "additionalProperties": False}
    assert understood(schema) == {"properties": {"a": {}, "b": NOTHING, "c": {}}, "additionalProperties": NOTHING}


def test_recursion_is_followed_once_round() -> None:
    """The inner place of a schema in itself is empty, whether it is the root or a definition."""
    node = {"type": "object", "properties": {"name": {"type": "string"}, "child": {"$ref": "#"}}}
    assert understood(node)["properties"] == {"name": {"type": "string"}, "child": NOTHING}
    named = {**node, "properties": {"child": {"$ref": "#/$defs/a~1b"}}}
    assert understood({"$defs": {"a/b": named}, "$ref": "#/$defs/a~1b"})["properties"] == {"child": NOTHING}
    assert understood({"$ref": "#"}) == NOTHING


def test_reference_into_a_list_is_followed() -> None:
    """A pointer may count the branches of a union."""
    schema = {"anyOf": [{"type": "string"}], "properties": {"a": {"$ref": "#/anyOf/0"}, "b": {"$ref": "#/anyOf/7"}}}
    assert understood(schema)["properties"] == {"a": {"type": "string"}, "b": {}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 1},
        {"anyOf": [False, {"$ref": "#"}]},
        {"allOf": [{}, False]},
        {"const": [1] * 2000},
    ],
    ids=str,
)
def test_impossible_part_makes_the_whole_impossible(schema: dict[str, Any]) -> None:
    """What can never be filled is known before anybody is asked for it."""
    assert understood(schema) == NOTHING


def test_unknown_exclusion_excludes_all() -> None:
    """Where it is not known what ``not`` forbids, no value is promised."""
    assert understood({"not": {"$ref": "#"}})["not"] == {}


def test_deep_and_wide_schemas_are_cut() -> None:
    """Beyond 20 levels or 2,000 schemas nothing is satisfied, and reading ends."""
    deep: Any = {}
    for _ in range(900):
        deep = {"items": deep}
    assert str(understood(deep)).count("items") == 21
    layers = {f"L{n}": {"allOf": [{"$ref": f"#/$defs/L{n + 1}"}] * 50} for n in range(15)}
    assert understood({"$defs": layers, "$ref": "#/$defs/L0"}) == NOTHING


def test_values_that_are_too_large_are_left_out() -> None:
    """Defaults and options are used only when every JSON reader can take them."""
    deep: Any = []
    for _ in range(600):
        deep = [deep]
    assert not is_value(deep)
    assert not is_value({"a": 2**64})
    assert is_value({"a": [1.5, None, "x", 2**63]})
    assert understood({"default": deep, "enum": [deep, "a"]}) == {"enum": ["a"]}
