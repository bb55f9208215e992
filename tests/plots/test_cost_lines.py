"""What goes with the cost curve."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.measure.facts import TurnFacts
from voicelab.measure.projection import Projection
from voicelab.measure.run import Run
from voicelab.plots.cost_lines import apart, projected, speech_ms, told_ahead, transcription_of


def turn(number: int, model: str | None, used: dict[str, Any] | None) -> TurnFacts:
    return TurnFacts(number, f"item_{number}", 0, "spoken", 0, 0, transcription_model=model, transcription_usage=used)


def seconds(n: float) -> dict[str, Any]:
    return {"type": "duration", "seconds": n}


TOKENS = {
    "type": "tokens",
    "input_tokens": 100,
    "output_tokens": 10,
    "input_token_details": {"text_tokens": 0, "audio_tokens": 100},
}


def test_transcription_runs_up_apart_at_its_own_models_price() -> None:
    """6 s and 12 s of whisper-1 at $0.006 a minute; a turn that was not transcribed changes nothing."""
    found = transcription_of(
        [turn(1, "whisper-1", seconds(6)), turn(2, None, None), turn(3, "whisper-1", seconds(12))], None
    )
    assert found.so_far_usd == {1: pytest.approx(0.0006), 3: pytest.approx(0.0018)}
    assert found.told == ("transcription apart: $0.0018 at whisper-1 prices",)
    line = apart(found, {1: "turn 1", 3: "turn 3"})
    assert (line["x"], line["yaxis"]) == (["turn 1", "turn 3"], "y2")
    assert line["y"] == pytest.approx([0.0006, 0.0018])


def test_a_transcription_that_is_unpriced_says_what_is() -> None:
    """The meter without a price, or a model that nobody knows; then there is no line at all."""
    unpriced = transcription_of([turn(1, "gpt-4o-mini-transcribe", TOKENS)], None)
    assert unpriced.so_far_usd == {}
    assert unpriced.told == ("transcription apart, unpriced: gpt-4o-mini-transcribe (audio in)",)
    unknown = transcription_of([turn(1, "whisper-1", seconds(6)), turn(2, "<b>mine</b>", seconds(6))], None)
    assert unknown.so_far_usd == {}
    assert unknown.told == ("transcription apart, unpriced: &lt;b&gt;mine&lt;/b&gt;",)


def test_the_users_prices_make_it_priced() -> None:
    """100 tokens of sound at 3, 10 of text out at 5."""
    own = {"gpt-4o-mini-transcribe": {"audio": {"in": 3}}}
    found = transcription_of([turn(1, "gpt-4o-mini-transcribe", TOKENS)], own)
    assert found.so_far_usd == {1: pytest.approx((100 * 3 + 10 * 5) / 1e6)}


def test_nothing_transcribed_is_not_told_of() -> None:
    """No line, no words."""
    found = transcription_of([turn(1, "whisper-1", None)], None)
    assert (found.so_far_usd, found.told) == ({}, ())


def test_a_projection_begins_at_the_last_turn() -> None:
    """All three lines, so that band and line are joined to the sum."""
    ahead = [Projection(1, 0.5, 0.4, 0.7, 3, 1.0), Projection(2, 1.1, 0.9, 1.3, 3, 1.0)]
    low, band, line = projected("turn 4", 1.0, ahead)
    assert line["x"] == ["turn 4", "next", "+2"]
    assert [trace["y"] for trace in (low, band, line)] == [[1.0, 1.4, 1.9], [1.0, 1.7, 2.3], [1.0, 1.5, 2.1]]
    told = [text.replace("&#36;", "$") for text in line["text"]]
    assert told == ["", "$1.50 ($1.40 to $1.70)", "$2.10 ($1.90 to $2.30)"]
    assert "$" not in line["text"][1]  # a page that sets formulas takes what stands between two of them for one
    assert projected("turn 4", 1.0, []) == []


def test_it_is_said_how_an_interval_is_known() -> None:
    """From one turn it says only what the cache may do."""
    assert told_ahead([Projection(1, 0.5, 0.4, 0.7, 3, 1.0)]) == [
        "next turn about $0.50 ($0.40 to $0.70; from 3 turns, 95 %)"
    ]
    assert told_ahead([Projection(1, 0.5, 0.4, 0.7, 1, 1.0)])[0].endswith("from one turn: all to nothing cached)")
    assert told_ahead([]) == []


def test_speech_is_what_the_user_said_and_the_agent_was_heard_to_say(run: Run) -> None:
    """1000 ms by the label, 1472 ms by the scores; 1200, 800 and 600 ms were heard; the typed turn was not spoken."""
    spoken = [t for t in run.turn_list() if t.kind == "spoken"]
    said = sum((t.speech_end_ms or 0) - (t.speech_start_ms or 0) for t in spoken)
    assert speech_ms(run) == pytest.approx(said + 1200 + 800 + 600)
    assert said > 2000
