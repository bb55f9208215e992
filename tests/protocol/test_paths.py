"""Promises of `voicelab.protocol.paths`."""

from __future__ import annotations

import pytest

from voicelab.errors import ConfigError
from voicelab.protocol.paths import assign, combine, parse_assignment, resolve, setting_paths
from voicelab.protocol.settings import SemanticVAD, SessionConfig, to_plain, update

SILENCE = "audio.input.turn_detection.silence_duration_ms"


def leaves(plain: object, prefix: str = "") -> list[str]:
    """Return the path of everything in a plain session object."""
    if not isinstance(plain, dict):
        return []
    return [path for key in plain for path in (f"{prefix}{key}", *leaves(plain[key], f"{prefix}{key}."))]


def test_every_setting_has_a_path_once() -> None:
    """Whatever a session shows of its configuration can be named, also what the other kinds of detection have."""
    paths = setting_paths()
    assert set(leaves(to_plain(SessionConfig()))) <= set(paths)
    assert {"audio.input.turn_detection.eagerness", "audio.input.transcription.language"} <= set(paths)
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("silence_duration_ms", SILENCE),
        ("turn_detection.silence_duration_ms", SILENCE),
        (SILENCE, SILENCE),
        (f"session.{SILENCE}", SILENCE),
        ("voice", "audio.output.voice"),
        ("eagerness", "audio.input.turn_detection.eagerness"),
        ("model", "model"),
        ("transcription.model", "audio.input.transcription.model"),
    ],
)
def test_a_setting_is_found_by_its_path_or_the_unique_end_of_it(name: str, path: str) -> None:
    """The last word is enough where it is unique; a full path always means itself."""
    assert resolve(name) == path


@pytest.mark.parametrize("path", setting_paths())
def test_every_path_resolves_to_itself(path: str) -> None:
    """No path is hidden by another one that ends alike."""
    assert resolve(path) == path


def test_an_ambiguous_name_is_explained_with_its_meanings() -> None:
    """``format`` is asked back: both full paths are named."""
    with pytest.raises(ConfigError, match=r"audio\.input\.format or audio\.output\.format") as caught:
        resolve("format")
    assert caught.value.param == "format"


def test_a_name_must_end_at_a_dot() -> None:
    """``duration_ms`` is not the end of ``silence_duration_ms``: a word is a whole word."""
    with pytest.raises(ConfigError, match="no setting is called 'duration_ms'"):
        resolve("duration_ms")


@pytest.mark.parametrize(
    ("name", "mend"),
    [("silence", SILENCE), ("treshold", "turn_detection.threshold?"), ("colour", "such as audio.output.voice")],
)
def test_an_unknown_name_is_explained_with_what_comes_closest(name: str, mend: str) -> None:
    """The error says that there is none, and names the nearest ones, or how settings are named."""
    with pytest.raises(ConfigError, match=f"no setting is called '{name}'") as caught:
        resolve(name)
    assert mend in str(caught.value)
    assert (caught.value.param, caught.value.code) == (name, "unknown_parameter")


def test_assigning_a_path_gives_the_partial_session_object() -> None:
    """One nested object for each word of the path."""
    assert assign(SILENCE, 300) == {"audio": {"input": {"turn_detection": {"silence_duration_ms": 300}}}}
    assert assign("instructions", "hi") == {"instructions": "hi"}


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("silence_duration_ms=300", SILENCE, 300),
        ("voice=ash", "audio.output.voice", "ash"),
        ('voice="ash"', "audio.output.voice", "ash"),
        ("turn_detection=null", "audio.input.turn_detection", None),
        ("create_response=false", "audio.input.turn_detection.create_response", False),
        ('voice={"id": "voice_1"}', "audio.output.voice", {"id": "voice_1"}),
        ("instructions=a = b", "instructions", "a = b"),
        ("instructions=", "instructions", ""),
        (" threshold =0.7", "audio.input.turn_detection.threshold", 0.7),
    ],
)
def test_an_assignment_is_read_as_json_or_else_as_text(text: str, path: str, value: object) -> None:
    """Numbers, null, booleans and objects are JSON; anything else is text as it stands, further equals signs too."""
    assert parse_assignment(text) == (path, assign(path, value))


@pytest.mark.parametrize("text", ["silence_duration_ms", "=300", ""])
def test_what_is_no_assignment_is_explained_with_an_example(text: str) -> None:
    """Without a name or an equals sign the error shows how it is written."""
    with pytest.raises(ConfigError, match="silence_duration_ms=300"):
        parse_assignment(text)


def test_a_path_can_change_the_kind_of_detection() -> None:
    """``type`` is a setting like any other: its path switches to semantic detection."""
    _, change = parse_assignment("turn_detection.type=semantic_vad")
    assert update(SessionConfig(), change).audio.input.turn_detection == SemanticVAD()


def test_later_assignments_go_over_earlier_ones() -> None:
    """Combining keeps every path, the last value for each."""
    changes = [parse_assignment(text)[1] for text in ("threshold=0.3", "voice=ash", "threshold=0.7")]
    assert combine(changes) == {
        "audio": {"input": {"turn_detection": {"threshold": 0.7}}, "output": {"voice": "ash"}},
    }
    assert combine([]) == {}
