"""Both sides of a conversation on one clock: the user above the axis, the agent below, speech scores under them.

In: a `Run`.  Out: a plotly figure whose x axis is seconds on the run's time line.
Does not know: how turns are found (``measure``), or where the figure is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from voicelab.audio.envelope import envelope
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.measure.clocks import InputClock
from voicelab.measure.facts import Facts, ItemFacts
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.plots import theme
from voicelab.plots.probability import probability_traces
from voicelab.plots.provenance import figure_source
from voicelab.plots.wording import ANCHOR_PHRASES, LABELLED, heard_words, printable, said_words, seconds

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_POINTS = 4_000
_HEIGHT = 430
_SAMPLES_PER_MS = RATE_HZ // 1000


def waveform(run: Run, *, dark: bool = False) -> Figure:
    """Draw what was sent and what was heard, speech and turns on the same clock.

    Parameters
    ----------
    run : Run
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        Traces ``user``, ``agent``, ``user speech``, ``reply``, ``not heard``, ``prefix padding``, ``end of turn``,
        ``speech probability``, ``threshold``, ``marks``; those without anything to show are left out. A run without
        sound or without turns gives an empty figure that says what to do next.
    """
    sent, heard = run.samples("input"), run.samples("heard")
    turns, facts = run.turn_list(), run.facts()
    if not len(sent) and not len(heard):
        return theme.empty("No sound is in this run yet: say something with session.play(clip)", dark=dark)
    if not turns:
        return theme.empty(_why_no_turns(run), dark=dark)
    top = 1.15 * max(_peak(sent), _peak(heard), 0.02)
    made = theme.figure(_HEIGHT, dark)
    made.add_traces(
        [
            *_spans(turns, facts, top),
            *_padding(run, turns, top),
            _outline("user", sent, 1, theme.USER),
            _outline("agent", heard, -1, theme.AGENT),
            *_unheard(run, facts),
            *_decisions(turns, top),
            *_marks(facts, top),
            *probability_traces(run, "y2"),
        ]
    )
    _lay_out(made, run, top)
    return theme.foot(made, figure_source(run))


def _why_no_turns(run: Run) -> str:
    scores = [p for record in run.records() if record.type == "voicelab.vad" for p in record.event["p"]]
    if not scores:
        return "No turn is in this run yet: say something with session.play(clip)"
    thresholds = run.facts().thresholds
    threshold = f", the threshold {thresholds[-1][1]:.2f}" if thresholds else ""
    return (
        f"No turn was found: the highest speech probability was {max(scores):.2f}{threshold}.<br>"
        "Speak louder, lower the threshold, or wait until the turn has ended"
    )


def _peak(samples: Samples) -> float:
    return float(np.abs(samples.astype(np.int32)).max()) / 32768 if len(samples) else 0.0


def _outline(name: str, samples: Samples, sign: int, colour: str) -> dict[str, Any]:
    """Return one side as a filled outline: the largest excursion of each stretch, ``sign`` says to which side."""
    lows, highs = envelope(samples, MOST_POINTS)
    loud = np.maximum(np.abs(lows), np.abs(highs))
    at_s = (np.arange(len(loud)) + 0.5) * (len(samples) / RATE_HZ / max(1, len(loud)))
    return {
        "type": "scatter",
        "name": name,
        "x": at_s.astype(np.float32),
        "y": (sign * loud).astype(np.float32),
        "mode": "lines",
        "line": {"color": colour, "width": 1},
        "fill": "tozeroy",
        "hoverinfo": "skip",
        "showlegend": False,
    }


# --- turns ------------------------------------------------------------------------------------------------------


def _spans(turns: list[Turn], facts: Facts, top: float) -> Iterator[dict[str, Any]]:
    """Yield the shaded stretches of speech, one trace a side, with the words in the hover text."""
    spoken = [t for t in turns if t.speech_start_ms is not None and t.speech_end_ms is not None]
    replies = [
        _reply_span(turn, item, top)
        for turn, found in zip(turns, facts.turns, strict=True)
        for response in found.responses
        for item in response.items.values()
        if item.heard_refs
    ]
    users = [_user_span(turn, top) for turn in spoken]
    for name, colour, rows in (("user speech", theme.USER, users), ("reply", theme.AGENT, replies)):
        if rows:
            yield _bars(name, colour, rows)


@dataclass(frozen=True)
class _Span:
    """A stretch of time to shade, its height, the number on it and the text behind it."""

    start_ms: float
    end_ms: float
    height: float
    label: str
    text: str


def _user_span(turn: Turn, top: float) -> _Span:
    start_ms, end_ms = turn.speech_start_ms or 0.0, turn.speech_end_ms or 0.0
    known = ANCHOR_PHRASES[turn.speech_end_from or "detector"]
    text = theme.hover(f"turn {turn.turn}, heard: {heard_words(turn)}", f"{seconds(end_ms - start_ms)}; {known}")
    mark = "" if turn.speech_end_from in LABELLED else "~"
    return _Span(start_ms, end_ms, top, f"{turn.turn}{mark}", text)


def _reply_span(turn: Turn, item: ItemFacts, top: float) -> _Span:
    start, (last, n) = item.heard_refs[0][0], item.heard_refs[-1]
    reply_ms = "" if turn.voice_to_voice_ms is None else f"voice to voice {turn.voice_to_voice_ms:,.0f} ms; "
    heard = "an unknown part" if turn.heard_ms is None else seconds(turn.heard_ms)
    ledger = f"{heard} of {seconds(turn.delivered_ms)} heard"
    text = theme.hover(f"turn {turn.turn}, said: {said_words(turn)}", reply_ms + ledger)
    return _Span(start / _SAMPLES_PER_MS, (last + n) / _SAMPLES_PER_MS, -top, str(turn.turn), text)


def _bars(name: str, colour: str, rows: list[_Span]) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": name,
        "x": [(row.start_ms + row.end_ms) / 2000 for row in rows],
        "width": [max(row.end_ms - row.start_ms, 1.0) / 1000 for row in rows],
        "y": [row.height for row in rows],
        "text": [row.label for row in rows],
        "textposition": "inside",
        "insidetextanchor": "end",
        "textangle": 0,
        "constraintext": "none",
        "insidetextfont": {"color": colour, "size": 12},
        "hovertext": [row.text for row in rows],
        "hoverinfo": "text",
        "marker": {"color": colour, "opacity": 0.16, "line": {"width": 0}},
    }


def _padding(run: Run, turns: list[Turn], top: float) -> Iterator[dict[str, Any]]:
    """Yield the audio in front of the speech that belongs to a turn as well, as a thin line on the axis."""
    clock = InputClock(run.records())
    x: list[float | None] = []
    for turn, found in zip(turns, run.facts().turns, strict=True):
        if found.audio_start_ms is None or turn.speech_start_ms is None:
            continue
        begin_ms = clock.run_ms(found.audio_start_ms, found.epoch)
        if begin_ms is not None and begin_ms < turn.speech_start_ms:
            x += [begin_ms / 1000, turn.speech_start_ms / 1000, None]
    if x:
        yield {
            "type": "scatter",
            "name": "prefix padding",
            "x": x,
            "y": [None if at is None else 0.02 * top for at in x],
            "mode": "lines",
            "line": {"color": theme.USER, "width": 4},
            "opacity": 0.6,
            "hovertemplate": "prefix padding: sent with the turn<extra></extra>",
        }


def _unheard(run: Run, facts: Facts) -> Iterator[dict[str, Any]]:
    """Yield the rest of interrupted replies, hatched, where it would have been heard."""
    x: list[float | None] = []
    y: list[float | None] = []
    for response in facts.responses.values():
        for item in response.items.values():
            if item.cut and item.played_ns is not None and item.output_start is not None:
                at_ms, rest = _rest(run, item)
                _, loud = envelope(np.abs(rest.astype(np.int32)).clip(0, 32767).astype(np.int16), 400)
                step_s = len(rest) / RATE_HZ / max(1, len(loud))
                edges_s = at_ms / 1000 + np.arange(len(loud) + 2) * step_s
                x += [*edges_s.tolist(), None]
                y += [0.0, *(-loud).tolist(), 0.0, None]
    if x:
        yield {
            "type": "scatter",
            "name": "not heard",
            "x": x,
            "y": y,
            "mode": "lines",
            "line": {"color": theme.AGENT, "width": 1, "dash": "dot"},
            "fill": "toself",
            "fillcolor": "rgba(0,0,0,0)",
            "fillpattern": {"shape": "/", "size": 6, "solidity": 0.25, "fgcolor": theme.AGENT},
            "hovertemplate": "received, but cut off before it was heard<extra></extra>",
        }


def _rest(run: Run, item: ItemFacts) -> tuple[float, Samples]:
    """Return when an item was cut off on the run's time line, and its samples that were not heard."""
    if item.heard_refs:
        start, n = item.heard_refs[-1]
        at_ms = (start + n) / _SAMPLES_PER_MS
    else:
        at_ms = (item.played_ns or 0) / 1e6
    n_heard = round(item.heard_ms * _SAMPLES_PER_MS)
    return at_ms, run.samples("output", (item.output_start or 0) + n_heard, max(0, item.n_samples - n_heard))


