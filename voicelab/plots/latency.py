"""Where each turn's time went: the latency stack, one bar a turn.

In: a `Run`, or its turns.  Out: a plotly figure; x is milliseconds since the end of the user's speech.
Does not know: how the parts are measured (``measure.turns``), how they spread over turns (``distribution``), the sound.

A bar whose end of speech is estimated or the detector's own is patterned and says so in its label; no number here
mixes it with labelled ones. Two anchors are marked: the end of the user's speech, from which all is counted, and the
detector's event, from which latency is counted elsewhere: the wait for silence lies between them and is hidden there.
What happens before the user's end lies left of zero and is never clipped: there the reply overlaps the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from statistics import median
from typing import TYPE_CHECKING, Any

from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.plots import theme
from voicelab.plots.headline import median_replies
from voicelab.plots.provenance import figure_source
from voicelab.plots.wording import ANCHOR_WORDS, LABELLED, heard_words

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

#: The parts of the stack, in order: name, field of the turn, meaning, colour.
PARTS = (
    ("endpoint", "endpoint_ms", "waiting until the turn was over", theme.ORANGE),
    ("request", "request_ms", "until the response was created", theme.SKY),
    ("model", "model_ms", "until its first audio arrived", theme.PURPLE),
    ("playout", "playout_ms", "until its first sample was played", theme.NEUTRAL),
    ("leading silence", "leading_silence_ms", "silence at the beginning of the reply", theme.YELLOW),
)
_PATTERNS = {"label": "", "mark": "", "speech scores": "/", "detector": "x", None: "."}
_ROW_HEIGHT = 26
_BAR, _THIN_BAR = 0.8, 0.25


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
        whole, measured apart, as a tick); ``end of speech`` and ``detector's event``, the two anchors. A typed turn
        begins with its request. ``customdata`` holds the turn's number.
    """
    made = latency_figure(run.turn_list(), virtual=run.manifest.time == "virtual", anchors=True, dark=dark)
    return theme.foot(made, figure_source(run)) if made.data else made


