"""What the detector thought: speech probability over time, and the threshold it was held against.

In: a `Run`.  Out: plotly traces; x is seconds on the run's time line.
Does not know: the figure around them, turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicelab.measure.run import Run
from voicelab.plots import theme

MOST_WINDOWS = 4_000
# A gap between scored windows that is longer than this is a gap in what was sent.
_GAP_MS = 1.0
_Floats: TypeAlias = NDArray[np.float64]


def probability_traces(run: Run, y_axis: str) -> Iterator[dict[str, Any]]:
    """Yield the traces ``speech probability`` and ``threshold``, as far as the run has them.

    Parameters
    ----------
    run : Run
    y_axis : str
        Plotly's name of the axis they belong to, such as ``y2``.
    """
    steps = [(t_ns / 1e9, value) for t_ns, value in run.facts().thresholds]
    starts, ends, p = _scores(run)
    if not len(p):
        return
    x, y = _with_gaps(*_thinned(starts, ends, p))
    yield {
        "type": "scatter",
        "name": "speech probability",
        "x": x,
        "y": y,
        "yaxis": y_axis,
        "mode": "lines",
        "line": {"color": theme.PROBABILITY, "width": 1, "shape": "hvh"},
        "fill": "tozeroy",
        "hovertemplate": "speech probability %{y:.2f} at %{x:.2f} s<extra></extra>",
    }
    if steps:
        yield {
            "type": "scatter",
            "name": "threshold",
            "x": [*(at_s for at_s, _ in steps), run.duration_ms / 1000],
            "y": [*(value for _, value in steps), steps[-1][1]],
            "yaxis": y_axis,
            "mode": "lines",
            "line": {"color": theme.NEUTRAL, "width": 1.5, "dash": "dash", "shape": "hv"},
            "hovertemplate": "threshold %{y:.2f} from %{x:.2f} s<extra></extra>",
        }


def _scores(run: Run) -> tuple[_Floats, _Floats, _Floats]:
    """Return begin, end (ms) and probability of every scored window."""
    rows = [
        (event["start_ms"] + k * event["window_ms"], event["window_ms"], p)
        for event in (record.event for record in run.records() if record.type == "voicelab.vad")
        for k, p in enumerate(event["p"])
    ]
    table = np.array(rows, np.float64).reshape(-1, 3)
    return table[:, 0], table[:, 0] + table[:, 1], table[:, 2]


def _thinned(starts: _Floats, ends: _Floats, p: _Floats) -> tuple[_Floats, _Floats, _Floats]:
    """Return at most `MOST_WINDOWS` windows: of neighbours the highest probability stays, so no speech is lost."""
    n = min(MOST_WINDOWS, len(p))
    first = np.arange(n) * len(p) // n
    last = np.append(first[1:], len(p)) - 1
    return starts[first], ends[last], np.maximum.reduceat(p, first)


def _with_gaps(starts: _Floats, ends: _Floats, p: _Floats) -> tuple[_Floats, _Floats]:
    """Return middles in seconds and probabilities, with a NaN wherever nothing was sent for a while."""
    breaks = np.flatnonzero(starts[1:] - ends[:-1] > _GAP_MS) + 1
    x = np.insert((starts + ends) / 2000, breaks, np.nan)
    return x, np.insert(p, breaks, np.nan)
