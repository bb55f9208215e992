"""Promises of `voicelab.protocol.beta`: golden events of both dialects, there and back, and what is remembered.

``data/events/beta`` holds one file for each event that the beta calls or shapes otherwise than GA.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.beta_models import BETA_MODELS, check_beta
from voicelab.errors import ConfigError
from voicelab.protocol import client_events as ce
from voicelab.protocol.beta import Beta

FOLDER = Path(__file__).parents[2] / "data" / "events"
GA = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
BETA = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((FOLDER / "beta").glob("*.json"))}
CLIENT = {kind.__struct_config__.tag for kind in get_args(ce.ClientEvent)} | {"transcription_session.update"}


def to_wire(beta: Beta, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Translate GA to beta, for whichever side says it."""
    return (beta.client_to_wire if body["type"] in CLIENT else beta.server_to_wire)(body)


def from_wire(beta: Beta, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Translate beta to GA, for whichever side says it."""
    return (beta.client_from_wire if body["type"] in CLIENT else beta.server_from_wire)(body)


# --- golden events -------------------------------------------------------------------------------------------

# Which GA event each golden event of the beta is; the others are GA's with the same type, told in the tests below.
SAME = {
    "conversation.item.created": "conversation.item.added",
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "response.create": "response.create",
    "response.created": "response.created",
    "response.done": "response.done",
    "session.created": "session.created",
    "session.update": "session.update",
    "session.updated": "session.updated",
}


@pytest.mark.parametrize("name", sorted(SAME))
def test_golden_event_is_the_same_as_the_one_of_ga(name: str) -> None:
    """Each way, field by field."""
    assert to_wire(Beta(), GA[SAME[name]]) == [BETA[name]]
    assert from_wire(Beta(), BETA[name]) == [GA[SAME[name]]]


@pytest.mark.parametrize("name", sorted(GA.keys() - {"conversation.item.done"}))
def test_every_golden_event_of_ga_goes_there_and_back(name: str) -> None:
    """GA, beta, GA: equal, for every event that the beta has by any name."""
    there, back = Beta(), Beta()
    if name == "response.function_call_arguments.done":  # the beta names the function only when its item begins
        item = {"id": GA[name]["item_id"], "type": "function_call", "name": GA[name]["name"]}
        back.server_from_wire({"type": "response.output_item.added", "item": item})
    (wire,) = to_wire(there, GA[name])
    assert from_wire(back, wire) == [GA[name]]


@pytest.mark.parametrize("name", sorted(BETA))
def test_every_golden_event_of_the_beta_goes_there_and_back(name: str) -> None:
    """Beta, GA, beta: equal too, where GA's first event tells all."""
    ga = from_wire(Beta(), BETA[name])
    assert to_wire(Beta(), ga[0]) == [BETA[name]]


@pytest.mark.parametrize("name", sorted(BETA.keys() | (GA.keys() & BETA_MODELS.keys())))
def test_what_is_sent_fits_the_official_models(name: str) -> None:
    """Golden events, and all other GA events after translation, are what the official package's beta types hold."""
    check_beta(BETA.get(name) or to_wire(Beta(), GA[name])[0])


def test_no_golden_event_of_the_beta_has_a_word_of_ga() -> None:
    """Neither the renamed fields nor the renamed parts, nor ``session.type``."""
    for name, body in BETA.items():
        text = json.dumps(body)
        assert not any(word in text for word in ("output_modalities", "output_text", 'output_audio"', "audio/pcm")), (
            name
        )
        assert "type" not in body.get("session", {}), name
        assert "audio" not in body.get("session", body.get("response", {})), name


# --- events that are named or parted otherwise ---------------------------------------------------------------


def test_a_transcription_session_has_events_of_its_own() -> None:
    """By their names the type of the session is told, which the beta's object does not hold."""
    (update,) = Beta().client_from_wire(BETA["transcription_session.update"])
    assert update["type"] == "session.update"
    assert update["session"]["type"] == "transcription"
    assert update["session"]["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    for step in ("created", "updated"):
        (event,) = Beta().server_from_wire(BETA[f"transcription_session.{step}"])
        assert (event["type"], event["session"]["type"]) == (f"session.{step}", "transcription")


def test_modalities_of_a_transcription_session_mean_nothing() -> None:
    """Clients of the beta had to say that they want no sound; GA says it by the type."""
    (update,) = Beta().client_from_wire(
        {"type": "transcription_session.update", "session": {"modalities": ["text"], "turn_detection": None}}
    )
    assert update["session"] == {"type": "transcription", "audio": {"input": {"turn_detection": None}}}


def test_parts_of_an_assistants_message_have_their_own_names() -> None:
    """In items ``output_text`` and ``output_audio``; a user's parts and the parts of events are called the same."""
    (created,) = Beta().client_from_wire(BETA["conversation.item.create"])
    assert created["item"]["content"] == [{"type": "output_text", "text": "It is noon."}]
    (retrieved,) = Beta().server_from_wire(BETA["conversation.item.retrieved"])
    assert retrieved["item"]["content"][0]["type"] == "output_audio"
    (done,) = Beta().server_from_wire(BETA["response.output_item.done"])
    assert done["item"]["content"][0]["type"] == "output_audio"
    user = {"type": "message", "role": "user", "content": [{"type": "text", "text": "hi"}]}
    asked = {"type": "response.create", "response": {"input": [BETA["conversation.item.create"]["item"], user]}}
    (asked,) = Beta().client_from_wire(asked)
    assert [item["content"][0]["type"] for item in asked["response"]["input"]] == ["output_text", "text"]
    part = GA["response.content_part.done"]
    assert Beta().server_to_wire(part) == [part]


def test_an_error_has_the_name_that_the_client_used() -> None:
    """Path and message; the other way they become GA's."""
    (ga,) = Beta().server_from_wire(BETA["error"])
    assert ga["error"]["param"] == "session.audio.input.turn_detection.threshold"
    assert ga["error"]["message"].startswith("session.audio.input.turn_detection.threshold: expected")
    assert Beta().server_to_wire(ga) == [BETA["error"]]


def test_an_unknown_event_passes_through() -> None:
    """In all four directions, as it came."""
    body = {"type": "response.thought", "session": 1, "item": [], "extra": None}
    for way in (Beta().client_to_wire, Beta().client_from_wire, Beta().server_to_wire, Beta().server_from_wire):
        assert way(body) == [body]


# --- items: one event in the beta, two in GA -----------------------------------------------------------------


def created(status: str) -> dict[str, Any]:
    """Return ``conversation.item.created`` of an assistant's message."""
    item = {**BETA["conversation.item.created"]["item"], "status": status}
    return {**BETA["conversation.item.created"], "item": item}


def test_the_embedded_server_says_created_once() -> None:
    """When the item is added; that it is done has no event of its own."""
    (event,) = Beta().server_to_wire(GA["conversation.item.added"])
    assert event["type"] == "conversation.item.created"
    assert Beta().server_to_wire(GA["conversation.item.done"]) == []


@pytest.mark.parametrize("status", ["completed", "incomplete"])
def test_a_whole_item_is_added_and_done_at_once(status: str) -> None:
    """With two ids for the two events, behind the same item."""
    added, done = Beta().server_from_wire(created(status))
    assert [added["type"], done["type"]] == ["conversation.item.added", "conversation.item.done"]
    assert added["item"] == done["item"]
    assert added["previous_item_id"] == done["previous_item_id"] == "item_u1"
    assert added["event_id"] != done["event_id"]


def test_an_item_that_is_being_written_is_done_when_its_output_is() -> None:
    """``added`` alone first; ``done`` follows ``response.output_item.done``, with the item as it is then."""
    beta = Beta()
    assert [event["type"] for event in beta.server_from_wire(created("in_progress"))] == ["conversation.item.added"]
    output, done = beta.server_from_wire(BETA["response.output_item.done"])
    assert output["type"] == "response.output_item.done"
    assert (done["type"], done["item"]) == ("conversation.item.done", output["item"])
    assert done["previous_item_id"] == "item_u1"
    assert len(beta.server_from_wire(BETA["response.output_item.done"])) == 1  # only once


def test_an_item_outside_the_conversation_is_never_done_in_it() -> None:
    """No ``created``, no ``done``."""
    assert len(Beta().server_from_wire(BETA["response.output_item.done"])) == 1


def test_an_item_that_was_deleted_while_being_written_is_not_done() -> None:
    """It is gone, whatever its response still says."""
    beta = Beta()
    beta.server_from_wire(created("in_progress"))
    beta.server_from_wire({"type": "conversation.item.deleted", "item_id": "item_a1"})
    assert len(beta.server_from_wire(BETA["response.output_item.done"])) == 1


# --- temperature ---------------------------------------------------------------------------------------------


def update(**session: Any) -> dict[str, Any]:
    """Return a ``session.update`` of the beta."""
    return {"type": "session.update", "session": session}


def in_force(beta: Beta) -> float:
    """Return the temperature that the next ``session.updated`` shows."""
    (event,) = beta.server_to_wire(GA["session.updated"])
    temperature: float = event["session"]["temperature"]
    return temperature


def test_temperature_is_echoed_and_never_reaches_ga() -> None:
    """0.8 until another one is asked for; an update without one changes nothing."""
    beta = Beta()
    assert in_force(beta) == 0.8
    (ga,) = beta.client_from_wire(update(temperature=1.1, voice="ash"))
    assert ga["session"] == {"type": "realtime", "audio": {"output": {"voice": "ash"}}}
    assert in_force(beta) == 1.1
    beta.client_from_wire(update(voice="ash"))
    assert in_force(beta) == 1.1
    assert Beta(temperature=0.7).server_to_wire(GA["session.created"])[0]["session"]["temperature"] == 0.7


def test_temperature_of_a_refused_update_does_not_hold() -> None:
    """An update with a wrong value changes nothing, temperature included."""
    beta = Beta()
    beta.client_from_wire(update(temperature=1.1, speed=9))
    beta.server_to_wire({"type": "error", "error": {"param": "session.audio.output.speed", "message": "no"}})
    assert in_force(beta) == 0.8
    with pytest.raises(ConfigError, match="temperature"):
        beta.client_from_wire(update(temperature=2.0))
    assert in_force(beta) == 0.8


def test_temperature_of_one_response_is_its_own() -> None:
    """Shown by that response, not by the next."""
    beta = Beta()
    beta.client_from_wire({"type": "response.create", "response": {"temperature": 0.6}})
    told = [beta.server_to_wire(GA[f"response.{step}"])[0] for step in ("created", "done", "created")]
    assert [event["response"]["temperature"] for event in told] == [0.6, 0.6, 0.8]


def test_a_field_of_ga_is_refused_before_ga_sees_it() -> None:
    """The error tells the beta's name for it."""
    beta = Beta()
    with pytest.raises(ConfigError, match="'modalities'") as caught:
        beta.client_from_wire(update(output_modalities=["text"]))
    error = {"param": caught.value.param, "code": caught.value.code, "message": str(caught.value)}
    assert beta.server_to_wire({"type": "error", "error": error}) == [{"type": "error", "error": error}]


# --- whatever comes ------------------------------------------------------------------------------------------

FIELDS = ("session", "response", "item", "type", "content", "error", "param", "status", "id", "input", "output", "role")
WORDS = st.sampled_from([*FIELDS, "temperature", "name", "item_id", "audio"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["assistant", "in_progress", "text", "audio", "transcription", "item_a1"])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)
BODIES = st.builds(
    lambda kind, fields: {**fields, "type": kind},
    st.sampled_from(sorted(GA.keys() | BETA.keys() | {"x"})),
    st.dictionaries(WORDS, JSON, max_size=5),
)


@settings(deadline=None)
@given(st.lists(BODIES, max_size=6))
def test_no_sequence_of_events_breaks_it(bodies: list[dict[str, Any]]) -> None:
    """Each event becomes events with a type, or is refused by a ConfigError; nothing else happens."""
    beta = Beta()
    for body in bodies:
        out = beta.client_to_wire(body) + beta.server_to_wire(body) + beta.server_from_wire(body)
        assert all(isinstance(event["type"], str) for event in out)
        with suppress(ConfigError):
            assert all(isinstance(event["type"], str) for event in beta.client_from_wire(body))
