"""The newest part of a run as lanes, kept up to date from one look to the next.

In: records, in order, a few at a time.  Out: the same lanes as `timeline` draws, for a window that ends now.
Does not know: files, sound, figures.  A look costs as much as the window holds, however long the run is.

The user's speech is where the detector put it, on the run's time line; `timeline` of the finished run has the labelled
or estimated ends.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from voicelab.measure.facts import Facts, ResponseFacts
from voicelab.measure.gathering import Gathering
from voicelab.plots.timeline import (
    PAUSE_MS,
    Span,
    instant,
    is_stream,
    playback_span,
    response_span,
    stream_bar,
)
from voicelab.plots.wording import printable
from voicelab.runlog.manifest import Side
from voicelab.runlog.record import TRACK_RATE_HZ, Direction, Record

WINDOW_MS = 60_000.0
#: In a window of a minute, so much is less than a pixel.
_ONE_MARK_MS = 50.0
_MOST_NAMED = 4
_PER_MS = TRACK_RATE_HZ // 1000


@dataclass
class _Bar:
    """A stream that may go on."""

    type: str
    start_ms: float
    end_ms: float
    n: int = 1

    def span(self) -> Span:
        return stream_bar(self.type, self.n, self.start_ms, self.end_ms)


class _Lane:
    """What was sent, or what came: marks, and streams as bars."""

    def __init__(self, direction: Direction) -> None:
        self.direction = direction
        self._spans: deque[Span] = deque()
        self._open: dict[tuple[str, str], _Bar] = {}
        self._last: Span | None = None  # the newest mark, while it is the last of the spans
        self._kinds: list[str] = []

    def take(self, record: Record) -> None:
        if not is_stream(record.type):
            self._mark(instant(record), record.type)
            return
        key, now_ms = (record.type, str(record.event.get("item_id", ""))), record.t_ns / 1e6
        bar = self._open.get(key)
        if bar is not None and now_ms - bar.end_ms <= PAUSE_MS:
            bar.end_ms, bar.n = now_ms, bar.n + 1
            return
        if bar is not None:
            self._spans.append(bar.span())
            self._last = None
        self._open[key] = _Bar(record.type, now_ms, now_ms)

    def _mark(self, mark: Span, kind: str) -> None:
        """Add a mark; those that would be drawn over each other become one, errors stay alone."""
        last = self._last
        if last is not None and not mark.bad and mark.start_ms - last.start_ms < _ONE_MARK_MS:
            self._kinds.append(kind)
            names = ", ".join(self._kinds[:_MOST_NAMED]) + (", ..." if len(self._kinds) > _MOST_NAMED else "")
            text = f"{len(self._kinds)} events at {last.start_ms:,.0f} ms: {names}"
            self._last = self._spans[-1] = replace(last, text=text)
        else:
            self._spans.append(mark)
            self._last, self._kinds = (None if mark.bad else mark), [kind]

    def spans(self, from_ms: float, now_ms: float) -> list[Span]:
        for key, bar in [(key, bar) for key, bar in self._open.items() if now_ms - bar.end_ms > PAUSE_MS]:
            self._spans.append(bar.span())
            self._last = None
            del self._open[key]
        # Nearly in order of their ends: one that stays a little too long is dropped below.
        while self._spans and self._spans[0].end_ms < from_ms:
            self._spans.popleft()
        if not self._spans:
            self._last = None
        return [span for span in (*self._spans, *(bar.span() for bar in self._open.values())) if span.end_ms >= from_ms]


class _InputTime:
    """Where the detector's clock lies on the run's time line, as `measure.clocks.InputClock` has it, from few numbers.

    Sent sound without a gap is one stretch, so an hour of it is a handful.
    """

    def __init__(self) -> None:
        self._epoch = 0
        self._ends: list[int] = []
        self._track_ends: list[int] = []

    def take(self, record: Record) -> None:
        audio = record.event.get("audio")
        ref = audio.get("audio_ref") if isinstance(audio, dict) else None
        if not ref:
            return
        if record.epoch != self._epoch:
            self._epoch, self._ends, self._track_ends = record.epoch, [], []
        if self._track_ends and self._track_ends[-1] == ref["start"]:
            self._ends[-1] += ref["n"]
            self._track_ends[-1] += ref["n"]
        else:
            self._ends.append((self._ends[-1] if self._ends else 0) + ref["n"])
            self._track_ends.append(ref["start"] + ref["n"])

    def run_ms(self, audio_ms: float) -> float | None:
        if not self._ends:
            return None
        position = audio_ms * _PER_MS
        at = min(bisect_left(self._ends, position), len(self._ends) - 1)
        return (self._track_ends[at] - (self._ends[at] - position)) / _PER_MS


class LiveLanes:
    """Reads records and keeps the lanes of the newest part of a run.

    Parameters
    ----------
    side : {"client", "server"}
        Who wrote the run.
    window_ms : float
        How far back a look goes.
    """

    def __init__(self, side: Side = "client", window_ms: float = WINDOW_MS) -> None:
        self._window_ms = window_ms
        self._gathering = Gathering(side)
        self._input: Direction = "send" if side == "client" else "recv"
        self._sent, self._received = _Lane("send"), _Lane("recv")
        self._clock = _InputTime()
        self._speech: dict[str, Span] = {}
        self._speaking: str | None = None
        self.now_ms = 0.0
        """The newest record's time."""

    def take(self, records: Iterable[Record]) -> None:
        """Take the next records."""
        for record in records:
            self.now_ms = record.t_ns / 1e6
            self._gathering.take(record)
            if record.dir == "send":
                self._sent.take(record)
            elif record.dir == "recv":
                self._received.take(record)
            if record.type == "input_audio_buffer.append" and record.dir == self._input:
                self._clock.take(record)
            elif record.type.startswith("input_audio_buffer.") or record.type.endswith("transcription.completed"):
                self._take_speech(record)

    def _take_speech(self, record: Record) -> None:
        item_id, event = str(record.event.get("item_id", "")), record.event
        known = self._speech.get(item_id)
        if isinstance(event.get("audio_start_ms"), int | float) and "audio_end_ms" not in event:
            start_ms = self._clock.run_ms(event["audio_start_ms"])
            if start_ms is not None:
                self._speech[item_id] = Span(start_ms, start_ms, f"speech detected, from {start_ms:,.0f} ms")
                self._speaking = item_id
        elif known is not None and isinstance(event.get("audio_end_ms"), int | float):
            end_ms = self._clock.run_ms(event["audio_end_ms"])
            text = f"speech as the detector found it, {known.start_ms:,.0f} to {end_ms or 0:,.0f} ms"
            self._speech[item_id] = replace(known, end_ms=end_ms or known.start_ms, text=text)
            self._speaking = None
        elif known is not None and isinstance(event.get("transcript"), str):
            self._speech[item_id] = replace(known, text=f"{printable(event['transcript'])}: {known.text}")
        elif record.type == "input_audio_buffer.cleared" and self._speaking is not None:
            del self._speech[self._speaking]
            self._speaking = None

    def lanes(self) -> dict[str, list[Span]]:
        """Return the parts of each lane that reach into the window, lanes from top to bottom."""
        from_ms = self.now_ms - self._window_ms
        for item_id in [key for key, span in self._speech.items() if span.end_ms < from_ms and key != self._speaking]:
            del self._speech[item_id]
        facts = self._gathering.facts
        responses = list(_recent(facts, from_ms))
        remarks = (Span(t_ns / 1e6, t_ns / 1e6, f"mark: {printable(text)}") for t_ns, text in facts.marks)
        played = (
            playback_span(item, item.played_ns / 1e6)
            for response in responses
            for item in response.items.values()
            if item.played_ns is not None
        )
        return {
            "user speech": [
                replace(span, end_ms=self.now_ms) if key == self._speaking else span
                for key, span in self._speech.items()
            ],
            "sent": self._sent.spans(from_ms, self.now_ms),
            "received": self._received.spans(from_ms, self.now_ms),
            "responses": [response_span(response, self.now_ms) for response in responses],
            "playback": [span for span in played if span.end_ms >= from_ms],
            "marks": [span for span in remarks if span.end_ms >= from_ms],
        }


def _recent(facts: Facts, from_ms: float) -> Iterator[ResponseFacts]:
    """Yield the responses that may reach into the window, newest first; older ones are not looked at."""
    for response in reversed(facts.responses.values()):
        last_ns = max((response.done_ns or 0, *(_last_heard_ns(response))), default=0)
        if response.done_ns is not None and last_ns / 1e6 < from_ms:
            return
        yield response


def _last_heard_ns(response: ResponseFacts) -> Iterator[int]:
    for item in response.items.values():
        if item.played_ns is not None:
            yield item.played_ns + round(item.heard_ms * 1e6)