def _decisions(turns: list[Turn], top: float) -> Iterator[dict[str, Any]]:
    """Yield the moments at which the end of a turn was known, with the wait for it as a line at the top."""
    decided = [turn for turn in turns if turn.stopped_ms is not None]
    x: list[float | None] = []
    y: list[float | None] = []
    texts: list[str] = []
    for turn in decided:
        stopped_s = (turn.stopped_ms or 0.0) / 1000
        since_s = stopped_s if turn.speech_end_ms is None else turn.speech_end_ms / 1000
        x += [since_s, stopped_s, stopped_s, None]
        y += [0.92 * top, 0.92 * top, 0.0, None]
        wait = "" if turn.endpoint_ms is None else f", {turn.endpoint_ms:,.0f} ms after the speech"
        texts += [f"turn {turn.turn}: end of turn decided at {stopped_s:.2f} s{wait}"] * 3 + [""]
    if x:
        yield {
            "type": "scatter",
            "name": "end of turn",
            "x": x,
            "y": y,
            "text": texts,
            "mode": "lines+markers",
            "line": {"color": theme.NEUTRAL, "width": 1.5},
            "marker": {"symbol": "triangle-down", "color": theme.NEUTRAL, "size": [0, 0, 8, 0] * len(decided)},
            "hovertemplate": "%{text}<extra></extra>",
        }


