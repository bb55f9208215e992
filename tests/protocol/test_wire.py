"""Promises of `voicelab.protocol.wire`: golden events in both directions, and what is said of bad ones.

``data/events`` holds one file for each event of the wire, written from the API description.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.errors import ConfigError, ProtocolError
from voicelab.protocol import client_events as ce
from voicelab.protocol import server_events as ev
from voicelab.protocol import wire
from voicelab.protocol.items import InputText, Message
from voicelab.protocol.settings import ResponseParams

EVENTS = {path.stem: path for path in sorted((Path(__file__).parents[2] / "data" / "events").glob("*.json"))}
CLIENT = {kind.__struct_config__.tag: kind for kind in get_args(ce.ClientEvent)}
SERVER = {kind.__struct_config__.tag: kind for kind in get_args(ev.KnownServerEvent)}


def golden(kind: str) -> dict[str, Any]:
    """Return the golden example of an event."""
    body: dict[str, Any] = json.loads(EVENTS[kind].read_text("utf-8"))
    return body


# --- golden events -------------------------------------------------------------------------------------------


def test_every_event_has_a_golden_example() -> None:
    """One file for each event that either side can say, named by its type."""
    assert set(EVENTS) == CLIENT.keys() | SERVER.keys()
    assert all(golden(kind)["type"] == kind for kind in EVENTS)


@pytest.mark.parametrize("kind", sorted(CLIENT))
def test_a_client_event_survives_parsing_and_encoding(kind: str) -> None:
    """Parsed, it is the struct of its type; encoded again, it is the same JSON."""
    event = wire.parse_client(wire.decode(EVENTS[kind].read_bytes()))
    assert type(event) is CLIENT[kind]
    assert json.loads(wire.encode(event)) == golden(kind)


@pytest.mark.parametrize("kind", sorted(SERVER))
def test_a_server_event_survives_parsing_and_encoding(kind: str) -> None:
    """Parsed, it is the struct of its type; encoded again, it is the same JSON."""
    event = wire.parse_server(wire.decode(EVENTS[kind].read_text("utf-8")))
    assert type(event) is SERVER[kind]
    assert json.loads(wire.encode(event)) == golden(kind)


@pytest.mark.parametrize("kind", sorted(CLIENT | SERVER))
def test_the_plain_view_and_the_name_are_those_of_the_wire(kind: str) -> None:
    """``plain`` gives what the other side decodes, lists as lists; ``name_of`` gives the type."""
    parse = wire.parse_client if kind in CLIENT else wire.parse_server
    event = parse(golden(kind))
    assert wire.plain(event) == golden(kind)
    assert wire.name_of(event) == kind


# --- what a client leaves out --------------------------------------------------------------------------------


def test_an_item_without_an_id_is_sent_without_the_field() -> None:
    """Null where a text is expected would be refused by a service: what was not given is absent."""
    frame = wire.encode(ce.ItemCreate(item=Message(role="user", content=(InputText(text="hi"),))))
    assert "null" not in frame
    assert json.loads(frame)["item"]["content"] == [{"type": "input_text", "text": "hi"}]


def test_a_response_is_asked_for_with_nothing_but_what_was_given() -> None:
    """Overrides that were not given are absent, so that the session's settings hold."""
    frame = wire.encode(ce.ResponseCreate(response=ResponseParams(conversation="none", instructions="One word.")))
    body = {"type": "response.create", "response": {"conversation": "none", "instructions": "One word."}}
    assert json.loads(frame) == body


def test_null_in_an_update_is_sent() -> None:
    """In ``session.update`` null means something: it clears."""
    change = {"audio": {"input": {"turn_detection": None}}}
    assert json.loads(wire.encode(ce.SessionUpdate(session=change)))["session"] == change


# --- audio ---------------------------------------------------------------------------------------------------


@given(st.binary(max_size=960))
def test_audio_is_bytes_here_and_base64_on_the_wire(data: bytes) -> None:
    """Both audio events carry exactly their bytes, in standard base64."""
    append = wire.encode(ce.InputAudioAppend(audio=data))
    assert json.loads(append)["audio"] == base64.b64encode(data).decode()
    assert wire.parse_client(wire.decode(append)) == ce.InputAudioAppend(audio=data)
    delta = ev.OutputAudioDelta(response_id="resp_1", item_id="item_1", output_index=0, delta=data)
    assert wire.parse_server(wire.decode(wire.encode(delta))) == delta


