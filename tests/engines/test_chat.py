"""The chat engine against a small local HTTP endpoint."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from voicelab.engines.chat import Chat
from voicelab.engines.reply import CallTool, ReplyPart, ReplyRequest, Say
from voicelab.errors import ConfigError, EngineError
from voicelab.protocol.settings import FunctionTool

KEY = "sk-very-secret"


@dataclass
class Endpoint:
    """What the endpoint answers, and what it was asked."""

    chunks: list[str] = field(default_factory=list)
    status: int = 200
    content_type: str = "text/event-stream"
    hold: threading.Event | None = None
    url: str = ""
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["content-length"])))
            endpoint.asked.append((self.path, self.headers.get("authorization", ""), question))
            self.send_response(endpoint.status)
            self.send_header("content-type", endpoint.content_type)
            self.end_headers()
            for n, chunk in enumerate(endpoint.chunks):
                if n and endpoint.hold:
                    endpoint.hold.wait(10)
                self.wfile.write(chunk.encode())
                self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield endpoint
    finally:
        if endpoint.hold:
            endpoint.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


def text(*words: str) -> list[str]:
    return [f"data: {json.dumps({'choices': [{'delta': {'content': word}}]})}\n\n" for word in words]


DONE = "data: [DONE]\n\n"
REQUEST = ReplyRequest(now=datetime(2026, 11, 20), text="hello", instructions="Be kind.")


def replied(chat: Chat, request: ReplyRequest = REQUEST) -> list[ReplyPart]:
    async def parts() -> list[ReplyPart]:
        return [part async for part in chat.reply(request)]

    return asyncio.run(parts())


def test_streamed_text_comes_in_sentences() -> None:
    """Deltas that cut words anywhere are put together to whole sentences."""
    with serving(Endpoint([*text("Hel", "lo there. How", " are you? Fine"), DONE])) as endpoint:
        parts = replied(Chat(endpoint.url, "small"))
    assert parts == [Say("Hello there. "), Say("How are you? "), Say("Fine")]
    path, key, question = endpoint.asked[0]
    assert (path, key) == ("/v1/chat/completions", "")
    assert question["model"] == "small"
    assert question["messages"][-1] == {"role": "user", "content": "hello"}


def test_first_sentence_is_there_while_the_endpoint_still_writes() -> None:
    """Speech starts with the first sentence: the endpoint goes on only after it was handed out."""
    goes_on = threading.Event()
    endpoint = Endpoint([*text("First one. ", "Second one."), DONE], hold=goes_on)

    async def first_and_rest(chat: Chat) -> list[ReplyPart]:
        parts = []
        async for part in chat.reply(REQUEST):
            parts.append((part, goes_on.is_set()))
            goes_on.set()
        return parts

    with serving(endpoint):
        parts = asyncio.run(first_and_rest(Chat(endpoint.url)))
    assert parts == [(Say("First one. "), False), (Say("Second one."), True)]


def test_leaving_early_ends_the_answer() -> None:
    """An interrupted answer is closed without an error, while the endpoint is still writing."""
    endpoint = Endpoint([*text("First one. ", "Second one."), DONE], hold=threading.Event())

    async def only_first(chat: Chat) -> ReplyPart:
        parts = chat.reply(REQUEST)
        first = await anext(parts)
        await parts.aclose()
        return first

    with serving(endpoint):
        assert asyncio.run(only_first(Chat(endpoint.url))) == Say("First one. ")


def test_function_calls_come_after_the_words() -> None:
    """A call streamed in pieces arrives whole."""
    pieces = [
        {"index": 0, "function": {"name": "get_time", "arguments": "{"}},
        {"function": {"arguments": "}"}},
    ]
    calls = [f"data: {json.dumps({'choices': [{'delta': {'tool_calls': [piece]}}]})}\n\n" for piece in pieces]
    tool = FunctionTool(name="get_time", description="The time")
    request = ReplyRequest(now=REQUEST.now, text="time?", tools=(tool,))
    with serving(Endpoint([*text("One moment."), *calls, DONE])) as endpoint:
        assert replied(Chat(endpoint.url), request) == [Say("One moment."), CallTool("get_time", {})]
    assert endpoint.asked[0][2]["tools"][0]["function"]["name"] == "get_time"


@pytest.mark.parametrize("suffix", ["", "/", "/chat/completions", "/chat/completions/"])
def test_url_is_accepted_with_and_without_its_path(suffix: str) -> None:
    """People paste either."""
    assert Chat(f"http://localhost:8000/v1{suffix}").url == "http://localhost:8000/v1/chat/completions"


@pytest.mark.parametrize("url", ["localhost:8000", "ws://localhost/v1", "", "http://"])
def test_url_that_is_not_http_is_refused(url: str) -> None:
    """The mistake is told before anybody waits for an answer."""
    with pytest.raises(ConfigError, match="http"):
        Chat(url)


@pytest.mark.parametrize(("status", "words"), [(401, "API key"), (404, "check the URL"), (500, "no such model")])
def test_refusal_is_one_clear_line_without_the_key(status: int, words: str) -> None:
    """Status, place and what to do; a body that repeats the key is not repeated."""
    refusal = json.dumps({"error": {"message": f"no such model {KEY if status == 401 else ''}"}})
    with serving(Endpoint([refusal], status=status, content_type="application/json")) as endpoint:
        chat = Chat(endpoint.url, api_key=KEY)
        with pytest.raises(EngineError, match=words) as caught:
            replied(chat)
    assert str(status) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value) + repr(chat)
    assert endpoint.asked[0][1] == f"Bearer {KEY}"


def test_closed_port_is_told() -> None:
    """Nothing listens: the line says where and what to do."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        chat = Chat(f"http://127.0.0.1:{closed.getsockname()[1]}/v1")
        with pytest.raises(EngineError, match="no chat endpoint answers at"):
            replied(chat)


def test_page_that_is_no_stream_is_told() -> None:
    """A web server that answers everything with a page is no chat endpoint."""
    page = Endpoint(["<html>welcome</html>"], content_type="text/html")
    with serving(page), pytest.raises(EngineError, match="not with a chat stream"):
        replied(Chat(page.url))


def test_stream_that_breaks_off_is_told() -> None:
    """Half an answer is not passed off as a whole one."""
    half = Endpoint(text("Once upon a"))
    with serving(half), pytest.raises(EngineError, match="incomplete"):
        replied(Chat(half.url))


def test_silent_endpoint_is_told() -> None:
    """The wait has an end."""
    silent = Endpoint([*text("Well"), DONE], hold=threading.Event())
    with serving(silent), pytest.raises(EngineError, match=r"silent for 0\.2 s"):
        replied(Chat(silent.url, timeout_s=0.2))


def test_secrets_in_the_url_are_not_shown() -> None:
    """User, password and query of the URL stay out of reprs."""
    shown = repr(Chat(f"http://ann:{KEY}@localhost:8000/v1", api_key=KEY))
    assert KEY not in shown
