"""Runs side by side, or grouped by a tag: latency, cost, interruptions and what was heard, with intervals and n.

In: runs.  Out: a plotly figure, one panel a measure, one row a group.
Does not know: how anything is measured (``measure``), nor how rows are drawn (``spread``).

By the project's metric definitions, section 5. What is drawn again and again for the interval is the run where every
group has at least five, since turns of one conversation are not independent; else the turn. Two groups are paired
where their runs are: where they carry the same other tags, each once. Labelled and estimated ends of speech are panels
apart; n and the number missing stand in every row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Literal

from voicelab.measure.intervals import (
    Estimate,
    difference_of,
    maximum_of,
    mean_of,
    median_of,
    percentile_of,
    rate_of,
    ratio_of,
)
from voicelab.measure.ledger import added
from voicelab.measure.metric import Basis
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.plots import theme
from voicelab.plots.provenance import figure_source
from voicelab.plots.spread import Panel, Point, Row, interval, spread_figure, written
from voicelab.plots.wording import by_anchor, count, heard_words, printable

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

#: From so many runs in every group on, the run is what is drawn for an interval.
RUNS_FOR_AN_INTERVAL = 5
_COLOURS = {"ms": theme.USER, "USD": theme.PROBABILITY, "share": theme.PURPLE}


@dataclass(frozen=True)
class Member:
    """One run in a comparison: its place in the list (from 1), name, tags, and turns."""

    place: int
    name: str
    tags: dict[str, str]
    turns: Sequence[Turn]
    cut_off: dict[Basis, tuple[int, int, int]]


@dataclass(frozen=True)
class Group:
    """Runs that are one row."""

    name: str
    members: Sequence[Member]

    @property
    def turns(self) -> list[Turn]:
        """All turns of all its runs."""
        return [turn for member in self.members for turn in member.turns]


def comparison(runs: Iterable[Run], by: str | None = "condition", *, dark: bool = False) -> Figure:
    """Draw runs side by side, grouped by a tag.

    Parameters
    ----------
    runs : iterable of Run
        `voicelab.measure.runs.Runs` is one.
    by : str or None
        Name of the tag whose values are the groups; where no run has it, or with None, each run is a group.
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        Panels of voice-to-voice and endpoint (labelled and estimated apart), cost a turn, users cut off (by basis),
        replies interrupted and the share of sound that was heard; see `voicelab.plots.spread.spread_figure`. Under
        each row but the first stands its difference to the first row.
    """
    several = list(runs)
    groups = groups_of(several, by)
    panels = comparison_panels(groups)
    if not panels:
        return theme.empty("No turn is in these runs yet, so there is nothing to compare", dark=dark)
    made = spread_figure(panels, dark=dark)
    return theme.foot(made, f"{_told_how(groups, by)} {figure_source(several)}")


def groups_of(runs: Sequence[Run], by: str | None) -> list[Group]:
    """Return the runs grouped by a tag, in the order in which its values appear, those without it last."""
    short = [run.folder.name for run in runs]
    names = [f"{r.folder.parent.name}/{n}" if short.count(n) > 1 else n for r, n in zip(runs, short, strict=True)]
    members = [
        Member(place, printable(name), dict(run.manifest.tags), run.turn_list(), _cut_off(run))
        for place, (run, name) in enumerate(zip(runs, names, strict=True), 1)
    ]
    if by is None or not any(by in member.tags for member in members):
        return [Group(member.name, [member]) for member in members]
    values = sorted(dict.fromkeys(member.tags.get(by) for member in members), key=lambda value: value is None)
    return [
        Group(f"without {by}" if value is None else printable(value), [m for m in members if m.tags.get(by) == value])
        for value in values
    ]


def _cut_off(run: Run) -> dict[Basis, tuple[int, int, int]]:
    """Return how many of the user's turns were cut off, of how many, and how many are missing, by basis."""
    rows = [row for row in run.metric_list() if row.metric == "cut_off_rate" and row.value is not None]
    return {row.basis: (round((row.value or 0.0) * row.n), row.n, row.n_missing) for row in rows}


def draws_runs(groups: Sequence[Group]) -> bool:
    """Return whether the run is what is drawn for an interval; else it is the turn."""
    return all(len(group.members) >= RUNS_FOR_AN_INTERVAL for group in groups)


