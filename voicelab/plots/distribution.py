"""How latency and its parts spread over the turns of one run or of many.

In: a `Run`, or several.  Out: a plotly figure; x is milliseconds.
Does not know: how the parts are measured (``measure.turns``), nor how intervals are (``measure.intervals``).

By the project's metric definitions, section 5: median with a 95 % percentile bootstrap over turns, the 95th percentile
only from 20 turns up and else the greatest value, always n and how many are missing. Turns whose end of speech is
labelled, estimated or the detector's own are rows apart and share no number. No turn is left out for being slow or
early; the first turn of a run, a cold start, has a symbol of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from voicelab.measure.intervals import maximum_of, median_of, percentile_of
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.plots import theme
from voicelab.plots.latency import PARTS
from voicelab.plots.provenance import figure_source
from voicelab.plots.spread import Panel, Point, Row, spread_figure
from voicelab.plots.wording import by_anchor, count, heard_words, printable

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROWS = (
    ("voice to voice", "voice_to_voice_ms"),
    *((name, field) for name, field, _, _ in PARTS),
    ("from the detector's event", "from_stopped_ms"),
)


def latency_distribution(run_or_runs: Run | Iterable[Run], *, dark: bool = False) -> Figure:
    """Draw each part of the latency, and the whole from both anchors, as points with median, interval and upper end.

    Parameters
    ----------
    run_or_runs : Run or iterable of Run
        `voicelab.measure.runs.Runs` is one.
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        A panel for each way in which ends of speech are known; see `voicelab.plots.spread.spread_figure`. Typed turns
        have no end of speech and are not in it. A point's ``customdata`` is its turn; of several runs, the run's
        place (from 1) and its turn.
    """
    runs = [run_or_runs] if isinstance(run_or_runs, Run) else list(run_or_runs)
    panels = latency_panels([run.turn_list() for run in runs], [run.folder.name for run in runs])
    if not panels:
        return theme.empty("No spoken turn is there yet, so no latency can spread", dark=dark)
    made = spread_figure(panels, dark=dark)
    return theme.foot(made, f"{_left_out(runs)}{figure_source(runs)}")


def latency_panels(turns_by_run: Iterable[list[Turn]], names: Iterable[str]) -> list[Panel]:
    """Return a panel for each way in which ends of speech are known."""
    placed = [(k, turn) for k, turns in enumerate(turns_by_run, 1) for turn in turns]
    names_of = dict(enumerate(names, 1))
    first: dict[int, int] = {}
    for k, turn in placed:
        if turn.kind == "spoken":
            first.setdefault(k, turn.turn)

    def point(k: int, turn: Turn, value: float) -> Point:
        several = len(names_of) > 1
        run = f"{printable(names_of[k])}, " if several else ""
        text = f"{run}turn {turn.turn}: {value + 0.0:,.1f} ms; {heard_words(turn)}"
        return Point(value, text, (k, turn.turn) if several else turn.turn, first.get(k) == turn.turn)

    def row(name: str, field: str, own: list[tuple[int, Turn]]) -> Row:
        values: list[float | None] = [getattr(turn, field) for _, turn in own]
        points = [point(k, turn, ms) for (k, turn), ms in zip(own, values, strict=True) if ms is not None]
        p95 = percentile_of(values, 95)
        upper = maximum_of(values) if p95.value is None else p95
        return Row(name, points, median_of(values), upper=upper, upper_is_p95=p95.value is not None)

    panels = []
    for known, alike in by_anchor(turn for _, turn in placed).items():
        anchors = {turn.speech_end_from for turn in alike}
        own = [(k, turn) for k, turn in placed if turn.speech_end_from in anchors]
        panels.append(Panel(f"end of speech {known}", "ms", [row(name, field, own) for name, field in _ROWS]))
    return panels


def _left_out(runs: Iterable[Run]) -> str:
    turns = [turn for run in runs for turn in run.turn_list()]
    n_typed = sum(turn.kind == "typed" for turn in turns)
    n_unknown = sum(turn.kind == "spoken" and turn.speech_end_from is None for turn in turns)
    found = [(n_typed, "typed turn"), (n_unknown, "turn whose end of speech is not known")]
    told = [count(n, what, what.replace("turn", "turns", 1)) for n, what in found if n]
    return f"Without {' and '.join(told)}. " if told else ""
