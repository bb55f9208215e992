"""Promises of `voicelab.session.profiles`: where a name leads, which key goes there, and that no key is seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from voicelab.errors import ConfigError
from voicelab.session.local_server import LocalServer
from voicelab.session.profiles import PROFILES, Target, hosted_target
from voicelab.transports.websocket import open_websocket

SECRET = "sk-not-to-be-seen-0123456789"
URL = "wss://voice.example.org/v1/realtime"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without any key in the environment."""
    for name in (
        "OPENAI_API_KEY",
        "VOICELAB_API_KEY",
        "AZURE_OPENAI_API_KEY",
        "AZURE_OPENAI_ENDPOINT",
    ):
        monkeypatch.delenv(name, raising=False)


def refusal(*args: Any, **more: Any) -> ConfigError:
    """Return the error with which a target is refused."""
    with pytest.raises(ConfigError) as caught:
        hosted_target(*args, **more)
    return caught.value


# --- how a key is shown --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "dialect", "headers", "subprotocols", "query"),
    [
        ("bearer", "ga", {"Authorization": f"Bearer {SECRET}"}, (), ""),
        ("bearer", "beta", {"Authorization": f"Bearer {SECRET}", "OpenAI-Beta": "realtime=v1"}, (), ""),
        ("api-key", "ga", {"api-key": SECRET}, (), ""),
        ("api-key", "beta", {"api-key": SECRET, "OpenAI-Beta": "realtime=v1"}, (), ""),
        ("query", "ga", {}, (), f"&api-key={SECRET}"),
        ("query", "beta", {"OpenAI-Beta": "realtime=v1"}, (), f"&api-key={SECRET}"),
        ("subprotocol", "ga", {}, ("realtime", f"openai-insecure-api-key.{SECRET}"), ""),
        (
            "subprotocol",
            "beta",
            {},
            ("realtime", f"openai-insecure-api-key.{SECRET}", "openai-beta.realtime-v1"),
            "",
        ),
    ],
)
def test_a_key_is_shown_in_one_place_only(
    auth: Any, dialect: Any, headers: dict[str, str], subprotocols: tuple[str, ...], query: str
) -> None:
    """Header, query or subprotocol; the beta is asked for beside it; the address to show holds no key."""
    target = hosted_target(URL, "m", SECRET, auth=auth, dialect=dialect)
    assert target.headers == headers
    assert target.subprotocols == subprotocols
    assert target.connect_url == f"{URL}?model=m{query}"
    assert target.url == f"{URL}?model=m"
    assert SECRET not in repr(target)


@pytest.mark.parametrize("auth", ["bearer", "api-key", "query", "subprotocol"])
def test_without_a_key_nothing_is_shown(auth: Any) -> None:
    """A server that asks for none gets none, not an empty one."""
    target = hosted_target(URL, None, None, auth=auth)
    assert (target.headers, target.connect_url, target.key) == ({}, URL, "")
    assert target.subprotocols == (("realtime",) if auth == "subprotocol" else ())


def test_a_key_with_odd_letters_is_encoded_in_the_query() -> None:
    """So that it arrives as it is."""
    target = hosted_target(URL, None, "a&b=c d", auth="query")
    assert target.connect_url == f"{URL}?api-key=a%26b%3Dc+d"


@pytest.mark.parametrize(
    ("key", "auth"), [("has a space", "subprotocol"), ("has,comma", "subprotocol"), ("two\nlines", "bearer")]
)
def test_a_key_that_cannot_be_sent_is_told_before_anything_is_opened(key: str, auth: Any) -> None:
    """And not repeated."""
    assert key not in str(refusal(URL, None, key, auth=auth))


# --- profiles ------------------------------------------------------------------------------------------------


