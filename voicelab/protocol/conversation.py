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

Cause: TypeAlias = Literal[
    "speech_started", "speech_stopped", "buffer_emptied", "response_created", "output", "response_done"
]

#: Who holds the floor, and what each cause makes of it; None: cannot happen there. A test checks every cell.
FLOOR: dict[Floor, dict[Cause, Floor | None]] = {
    "listening": {
        "speech_started": "user speaking",
        "speech_stopped": None,
        "buffer_emptied": "listening",
        "response_created": "thinking",
        "output": None,
        "response_done": None,
    },
    "user speaking": {
        "speech_started": None,
        "speech_stopped": "listening",
        "buffer_emptied": "listening",
        "response_created": "interrupted",
        "output": None,
        "response_done": None,
    },
    "thinking": {
        "speech_started": "interrupted",
        "speech_stopped": None,
        "buffer_emptied": "thinking",
        "response_created": None,
        "output": "speaking",
        "response_done": "listening",
    },
    "speaking": {
        "speech_started": "interrupted",
        "speech_stopped": None,
        "buffer_emptied": "speaking",
        "response_created": None,
        "output": "speaking",
        "response_done": "listening",
    },
    # The user speaks while a response runs: a barge-in, whether or not the response gives way.
    "interrupted": {
        "speech_started": None,
        "speech_stopped": "speaking",
        "buffer_emptied": "speaking",
        "response_created": None,
        "output": "interrupted",
        "response_done": "user speaking",
    },
}
_CAUSES: dict[type, Cause] = {
    ev.SpeechStarted: "speech_started",
    ev.SpeechStopped: "speech_stopped",
    # Committed or cleared by the client, the audio of an unfinished turn is gone, and the turn with it.
    ev.InputAudioCommitted: "buffer_emptied",
    ev.InputAudioCleared: "buffer_emptied",
}


class Conversation:
    """The items, the running response and the floor.

    ``irregular`` counts the events that cannot happen in the state they came in (another server's, or lost frames):
    they leave the floor as it is.
    """

    def __init__(self) -> None:
        self.floor: Floor = "listening"
        self.irregular = 0
        self.active_response: str | None = None
        self.heard_ms: dict[str, int] = {}
        self._asides: set[str] = set()
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
        match event:
            case ev.ResponseCreated(response=response) if response.conversation_id is None:
                self._asides.add(response.id)
            case ev.ResponseDone(response=response) if response.id in self._asides:
                self._asides.discard(response.id)
            case ev.ResponseCreated(response=response):
                self._pass_floor("response_created")
                self.active_response = response.id
            case ev.ResponseDone(response=response):
                self._of_active(response.id, "response_done")
                if response.id == self.active_response:
                    self.active_response = None
            case ev.OutputAudioDelta() | ev.OutputTextDelta() | ev.FunctionArgumentsDelta():
                self._of_active(event.response_id, "output")
            case ev.OutputTranscriptDelta(item_id=item_id, content_index=index, delta=delta):
                self._append_words(item_id, index, delta)
            case _:
                if cause := _CAUSES.get(type(event)):
                    self._pass_floor(cause)
                self._keep_items(event)

    def _keep_items(self, event: ev.ServerEvent) -> None:
        match event:
            case ev.ItemAdded(item=item, previous_item_id=previous):
                self._insert(item, previous)
            case ev.ItemDone(item=item) if item.id in self._items:
                self._items[item.id] = self._keep_transcript(item)
            case ev.ItemDeleted(item_id=item_id) if item_id in self._items:
                del self._items[item_id]
                self._order.remove(item_id)
                self.heard_ms.pop(item_id, None)
            case ev.ItemTruncated(item_id=item_id, audio_end_ms=audio_end_ms) if item_id in self._items:
                self._truncate(item_id, audio_end_ms)
            case ev.TranscriptionCompleted(item_id=item_id, content_index=index, transcript=transcript):
                self._set_part(item_id, index, InputAudio(transcript=transcript))

    def _of_active(self, response_id: str, cause: Cause) -> None:
        """Pass the floor for the response that runs; one outside the conversation neither holds nor blocks it."""
        if response_id == self.active_response:
            self._pass_floor(cause)
        elif response_id not in self._asides:
            self.irregular += 1

    def _pass_floor(self, cause: Cause) -> None:
        after = FLOOR[self.floor][cause]
        if after is None:
            self.irregular += 1
        else:
            self.floor = after

    def _insert(self, item: Item, previous: str | None) -> None:
        if item.id is None or item.id in self._items:
            return
        # Behind an item that is not known here (deleted meanwhile, or of a kind this side cannot read): at the end.
        behind = self._order.index(previous) + 1 if previous in self._items else len(self._order)
        at = 0 if previous is None else behind
        self._order.insert(at, item.id)
        self._items[item.id] = item

    def _keep_transcript(self, item: Item) -> Item:
        """Return the final item; a transcript that was completed before the item was done is not lost."""
        before = self._items[item.id] if item.id else None
        if item.id in self.heard_ms and isinstance(item, Message):
            return _without_transcript(item)  # truncated while it was spoken: what was cut stays forgotten
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
            self._items[item_id] = _without_transcript(item)

    def _append_words(self, item_id: str, index: int, delta: str) -> None:
        item = self._items.get(item_id)
        if not isinstance(item, Message) or item_id in self.heard_ms:
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


def _without_transcript(item: Message) -> Message:
    content = tuple(OutputAudio(transcript=None) if isinstance(part, OutputAudio) else part for part in item.content)
    return msgspec.structs.replace(item, content=content)
