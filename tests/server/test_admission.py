"""Promises of `voicelab.server.admission`: the four places for a key, what each key opens, which dialect is asked."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from starlette.requests import HTTPConnection

from voicelab.server.admission import (
    Door,
    chosen_subprotocol,
    not_admitted,
    offered_subprotocols,
    refusal,
    shown_key,
    speaks_beta,
)
from voicelab.server.client_secrets import ClientSecret, ClientSecrets

KEY = "the-servers-own-key"
NOW_S = 1_795_000_000.0


def arriving(
    headers: dict[str, str] | None = None, query: dict[str, str] | None = None, offers: tuple[str, ...] = ()
) -> HTTPConnection:
    """Return a WebSocket's upgrade as Starlette shows it."""
    return HTTPConnection(
        {
            "type": "websocket",
            "path": "/v1/realtime",
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
            "query_string": urlencode(query or {}).encode(),
            "subprotocols": list(offers),
        }
    )


def everywhere(key: str) -> list[HTTPConnection]:
    """Show a key in each of the places for one."""
    return [
        arriving({"Authorization": f"Bearer {key}"}),
        arriving({"authorization": f"bearer  {key} "}),
        arriving({"api-key": key}),
        arriving(query={"api-key": key, "model": "m"}),
        arriving(offers=("realtime", f"openai-insecure-api-key.{key}", "openai-beta.realtime-v1")),
    ]


def door(now_s: float = NOW_S) -> Door:
    """Return a door that knows the key, and one secret for ten more seconds."""
    known = ClientSecrets()
    known.add("ek_good", ClientSecret(int(NOW_S) + 10, {"type": "realtime"}), now_s=NOW_S)
    return Door(KEY, known, lambda: now_s)


def test_the_key_opens_in_each_of_its_places() -> None:
    """Bearer, header, query, subprotocol; it may start sessions and make secrets."""
    for connection in everywhere(KEY):
        admitted = door().admit(connection)
        assert admitted is not None
        assert admitted.secret is None
        assert door().has_key(connection)


def test_a_client_secret_starts_sessions_and_makes_no_others() -> None:
    """In each of the places; what was attached comes with it."""
    for connection in everywhere("ek_good"):
        admitted = door().admit(connection)
        assert admitted is not None
        assert admitted.secret is not None
        assert admitted.secret.session == {"type": "realtime"}
        assert not door().has_key(connection)


@pytest.mark.parametrize("key", ["wrong", KEY[:-1], KEY + "x", KEY.upper(), "ek_bad", "", "schlüssel"])
def test_another_key_opens_nothing(key: str) -> None:
    """Nor a part of the right one, nor nothing, nor letters that are not ASCII."""
    for connection in everywhere(key):
        assert door().admit(connection) is None
        assert not door().has_key(connection)


def test_no_key_opens_nothing() -> None:
    """Nor does another scheme, or the name of the subprotocol alone."""
    for connection in (arriving(), arriving({"Authorization": f"Basic {KEY}"}), arriving(offers=("realtime",))):
        assert shown_key(connection) is None
        assert door().admit(connection) is None
        assert not door().has_key(connection)


def test_an_expired_secret_opens_nothing() -> None:
    """From its second of expiry on."""
    assert door(NOW_S + 10).admit(arriving({"Authorization": "Bearer ek_good"})) is None


def test_refusal_has_the_shape_of_the_hosted_service_and_no_key() -> None:
    """HTTP 401 with OpenAI's error body; a missing key is told from a wrong one."""
    answers = [not_admitted(arriving()), *(not_admitted(connection) for connection in everywhere("sk-wrong-key"))]
    for answer in answers:
        assert answer.status_code == 401
        error = json.loads(bytes(answer.body))["error"]
        assert error.keys() == {"message", "type", "code", "param"}
        assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", "invalid_api_key", None)
        assert "sk-wrong-key" not in error["message"]
    assert b"didn't provide" in bytes(answers[0].body)
    assert b"Incorrect" in bytes(answers[1].body)
    assert json.loads(bytes(refusal("no", code="x", status=400, param="voice").body))["error"]["param"] == "voice"


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("realtime", f"openai-insecure-api-key.{KEY}"), "realtime"),
        ((f"openai-insecure-api-key.{KEY}", "openai-beta.realtime-v1", "realtime"), "realtime"),
        ((f"openai-insecure-api-key.{KEY}", "openai-beta.realtime-v1"), "openai-beta.realtime-v1"),
        ((f"openai-insecure-api-key.{KEY}",), None),
        (("chat",), None),
        ((), None),
    ],
)
def test_the_subprotocol_answered_is_never_the_key(offered: tuple[str, ...], chosen: str | None) -> None:
    """``realtime`` where it is offered; a browser would show the chosen one to any script of the page."""
    assert chosen_subprotocol(offered_subprotocols(arriving(offers=offered))) == chosen


@pytest.mark.parametrize(
    ("connection", "beta"),
    [
        (arriving(), False),
        (arriving({"OpenAI-Beta": "realtime=v1"}), True),
        (arriving({"OpenAI-Beta": "assistants=v2, realtime=v1"}), True),
        (arriving({"OpenAI-Beta": "assistants=v2"}), False),
        (arriving(offers=("realtime", "openai-beta.realtime-v1")), True),
        (arriving(offers=("realtime",)), False),
    ],
)
def test_the_beta_is_asked_for_by_header_or_subprotocol(connection: HTTPConnection, beta: bool) -> None:
    """GA sends neither."""
    assert speaks_beta(connection) is beta