def test_openai_is_reached_with_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment or the argument; the model is the profile's unless one is named."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    target = hosted_target("openai", None, None)
    assert target == Target("openai", "wss://api.openai.com/v1/realtime?model=gpt-realtime", "gpt-realtime", SECRET)
    assert target.headers == {"Authorization": f"Bearer {SECRET}"}
    other = hosted_target("openai", "gpt-realtime-mini", "another-key")
    assert (other.url, other.key) == ("wss://api.openai.com/v1/realtime?model=gpt-realtime-mini", "another-key")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://res.openai.azure.com",
        "https://res.openai.azure.com/",
        "https://res.openai.azure.com/openai/v1/",
        "https://res.openai.azure.com/openai/realtime?api-version=2025-04-01-preview",
        "wss://res.openai.azure.com",
        "res.openai.azure.com",
        " https://res.openai.azure.com ",
    ],
)
def test_azure_is_reached_at_its_resource_with_the_deployment(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the address was copied: no ``api-version``, which would be answered by 401; the key in ``api-key``."""
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", endpoint)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", SECRET)
    target = hosted_target("azure", "my-voice", None)
    assert target.url == "wss://res.openai.azure.com/openai/v1/realtime?model=my-voice"
    assert (target.provider, target.model, target.headers) == ("azure", "my-voice", {"api-key": SECRET})
    assert hosted_target("azure", "my-voice", None, auth="bearer").headers == {"Authorization": f"Bearer {SECRET}"}
    assert hosted_target("azure", "my-voice", None, auth="query").connect_url.endswith(f"&api-key={SECRET}")


def test_azure_on_this_computer_is_reached_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """An http address is a ws address: so the embedded server can stand in for Azure."""
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "http://127.0.0.1:8000")
    target = hosted_target("azure", "d", "key")
    assert target.connect_url == "ws://127.0.0.1:8000/openai/v1/realtime?model=d"


@pytest.mark.parametrize(
    ("environment", "model", "says"),
    [
        ({}, "d", "AZURE_OPENAI_ENDPOINT"),
        ({"AZURE_OPENAI_ENDPOINT": "https://r.example"}, None, "deployment"),
        ({"AZURE_OPENAI_ENDPOINT": "https://r.example"}, "d", "AZURE_OPENAI_API_KEY"),
        ({"AZURE_OPENAI_ENDPOINT": "https://[r"}, "d", "cannot be read"),
    ],
)
def test_what_azure_lacks_is_told(
    environment: dict[str, str], model: str | None, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence that names what to set."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert says in str(refusal("azure", model, None))


def test_openai_without_a_key_says_where_to_put_it() -> None:
    """The variable, or the argument."""
    error = refusal("openai", None, None)
    assert "OPENAI_API_KEY" in str(error)
    assert error.param == "api_key"


@pytest.mark.parametrize("name", ["opnai", "", "http://127.0.0.1:8000", "ftp://x"])
def test_an_unknown_name_is_told_all_profiles(name: str) -> None:
    """And that an address begins with ws."""
    message = str(refusal(name, None, None))
    assert all(known in message for known in PROFILES)
    assert "ws://" in message


def test_a_name_that_is_no_target_is_not_repeated_where_it_may_hold_a_key() -> None:
    """An address of another kind is shown by its scheme only."""
    assert SECRET not in str(refusal(f"https://example.org/?api-key={SECRET}", None, None))


def test_local_is_told_to_be_started_by_connect() -> None:
    """It has no address before it runs."""
    assert "connect('local')" in str(refusal("local", None, None))


@pytest.mark.parametrize(("what", "value"), [("auth", "basic"), ("dialect", "alpha")])
def test_an_unknown_way_is_told_those_that_exist(what: str, value: str) -> None:
    """By name."""
    error = refusal(URL, None, None, **{what: value})
    assert error.param == what
    assert ("subprotocol" if what == "auth" else "ga, beta") in str(error)


# --- full URLs -----------------------------------------------------------------------------------------------


def test_openais_key_goes_to_openai_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another host gets the other variable's, and OpenAI's own address in the clear gets none of it."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    assert hosted_target(URL, None, None).key == ""
    assert hosted_target("ws://api.openai.com/v1/realtime", None, None).key == ""
    assert hosted_target("wss://api.openai.com.example.org/v1/realtime", None, None).key == ""
    assert hosted_target("wss://api.openai.com/v1/realtime?model=m", None, None).key == SECRET
    monkeypatch.setenv("VOICELAB_API_KEY", "for-others")
    assert hosted_target(URL, None, None).key == "for-others"
    assert hosted_target("wss://api.openai.com/v1/realtime?model=m", None, None).key == SECRET
    assert hosted_target(URL, None, "given").key == "given"


def test_a_key_in_a_url_is_taken_out_of_it() -> None:
    """It is sent as it stood there, and shown nowhere."""
    target = hosted_target(f"{URL}?api-key={SECRET}&model=d", None, None)
    assert (target.url, target.model, target.auth) == (f"{URL}?model=d", "d", "query")
    assert target.connect_url == f"{URL}?model=d&api-key={SECRET}"
    assert SECRET not in repr(target)
    assert hosted_target(f"{URL}?api-key={SECRET}", None, None, auth="bearer").headers == {
        "Authorization": f"Bearer {SECRET}"
    }
    assert SECRET not in str(refusal(f"{URL}?api-key={SECRET}", None, "another"))


@pytest.mark.parametrize(
    ("url", "model", "reached", "named"),
    [
        (URL, None, URL, "voicelab-guide"),
        (URL, "m", f"{URL}?model=m", "m"),
        (f"{URL}?model=m", None, f"{URL}?model=m", "m"),
        (f"{URL}?model=m", "m", f"{URL}?model=m", "m"),
        (f"{URL}?submodel=x", "m", f"{URL}?submodel=x&model=m", "m"),
    ],
)
def test_the_model_is_named_once(url: str, model: str | None, reached: str, named: str) -> None:
    """In the address or beside it."""
    target = hosted_target(url, model, None)
    assert (target.connect_url, target.model, target.provider) == (reached, named, "voice.example.org")


def test_two_models_are_one_too_many() -> None:
    """The error names both."""
    message = str(refusal(f"{URL}?model=a", "b", None))
    assert "'a'" in message
    assert "'b'" in message


@pytest.mark.parametrize("address", ["127.0.0.1:port", "127.0.0.1:99999", "[::1"])
def test_an_address_that_cannot_be_read_is_told_without_repeating_it(address: str) -> None:
    """It may hold a key."""
    message = str(refusal(f"ws://{SECRET}@{address}/v1/realtime", None, None))
    assert "cannot be read" in message
    assert SECRET not in message


def test_a_password_in_a_url_is_refused_without_repeating_it() -> None:
    """An address is written into the run's manifest; keys have a place of their own."""
    message = str(refusal(f"ws://me:{SECRET}@127.0.0.1:8000/v1/realtime", None, None))
    assert "api_key=" in message
    assert SECRET not in message


# --- at a real door ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """One server process for the tests below."""
    with LocalServer(hearing="none") as running:
        yield running


def first_event(target: Target) -> dict[str, Any]:
    """Open a target as a session does, and return the first event."""

    async def talk() -> str:
        transport = await open_websocket(target.connect_url, target.headers, target.subprotocols)
        try:
            return await transport.receive()
        finally:
            await transport.close()

    event: dict[str, Any] = json.loads(asyncio.run(talk()))
    return event


@pytest.mark.parametrize("dialect", ["ga", "beta"])
@pytest.mark.parametrize("auth", ["bearer", "api-key", "query", "subprotocol"])
def test_every_way_opens_the_embedded_server(server: LocalServer, auth: Any, dialect: Any) -> None:
    """The key is found where this side puts it, and the dialect is the one that was asked for."""
    target = hosted_target(server.url, "m", server.api_key, auth=auth, dialect=dialect)
    session = first_event(target)["session"]
    assert session["model"] == "m"
    assert ("modalities" in session) is (dialect == "beta")


def test_the_embedded_server_stands_in_for_azure(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The profile as it is, with only the resource's address changed."""
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", server.url.replace("ws://", "http://").removesuffix("/v1/realtime"))
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", server.api_key)
    assert first_event(hosted_target("azure", "my-voice", None))["session"]["model"] == "my-voice"
