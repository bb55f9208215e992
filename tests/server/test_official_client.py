"""The real ``openai`` client against the real server process: what is built on voicelab runs on the hosted service."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from openai import OpenAI
from openai.types.realtime import ResponseDoneEvent, SessionCreatedEvent, SessionUpdatedEvent
from websockets.exceptions import InvalidStatus

from voicelab.experiments.clips import spoken_lines
from voicelab.session.local_server import LocalServer

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """One server process for all tests of this file."""
    with LocalServer(hearing="guide") as running:
        yield running


def client_of(server: LocalServer, key: str | None = None) -> OpenAI:
    """Return the official client, with only the address and key changed."""
    base_url = server.url.replace("ws://", "http://").removesuffix("/realtime")
    return OpenAI(api_key=key or server.api_key, base_url=base_url)


def append(connection: Any, name: str) -> None:
    """Send one of the demo's clips with a second of silence behind it, as fast as it goes."""
    samples = np.concatenate([spoken_lines()[name].clip.samples, np.zeros(24_000, np.int16)])
    for start in range(0, len(samples), 2_400):
        data = samples[start : start + 2_400].astype("<i2").tobytes()
        connection.input_audio_buffer.append(audio=base64.b64encode(data).decode())


def until_done(connection: Any) -> tuple[list[Any], ResponseDoneEvent]:
    """Collect events up to response.done."""
    events = []
    for event in connection:
        events.append(event)
        if event.type == "response.done":
            return events, event
    raise AssertionError("the connection ended before response.done")


@pytest.mark.realtime
def test_spoken_turn_is_heard_and_answered(server: LocalServer) -> None:
    """The official client speaks; the server finds the turn, writes it down, and answers in sound."""
    with client_of(server).realtime.connect(model="gpt-realtime") as connection:
        assert isinstance(connection.recv(), SessionCreatedEvent)
        connection.session.update(
            session={
                "type": "realtime",
                "audio": {
                    "input": {"transcription": {"model": "whisper-1"}},
                    "output": {"voice": "cedar"},
                },
            }
        )
        append(connection, "hello")
        events, done = until_done(connection)
    updated = next(e for e in events if isinstance(e, SessionUpdatedEvent))
    assert updated.session.audio.output.voice == "cedar"
    transcript = next(e.transcript for e in events if e.type == "conversation.item.input_audio_transcription.completed")
    assert transcript == "hello"
    sound = b"".join(base64.b64decode(e.delta) for e in events if e.type == "response.output_audio.delta")
    assert len(sound) > 48_000
    assert done.response.status == "completed"
    assert done.response.usage.total_tokens == done.response.usage.input_tokens + done.response.usage.output_tokens


@pytest.mark.realtime
def test_function_call_goes_round(server: LocalServer) -> None:
    """Declared, called with fitting arguments, answered by the client, spoken by the server."""
    with client_of(server).realtime.connect(model="gpt-realtime") as connection:
        connection.session.update(session={"type": "realtime", "tools": [WEATHER], "output_modalities": ["text"]})
        connection.conversation.item.create(
            item={
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "What is the weather in Paris?"}],
            }
        )
        connection.response.create()
        _, done = until_done(connection)
        (call,) = done.response.output
        assert (call.type, call.name, call.arguments) == ("function_call", "get_weather", '{"city": "Paris"}')
        connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call.call_id, "output": '{"weather": "sunny"}'}
        )
        connection.response.create()
        _, done = until_done(connection)
    assert "sunny" in done.response.output[0].content[0].text


def test_wrong_key_is_http_401(server: LocalServer) -> None:
    """A wrong or missing key is refused at the door, before any event."""
    with (
        pytest.raises(InvalidStatus, match="401"),
        client_of(server, "wrong").realtime.connect(model="gpt-realtime"),
    ):
        pass
