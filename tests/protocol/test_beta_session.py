"""Promises of `voicelab.protocol.beta_session`: every field by both names, values and absence kept."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.beta.realtime.session import Session

from voicelab.errors import ConfigError
from voicelab.protocol.beta_session import (
    ASKED_FIELDS,
    RESPONSE_FIELDS,
    SESSION_FIELDS,
    check_flat,
    flatten,
    hint,
    hint_for_beta,
    nest,
    param_to_beta,
    param_to_ga,
)
from voicelab.protocol.paths import setting_paths
from voicelab.protocol.settings import SessionConfig, to_plain

VAD = {"type": "server_vad", "threshold": 0.6}
WHISPER = {"model": "whisper-1"}
FAR = {"type": "far_field"}
# Each field of the beta with a value, and where and how GA writes the same.
PAIRS: list[tuple[str, Any, dict[str, Any]]] = [
    ("modalities", ["audio", "text"], {"output_modalities": ["audio"]}),
    ("modalities", ["text"], {"output_modalities": ["text"]}),
    ("voice", "alloy", {"audio": {"output": {"voice": "alloy"}}}),
    ("voice", {"id": "voice_1"}, {"audio": {"output": {"voice": {"id": "voice_1"}}}}),
    ("speed", 1.25, {"audio": {"output": {"speed": 1.25}}}),
    ("output_audio_format", "pcm16", {"audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}}}}),
    ("output_audio_format", "g711_ulaw", {"audio": {"output": {"format": {"type": "audio/pcmu"}}}}),
    ("input_audio_format", "g711_alaw", {"audio": {"input": {"format": {"type": "audio/pcma"}}}}),
    ("input_audio_transcription", WHISPER, {"audio": {"input": {"transcription": WHISPER}}}),
    ("input_audio_transcription", None, {"audio": {"input": {"transcription": None}}}),
    ("input_audio_noise_reduction", FAR, {"audio": {"input": {"noise_reduction": FAR}}}),
    ("turn_detection", VAD, {"audio": {"input": {"turn_detection": VAD}}}),
    ("turn_detection", None, {"audio": {"input": {"turn_detection": None}}}),
    ("max_response_output_tokens", "inf", {"max_output_tokens": "inf"}),
    ("model", "gpt-realtime", {"model": "gpt-realtime"}),
    ("instructions", "", {"instructions": ""}),
    ("tools", [], {"tools": []}),
    ("tool_choice", "required", {"tool_choice": "required"}),
    ("tracing", "auto", {"tracing": "auto"}),
    ("include", None, {"include": None}),
    ("id", "sess_1", {"id": "sess_1"}),
]


@pytest.mark.parametrize(("name", "value", "ga"), PAIRS)
def test_each_field_is_found_by_its_other_name_and_back(name: str, value: Any, ga: dict[str, Any]) -> None:
    """Alone in an update, nothing else appears beside it: what was not said stays unsaid; null stays null."""
    assert nest({name: value}) == ga
    assert flatten(ga) == {name: value}


def test_every_field_of_the_official_beta_session_is_known() -> None:
    """The official package's beta session holds no field that this table leaves out."""
    assert set(Session.model_fields) - {"temperature"} <= {name for name, _, _ in PAIRS}


def test_every_ga_name_in_the_table_is_a_setting() -> None:
    """The right column is the configuration's own paths, each once."""
    assert set(SESSION_FIELDS.values()) <= set(setting_paths())
    assert len(set(SESSION_FIELDS.values())) == len(SESSION_FIELDS)


def test_whole_configuration_goes_there_and_back() -> None:
    """The defaults of a session have no ``audio`` object in the beta, and come back the same."""
    whole = msgspec.json.decode(msgspec.json.encode(to_plain(SessionConfig())))
    flat = flatten(whole)
    assert "audio" not in flat
    assert flat["turn_detection"]["silence_duration_ms"] == 200
    assert nest(flat) == whole


def test_a_tuple_is_as_good_as_a_list() -> None:
    """Configuration structs hold tuples."""
    assert flatten(to_plain(SessionConfig()))["modalities"] == ["audio", "text"]


def test_an_object_is_left_as_it_was() -> None:
    """Translating returns new objects; the given one may still be logged."""
    ga = {"audio": {"output": {"voice": "ash", "speed": 1.0}}}
    flat = {"voice": "ash", "speed": 1.0}
    assert flatten(ga) == flat
    assert ga == {"audio": {"output": {"voice": "ash", "speed": 1.0}}}
    assert nest(flat) == ga
    assert flat == {"voice": "ash", "speed": 1.0}
    mixed = {"voice": "ash", "audio": {"output": {"echo": 1}}}
    assert nest(mixed) == {"audio": {"output": {"echo": 1, "voice": "ash"}}}
    assert mixed == {"voice": "ash", "audio": {"output": {"echo": 1}}}


def test_what_has_no_flat_name_stays_under_audio() -> None:
    """A field that GA gets one day is not lost on the way."""
    assert flatten({"audio": {"input": {"echo": 1}, "output": {"voice": "ash"}}}) == {
        "voice": "ash",
        "audio": {"input": {"echo": 1}},
    }


