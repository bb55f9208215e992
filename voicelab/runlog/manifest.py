"""What a run says of itself: written first, completed at the end.

In: the facts of a run.  Out: ``manifest.json`` and back.
Does not know: how the facts were found.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from voicelab.errors import RunError
from voicelab.runlog.record import SCHEMA

MANIFEST = "manifest.json"
Side: TypeAlias = Literal["client", "server"]
CLOCKS = {
    "t_ns": "nanoseconds since the run began, monotonic, this computer",
    "wall": "this computer's wall time at the run's beginning plus t_ns",
    "input": "sample 0 of input.wav is t_ns 0; gaps are silence",
    "output": "output.wav is the received audio end to end, without gaps",
    "heard": "sample 0 of heard.wav is t_ns 0; gaps are silence",
}


class _Schema(msgspec.Struct):
    schema: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a run.

    Parameters
    ----------
    state : {"running", "complete", "failed", "interrupted"}
        ``running`` in a folder whose writer is gone means that it was killed.
    side : {"client", "server"}
        Who wrote the run. In a server's, ``recv`` is what the client sent and ``send`` what the server sent.
    began, ended : str
        Wall time, RFC 3339.
    provider, model, url : str
        With whom, without any key.
    voicelab_server : dict, optional
        What the embedded server says of itself: recogniser, reply engine, speech scores. None for a hosted service.
    asked, in_force : dict
        Settings that were asked for, and those that the server last said were in force.
    prices : dict
        Model, version and date of the price table that ``cost`` figures use.
    clocks : dict
        What the time stamps mean.
    records, bad_records, dropped : int
        How many records were written; how many could not be, with their number.
    """

    schema: str = SCHEMA
    state: Literal["running", "complete", "failed", "interrupted"] = "running"
    side: Side = "client"
    began: str = ""
    ended: str | None = None
    reason: str | None = None
    provider: str = ""
    model: str = ""
    url: str = ""
    voicelab_server: dict[str, Any] | None = None
    asked: dict[str, Any] = {}
    in_force: dict[str, Any] = {}
    tags: dict[str, str] = {}
    note: str = ""
    prices: dict[str, Any] = {}
    clocks: dict[str, str] = msgspec.field(default_factory=CLOCKS.copy)
    time: Literal["real", "virtual"] = "real"
    redaction: Literal["full", "no text", "no audio"] = "full"
    software: dict[str, str] = {}
    records: int = 0
    dropped: int = 0


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest in one step: a reader never sees half of it."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    draft = folder / f"{MANIFEST}.new"
    draft.write_bytes(text + b"\n")
    draft.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """Read a run's manifest; fields of newer minor versions are passed over.

    Raises
    ------
    RunError
        When the folder is no run, or is of another major version.
    """
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise RunError(
            f"{folder} is not a run folder: it has no {MANIFEST}; name a folder that voicelab wrote"
        ) from None
    except NotADirectoryError:
        raise RunError(f"{folder} is a file, not a run folder") from None
    try:
        # The schema first: a file without one is no run's, and one of another version may have another shape.
        schema = msgspec.json.decode(text, type=_Schema).schema
        if not _is_readable(schema):
            raise RunError(f"{path} has the schema {schema!r}; this voicelab reads {SCHEMA!r}")
        return msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None


def _is_readable(schema: str) -> bool:
    """Return whether a schema is ours, or a newer minor version of it."""
    return schema == SCHEMA or schema.startswith(f"{SCHEMA}.")
