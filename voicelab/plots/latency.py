"""Where each turn's time went: the latency stack, one bar a turn.

In: a `Run`, or its turns.  Out: a plotly figure; x is milliseconds since the end of the user's speech.
Does not know: how the parts are measured (``measure.turns``), the sound itself.

A bar whose end of speech is estimated or the detector's own is patterned and says so in its label; no number here
mixes it with labelled ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.plots import theme
from voicelab.plots.headline import median_replies
from voicelab.plots.wording import ANCHOR_WORDS, heard_words

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_PARTS = (
    ("endpoint", "endpoint_ms", "waiting until the turn was over", theme.ORANGE),
    ("request", "request_ms", "until the response was created", theme.SKY),
    ("model", "model_ms", "until its first audio arrived", theme.PURPLE),
    ("playout", "playout_ms", "until its first sample was played", theme.NEUTRAL),
    ("leading silence", "leading_silence_ms", "silence at the beginning of the reply", theme.YELLOW),
)
_PATTERNS = {"label": "", "speech scores": "/", "detector": "x", None: "."}
_ROW_HEIGHT = 26


def latency(run: Run, *, dark: bool = False) -> Figure:
    """Draw the parts of each turn's latency as a stacked bar, turn 1 on top.

    Parameters
    ----------
    run : Run
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        Traces ``endpoint``, ``request``, ``model``, ``playout``, ``leading silence`` and ``voice to voice`` (the
        whole, measured apart, as a tick). A typed turn begins with its request. ``customdata`` holds the turn's number.
    """
    return latency_figure(run.turn_list(), virtual=run.manifest.time == "virtual", dark=dark)


def latency_figure(
    turns: Sequence[Turn], *, virtual: bool = False, newest: int | None = None, dark: bool = False
) -> Figure:
    """Draw turns that are measured already; see `latency`.

    Parameters
    ----------
    turns : sequence of Turn
        The medians on the axis are those of all of them.
    virtual : bool
        Whether the engines' work has a modelled cost.
    newest : int, optional
        How many of the answered turns are drawn; all of them when it is not given.
    dark : bool
        Light letters on a dark ground.
    """
    everything = [turn for turn in turns if turn.model_ms is not None]
    turns = everything if newest is None else everything[-newest:]
    if not turns:
        return theme.empty("No turn has been answered with sound yet, so there is no latency to show", dark=dark)
    made = theme.figure(100 + _ROW_HEIGHT * len(turns), dark)
    made.add_traces([*(_part(turns, *part) for part in _PARTS), _whole(turns)])
    made.update_layout(
        barmode="stack",
        xaxis={"title": {"text": _x_title(everything, virtual)}, "rangemode": "tozero", "ticksuffix": " ms"},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False, "fixedrange": True},
        legend={"traceorder": "normal"},
        uniformtext={"minsize": 10, "mode": "hide"},
    )
    return made


def _x_title(turns: Sequence[Turn], is_virtual: bool) -> str:
    medians = [
        f"median {ms:,.0f} ms, n={n} ({ANCHOR_WORDS[anchor]})" for anchor, (ms, n) in median_replies(turns).items()
    ]
    virtual = ["virtual time: the engines' work has a modelled cost"] if is_virtual else []
    return "<br>".join(filter(None, ["since the end of speech: " + "; ".join(medians) if medians else "", *virtual]))


def _label(turn: Turn) -> str:
    if turn.kind == "typed":
        return f"turn {turn.turn} (typed)"
    return f"turn {turn.turn}" if turn.speech_end_from == "label" else f"turn {turn.turn} ({_known(turn)})"


def _known(turn: Turn) -> str:
    return ANCHOR_WORDS.get(turn.speech_end_from or "", "end of speech unknown")


def _value(turn: Turn, field: str) -> float | None:
    """Return a part's milliseconds; a typed turn has no end of speech, so its request begins when it is sent."""
    if field == "request_ms" and turn.request_ms is None:
        both = turn.first_audio_ms is not None and turn.model_ms is not None
        return (turn.first_audio_ms or 0.0) - (turn.model_ms or 0.0) if both else None
    value: float | None = getattr(turn, field)
    return value


def _part(turns: Sequence[Turn], name: str, field: str, meaning: str, colour: str) -> dict[str, Any]:
    values = [_value(turn, field) for turn in turns]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": values,
        "y": [_label(turn) for turn in turns],
        "customdata": [turn.turn for turn in turns],
        "hovertext": [
            _hover(turn, f"{name} {value:,.1f} ms: {meaning}") if value is not None else ""
            for turn, value in zip(turns, values, strict=True)
        ],
        "hoverinfo": "text",
        "text": [f"{value:,.0f}" if value is not None and value >= 1 else "" for value in values],
        "textposition": "inside",
        "insidetextfont": {"color": "#000000", "size": 12},
        "textangle": 0,
        "marker": {
            "color": colour,
            "line": {"width": 0},
            "pattern": theme.pattern([_PATTERNS[turn.speech_end_from] for turn in turns]),
        },
    }


def _hover(turn: Turn, part: str) -> str:
    lines = [f"{_label(turn)}: {heard_words(turn)}", part]
    if turn.voice_to_voice_ms is not None:
        lines.append(f"voice to voice {turn.voice_to_voice_ms:,.1f} ms, {_known(turn)}")
    if turn.residual_ms is not None:
        lines.append(f"not explained by the parts: {turn.residual_ms + 0.0:.1f} ms")
    return theme.hover(*lines)


def _whole(turns: Sequence[Turn]) -> dict[str, Any]:
    measured = [turn for turn in turns if turn.voice_to_voice_ms is not None]
    return {
        "type": "scatter",
        "name": "voice to voice",
        "x": [turn.voice_to_voice_ms for turn in measured],
        "y": [_label(turn) for turn in measured],
        "customdata": [turn.turn for turn in measured],
        "text": [f" {turn.voice_to_voice_ms:,.0f} ms" for turn in measured],
        "textposition": "middle right",
        "cliponaxis": False,
        "mode": "markers+text",
        "marker": {"symbol": "line-ns-open", "size": 18, "color": theme.NEUTRAL, "line": {"width": 3}},
        "hovertext": [_hover(turn, "measured between two instants of the recorded sound") for turn in measured],
        "hoverinfo": "text",
    }
