"""Promises of `voicelab.protocol.settings`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.errors import ConfigError
from voicelab.protocol.settings import (
    CustomVoice,
    FormatPCM,
    FormatPCMU,
    FunctionTool,
    NamedFunction,
    ResponseParams,
    RetentionRatio,
    SemanticVAD,
    ServerVAD,
    SessionConfig,
    convert,
    merge,
    to_plain,
    update,
)


def detection(**fields: Any) -> dict[str, Any]:
    """Return the partial session object that changes turn detection."""
    return {"audio": {"input": {"turn_detection": fields}}}


WEATHER = {"type": "function", "name": "weather", "description": "", "parameters": {"type": "object"}}

# --- defaults ------------------------------------------------------------------------------------------------


def test_server_vad_has_the_documented_defaults() -> None:
    """``vl.ServerVAD()`` is 0.5 / 300 / 500, answers, lets itself be interrupted, and has no idle timeout."""
    assert to_plain(ServerVAD()) == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    }


def test_a_session_that_is_asked_nothing_has_the_defaults_of_the_hosted_one() -> None:
    """Detection 0.5 / 300 / 200, PCM both ways, marin at normal speed, audio out, no transcription."""
    config = SessionConfig()
    assert config.audio.input.turn_detection == ServerVAD(silence_duration_ms=200)
    assert config.audio.input.format == config.audio.output.format == FormatPCM()
    assert (config.audio.output.voice, config.audio.output.speed) == ("marin", 1.0)
    assert config.output_modalities == ("audio",)
    assert config.audio.input.transcription is None
    assert (config.tools, config.tool_choice, config.max_output_tokens) == ((), "auto", "inf")


def test_a_configuration_read_back_from_the_wire_is_the_same() -> None:
    """What ``session.updated`` shows can be read as the configuration it was made of."""
    config = update(SessionConfig(), {**detection(type="semantic_vad"), "tools": [WEATHER], "tool_choice": "required"})
    assert convert(to_plain(config), SessionConfig, root="session") == config


# --- merging -------------------------------------------------------------------------------------------------


def test_what_an_update_does_not_name_stays() -> None:
    """One leaf changes, its neighbours at every level stay."""
    before = update(SessionConfig(), {"instructions": "Be brief.", **detection(threshold=0.7)})
    after = update(before, detection(silence_duration_ms=900))
    assert after.instructions == "Be brief."
    assert after.audio.input.turn_detection == ServerVAD(threshold=0.7, silence_duration_ms=900)


def test_null_clears_what_can_be_cleared() -> None:
    """Detection, transcription and noise reduction are switched off by null."""
    on = {"transcription": {"model": "whisper-1"}, "noise_reduction": {"type": "near_field"}}
    before = update(SessionConfig(), {"audio": {"input": on}})
    off = dict.fromkeys(("turn_detection", "transcription", "noise_reduction"))
    after = update(before, {"audio": {"input": off}}).audio.input
    assert (after.turn_detection, after.transcription, after.noise_reduction) == (None, None, None)


def test_empty_text_and_empty_lists_clear_as_well() -> None:
    """``instructions: ""`` and ``tools: []`` leave nothing of what was there."""
    before = update(SessionConfig(), {"instructions": "Be brief.", "tools": [WEATHER]})
    after = update(before, {"instructions": "", "tools": []})
    assert (after.instructions, after.tools) == ("", ())


def test_an_object_of_the_same_type_is_merged() -> None:
    """Naming the type that is in force changes only the other fields that are given."""
    before = update(SessionConfig(), detection(threshold=0.7, prefix_padding_ms=100))
    after = update(before, detection(type="server_vad", threshold=0.2))
    assert after.audio.input.turn_detection == ServerVAD(threshold=0.2, prefix_padding_ms=100, silence_duration_ms=200)


def test_an_object_of_another_type_replaces() -> None:
    """Nothing of the old type's fields is left, in either direction."""
    patient = update(SessionConfig(), detection(threshold=0.9, create_response=False))
    semantic = update(patient, detection(type="semantic_vad", eagerness="low"))
    assert semantic.audio.input.turn_detection == SemanticVAD(eagerness="low")
    assert update(semantic, detection(type="server_vad")).audio.input.turn_detection == ServerVAD()


