"""Items that a client made: checked part by part, their audio taken out of them.

In: an item of ``conversation.item.create`` or of a response's own input.  Out: the item as a conversation keeps it, and
its audio as samples.
Does not know: where the item goes, or what is heard in its audio.
"""

from __future__ import annotations

import base64
import binascii

import msgspec
import numpy as np

from voicelab.audio.formats import Decoder, from_wire
from voicelab.audio.samples import Samples
from voicelab.errors import ConfigError
from voicelab.protocol.items import (
    FunctionCall,
    InputAudio,
    InputImage,
    InputText,
    Item,
    Message,
    OutputAudio,
    OutputText,
    Part,
)
from voicelab.protocol.settings import to_plain
from voicelab.server.connection import Connection

# What a client may put into the messages of each role.
_PARTS: dict[str, tuple[type[Part], ...]] = {
    "user": (InputText, InputAudio),
    "assistant": (OutputText,),
    "system": (InputText,),
}


def prepare(connection: Connection, item: Item, param: str) -> tuple[Item, Samples | None]:
    """Check an item that a client made; return it without its audio bytes, and its audio.

    Raises
    ------
    ConfigError
        A part that a client cannot make, or that this server cannot use; ``param`` is its path.
    """
    item = msgspec.structs.replace(item, status="completed")  # what a client made is whole, whatever it says
    if isinstance(item, FunctionCall) and item.call_id is None:
        item = msgspec.structs.replace(item, call_id=connection.ids.new("call"))
    if not isinstance(item, Message):
        return item, None
    sound = bytearray()
    content = []
    for index, part in enumerate(item.content):
        where = f"{param}.content[{index}]"
        _check_part(item, part, where)
        if isinstance(part, InputAudio) and isinstance(part.audio, str):
            sound += _audio_bytes(part.audio, where)
            part = InputAudio(transcript=part.transcript)
        content.append(part)
    samples = None
    if sound:
        decoder = Decoder(from_wire(to_plain(connection.input.format)))
        samples = np.concatenate([decoder.feed(bytes(sound)), decoder.finish()])
    return msgspec.structs.replace(item, content=tuple(content)), samples


def _check_part(item: Message, part: Part, param: str) -> None:
    if isinstance(part, OutputAudio):
        raise ConfigError(f"{param}: assistant audio cannot be created by a client.", param=param)
    if isinstance(part, InputImage):
        raise ConfigError(f"{param}: the embedded server sees no images.", param=param, code="unsupported")
    if not isinstance(part, _PARTS[item.role]):
        allowed = ", ".join(f"'{kind.__struct_config__.tag}'" for kind in _PARTS[item.role])
        raise ConfigError(
            f"{param}.type: Invalid value: '{part.__struct_config__.tag}'. Supported values for a message of the "
            f"{item.role} are: {allowed}.",
            param=f"{param}.type",
            code="invalid_value",
        )


def _audio_bytes(text: str, param: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError(f"{param}.audio: not base64.", param=f"{param}.audio", code="invalid_value") from None
