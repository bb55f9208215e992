"""The latency stack."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.measure.run import Run
from voicelab.plots import latency

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
