"""Stretches of time: put together, held against each other, measured.

In and out: begin and end in ms on the run's time line.
Does not know: who speaks in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from voicelab.measure.speech import Window


def merged(windows: Iterable[Window], gap_ms: float = 0.0) -> list[Window]:
    """Return the stretches that the windows cover, in order; what is not further apart than ``gap_ms`` is one."""
    found: list[Window] = []
    for begin, end in sorted(windows):
        if end <= begin:
            continue
        if found and begin - found[-1][1] <= gap_ms + 1e-6:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def length_ms(windows: Iterable[Window]) -> float:
    """Return how long stretches are that do not overlap."""
    return sum(end - begin for begin, end in windows)


def within(windows: Iterable[Window], begin_ms: float, end_ms: float) -> list[Window]:
    """Return the parts of stretches that lie between two instants."""
    cut = [(max(begin, begin_ms), min(end, end_ms)) for begin, end in windows]
    return [(begin, end) for begin, end in cut if begin < end]


def common(a: Sequence[Window], b: Sequence[Window]) -> list[Window]:
    """Return what two lists of stretches, each in order and without overlaps, have in common."""
    found: list[Window] = []
    i = j = 0
    while i < len(a) and j < len(b):
        begin, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if begin < end:
            found.append((begin, end))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return found


def touch(windows: Iterable[Window], begin_ms: float, end_ms: float) -> bool:
    """Return whether any stretch has a part between two instants."""
    return any(begin < end_ms and begin_ms < end for begin, end in windows)
