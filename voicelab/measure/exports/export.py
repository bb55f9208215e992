"""The door to all exports: runs and a format in, files out.

In: runs, the name of a format, a new folder, what must not be given away.  Out: the files that were written.
Does not know: how a format looks.

A redacted export is made from redacted copies of the runs, which lie beside it under ``runs/``: what is not in the copy
cannot be in the export. Where text goes, the names of the folders go too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from voicelab.errors import RunError
from voicelab.measure.exports.audacity import write_audacity
from voicelab.measure.exports.csv import write_csv
from voicelab.measure.exports.dictionary import write_dictionary
from voicelab.measure.exports.jsonl import write_jsonl
from voicelab.measure.exports.named import NamedRun, named_runs
from voicelab.measure.exports.otlp import write_otlp
from voicelab.measure.exports.parquet import write_parquet
from voicelab.measure.exports.perfetto import write_perfetto
from voicelab.measure.exports.textgrid import write_textgrids
from voicelab.measure.run import Run
from voicelab.runlog.redact import redact_run
from voicelab.runlog.writer import prepare_folder

_WRITERS: Mapping[str, Callable[[Sequence[NamedRun], Path], list[Path]]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "parquet": write_parquet,
    "perfetto": write_perfetto,
    "otlp": write_otlp,
    "audacity": write_audacity,
    "textgrid": write_textgrids,
}
FORMATS = tuple(_WRITERS)
REDACTIONS = ("text", "audio")
COPIES = "runs"


def export_runs(runs: Sequence[Run], format: str, out: Path, *, redact: Collection[str] = ()) -> list[Path]:
    """Write runs in another tool's format.

    Parameters
    ----------
    runs : sequence of Run
        At least one. Tables of several have the columns of `voicelab.measure.runs.Runs` in front.
    format : str
        One of `FORMATS`.
    out : Path
        A new or empty folder.
    redact : collection of {"text", "audio"}
        What is left out. The runs themselves stay as they are; their redacted copies lie in ``out/runs``.

    Returns
    -------
    list of Path
        The files that were written, the dictionary last; redacted copies of runs are not among them.

    Raises
    ------
    RunError
        There is no such format or redaction, no run, or ``out`` is not empty; nothing was written then. Or the format
        cannot hold a run (OTLP needs wall times).
    """
    if format not in _WRITERS:
        raise RunError(f"there is no export format {format!r}: choose one of {', '.join(FORMATS)}")
    unknown = sorted(set(redact) - set(REDACTIONS))
    if unknown:
        raise RunError(f"{unknown[0]!r} cannot be redacted: choose text, audio or both")
    if not runs:
        raise RunError("there is no run to export: name at least one")
    prepare_folder(out)
    named = _redacted(runs, out / COPIES, redact) if redact else named_runs(runs)
    written = _WRITERS[format](named, out)
    return [*written, *write_dictionary(named, format, out)]


def _redacted(runs: Sequence[Run], copies: Path, redact: Collection[str]) -> list[NamedRun]:
    named = []
    for number, one in enumerate(named_runs(runs), 1):
        name = f"run-{number}" if "text" in redact else one.name
        folder = redact_run(one.run.folder, copies / name, text="text" in redact, audio="audio" in redact)
        named.append(NamedRun(name, Run(folder, prices=one.run.prices)))
    return named
