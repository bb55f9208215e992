"""How large an input is, by the published rules: four characters, a tenth or a twentieth of a second make a token."""

from __future__ import annotations

import json

import pytest

from voicelab.measure.budget import Tokens
from voicelab.protocol.items import (
    FunctionCall,
    FunctionCallOutput,
    InputAudio,
    InputImage,
    InputText,
    Item,
    Message,
    OutputAudio,
    OutputText,
)
from voicelab.session.context_size import head_tokens, items_tokens


@pytest.mark.parametrize(
    ("item", "audio_ms", "tokens"),
    [
        (Message(role="user", content=(InputText(text="x" * 9),)), 0.0, Tokens(text=3)),
        (Message(role="user", content=(InputAudio(transcript="not counted"),)), 1_250.0, Tokens(audio=13)),
        (Message(role="assistant", content=(OutputAudio(transcript="x" * 8),)), 1_250.0, Tokens(text=2, audio=25)),
        (Message(role="assistant", content=(OutputText(text="x" * 8),)), 0.0, Tokens(text=2)),
        (Message(role="system", content=(InputText(text="x" * 4),)), 0.0, Tokens(text=1)),
        (Message(role="user", content=(InputImage(image_url="data:image/png;base64,AAAA"),)), 0.0, Tokens()),
        (FunctionCall(name="add", arguments="{}   "), 0.0, Tokens(text=2)),
        (FunctionCallOutput(call_id="c", output="x" * 5), 0.0, Tokens(text=2)),
    ],
)
def test_every_kind_of_item_counts_by_its_own_rule(item: Item, audio_ms: float, tokens: Tokens) -> None:
    """What the user said counts as sound, not as words; what the assistant said as both; a picture as nothing."""
    sound = {"": audio_ms} if audio_ms else {}
    assert items_tokens([item], sound) == tokens


def test_items_add_up() -> None:
    """Each with the sound that belongs to its id."""
    heard = Message(id="a", role="user", content=(InputAudio(),))
    typed = Message(id="b", role="user", content=(InputText(text="x" * 4),))
    assert items_tokens([heard, typed, typed], {"a": 100.0, "c": 9_000.0}) == Tokens(text=2, audio=1)
    assert items_tokens([], {}) == Tokens()


def test_instructions_and_tools_stand_before_the_items() -> None:
    """As text; a session that says nothing of them has none."""
    tools = [{"type": "function", "name": "add"}]
    expected = 25 + -(-len(json.dumps(tools)) // 4)
    assert head_tokens({"instructions": "x" * 100, "tools": tools}) == Tokens(text=expected)
    assert head_tokens({"instructions": None, "tools": []}) == head_tokens({}) == Tokens()
