"""A remark on a run that is over: one more record in its folder, and a manifest that counts it.

In: the folder of a complete run, a text, the instant it is about.  Out: the record, written.
Does not know: clocks.  The record's own time is that of the run's last record: nothing happened after the end, and the
records of a run stay in the order of their times. What the remark is about stands in ``at_ms``.
"""

from __future__ import annotations

from pathlib import Path

from voicelab.errors import RunError
from voicelab.runlog.manifest import read_manifest, update_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import Record, encode_line
from voicelab.runlog.writer import EVENTS


def add_mark(folder: Path, text: str, at_ms: float) -> Record:
    """Write a ``voicelab.mark`` into a run that is not being written any more.

    Parameters
    ----------
    folder : Path
        A run folder.
    text : str
        The remark, such as ``true end``.
    at_ms : float
        What it is about, on the run's time line.

    Returns
    -------
    Record
        With the next number; its event says ``afterwards``.

    Raises
    ------
    RunError
        The folder is no run, the run is still being written (or its writer was killed, which looks alike), or the
        folder cannot be written. Nothing was changed then.
    """
    manifest = read_manifest(folder)
    if manifest.state == "running":
        raise RunError(
            f"{folder} has not been completed, its writer may be at work: mark it in the open session instead"
        )
    records, _ = read_records(folder)
    last = records[-1] if records else None
    record = Record(
        seq=max(last.seq + 1 if last else 0, manifest.records),
        t_ns=last.t_ns if last else 0,
        wall=last.wall if last else manifest.began,
        dir="local",
        type="voicelab.mark",
        event={"text": text, "at_ms": at_ms, "afterwards": True},
        epoch=last.epoch if last else 0,
    )
    try:
        _append_line(folder / EVENTS, encode_line(record))
        update_manifest(folder, records=record.seq + 1)
    except OSError as error:
        raise RunError(f"{folder} cannot be written ({error.strerror}): copy it to where you may write") from None
    return record


def _append_line(path: Path, line: bytes) -> None:
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, 2)
            # A line that was cut off stays a bad line of its own, and does not swallow this one.
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)
