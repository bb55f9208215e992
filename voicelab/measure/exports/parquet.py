"""Parquet: one file a table, typed; ``events.parquet`` has one row a record.

In: runs.  Out: ``<table>.parquet``, with the version of the definitions and the columns' units and meanings in the
file's own metadata, so that a file that has lost its dictionary still says what it holds.
Does not know: what a column means.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from voicelab.measure.columns import METRIC_VERSION
from voicelab.measure.exports.dictionary import columns_of
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.exports.tables import front_of, tables_of


def write_parquet(named: Sequence[NamedRun], out: Path) -> list[Path]:
    """Write all tables."""
    written = []
    for name, frame in tables_of(named):
        path = out / f"{name}.parquet"
        metadata = {
            "voicelab.table": name,
            "voicelab.metric_version": METRIC_VERSION,
            "voicelab.columns": msgspec.json.encode(columns_of(name, front_of(named, name))).decode(),
        }
        frame.write_parquet(path, metadata=metadata)
        written.append(path)
    return written
