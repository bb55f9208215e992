"""A client of the embedded server for tests: joined to it in memory, in virtual time, without native engines.

The engines are small but real: the tone voice makes 100 ms of tone for each word, the given ears hear the words they
are given.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from tests.strict import note
from voicelab.audio.samples import Samples
from voicelab.audio.signals import tone
from voicelab.engines.base import Heard, SpeechChunk
from voicelab.engines.reply import ReplyEngine, ReplyPart, ReplyRequest, Say
from voicelab.protocol.ids import Ids
from voicelab.server.engines import Engines, ServerOptions
from voicelab.server.serve import serve
from voicelab.transports.clock import Clock
from voicelab.transports.memory import MemoryTransport, memory_pair
from voicelab.transports.virtual_time import run_in_virtual_time
from voicelab.turns.scores import Scorer

WALL = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class ToneVoice:
    """Speaks one 100 ms tone for each word."""

    async def speak(self, text: str, voice: str, speed: float) -> AsyncGenerator[SpeechChunk]:
        for index, word in enumerate(text.split(" ")):
            yield SpeechChunk(tone(440, 100), word if index == 0 else f" {word}")

    async def close(self) -> None:
        """Nothing to close."""


@dataclass
class GivenEars:
    """Hears what it is given, and remembers what was fed."""

    words: str = "hello"
    fed: list[Samples] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    partial: str = ""

    def start(self) -> None:
        self.calls.append("start")
        self.fed.clear()

    def feed(self, samples: Samples) -> None:
        self.fed.append(samples)

    def pause(self) -> None:
        self.calls.append("pause")

    def resume(self) -> None:
        self.calls.append("resume")

    async def finish(self) -> Heard:
        self.calls.append("finish")
        return Heard(self.words, rejected=False, confidence=1.0, engine="given")

    async def close(self) -> None:
        self.calls.append("close")


@dataclass
class Saying:
    """Answers every request with the same parts, and keeps the requests."""

    parts: tuple[ReplyPart, ...] = (Say("One two three."),)
    requests: list[ReplyRequest] = field(default_factory=list)
    name: str = "saying"
    is_model: bool = False
    scenario: tuple[str, ...] = ()

    async def reply(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        self.requests.append(request)
        for part in self.parts:
            yield part


class Client:
    """A client that says what it is told and keeps everything it is sent.

    Every frame is held against the official client's models; a test whose server speaks the beta dialect says so.
    """

    def __init__(self, transport: MemoryTransport, *, beta: bool = False) -> None:
        self._transport = transport
        self._beta = beta
        self.events: list[dict[str, Any]] = []

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one event."""
        await self._transport.send(msgspec.json.encode({"type": kind, **fields}).decode())

    async def send_text(self, frame: str) -> None:
        """Send a frame as it is."""
        await self._transport.send(frame)

    async def append(self, samples: Samples, *, pace: bool = True) -> None:
        """Send audio in 20 ms frames, at the pace of speech unless told otherwise."""
        for start in range(0, len(samples), 480):
            data = samples[start : start + 480].astype("<i2").tobytes()
            await self.send("input_audio_buffer.append", audio=base64.b64encode(data).decode())
            await asyncio.sleep(0.02 if pace else 0)

    async def listen(self) -> None:
        """Keep everything that comes."""
        while True:
            frame = await self._transport.receive()
            if not self._beta:
                note(frame)
            self.events.append(msgspec.json.decode(frame))

    async def until(self, kind: str, n: int = 1, seconds: float = 60.0) -> dict[str, Any]:
        """Wait for the n-th event of a type."""
        async with asyncio.timeout(seconds):
            while len(found := self.of(kind)) < n:
                await asyncio.sleep(0.005)
        return found[n - 1]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of one type so far."""
        return [event for event in self.events if event["type"] == kind]

    @property
    def kinds(self) -> list[str]:
        """The types of all events so far, runs of the same type as one."""
        kinds: list[str] = []
        for event in self.events:
            if not kinds or kinds[-1] != event["type"]:
                kinds.append(event["type"])
        return kinds

    def audio(self) -> Samples:
        """Return all reply audio so far, as 24 kHz samples."""
        data = b"".join(base64.b64decode(e["delta"]) for e in self.of("response.output_audio.delta"))
        return np.frombuffer(data, "<i2").astype(np.int16)

    async def close(self) -> None:
        """Hang up."""
        await self._transport.close()


Conversation = Callable[[Client], Coroutine[Any, Any, None]]


def converse(
    conversation: Conversation,
    *,
    reply: ReplyEngine | None = None,
    ears: GivenEars | None = None,
    speaking: Any = "tone",
    options: ServerOptions | None = None,
    client: type[Client] = Client,
    seed: int = 1,
    **session: Any,
) -> Client:
    """Run one conversation with a server in virtual time; return the client with everything it received.

    ``session`` is what `serve` is told of the session: ``model``, ``kind``, ``attached``, ``dialect``.
    """

    async def perform() -> Client:
        here, there = memory_pair()
        hearing = ears or GivenEars()

        async def open_ears() -> GivenEars:
            return hearing

        engines = Engines(
            open_scorer=Scorer,
            open_hearing=open_ears,
            speaking=ToneVoice() if speaking == "tone" else speaking,
            reply=reply or Saying(),
            about={"reply": "test"},
        )
        clock = Clock(asyncio.get_running_loop(), WALL)
        serving = asyncio.create_task(serve(there, engines, clock, Ids(seed), options=options, **session))
        talker = client(here, beta="dialect" in session)
        listening = asyncio.create_task(talker.listen())
        await talker.until("conversation.created")
        await conversation(talker)
        await talker.close()
        await serving
        await asyncio.gather(listening, return_exceptions=True)
        return talker

    return run_in_virtual_time(perform())


def spoken(name: str) -> Samples:
    """Return the samples of one of the demo's clips, with two seconds of silence behind it."""
    from voicelab.experiments.clips import spoken_lines

    return np.concatenate([spoken_lines()[name].clip.samples, np.zeros(48_000, np.int16)])
