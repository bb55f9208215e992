"""The chat-completions dialect."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from voicelab.engines.chat_wire import StreamReader, body, error_words
from voicelab.engines.reply import CallTool, ReplyRequest
from voicelab.errors import EngineError
from voicelab.protocol.items import (
    FunctionCall,
    FunctionCallOutput,
    InputAudio,
    InputText,
    Message,
    OutputAudio,
)
from voicelab.protocol.settings import FunctionTool, NamedFunction

NOW = datetime(2026, 11, 20)


def chunk(**delta: object) -> str:
    return "data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]})


def test_conversation_becomes_messages_in_order() -> None:
    """Instructions, words of both sides, calls and their outputs, each in its role."""
    items = (
        Message(role="user", content=(InputText("weather in Paris?"),)),
        FunctionCall(name="get_weather", call_id="c1", arguments='{"city":"Paris"}'),
        FunctionCall(name="get_time", call_id="c2"),
        FunctionCallOutput(call_id="c1", output="21"),
        Message(role="assistant", content=(OutputAudio("It is 21"),)),
        Message(role="user", content=(InputAudio(),)),
    )
    request = ReplyRequest(now=NOW, items=items, instructions="Be kind.", text="and tomorrow")
    messages = body(request, None)["messages"]
    roles = [message["role"] for message in messages]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert [call["id"] for call in messages[2]["tool_calls"]] == ["c1", "c2"]
    assert messages[2]["tool_calls"][1]["function"]["arguments"] == "{}"
    assert messages[5]["content"] == "and tomorrow"


def test_tools_are_passed_in_the_nested_form() -> None:
    """The Realtime form is flat, the chat form is not."""
    tool = FunctionTool(name="get_time")
    plain = body(ReplyRequest(now=NOW, tools=(tool,), tool_choice=NamedFunction(name="get_time")), "m")
    assert plain["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert plain["tool_choice"] == {"type": "function", "function": {"name": "get_time"}}
    assert plain["model"] == "m"
    assert "tools" not in body(ReplyRequest(now=NOW), None)


def test_text_comes_as_it_is_streamed() -> None:
    """Role chunks, comments and blank lines add nothing."""
    reader = StreamReader()
    lines = [": ping", "", chunk(role="assistant"), chunk(content="Hel"), chunk(content="lo"), "data: [DONE]"]
    assert "".join(reader.feed(line) for line in lines) == "Hello"
    assert reader.is_done


def test_calls_are_put_together_from_their_pieces() -> None:
    """Arguments arrive in drops and interleaved; order follows the index."""
    reader = StreamReader()
    reader.feed(chunk(tool_calls=[{"index": 1, "function": {"name": "b", "arguments": ""}}]))
    reader.feed(chunk(tool_calls=[{"index": 0, "function": {"name": "a", "arguments": '{"x"'}}]))
    reader.feed(chunk(tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]))
    assert reader.calls() == [CallTool("a", {"x": 1}), CallTool("b", {})]


@pytest.mark.parametrize("arguments", ["{", "[1]", "nonsense"])
def test_broken_arguments_are_an_error_that_names_the_function(arguments: str) -> None:
    """A client never gets arguments that are not an object."""
    reader = StreamReader()
    reader.feed(chunk(tool_calls=[{"function": {"name": "a", "arguments": arguments}}]))
    with pytest.raises(EngineError, match="called a with arguments"):
        reader.calls()


@pytest.mark.parametrize("line", ["data: {", 'data: {"error": {"message": "overloaded"}}', "data: 7"])
def test_broken_chunk_is_an_error(line: str) -> None:
    """An error inside the stream is not taken for an empty answer."""
    with pytest.raises(EngineError, match="chat endpoint"):
        StreamReader().feed(line)


@pytest.mark.parametrize(
    ("answer", "words"),
    [({"error": {"message": "no  model"}}, "no model"), ({"detail": "gone"}, "gone"), ("x" * 300, "x" * 200)],
)
def test_error_body_of_any_shape_gives_one_line(answer: object, words: str) -> None:
    """Endpoints disagree on the shape of an error; people want its words."""
    assert error_words(answer) == words
