"""Promises of `voicelab.server.app`: which sessions begin, for whom, in which dialect, and what is said to the rest."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession

from voicelab.engines.host import ModelledCost
from voicelab.server.app import make_app
from voicelab.server.engines import ServerOptions
from voicelab.server.opening import Choice, EngineRoom

KEY = "the-servers-own-key"
BEARER = {"Authorization": f"Bearer {KEY}"}
BETA = {**BEARER, "OpenAI-Beta": "realtime=v1"}
BEGAN = datetime(2026, 11, 21, 12, tzinfo=UTC)


class House:
    """The whole application in this process, with a wall clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = BEGAN
        room = EngineRoom(Choice("none", "guide"), in_place=ModelledCost())
        self.client = TestClient(make_app(room, KEY, ServerOptions(), lambda: self.now))

    def enter(self, path: str = "/v1/realtime", **how: Any) -> WebSocketTestSession:
        """Open a WebSocket."""
        how.setdefault("headers", BEARER)
        return self.client.websocket_connect(path, **how)

    def session(self, path: str = "/v1/realtime", **how: Any) -> dict[str, Any]:
        """Return the first event of a new session."""
        with self.enter(path, **how) as socket:
            event: dict[str, Any] = socket.receive_json()
        return event

    def denied(self, path: str = "/v1/realtime", **how: Any) -> tuple[int, dict[str, Any]]:
        """Return the status and error with which a WebSocket is refused."""
        with pytest.raises(WebSocketDenialResponse) as caught, self.enter(path, **how):
            pass
        return caught.value.status_code, caught.value.json()["error"]

    def secret(self, session: dict[str, Any] | None = None, seconds: int = 600) -> str:
        """Make a client secret."""
        body: dict[str, Any] = {"expires_after": {"anchor": "created_at", "seconds": seconds}}
        if session is not None:
            body["session"] = session
        answer = self.client.post("/v1/realtime/client_secrets", json=body, headers=BEARER)
        value: str = answer.json()["value"]
        return value


@pytest.fixture(scope="module")
def built() -> House:
    """One application for all tests of this file."""
    return House()


@pytest.fixture
def house(built: House) -> Iterator[House]:
    """The application, at the hour at which it began."""
    built.now = BEGAN
    yield built
    built.now = BEGAN


def bearer(key: str) -> dict[str, str]:
    """Return the header that shows a key."""
    return {"Authorization": f"Bearer {key}"}


# --- who may in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/realtime", "/openai/v1/realtime"])
@pytest.mark.parametrize(
    "how",
    [
        {"headers": BEARER},
        {"headers": {"api-key": KEY}},
        {"headers": {}, "params": {"api-key": KEY}},
        {"headers": {}, "subprotocols": ["realtime", f"openai-insecure-api-key.{KEY}"]},
    ],
)
def test_the_key_opens_a_session_wherever_it_is_shown(house: House, path: str, how: dict[str, Any]) -> None:
    """At OpenAI's path and at Azure's: the same session."""
    how = dict(how)
    query = "&".join(f"{name}={value}" for name, value in {"model": "m-1", **how.pop("params", {})}.items())
    event = house.session(f"{path}?{query}", **how)
    assert (event["type"], event["session"]["model"]) == ("session.created", "m-1")


def test_a_browser_is_answered_with_its_subprotocol(house: House) -> None:
    """``realtime``, without which a browser gives up; never the one with the key; nobody else gets any."""
    offers = ["realtime", f"openai-insecure-api-key.{KEY}"]
    with house.enter(headers={}, subprotocols=offers) as socket:
        assert socket.accepted_subprotocol == "realtime"
    with house.enter() as socket:
        assert socket.accepted_subprotocol is None


@pytest.mark.parametrize("path", ["/v1/realtime", "/v1/realtime?call_id=rtc_1", "/v1/realtime/translations"])
@pytest.mark.parametrize("headers", [{}, bearer("wrong"), bearer("ek_wrong"), {"api-key": "wrong"}])
def test_nobody_else_gets_in(house: House, path: str, headers: dict[str, str]) -> None:
    """HTTP 401 with the hosted service's error body, whatever was asked for."""
    status, error = house.denied(path, headers=headers)
    assert (status, error["code"]) == (401, "invalid_api_key")
    assert "wrong" not in error["message"]


# --- client secrets ------------------------------------------------------------------------------------------


