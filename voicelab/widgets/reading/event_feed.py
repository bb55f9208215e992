"""The events of a run as rows to look through: the newest, one by one and folded.

In: records, in order, a few at a time.  Out: `Row` values: what is new or has changed; the record behind a row; which
rows hold a text.
Does not know: widgets, or what an event means.

Folded, streams are one row each: 120 frames of sound between two other events are ``120 input_audio_buffer.append``. An
event that is no stream ends all open rows, so that the order of what matters stays true.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from voicelab.runlog.record import Direction, Record

#: So many rows are kept, folded and unfolded.
MOST_KEPT = 2000
_SHORT_LETTERS = 80
_STREAMS = frozenset(
    ("input_audio_buffer.append", "voicelab.vad", "voicelab.playback.heard", "voicelab.audio.level"),
)
#: Where an event says in a word what it is about; the first that is there is shown.
_TELLING = ("transcript", "text", "delta", "name", "reason", "message", "clip", "item_id")


@dataclass
class Row:
    """One row: an event, or several of a stream.

    Parameters
    ----------
    seq : int
        Number of the first record; names the row.
    t_ms : float
        When the first came, on the run's time line.
    dir : {"send", "recv", "local"}
    type : str
    short : str
        What it is about, on one line.
    n : int
        How many records it stands for.
    last_ms : float
        When the last came.
    record : Record
        The first.
    """

    seq: int
    t_ms: float
    dir: Direction
    type: str
    short: str
    record: Record
    n: int = 1
    last_ms: float = 0.0

    def as_json(self) -> list[Any]:
        """Return the row as the page gets it: a list, since there are many."""
        return [self.seq, round(self.t_ms, 1), self.dir, self.type, self.n, self.short, round(self.last_ms, 1)]


class EventFeed:
    """Reads records and keeps the newest rows."""

    def __init__(self) -> None:
        self.n_records = 0
        """How many records there are in all."""
        self._plain: deque[Row] = deque(maxlen=MOST_KEPT)
        self._folded: deque[Row] = deque(maxlen=MOST_KEPT)
        self._open: dict[tuple[str, str, str], Row] = {}

    def take(self, records: Iterable[Record]) -> tuple[list[Row], list[Row]]:
        """Take the next records.

        Returns
        -------
        (list of Row, list of Row)
            Rows that are new or have changed, in order: without folding, and folded.
        """
        plain: list[Row] = []
        changed: dict[int, Row] = {}
        for record in records:
            self.n_records = record.seq + 1
            row = _row(record)
            plain.append(row)
            folded = self._fold(row)
            changed[folded.seq] = folded
        self._plain.extend(plain)
        return plain[-MOST_KEPT:], list(changed.values())[-MOST_KEPT:]

    def _fold(self, row: Row) -> Row:
        if not _is_stream(row.type):
            self._open = {}
            self._folded.append(row)
            return row
        key = (row.dir, row.type, str(row.record.event.get("item_id", "")))
        stream = self._open.get(key)
        if stream is None:
            stream = self._open[key] = Row(row.seq, row.t_ms, row.dir, row.type, row.short, row.record, 0)
            self._folded.append(stream)
        stream.n += 1
        stream.last_ms = row.t_ms
        return stream

    def rows(self, folded: bool) -> list[Row]:
        """Return the rows that are kept, oldest first."""
        return list(self._folded if folded else self._plain)

    def find(self, seq: int, folded: bool) -> Row | None:
        """Return a row by its number; None when it is not kept any more."""
        return next((row for row in self.rows(folded) if row.seq == seq), None)


def holds(rows: Iterable[Row], text: str) -> list[int]:
    """Return the numbers of the rows whose type or JSON holds a text, whatever its letters' case.

    Of a row that stands for several events the first is searched.
    """
    wanted = text.casefold()
    return [row.seq for row in rows if wanted in row.type.casefold() or wanted in _plain_json(row.record).casefold()]


def pretty(record: Record) -> str:
    """Return a record's event as JSON with line breaks."""
    return msgspec.json.format(msgspec.json.encode(record.event), indent=2).decode()


def _plain_json(record: Record) -> str:
    return msgspec.json.encode(record.event).decode()


def _is_stream(kind: str) -> bool:
    return kind in _STREAMS or kind.endswith(".delta")


def _row(record: Record) -> Row:
    t_ms = record.t_ns / 1e6
    return Row(record.seq, t_ms, record.dir, record.type, short_of(record), record, last_ms=t_ms)


def short_of(record: Record) -> str:
    """Return what an event is about, in a few words; empty when it does not say."""
    event = record.event
    error = event.get("error")
    if isinstance(error, dict):
        return _on_one_line(error.get("message"))
    item = event.get("item")
    if isinstance(item, dict):
        return _on_one_line(f"{item.get('type', '')} {item.get('role') or item.get('name') or ''}")
    response = event.get("response")
    if isinstance(response, dict):
        return _on_one_line(response.get("status"))
    return next((_on_one_line(event[key]) for key in _TELLING if isinstance(event.get(key), str)), "")


def _on_one_line(text: object) -> str:
    words = " ".join(str(text or "").split())
    return words if len(words) <= _SHORT_LETTERS else f"{words[: _SHORT_LETTERS - 1]}…"
