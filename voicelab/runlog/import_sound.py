"""The sound in events that other code recorded: base64 in formats that the session's settings name.

In: session objects and the base64 text of appends and deltas, in order.  Out: 24 kHz samples, or nothing where the
bytes are no samples that can be known.
Does not know: tracks, time.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from voicelab.audio.formats import PCM24, AudioFormat, Decoder, from_wire
from voicelab.audio.samples import Samples
from voicelab.errors import AudioError, ConfigError
from voicelab.runlog.import_lines import Sender

# Containers, whose bytes are no samples: a file sent as it is, or a service that speaks Opus.
_CONTAINERS = (b"OggS", b"RIFF", b"ID3", b"fLaC")
_SIDES: Mapping[Sender, str] = {"send": "input", "recv": "output"}


class ForeignSound:
    """The sound of one connection, both ways."""

    def __init__(self) -> None:
        self._formats: dict[Sender, AudioFormat | None] = {"send": PCM24, "recv": PCM24}
        self._input = Decoder(PCM24)
        self._outputs: dict[str, Decoder] = {}
        self._no_samples: set[Sender] = set()

    def configure(self, session: Mapping[str, Any]) -> None:
        """Take the formats of a session object; one of somebody else's leaves that side without samples."""
        audio = session.get("audio")
        for side, name in _SIDES.items():
            settings = audio.get(name) if isinstance(audio, Mapping) else None
            wire_format = settings.get("format") if isinstance(settings, Mapping) else None
            if isinstance(wire_format, Mapping):
                self._use(side, wire_format)

    def _use(self, side: Sender, wire_format: Mapping[str, Any]) -> None:
        try:
            chosen: AudioFormat | None = from_wire(wire_format)
        except ConfigError:
            chosen = None
        if chosen == self._formats[side]:
            return
        self._formats[side] = chosen
        if side == "send":
            self._input = Decoder(chosen or PCM24)
        else:
            self._outputs.clear()

    def decode(self, side: Sender, item_id: str, sound: Any) -> Samples | None:
        """Return the samples of an append or a delta; None: no base64, no known format, half a sample.

        Parameters
        ----------
        side : {"send", "recv"}
        item_id : str
            Of a delta: each item is a stream of its own.
        sound
            What stands in the event.
        """
        wire_format = self._formats[side]
        if not isinstance(sound, str) or wire_format is None:
            return None
        try:
            data = base64.b64decode(sound, validate=True)
            if data.startswith(_CONTAINERS):
                self._no_samples.add(side)  # what follows the first page is of the same kind
            if side in self._no_samples:
                return None
            decoder = self._input if side == "send" else self._outputs.setdefault(item_id, Decoder(wire_format))
            return decoder.feed(data)
        except (binascii.Error, ValueError, AudioError):
            return None
