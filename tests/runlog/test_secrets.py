"""Promises of `voicelab.runlog.secrets`."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.runlog.record import AudioRef
from voicelab.runlog.secrets import HIDDEN, Suspicion, hide_secrets

LEAVES = st.none() | st.booleans() | st.integers() | st.text("abc ", max_size=8)
HARMLESS: Any = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "item"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "name", ["authorization", "Authorization", "api_key", "api-key", "client_secret", "token", "password", "headers"]
)
def test_a_secret_is_hidden_by_its_name(name: str) -> None:
    """Whatever stands under such a name, at any depth, in any case of letters."""
    event = {"session": {"tools": [{"type": "mcp", name: {"value": "quite harmless"}}]}}
    assert hide_secrets(event) == {"session": {"tools": [{"type": "mcp", name: HIDDEN}]}}


def test_a_secret_that_is_not_there_is_not_hidden() -> None:
    """Null and the empty text under such a name stay as they are: the log says that there was none."""
    assert hide_secrets({"authorization": None, "token": ""}) == {"authorization": None, "token": ""}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("sk-proj-abcDEF_123.456", HIDDEN),
        ("my key is sk-abcdefgh12345678, ok?", f"my key is {HIDDEN}, ok?"),
        ("ek_0123456789abcdef", HIDDEN),
        ("Authorization: Bearer abc.def-ghi_jkl", f"Authorization: {HIDDEN}"),
        ("Bearer abcd+efgh/ijkl==", HIDDEN),
        ("two: sk-aaaaaaaaaa sk-bbbbbbbbbb", f"two: {HIDDEN} {HIDDEN}"),
    ],
)
def test_a_secret_is_hidden_by_its_shape(text: str, hidden: str) -> None:
    """Keys, client secrets and bearer tokens, wherever they stand in a text; the rest of the text stays."""
    assert hide_secrets({"error": {"message": text}}) == {"error": {"message": hidden}}


def test_a_secret_is_hidden_by_its_value() -> None:
    """A key of this session is known: it is hidden whatever it looks like, as often as it occurs."""
    event = {"url": "ws://host/?k=hunter2", "list": ["hunter2 hunter2", 3], "safe": "hunter"}
    assert hide_secrets(event, ["hunter2"]) == {
        "url": f"ws://host/?k={HIDDEN}",
        "list": [f"{HIDDEN} {HIDDEN}", 3],
        "safe": "hunter",
    }


@pytest.mark.parametrize("written", ["a b/c+d=", "a%20b%2Fc%2Bd%3D", "a+b%2Fc%2Bd%3D"])
def test_a_secret_is_hidden_as_an_address_writes_it(written: str) -> None:
    """A key that was shown in the query comes back in an error text with its signs escaped."""
    text = f"GET /?api-key={written} was refused"
    assert hide_secrets(text, ["a b/c+d="]) == f"GET /?api-key={HIDDEN} was refused"
    assert not Suspicion(["a b/c+d="]).is_idle({"message": text})
    assert Suspicion(["a b/c+d="]).falls_on(msgspec.json.encode({"message": text}))


def test_a_secret_is_hidden_in_the_name_of_a_field() -> None:
    """A map may have anything as its key."""
    assert hide_secrets({"metadata": {"of hunter2": 1}}, ["hunter2"]) == {"metadata": {f"of {HIDDEN}": 1}}


def test_no_key_is_no_secret() -> None:
    """An empty key, as of a server without one, hides nothing."""
    assert hide_secrets("some words", [""]) == "some words"


@pytest.mark.parametrize(
    "text", ["a risk-management meeting", "the desk-lamp", "week_end plans", "sk-8 bus", "Bearer of news"]
)
def test_ordinary_words_are_no_secrets(text: str) -> None:
    """What only looks a little like a key is what somebody said."""
    assert hide_secrets({"transcript": text}) == {"transcript": text}


def test_a_token_beside_its_probability_is_a_piece_of_a_transcript() -> None:
    """``logprobs`` of a transcription are data, not secrets."""
    event = {"logprobs": [{"token": "Hello", "logprob": -0.1, "bytes": [72]}]}
    assert hide_secrets(event) == event


@given(HARMLESS)
def test_what_holds_no_secret_comes_back_unchanged(value: Any) -> None:
    """Equal to the last leaf."""
    assert hide_secrets(value, ["hunter2"]) == value


@given(HARMLESS)
def test_the_event_itself_is_not_written_into(value: Any) -> None:
    """Hiding gives a new value; what is sent is still whole."""
    event = {"value": value, "token": "secret"}
    hide_secrets(event)
    assert event == {"value": value, "token": "secret"}


KNOWN = ['hun"ter\\2', "clé-été"]
SPICED: Any = st.recursive(
    LEAVES
    | st.sampled_from(["sk-abcdefgh1", "my ek_abcdefgh2", "Bearer abcdefgh", "a task-force", *KNOWN, f"\n{KNOWN[0]}!"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["text", "token", "logprob", "API_Key", "client_secret", "to\u212aen", "ek_abcdefgh3", KNOWN[1]]
            ),
            inner,
        )
    ),
    max_leaves=8,
)


@given(SPICED)
def test_suspicion_falls_on_every_line_in_which_something_has_to_be_hidden(value: Any) -> None:
    """Where it does not fall, hiding would have changed nothing: names, shapes and known values, quotes and all."""
    line = msgspec.json.encode({"event": value})
    assert Suspicion(KNOWN).falls_on(line) or hide_secrets(value, KNOWN) == value


PLACES = st.integers(0, 9).map(lambda n: AudioRef(track="input", start=n, n=n).to_event())
FLAT: Any = st.dictionaries(
    st.sampled_from(["text", "token", "API_Key", "sk-abcdefgh1", KNOWN[0], "to\u212aen", "p"]),
    SPICED | PLACES | st.lists(st.floats(0, 1), max_size=3),
)


@given(st.lists(FLAT, max_size=4))
def test_what_is_idle_to_look_at_holds_no_secret(events: list[dict[str, Any]]) -> None:
    """For one event after the other, under the same few names."""
    suspicion = Suspicion(KNOWN)
    for event in events:
        assert not suspicion.is_idle(event) or hide_secrets(event, KNOWN) == event


def test_looking_at_events_of_sound_and_scores_is_idle() -> None:
    """Those are nearly all; also when they come again."""
    suspicion = Suspicion(["hunter2"])
    sound = {"type": "x", "event_id": "event_1", "audio": AudioRef(track="input", start=0, n=480).to_event()}
    scores = {"start_ms": 0.5, "p": [0.25, 0.5], "detector": "silero-v6", "none": None, "sure": True}
    assert all(suspicion.is_idle(event) for event in (sound, scores, sound, scores))
    assert not suspicion.is_idle({**sound, "audio": {"audio_ref": "hunter2"}})
    assert not suspicion.is_idle({**scores, "detector": "hunter2"})
    assert not suspicion.is_idle({**scores, "p": [0.5, "hunter2"]})


@pytest.mark.parametrize("known", KNOWN)
def test_suspicion_falls_on_a_known_secret_as_json_writes_it(known: str) -> None:
    """Quotes and backslashes look otherwise in JSON; the secret is found all the same."""
    line = msgspec.json.encode({"event": {"text": f"it is {known}!"}})
    assert Suspicion([known]).falls_on(line)
    assert not Suspicion().falls_on(line)


@pytest.mark.parametrize("n_tokens", [0, 12])
def test_suspicion_does_not_fall_on_ordinary_events(n_tokens: int) -> None:
    """Counts of tokens, ids and words are passed over: looking closer is for the rare line."""
    event = {"type": "response.done", "usage": {"input_tokens": n_tokens}, "text": "Bearers of a key and a password"}
    assert not Suspicion(["hunter2", ""]).falls_on(msgspec.json.encode(event))
