"""What a function returned, as sentences."""

from __future__ import annotations

import pytest

from voicelab.engines.guide_results import result_sentence


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            '{"city": "Paris", "temperature_c": 21, "sky": "partly_cloudy"}',
            "Here is what I got. The city is Paris, the temperature is 21 degrees Celsius "
            "and the sky is partly cloudy.",
        ),
        ('{"ok": true, "endsAt": "3 pm"}', "Done. The ends at is 3 pm."),
        ('{"error": "no such city"}', "That did not work. No such city."),
        ('{"success": false}', "That did not work."),
        ("Sunny all day", "Here is the answer. Sunny all day."),
        ("-4.50", "Here is the answer. Minus 4.5."),
        ('["milk", "bread", "eggs"]', "Here is what I got. milk, bread and eggs."),
        ("true", "Done."),
        ("", "Done. The function gave nothing to read out."),
        ('{"open": false, "rooms": [1, 2]}', "Here is what I got. The open is no and the rooms is 1 and 2."),
    ],
)
def test_output_is_told_in_sentences(output: str, sentence: str) -> None:
    """JSON of any shape and plain text are told with their values; a failure is told as a failure."""
    assert result_sentence(output) == sentence


def test_long_output_is_cut_at_a_word() -> None:
    """Nobody listens to a page of text."""
    told = result_sentence("word " * 200)
    assert len(told) < 360
    assert told.endswith("word and so on.")
