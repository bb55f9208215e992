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


@pytest.mark.parametrize("n_levels", [4, 600, 100_000])
def test_deep_output_is_told_without_its_depth(n_levels: int) -> None:
    """Nobody follows a list in a list in a list."""
    told = result_sentence("[" * n_levels + "1" + "]" * n_levels)
    assert told.startswith(("Here is what I got. more.", "Done. The function gave more levels"))
    assert "more" in result_sentence('{"a":' * 600 + "1" + "}" * 600)


def test_wide_output_is_cut() -> None:
    """Ten items of a list are enough, and a thousand letters of everything."""
    assert result_sentence(str(list(range(50)))) == ("Here is what I got. 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and so on.")
    wide = f'{{"a": {[["word " * 50] * 10] * 10}}}'.replace("'", '"')
    assert len(result_sentence(wide)) < 1100
    assert len(result_sentence('{"' + "k" * 10_000 + '": 1}')) < 1100
