"""What both sides know of a conversation, derived from the server's events alone.

In: server events, in order.  Out: the items in their order, the response that is running, who holds the floor.
The embedded server applies each event as it sends it, the client as it receives it: one state machine, two sides.
Does not know: which side it runs on, audio bytes, or time.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from voicelab.protocol import server_events as ev
from voicelab.protocol.items import InputAudio, Item, Message, OutputAudio, Part

Floor: TypeAlias = Literal["listening", "user speaking", "thinking", "speaking", "interrupted"]

# Who holds the floor, and what changes it; an event that is not in a row leaves the state as it is.
FLOOR: dict[Floor, dict[str, Floor]] = {
    "listening": {"speech_started": "user speaking", "response_created": "thinking"},
    "user speaking": {"speech_stopped": "listening", "response_created": "interrupted"},
    "thinking": {"speech_started": "interrupted", "output": "speaking", "response_done": "listening"},
    "speaking": {"speech_started": "interrupted", "response_done": "listening"},
    "interrupted": {"speech_stopped": "speaking", "response_done": "user speaking"},
}
_FLOOR_EVENTS: dict[type, str] = {
    ev.SpeechStarted: "speech_started",
    ev.SpeechStopped: "speech_stopped",
    ev.ResponseCreated: "response_created",
    ev.ResponseDone: "response_done",
    ev.OutputAudioDelta: "output",
    ev.OutputTextDelta: "output",
    ev.FunctionArgumentsDelta: "output",
}


class Conversation:
    """The items, the running response and the floor."""

    def __init__(self) -> None:
        self.floor: Floor = "listening"
        self.active_response: str | None = None
        self.heard_ms: dict[str, int] = {}
        self._items: dict[str, Item] = {}
        self._order: list[str] = []

    @property
    def items(self) -> tuple[Item, ...]:
        """The items in conversation order, oldest first."""
        return tuple(self._items[item_id] for item_id in self._order)

    @property
    def last_item_id(self) -> str | None:
        """The id that a new item would follow."""
        return self._order[-1] if self._order else None

    def get(self, item_id: str) -> Item | None:
        """Return an item, or None when the conversation does not hold it."""
        return self._items.get(item_id)

    def before(self, item_id: str) -> str | None:
        """Return the id of the item before this one; None for the first."""
        index = self._order.index(item_id)
        return self._order[index - 1] if index else None

    def apply(self, event: ev.ServerEvent) -> None:
        """Change the state by one server event; events that change nothing are welcome."""
        in_conversation = self._in_conversation(event)
        if in_conversation and (cause := _FLOOR_EVENTS.get(type(event))):
            self.floor = FLOOR[self.floor].get(cause, self.floor)
        match event:
            case ev.ResponseCreated(response=response) if in_conversation:
                self.active_response = response.id
            case ev.ResponseDone(response=response) if response.id == self.active_response:
                self.active_response = None
            case ev.ItemAdded(item=item, previous_item_id=previous):
                self._insert(item, previous)
            case ev.ItemDone(item=item) if item.id in self._items:
                self._items[item.id] = self._keep_transcript(item)
            case ev.ItemDeleted(item_id=item_id) if item_id in self._items:
                del self._items[item_id]
                self._order.remove(item_id)
            case ev.ItemTruncated(item_id=item_id, audio_end_ms=audio_end_ms):
                self._truncate(item_id, audio_end_ms)
            case ev.TranscriptionCompleted(item_id=item_id, content_index=index, transcript=transcript):
                self._set_part(item_id, index, InputAudio(transcript=transcript))
            case ev.OutputTranscriptDelta(item_id=item_id, content_index=index, delta=delta):
                self._append_words(item_id, index, delta)

    def _in_conversation(self, event: ev.ServerEvent) -> bool:
        """Responses outside the conversation neither hold the floor nor block the next response."""
        if isinstance(event, ev.ResponseCreated | ev.ResponseDone):
            return bool(event.response.conversation_id)
        return getattr(event, "response_id", self.active_response) == self.active_response

    def _insert(self, item: Item, previous: str | None) -> None:
        if item.id is None or item.id in self._items:
            return
        at = self._order.index(previous) + 1 if previous in self._items else 0
        self._order.insert(at, item.id)
        self._items[item.id] = item

    def _keep_transcript(self, item: Item) -> Item:
        """Return the final item; a transcript that was completed before the item was done is not lost."""
        before = self._items[item.id] if item.id else None
        if not isinstance(item, Message) or not isinstance(before, Message) or item.role != "user":
            return item
        words = {
            index: part.transcript
            for index, part in enumerate(before.content)
            if isinstance(part, InputAudio) and part.transcript
        }
        content = tuple(
            InputAudio(transcript=words[index])
            if index in words and isinstance(part, InputAudio) and not part.transcript
            else part
            for index, part in enumerate(item.content)
        )
        return msgspec.structs.replace(item, content=content)

    def _truncate(self, item_id: str, audio_end_ms: int) -> None:
        self.heard_ms[item_id] = audio_end_ms
        item = self._items.get(item_id)
        if isinstance(item, Message):
            content = tuple(OutputAudio(transcript=None) if isinstance(p, OutputAudio) else p for p in item.content)
            self._items[item_id] = msgspec.structs.replace(item, content=content)

    def _append_words(self, item_id: str, index: int, delta: str) -> None:
        item = self._items.get(item_id)
        if not isinstance(item, Message):
            return
        part = item.content[index] if index < len(item.content) else OutputAudio(transcript="")
        if isinstance(part, OutputAudio):
            self._set_part(item_id, index, OutputAudio(transcript=(part.transcript or "") + delta))

    def _set_part(self, item_id: str, index: int, part: Part) -> None:
        item = self._items.get(item_id)
        if not isinstance(item, Message) or index > len(item.content):
            return
        content = (*item.content[:index], part, *item.content[index + 1 :])
        self._items[item_id] = msgspec.structs.replace(item, content=content)
