"""Promises of `voicelab.measure.exports.textgrid`, read back by praatio."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from praatio import textgrid
from praatio.data_classes.textgrid import Textgrid

from tests.measure.room import Tape
from voicelab.measure.exports.lanes import LANES, lanes_of
from voicelab.measure.exports.named import NamedRun, named_runs
from voicelab.measure.exports.textgrid import write_textgrids


def read_grid(path: Path) -> Textgrid:
    return textgrid.openTextgrid(str(path), includeEmptyIntervals=True)


def test_tiers_have_the_stretches_of_the_lanes(one: list[NamedRun], tmp_path: Path) -> None:
    """Counts and sums, those of overlapping stretches over all tiers of their lane; what has no length is left out."""
    write_textgrids(one, tmp_path)
    grid = read_grid(tmp_path / "one" / "timeline.TextGrid")
    for lane, stretches in lanes_of(one[0].run).items():
        tiers = [name for name in grid.tierNames if name == lane or name.startswith(f"{lane} ")]
        entries = [entry for name in tiers for entry in grid.getTier(name).entries if entry.label]
        assert len(entries) == sum(stretch.end_ms > stretch.start_ms for stretch in stretches), lane
        lasted = sum(stretch.end_ms - stretch.start_ms for stretch in stretches) / 1000
        assert sum(entry.end - entry.start for entry in entries) == pytest.approx(lasted, abs=1e-5)
    assert [name for name in grid.tierNames if name in LANES] == list(LANES)
    assert {"tools 2", "responses 2"} <= set(grid.tierNames)


def test_a_tier_covers_the_whole_sound_without_a_gap(one: list[NamedRun], tmp_path: Path) -> None:
    """As Praat wants it."""
    write_textgrids(one, tmp_path)
    for name, end_s in (("timeline", one[0].run.duration_ms / 1000), ("output", 3.2)):
        grid = read_grid(tmp_path / "one" / f"{name}.TextGrid")
        assert (grid.minTimestamp, grid.maxTimestamp) == (0, pytest.approx(end_s))
        for tier in grid.tiers:
            if isinstance(tier, textgrid.IntervalTier):
                assert (tier.entries[0].start, tier.entries[-1].end) == (0, grid.maxTimestamp)
                assert all(before.end == after.start for before, after in pairwise(tier.entries))


def test_texts_and_points_come_back_as_they_were(one: list[NamedRun], tmp_path: Path) -> None:
    """Quotation marks too; what happened at one instant is one point."""
    write_textgrids(one, tmp_path)
    grid = read_grid(tmp_path / "one" / "timeline.TextGrid")
    assert next(entry.label for entry in grid.getTier("user speech").entries if entry.label) == "hello there"
    assert 'get_weather({"city": "Rome"})' in [entry.label for entry in grid.getTier("responses").entries]
    # This reader leaves the doubled quotation marks of a point as they are, unlike those of an interval.
    points = [(entry.time, entry.label.replace('""', '"')) for entry in grid.getTier("marks").entries]
    assert points == [(7.0, "typed: And tomorrow?"), (7.8, 'he said "hm" and left | error: bad_value')]
    text = (tmp_path / "one" / "timeline.TextGrid").read_text("utf-8")
    assert 'text = "get_weather({""city"": ""Rome""})"' in text
    output = read_grid(tmp_path / "one" / "output.TextGrid").getTier("output").entries
    assert [(entry.start, entry.end) for entry in output] == [(0, 0.5), (0.5, 2.5), (2.5, 2.9), (2.9, 3.2)]


def test_a_run_in_which_nothing_happened_is_still_a_grid(tmp_path: Path) -> None:
    """With its tiers, all empty."""
    write_textgrids(named_runs([Tape().save(tmp_path / "empty")]), tmp_path / "out")
    grid = read_grid(tmp_path / "out" / "empty" / "timeline.TextGrid")
    assert grid.tierNames == (*LANES, "marks")
    assert not any(entry.label for tier in grid.tiers for entry in tier.entries)