def test_audio_that_is_not_base64_is_refused_by_its_path() -> None:
    """The error names the field."""
    with pytest.raises(ConfigError) as caught:
        wire.parse_client({"type": "input_audio_buffer.append", "audio": "no base64!"})
    assert caught.value.param == "audio"


# --- unknown and malformed -----------------------------------------------------------------------------------


def test_an_unknown_server_event_is_kept_as_it_came() -> None:
    """Type and body stay, also what has no meaning here, and it encodes to the same JSON."""
    body = {"type": "output_audio_buffer.started", "event_id": "e", "response_id": "r", "new": {"deep": [None, 1.5]}}
    event = wire.parse_server(wire.decode(json.dumps(body)))
    assert event == ev.Unknown(type="output_audio_buffer.started", body=body)
    assert (json.loads(wire.encode(event)), wire.plain(event)) == (body, body)
    assert wire.name_of(event) == "output_audio_buffer.started"


@pytest.mark.parametrize("kind", sorted(SERVER))
def test_a_field_that_is_new_does_not_disturb_a_known_server_event(kind: str) -> None:
    """Services add fields (``obfuscation``): the event is read as without them."""
    body = golden(kind)
    assert wire.parse_server({**body, "obfuscation": "xyz"}) == wire.parse_server(body)


def test_an_unknown_client_event_is_refused_with_the_list() -> None:
    """The error says what was said and names every event that exists."""
    with pytest.raises(ConfigError, match=r"'session\.destroy'") as caught:
        wire.parse_client({"type": "session.destroy"})
    assert (caught.value.param, caught.value.code) == ("type", "invalid_event")
    assert all(kind in str(caught.value) for kind in CLIENT)


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"type": "session.update"}, "session", "missing_required_parameter"),
        ({"type": "session.update", "session": 3}, "session", "invalid_type"),
        ({"type": "response.cancel", "event_id": 7}, "event_id", "invalid_type"),
        ({"type": "conversation.item.create", "item": {"type": "thought"}}, "item.type", "invalid_value"),
        (
            {
                "type": "conversation.item.create",
                "item": {"type": "message", "role": "user", "content": [{"type": "input_text"}]},
            },
            "item.content[0].text",
            "missing_required_parameter",
        ),
        ({"type": "response.create", "response": {"mood": "good"}}, "response.mood", "unknown_parameter"),
    ],
)
def test_a_bad_client_event_is_refused_by_path_and_code(body: dict[str, Any], param: str, code: str) -> None:
    """The path is the one that the client wrote."""
    with pytest.raises(ConfigError) as caught:
        wire.parse_client(body)
    assert (caught.value.param, caught.value.code) == (param, code)


def test_a_malformed_server_event_is_a_protocol_error_that_names_it() -> None:
    """A listed event without a field it must have is said to be malformed: which event, which field."""
    with pytest.raises(ProtocolError, match=r"input_audio_buffer\.speech_started event is malformed: audio_start_ms"):
        wire.parse_server({"type": "input_audio_buffer.speech_started", "item_id": "item_1"})


@pytest.mark.parametrize(
    "frame",
    ["", "{", '{"type": "x"', "not json", b"\xff\xfe", b'{"type": "\xff"}', "[" * 100_000, '{"type": "\ud800"}'],
    ids=["empty", "open", "cut", "text", "binary", "bad utf-8", "too deep", "lone surrogate"],
)
def test_what_is_not_json_is_refused(frame: str | bytes) -> None:
    """Whatever came, the error says that it is not valid JSON."""
    with pytest.raises(ConfigError, match="not valid JSON") as caught:
        wire.decode(frame)
    assert caught.value.code == "invalid_json"


@pytest.mark.parametrize("frame", ["[]", "3", "null", "{}", '{"type": 3}', '{"type": null}'])
def test_json_that_is_no_event_is_refused(frame: str) -> None:
    """An event is an object with a text under ``type``."""
    with pytest.raises(ConfigError, match="string field 'type'") as caught:
        wire.decode(frame)
    assert (caught.value.param, caught.value.code) == ("type", "invalid_event")


@given(st.text() | st.binary())
def test_no_frame_at_all_breaks_the_reader(frame: str | bytes) -> None:
    """Any text or bytes: an object with a type, or a ConfigError."""
    try:
        body = wire.decode(frame)
    except ConfigError:
        return
    assert isinstance(body["type"], str)
