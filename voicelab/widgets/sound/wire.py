"""What travels between the page and the kernel: sound with a small head, and messages in JSON.

In: bytes or text of the page.  Out: `Chunk` values and checked messages, or a `ProtocolError` that says what was wrong.
Does not know: which way they travel.

A chunk is three little-endian unsigned 32-bit numbers (generation, number of its first sample, 1 when it begins a
stretch), then int16 samples at 24 kHz. ``worklets.js`` and ``js/frames.js`` write and read the same.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from voicelab.audio.samples import Samples
from voicelab.errors import ProtocolError

_HEAD = struct.Struct("<III")
# A page sends 20 ms at a time; a second is more than any page of ours would send at once.
MOST_BYTES = _HEAD.size + 2 * 24_000


@dataclass(frozen=True)
class Chunk:
    """A stretch of sound on its way.

    Parameters
    ----------
    generation : int
        Counts flushes: what belongs to a flushed generation is dropped. From a microphone: a number that is another
        one each time the page opens it.
    first : int
        Number of the first sample within the generation.
    begins : bool
        Whether the stretch begins here; silence before it is no underrun.
    samples : int16 array, shape (n,)
        At 24 kHz.
    """

    generation: int
    first: int
    begins: bool
    samples: Samples


def pack_chunk(chunk: Chunk) -> bytes:
    """Return a chunk as bytes."""
    return _HEAD.pack(chunk.generation, chunk.first, chunk.begins) + chunk.samples.astype("<i2").tobytes()


def unpack_chunk(data: bytes) -> Chunk:
    """Read a chunk.

    Raises
    ------
    ProtocolError
        Too short, too long, or half a sample.
    """
    if not _HEAD.size <= len(data) <= MOST_BYTES or len(data) % 2:
        raise ProtocolError(f"the page sent {len(data)} bytes of sound, which is no chunk of it")
    generation, first, begins = _HEAD.unpack_from(data)
    samples = np.frombuffer(data, "<i2", offset=_HEAD.size).astype(np.int16)
    return Chunk(generation, first, bool(begins), samples)


def read_message(text: str) -> dict[str, Any]:
    """Read a message: a JSON object with a ``type``.

    Raises
    ------
    ProtocolError
        It is something else.
    """
    try:
        message = json.loads(text)
    except ValueError:
        raise ProtocolError("the page sent a message that is no JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError("the page sent a message without a type")
    return message


def number(message: dict[str, Any], name: str) -> float:
    """Return a number of a message.

    Raises
    ------
    ProtocolError
        It is missing, or no finite number of 0 or more.
    """
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise ProtocolError(f"the page's message {message['type']!r} has no usable {name!r}")
    return value
