"""One record of a run: something that was sent, received, or happened here, and when.

In and out: frozen structs, one JSON object a line in ``events.jsonl``.
Does not know: files, clocks, what an event means.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

SCHEMA = "voicelab.run/1"
TRACK_RATE_HZ = 24_000

Direction: TypeAlias = Literal["send", "recv", "local"]
Track: TypeAlias = Literal["input", "output", "heard"]


class Placed(dict[str, Any]):
    """What stands in an event in place of its audio bytes. Made here only: so it is known to hold nobody's words."""


# ``gc=False``: JSON makes no circles, and a run of a million records is read in half the time.
class AudioRef(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where the samples of an event lie.

    Parameters
    ----------
    track : {"input", "output", "heard"}
        Which WAV file of the run folder.
    start, n : int
        First sample and number of samples in that file.
    rate : int
        Samples a second, always 24,000.
    """

    track: Track
    start: int
    n: int
    rate: int = TRACK_RATE_HZ

    def to_event(self) -> Placed:
        """Return what stands in an event in place of its audio bytes."""
        return Placed(audio_ref=msgspec.structs.asdict(self))


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One line of ``events.jsonl``.

    Parameters
    ----------
    seq : int
        Counts the records of the run from 0 without a gap; order without clocks.
    t_ns : int
        Nanoseconds since the run began, on one monotonic clock.
    wall : str
        The same instant as wall time, RFC 3339, UTC; empty where nobody knows it.
    dir : {"send", "recv", "local"}
        Sent to the server, received from it, or a fact of this side.
    type : str
        GA event name, or ``voicelab.*`` for local facts.
    event : dict
        The payload as it was, audio bytes replaced by an `AudioRef`.
    epoch : int
        Counts the connections of the run from 0.
    native : str, optional
        The provider's own event name where it differs from ``type``.
    bytes : int, optional
        Size of the frame on the wire.
    """

    seq: int
    t_ns: int
    wall: str = ""
    dir: Direction
    type: str
    event: dict[str, Any] = {}
    epoch: int = 0
    native: str | None = None
    bytes: int | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


def encode_line(record: Record) -> bytes:
    """Return a record as one line of JSON with its line end."""
    return _encoder.encode(record) + b"\n"


def decode_line(line: bytes) -> Record:
    """Return the record in one line.

    Raises
    ------
    msgspec.DecodeError, msgspec.ValidationError
        When the line is not a record (cut off, damaged); the reader sets such lines aside and counts them.
    """
    return _decoder.decode(line)
