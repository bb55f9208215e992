"""The part of JSON Schema that function declarations use, judged by the jsonschema package."""

from __future__ import annotations

from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.made_up_schemas import SCHEMAS
from voicelab.engines.schema import satisfies, simplify
from voicelab.engines.schema_reading import understood

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from([0.5, 2.0, "", "paris", "x" * 9]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(SCHEMAS, VALUES)
def test_check_agrees_with_jsonschema(schema: dict[str, Any], value: Any) -> None:
    """A value is accepted here exactly when the reference implementation accepts it."""
    assert satisfies(value, understood(schema)) == jsonschema.Draft202012Validator(schema).is_valid(value)


def test_references_and_unions_are_resolved() -> None:
    """Schemas as pydantic writes them: definitions, optional values, merged branches."""
    defs = {"Unit": {"enum": ["c", "f"]}, "Base": {"type": "object", "properties": {"a": {}}}}

    def simple(**schema: Any) -> Any:
        return simplify(understood({"$defs": defs, **schema}))

    assert simple(**{"$ref": "#/$defs/Unit"})["enum"] == ["c", "f"]
    assert simple(**{"$ref": "#/$defs/Unit", "default": "f"}) == {"enum": ["c", "f"], "default": "f"}
    assert simple(anyOf=[{"type": "null"}, {"type": "integer"}])["type"] == "integer"
    merged = simple(allOf=[{"$ref": "#/$defs/Base"}, {"properties": {"b": {}}}])
    assert set(merged["properties"]) == {"a", "b"}


def test_every_branch_of_a_union_can_be_chosen() -> None:
    """Branches that nothing satisfies are passed over, null comes last, too large a choice is the last."""
    union = understood({"anyOf": [{"type": "null"}, False, {"type": "string"}, {"type": "integer"}]})
    assert [simplify(union, choice)["type"] for choice in range(4)] == ["string", "integer", "null", "null"]


def test_pattern_that_cannot_be_read_promises_nothing() -> None:
    """A broken pattern and one that would explode are matched by nothing."""
    for pattern in ("(", "^(a+)+$"):
        assert not satisfies("a" * 50 + "b", {"pattern": pattern})
