"""Arguments found in words."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.engines.arguments import Filled
from voicelab.engines.arguments import fill as fill_understood
from voicelab.engines.schema_reading import understood
from voicelab.engines.utterance import Utterance


def fill(schema: dict[str, Any], utterance: Utterance) -> Filled:
    return fill_understood(understood(schema), utterance)


def found(text: str, *required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return dict(fill(schema, Utterance(text)).arguments)


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("text", "properties", "arguments"),
    [
        ("is it nice in new york", {"city": TEXT}, {"city": "New York"}),
        (
            "from Paris to Rome",
            {"origin": TEXT, "destination": TEXT},
            {"origin": "Paris", "destination": "Rome"},
        ),
        ("mail to bob saying I am in", {"to": TEXT, "message": TEXT}, {"to": "bob", "message": "I am in"}),
        ("make it dark blue", {"color": {"enum": ["blue", "dark_blue"]}}, {"color": "dark_blue"}),
        ("set it to 21", {"level": {"type": "integer", "maximum": 30}}, {"level": 21}),
        ("turn it off", {"on": {"type": "boolean"}}, {"on": False}),
        ("yes please", {"confirmed": {"type": "boolean"}}, {"confirmed": True}),
        ("what is 12 times 7", {"expression": TEXT}, {"expression": "12 * 7"}),
        ("milk and eggs", {"items": {"type": "array", "items": TEXT}}, {"items": ["milk", "eggs"]}),
        ("3, 5 and 8", {"numbers": {"type": "array", "items": {"type": "number"}}}, {"numbers": [3, 5, 8]}),
        ("code usd", {"currency": {"type": "string", "pattern": "^[A-Z]{3}$"}}, {"currency": "USD"}),
    ],
)
def test_argument_is_found_by_its_type(text: str, properties: dict[str, Any], arguments: dict[str, Any]) -> None:
    """Texts, options, numbers, switches, formulas, lists: each has its own way into the words."""
    assert found(text, *properties, **properties) == arguments


def test_nested_object_is_filled_from_the_same_words() -> None:
    """An object inside the arguments is no obstacle."""
    toppings = {"type": "array", "items": {"enum": ["ham", "corn"]}}
    properties = {"size": {"enum": ["small", "large"]}, "toppings": toppings}
    pizza = {"type": "object", "properties": properties, "required": ["size"]}
    arguments = found("two large pizzas with ham", "pizza", pizza=pizza, quantity={"type": "integer"})
    assert arguments == {"pizza": {"size": "large", "toppings": ["ham"]}, "quantity": 2}


def test_value_that_its_schema_refuses_is_missing() -> None:
    """A brightness of 200 percent is asked about, not sent."""
    schema = {
        "type": "object",
        "properties": {"brightness": {"type": "integer", "maximum": 100}},
        "required": ["brightness"],
    }
    filled = fill(schema, Utterance("brightness 200"))
    assert not filled.arguments
    assert [missing.name for missing in filled.missing] == ["brightness"]


def test_default_stands_in_and_optional_things_stay_out() -> None:
    """Nothing is invented for what nobody mentioned."""
    unit = {"enum": ["celsius", "fahrenheit"], "default": "celsius"}
    assert found("in Oslo", "city", city=TEXT, unit=unit, note=TEXT, detailed={"type": "boolean"}) == {
        "city": "Oslo",
        "unit": "celsius",
    }


def test_pydantic_optional_and_reference_are_understood() -> None:
    """Schemas as frameworks generate them."""
    schema = {
        "$defs": {"Unit": {"type": "string", "enum": ["celsius", "kelvin"]}},
        "type": "object",
        "properties": {
            "unit": {"$ref": "#/$defs/Unit"},
            "days": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
        },
        "required": ["unit"],
    }
    assert fill(schema, Utterance("for 3 days in kelvin")).arguments == {"unit": "kelvin", "days": 3}
    assert fill(schema, Utterance("in kelvin")).arguments == {"unit": "kelvin"}


def test_recursive_schema_is_filled_without_its_deeper_part() -> None:
    """A tree gets its name; nobody spoke of a child."""
    tree = {"type": "object", "properties": {"name": TEXT, "child": {"$ref": "#"}}, "required": ["name"]}
    filled = fill(tree, Utterance("a big tree named oak"))
    assert (filled.arguments, filled.missing) == ({"name": "Oak"}, ())


def test_lists_in_lists_are_looked_into_five_deep() -> None:
    """Deeper ones are left out, so that a nest of lists takes no time."""

    def nest(n_levels: int) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "boolean"}
        for _ in range(n_levels):
            schema = {"type": "array", "items": schema}
        return schema

    assert found("on", on=nest(5)) == {"on": [[[[[True]]]]]}
    assert found("on", on=nest(6)) == {}


def test_number_beyond_all_floats_is_no_number() -> None:
    """A thousand digits are not sent as infinity, nor an integer of more than 64 bits."""
    level = {"type": "number", "multipleOf": 1}
    assert found(f"level {'9' * 999}", level=level) == {}
    assert repr(found(f"level 1{'0' * 20}", level=level)) == "{'level': 1e+20}"
