"""Promises of `voicelab.server.response_settings`: what one response goes by."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.errors import ConfigError
from voicelab.protocol.settings import ResponseParams, SessionConfig, convert, update
from voicelab.server.response_settings import check_choice, refusals_of, settings_of

WEATHER = {"type": "function", "name": "get_weather"}
MCP = {"type": "mcp", "server_label": "s"}
SESSION = update(
    SessionConfig(),
    {"instructions": "Be brief.", "tools": [WEATHER], "audio": {"output": {"voice": "cedar", "speed": 1.2}}},
)


def params(**response: Any) -> ResponseParams:
    return convert(response, ResponseParams, root="response")


def test_without_overrides_a_response_goes_by_the_session() -> None:
    """Nothing that was not asked differs."""
    got = settings_of(SESSION, ResponseParams())
    assert (got.instructions, got.voice, got.speed, got.modality) == ("Be brief.", "cedar", 1.2, "audio")
    assert [tool.name for tool in got.tools] == ["get_weather"]
    assert (got.in_conversation, got.parallel_tool_calls, got.max_output_tokens) == (True, True, "inf")


def test_overrides_hold_for_the_response() -> None:
    """Empty instructions and no tools are overrides too."""
    asked = params(
        conversation="none",
        instructions="",
        tools=[],
        tool_choice="none",
        output_modalities=["text"],
        audio={"output": {"voice": "ash", "format": {"type": "audio/pcmu"}}},
        max_output_tokens=7,
        parallel_tool_calls=False,
        metadata={"purpose": "topic"},
    )
    got = settings_of(SESSION, asked)
    assert (got.in_conversation, got.instructions, got.tools, got.tool_choice) == (False, "", (), "none")
    assert (got.modality, got.voice, got.max_output_tokens, got.parallel_tool_calls) == ("text", "ash", 7, False)
    assert got.metadata == {"purpose": "topic"}
    assert got.speed == 1.2


def test_a_named_function_has_to_be_declared() -> None:
    """The error names those that are."""
    choice = {"type": "function", "name": "get_time"}
    with pytest.raises(ConfigError, match="get_weather") as caught:
        check_choice(settings_of(SESSION, params(tool_choice=choice)))
    assert caught.value.param == "response.tool_choice.name"
    check_choice(settings_of(SESSION, params(tool_choice={"type": "function", "name": "get_weather"})))


@pytest.mark.parametrize(
    ("response", "param"),
    [
        ({"tools": [WEATHER, MCP]}, "response.tools[1]"),
        ({"tool_choice": MCP}, "response.tool_choice"),
        ({"audio": {"output": {"voice": {"id": "voice_1"}}}}, "response.audio.output.voice"),
        ({"prompt": {"id": "pmpt_1"}}, "response.prompt"),
        ({"reasoning": {"effort": "high"}}, "response.reasoning"),
    ],
)
def test_what_cannot_be_had_is_named_and_the_session_s_value_holds(response: dict[str, Any], param: str) -> None:
    """One error for each; the response still goes by something that can be done."""
    asked = params(**response)
    assert [error.param for error in refusals_of(asked)] == [param]
    got = settings_of(SESSION, asked)
    assert (got.voice, got.tool_choice) == ("cedar", "auto")
    assert [tool.name for tool in got.tools] == ["get_weather"]


def test_nothing_is_refused_without_a_reason() -> None:
    """A plain request has no refusals."""
    assert refusals_of(params(instructions="x", tools=[WEATHER])) == []
