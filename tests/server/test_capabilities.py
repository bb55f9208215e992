"""Promises of `voicelab.server.capabilities`: what cannot be done is named, the rest is done."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.server.capabilities import split_update

WEATHER = {"type": "function", "name": "get_weather"}


def ears(**transcription: Any) -> dict[str, Any]:
    return {"audio": {"input": {"transcription": transcription}}}


@pytest.mark.parametrize(
    ("change", "param", "left"),
    [
        ({"prompt": {"id": "pmpt_1"}, "instructions": "x"}, "session.prompt", {"instructions": "x"}),
        ({"reasoning": {"effort": "low"}}, "session.reasoning", {}),
        (
            {"audio": {"output": {"voice": {"id": "voice_1"}, "speed": 1.1}}},
            "session.audio.output.voice",
            {"audio": {"output": {"speed": 1.1}}},
        ),
        ({"tool_choice": {"type": "mcp", "server_label": "s"}}, "session.tool_choice", {}),
        (
            {"tools": [WEATHER, {"type": "mcp", "server_label": "s"}, WEATHER]},
            "session.tools[1]",
            {"tools": [WEATHER, WEATHER]},
        ),
        ({"include": ["item.input_audio_transcription.logprobs"]}, "session.include", {}),
        (
            {"audio": {"input": {"noise_reduction": {"type": "far_field", "strength": 2.0}}}},
            "session.audio.input.noise_reduction.strength",
            {"audio": {"input": {"noise_reduction": {"type": "far_field"}}}},
        ),
        (
            ears(model="gpt-4o-transcribe-diarize"),
            "session.audio.input.transcription.model",
            ears(),
        ),
        (
            ears(model="whisper-1", language="de"),
            "session.audio.input.transcription.language",
            ears(model="whisper-1"),
        ),
        (
            ears(model="whisper-1", prompt="voicelab"),
            "session.audio.input.transcription.prompt",
            ears(model="whisper-1"),
        ),
    ],
)
def test_one_field_is_refused_and_the_rest_stays(change: dict[str, Any], param: str, left: dict[str, Any]) -> None:
    """The refusal names the path and a reason; everything else of the update is still there."""
    allowed, refusals = split_update(change)
    assert allowed == left
    assert [(error.param, error.code) for error in refusals] == [(param, "unsupported")]
    assert "embedded" in str(refusals[0])


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": None, "reasoning": None, "include": []},
        {"truncation": {"type": "retention_ratio", "retention_ratio": 0.8}},
        {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "high"}}}},
        {"audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 6000}}}},
        {"audio": {"input": {"noise_reduction": {"type": "near_field", "strength": 0.5}}}},
        ears(model="whisper-1", language="en-GB"),
        {"tracing": "auto"},
        {"tools": [WEATHER]},
        {"tools": None},
    ],
)
def test_what_can_be_done_passes_as_it_is(change: dict[str, Any]) -> None:
    """Nothing is taken out, and nothing is changed, of what the embedded server can do."""
    assert split_update(change) == (change, [])


def test_the_update_itself_is_not_touched() -> None:
    """The caller's object stays as it was, nested parts too."""
    change = {"audio": {"output": {"voice": {"id": "voice_1"}}}}
    split_update(change)
    assert change == {"audio": {"output": {"voice": {"id": "voice_1"}}}}
