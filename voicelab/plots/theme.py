"""How figures look: the Okabe-Ito colours, one template for light and one for dark, and the figure that is empty.

In: nothing but a choice of light or dark.  Out: plotly templates and figures to draw on.
Does not know: runs.

Colours never stand alone: the user is above the axis and the agent below, parts carry patterns, marks have shapes.
Source of the colours: Okabe and Ito, Color Universal Design, 2008 (told apart by all common kinds of colour vision).
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

USER = "#0072B2"
AGENT = "#D55E00"
PROBABILITY = "#009E73"
ORANGE = "#E69F00"
SKY = "#56B4E9"
PURPLE = "#CC79A7"
YELLOW = "#F0E442"
#: For lines that belong to neither side; readable on white and on black.
NEUTRAL = "#808080"

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_INK = {False: "#1b1b1b", True: "#e8e8e8"}
_GRID = {False: "#e4e4e4", True: "#3a3a3a"}
_FOOT_WIDTH = 130
_FOOT_LINE = 17
_SMALL_LINE = 14
# A page that sets formulas takes what stands between two dollar signs for one.
_DOLLAR = "&#36;"
_PAPER = {False: "#ffffff", True: "#161616"}


def template(dark: bool = False) -> dict[str, Any]:
    """Return the plotly template: quiet axes, no colour that a trace does not ask for."""
    axis = {
        "gridcolor": _GRID[dark],
        "zerolinecolor": NEUTRAL,
        "zerolinewidth": 1,
        "linecolor": _GRID[dark],
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": _GRID[dark],
        "title": {"standoff": 6, "font": {"size": 13}},
        "automargin": True,
    }
    return {
        "layout": {
            "font": {"family": _FONT, "size": 13, "color": _INK[dark]},
            "paper_bgcolor": _PAPER[dark],
            "plot_bgcolor": _PAPER[dark],
            "hoverlabel": {"font": {"family": _FONT, "size": 13}, "align": "left"},
            # Held by the container: anchored to the axes, JupyterLab draws it into them after its second layout.
            "legend": {"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top", "font": {"size": 12}},
            "modebar": {"orientation": "v", "bgcolor": "rgba(0,0,0,0)"},
            # Room for the legend: JupyterLab does not widen the margin by itself as a page does.
            "margin": {"l": 8, "r": 40, "t": 44, "b": 8},
            "colorway": [USER, AGENT, PROBABILITY, ORANGE, SKY, PURPLE, YELLOW],
            "xaxis": axis,
            "yaxis": axis,
        }
    }


def figure(height: int, dark: bool = False) -> Figure:
    """Return an empty figure of some height, in the house's template."""
    from plotly.graph_objects import Figure

    layout = {"template": template(dark), "height": height, "barmode": "overlay", "hovermode": "closest"}
    return Figure(layout=layout)


def empty(message: str, height: int = 220, dark: bool = False) -> Figure:
    """Return a figure without data that says what to do next."""
    made = figure(height, dark)
    made.add_annotation(text=message, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    made.update_xaxes(visible=False)
    made.update_yaxes(visible=False)
    return made


def foot(made: Figure, text: str) -> Figure:
    """Write a figure's source at its foot in small letters, and return the same figure, taller by that line.

    Parameters
    ----------
    made : plotly Figure
        A finished one; what it was tall before remains for its axes.
    text : str
        As `voicelab.plots.provenance.figure_source` has it; of the text as it is, nothing becomes markup.
    """
    lines = wrap(text, _FOOT_WIDTH)
    # Plotly makes room below for an axis' title, and for nothing else before it places the rest: a title's empty lines
    # keep the room, whatever the labels above them need.
    axis = list(made.select_xaxes())[-1]
    axis.title.text = "<br>".join([axis.title.text or "", *["\u00a0"] * len(lines)])
    made.update_layout(
        height=(made.layout.height or 0) + _FOOT_LINE * len(lines) or None,
        title={
            "text": "<br>".join(map(plain, lines)),
            "font": {"size": 11, "weight": "normal"},
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            # What is anchored is the first line.
            "pad": {"l": 8, "b": 4 + _SMALL_LINE * (len(lines) - 1)},
        },
    )
    return made


def pattern(shape: str | Sequence[str]) -> dict[str, Any]:
    """Return the pattern of bars: white on the bar's own colour, one shape or one for each bar, ``""`` for none."""
    return {"shape": shape, "fillmode": "overlay", "fgcolor": "#ffffff", "fgopacity": 0.7, "solidity": 0.3}


def plain(text: str) -> str:
    """Return a text that plotly, which reads a little HTML in texts, shows as it is."""
    return escape(text.replace("\n", " "), quote=False).replace("$", _DOLLAR)


def hover(*lines: str, width: int = 60) -> str:
    """Return a hover text: lines wrapped at words, harmless to plotly, which reads a little HTML and TeX in texts."""
    told = "<br>".join(piece for line in lines if line for piece in wrap(escape(line, quote=False), width))
    return told.replace("$", _DOLLAR)
