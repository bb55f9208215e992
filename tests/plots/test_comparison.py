"""Runs side by side."""

from __future__ import annotations

import pytest

from voicelab.measure.run import Run
from voicelab.plots import comparison
from voicelab.plots.comparison import comparison_panels, draws_runs, groups_of
from voicelab.plots.spread import Panel

from .conftest import Stage


def answered(stage: Stage, name: str, stopped_ms: int, **tags: str) -> Run:
    """A run of one labelled turn whose speech ended at 1500 ms."""
    story = stage(name, tags=tags)
    labels = {"speech_start_ms": 500.0, "speech_end_ms": 1500.0, "text": "Hello."}
    story.record("local", "voicelab.source.started", 0, clip="hello", labels=labels)
    story.send_audio(0, stopped_ms, speech=(500, 1500))
    story.spoken("item_u1", 200, stopped_ms, "hi")
    story.reply("a", stopped_ms, 600, "Hello.", heard_ms=300.0 if stopped_ms > 2500 else None)
    return story.run()


@pytest.fixture
def pairs(stage: Stage) -> list[Run]:
    """Five pairs: quick ones answer 512 ms and more after the speech, slow ones exactly a second later."""
    return [
        answered(stage, f"{condition}{k}", 2000 + 20 * k + extra_ms, condition=condition, number=str(k))
        for k in range(5)
        for condition, extra_ms in (("quick", 0), ("slow", 1000))
    ]


def titled(panels: list[Panel], beginning: str) -> Panel:
    return next(panel for panel in panels if panel.title.startswith(beginning))


def test_a_tag_makes_the_groups_and_its_absence_makes_single_runs(pairs: list[Run]) -> None:
    """Grouped by condition; by a tag that nobody has, each run is its own."""
    assert [(group.name, len(group.members)) for group in groups_of(pairs, "condition")] == [("quick", 5), ("slow", 5)]
    assert [group.name for group in groups_of(pairs, "nothing")] == [run.folder.name for run in pairs]
    assert len(groups_of(pairs, None)) == 10


def test_a_run_without_the_tag_is_a_group_that_says_so(stage: Stage, pairs: list[Run]) -> None:
    """It is not left out, and is nothing that others are compared with: it stands last."""
    odd = answered(stage, "odd", 2000)
    assert [group.name for group in groups_of([odd, *pairs], "condition")] == ["quick", "slow", "without condition"]


def test_from_five_runs_a_group_up_the_run_is_the_unit(pairs: list[Run]) -> None:
    """Turns of one conversation are not independent; with few runs there is nothing else."""
    assert draws_runs(groups_of(pairs, "condition"))
    assert not draws_runs(groups_of(pairs[:-1], "condition"))
    assert "intervals are drawn from runs" in comparison(pairs).layout.title.text
    assert "intervals are drawn from turns" in comparison(pairs[:4]).layout.title.text


def test_runs_of_the_same_number_are_paired(pairs: list[Run]) -> None:
    """Every pair differs by exactly a second, so the interval of the difference has no width."""
    panel = titled(comparison_panels(groups_of(pairs, "condition")), "voice to voice")
    assert panel.rows[1].notes == ["minus quick: +1,000\u00a0ms [1,000, 1,000\u00a0ms], 5 pairs; differs"]
    assert panel.rows[0].notes == []


def test_without_a_partner_for_each_the_difference_is_unpaired(stage: Stage, pairs: list[Run]) -> None:
    """A run too many, and nothing is a pair any more."""
    more = [*pairs, answered(stage, "more", 2200, condition="slow", number="9")]
    (note,) = titled(comparison_panels(groups_of(more, "condition")), "voice to voice").rows[1].notes
    assert "pairs" not in note
    assert note.startswith("minus quick: +")


def test_a_difference_that_may_be_nothing_is_told_as_such(stage: Stage) -> None:
    """The interval holds 0: no verdict."""
    runs = [
        answered(stage, f"{condition}{k}", 2000 + ms, condition=condition, number=str(k))
        for k, ms in enumerate((0, 60, 20, 80, 40))
        for condition in ("a", "b")
    ]
    (note,) = titled(comparison_panels(groups_of(runs, "condition")), "voice to voice").rows[1].notes
    assert note == "minus a: 0\u00a0ms [0, 0\u00a0ms], 5 pairs; the interval holds 0"


def test_every_measure_has_its_panel(pairs: list[Run]) -> None:
    """Latency, cost, interruptions and what was heard."""
    titles = [panel.title for panel in comparison_panels(groups_of(pairs, "condition"))]
    assert [title.split(",")[0] for title in titles] == [
        "voice to voice",
        "endpoint",
        "cost of a turn",
        "replies interrupted",
        "heard",
    ]


def test_shares_are_of_turns_and_of_sums(pairs: list[Run]) -> None:
    """All slow replies were cut off at 300 of 2000 ms generated; all quick ones were heard."""
    panels = comparison_panels(groups_of(pairs, "condition"))
    quick, slow = titled(panels, "replies interrupted").rows
    assert (quick.middle.value, slow.middle.value, slow.middle.n) == (0.0, 1.0, 5)
    assert quick.middle.high == pytest.approx(3 / 5)
    quick, slow = titled(panels, "heard").rows
    assert (quick.middle.value, slow.middle.value) == (pytest.approx(1.0), pytest.approx(300 / 2000))


def test_labelled_and_estimated_ends_are_panels_apart(run: Run) -> None:
    """No average over both."""
    titles = [panel.title for panel in comparison_panels(groups_of([run], None))]
    assert titles[:2] == ["voice to voice, end of speech labelled", "voice to voice, end of speech estimated"]


def test_what_is_missing_is_counted(stage: Stage, pairs: list[Run]) -> None:
    """A run whose only turn was never answered has no latency."""
    silent = stage("silent", tags={"condition": "slow", "number": "7"})
    labels = {"speech_start_ms": 500.0, "speech_end_ms": 1500.0}
    silent.record("local", "voicelab.source.started", 0, clip="hello", labels=labels)
    silent.send_audio(0, 2000, speech=(500, 1500))
    silent.spoken("item_u1", 200, 2000, "hi")
    rows = titled(comparison_panels(groups_of([*pairs, silent.run()], "condition")), "voice to voice").rows
    assert [(row.middle.n, row.middle.n_missing) for row in rows] == [(5, 0), (5, 1)]


def test_runs_without_turns_say_so(stage: Stage) -> None:
    """Nothing to compare."""
    assert "nothing to compare" in comparison([stage().run()]).layout.annotations[0].text
