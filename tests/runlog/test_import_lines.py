"""Promises of `voicelab.runlog.import_lines`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from voicelab.protocol.wire import CLIENT_EVENTS
from voicelab.runlog.import_lines import is_beta, read_line, sender_by_type

COMMIT = {"type": "input_audio_buffer.commit"}


def line(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("wrapper", ["event", "data", "payload", "message"])
def test_an_event_is_found_in_its_wrapper(wrapper: str) -> None:
    """As an object or as its text; the wrapper's own type says nothing."""
    for inner in (COMMIT, json.dumps(COMMIT)):
        found = read_line(line({"type": "log", "n": 3, wrapper: inner}))
        assert found is not None
        assert found.body == COMMIT


def test_an_event_may_be_the_line_itself() -> None:
    """A field that is called as a wrapper and holds no event is the event's own."""
    body = {**COMMIT, "message": "hello", "data": {"a": 1}}
    found = read_line(line(body))
    assert found is not None
    assert found.body == body


@pytest.mark.parametrize(
    "text", [b"", b"not JSON", b"[1]", b"3", b'{"a": 1}', b'{"type": 5}', b'{"type": "x"', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_event_is_nothing(text: bytes) -> None:
    """Never an error."""
    assert read_line(text) is None


@pytest.mark.parametrize("wrapper", [None, "event"])
def test_a_fact_of_a_run_is_no_event(wrapper: str | None) -> None:
    """What only voicelab itself can know does not come in from a file."""
    fact = {"type": "voicelab.vad", "p": "much"}
    assert read_line(line(fact if wrapper is None else {wrapper: fact})) is None


def test_time_stamps_of_the_wrapper_go_before_those_of_the_event() -> None:
    """Whoever wrote the log wrote the wrapper."""
    found = read_line(line({"ts": 1, "timestamp_wall": 2, "event": {**COMMIT, "ts": 3, "t": 4}}))
    assert found is not None
    assert dict(found.stamps) == {"ts": 1, "timestamp_wall": 2, "t": 4}


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("dir", "send", "send"),
        ("direction", "Outgoing", "send"),
        ("event_sender", "server", "recv"),
        ("source", "client", "send"),
        ("direction", "client -> server", "send"),
        ("direction", "server_to_client", "recv"),
        ("source", "microphone 3", None),
        ("dir", 1, None),
    ],
)
def test_words_for_the_direction_are_known(field: str, value: Any, expected: str | None) -> None:
    """Under their usual names; another word is none."""
    found = read_line(line({field: value, "event": COMMIT}))
    assert found is not None
    assert found.word == expected


def test_the_type_tells_who_sent_it() -> None:
    """GA and beta; an unknown type tells nothing."""
    assert {sender_by_type(kind) for kind in (*CLIENT_EVENTS, "transcription_session.update")} == {"send"}
    server = ("session.created", "response.done", "error", "response.audio.delta", "conversation.item.created")
    assert {sender_by_type(kind) for kind in server} == {"recv"}
    assert sender_by_type("unmute.additional_outputs") is None


def test_the_beta_is_told_by_its_names_and_its_flat_session() -> None:
    """What both dialects have tells nothing."""
    betas = [
        {"type": "response.audio.delta"},
        {"type": "conversation.item.created"},
        {"type": "session.updated", "session": {"modalities": ["audio"]}},
    ]
    both = [COMMIT, {"type": "response.output_audio.delta"}, {"type": "session.updated", "session": {"audio": {}}}]
    assert [is_beta(body) for body in (*betas, *both)] == [True] * 3 + [False] * 3


def test_a_line_of_a_voicelab_run_is_recognised() -> None:
    """It needs no import."""
    record = {"seq": 0, "t_ns": 0, "wall": "w", "dir": "send", "type": COMMIT["type"], "event": COMMIT}
    found = read_line(line(record))
    assert found is not None
    assert found.is_record
