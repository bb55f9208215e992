"""What the items of a conversation sounded like, and what may be remembered of them.

In: samples, recognised words, spoken words with their times.  Out: audio of an item, the item as a reply engine may
see it, and what it counts as input.
Does not know: events, or who asks.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import msgspec

from voicelab.audio.samples import Samples
from voicelab.engines.base import Heard
from voicelab.engines.reply import UserAudio
from voicelab.protocol.items import (
    FunctionCall,
    FunctionCallOutput,
    InputAudio,
    Item,
    Message,
    OutputAudio,
    Part,
    text_of,
)
from voicelab.protocol.usage import Block, assistant_audio_tokens, text_tokens, user_audio_tokens
from voicelab.server.sound_store import SoundStore, Stretch

SAMPLES_PER_MS = 24


@dataclass(frozen=True)
class Speech:
    """The speech inside a user message: where it lies in the message's audio, and what was measured of it."""

    start: int = 0
    end: int = 0
    longest_pause_ms: float = 0.0
    speech_ms: float = 0.0


@dataclass
class Hearing:
    """A user message that was spoken: its sound, its speech, and its words as soon as they are there."""

    sound: Stretch
    speech: Speech
    heard: Heard | None = None
    coming: asyncio.Task[Heard] | None = None


@dataclass
class SpokenWords:
    """An assistant message's sound: samples, and which words begin where."""

    stretches: list[Stretch] = field(default_factory=list)
    words: list[tuple[int, str]] = field(default_factory=list)
    n_samples: int = 0
    _words_end: int | None = None  # of the last word after a cut; None: the last word lasts as long as the sound

    def add(self, stretch: Stretch, text: str) -> None:
        """Append sound whose beginning is also the beginning of ``text``."""
        if text:
            self.words.append((self.n_samples, text))
        last = self.stretches[-1] if self.stretches else None
        if last is not None and last.start + last.n == stretch.start:
            self.stretches[-1] = Stretch(last.start, last.n + stretch.n)
        else:
            self.stretches.append(stretch)
        self.n_samples += stretch.n

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
        words_end = self.n_samples if self._words_end is None else self._words_end
        bounds = [start for start, _ in self.words] + [words_end]
        kept_ends = [word_end for word_end in bounds[1:] if word_end <= end]
        self.words = self.words[: len(kept_ends)]
        self._words_end = kept_ends[-1] if kept_ends else 0
        kept, n_left = [], end
        for stretch in self.stretches:
            if n_left > 0:
                kept.append(Stretch(stretch.start, min(stretch.n, n_left)))
                n_left -= stretch.n
        self.stretches = kept
        self.n_samples = end


class Memory:
    """Sound and words of the items of one conversation."""

    def __init__(self) -> None:
        self.store = SoundStore()
        self.hearings: dict[str, Hearing] = {}
        self.spoken: dict[str, SpokenWords] = {}

    def keep_user(self, item_id: str, samples: Samples, speech: Speech) -> None:
        """Keep what a user message sounds like: all of its audio, padding and silence included."""
        self.hearings[item_id] = Hearing(self.store.add(samples), speech)

    def say(self, item_id: str, samples: Samples, text: str) -> None:
        """Keep more of an assistant message's sound and words."""
        self.spoken.setdefault(item_id, SpokenWords()).add(self.store.add(samples), text)

    def forget(self, item_id: str) -> None:
        """Drop everything about an item."""
        self.hearings.pop(item_id, None)
        self.spoken.pop(item_id, None)

    def close(self) -> None:
        """Let the sound go."""
        self.store.close()

    def samples_of(self, item_id: str) -> Samples | None:
        """Return the audio of an item, or None when it has none."""
        if (hearing := self.hearings.get(item_id)) is not None:
            return self.store.read([hearing.sound])
        if (spoken := self.spoken.get(item_id)) is not None:
            return self.store.read(spoken.stretches)
        return None

    def user_audio(self, item_id: str) -> UserAudio | None:
        """Return the speech of a user message, as the reply engine may use it; None when it was not spoken."""
        hearing = self.hearings.get(item_id)
        if hearing is None:
            return None
        speech = hearing.speech
        stretch = Stretch(hearing.sound.start + speech.start, max(0, speech.end - speech.start))
        return UserAudio(self.store.read([stretch]), speech.longest_pause_ms, speech.speech_ms)

    def remembered(self, item: Item) -> Item:
        """Return an item as a reply engine may see it.

        What the user said stands there as the words that were recognised, also when no transcription was asked for;
        an interrupted answer holds only the words that were heard.
        """
        if not isinstance(item, Message) or item.id is None:
            return item
        hearing = self.hearings.get(item.id)
        if hearing is not None and hearing.heard is not None:
            words = "" if hearing.heard.rejected else hearing.heard.text
            return msgspec.structs.replace(item, content=_with_words(item, words))
        if (spoken := self.spoken.get(item.id)) is not None:
            return msgspec.structs.replace(item, content=(OutputAudio(transcript=spoken.text),))
        return item

    def block(self, item: Item) -> Block:
        """Return what an item counts as input of a response."""
        item_id = item.id or ""
        if (hearing := self.hearings.get(item_id)) is not None:
            return Block(item_id, text_tokens(typed_text(item)), user_audio_tokens(hearing.sound.n / SAMPLES_PER_MS))
        if (spoken := self.spoken.get(item_id)) is not None:
            # The key holds the length: a truncated message is another prefix, and breaks the cache from here on.
            return Block(
                f"{item_id}:{spoken.n_samples}", text_tokens(spoken.text), assistant_audio_tokens(spoken.duration_ms)
            )
        match item:
            case FunctionCall(name=name, arguments=arguments):
                return Block(item_id, text_tokens(name + arguments))
            case FunctionCallOutput(output=output):
                return Block(item_id, text_tokens(output))
        return Block(item_id, text_tokens(text_of(item)))


def _with_words(item: Message, words: str) -> tuple[Part, ...]:
    """Return the parts of a message, the first audio with the words that were heard in all of them."""
    heard = iter([words])
    return tuple(
        InputAudio(transcript=next(heard, "")) if isinstance(part, InputAudio) else part for part in item.content
    )


def typed_text(item: Item) -> str:
    """Return the typed words of a message that may also hold audio."""
    if not isinstance(item, Message):
        return ""
    content = tuple(part for part in item.content if not isinstance(part, InputAudio))
    return text_of(msgspec.structs.replace(item, content=content))
