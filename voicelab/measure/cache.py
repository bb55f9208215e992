"""Tables kept beside a long log, so that it need not be read again: ``.tables/<name>.parquet`` in the run folder.

In: a run folder, a way to make a table.  Out: the table.
Does not know: what a table means.

A kept table carries in its metadata what it was made of: size and time of every file of the run, the versions of
voicelab and of the definitions, the prices. Where one of them is another the table is made anew. A folder that cannot
be written is read all the same. Polars is imported when a table is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import voicelab
from voicelab.measure.columns import METRIC_VERSION, TABLES, TableName
from voicelab.runlog.manifest import MANIFEST
from voicelab.runlog.writer import EVENTS, TRACKS

if TYPE_CHECKING:
    import polars as pl

FOLDER = ".tables"
#: A shorter log is read in the time in which a kept table is found; one of this size in about ten milliseconds.
WORTH_KEEPING_BYTES = 2**20
_KEY = "voicelab.made_of"


def kept_table(folder: Path, name: TableName, prices: str, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    """Return a table of a run that does not grow any more.

    Parameters
    ----------
    folder : Path
        The run folder.
    name : str
    prices : str
        Whose prices the table is made with, and which version of them; tables of other prices are made anew.
    make : callable
        Makes the table from the log.
    """
    log = folder / EVENTS
    if not log.is_file() or log.stat().st_size < WORTH_KEEPING_BYTES:
        return make()
    path, made_of = folder / FOLDER / f"{name}.parquet", _made_of(folder, name, prices)
    found = _found(path, made_of)
    if found is not None:
        return found
    table = make()
    with suppress(
        OSError
    ):  # somebody else's folder, or a full disk: the table is here, the next one reads the log again
        path.parent.mkdir(exist_ok=True)
        draft = path.with_suffix(".new")
        table.write_parquet(draft, metadata={_KEY: made_of})
        draft.replace(path)
    return table


def _found(path: Path, made_of: str) -> pl.DataFrame | None:
    import polars as pl

    try:
        if pl.read_parquet_metadata(path).get(_KEY) == made_of:
            return pl.read_parquet(path)
    except (OSError, pl.exceptions.ComputeError):
        pass  # not there yet, or cut off by a crash
    return None


def _made_of(folder: Path, name: TableName, prices: str) -> str:
    files = (MANIFEST, EVENTS, *(f"{track}.wav" for track in TRACKS))
    stats = [(file, (folder / file).stat()) for file in files if (folder / file).exists()]
    facts = [(file, stat.st_size, stat.st_mtime_ns) for file, stat in stats]
    columns = [column.name for column in TABLES[name]]
    return sha256(repr((facts, columns, METRIC_VERSION, voicelab.__version__, prices)).encode()).hexdigest()
