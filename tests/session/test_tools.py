"""Functions declared to the model, and called by it."""

from __future__ import annotations

import asyncio
import json
from typing import Literal

import pytest

from voicelab.errors import ConfigError
from voicelab.session.tools import Tool, as_tools


def set_light(room: str, level: int = 100, mode: Literal["warm", "cold"] = "warm") -> dict[str, object]:
    """Set the light in a room.

    More words that the model need not read.
    """
    return {"room": room, "level": level, "mode": mode}


def test_function_is_declared_by_its_name_docstring_and_types() -> None:
    """The declaration is a JSON schema of the parameters; those without a default are required."""
    assert Tool.of(set_light).declaration() == {
        "type": "function",
        "name": "set_light",
        "description": "Set the light in a room.",
        "parameters": {
            "type": "object",
            "properties": {
                "room": {"type": "string"},
                "level": {"type": "integer"},
                "mode": {"enum": ["warm", "cold"]},
            },
            "required": ["room"],
            "additionalProperties": False,
        },
    }


def test_answer_is_text_or_json() -> None:
    """Texts go back as they are, other values as JSON."""
    assert json.loads(asyncio.run(Tool.of(set_light).call('{"room": "hall"}'))) == {
        "room": "hall",
        "level": 100,
        "mode": "warm",
    }

    async def wait(seconds: float) -> str:
        """Wait."""
        await asyncio.sleep(0)
        return f"waited {seconds} s"

    assert asyncio.run(Tool.of(wait).call('{"seconds": 2.5}')) == "waited 2.5 s"


@pytest.mark.parametrize("arguments", ['{"level": 3}', "not json", '{"room": 1, "colour": "red"}'])
def test_what_goes_wrong_in_a_function_is_an_answer(arguments: str) -> None:
    """The model is told of the error; the conversation goes on."""
    assert "error" in json.loads(asyncio.run(Tool.of(set_light).call(arguments)))


def test_type_that_json_does_not_know_is_refused_with_its_place() -> None:
    """A parameter that cannot be declared names the function and the parameter."""

    def draw(picture: bytes) -> None:
        """Draw."""

    with pytest.raises(ConfigError, match=r"draw\(picture\)"):
        Tool.of(draw)


def test_plain_functions_are_declared_on_the_way() -> None:
    """connect(tools=[...]) takes functions and tools."""
    assert list(as_tools([set_light, Tool("x", "", set_light)])) == ["set_light", "x"]
