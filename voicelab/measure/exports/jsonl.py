"""JSON Lines: one file a table, one JSON object a row.

In: runs.  Out: ``<table>.jsonl``; a null is ``null``, a list a list, the payload of an event its JSON text.
Does not know: what a column means.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from voicelab.measure.exports.named import NamedRun
from voicelab.measure.exports.tables import tables_of


def write_jsonl(named: Sequence[NamedRun], out: Path) -> list[Path]:
    """Write all tables."""
    written = []
    for name, frame in tables_of(named):
        path = out / f"{name}.jsonl"
        frame.write_ndjson(path)
        written.append(path)
    return written
