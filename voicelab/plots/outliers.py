"""Which turns of many to listen to first, and by which rule each of them stands out.

In: runs.  Out: frozen `Finding` values, each with its rule and its turns.
Does not know: pages, figures.

The rule for a number is Tukey's fence: above the third quartile by more than one and a half times the distance between
the quartiles, among comparable turns; where none is, the greatest five. Turns are comparable only within one group
(such as a condition), and latencies only where the end of speech is known in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from voicelab.measure.floor import floor_of
from voicelab.measure.run import Run
from voicelab.measure.scene import TOLERANCE_MS, scene_of
from voicelab.measure.turns import Turn
from voicelab.plots.wording import by_anchor, count, money, seconds

_FENCE = 1.5
_GREATEST = 5
#: More of one kind are counted, and not shown one by one.
MOST_SHOWN = 10

_Write: TypeAlias = Callable[[float], str]


@dataclass(frozen=True)
class Outlier:
    """A turn that stands out: its run's place in the list (from 1), and its value in words."""

    place: int
    turn: Turn
    value: str


@dataclass(frozen=True)
class Finding:
    """Turns that stand out in one way.

    Parameters
    ----------
    title : str
    rule : str
        Why these and no others.
    outliers : sequence of Outlier
        The farthest first.
    """

    title: str
    rule: str
    outliers: Sequence[Outlier]


@dataclass(frozen=True)
class _Value:
    """A turn, where it is, the group in which it is comparable, and its value."""

    place: int
    turn: Turn
    group: str
    value: float


def findings(runs: Sequence[Run], by: str | None = None) -> list[Finding]:
    """Return the turns with the longest replies, the largest residual, the most waste, the highest cost, and cut off.

    Parameters
    ----------
    runs : sequence of Run
    by : str, optional
        Name of the tag by which runs are comparable; without it all are.

    Returns
    -------
    list of Finding
        Ways in which no turn stands out are absent.
    """
    groups = [run.manifest.tags.get(by, f"without {by}") if by else "" for run in runs]
    turns = [
        (place, group, turn)
        for place, (run, group) in enumerate(zip(runs, groups, strict=True), 1)
        for turn in run.turn_list()
    ]

    def values(measure: Callable[[Turn], float | None], among: Iterable[Turn] = ()) -> list[_Value]:
        anchors = {turn.speech_end_from for turn in among}
        own = [one for one in turns if not anchors or one[2].speech_end_from in anchors]
        found = [(place, turn, group, measure(turn)) for place, group, turn in own]
        return [_Value(place, turn, group, value) for place, turn, group, value in found if value is not None]

    of_all = f"of the same {by}" if by else ""
    found = [
        _standing_out(
            f"longest voice-to-voice, end of speech {known}",
            values(lambda turn: turn.voice_to_voice_ms, alike),
            _ms,
            of_all,
        )
        for known, alike in by_anchor(turn for _, _, turn in turns).items()
    ]
    residuals = values(lambda turn: None if turn.residual_ms is None else abs(turn.residual_ms))
    found += [
        # Less than a millisecond is what numbers are rounded by.
        _standing_out("largest residual of the latency stack", residuals, _ms, of_all, above=1.0),
        _cut_off(runs),
        _standing_out("most wasted sound", values(lambda turn: turn.wasted_ms), seconds, of_all),
        _standing_out("costliest", values(lambda turn: turn.cost_usd), money, of_all),
    ]
    return [finding for finding in found if finding.outliers]


def _ms(value: float) -> str:
    return f"{value:,.0f} ms"


def _standing_out(title: str, values: Sequence[_Value], write: _Write, of_all: str, above: float = 0.0) -> Finding:
    """Return the turns past their group's fence, or the greatest; none that is not above what says nothing."""
    by_group: dict[str, list[float]] = {}
    for one in values:
        by_group.setdefault(one.group, []).append(one.value)
    fences = {group: fence_of(own) for group, own in by_group.items()}
    ranked = sorted((one for one in values if one.value > above), key=lambda one: -one.value)
    past = sorted(
        (one for one in ranked if one.value > fences[one.group]), key=lambda one: fences[one.group] - one.value
    )
    among = " ".join(filter(None, [f"the {len(values):,} comparable turns", of_all]))
    told = ", ".join(f"{group}: {write(fence)}" if of_all else write(fence) for group, fence in fences.items())
    if past:
        shown = past[:MOST_SHOWN]
        more = f"; the farthest {len(shown)} of {len(past)}" if len(past) > len(shown) else ""
        rule = f"above Q3 + 1.5 IQR of {among} ({told}){more}"
    else:
        shown = ranked[:_GREATEST]
        rule = f"the greatest {len(shown)} of {among}; none is above Q3 + 1.5 IQR ({told})"
    return Finding(title, rule, tuple(Outlier(one.place, one.turn, write(one.value)) for one in shown))


def fence_of(values: Sequence[float]) -> float:
    """Return the third quartile and one and a half times the distance between the quartiles (linear interpolation)."""
    first, third = np.percentile(values, [25, 75])
    return float(third + _FENCE * (third - first))


def _cut_off(runs: Sequence[Run]) -> Finding:
    """Return the turns that the detector ended while the user was still speaking, by labels and marks."""
    found: list[tuple[float, Outlier]] = []
    n_judged = 0
    for place, run in enumerate(runs, 1):
        turns = run.turn_list()
        of_item = {turn.item_id: turn for turn in turns}
        scene = scene_of(run.facts(), turns, floor_of(run.records(), run.facts()), run.duration_ms)
        labelled = scene.of("labelled")
        n_judged += len(labelled)
        for wanted in labelled:
            for detection in scene.floor.detections:
                turn, decided_ms = of_item.get(detection.item_id), detection.decided_ms
                if turn and decided_ms and wanted.onset_ms < decided_ms < wanted.end_ms - TOLERANCE_MS:
                    early_ms = wanted.end_ms - decided_ms
                    found.append((early_ms, Outlier(place, turn, f"{_ms(early_ms)} early")))
    found.sort(key=lambda one: -one[0])
    more = f"; the earliest {MOST_SHOWN} of {len(found)}" if len(found) > MOST_SHOWN else ""
    rule = (
        f"an end was decided over {TOLERANCE_MS:.0f} ms before the labelled or marked one, "
        f"of {count(n_judged, 'labelled turn')}{more}"
    )
    return Finding("users cut off", rule, tuple(outlier for _, outlier in found[:MOST_SHOWN]))
