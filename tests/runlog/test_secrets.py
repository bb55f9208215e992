"""Promises of `voicelab.runlog.secrets`."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
            st.sampled_from(["text", "token", "logprob", "API_Key", "client_secret", "to\u212aen"]), inner
        )
    ),
    max_leaves=8,
)


@given(SPICED)
def test_suspicion_falls_on_every_line_in_which_something_has_to_be_hidden(value: Any) -> None:
    """Where it does not fall, hiding would have changed nothing: names, shapes and known values, quotes and all."""
    line = msgspec.json.encode({"event": value})
    assert Suspicion(KNOWN).falls_on(line) or hide_secrets(value, KNOWN) == value


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
