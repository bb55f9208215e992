"""How latency spreads over turns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from voicelab.measure.intervals import median_of
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.plots import latency_distribution
from voicelab.plots.distribution import latency_panels
from voicelab.plots.spread import Panel, Row

from .conftest import Stage


def spoken(run: Run, n: int, **changes: Any) -> list[Turn]:
    """As many labelled turns, whose voice-to-voice grows by 10 ms from 500 on."""
    first = run.turn_list()[0]
    return [replace(first, turn=k + 1, voice_to_voice_ms=500.0 + 10 * k, **changes) for k in range(n)]


def whole(panel: Panel) -> Row:
    return next(row for row in panel.rows if row.name == "voice to voice")


def test_labelled_and_estimated_turns_never_share_a_number(run: Run) -> None:
    """A panel for each, in which only its own turns are points."""
    labelled, estimated, typed = run.turn_list()
    panels = latency_panels([[labelled, estimated, typed]], ["story"])
    assert [panel.title for panel in panels] == ["end of speech labelled", "end of speech estimated"]
    assert [[point.where for point in whole(panel).points] for panel in panels] == [[1], [2]]


def test_the_median_has_its_bootstrap_interval_and_n(run: Run) -> None:
    """The same numbers as everywhere else in the house."""
    turns = spoken(run, 9)
    row = whole(latency_panels([turns], ["story"])[0])
    assert row.middle == median_of([turn.voice_to_voice_ms for turn in turns])
    assert (row.middle.value, row.middle.n) == (540.0, 9)
    assert row.middle.low is not None


@pytest.mark.parametrize(("n", "upper", "is_p95"), [(19, 680.0, False), (20, 680.5, True)])
def test_the_95th_percentile_comes_from_20_turns_up(run: Run, n: int, upper: float, is_p95: bool) -> None:
    """Below that it is the greatest value, and says so."""
    panels = latency_panels([spoken(run, n)], ["story"])
    row = whole(panels[0])
    assert row.upper is not None
    assert (row.upper.value, row.upper_is_p95) == (pytest.approx(upper), is_p95)


def test_a_turn_without_a_reply_is_counted_as_missing(run: Run) -> None:
    """It has no latency, and may not be dropped in silence."""
    turns = [*spoken(run, 3), replace(run.turn_list()[0], turn=4, voice_to_voice_ms=None)]
    row = whole(latency_panels([turns], ["story"])[0])
    assert (row.middle.n, row.middle.n_missing) == (3, 1)


def test_the_first_turn_of_each_run_has_its_own_symbol_and_stays_in(run: Run) -> None:
    """A cold start is told apart; no turn is left out for being slow."""
    row = whole(latency_panels([spoken(run, 3), spoken(run, 2)], ["one", "two"])[0])
    assert [point.where for point in row.points if point.first] == [(1, 1), (2, 1)]
    assert row.middle.n == 5


def test_overlaps_stay_below_zero(run: Run) -> None:
    """A clamped negative would hide that the reply began too early."""
    turns = [replace(turn, voice_to_voice_ms=-120.0) for turn in spoken(run, 2)]
    assert [point.value for point in whole(latency_panels([turns], ["story"])[0]).points] == [-120.0, -120.0]


def test_the_figure_tells_numbers_source_and_who_is_not_in_it(run: Run) -> None:
    """Median, n and missing in words above each row; typed turns are named at the foot."""
    made = latency_distribution(run)
    texts = [annotation.text for annotation in made.layout.annotations]
    assert "voice to voice: median 512\u00a0ms, max 512\u00a0ms, n=1, 0 missing" in texts
    assert "from the detector's event: median 12\u00a0ms, max 12\u00a0ms, n=1, 0 missing" in texts
    assert made.layout.title.text.startswith("Without 1 typed turn. Run story; ")


def test_a_point_knows_its_turn_and_over_runs_its_run(run: Run) -> None:
    """So that a click can play it."""
    alone = {trace.name: trace for trace in latency_distribution(run).data}
    assert alone["first turn of a run (cold start)"].customdata[0] == 1
    both = {trace.name: trace for trace in latency_distribution([run, run]).data}
    assert [tuple(where) for where in both["first turn of a run (cold start)"].customdata[:2]] == [(1, 1), (2, 1)]


def test_without_a_spoken_turn_it_says_so(stage: Stage) -> None:
    """Nothing to spread."""
    assert "No spoken turn" in latency_distribution(stage().run()).layout.annotations[0].text
