"""Promises of `voicelab.server.http_sessions`: client secrets and beta sessions, against the official models."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Response
from openai.types.beta.realtime.session_create_response import SessionCreateResponse
from openai.types.beta.realtime.transcription_session import TranscriptionSession
from openai.types.realtime import ClientSecretCreateResponse
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.testclient import TestClient

from voicelab.protocol.ids import Ids
from voicelab.server.admission import Door
from voicelab.server.client_secrets import ClientSecret, ClientSecrets
from voicelab.server.http_sessions import MOST_BODY_BYTES, SessionRoutes

KEY = "the-servers-own-key"
NOW_S = 1_795_000_000.5
FAST = {"type": "realtime", "audio": {"output": {"speed": 9}}}


class Desk:
    """The routes alone, with their secrets at hand."""

    def __init__(self) -> None:
        self.secrets = ClientSecrets()
        routes = SessionRoutes(Door(KEY, self.secrets, lambda: NOW_S), self.secrets, Ids(1), lambda: NOW_S)
        self._client = TestClient(Starlette(routes=routes.below("/v1")))

    def post(self, name: str, body: Any = None, *, key: str = KEY) -> Response:
        """Ask one of the routes."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return self._client.post(f"/v1/realtime/{name}", json={} if body is None else body, headers=headers)

    def kept(self, value: str) -> ClientSecret:
        """Return what is known of a secret."""
        secret = self.secrets.find(value, now_s=NOW_S)
        assert secret is not None
        return secret


@pytest.fixture
def desk() -> Desk:
    """Fresh routes."""
    return Desk()


def error_of(answer: Response, status: int = 400) -> tuple[str, str]:
    """Return the path and code of an error body."""
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    return error["param"], error["code"]


# --- client secrets ------------------------------------------------------------------------------------------


def test_a_secret_is_made_for_ten_minutes(desk: Desk) -> None:
    """Asked nothing, it is for a realtime session with all defaults, which the answer shows whole."""
    answer = desk.post("client_secrets").json()
    TypeAdapter(ClientSecretCreateResponse).validate_python(answer)
    assert answer["value"].startswith("ek_")
    assert answer["expires_at"] == int(NOW_S) + 600
    session = answer["session"]
    assert session["id"].startswith("sess_")
    assert (session["object"], session["type"], session["expires_at"]) == ("realtime.session", "realtime", 0)
    assert session["audio"]["output"]["voice"] == "marin"
    assert desk.kept(answer["value"]) == ClientSecret(int(NOW_S) + 600, {})


def test_what_is_attached_is_kept_as_asked_and_shown_as_in_force(desk: Desk) -> None:
    """The partial object is for the session, the whole one for the eye."""
    asked = {"type": "realtime", "model": "gpt-realtime", "audio": {"output": {"voice": "cedar"}}}
    body = {"expires_after": {"anchor": "created_at", "seconds": 10}, "session": asked}
    answer = desk.post("client_secrets", body).json()
    TypeAdapter(ClientSecretCreateResponse).validate_python(answer)
    assert answer["session"]["model"] == "gpt-realtime"
    assert answer["session"]["audio"]["output"]["voice"] == "cedar"
    assert answer["session"]["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert desk.kept(answer["value"]) == ClientSecret(int(NOW_S) + 10, asked)


def test_a_secret_for_a_transcription_session(desk: Desk) -> None:
    """The union's other half, under its own object name."""
    asked = {"type": "transcription", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}
    answer = desk.post("client_secrets", {"session": asked}).json()
    TypeAdapter(ClientSecretCreateResponse).validate_python(answer)
    assert (answer["session"]["type"], answer["session"]["object"]) == (
        "transcription",
        "realtime.transcription_session",
    )
    assert desk.kept(answer["value"]).session == asked


def test_every_secret_is_another(desk: Desk) -> None:
    """Each has its own value and lives beside the others."""
    values = {desk.post("client_secrets").json()["value"] for _ in range(5)}
    assert len(values) == 5
    assert all(desk.kept(value) for value in values)


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"expires_after": {"anchor": "created_at", "seconds": 9}}, "expires_after.seconds", "invalid_value"),
        ({"expires_after": {"anchor": "created_at", "seconds": 7201}}, "expires_after.seconds", "invalid_value"),
        ({"expires_after": {"anchor": "now"}}, "expires_after.anchor", "invalid_value"),
        ({"session": FAST}, "session.audio.output.speed", "invalid_value"),
        ({"session": {"voice": "alloy"}}, "session.type", "missing_required_parameter"),
        ({"session": {"type": "realtime", "modalities": ["text"]}}, "session.modalities", "unknown_parameter"),
        ({"session": "realtime"}, "session", "invalid_type"),
        ({"ttl": 5}, "ttl", "unknown_parameter"),
        ([], None, "invalid_type"),
    ],
)
def test_a_wrong_value_is_http_400_with_its_path(desk: Desk, body: Any, param: str, code: str) -> None:
    """And makes no secret."""
    assert error_of(desk.post("client_secrets", body)) == (param, code)
    assert not desk.secrets._known


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000, b"{" + b" " * MOST_BODY_BYTES + b"}"])
def test_a_body_that_is_no_json_is_http_400(desk: Desk, content: bytes) -> None:
    """Broken, of no text, too deep, too long: one answer, and the server goes on."""
    headers = {"Authorization": f"Bearer {KEY}"}
    error_of(desk._client.post("/v1/realtime/client_secrets", content=content, headers=headers))
    assert desk.post("client_secrets").status_code == 200


