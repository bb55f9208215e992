"""How long each event was on its way, when both ends of a session were written down.

In: a client's run and the server's trace of the same session.  Out: a plotly figure; x is seconds on the client's time
line, y milliseconds on the way.
Does not know: how the two clocks are brought together (``measure.both_ends``); it says how sure that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicelab.measure.both_ends import Crossing, lay_over
from voicelab.measure.run import Run
from voicelab.plots import theme
from voicelab.plots.provenance import figure_source

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_HEIGHT = 340


def both_ends(client: Run, server: Run, *, dark: bool = False) -> Figure:
    """Draw the time that each event needed from one end to the other.

    Parameters
    ----------
    client, server : Run
        A client's run, and the server's trace of the same session (``voicelab serve --trace``).
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        Traces ``to the server`` and ``to the client``, one point an event.

    Raises
    ------
    RunError
        The two are not both ends of one session.
    """
    laid = lay_over(client, server)
    made = theme.figure(_HEIGHT, dark)
    made.add_traces(
        [
            _trace("to the server", "triangle-up", theme.USER, [c for c in laid.crossings if c.direction == "up"]),
            _trace("to the client", "triangle-down", theme.AGENT, [c for c in laid.crossings if c.direction == "down"]),
        ]
    )
    sure = f"clocks agree to within {laid.uncertainty_ms:.2f} ms"
    made.update_layout(
        xaxis={"title": {"text": "seconds since the client's run began"}},
        yaxis={"title": {"text": f"ms on the way ({sure})"}, "rangemode": "tozero"},
    )
    return theme.foot(made, figure_source([client, server]))


def _trace(name: str, symbol: str, colour: str, crossings: list[Crossing]) -> dict[str, Any]:
    return {
        "type": "scattergl",
        "name": f"{name} ({len(crossings):,} events)",
        "mode": "markers",
        "x": [c.client_ms / 1000 for c in crossings],
        "y": [c.delay_ms for c in crossings],
        "text": [theme.hover(c.type, f"{c.delay_ms:.2f} ms on the way, {c.client_ms:,.0f} ms") for c in crossings],
        "marker": {"symbol": symbol, "size": 7, "color": colour, "opacity": 0.7},
        "hovertemplate": "%{text}<extra></extra>",
    }
