"""Errors can name what would have been right."""

from __future__ import annotations

import pytest

from voicelab.protocol.allowed import allowed_values
from voicelab.protocol.settings import SessionConfig


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (".audio.input.turn_detection.type", ("server_vad", "semantic_vad")),
        (".audio.input.turn_detection.eagerness", ("low", "medium", "high", "auto")),
        (".output_modalities[0]", ("audio", "text")),
        (".tools[...].type", ("function", "mcp")),
        (".instructions", ()),
        (".no.such.field", ()),
    ],
)
def test_allowed_words_are_read_off_the_types(path: str, words: tuple[str, ...]) -> None:
    """A field with a fixed set of words has them named, through unions and lists; any other field has none."""
    assert allowed_values(SessionConfig, path) == words
