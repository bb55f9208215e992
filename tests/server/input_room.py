"""The input side of the server alone: a connection and its `Listening` in virtual time, and every event they sent.

The scores come from the energy detector, so a tone is speech and silence is not: quick, and exact to 10 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from tests.server.room import GivenEars, Saying
from tests.strict import note
from voicelab.audio.samples import Samples
from voicelab.audio.signals import silence, tone
from voicelab.engines.base import Heard, HearingHandle
from voicelab.errors import EngineError
from voicelab.protocol import wire
from voicelab.protocol.client_events import InputAudioAppend
from voicelab.protocol.ids import Ids
from voicelab.protocol.server_events import ServerEvent
from voicelab.protocol.settings import update
from voicelab.server.connection import Connection, Kind
from voicelab.server.engines import Engines, ServerOptions
from voicelab.server.listening import Listening
from voicelab.transports.clock import Clock
from voicelab.transports.virtual_time import run_in_virtual_time
from voicelab.turns.scores import Scorer

WALL = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAME = 480


@dataclass
class GrowingEars:
    """Hears one more of its words for each 200 ms of audio, whatever is said; ``finish`` knows them all at once."""

    words: tuple[str, ...] = ("one", "two", "three", "four")
    final: str | None = None
    partial: str = ""
    n_heard: int = 0
    is_aside: bool = False
    is_finishing: bool = False
    has_overlapped: bool = False

    def start(self) -> None:
        self.has_overlapped |= self.is_finishing
        self.partial, self.n_heard, self.is_aside = "", 0, False

    def feed(self, samples: Samples) -> None:
        if not self.is_aside:
            self.n_heard += len(samples)
            self.partial = " ".join(self.words[: self.n_heard // 4_800])

    def pause(self) -> None:
        self.is_aside = True

    def resume(self) -> None:
        self.is_aside = False

    async def finish(self) -> Heard:
        text, self.partial = self.partial, "words of a turn that is over"
        self.is_finishing = True
        await asyncio.sleep(0.05)
        self.is_finishing = False
        return Heard(text if self.final is None else self.final, rejected=False, confidence=1.0, engine="growing")

    async def close(self) -> None:
        """Nothing to close."""


class BrokenEars(GivenEars):
    """Fails at the end of its first turn, and hears the others."""

    async def finish(self) -> Heard:
        heard = await super().finish()
        if self.calls.count("finish") == 1:
            raise EngineError("the recogniser stopped; it starts again with the next turn")
        return heard


@dataclass
class Room:
    """What a test talks to."""

    connection: Connection
    listening: Listening
    calls: list[str]
    events: list[dict[str, Any]] = field(default_factory=list)
    sounds: list[Samples] = field(default_factory=list)
    """The audio of each committed item, in order; there when the conversation is over."""

    def append(self, samples: Samples, *sizes: int) -> None:
        """Append audio in pieces of these sizes, again and again; in 20 ms frames when none is given."""
        at, index, sizes = 0, 0, sizes or (FRAME,)
        while at < len(samples):
            size = sizes[index % len(sizes)]
            self.listening.append(InputAudioAppend(audio=samples[at : at + size].astype("<i2").tobytes()))
            at, index = at + size, index + 1

    async def speak(self, samples: Samples) -> None:
        """Append audio in 20 ms frames at the pace of speech."""
        for start in range(0, len(samples), FRAME):
            self.append(samples[start : start + FRAME])
            await asyncio.sleep(FRAME / 24_000)

    def update(self, **audio_input: Any) -> None:
        """Change the settings of the input, as ``session.update`` does."""
        connection = self.connection
        connection.config = update(connection.config, {"type": connection.kind, "audio": {"input": audio_input}})
        self.listening.configure()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the events so far whose type ends with ``kind``."""
        self.collect()
        return [event for event in self.events if event["type"].endswith(kind)]

    @property
    def kinds(self) -> list[str]:
        """The last words of the types of all events so far."""
        self.collect()
        return [event["type"].rsplit(".", 1)[-1] for event in self.events]

    def collect(self) -> None:
        """Take what was sent out of the outbox, and hold it against the official client's models."""
        while not self.connection.outbox.empty():
            event: ServerEvent = self.connection.outbox.get_nowait()
            frame = wire.encode(event)
            note(frame)
            self.events.append(msgspec.json.decode(frame))


def listen(
    conversation: Callable[[Room], Coroutine[Any, Any, None]],
    *,
    ears: HearingHandle | None = None,
    deaf: bool = False,
    kind: Kind = "realtime",
    open_scorer: Callable[[], Scorer] = lambda: Scorer("energy"),
) -> Room:
    """Run a conversation with the input side alone; return the room with every event."""

    async def perform() -> Room:
        hearing = None if deaf else ears or GivenEars()

        async def open_hearing() -> HearingHandle:
            return hearing or GivenEars()

        engines = Engines(
            open_scorer=open_scorer, reply=Saying(), about={}, open_hearing=None if deaf else open_hearing
        )
        clock = Clock(asyncio.get_running_loop(), WALL)
        connection = Connection(engines, clock, Ids(1), ServerOptions(), "voicelab-guide", kind)
        calls: list[str] = []
        async with asyncio.TaskGroup() as tasks:
            listening = Listening(
                connection,
                hearing,
                tasks,
                user_began=lambda: calls.append("user began"),
                turn_ended=lambda: calls.append("turn ended"),
            )
            room = Room(connection, listening, calls)
            await conversation(room)
            await asyncio.sleep(1)
            # The connection's end: nobody waits for an idle user any more.
            listening.reply_began()
        kept = [connection.memory.samples_of(event["item_id"]) for event in room.of("committed")]
        room.sounds += [samples for samples in kept if samples is not None]
        connection.memory.close()
        assert connection.conversation.irregular == 0, room.kinds
        return room

    return run_in_virtual_time(perform())


def words_with_pause(pause_ms: float, *, before_ms: float = 400, after_ms: float = 1_000) -> Samples:
    """Return two stretches of "speech" of 500 and 300 ms with a pause between them, silence before and behind."""
    return np.concatenate([silence(before_ms), tone(300, 500), silence(pause_ms), tone(300, 300), silence(after_ms)])