def test_a_secret_starts_sessions_until_it_expires_and_ends_none(house: House) -> None:
    """Several from one; after its last second a running one goes on, and no other begins."""
    secret = house.secret(seconds=10)
    with house.enter(headers=bearer(secret)) as first:
        assert first.receive_json()["type"] == "session.created"
        house.now += timedelta(seconds=9)
        assert house.session(headers=bearer(secret))["type"] == "session.created"
        house.now += timedelta(seconds=1)
        assert house.denied(headers=bearer(secret))[0] == 401
        assert first.receive_json()["type"] == "conversation.created"
        first.send_json({"type": "input_audio_buffer.clear"})
        assert first.receive_json()["type"] == "input_audio_buffer.cleared"


def test_what_is_attached_is_in_force_from_the_first_event(house: House) -> None:
    """The page that connects need not know it."""
    attached = {
        "type": "realtime",
        "model": "m-2",
        "instructions": "Be brief.",
        "audio": {"input": {"turn_detection": None}, "output": {"voice": "cedar"}},
    }
    secret = house.secret(attached)
    session = house.session(headers=bearer(secret))["session"]
    assert (session["model"], session["instructions"]) == ("m-2", "Be brief.")
    assert session["audio"]["output"]["voice"] == "cedar"
    assert session["audio"]["input"]["turn_detection"] is None
    assert house.session("/v1/realtime?model=m-3", headers=bearer(secret))["session"]["model"] == "m-3"


def test_a_secret_for_transcription_opens_such_a_session(house: House) -> None:
    """With or without the intent; another kind of session it does not open."""
    secret = house.secret({"type": "transcription", "audio": {"input": {"turn_detection": None}}})
    for path in ("/v1/realtime", "/v1/realtime?intent=transcription"):
        session = house.session(path, headers=bearer(secret))["session"]
        assert session["type"] == "transcription"
        assert session["audio"]["input"]["turn_detection"] is None
    talking = house.secret({"type": "realtime"})
    status, error = house.denied("/v1/realtime?intent=transcription", headers=bearer(talking))
    assert (status, error["param"]) == (400, "intent")
    unbound = house.secret()
    assert house.session("/v1/realtime?intent=transcription", headers=bearer(unbound))["session"]["type"] == (
        "transcription"
    )


def test_a_secret_makes_no_secrets(house: House) -> None:
    """HTTP 401 for who tries."""
    answer = house.client.post("/v1/realtime/client_secrets", json={}, headers=bearer(house.secret()))
    assert answer.status_code == 401


# --- what is asked for ---------------------------------------------------------------------------------------


def test_intent_chooses_the_kind_of_session(house: House) -> None:
    """``transcription``, or a conversation; a word that does not exist is an error."""
    assert house.session("/v1/realtime?intent=transcription")["session"]["type"] == "transcription"
    assert house.session("/v1/realtime?model=m")["session"]["type"] == "realtime"
    status, error = house.denied("/v1/realtime?intent=conversation")
    assert (status, error["param"], error["code"]) == (400, "intent", "invalid_value")


def test_the_model_that_is_not_named_is_the_servers_own(house: House) -> None:
    """Its name says that it is no model."""
    assert house.session()["session"]["model"] == "voicelab-guide"


def test_a_client_may_choose_how_it_is_heard_and_answered(house: House) -> None:
    """By query; what does not exist is told at the door."""
    assert house.session("/v1/realtime?reply=mirror")["session"]["voicelab"]["reply"] == "mirror"
    for name in ("hearing", "reply"):
        status, error = house.denied(f"/v1/realtime?{name}=telepathy")
        assert (status, error["param"]) == (400, name) or (status, error["code"]) == (400, "invalid_value")


# --- beta ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        {"headers": BETA},
        {"headers": {}, "subprotocols": ["realtime", f"openai-insecure-api-key.{KEY}", "openai-beta.realtime-v1"]},
    ],
)
def test_a_beta_client_is_spoken_to_in_its_own_words(house: House, how: dict[str, Any]) -> None:
    """Both ways, and its errors name its own fields; a GA client on the same server is not touched by it."""
    with house.enter("/v1/realtime?model=gpt-4o-realtime-preview", **how) as socket:
        created = socket.receive_json()["session"]
        assert (created["modalities"], created["temperature"]) == (["audio", "text"], 0.8)
        assert "type" not in created
        assert "audio" not in created
        assert socket.receive_json()["type"] == "conversation.created"
        socket.send_json({"type": "session.update", "session": {"voice": "alloy", "temperature": 0.6}})
        updated = socket.receive_json()
        assert updated["type"] == "session.updated"
        assert (updated["session"]["voice"], updated["session"]["temperature"]) == ("alloy", 0.6)
        socket.send_json({"type": "session.update", "event_id": "mine", "session": {"voice": "bob"}})
        error = socket.receive_json()["error"]
        assert (error["param"], error["event_id"]) == ("session.voice", "mine")
        socket.send_json({"type": "session.update", "session": {"output_modalities": ["text"]}})
        error = socket.receive_json()["error"]
        assert (error["param"], error["code"]) == ("session.output_modalities", "unknown_parameter")
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
        socket.send_json({"type": "conversation.item.create", "item": item})
        assert socket.receive_json()["type"] == "conversation.item.created"
        socket.send_json({"type": "input_audio_buffer.clear"})
        assert socket.receive_json()["type"] == "input_audio_buffer.cleared"  # and no item.done before it
    assert house.session()["session"]["output_modalities"] == ["audio"]


