"""Who did what when, in lanes, as a browser's network view shows it.

In: a `Run`.  Out: a plotly figure with one trace a lane; x is seconds on the run's time line.
Does not know: sound, latency, money.

Streams (audio that is sent, deltas that arrive) are merged to bars; everything else is a mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from voicelab.measure.facts import Facts, ItemFacts, ResponseFacts
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.plots import theme
from voicelab.plots.provenance import figure_source
from voicelab.plots.wording import count, heard_words, printable, seconds
from voicelab.runlog.record import Direction, Record

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

#: A stream that pauses for longer is two bars.
PAUSE_MS = 300.0
_LANE_HEIGHT = 26
# The axis and its title; without a legend there is nothing above.
_AROUND = 56


@dataclass(frozen=True)
class Span:
    """Something on a lane: a stretch of time, or an instant where both ends are the same.

    Parameters
    ----------
    start_ms, end_ms : float
        On the run's time line.
    text : str
        For the hover text.
    bad : bool
        Whether something went wrong; drawn as a cross.
    """

    start_ms: float
    end_ms: float
    text: str
    bad: bool = False


def timeline(run: Run, *, dark: bool = False) -> Figure:
    """Draw a run as lanes: user speech, what was sent, what arrived, responses, playback, and remarks if any.

    Parameters
    ----------
    run : Run
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        One trace a lane, gaps between its parts; the type and the milliseconds are in the hover text.
    """
    records = run.records()
    if not records:
        return theme.empty("Nothing has happened in this run yet: open a session and say something", dark=dark)
    lanes = lanes_of(records, run.facts(), run.turn_list())
    return theme.foot(lanes_figure(lanes, (0, run.duration_ms), dark=dark), figure_source(run))


def lanes_figure(lanes: Mapping[str, Sequence[Span]], range_ms: tuple[float, float], *, dark: bool = False) -> Figure:
    """Draw lanes that are known already: a whole run's, or the newest minute's (`live_lanes`).

    Parameters
    ----------
    lanes : mapping of str to sequence of Span
        From top to bottom; an empty lane keeps its place.
    range_ms : (float, float)
        What part of the run's time line is shown at first.
    dark : bool
        Light letters on a dark ground.
    """
    made = theme.figure(_AROUND + _LANE_HEIGHT * len(lanes), dark)
    made.add_traces(lane_traces(lanes))
    made.update_layout(
        showlegend=False,
        margin={"t": 8},
        xaxis={"title": {"text": "seconds since the run began"}, "range": [ms / 1000 for ms in range_ms]},
        yaxis={
            "categoryorder": "array",
            "categoryarray": list(lanes)[::-1],
            "range": [-0.6, len(lanes) - 0.4],
            "fixedrange": True,
        },
    )
    return made


def lane_traces(lanes: Mapping[str, Sequence[Span]]) -> list[dict[str, Any]]:
    """Return one trace a lane, in the order of the lanes; those of empty lanes are empty."""
    return [_trace(name, colour, spans) for (name, spans), colour in zip(lanes.items(), _COLOURS, strict=False)]


_STROKE = "line-ns-open"
_COLOURS = (theme.USER, theme.SKY, theme.ORANGE, theme.NEUTRAL, theme.AGENT, theme.PURPLE)


def lanes_of(records: Sequence[Record], facts: Facts, turns: Sequence[Turn]) -> dict[str, list[Span]]:
    """Return the parts of each lane, in the order of the lanes from top to bottom."""
    lanes = {
        "user speech": list(_speech(turns)),
        "sent": list(merged(records, "send")),
        "received": list(merged(records, "recv")),
        "responses": [response_span(response) for response in facts.responses.values()],
        "playback": list(_playback(facts)),
    }
    remarks = [Span(t_ns / 1e6, t_ns / 1e6, f"mark: {printable(text)}") for t_ns, text in facts.marks]
    return {**lanes, "marks": remarks} if remarks else lanes


def merged(records: Iterable[Record], direction: Direction) -> Iterator[Span]:
    """Yield the events of one direction; appends and deltas that follow each other closely become one bar.

    Parameters
    ----------
    records : iterable of Record
        In order.
    direction : {"send", "recv"}

    Yields
    ------
    Span
        In the order in which they began to be known; a bar comes when it is complete.
    """
    open_bars: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.dir != direction:
            continue
        if not is_stream(record.type):
            yield instant(record)
            continue
        key = (record.type, str(record.event.get("item_id", "")))
        bar = open_bars.get(key)
        if bar and (record.t_ns - bar[-1].t_ns) / 1e6 > PAUSE_MS:
            yield _bar(open_bars.pop(key))
            bar = None
        if bar is None:
            open_bars[key] = [record]
        else:
            bar.append(record)
    yield from map(_bar, open_bars.values())


def is_stream(kind: str) -> bool:
    """Tell whether events of a type come many a second and are drawn as one bar."""
    return kind == "input_audio_buffer.append" or kind.endswith(".delta")


def instant(record: Record) -> Span:
    """Return the mark of one event."""
    at_ms = record.t_ns / 1e6
    message = (record.event.get("error") or {}).get("message") if record.type == "error" else None
    detail = f": {printable(str(message))}" if message else ""
    return Span(at_ms, at_ms, f"{record.type}{detail} at {at_ms:,.0f} ms", bad=record.type == "error")


def _bar(records: Sequence[Record]) -> Span:
    return stream_bar(records[0].type, len(records), records[0].t_ns / 1e6, records[-1].t_ns / 1e6)


def stream_bar(kind: str, n: int, start_ms: float, end_ms: float) -> Span:
    """Return the bar of ``n`` events of one stream."""
    return Span(start_ms, end_ms, f"{count(n, kind, kind)}, {start_ms:,.0f} to {end_ms:,.0f} ms")


def _speech(turns: Sequence[Turn]) -> Iterator[Span]:
    for turn in turns:
        if turn.speech_start_ms is not None and turn.speech_end_ms is not None:
            took = f"{turn.speech_start_ms:,.0f} to {turn.speech_end_ms:,.0f} ms"
            yield Span(turn.speech_start_ms, turn.speech_end_ms, f"turn {turn.turn}: {heard_words(turn)}, {took}")


def response_span(response: ResponseFacts, now_ms: float | None = None) -> Span:
    """Return a response's bar; of one that runs, up to ``now_ms`` or, when that is not given, only its begin."""
    start_ms = response.created_ns / 1e6
    open_end_ms = start_ms if now_ms is None else max(start_ms, now_ms)
    end_ms = open_end_ms if response.done_ns is None else response.done_ns / 1e6
    why = f" ({response.reason})" if response.reason else ""
    text = f"response {response.status}{why}, {end_ms - start_ms:,.0f} ms, from {start_ms:,.0f} ms"
    return Span(start_ms, end_ms, text, bad=response.status not in ("completed", "in_progress"))


