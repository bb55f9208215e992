"""TextGrids for Praat beside copies of the sound: one folder a run, one tier a lane.

In: runs.  Out: ``<run>/timeline.TextGrid`` for ``input.wav`` and ``heard.wav``, ``<run>/output.TextGrid`` for
``output.wav``.
Does not know: what happened (``lanes``).

Source of the form: the Praat manual, "TextGrid file formats" (full text format): a tier of intervals covers its whole
time without a gap, so between two stretches lies an interval without text; a quotation mark in a text is doubled. An
interval has a length: what begins and ends at one instant is a point. Stretches that overlap get tiers of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from voicelab.measure.exports.lanes import MARKS, Stretch, instants_of, lanes_of, layers_of, received_sound
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.exports.sound import copy_tracks
from voicelab.measure.run import Run
from voicelab.runlog.record import TRACK_RATE_HZ

# Times are written in seconds to the microsecond: what is closer is the same instant.
_DECIMALS = 6
_LEAST_S = 10**-_DECIMALS


@dataclass(frozen=True)
class _Tier:
    """Intervals ``(start_s, end_s, text)`` that cover everything, or points ``(at_s, text)``."""

    name: str
    intervals: tuple[tuple[float, float, str], ...] = ()
    points: tuple[tuple[float, str], ...] = ()


def write_textgrids(named: Sequence[NamedRun], out: Path) -> list[Path]:
    """Write one folder a run."""
    written = []
    for one in named:
        folder = out / one.name
        written += copy_tracks(one.run, folder)
        for name, (tiers, end_s) in {"timeline": _timeline(one.run), "output": _output(one.run)}.items():
            path = folder / f"{name}.TextGrid"
            path.write_text("".join(f"{line}\n" for line in _grid(tiers, end_s)), "utf-8", newline="\n")
            written.append(path)
    return written


def _timeline(run: Run) -> tuple[list[_Tier], float]:
    end_s = max(_LEAST_S, _s(run.duration_ms))
    tiers = [tier for lane, stretches in lanes_of(run).items() for tier in _interval_tiers(lane, stretches, end_s)]
    points: dict[float, str] = {}
    for instant in instants_of(run):
        at_s = min(_s(instant.at_ms), end_s)
        # Praat takes one point an instant.
        points[at_s] = f"{points[at_s]} | {instant.name}" if at_s in points else instant.name
    return [*tiers, _Tier(MARKS, points=tuple(points.items()))], end_s


def _output(run: Run) -> tuple[list[_Tier], float]:
    end_s = max(_LEAST_S, _s(len(run.samples("output")) * 1000 / TRACK_RATE_HZ))
    stretches = received_sound(run)
    if stretches:
        end_s = max(end_s, _s(stretches[-1].end_ms))  # the sound may have been left out
    return _interval_tiers("output", stretches, end_s), end_s


def _interval_tiers(name: str, stretches: Sequence[Stretch], end_s: float) -> list[_Tier]:
    return [
        _Tier(name if not n else f"{name} {n + 1}", tuple(_covering(layer, end_s)))
        for n, layer in enumerate(layers_of(stretches) or [[]])
    ]


def _covering(stretches: Sequence[Stretch], end_s: float) -> Iterator[tuple[float, float, str]]:
    """Yield intervals from 0 to the end, those between two stretches without text."""
    at_s = 0.0
    for stretch in stretches:
        start, end = max(at_s, _s(stretch.start_ms)), min(end_s, _s(stretch.end_ms))
        if end <= start:
            continue
        if start > at_s:
            yield at_s, start, ""
        yield start, end, stretch.name
        at_s = end
    if at_s < end_s:
        yield at_s, end_s, ""


def _grid(tiers: Sequence[_Tier], end_s: float) -> Iterator[str]:
    yield from ('File type = "ooTextFile"', 'Object class = "TextGrid"', "")
    yield from (
        f"xmin = {_number(0)}",
        f"xmax = {_number(end_s)}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    )
    for n, tier in enumerate(tiers, 1):
        kind = "IntervalTier" if tier.intervals else "TextTier"
        yield f"    item [{n}]:"
        yield f'        class = "{kind}"'
        yield f"        name = {_text(tier.name)}"
        yield f"        xmin = {_number(0)}"
        yield f"        xmax = {_number(end_s)}"
        if tier.intervals:
            yield f"        intervals: size = {len(tier.intervals)}"
        else:
            yield f"        points: size = {len(tier.points)}"
        for k, (start, end, text) in enumerate(tier.intervals, 1):
            yield f"        intervals [{k}]:"
            yield f"            xmin = {_number(start)}"
            yield f"            xmax = {_number(end)}"
            yield f"            text = {_text(text)}"
        for k, (at, text) in enumerate(tier.points, 1):
            yield f"        points [{k}]:"
            yield f"            number = {_number(at)}"
            yield f"            mark = {_text(text)}"


def _s(ms: float) -> float:
    return round(max(0.0, ms) / 1000, _DECIMALS)


def _number(value: float) -> str:
    return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".") if value else "0"


def _text(value: str) -> str:
    one_line = " ".join(value.split()).replace('"', '""')
    return f'"{one_line}"'
