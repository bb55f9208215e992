"""A run folder being read: complete, still growing, or left by a writer that was killed.

In: a folder.  Out: its records so far; lines that are no records are set aside and counted.
Does not know: what the records mean.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from voicelab.runlog.record import Record, decode_line
from voicelab.runlog.writer import EVENTS


class RecordReader:
    """Reads ``events.jsonl`` piece by piece, never past the last complete line."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / EVENTS
        self._offset = 0
        self.n_bad = 0

    def read_new(self) -> list[Record]:
        """Return the records that were completed since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        complete, newline, _ = data.rpartition(b"\n")
        self._offset += len(complete) + len(newline)
        records = []
        for line in complete.split(b"\n"):
            # A crash can leave a tail of zero bytes where the file system had not written yet.
            line = line.strip(b"\0 \r\t")
            if not line:
                continue
            try:
                records.append(decode_line(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self.n_bad += 1
        return records


def read_records(folder: Path) -> tuple[list[Record], int]:
    """Return all complete records of a run, and how many lines were no records."""
    reader = RecordReader(folder)
    records = reader.read_new()
    return records, reader.n_bad