def latency_figure(
    turns: Sequence[Turn],
    *,
    virtual: bool = False,
    newest: int | None = None,
    anchors: bool = False,
    dark: bool = False,
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
    anchors : bool
        Whether the two anchors are marked; a figure that follows a session does without.
    dark : bool
        Light letters on a dark ground.
    """
    everything = [turn for turn in turns if turn.model_ms is not None]
    turns = everything if newest is None else everything[-newest:]
    if not turns:
        return theme.empty("No turn has been answered with sound yet, so there is no latency to show", dark=dark)
    lines = _x_title(everything, virtual, anchors)
    made = theme.figure(82 + 18 * len(lines) + _ROW_HEIGHT * len(turns), dark)
    made.add_traces([*_stacks(turns), _whole(turns), *(_anchors(turns) if anchors else ())])
    earliest_ms = min(0.0, *(start_ms for turn in turns for start_ms in _starts_ms(turn)))
    made.update_layout(
        xaxis={
            "title": {"text": "<br>".join(lines)},
            "rangemode": "normal" if earliest_ms < 0 else "tozero",
            "ticksuffix": " ms",
        },
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False, "fixedrange": True},
        legend={"traceorder": "normal"},
        uniformtext={"minsize": 10, "mode": "hide"},
    )
    return made


def _x_title(turns: Sequence[Turn], is_virtual: bool, with_anchors: bool) -> list[str]:
    medians = [f"median {ms:,.0f} ms, n={n} ({known})" for known, (ms, n) in median_replies(turns).items()]
    lines = [f"since the end of speech: {'; '.join(medians)}" if medians else "since the end of speech"]
    after_event = [turn.from_stopped_ms for turn in turns if turn.from_stopped_ms is not None]
    if with_anchors and after_event:
        told = f"median {median(after_event):,.0f} ms, n={len(after_event)}"
        lines.append(f"since the detector's event, which hides its wait for silence: {told}")
    return [*lines, "virtual time: the engines' work has a modelled cost"] if is_virtual else lines


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


def _starts_ms(turn: Turn) -> list[float]:
    """Return where each part begins, and where the last one ends; a part that is not known has no length."""
    lengths = [_value(turn, field) or 0.0 for _, field, _, _ in PARTS]
    return [*accumulate(lengths, initial=0.0)]


def _stacks(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    # Placed one by one: plotly would stack what is below zero apart from what is above.
    starts = [_starts_ms(turn) for turn in turns]
    return [_part(turns, [begins[k] for begins in starts], *part) for k, part in enumerate(PARTS)]


def _part(
    turns: Sequence[Turn], starts_ms: Sequence[float], name: str, field: str, meaning: str, colour: str
) -> dict[str, Any]:
    values = [_value(turn, field) for turn in turns]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "base": list(starts_ms),
        "x": values,
        "y": [_label(turn) for turn in turns],
        # A part that goes back in time is thin: what comes after it lies over the same stretch.
        "width": [_THIN_BAR if (value or 0) < 0 else _BAR for value in values],
        "customdata": [turn.turn for turn in turns],
        "hovertext": [
            _hover(turn, _told(name, value, meaning)) if value is not None else ""
            for turn, value in zip(turns, values, strict=True)
        ],
        "hoverinfo": "text",
        "text": [f"{value:,.0f}" if value is not None and value >= 1 else "" for value in values],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "insidetextfont": {"color": "#000000", "size": 12},
        "textangle": 0,
        "marker": {
            "color": colour,
            "line": {"width": 0},
            "pattern": theme.pattern([_PATTERNS[turn.speech_end_from] for turn in turns]),
        },
    }


def _told(name: str, ms: float, meaning: str) -> str:
    if name == "endpoint" and ms < 0:
        return f"{name} {ms:,.1f} ms: the turn was taken to be over {-ms:,.1f} ms before the user's end"
    return f"{name} {ms:,.1f} ms: {meaning}"


def _hover(turn: Turn, part: str) -> str:
    lines = [f"{_label(turn)}: {heard_words(turn)}", part]
    if turn.voice_to_voice_ms is not None:
        overlap = ": the reply overlaps the user's end" if turn.voice_to_voice_ms < 0 else ""
        lines.append(f"voice to voice {turn.voice_to_voice_ms:,.1f} ms, {_known(turn)}{overlap}")
    if turn.from_stopped_ms is not None:
        lines.append(f"from the detector's event on {turn.from_stopped_ms:,.1f} ms")
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
        "textposition": ["middle right" if (turn.voice_to_voice_ms or 0) >= 0 else "middle left" for turn in measured],
        "cliponaxis": False,
        "mode": "markers+text",
        "marker": {"symbol": "line-ns-open", "size": 18, "color": theme.NEUTRAL, "line": {"width": 3}},
        "hovertext": [_hover(turn, "measured between two instants of the recorded sound") for turn in measured],
        "hoverinfo": "text",
    }


def _anchors(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    ended = [turn for turn in turns if turn.speech_end_from]
    decided = [turn for turn in ended if turn.endpoint_ms is not None]
    names = {"label": "end of speech: labelled", "mark": "end of speech: marked by a person"}
    scored = "end of speech: the last voiced sample"
    # Where the detector's own event is all that is known, the two anchors are one.
    ends = [_hover(turn, names.get(turn.speech_end_from or "", scored)) for turn in ended]
    events = [_hover(turn, f"speech_stopped received at {turn.endpoint_ms:,.1f} ms") for turn in decided]
    return [
        _anchor("end of speech", "diamond", ended, [0.0] * len(ended), ends),
        _anchor("detector's event", "triangle-down", decided, [turn.endpoint_ms for turn in decided], events),
    ]


def _anchor(
    name: str, symbol: str, turns: Sequence[Turn], at_ms: Sequence[float | None], texts: Sequence[str]
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "mode": "markers",
        "x": list(at_ms),
        "y": [_label(turn) for turn in turns],
        "customdata": [turn.turn for turn in turns],
        "cliponaxis": False,
        # Filled where a person gave the end of speech, open where it is estimated.
        "marker": {
            "symbol": [symbol if turn.speech_end_from in LABELLED else f"{symbol}-open" for turn in turns],
            "size": 9,
            "color": theme.USER if symbol == "diamond" else theme.PROBABILITY,
            "line": {"width": 1.5},
        },
        "hovertext": list(texts),
        "hoverinfo": "text",
    }
