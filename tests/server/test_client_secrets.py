"""Promises of `voicelab.server.client_secrets`: lifetimes, expiry, and what is attached."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.errors import ConfigError
from voicelab.server.client_secrets import ClientSecret, ClientSecrets, read_lifetime, whole_session

NOW_S = 1_795_000_000.0


def test_a_secret_is_found_until_it_expires() -> None:
    """As often as it is shown, to the last moment before; at its second of expiry it opens nothing."""
    known = ClientSecrets()
    secret = ClientSecret(int(NOW_S) + 10, {"type": "realtime"})
    known.add("ek_one", secret, now_s=NOW_S)
    assert known.find("ek_one", now_s=NOW_S) is secret
    assert known.find("ek_one", now_s=NOW_S + 9.9) is secret
    assert known.find("ek_one", now_s=NOW_S + 10) is None
    assert known.find("ek_two", now_s=NOW_S) is None
    assert known.find("", now_s=NOW_S) is None


def test_expired_secrets_are_forgotten() -> None:
    """A server that makes secrets all day does not grow; the values themselves are kept nowhere."""
    known = ClientSecrets()
    for n in range(100):
        known.add(f"ek_{n}", ClientSecret(int(NOW_S) + n + 10), now_s=NOW_S + n)
    assert len(known._known) == 10
    assert "ek_99" not in repr(vars(known))


@pytest.mark.parametrize(
    ("asked", "lifetime_s"),
    [
        (None, 600),
        ({}, 600),
        ({"anchor": "created_at"}, 600),
        ({"anchor": "created_at", "seconds": 10}, 10),
        ({"seconds": 7200}, 7200),
    ],
)
def test_lifetime_is_ten_seconds_to_two_hours(asked: Any, lifetime_s: int) -> None:
    """600 s when nothing is said; both ends are allowed."""
    assert read_lifetime(asked, root="expires_after") == lifetime_s


@pytest.mark.parametrize(
    ("asked", "param", "code"),
    [
        ({"seconds": 9}, "expires_after.seconds", "invalid_value"),
        ({"seconds": 7201}, "expires_after.seconds", "invalid_value"),
        ({"seconds": "60"}, "expires_after.seconds", "invalid_type"),
        ({"seconds": 60.5}, "expires_after.seconds", "invalid_type"),
        ({"anchor": "last_active_at"}, "expires_after.anchor", "invalid_value"),
        ({"minutes": 1}, "expires_after.minutes", "unknown_parameter"),
        (60, "expires_after", "invalid_type"),
    ],
)
def test_another_lifetime_is_refused_with_its_path(asked: Any, param: str, code: str) -> None:
    """The error names the field."""
    with pytest.raises(ConfigError) as caught:
        read_lifetime(asked, root="expires_after")
    assert (caught.value.param, caught.value.code) == (param, code)


def test_default_of_the_beta_is_its_own() -> None:
    """Where nothing is said the caller's default holds; what is said counts."""
    assert read_lifetime(None, root="x", default_s=60) == 60
    assert read_lifetime({"anchor": "created_at"}, root="x", default_s=60) == 60
    assert read_lifetime({"seconds": 600}, root="x", default_s=60) == 600


def test_an_attached_session_becomes_a_whole_one() -> None:
    """What was not said has the server's default; what only a server sets is passed over."""
    whole = whole_session({"type": "realtime", "id": "sess_1", "audio": {"output": {"voice": "cedar"}}})
    assert whole["audio"]["output"] == {
        "format": {"type": "audio/pcm", "rate": 24000},
        "voice": "cedar",
        "speed": 1.0,
    }
    assert whole["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 200
    assert "id" not in whole
    spoken = whole_session({"type": "transcription", "audio": {"input": {"turn_detection": None}}})
    assert spoken["type"] == "transcription"
    assert spoken["audio"]["input"]["turn_detection"] is None
    assert "output" not in spoken["audio"]


@pytest.mark.parametrize(
    ("asked", "param", "code"),
    [
        ({}, "session.type", "missing_required_parameter"),
        ({"type": "translation"}, "session.type", "invalid_value"),
        ({"type": ["realtime"]}, "session.type", "invalid_type"),
        ({"type": "realtime", "audio": {"output": {"voice": "bob"}}}, "session.audio.output.voice", "invalid_value"),
        ({"type": "realtime", "voice": "alloy"}, "session.voice", "unknown_parameter"),
        ({"type": "transcription", "instructions": "x"}, "session.instructions", "unknown_parameter"),
    ],
)
def test_a_session_that_cannot_be_is_refused_when_the_secret_is_made(
    asked: dict[str, Any], param: str, code: str
) -> None:
    """Not later, when a telephone shows the secret; the path is that of the field."""
    with pytest.raises(ConfigError) as caught:
        whole_session(asked)
    assert (caught.value.param, caught.value.code) == (param, code)


def test_a_secret_is_refused_for_a_session_that_could_not_begin() -> None:
    """What would be wrong in an update is wrong here, before anybody connects with it."""
    ears = {"transcription": {"model": "nobody"}}
    with pytest.raises(ConfigError, match="nobody") as caught:
        whole_session({"type": "realtime", "audio": {"input": ears}})
    assert caught.value.param == "session.audio.input.transcription.model"


def test_a_model_without_turn_detection_needs_none_in_its_secret() -> None:
    """As in an update: detection that is not mentioned beside such a model is off."""
    ears = {"transcription": {"model": "gpt-realtime-whisper"}}
    whole = whole_session({"type": "transcription", "audio": {"input": ears}})
    assert whole["audio"]["input"]["turn_detection"] is None
