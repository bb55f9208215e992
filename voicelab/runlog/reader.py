"""A run folder being read: complete, still growing, or left by a writer that was killed.

In: a folder.  Out: its records so far, whole (`Record`) or with their payload not yet parsed (`Line`); lines that are
no records are set aside and counted.
Does not know: what the records mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from voicelab.runlog.record import Direction, Record, decode_line
from voicelab.runlog.writer import EVENTS

_PIECE_BYTES = 2**18
_Read = TypeVar("_Read")


_payload = msgspec.json.Decoder(dict[str, Any])


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A record whose payload has not been parsed: most of a log is sound, and is passed over or counted.

    Parameters
    ----------
    seq, t_ns, dir, type, epoch
        As in `Record`.
    event : msgspec.Raw
        The payload's JSON.
    """

    seq: int
    t_ns: int
    dir: Direction
    type: str
    event: msgspec.Raw = msgspec.Raw(b"{}")
    epoch: int = 0

    def record(self) -> Record:
        """Return it as a record, without wall time, native name and size.

        Raises
        ------
        msgspec.ValidationError
            The payload is no JSON object.
        """
        event = _payload.decode(self.event)
        return Record(seq=self.seq, t_ns=self.t_ns, dir=self.dir, type=self.type, event=event, epoch=self.epoch)


_lines = msgspec.json.Decoder(Line)


class RecordReader:
    """Reads ``events.jsonl`` piece by piece, never past the last complete line.

    ``offset`` is how many bytes of it have been read, ``n_bad`` how many lines of them were no records.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / EVENTS
        self.offset = 0
        self.n_bad = 0

    def read_new(self) -> list[Record]:
        """Return the records that were completed since the last call."""
        return [record for piece in self._pieces() for record in self._one_by_one(piece, decode_line)]

    def read_new_lines(self) -> Iterator[list[Line]]:
        """Yield the records that were completed since the last call, payloads unparsed, piece by piece."""
        return map(self._lines_of, self._pieces())

    def _lines_of(self, piece: bytes) -> list[Line]:
        if b"\0" not in piece:
            try:
                return _lines.decode_lines(piece)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass  # which of the lines is no record is found one by one
        return list(self._one_by_one(piece, _lines.decode))

    def _one_by_one(self, piece: bytes, decode: Callable[[bytes], _Read]) -> Iterator[_Read]:
        for line in piece.split(b"\n"):
            # A crash can leave a tail of zero bytes where the file system had not written yet.
            line = line.strip(b"\0 \r\t")
            if not line:
                continue
            try:
                yield decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self.n_bad += 1

    def _pieces(self) -> Iterator[bytes]:
        """Yield whole lines, a quarter of a megabyte or so at a time, without the last line's end."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self.offset)
            begun = b""
            while data := file.read(_PIECE_BYTES):
                complete, newline, begun = (begun + data).rpartition(b"\n")
                if newline:
                    self.offset += len(complete) + 1
                    yield complete


def read_records(folder: Path) -> tuple[list[Record], int]:
    """Return all complete records of a run, and how many lines were no records."""
    reader = RecordReader(folder)
    records = reader.read_new()
    return records, reader.n_bad
