"""What a run says of itself: written first, completed at the end.

In: the facts of a run.  Out: ``manifest.json`` and back. ``README.md`` beside this file says what each fact means to a
reader, and what a reader does with a newer minor version.
Does not know: how the facts were found.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from voicelab.errors import RunError
from voicelab.runlog.record import SCHEMA
from voicelab.runlog.secrets import hide_secrets

MANIFEST = "manifest.json"
Side: TypeAlias = Literal["client", "server"]
CLOCKS = {
    "t_ns": "nanoseconds since the run began, monotonic, this computer",
    "wall": "this computer's wall time at the run's beginning plus t_ns",
    "input": "sample 0 of input.wav is t_ns 0; gaps are silence",
    "output": "output.wav is the received audio end to end, without gaps",
    "heard": "sample 0 of heard.wav is t_ns 0; gaps are silence",
}


# What these facts say in this version; a newer minor version may have more words for them.
WORDS: Mapping[str, tuple[str, ...]] = {
    "state": ("running", "complete", "failed", "interrupted"),
    "time": ("real", "virtual"),
    "redaction": ("full", "no text", "no audio"),
}


class _Schema(msgspec.Struct):
    schema: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a run.

    Parameters
    ----------
    state : str
        ``running``, ``complete``, ``failed`` or ``interrupted``; ``running`` in a folder whose writer is gone means
        that it was killed. A word of a newer minor version is of a run that is over.
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
    time, redaction : str
        ``real`` or ``virtual``; ``full``, ``no text`` or ``no audio``, or a newer minor version's word.
    records, dropped : int
        How many records were written; how many records and pieces of sound could not be.
    """

    schema: str = SCHEMA
    state: str = "running"
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
    time: str = "real"
    redaction: str = "full"
    software: dict[str, str] = {}
    records: int = 0
    dropped: int = 0


def without_secrets(manifest: Manifest, known: Collection[str]) -> Manifest:
    """Return a manifest in which no key stands: not in a tag, the note, a setting, nor in what a server says of itself.

    Parameters
    ----------
    manifest : Manifest
    known : collection of str
        Secrets of this session; what has the shape of one is hidden too.
    """
    return msgspec.convert(hide_secrets(msgspec.to_builtins(manifest), known), Manifest)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest in one step: a reader never sees half of it, and a full disk leaves the old one."""
    _put(folder, msgspec.json.encode(manifest))


def update_manifest(folder: Path, **facts: Any) -> None:
    """Change some facts of a manifest and keep all others, also those of a newer minor version.

    Raises
    ------
    RunError
        When the folder is no run that can be read.
    """
    read_manifest(folder)
    whole = msgspec.json.decode((folder / MANIFEST).read_bytes())
    _put(folder, msgspec.json.encode({**whole, **facts}))


def read_manifest(folder: Path) -> Manifest:
    """Read a run's manifest; fields and words of newer minor versions are no obstacle.

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
        manifest = msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None
    for name, words in WORDS.items():
        if schema == SCHEMA and getattr(manifest, name) not in words:
            raise RunError(
                f"{path} cannot be read: {name} is {getattr(manifest, name)!r}, which is none of {', '.join(words)}"
            )
    return manifest


def _is_readable(schema: str) -> bool:
    """Return whether a schema is ours, or a newer minor version of it."""
    return re.fullmatch(rf"{re.escape(SCHEMA)}(\.\d+)?", schema) is not None


def _put(folder: Path, text: bytes) -> None:
    draft = folder / f"{MANIFEST}.new"
    try:
        draft.write_bytes(msgspec.json.format(text, indent=2) + b"\n")
        draft.replace(folder / MANIFEST)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
