"""What the articles about real-time voice show, against the real server process, with only the address changed.

The clients are theirs: ``websockets`` with two headers, a browser with subprotocols, the official package's beta and
GA faces.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from openai import OpenAI
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.beta_models import check_beta
from voicelab.experiments.clips import spoken_lines
from voicelab.session.local_server import LocalServer

pytestmark = pytest.mark.realtime

MODEL = "gpt-4o-realtime-preview"
# The settings that the articles send first.
FIRST_UPDATE = {
    "type": "session.update",
    "session": {
        "modalities": ["text", "audio"],
        "instructions": "You are a helpful assistant.",
        "voice": "alloy",
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_transcription": {"model": "whisper-1"},
        "turn_detection": {
            "type": "server_vad",
            "threshold": 0.5,
            "prefix_padding_ms": 300,
            "silence_duration_ms": 500,
        },
    },
}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """One server process for all tests of this file."""
    with LocalServer(hearing="guide") as running:
        yield running


def address(server: LocalServer) -> str:
    """Return the base address for the official client."""
    return server.url.replace("ws://", "http://").removesuffix("/realtime")


def dial(server: LocalServer) -> ClientConnection:
    """Connect as the articles do."""
    headers = {"Authorization": f"Bearer {server.api_key}", "OpenAI-Beta": "realtime=v1"}
    return connect(f"{server.url}?model={MODEL}", additional_headers=headers, proxy=None)


def say(socket: ClientConnection, name: str) -> None:
    """Append one of the demo's clips in chunks of 100 ms, and a second of silence."""
    samples = np.concatenate([spoken_lines()[name].clip.samples, np.zeros(24_000, np.int16)])
    for start in range(0, len(samples), 2_400):
        chunk = base64.b64encode(samples[start : start + 2_400].astype("<i2").tobytes()).decode()
        socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": chunk}))


def until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """Return the events up to one of a kind; each must be one of the beta's."""
    events: list[dict[str, Any]] = []
    while not events or events[-1]["type"] != kind:
        events.append(json.loads(socket.recv(timeout=60)))
        assert events[-1]["type"] != "error", events[-1]
        check_beta(events[-1])
    return events


