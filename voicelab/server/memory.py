"""What the items of a conversation sounded like, and what may be remembered of them.

In: samples, recognised words, spoken words with their times.  Out: audio of an item, the conversation as a reply
engine may see it, and what it counts as input.
Does not know: events, or who asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import numpy as np

from voicelab.audio.samples import Samples
from voicelab.engines.base import Heard
from voicelab.engines.reply import UserAudio
from voicelab.protocol.conversation import Conversation
from voicelab.protocol.items import FunctionCall, FunctionCallOutput, InputAudio, Item, Message, OutputAudio, text_of
from voicelab.protocol.usage import Block, assistant_audio_tokens, text_tokens, user_audio_tokens

SAMPLES_PER_MS = 24


@dataclass
class SpokenWords:
    """An assistant message's sound: samples, and which words begin where."""

    pieces: list[Samples] = field(default_factory=list)
    words: list[tuple[int, str]] = field(default_factory=list)
    n_samples: int = 0

    def add(self, samples: Samples, text: str) -> None:
        """Append sound whose beginning is also the beginning of ``text``."""
        if text:
            self.words.append((self.n_samples, text))
        self.pieces.append(samples)
        self.n_samples += len(samples)

    @property
    def duration_ms(self) -> float:
        """Length of the sound."""
        return self.n_samples / SAMPLES_PER_MS

    @property
    def text(self) -> str:
        """All the words that are left."""
        return "".join(text for _, text in self.words)

    def cut(self, audio_end_ms: int) -> None:
        """Forget everything after ``audio_end_ms``: the sound, and every word that had not been heard to its end."""
        end = min(audio_end_ms * SAMPLES_PER_MS, self.n_samples)
        ends = [start for start, _ in self.words[1:]] + [self.n_samples]
        self.words = [word for word, word_end in zip(self.words, ends, strict=True) if word_end <= end]
        self.pieces = [self.samples[:end]]
        self.n_samples = end

    @property
    def samples(self) -> Samples:
        """The sound in one piece."""
        return np.concatenate(self.pieces) if self.pieces else np.zeros(0, np.int16)


class Memory:
    """Sound and words of the items of one conversation.

    ``user_samples`` is all the audio of a user message, padding and silence included; ``user_audio`` only its speech.
    """

    def __init__(self) -> None:
        self.user_samples: dict[str, Samples] = {}
        self.user_audio: dict[str, UserAudio] = {}
        self.user_words: dict[str, Heard] = {}
        self.spoken: dict[str, SpokenWords] = {}

    def forget(self, item_id: str) -> None:
        """Drop everything about an item."""
        for store in (self.user_samples, self.user_audio, self.user_words, self.spoken):
            store.pop(item_id, None)

    def samples_of(self, item_id: str) -> Samples | None:
        """Return the audio of an item, or None when it has none."""
        if item_id in self.user_samples:
            return self.user_samples[item_id]
        return self.spoken[item_id].samples if item_id in self.spoken else None

    def remembered(self, conversation: Conversation) -> tuple[Item, ...]:
        """Return the conversation as a reply engine may see it.

        What the user said stands there as the words that were recognised, also when no transcription was asked for;
        an interrupted answer holds only the words that were heard.
        """
        return tuple(self._remembered(item) for item in conversation.items)

    def _remembered(self, item: Item) -> Item:
        if not isinstance(item, Message) or item.id is None:
            return item
        if (heard := self.user_words.get(item.id)) is not None:
            words = "" if heard.rejected else heard.text
            return msgspec.structs.replace(item, content=(InputAudio(transcript=words),))
        if (spoken := self.spoken.get(item.id)) is not None:
            return msgspec.structs.replace(item, content=(OutputAudio(transcript=spoken.text),))
        return item

    def blocks(self, conversation: Conversation) -> list[Block]:
        """Return what the items count as input of the next response."""
        return [self._block(item) for item in conversation.items]

    def _block(self, item: Item) -> Block:
        item_id = item.id or ""
        if (samples := self.user_samples.get(item_id)) is not None:
            return Block(item_id, audio_tokens=user_audio_tokens(len(samples) / SAMPLES_PER_MS))
        if (spoken := self.spoken.get(item_id)) is not None:
            return Block(
                f"{item_id}:{spoken.n_samples}",
                text_tokens=text_tokens(spoken.text),
                audio_tokens=assistant_audio_tokens(spoken.duration_ms),
            )
        match item:
            case FunctionCall(name=name, arguments=arguments):
                return Block(item_id, text_tokens=text_tokens(name + arguments))
            case FunctionCallOutput(output=output):
                return Block(item_id, text_tokens=text_tokens(output))
        return Block(item_id, text_tokens=text_tokens(text_of(item)))
