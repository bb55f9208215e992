"""What travels between an engine's host and its worker process.

In: messages. Out: bytes with their length in front (four bytes, big-endian, then one msgpack value), and back.
Does not know: processes, pipes, engines.
"""

from __future__ import annotations

import msgspec
import numpy as np

from voicelab.audio.samples import Samples
from voicelab.errors import ConfigError, EngineError

HEADER_BYTES = 4


class Hear(msgspec.Struct, frozen=True, tag=True):
    """Configure a recogniser; the first message to a hearing worker. No phrases: free dictation."""

    scenario: str
    phrases: tuple[str, ...]


class Start(msgspec.Struct, frozen=True, tag=True):
    """Begin turn number ``turn``."""

    turn: int


class Feed(msgspec.Struct, frozen=True, tag=True):
    """Audio of the running turn: little-endian int16 at 24,000 Hz."""

    pcm: bytes


class Pause(msgspec.Struct, frozen=True, tag=True):
    """The speaker may be done."""


class Resume(msgspec.Struct, frozen=True, tag=True):
    """The speaker went on."""


class Finish(msgspec.Struct, frozen=True, tag=True):
    """End the turn and tell the words."""


class Speak(msgspec.Struct, frozen=True, tag=True):
    """Speak; every answer carries the same number ``call``."""

    call: int
    text: str
    voice: str
    speed: float


class Partial(msgspec.Struct, frozen=True, tag=True):
    """The words of a turn so far."""

    turn: int
    text: str


class Final(msgspec.Struct, frozen=True, tag=True):
    """The words of a turn."""

    turn: int
    text: str
    rejected: bool
    confidence: float
    engine: str


class Spoken(msgspec.Struct, frozen=True, tag=True):
    """A chunk of speech; ``last`` marks the end of the call and has no sound."""

    call: int
    pcm: bytes
    text: str
    last: bool


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Turn or call ``number`` failed; ``setting`` says that a setting was wrong, not the engine."""

    number: int
    message: str
    setting: str | None

    @classmethod
    def of(cls, number: int, error: EngineError | ConfigError) -> Failed:
        """Put an error on the wire."""
        return cls(number, str(error), (error.param or "") if isinstance(error, ConfigError) else None)

    def as_error(self) -> EngineError | ConfigError:
        """Reverse of :meth:`of`."""
        if self.setting is None:
            return EngineError(self.message)
        return ConfigError(self.message, param=self.setting or None)


Request = Hear | Start | Feed | Pause | Resume | Finish | Speak
Answer = Partial | Final | Spoken | Failed

_encoder = msgspec.msgpack.Encoder()


def pack(message: Request | Answer) -> bytes:
    """Write a message with its length in front."""
    body = _encoder.encode(message)
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def to_wire(samples: Samples) -> bytes:
    """Write samples as they travel: little-endian int16."""
    return samples.astype("<i2", copy=False).tobytes()


def from_wire(pcm: bytes) -> Samples:
    """Reverse of :func:`to_wire`."""
    return np.frombuffer(pcm, "<i2").astype(np.int16, copy=False)
