"""The chat-completions dialect: a reply request as its JSON body, its stream as text and function calls.

In: a `ReplyRequest`, or the lines of a server-sent-event stream. Out: a JSON body, or deltas put
together. Does not know: HTTP. Source: OpenAI's published API description, ``/chat/completions`` with
``stream: true``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from voicelab.engines.reply import CallTool, ReplyRequest
from voicelab.errors import EngineError
from voicelab.protocol.items import FunctionCall, FunctionCallOutput, Item, text_of
from voicelab.protocol.settings import FunctionChoice, NamedFunction


def body(request: ReplyRequest, model: str | None) -> dict[str, Any]:
    """Return the JSON body of one streaming chat request."""
    plain: dict[str, Any] = {"messages": _messages(request), "stream": True}
    if model:
        plain["model"] = model
    if request.tools:
        plain["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters or {"type": "object", "properties": {}},
                },
            }
            for tool in request.tools
        ]
        plain["tool_choice"] = _choice(request.tool_choice)
    return plain


def _choice(choice: FunctionChoice) -> Any:
    if isinstance(choice, NamedFunction):
        return {"type": "function", "function": {"name": choice.name}}
    return choice


def _messages(request: ReplyRequest) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if request.instructions:
        messages.append({"role": "system", "content": request.instructions})
    latest_user = max((n for n, item in enumerate(request.items) if _is_user(item)), default=-1)
    for n, item in enumerate(request.items):
        match item:
            case FunctionCall():
                _add_call(messages, item)
            case FunctionCallOutput():
                messages.append({"role": "tool", "tool_call_id": item.call_id, "content": item.output})
            case _:
                # Spoken words may not be in the item: nobody has to ask for a transcript.
                words = text_of(item) or (request.text if n == latest_user else "")
                if words:
                    messages.append({"role": item.role, "content": words})
    if latest_user < 0 and request.text:
        messages.append({"role": "user", "content": request.text})
    return messages


def _is_user(item: Item) -> bool:
    return not isinstance(item, FunctionCall | FunctionCallOutput) and item.role == "user"


def _add_call(messages: list[dict[str, Any]], call: FunctionCall) -> None:
    """Add a call to the assistant's message; neighbouring calls share one, as the dialect demands."""
    plain = {
        "id": call.call_id or call.id or call.name,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments or "{}"},
    }
    if messages and "tool_calls" in messages[-1]:
        messages[-1]["tool_calls"].append(plain)
    else:
        messages.append({"role": "assistant", "content": None, "tool_calls": [plain]})


@dataclass
class _OpenCall:
    name: str = ""
    arguments: str = ""


@dataclass
class StreamReader:
    """Puts the chunks of one streamed answer together: text as it comes, function calls at the end."""

    is_done: bool = False
    _calls: dict[int, _OpenCall] = field(default_factory=dict)

    def feed(self, line: str) -> str:
        """Take one line of the stream; return the text that it adds.

        Raises
        ------
        EngineError
            The line is not of this dialect, or reports an error.
        """
        if not line.startswith("data:"):
            return ""
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            self.is_done = True
            return ""
        try:
            chunk = msgspec.json.decode(data)
        except msgspec.DecodeError as error:
            raise EngineError(f"the chat endpoint sent a chunk that is not JSON: {data[:80]!r}") from error
        if not isinstance(chunk, dict) or chunk.get("error"):
            raise EngineError(f"the chat endpoint reported an error: {error_words(chunk)}")
        return "".join(self._take(choice) for choice in chunk.get("choices") or () if choice.get("index", 0) == 0)

    def calls(self) -> list[CallTool]:
        """Return the function calls of the whole answer, in their order.

        Raises
        ------
        EngineError
            The arguments of a call are not a JSON object.
        """
        return [CallTool(call.name, _arguments(call)) for _, call in sorted(self._calls.items())]

    def _take(self, choice: Mapping[str, Any]) -> str:
        if choice.get("finish_reason"):
            self.is_done = True
        delta = choice.get("delta") or {}
        for part in delta.get("tool_calls") or ():
            call = self._calls.setdefault(part.get("index", 0), _OpenCall())
            function = part.get("function") or {}
            call.name += function.get("name") or ""
            call.arguments += function.get("arguments") or ""
        return delta.get("content") or ""


def _arguments(call: _OpenCall) -> dict[str, Any]:
    try:
        arguments = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        arguments = None
    if not isinstance(arguments, dict):
        raise EngineError(f"the chat endpoint called {call.name} with arguments that are not a JSON object")
    return arguments


def error_words(answer: Any) -> str:
    """Return the message of an error body, whatever its shape, in at most 200 characters."""
    while isinstance(answer, dict):
        answer = answer.get("error") or answer.get("message") or answer.get("detail") or "no reason given"
    return " ".join(str(answer).split())[:200]
