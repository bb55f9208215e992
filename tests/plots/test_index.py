"""What stands in front of many runs."""

from __future__ import annotations

import pytest

from voicelab.measure.run import Run
from voicelab.plots.index import MOST_GROUPS, grouping, outliers_part, runs_part, summary
from voicelab.plots.outliers import findings

from .conftest import Stage


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (
            [{"voice": "a", "condition": "x"}, {"voice": "b", "condition": "y"}, {"voice": "b", "condition": "y"}],
            "condition",
        ),
        ([{"voice": "a"}, {"voice": "b"}, {"voice": "b"}], "voice"),
        ([{"number": "1"}, {"number": "2"}, {"number": "3"}], None),
        ([{}, {}, {}], None),
    ],
)
def test_runs_are_grouped_by_a_tag_that_tells_groups_apart(
    stage: Stage, tags: list[dict[str, str]], found: str | None
) -> None:
    """The condition first; a number of its own for each run makes no groups."""
    assert grouping([stage(f"r{k}", tags=one).run() for k, one in enumerate(tags)]) == (True, found)


def test_too_many_single_runs_are_a_list_and_no_figure(stage: Stage) -> None:
    """Forty rows a panel would be no comparison."""
    assert grouping([stage(f"r{k}").run() for k in range(MOST_GROUPS + 1)]) == (False, None)


def test_the_sentence_adds_up_and_takes_no_median(run: Run) -> None:
    """Counts and money can be added over runs."""
    assert (
        summary([run, run]) == "2 runs; 6 turns; 2 replies cut off; about $0.04 at gpt-realtime prices, nothing billed"
    )


def test_costs_at_different_prices_are_not_added(run: Run, stage: Stage) -> None:
    """What was billed and what was not are no sum."""
    hosted = stage("hosted", prices={"model": "gpt-realtime", "billed": True})
    hosted.reply("a", 100, 600, "Hi.")
    assert "$" not in summary([run, hosted.run()])


def test_each_outlier_is_a_link_to_its_turn_and_says_its_rule(run: Run) -> None:
    """What it is, by which rule, and where to hear it."""
    written = outliers_part(findings([run]), [run])
    assert '<a href="#run-1-turn-2" class="jump">story, turn 2</a>' in written
    assert "<h3>Most wasted sound</h3>" in written
    assert "The greatest" in written or "Above Q3 + 1.5 IQR" in written
    assert "<script" not in written


def test_the_list_has_tags_and_notes_and_leads_to_each_run(stage: Stage) -> None:
    """A tag is a column, also where a run has none of it."""
    runs = [stage("a", tags={"condition": "<x>"}, note="first").run(), stage("b").run()]
    written = runs_part(runs)
    assert "&lt;x&gt;" in written
    assert "<td>first</td>" in written
    assert written.count('href="#run-') == 2
