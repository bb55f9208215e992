"""Promises of `voicelab.protocol.server_events`."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from voicelab.protocol import server_events as ev

TRANSCRIPTION = "conversation.item.input_audio_transcription"
# What the GA reference lists for a WebSocket speech session, without MCP, SIP, WebRTC, diarisation and idle timeout.
GA_TYPES = {
    "error",
    "session.created",
    "session.updated",
    "conversation.created",
    "conversation.item.added",
    "conversation.item.done",
    "conversation.item.retrieved",
    "conversation.item.deleted",
    "conversation.item.truncated",
    f"{TRANSCRIPTION}.delta",
    f"{TRANSCRIPTION}.completed",
    f"{TRANSCRIPTION}.failed",
    f"{TRANSCRIPTION}.segment",
    "input_audio_buffer.committed",
    "input_audio_buffer.cleared",
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.timeout_triggered",
    "response.created",
    "response.done",
    "response.output_item.added",
    "response.output_item.done",
    "response.content_part.added",
    "response.content_part.done",
    "response.output_text.delta",
    "response.output_text.done",
    "response.output_audio_transcript.delta",
    "response.output_audio_transcript.done",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "rate_limits.updated",
}


def test_the_union_holds_the_events_of_a_speech_session() -> None:
    """One struct for each GA event of a WebSocket speech session, under its own name."""
    assert {kind.__struct_config__.tag for kind in get_args(ev.KnownServerEvent)} == GA_TYPES


def test_no_event_has_a_name_of_the_beta() -> None:
    """The vocabulary is GA's: ``response.audio.delta`` and ``conversation.item.created`` are other dialects."""
    assert not {"response.audio.delta", "response.text.delta", "conversation.item.created"} & GA_TYPES


@pytest.mark.parametrize("kind", get_args(ev.KnownServerEvent))
def test_every_event_says_what_it_is_and_has_an_id(kind: type[msgspec.Struct]) -> None:
    """Each server event has ``type`` and ``event_id``, and a sentence that says what it means."""
    assert kind.__struct_config__.tag_field == "type"
    assert kind.__struct_fields__[0] == "event_id"
    assert kind.__doc__


def test_a_part_names_only_what_it_has() -> None:
    """A text part has no ``transcript`` field, an audio part no ``text``."""
    assert msgspec.to_builtins(ev.PartInfo(type="text", text="hi")) == {"type": "text", "text": "hi"}
    assert msgspec.to_builtins(ev.PartInfo(type="audio", transcript="")) == {"type": "audio", "transcript": ""}


def test_a_response_shows_every_field_also_the_empty_ones() -> None:
    """A response that began has ``usage: null`` and ``output: []``, as the reference shows it."""
    plain = msgspec.json.decode(msgspec.json.encode(ev.Response(id="resp_1", conversation_id="conv_1")))
    assert plain == {
        "id": "resp_1",
        "object": "realtime.response",
        "status": "in_progress",
        "status_details": None,
        "output": [],
        "conversation_id": "conv_1",
        "output_modalities": ["audio"],
        "max_output_tokens": "inf",
        "audio": None,
        "usage": None,
        "metadata": None,
    }