def _told_how(groups: Sequence[Group], by: str | None) -> str:
    n_runs = sum(len(group.members) for group in groups)
    grouped = f"Grouped by {by}" if len(groups) < n_runs else "Each run for itself"
    drawn = "runs, by the median of each (cost: the mean)" if draws_runs(groups) else "turns"
    return f"{grouped}; intervals are drawn from {drawn}; those of counted shares are Wilson's, over turns."


# --- panels -----------------------------------------------------------------------------------------------------


def comparison_panels(groups: Sequence[Group]) -> list[Panel]:
    """Return the panels that there is anything to show in."""
    made = [
        *_latencies(groups, "voice to voice", "voice_to_voice_ms"),
        *_latencies(groups, "endpoint", "endpoint_ms"),
        _panel(groups, "cost of a turn, without transcription", "USD", _cost),
        *(_cut_offs(groups, basis) for basis in ("labelled", "estimated")),
        _panel(groups, "replies interrupted, of all with sound", "share", _interrupted),
        _panel(groups, "heard, of all sound generated", "share", _heard),
    ]
    return [panel for panel in made if any(row.middle.value is not None for row in panel.rows)]


@dataclass(frozen=True)
class _Found:
    """A measure in one group: what is drawn, its middle, and the values that a difference is taken of."""

    points: list[Point]
    middle: Estimate
    called: str
    values: list[float | None]
    statistic: Literal["mean", "median"]
    upper: Estimate | None = None
    upper_is_p95: bool = False


def _panel(groups: Sequence[Group], title: str, unit: str, measure: Callable[[Group, bool], _Found]) -> Panel:
    by_run = draws_runs(groups)
    found = [measure(group, by_run) for group in groups]
    rows = [
        Row(
            group.name,
            one.points,
            one.middle,
            one.called,
            one.upper,
            one.upper_is_p95,
            [_difference(groups[0], found[0], group, one, unit, by_run)] if k and len(groups) > 1 else [],
        )
        for k, (group, one) in enumerate(zip(groups, found, strict=True))
    ]
    return Panel(title, unit, rows, _COLOURS[unit])


def _difference(first: Group, base: _Found, group: Group, found: _Found, unit: str, by_run: bool) -> str:
    """Return how much more a group has than the first one, in a line."""
    order = _pairs(first, group) if by_run else None
    ours, theirs = found.values, base.values
    if order is not None:
        theirs = [base.values[k] for k in order]
    less = difference_of(ours, theirs, paired=order is not None, statistic=found.statistic)
    if less.value is None:
        return f"no difference to {first.name} can be told"
    write = written(unit)
    pairs = f", {count(less.n, 'pair')}" if order is not None else ""
    apart = less.low is not None and less.high is not None and (less.low > 0 or less.high < 0)
    verdict = "" if less.low is None else "; differs" if apart else "; the interval holds 0"
    sign = "+" if less.value > 0 else ""
    return f"minus {first.name}: {sign}{write(less.value)}{interval(less, write)}{pairs}{verdict}"


def _pairs(first: Group, group: Group) -> list[int] | None:
    """Return for each run of a group which run of the first one is its pair; None where they are none."""
    shared = set.union(*(set(member.tags) for member in (*first.members, *group.members)))
    same = {tag for tag in shared if len({m.tags.get(tag) for m in first.members}) > 1}
    ours, theirs = (
        [tuple(sorted((tag, m.tags.get(tag) or "") for tag in same)) for m in one.members] for one in (group, first)
    )
    if not same or len(set(ours)) < len(ours) or sorted(ours) != sorted(theirs):
        return None
    return [theirs.index(key) for key in ours]


def _latencies(groups: Sequence[Group], title: str, field: str) -> list[Panel]:
    known = by_anchor(turn for group in groups for turn in group.turns)

    def measure(anchors: set[str | None]) -> Callable[[Group, bool], _Found]:
        return lambda group, by_run: _latency(group, by_run, field, anchors)

    return [
        _panel(groups, f"{title}, end of speech {word}", "ms", measure({turn.speech_end_from for turn in turns}))
        for word, turns in known.items()
    ]