def test_a_response_has_its_own_few_fields() -> None:
    """The response object's limit is called as in GA; a ``response.create`` calls it as a session does."""
    assert flatten({"max_output_tokens": 7, "output_modalities": ["text"]}, RESPONSE_FIELDS) == {
        "max_output_tokens": 7,
        "modalities": ["text"],
    }
    assert flatten({"max_output_tokens": 7}, ASKED_FIELDS) == {"max_response_output_tokens": 7}
    assert nest({"max_response_output_tokens": 7, "temperature": 0.7}, ASKED_FIELDS) == {"max_output_tokens": 7}


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flat", "param", "code", "says"),
    [
        ({"output_modalities": ["text"]}, "session.output_modalities", "unknown_parameter", "'modalities'"),
        ({"audio": {}}, "session.audio", "unknown_parameter", "input_audio_format"),
        ({"type": "realtime"}, "session.type", "unknown_parameter", "transcription_session.update"),
        ({"max_output_tokens": 5}, "session.max_output_tokens", "unknown_parameter", "max_response_output_tokens"),
        ({"input_audio_format": "mp3"}, "session.input_audio_format", "invalid_value", "g711_ulaw"),
        ({"output_audio_format": ["pcm16"]}, "session.output_audio_format", "invalid_value", "pcm16"),
        ({"temperature": 0.5}, "session.temperature", "invalid_value", "0.6"),
        ({"temperature": 1.21}, "session.temperature", "invalid_value", "1.2"),
        ({"temperature": True}, "session.temperature", "invalid_type", "number"),
        ({"temperature": "hot"}, "session.temperature", "invalid_type", "hot"),
    ],
)
def test_what_a_beta_session_cannot_hold_is_refused_with_the_right_name(
    flat: dict[str, Any], param: str, code: str, says: str
) -> None:
    """The error has the beta's path and says what would be right."""
    with pytest.raises(ConfigError) as caught:
        check_flat(flat, "session")
    assert (caught.value.param, caught.value.code) == (param, code)
    assert says in str(caught.value)


@pytest.mark.parametrize("temperature", [0.6, 0.8, 1, 1.2])
def test_a_temperature_in_range_is_given_back(temperature: float) -> None:
    """Both ends are in range."""
    assert check_flat({"temperature": temperature}, "session") == temperature


def test_a_response_may_name_its_limit_as_the_first_examples_did() -> None:
    """``max_output_tokens`` is no foreign word in ``response.create``; ``audio`` is."""
    assert check_flat({"max_output_tokens": 5}, "response") is None
    with pytest.raises(ConfigError, match=r"response\.audio"):
        check_flat({"audio": {}}, "response")


# --- paths and hints -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ga", "beta"),
    [
        ("session.audio.output.voice", "session.voice"),
        ("session.audio.input.turn_detection.threshold", "session.turn_detection.threshold"),
        ("session.output_modalities[0]", "session.modalities[0]"),
        ("session.max_output_tokens", "session.max_response_output_tokens"),
        ("session.tools[0].name", "session.tools[0].name"),
        ("session", "session"),
        ("response.output_modalities", "response.modalities"),
        ("response.audio.output.voice", "response.voice"),
        ("item.content[0].type", "item.content[0].type"),
        ("audio", "audio"),
    ],
)
def test_the_path_of_a_field_is_that_of_the_other_dialect(ga: str, beta: str) -> None:
    """In an error a client finds the name that it used itself."""
    assert param_to_beta(ga) == beta
    assert param_to_ga(beta) == ga


def test_a_name_of_ga_that_was_refused_as_such_keeps_its_name() -> None:
    """The client finds in the error what it wrote; a field that GA itself does not know has the beta's path."""
    assert param_to_beta("session.output_modalities", "unknown_parameter") == "session.output_modalities"
    assert param_to_beta("session.audio.input.turn_detection.x", "unknown_parameter") == "session.turn_detection.x"


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("session.modalities", "'output_modalities'"),
        ("voice", "'audio.output.voice'"),
        ("turn_detection", "'audio.input.turn_detection'"),
        ("session.turn_detection.threshold", "'audio.input.turn_detection'"),
        ("response.max_response_output_tokens", "'max_output_tokens'"),
        ("session.temperature", "GA has none"),
        ("transcription_session.update", "'session.update'"),
    ],
)
def test_a_hint_tells_gas_name_of_a_field_of_the_beta(field: str, says: str) -> None:
    """One sentence, for who brings the beta's words into a GA session."""
    sentence = hint(field)
    assert sentence is not None
    assert says in sentence


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("session.audio.input.format", "'input_audio_format'"),
        ("output_modalities", "'modalities'"),
        ("response.max_output_tokens", "'max_response_output_tokens'"),
        ("session.audio", "turn_detection"),
        ("session.audio.output", "voice, speed, output_audio_format."),
        ("session.type", "a beta session has none"),
    ],
)
def test_a_hint_for_the_beta_tells_its_name_of_a_field_of_ga(field: str, says: str) -> None:
    """The other way round."""
    sentence = hint_for_beta(field)
    assert sentence is not None
    assert says in sentence


@pytest.mark.parametrize("field", setting_paths())
def test_no_field_of_ga_gets_a_hint_in_a_ga_session(field: str) -> None:
    """What is GA's own needs none."""
    assert hint(field) is None


@pytest.mark.parametrize("field", ["session.tools", "instructions", "session.voices", "response.speed", "item.type"])
def test_where_both_agree_there_is_no_hint(field: str) -> None:
    """A field that is called the same, or that nobody knows, gets none."""
    assert hint(field) is None
    assert hint_for_beta(field) is None


WORDS = st.sampled_from([*SESSION_FIELDS, "audio", "input", "output", "format", "type"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*SESSION_FIELDS, "audio", "type", "output_modalities"]), JSON))
def test_no_object_is_too_strange_to_translate(value: dict[str, Any]) -> None:
    """Whatever comes, translation gives an object; only the check refuses."""
    assert isinstance(nest(value), dict)
    assert isinstance(flatten(value), dict)
    with suppress(ConfigError):
        assert check_flat(value, "session") in (None, value.get("temperature"))