@pytest.mark.parametrize("name", ["client_secrets", "sessions", "transcription_sessions"])
def test_only_the_servers_own_key_makes_secrets(desk: Desk, name: str) -> None:
    """No key, a wrong one and a client secret are HTTP 401; the last may start sessions only."""
    secret = desk.post("client_secrets").json()["value"]
    for key in ("", "wrong", secret):
        assert error_of(desk.post(name, key=key), 401) == (None, "invalid_api_key")


# --- beta ----------------------------------------------------------------------------------------------------


def test_a_beta_session_is_answered_flat_with_its_secret(desk: Desk) -> None:
    """The body of the articles; the secret lasts one minute, as the beta's own words have it."""
    asked = {
        "model": "gpt-4o-realtime-preview",
        "voice": "alloy",
        "modalities": ["text", "audio"],
        "input_audio_format": "pcm16",
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
        "temperature": 0.7,
    }
    answer = desk.post("sessions", asked).json()
    TypeAdapter(SessionCreateResponse).validate_python(answer)
    assert (answer["object"], answer["model"], answer["voice"]) == (
        "realtime.session",
        "gpt-4o-realtime-preview",
        "alloy",
    )
    assert answer["turn_detection"]["silence_duration_ms"] == 500
    assert answer["temperature"] == 0.7
    assert "type" not in answer
    assert "audio" not in answer
    secret = answer["client_secret"]
    assert secret["expires_at"] == int(NOW_S) + 60
    kept = desk.kept(secret["value"])
    assert kept.temperature == 0.7
    assert kept.session["audio"]["output"] == {"voice": "alloy"}
    assert kept.session["type"] == "realtime"


def test_a_beta_session_asked_nothing_has_the_defaults(desk: Desk) -> None:
    """0.8 is shown; the secret leaves it to the session."""
    answer = desk.post("sessions").json()
    assert (answer["temperature"], answer["modalities"]) == (0.8, ["audio", "text"])
    assert desk.kept(answer["client_secret"]["value"]).temperature is None


def test_a_beta_secret_may_last_longer_when_asked(desk: Desk) -> None:
    """``client_secret.expires_after``, within the same limits."""
    asked = {"client_secret": {"expires_after": {"anchor": "created_at", "seconds": 120}}}
    assert desk.post("sessions", asked).json()["client_secret"]["expires_at"] == int(NOW_S) + 120
    asked["client_secret"]["expires_after"]["seconds"] = 5
    assert error_of(desk.post("sessions", asked)) == ("client_secret.expires_after.seconds", "invalid_value")


def test_a_beta_transcription_session(desk: Desk) -> None:
    """Flat as well, under its own route; modalities are accepted and mean nothing."""
    asked = {"modalities": ["text"], "input_audio_transcription": {"model": "whisper-1"}, "turn_detection": None}
    answer = desk.post("transcription_sessions", asked).json()
    TypeAdapter(TranscriptionSession).validate_python(answer)
    assert answer["input_audio_transcription"]["model"] == "whisper-1"
    assert answer["turn_detection"] is None
    assert "temperature" not in answer
    assert desk.kept(answer["client_secret"]["value"]).session["type"] == "transcription"


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"voice": "bob"}, "voice", "invalid_value"),
        ({"turn_detection": {"type": "server_vad", "threshold": 2}}, "turn_detection.threshold", "invalid_value"),
        ({"temperature": 2}, "temperature", "invalid_value"),
        ({"output_modalities": ["text"]}, "output_modalities", "unknown_parameter"),
        ({"type": "realtime"}, "type", "unknown_parameter"),
        ({"colour": "red"}, "colour", "unknown_parameter"),
        ({"client_secret": 5}, "client_secret", "invalid_type"),
    ],
)
def test_a_wrong_beta_value_is_told_by_its_flat_name(desk: Desk, body: Any, param: str, code: str) -> None:
    """Without the ``session`` that this body does not have."""
    answer = desk.post("sessions", body)
    assert error_of(answer) == (param, code)
    assert "session.audio" not in answer.json()["error"]["message"]


@pytest.mark.parametrize("name", ["sessions", "transcription_sessions"])
@pytest.mark.parametrize(
    ("body", "param"), [({"type": "webrtc"}, "type"), ({"offer": {"type": "offer", "sdp": "v=0"}}, "offer")]
)
def test_an_offer_is_told_that_there_is_no_webrtc(desk: Desk, name: str, body: Any, param: str) -> None:
    """As one article sends it: HTTP 501, and what to do instead."""
    answer = desk.post(name, {"model": "gpt-4o-realtime-preview", "voice": "alloy", **body})
    assert error_of(answer, 501) == (param, "unsupported")
    assert "WebSocket" in answer.json()["error"]["message"]