def _latency(group: Group, by_run: bool, field: str, anchors: set[str | None]) -> _Found:
    own = [(m, [t for t in m.turns if t.speech_end_from in anchors]) for m in group.members]
    if by_run:
        values = [_median([getattr(t, field) for t in turns]) for _, turns in own]
        return _Found(_of_runs(group, values, "ms"), median_of(values), "median", values, "median")
    pairs = [(m, turn) for m, turns in own for turn in turns]
    values = [getattr(turn, field) for _, turn in pairs]
    points = [_of_turn(m, t, value, "ms") for (m, t), value in zip(pairs, values, strict=True) if value is not None]
    p95 = percentile_of(values, 95)
    upper = maximum_of(values) if p95.value is None else p95
    return _Found(points, median_of(values), "median", values, "median", upper, p95.value is not None)


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _cost(group: Group, by_run: bool) -> _Found:
    if by_run:
        costs = [[t.cost_usd for t in m.turns] for m in group.members]
        values: list[float | None] = [
            fmean(c for c in one if c is not None) if one and None not in one else None for one in costs
        ]
        return _Found(_of_runs(group, values, "USD"), mean_of(values), "mean", values, "mean")
    pairs = [(m, turn) for m in group.members for turn in m.turns]
    points = [_of_turn(m, t, t.cost_usd, "USD") for m, t in pairs if t.cost_usd is not None]
    each: list[float | None] = [turn.cost_usd for _, turn in pairs]
    return _Found(points, mean_of(each), "mean", each, "mean")


def _cut_offs(groups: Sequence[Group], basis: Basis) -> Panel:
    def measure(group: Group, by_run: bool) -> _Found:
        counts = [member.cut_off.get(basis, (0, 0, 0)) for member in group.members]
        k, n, missing = (sum(one[place] for one in counts) for place in range(3))
        shares: list[float | None] = [cut / of if of else None for cut, of, _ in counts]
        each: list[float | None] = [*[1.0] * k, *[0.0] * (n - k)]
        points = _of_runs(group, shares, "share")
        return _Found(points, rate_of(k, n, missing), "share", shares if by_run else each, "mean")

    return _panel(groups, f"users cut off: an end was decided before theirs, {basis}", "share", measure)


def _interrupted(group: Group, by_run: bool) -> _Found:
    def sounding(member: Member) -> list[Turn]:
        return [turn for turn in member.turns if turn.delivered_ms]

    turns = [turn for member in group.members for turn in sounding(member)]
    shares = [_share([t.interrupted for t in sounding(m)]) for m in group.members]
    each: list[float | None] = [float(turn.interrupted) for turn in turns]
    points = _of_runs(group, shares, "share")
    middle = rate_of(sum(turn.interrupted for turn in turns), len(turns))
    return _Found(points, middle, "share", shares if by_run else each, "mean")


def _share(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def _heard(group: Group, by_run: bool) -> _Found:
    turns = [(m, turn) for m in group.members for turn in m.turns if turn.delivered_ms]
    units = [m.turns for m in group.members] if by_run else [[turn] for _, turn in turns]
    both = [_sums(one) for one in units]
    values = [None if heard is None or not made else heard / made for heard, made in both]
    middle = ratio_of([heard for heard, _ in both], [made for _, made in both])
    if by_run:
        points = _of_runs(group, values, "share")
    else:
        points = [_of_turn(m, t, v, "share") for (m, t), v in zip(turns, values, strict=True) if v is not None]
    return _Found(points, middle, "ratio of sums", values, "mean")


def _sums(turns: Sequence[Turn]) -> tuple[float | None, float | None]:
    """Return what was heard, and that with what was wasted.

    Not what was generated: tokens round a length up, and sound that is played to its end is wholly heard.
    """
    heard, wasted = added([turn.heard_ms for turn in turns]), added([turn.wasted_ms for turn in turns])
    return (None, None) if heard is None or wasted is None or not turns else (heard, heard + wasted)


def _of_runs(group: Group, values: Sequence[float | None], unit: str) -> list[Point]:
    return [
        Point(value, f"{m.name}: {written(unit)(value)}", (m.place, 0))
        for m, value in zip(group.members, values, strict=True)
        if value is not None
    ]


def _of_turn(member: Member, turn: Turn, value: float, unit: str) -> Point:
    spoken = next((one.turn for one in member.turns if one.kind == "spoken"), None)
    text = f"{member.name}, turn {turn.turn}: {written(unit)(value)}; {heard_words(turn)}"
    return Point(value, text, (member.place, turn.turn), unit == "ms" and turn.turn == spoken)
