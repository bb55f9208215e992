"""The output side of one response: items begun, filled by deltas, and finished, as events in the real order.

In: words, sound, function calls.  Out: ``response.output_item.*``, ``response.content_part.*``, the deltas and their
``.done``, and for responses inside the conversation its item events too.
Does not know: pace, limits, or what is being said (``speaking``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from voicelab.audio.formats import Encoder, from_wire
from voicelab.audio.samples import Samples
from voicelab.protocol import server_events as ev
from voicelab.protocol.items import FunctionCall, Item, ItemStatus, Message, OutputAudio, OutputText
from voicelab.protocol.settings import to_plain
from voicelab.protocol.usage import assistant_audio_tokens, text_tokens
from voicelab.server.connection import Connection
from voicelab.server.memory import SAMPLES_PER_MS
from voicelab.server.response_settings import AnswerSettings

# A hosted model writes token by token; here a piece is a word with the space before it, or a run of punctuation.
_PIECE = re.compile(r"\s*\w+|\s*[^\w\s]+|\s+")


def pieces(text: str) -> Iterator[str]:
    """Cut a text into pieces like the deltas of the real service; joined they are the text."""
    return (match[0] for match in _PIECE.finditer(text))


@dataclass
class _OpenMessage:
    """The message that is being said or written."""

    item_id: str
    index: int
    text: str = ""

    @property
    def written(self) -> str:
        """What counts as text."""
        return self.text


@dataclass
class OpenCall:
    """The function call that is being written."""

    item_id: str
    index: int
    call_id: str
    name: str
    arguments: str = ""

    @property
    def written(self) -> str:
        """What counts as text."""
        return self.name + self.arguments


class ResponseOutput:
    """Writes the items of one response.

    Parameters
    ----------
    connection : Connection
    response_id : str
    settings : AnswerSettings
    spoken : bool
        Whether messages are sound with a transcript, or text.
    """

    def __init__(self, connection: Connection, response_id: str, settings: AnswerSettings, *, spoken: bool) -> None:
        self._connection = connection
        self._response_id = response_id
        self._in_conversation = settings.in_conversation
        self._spoken = spoken
        self._encoder = Encoder(from_wire(to_plain(settings.format)))
        self._open: _OpenMessage | OpenCall | None = None
        self._closed_text_tokens = 0
        self.items: list[Item] = []
        self.audio_ms = 0.0

    @property
    def text_tokens(self) -> int:
        """Text tokens made so far: words, transcripts, function calls."""
        return self._closed_text_tokens + (text_tokens(self._open.written) if self._open is not None else 0)

    @property
    def audio_tokens(self) -> int:
        """Audio tokens made so far."""
        return assistant_audio_tokens(self.audio_ms)

    def tokens_with(self, text: str, audio_ms: float = 0.0) -> int:
        """Return how many tokens there would be with some more text and sound in the open item."""
        written = self._open.written if self._open is not None else ""
        sound = assistant_audio_tokens(self.audio_ms + audio_ms)
        return self._closed_text_tokens + text_tokens(written + text) + sound

    # --- messages --------------------------------------------------------------------------------------------

    def sound(self, samples: Samples, text: str) -> None:
        """Send a chunk of sound, and the words that begin with it."""
        message = self._message()
        where = self._where(message)
        if text:
            message.text += text
            self._connection.emit(ev.OutputTranscriptDelta(**where, delta=text))
        if self._in_conversation:
            self._connection.audio_was_sent = True
            self._remember(message.item_id, samples, text)
        self.audio_ms += len(samples) / SAMPLES_PER_MS
        self._connection.emit(ev.OutputAudioDelta(**where, delta=self._encoder.feed(samples)))

    def _remember(self, item_id: str, samples: Samples, text: str) -> None:
        conversation = self._connection.conversation
        # What the client deleted or truncated while it was spoken stays deleted or truncated.
        if conversation.get(item_id) is not None and item_id not in conversation.heard_ms:
            self._connection.memory.say(item_id, samples, text)

    def write(self, text: str) -> None:
        """Send a piece of text."""
        message = self._message()
        message.text += text
        self._connection.emit(ev.OutputTextDelta(**self._where(message), delta=text))

    def _message(self) -> _OpenMessage:
        if isinstance(self._open, _OpenMessage):
            return self._open
        self.close("completed")
        message = self._open = _OpenMessage(self._connection.ids.new("item"), len(self.items))
        self._add(Message(id=message.item_id, role="assistant", status="in_progress"), message.index)
        part = ev.PartInfo(type="audio", transcript="") if self._spoken else ev.PartInfo(type="text", text="")
        self._connection.emit(ev.ContentPartAdded(**self._where(message), part=part))
        return message

    def _close_message(self, message: _OpenMessage, status: ItemStatus) -> Item:
        connection, where, text = self._connection, self._where(message), message.text
        if not self._spoken:
            connection.emit(ev.OutputTextDone(**where, text=text))
            connection.emit(ev.ContentPartDone(**where, part=ev.PartInfo(type="text", text=text)))
            return Message(id=message.item_id, role="assistant", status=status, content=(OutputText(text=text),))
        tail = self._encoder.finish() if status == "completed" else b""
        if tail:
            connection.emit(ev.OutputAudioDelta(**where, delta=tail))
        connection.emit(ev.OutputAudioDone(**where))
        connection.emit(ev.OutputTranscriptDone(**where, transcript=text))
        connection.emit(ev.ContentPartDone(**where, part=ev.PartInfo(type="audio", transcript=text)))
        return Message(id=message.item_id, role="assistant", status=status, content=(OutputAudio(transcript=text),))

    def _where(self, item: _OpenMessage | OpenCall) -> dict[str, Any]:
        return {"response_id": self._response_id, "item_id": item.item_id, "output_index": item.index}

    # --- function calls --------------------------------------------------------------------------------------

    def begin_call(self, name: str) -> OpenCall:
        """Begin a function call."""
        self.close("completed")
        call = OpenCall(self._connection.ids.new("item"), len(self.items), self._connection.ids.new("call"), name)
        self._open = call
        self._add(FunctionCall(id=call.item_id, status="in_progress", name=name, call_id=call.call_id), call.index)
        return call

    def arguments(self, call: OpenCall, piece: str) -> None:
        """Send a piece of a function call's arguments."""
        call.arguments += piece
        self._connection.emit(ev.FunctionArgumentsDelta(**self._where(call), call_id=call.call_id, delta=piece))

    def _close_call(self, call: OpenCall, status: ItemStatus) -> Item:
        name, call_id, arguments = call.name, call.call_id, call.arguments
        self._connection.emit(
            ev.FunctionArgumentsDone(**self._where(call), call_id=call_id, name=name, arguments=arguments)
        )
        return FunctionCall(id=call.item_id, status=status, name=name, call_id=call_id, arguments=arguments)

    def begin_if_empty(self) -> None:
        """Begin a message where nothing was said or written at all."""
        if self._open is None and not self.items:
            self._message()

    # --- items -----------------------------------------------------------------------------------------------

    def close(self, status: ItemStatus) -> None:
        """Finish the open item, if there is one, with all its ``.done`` events."""
        if self._open is None:
            return
        self._closed_text_tokens = self.text_tokens
        closing, self._open = self._open, None
        item = (
            self._close_call(closing, status) if isinstance(closing, OpenCall) else self._close_message(closing, status)
        )
        self.items.append(item)
        connection = self._connection
        connection.emit(ev.OutputItemDone(response_id=self._response_id, output_index=closing.index, item=item))
        # A client may have deleted the item while it was spoken: then it is not finished either.
        if self._in_conversation and connection.conversation.get(closing.item_id) is not None:
            previous = connection.conversation.before(closing.item_id)
            connection.emit(ev.ItemDone(item=item, previous_item_id=previous))

    def _add(self, item: Item, index: int) -> None:
        connection = self._connection
        connection.emit(ev.OutputItemAdded(response_id=self._response_id, output_index=index, item=item))
        if self._in_conversation:
            connection.emit(ev.ItemAdded(item=item, previous_item_id=connection.conversation.last_item_id))
