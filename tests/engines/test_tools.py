"""Which declared function fits the words."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.made_up_schemas import PARAMETERS
from voicelab.engines.schema_values import UnfillableError
from voicelab.engines.tools import best_fit, forced_call, understood_tools
from voicelab.protocol.settings import FunctionTool


def tool(name: str, description: str = "", *required: str, **properties: dict[str, Any]) -> FunctionTool:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return FunctionTool(name=name, description=description, parameters=schema)


TEXT = {"type": "string"}
WEATHER = tool("get_weather", "Current weather for a city", "city", city=TEXT)
TIMER = tool("set_timer", "Start a countdown", "seconds", seconds={"type": "integer", "minimum": 1})
LIGHTS = tool(
    *("switchLights", "Turn the lamps of a room on or off", "room", "on"),
    room={"enum": ["kitchen", "living_room"]},
    on={"type": "boolean"},
)
EMAIL = tool("send_email", "", "to", "message", to=TEXT, message=TEXT)
MULTIPLY = tool("multiply", "", "a", "b", a={"type": "number"}, b={"type": "number"})
CLOCK = tool("get_time")
TOOLS = (WEATHER, TIMER, LIGHTS, EMAIL, MULTIPLY, CLOCK)


@pytest.mark.parametrize(
    ("words", "name", "arguments"),
    [
        ("what is the weather in paris", "get_weather", {"city": "Paris"}),
        ("Will it be raining in New York tomorrow?", "get_weather", {"city": "New York"}),
        ("do I need an umbrella in oslo", "get_weather", {"city": "Oslo"}),
        ("set a timer for five minutes", "set_timer", {"seconds": 300}),
        ("switch off the living room lights", "switchLights", {"room": "living_room", "on": False}),
        ("turn on the lamp in the kitchen", "switchLights", {"room": "kitchen", "on": True}),
        ("send an email to bob saying hello there", "send_email", {"to": "bob", "message": "hello there"}),
        ("what is seven times eight", "multiply", {"a": 7, "b": 8}),
        ("what time is it", "get_time", {}),
    ],
)
def test_fitting_function_is_found_and_filled(words: str, name: str, arguments: dict[str, Any]) -> None:
    """The right function among six, with its arguments, for sure."""
    fit = best_fit(TOOLS, words)
    assert fit is not None
    assert (fit.tool.name, fit.arguments, fit.missing) == (name, arguments, ())
    assert fit.is_certain


@pytest.mark.parametrize(
    "words",
    [
        "hello",
        "who won the world cup",
        "tell me about this lab",
        "I read a book yesterday",
        "how does voice activity detection work",
        "seven",
        "",
        "my dog sat on my city map",
    ],
)
def test_unrelated_words_fit_nothing(words: str) -> None:
    """Words that have nothing to do with a function never call one."""
    fit = best_fit(TOOLS, words)
    assert fit is None or not fit.is_certain


def test_description_alone_is_enough_when_nothing_else_was_said() -> None:
    """A function with a bare name is found by what it says of itself, but not by a passing word."""
    lookup = tool("lookup", "Gives the weather of any place in the world", "place", place=TEXT)
    fit = best_fit((lookup,), "the weather in Oslo please")
    assert fit is not None
    assert fit.arguments == {"place": "Oslo"}
    assert best_fit((lookup,), "who won the world cup") is None


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("what is the weather", "Which city?"),
        ("set a timer", "How many seconds?"),
        ("turn on the lights", "Which room: kitchen or living room?"),
        ("the kitchen lights", "On, yes or no?"),
    ],
)
def test_missing_argument_becomes_a_question(words: str, question: str) -> None:
    """What was not said is asked for in plain words."""
    fit = best_fit(TOOLS, words)
    assert fit is not None
    assert fit.question() == question


def test_forced_call_takes_the_best_or_else_the_first() -> None:
    """Required means called, with what the words give and plain values for the rest."""
    assert forced_call(TOOLS, "the kitchen lights").arguments == {"room": "kitchen", "on": False}
    assert forced_call((TIMER, CLOCK), "hello").name == "set_timer"
    assert forced_call((TIMER,), "").arguments == {"seconds": 1}


SAID = "call it for in to city count five seven red living room on off query unit and paris 42"
WORDS = st.lists(st.sampled_from(SAID.split()), max_size=8).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(PARAMETERS, WORDS)
def test_forced_arguments_satisfy_any_declared_schema(parameters: dict[str, Any], words: str) -> None:
    """Whatever schema is declared and whatever is said, the arguments are valid."""
    call = forced_call(understood_tools([FunctionTool(name="city_count", parameters=parameters)]), words)
    jsonschema.validate(call.arguments, parameters)


@settings(max_examples=200, deadline=None)
@given(PARAMETERS, WORDS)
def test_free_arguments_satisfy_any_declared_schema(parameters: dict[str, Any], words: str) -> None:
    """A call that the words alone complete is valid too."""
    fit = best_fit(understood_tools([FunctionTool(name="city_count", parameters=parameters)]), words)
    if fit is not None and not fit.missing:
        jsonschema.validate(fit.arguments, parameters)


def test_function_that_nothing_satisfies_is_never_called() -> None:
    """A schema that requires itself, or one that no object satisfies, fits no words and cannot be forced."""
    endless = tool("plant_tree", "", "child", child={"$ref": "#"})
    text = FunctionTool(name="plant_tree", parameters={"type": "string"})
    for hopeless in (endless, text):
        tools = understood_tools([hopeless])
        assert best_fit(tools, "plant a tree") is None
        with pytest.raises(UnfillableError, match="plant_tree"):
            forced_call(tools, "plant a tree")