def _marks(facts: Facts, top: float) -> Iterator[dict[str, Any]]:
    rows = [(t_ns, "diamond", printable(text)) for t_ns, text in facts.marks]
    rows += [(t_ns, "x", f"error: {printable(str(error.get('message', '')))}") for t_ns, error in facts.errors]
    if rows:
        yield {
            "type": "scatter",
            "name": "marks",
            "x": [t_ns / 1e9 for t_ns, _, _ in rows],
            "y": [-0.95 * top] * len(rows),
            "text": [theme.hover(text) for _, _, text in rows],
            "mode": "markers",
            "marker": {"symbol": [symbol for _, symbol, _ in rows], "size": 9, "color": theme.PURPLE},
            "hovertemplate": "%{text}<extra></extra>",
        }


def _lay_out(made: Figure, run: Run, top: float) -> None:
    made.update_layout(
        bargap=0,
        xaxis={"title": {"text": "seconds since the run began"}, "anchor": "y2", "range": [0, run.duration_ms / 1000]},
        yaxis={
            "domain": [0.2, 1],
            "range": [-top, top],
            "tickvals": [0.5 * top, -0.5 * top],
            "ticktext": ["user", "agent"],
            "showgrid": False,
            "fixedrange": True,
        },
        yaxis2={
            "domain": [0, 0.14],
            "range": [0, 1.05],
            "tickvals": [0, 1],
            "title": {"text": "speech"},
            "fixedrange": True,
        },
    )
