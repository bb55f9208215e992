"""The newest records of a run that is being written: what memory keeps while the folder keeps everything.

In: records, in order.  Out: how many there are, and the newest of them, without reading a file.
Does not know: who writes, who reads, or on which threads: one thread adds, any may look.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from voicelab.runlog.record import Record

# About a minute and a half of a conversation, some 3 MB: no view that repaints falls so far behind.
MOST_KEPT = 5_000


class Tail:
    """The newest records, and the count of all.

    Parameters
    ----------
    most_kept : int
        So many are kept at least, once there are so many, and a fifth more at most.
    """

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._records: list[Record] = []
        self.n_records = 0

    def __iter__(self) -> Iterator[Record]:
        """Go through the records that are kept, oldest first."""
        return iter(list(self._records))

    def add(self, record: Record) -> None:
        """Take the next record; its ``seq`` is the number of those before it."""
        self._records.append(record)
        self.n_records = record.seq + 1
        if len(self._records) > self._most_kept * 6 // 5:
            # A new list, never a shorter one: whoever looks from another thread goes on with the list that it has.
            self._records = self._records[-self._most_kept :]

    def since(self, seq: int) -> list[Record] | None:
        """Return the records with a number above ``seq``; None when some of them are not kept any more."""
        records = self._records
        if not records:
            return []
        if records[0].seq > max(seq, -1) + 1:
            return None
        return records[bisect_right(records, seq, key=lambda record: record.seq) :]
