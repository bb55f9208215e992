"""The latency stack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.plots import latency
from voicelab.plots.latency import latency_figure

from .conftest import Stage


@pytest.fixture(scope="module")
def traces(run: Run) -> dict[str, Any]:
    return {trace.name: trace for trace in latency(run).data}


def test_the_parts_of_a_turn_add_up_to_what_was_measured_apart(traces: dict[str, Any]) -> None:
    """Endpoint, request, model, playout and leading silence make the voice-to-voice time, within a frame."""
    parts = ("endpoint", "request", "model", "playout", "leading silence")
    for k in (0, 1):
        assert sum(traces[part].x[k] for part in parts) == pytest.approx(traces["voice to voice"].x[k], abs=20)
    assert traces["endpoint"].x[0] == pytest.approx(500)


def test_ways_of_knowing_the_end_differ_in_pattern_and_text(traces: dict[str, Any]) -> None:
    """Labelled plain, estimated hatched, typed dotted; each says so in its label as well."""
    assert list(traces["endpoint"].marker.pattern.shape) == ["", "/", "."]
    assert list(traces["endpoint"].y) == ["turn 1", "turn 2 (estimated)", "turn 3 (typed)"]


def test_a_typed_turn_begins_with_its_request(traces: dict[str, Any]) -> None:
    """It has no end of speech: what can be known is the way from the request on."""
    assert traces["endpoint"].x[2] is None
    assert traces["request"].x[2] == pytest.approx(5)
    assert len(traces["voice to voice"].x) == 2


def test_the_residual_is_in_the_hover_text(traces: dict[str, Any]) -> None:
    """What the parts do not explain is said, also when it is nothing."""
    assert "not explained by the parts: " in traces["endpoint"].hovertext[0]


def test_medians_stand_apart_under_the_axis(run: Run) -> None:
    """No number mixes labelled and estimated ends."""
    title = latency(run).layout.xaxis.title.text
    assert "median 512 ms, n=1 (labelled)" in title
    assert "median 544 ms, n=1 (estimated)" in title


def test_a_click_can_find_the_turn(traces: dict[str, Any]) -> None:
    """Each bar carries the number of its turn."""
    assert list(traces["model"].customdata) == [1, 2, 3]


def test_a_run_without_answers_says_so(stage: Stage) -> None:
    """Nothing to stack."""
    assert "no latency" in latency(stage().run()).layout.annotations[0].text


def test_both_anchors_are_marked(traces: dict[str, Any]) -> None:
    """The user's end at zero, the detector's event where the endpoint part ends; filled only where a person knows."""
    assert list(traces["end of speech"].x) == [0, 0]
    assert list(traces["detector's event"].x) == [traces["endpoint"].x[0], traces["endpoint"].x[1]]
    assert list(traces["end of speech"].marker.symbol) == ["diamond", "diamond-open"]


def test_latency_from_the_detectors_event_is_told_as_such(run: Run) -> None:
    """The number that is usual elsewhere stands beside ours, and what it hides."""
    assert "since the detector's event, which hides its wait for silence: median 22 ms, n=2" in (
        latency(run).layout.xaxis.title.text
    )


def test_a_figure_that_follows_a_session_is_not_crowded(run: Run) -> None:
    """No anchors and no foot there."""
    made = latency_figure(run.turn_list())
    assert len(made.data) == 6
    assert made.layout.title.text is None


def early(run: Run) -> list[Turn]:
    """Turn 1, decided 300 ms before the user's end and answered 100 ms before it; turn 2 as it was."""
    first, second, _ = run.turn_list()
    parts = {
        "endpoint_ms": -300.0,
        "request_ms": 20.0,
        "model_ms": 80.0,
        "playout_ms": 50.0,
        "leading_silence_ms": 50.0,
    }
    return [replace(first, voice_to_voice_ms=-100.0, residual_ms=0.0, **parts), second]


def test_what_happens_before_the_users_end_lies_left_of_zero(run: Run) -> None:
    """Each part begins where the one before ends, also below zero; nothing is clipped, and the sum is the whole."""
    made = {trace.name: trace for trace in latency_figure(early(run), anchors=True).data}
    assert [made[part].base[0] for part in ("endpoint", "request", "model", "playout", "leading silence")] == [
        0, -300, -280, -200, -150,
    ]  # fmt: skip
    assert made["leading silence"].base[0] + made["leading silence"].x[0] == made["voice to voice"].x[0] == -100
    assert made["detector's event"].x[0] == -300
    assert "the reply overlaps the user's end" in made["voice to voice"].hovertext[0].replace("<br>", " ")


def test_the_axis_goes_below_zero_only_where_something_is(run: Run) -> None:
    """Otherwise every bar begins at the edge."""
    assert latency_figure(early(run)).layout.xaxis.rangemode == "normal"
    assert latency_figure(run.turn_list()).layout.xaxis.rangemode == "tozero"


def test_the_source_stands_at_the_foot(run: Run) -> None:
    """Whose numbers, and which definitions."""
    assert latency(run).layout.title.text.startswith("Run story; embedded server (rules, not a model; nothing billed)")