def test_a_format_of_another_type_replaces() -> None:
    """G.711 has no rate to inherit from PCM."""
    change = {"audio": {"input": {"format": {"type": "audio/pcmu"}}}}
    assert update(SessionConfig(), change).audio.input.format == FormatPCMU()


def test_a_list_replaces_the_whole_list() -> None:
    """Tools are not merged one by one."""
    before = update(SessionConfig(), {"tools": [WEATHER]})
    after = update(before, {"tools": [{"type": "function", "name": "timer"}]})
    assert after.tools == (FunctionTool(name="timer"),)


def test_a_choice_between_a_word_and_an_object_takes_both() -> None:
    """Voice, tool choice and truncation may be a word or an object, and change from one to the other."""
    after = update(
        SessionConfig(),
        {
            "audio": {"output": {"voice": {"id": "voice_1"}}},
            "tool_choice": {"type": "function", "name": "weather"},
            "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
        },
    )
    assert after.audio.output.voice == CustomVoice(id="voice_1")
    assert after.tool_choice == NamedFunction(name="weather")
    assert after.truncation == RetentionRatio(retention_ratio=0.8)
    assert update(after, {"audio": {"output": {"voice": "ash"}}}).audio.output.voice == "ash"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@given(OBJECTS, OBJECTS)