def test_a_beta_secret_brings_its_session_with_it(house: House) -> None:
    """The POST of the articles, then the WebSocket with what it gave; temperature included."""
    body = {"model": "gpt-4o-realtime-preview", "voice": "ash", "temperature": 1.0, "turn_detection": None}
    made = house.client.post("/v1/realtime/sessions", json=body, headers=BEARER).json()
    secret = made["client_secret"]["value"]
    session = house.session(headers={**bearer(secret), "OpenAI-Beta": "realtime=v1"})["session"]
    assert (session["model"], session["voice"], session["temperature"]) == ("gpt-4o-realtime-preview", "ash", 1.0)
    assert session["turn_detection"] is None
    assert house.session(headers=bearer(secret))["session"]["audio"]["output"]["voice"] == "ash"
    house.now += timedelta(seconds=60)
    assert house.denied(headers=bearer(secret))[0] == 401


# --- what is not there ---------------------------------------------------------------------------------------


def test_a_call_cannot_be_joined(house: House) -> None:
    """HTTP 501 that says what is missing."""
    status, error = house.denied("/v1/realtime?call_id=rtc_1")
    assert (status, error["param"]) == (501, "call_id")
    assert "no WebRTC" in error["message"]


@pytest.mark.parametrize("prefix", ["/v1", "/openai/v1"])
def test_translation_is_told_to_be_missing(house: House, prefix: str) -> None:
    """As a session and as a secret for one."""
    status, error = house.denied(f"{prefix}/realtime/translations?model=gpt-realtime-translate")
    assert (status, error["code"]) == (501, "unsupported")
    assert "does not translate" in error["message"]
    answer = house.client.post(f"{prefix}/realtime/translations/client_secrets", json={}, headers=BEARER)
    assert answer.status_code == 501


@pytest.mark.parametrize("path", ["", "/calls", "/calls/rtc_1/accept", "/calls/rtc_1/hangup"])
def test_webrtc_and_telephone_are_told_to_be_missing(house: House, path: str) -> None:
    """For who has a key; the rest hears only that it has none."""
    answer = house.client.post(f"/v1/realtime{path}", content=b"v=0", headers=BEARER)
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "unsupported")
    assert house.client.post(f"/v1/realtime{path}", content=b"v=0").status_code == 401


def test_an_unknown_path_is_answered_in_the_same_shape(house: House) -> None:
    """HTTP 404 and 405 with an error body, over both protocols."""
    assert house.denied("/v1/realtimes")[0] == 404
    assert house.client.get("/").json()["error"]["type"] == "invalid_request_error"
    assert house.client.get("/").status_code == 404
    assert house.client.get("/v1/realtime/client_secrets").status_code == 405


# --- frames --------------------------------------------------------------------------------------------------


def test_a_binary_frame_is_taken_for_text(house: House) -> None:
    """Bytes that are none become an error, and the session goes on."""
    with house.enter() as socket:
        assert [socket.receive_json()["type"] for _ in range(2)] == ["session.created", "conversation.created"]
        socket.send_bytes(b'{"type":"input_audio_buffer.clear"}')
        assert socket.receive_json()["type"] == "input_audio_buffer.cleared"
        socket.send_bytes(b"\xff\xfe")
        assert socket.receive_json()["error"]["code"] == "invalid_json"
        audio = base64.b64encode(bytes(4800)).decode()
        socket.send_json({"type": "input_audio_buffer.append", "audio": audio})
        socket.send_json({"type": "input_audio_buffer.clear"})
        assert socket.receive_json()["type"] == "input_audio_buffer.cleared"


def test_a_client_that_goes_away_leaves_the_server_running(house: House) -> None:
    """Before it has read anything, too."""
    with house.enter() as socket:
        socket.close(1001)
    assert house.session()["type"] == "session.created"
