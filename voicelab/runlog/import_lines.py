"""Lines that other code wrote down: the Realtime event in each, who said it, and what may be the time.

In: one line of JSON.  Out: `ForeignLine`, or nothing where there is no event in it.
Does not know: files, runs, what a time stamp means (``import_times``).

An event may be the line itself, or lie under ``event``, ``data``, ``payload`` or ``message``, as an object or as its
JSON text. Who sent it is told by the event's own type wherever the protocol knows it, since "in" and "out" mean
opposite things in a client's log and in a server's; the log's own word settles the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from voicelab.protocol.beta import Beta
from voicelab.protocol.server_events import KnownServerEvent
from voicelab.protocol.wire import CLIENT_EVENTS
from voicelab.runlog.import_times import TIME_FIELDS

Sender: TypeAlias = Literal["send", "recv"]

WRAPPERS = ("event", "data", "payload", "message")
SENDER_FIELDS = ("dir", "direction", "event_sender", "sender", "source", "from", "origin")
_SEND = frozenset(
    ("send", "sent", "out", "outgoing", "outbound", "client", "user", "tx", "up", "c2s", "client_to_server", "request")
)
_RECV = frozenset(
    ("recv", "receive", "received", "in", "incoming", "inbound", "server", "rx", "down", "s2c", "server_to_client")
)
_OLD_CLIENT_EVENTS = frozenset(("transcription_session.update", "output_audio_buffer.clear"))
_BETA_ONLY = frozenset(("conversation.item.created", "transcription_session.created", "transcription_session.updated"))
_BETA_FIELDS = frozenset(("modalities", "input_audio_format", "output_audio_format"))
_OURS = "voicelab."
# A protocol has some fifty; a file that makes up names for ever does not fill the memory.
_MOST_TYPES = 1_000
_SERVER_EVENTS = frozenset(kind.__struct_config__.tag for kind in get_args(KnownServerEvent))


@dataclass(frozen=True)
class ForeignLine:
    """One event as other code kept it.

    Parameters
    ----------
    body : dict
        The event, with a ``type`` that is a text.
    stamps : mapping
        What stands under a name that is usual for a time.
    word : {"send", "recv"} or None
        What the log says of the direction.
    is_record : bool
        It is a line of a voicelab run, not of somebody else's log.
    """

    body: dict[str, Any]
    stamps: Mapping[str, Any]
    word: Sender | None
    is_record: bool = False


def read_line(line: bytes) -> ForeignLine | None:
    """Return the event in a line; None where there is none: no JSON, no object, no ``type``."""
    outer = _object(line)
    if outer is None:
        return None
    body = next((inner for name in WRAPPERS if (inner := _event_in(outer.get(name))) is not None), outer)
    is_record = {"seq", "t_ns", "wall", "dir", "type"} <= outer.keys()
    if not isinstance(body.get("type"), str) or (body["type"].startswith(_OURS) and not is_record):
        return None  # the second is a fact that only voicelab itself can know, no event of the protocol
    stamps = {name: where[name] for where in (body, outer) for name in TIME_FIELDS if name in where}
    return ForeignLine(body, stamps, _word(outer), is_record)


@lru_cache(maxsize=_MOST_TYPES)
def sender_by_type(kind: str) -> Sender | None:
    """Return who sends events of this type, GA or beta; None where the protocol lists no such event."""
    if kind in CLIENT_EVENTS or kind in _OLD_CLIENT_EVENTS:
        return "send"
    return "recv" if kind in _SERVER_EVENTS or kind in _BETA_ONLY or _is_renamed(kind) else None


def is_beta(body: Mapping[str, Any]) -> bool:
    """Return whether only the beta has such an event: by its name, or by a flat session object."""
    kind = body["type"]
    session = body.get("session")
    flat = isinstance(session, Mapping) and not _BETA_FIELDS.isdisjoint(session)
    return kind in _BETA_ONLY or _is_renamed(kind) or kind == "transcription_session.update" or flat


@lru_cache(maxsize=_MOST_TYPES)
def _is_renamed(kind: str) -> bool:
    (body,) = Beta().server_from_wire({"type": kind})
    return bool(body["type"] != kind)


def _object(text: bytes | str) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _event_in(value: Any) -> dict[str, Any] | None:
    """Return the event under a wrapper's name, which may be its JSON text."""
    inner = _object(value) if isinstance(value, str) and value.lstrip().startswith("{") else value
    return inner if isinstance(inner, dict) and isinstance(inner.get("type"), str) else None


def _word(outer: Mapping[str, Any]) -> Sender | None:
    for name in SENDER_FIELDS:
        value = outer.get(name)
        if isinstance(value, str):
            word = "_".join(value.lower().replace("->", " to ").replace("-", " ").replace("_", " ").split())
            if word in _SEND:
                return "send"
            if word in _RECV:
                return "recv"
    return None