def test_merging_takes_the_new_leaf_and_keeps_the_old_rest(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Every key of both is there; a key of one side only has that side's value; a new leaf wins."""
    merged = merge(old, new)
    assert merged.keys() == old.keys() | new.keys()
    for key in merged:
        if key not in new:
            assert merged[key] == old[key]
        elif key not in old or not isinstance(new[key], dict):
            assert merged[key] == new[key]


@given(OBJECTS, OBJECTS)
def test_merging_twice_is_merging_once_and_changes_no_argument(old: dict[str, Any], new: dict[str, Any]) -> None:
    """The same update again makes no difference, and neither argument is written into."""
    before = repr((old, new))
    once = merge(old, new)
    assert merge(once, new) == once
    assert repr((old, new)) == before


# --- refusals ------------------------------------------------------------------------------------------------

REFUSALS = [
    ({"type": "transcription"}, "session.type", "invalid_value"),
    ({"instructions": None}, "session.instructions", "invalid_type"),
    ({"instructions": 3}, "session.instructions", "invalid_type"),
    ({"colour": "red"}, "session.colour", "unknown_parameter"),
    ({"audio": None}, "session.audio", "invalid_type"),
    ({"audio": {"input": {"volume": 3}}}, "session.audio.input.volume", "unknown_parameter"),
    ({"audio": {"output": {"voice": "bob"}}}, "session.audio.output.voice", "invalid_value"),
    ({"audio": {"output": {"speed": 1.6}}}, "session.audio.output.speed", "invalid_value"),
    ({"audio": {"output": {"speed": 0.2}}}, "session.audio.output.speed", "invalid_value"),
    (
        {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
        "session.audio.input.format.rate",
        "invalid_value",
    ),
    ({"audio": {"input": {"format": {"type": "audio/opus"}}}}, "session.audio.input.format.type", "invalid_value"),
    (
        {"audio": {"input": {"noise_reduction": {}}}},
        "session.audio.input.noise_reduction.type",
        "missing_required_parameter",
    ),
    (detection(threshold=1.01), "session.audio.input.turn_detection.threshold", "invalid_value"),
    (detection(threshold=-0.01), "session.audio.input.turn_detection.threshold", "invalid_value"),
    (detection(threshold="high"), "session.audio.input.turn_detection.threshold", "invalid_type"),
    (
        detection(silence_duration_ms=10_001),
        "session.audio.input.turn_detection.silence_duration_ms",
        "invalid_value",
    ),
    (
        detection(silence_duration_ms=True),
        "session.audio.input.turn_detection.silence_duration_ms",
        "invalid_type",
    ),
    (detection(idle_timeout_ms=4_999), "session.audio.input.turn_detection.idle_timeout_ms", "invalid_value"),
    (detection(type="telepathy"), "session.audio.input.turn_detection.type", "invalid_value"),
    (
        detection(type="semantic_vad", threshold=0.5),
        "session.audio.input.turn_detection.threshold",
        "unknown_parameter",
    ),
    ({"output_modalities": []}, "session.output_modalities", "invalid_value"),
    ({"output_modalities": ["audio", "text"]}, "session.output_modalities", "invalid_value"),
    ({"tools": [WEATHER, {"type": "function"}]}, "session.tools[1].name", "missing_required_parameter"),
    ({"tools": [{"type": "magic"}]}, "session.tools[0].type", "invalid_value"),
    ({"tools": [{"type": "mcp"}]}, "session.tools[0].server_label", "missing_required_parameter"),
    ({"max_output_tokens": 0}, "session.max_output_tokens", "invalid_value"),
    ({"max_output_tokens": 4097}, "session.max_output_tokens", "invalid_value"),
    ({"max_output_tokens": "many"}, "session.max_output_tokens", "invalid_value"),
    (
        {"truncation": {"type": "retention_ratio"}},
        "session.truncation.retention_ratio",
        "missing_required_parameter",
    ),
]


@pytest.mark.parametrize(("change", "param", "code"), REFUSALS, ids=[f"{p}-{c}" for _, p, c in REFUSALS])
def test_a_refusal_names_the_path_and_the_code(change: dict[str, Any], param: str, code: str) -> None:
    """The error says in its sentence and in ``param`` which value is wrong, and in ``code`` how."""
    with pytest.raises(ConfigError) as caught:
        update(SessionConfig(), change)
    assert (caught.value.param, caught.value.code) == (param, code)
    assert str(caught.value).startswith(f"{param}: ")
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "change",
    [
        detection(threshold=0, prefix_padding_ms=0, silence_duration_ms=0, idle_timeout_ms=5_000),
        detection(threshold=1, prefix_padding_ms=10_000, silence_duration_ms=10_000, idle_timeout_ms=30_000),
        {"audio": {"output": {"speed": 0.25}}, "max_output_tokens": 1},
        {"audio": {"output": {"speed": 1.5}}, "max_output_tokens": 4096},
    ],
)
def test_the_ends_of_every_range_are_allowed(change: dict[str, Any]) -> None:
    """The limits belong to the range, and what was asked is what is in force."""
    after = to_plain(update(SessionConfig(), change))
    assert merge(after, change) == after


@given(st.sampled_from([change for change, _, _ in REFUSALS]), st.text(max_size=5))
def test_a_bad_update_changes_nothing(bad: dict[str, Any], words: str) -> None:
    """A good value beside a bad one does not hold either, and the old configuration is untouched."""
    config = update(SessionConfig(), {"instructions": "before", **detection(threshold=0.4)})
    shown = to_plain(config)
    with pytest.raises(ConfigError):
        update(config, merge({"instructions": words, "max_output_tokens": 17}, bad))
    assert to_plain(config) == shown


def outcome(change: dict[str, Any]) -> SessionConfig | ConfigError:
    """Return the configuration after an update, or the refusal."""
    try:
        return update(SessionConfig(), change)
    except ConfigError as error:
        return error


@given(JSON | st.sampled_from(["auto", "none", "required"]) | st.fixed_dictionaries({"type": JSON, "name": JSON}))
def test_whatever_is_asked_is_in_force_or_refused_with_a_path(value: Any) -> None:
    """Any JSON at all in a setting's place: either it holds, or the error names a path below it."""
    got = outcome({"tool_choice": value})
    if isinstance(got, ConfigError):
        assert (got.param or "").startswith("session.tool_choice")
        assert got.code in ("invalid_value", "invalid_type", "unknown_parameter", "missing_required_parameter")
    else:
        assert to_plain(got.tool_choice) == value


# --- one response --------------------------------------------------------------------------------------------


def test_a_response_that_overrides_nothing_says_nothing() -> None:
    """Absent fields are absent on the wire, not null."""
    assert to_plain(ResponseParams()) == {}


def test_a_response_has_no_speed() -> None:
    """The speed belongs to the session alone."""
    with pytest.raises(ConfigError) as caught:
        convert({"audio": {"output": {"speed": 1.0}}}, ResponseParams, root="response")
    assert (caught.value.param, caught.value.code) == ("response.audio.output.speed", "unknown_parameter")


def test_a_response_takes_at_most_sixteen_notes() -> None:
    """``metadata`` holds 16 pairs."""
    sixteen = {str(n): "x" for n in range(16)}
    assert convert({"metadata": sixteen}, ResponseParams, root="response").metadata == sixteen
    with pytest.raises(ConfigError, match=r"^response\.metadata"):
        convert({"metadata": {**sixteen, "more": "x"}}, ResponseParams, root="response")