def of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Return the events of one kind."""
    return [event for event in events if event["type"] == kind]


def test_session_item_and_response_as_the_articles_tell_them(server: LocalServer) -> None:
    """Connect, set the session, speak, and be answered in sound; no error, and only words of the beta."""
    with dial(server) as socket:
        created = until(socket, "session.created")[-1]["session"]
        assert created["model"] == MODEL
        socket.send(json.dumps(FIRST_UPDATE))
        updated = until(socket, "session.updated")[-1]["session"]
        for name, value in FIRST_UPDATE["session"].items():
            if isinstance(value, dict):
                assert {key: updated[name][key] for key in value} == value
            else:
                assert updated[name] == (["audio", "text"] if name == "modalities" else value)
        say(socket, "hello")
        events = until(socket, "response.done")
    assert of(events, "input_audio_buffer.speech_started")
    assert of(events, "conversation.item.input_audio_transcription.completed")[0]["transcript"] == "hello"
    sound = b"".join(base64.b64decode(event["delta"]) for event in of(events, "response.audio.delta"))
    assert len(sound) > 48_000
    words = "".join(event["delta"] for event in of(events, "response.audio_transcript.delta"))
    reply = events[-1]["response"]
    assert reply["output"][0]["content"] == [{"type": "audio", "transcript": words}]
    assert (reply["status"], reply["modalities"], reply["voice"]) == ("completed", ["audio", "text"], "alloy")
    created_items = [event["item"] for event in of(events, "conversation.item.created")]
    assert [item["role"] for item in created_items] == ["user", "assistant"]


def test_push_to_talk_and_an_interruption(server: LocalServer) -> None:
    """Without detection the client commits and asks; cancelled, it tells how much was heard."""
    with dial(server) as socket:
        socket.send(json.dumps({"type": "session.update", "session": {"turn_detection": None}}))
        assert until(socket, "session.updated")[-1]["session"]["turn_detection"] is None
        say(socket, "joke")
        socket.send(json.dumps({"type": "input_audio_buffer.commit"}))
        socket.send(json.dumps({"type": "response.create"}))
        item_id = until(socket, "response.audio.delta")[-1]["item_id"]
        socket.send(json.dumps({"type": "response.cancel"}))
        done = until(socket, "response.done")[-1]["response"]
        assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "client_cancelled")
        truncate = {"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0, "audio_end_ms": 40}
        socket.send(json.dumps(truncate))
        assert until(socket, "conversation.item.truncated")[-1]["audio_end_ms"] == 40


def test_a_wrong_setting_is_told_by_the_name_that_was_sent(server: LocalServer) -> None:
    """The path of the error is that of the flat session, and the session goes on."""
    with dial(server) as socket:
        until(socket, "conversation.created")
        socket.send(json.dumps({"type": "session.update", "session": {"turn_detection": {"threshold": 7}}}))
        error = json.loads(socket.recv(timeout=60))
        check_beta(error)
        assert error["error"]["param"] == "session.turn_detection.threshold"
        socket.send(json.dumps(FIRST_UPDATE))
        until(socket, "session.updated")


def test_a_transcription_session_in_the_old_words(server: LocalServer) -> None:
    """``transcription_session.update`` and ``.updated``; it writes down and never answers."""
    headers = {"Authorization": f"Bearer {server.api_key}", "OpenAI-Beta": "realtime=v1"}
    with connect(f"{server.url}?intent=transcription", additional_headers=headers, proxy=None) as socket:
        until(socket, "transcription_session.created")
        update = {"input_audio_format": "pcm16", "input_audio_transcription": {"model": "whisper-1"}}
        socket.send(json.dumps({"type": "transcription_session.update", "session": update}))
        updated = until(socket, "transcription_session.updated")[-1]["session"]
        assert updated["input_audio_transcription"]["model"] == "whisper-1"
        say(socket, "hello")
        events = until(socket, "conversation.item.input_audio_transcription.completed")
        assert events[-1]["transcript"] == "hello"
        assert not of(events, "response.created")


def test_the_official_clients_beta_face(server: LocalServer) -> None:
    """``client.beta.realtime.connect``: a written turn, parsed into the package's own beta types."""
    # The beta face makes wss of every http address; it takes the address of sockets as it is.
    client = OpenAI(api_key=server.api_key, websocket_base_url=server.url.removesuffix("/realtime"))
    with client.beta.realtime.connect(model=MODEL) as connection:
        assert connection.recv().type == "session.created"
        connection.session.update(session={"modalities": ["text"], "temperature": 0.7})
        connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "What is 2 + 3?"}]}
        )
        connection.response.create()
        events = []
        for event in connection:
            events.append(event)
            if event.type in ("response.done", "error"):
                break
    updated = next(event for event in events if event.type == "session.updated")
    assert (updated.session.modalities, updated.session.temperature) == (["text"], 0.7)
    text = "".join(event.delta for event in events if event.type == "response.text.delta")
    assert text == "Two plus three is five."
    assert events[-1].response.output[0].content[0].type == "text"


def test_the_old_way_to_a_key_for_the_browser(server: LocalServer) -> None:
    """``POST /v1/realtime/sessions``, then a WebSocket with nothing but subprotocols, as a page opens it."""
    client = OpenAI(api_key=server.api_key, base_url=address(server))
    made = client.beta.realtime.sessions.create(model=MODEL, voice="ash", modalities=["text", "audio"])
    assert made.voice == "ash"
    offers = ["realtime", f"openai-insecure-api-key.{made.client_secret.value}", "openai-beta.realtime-v1"]
    with connect(server.url, subprotocols=[Subprotocol(name) for name in offers], proxy=None) as socket:
        assert socket.subprotocol == "realtime"
        session = until(socket, "session.created")[-1]["session"]
    assert (session["model"], session["voice"]) == (MODEL, "ash")