def _playback(facts: Facts) -> Iterator[Span]:
    for response in facts.responses.values():
        for item in response.items.values():
            if item.played_ns is not None:
                yield playback_span(item, item.played_ns / 1e6)


def playback_span(item: ItemFacts, start_ms: float) -> Span:
    """Return the bar of a reply that was played from ``start_ms`` on, as far as it was heard."""
    text = f"heard {seconds(item.heard_ms)} of {seconds(item.n_samples / 24)}, from {start_ms:,.0f} ms"
    cut = "cut off: " if item.cut else ""
    return Span(start_ms, start_ms + item.heard_ms, cut + text, bad=item.cut)


def _trace(name: str, colour: str, spans: Sequence[Span]) -> dict[str, Any]:
    """Return one lane: bars as thick lines with gaps between them, instants as upright strokes."""
    x: list[float | None] = []
    texts: list[str] = []
    crosses: list[bool] = []
    sizes: list[int] = []
    for span in spans:
        if span.end_ms <= span.start_ms:
            x += [span.start_ms / 1e3, None]
            texts += [_hover(span.text), ""]
            crosses += [span.bad, False]
            sizes += [9 if span.bad else 14, 0]
            continue
        # The middle is there to be pointed at: plotly shows a line's text only at its points.
        x += [span.start_ms / 1e3, (span.start_ms + span.end_ms) / 2e3, span.end_ms / 1e3, None]
        texts += [_hover(span.text)] * 3 + [""]
        crosses += [False, False, span.bad, False]
        sizes += [0, 0, 9 if span.bad else 0, 0]
    # Plotly looks every symbol of a list up in the long one of those it knows; most lanes need only one.
    symbols = ["x" if cross else _STROKE for cross in crosses] if any(crosses) else _STROKE
    return {
        "type": "scatter",
        "name": name,
        "x": x,
        "y": [None if at is None else name for at in x],
        "text": texts,
        "mode": "lines+markers",
        "line": {"color": colour, "width": 9},
        "marker": {"symbol": symbols, "size": sizes, "color": colour, "opacity": 1, "line": {"width": 1.5}},
        "hovertemplate": "%{text}<extra></extra>",
    }


@lru_cache(maxsize=4096)
def _hover(text: str) -> str:
    """Wrap a text; while a run grows the same ones are drawn again and again."""
    return theme.hover(text)
