"""Promises of `voicelab.plots.both_ends`."""

from __future__ import annotations

from pathlib import Path

from tests.measure.test_both_ends import two_runs
from voicelab.plots.both_ends import both_ends


def test_one_point_an_event_in_the_direction_it_went(tmp_path: Path) -> None:
    """Two traces, told apart by shape as well as colour; the axis says how sure the clocks are."""
    figure = both_ends(*two_runs(tmp_path))
    up, down = figure.data
    assert (up.name, down.name) == ("to the server (2 events)", "to the client (2 events)")
    assert [round(y, 6) for y in up.y] == [2, 5]
    assert [round(y, 6) for y in down.y] == [10, 2]
    assert list(up.x) == [0.1, 0.2]
    assert up.marker.symbol != down.marker.symbol
    assert "within 2.00 ms" in figure.layout.yaxis.title.text
    assert "response.done" in down.text[0]