def test_the_article_that_sends_an_offer_is_told_what_is_missing(server: LocalServer) -> None:
    """There is no WebRTC yet: one clear answer, not a session that never rings."""
    body = {"model": MODEL, "voice": "alloy", "type": "webrtc", "offer": {"type": "offer", "sdp": "v=0"}}
    headers = {"Authorization": f"Bearer {server.api_key}"}
    answer = httpx.post(f"{address(server)}/realtime/sessions", json=body, headers=headers, trust_env=False)
    assert answer.status_code == 501
    assert "no WebRTC" in answer.json()["error"]["message"]


def test_the_official_client_makes_a_secret_and_a_page_connects_with_it(server: LocalServer) -> None:
    """``client.realtime.client_secrets.create``; with the ``ek_`` the attached session is in force, in GA's words."""
    client = OpenAI(api_key=server.api_key, base_url=address(server))
    attached = {"type": "realtime", "output_modalities": ["text"], "audio": {"output": {"voice": "cedar"}}}
    made = client.realtime.client_secrets.create(
        expires_after={"anchor": "created_at", "seconds": 60},
        session=attached,  # type: ignore[arg-type]
    )
    assert made.value.startswith("ek_")
    assert made.session.audio.output.voice == "cedar"
    with OpenAI(api_key=made.value, base_url=address(server)).realtime.connect(model="gpt-realtime") as connection:
        session = connection.recv().session
        assert (session.model, session.output_modalities, session.audio.output.voice) == (
            "gpt-realtime",
            ["text"],
            "cedar",
        )
    offers = [Subprotocol("realtime"), Subprotocol(f"openai-insecure-api-key.{made.value}")]
    with connect(server.url, subprotocols=offers, proxy=None) as socket:
        assert socket.subprotocol == "realtime"
        assert json.loads(socket.recv(timeout=60))["session"]["audio"]["output"]["voice"] == "cedar"


def test_later_articles_show_the_names_of_ga(server: LocalServer) -> None:
    """The same address without the beta's header: ``response.output_audio.delta``."""
    client = OpenAI(api_key=server.api_key, base_url=f"{address(server).removesuffix('/v1')}/openai/v1")
    with client.realtime.connect(model="my-deployment") as connection:
        connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
        )
        connection.response.create()
        kinds = set()
        for event in connection:
            kinds.add(event.type)
            if event.type in ("response.done", "error"):
                break
    assert {"response.output_audio.delta", "response.output_audio_transcript.delta"} <= kinds
    assert not {"response.audio.delta", "error"} & kinds


def places(server: LocalServer, key: str) -> list[dict[str, Any]]:
    """Return how a key is shown in the places from which a careless server would log it."""
    offers = [Subprotocol("realtime"), Subprotocol(f"openai-insecure-api-key.{key}")]
    return [
        {"uri": f"{server.url}?api-key={key}", "proxy": None},
        {"uri": server.url, "additional_headers": {"api-key": key}, "proxy": None},
        {"uri": server.url, "subprotocols": offers, "proxy": None},
    ]


def test_no_key_reaches_the_servers_log(server: LocalServer) -> None:
    """Right or wrong, in a header, the query or a subprotocol; nor does an answer repeat a wrong one."""
    wrong = "sk-wrong-but-secret-0123456789"
    for how in places(server, wrong):
        with pytest.raises(InvalidStatus, match="401") as caught, connect(**how):
            pass
        assert wrong.encode() not in caught.value.response.body
    for how in places(server, server.api_key):
        with connect(**how) as socket:
            socket.send("no JSON")
            assert json.loads(socket.recv(timeout=60))["type"] == "session.created"
    assert wrong not in server.log()
    assert server.api_key not in server.log()
