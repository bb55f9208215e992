"""Promises of `voicelab.runlog.left_out`."""

from __future__ import annotations

import pytest

from voicelab.runlog.left_out import without_audio

SPOKEN = {"type": "message", "content": [{"type": "input_audio", "audio": "AAAA", "transcript": "hi"}, {"type": "x"}]}
SHORT = {
    "type": "message",
    "content": [{"type": "input_audio", "audio": {"left_out_base64": 4}, "transcript": "hi"}, {"type": "x"}],
}


def test_audio_in_items_is_told_by_its_length() -> None:
    """In an event's item and in a response's own input; everything else stays, and so does what came in."""
    body = {"type": "a", "item": SPOKEN, "response": {"input": [SPOKEN, {"type": "item_reference", "id": "i"}]}}
    short = without_audio(body)
    assert short["item"] == SHORT
    assert short["response"]["input"] == [SHORT, {"type": "item_reference", "id": "i"}]
    assert body["item"] is SPOKEN
    assert SPOKEN["content"][0]["audio"] == "AAAA"


@pytest.mark.parametrize(
    "body",
    [
        {"type": "a"},
        {"type": "a", "item": None, "response": 3},
        {"type": "a", "item": {"content": "text"}, "response": {"input": {}}},
        {"type": "a", "item": {"content": [None, 5, {"audio": None}]}, "response": {"input": [7, None]}},
    ],
)
def test_events_of_any_shape_pass_as_they_are(body: dict[str, object]) -> None:
    """What holds no audio is kept as it came, whatever it is."""
    assert without_audio(body) == body
