"""Sound that is heard: a queue of replies, a sink that sets the pace, and an exact count of what was really played.

In: reply audio as it arrives.  Out: frames to a sink; facts about what was heard; after an interruption, how much of
each item was.
Does not know: the protocol, or why it was interrupted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from voicelab.audio.frames import FRAME_SAMPLES
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.runlog.recorder import Recorder
from voicelab.runlog.tracks import WavTrack
from voicelab.transports.clock import Clock
from voicelab.transports.pacing import sleep_until

PROGRESS_FRAMES = 10
SAMPLES_PER_MS = RATE_HZ // 1000


class Sink(Protocol):
    """Where frames go, and who sets the pace."""

    name: str

    async def start(self) -> float:
        """Get ready; return the loop's time at which the next frame's first sample will be heard."""

    async def wait(self) -> None:
        """Wait until the sink wants another frame."""

    def play(self, frame: Samples) -> None:
        """Take one frame."""

    def unheard(self) -> int:
        """Return how many of the samples taken so far have not been heard yet."""

    def flush(self) -> None:
        """Throw away what has not been heard."""

    def close(self) -> None:
        """Let the sink go."""


class NullSink:
    """Plays to nobody, at exactly the pace of a sound card: the clock decides what was heard."""

    name = "null"

    def __init__(self) -> None:
        self._end_s = 0.0

    async def start(self) -> float:
        """Begin now."""
        self._end_s = asyncio.get_running_loop().time()
        return self._end_s

    async def wait(self) -> None:
        """Wait until the frame before is over."""
        await sleep_until(self._end_s)

    def play(self, frame: Samples) -> None:
        """Let a frame's time pass."""
        self._end_s += len(frame) / RATE_HZ

    def unheard(self) -> int:
        """Return the samples whose time has not come."""
        return max(0, round((self._end_s - asyncio.get_running_loop().time()) * RATE_HZ))

    def flush(self) -> None:
        """Forget the rest of the frame."""
        self._end_s = min(self._end_s, asyncio.get_running_loop().time())

    def close(self) -> None:
        """Nothing to let go."""


class FileSink(NullSink):
    """Plays into a WAV file, at the pace of a sound card; replies stand end to end.

    Parameters
    ----------
    path : Path
        A new file.
    """

    name = "file"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._track = WavTrack(path)

    def play(self, frame: Samples) -> None:
        """Write a frame and let its time pass."""
        super().play(frame)
        self._track.write(self._track.n_samples, frame)
        self._track.flush()

    def close(self) -> None:
        """Complete the file."""
        self._track.close()


@dataclass
class _Item:
    """One assistant item on its way to the ear. Counts are samples."""

    item_id: str
    response_id: str
    received: int = 0
    handed: int = 0
    complete: bool = False
    started: bool = False


@dataclass(frozen=True)
class Cut:
    """How much of an item was heard when playback was interrupted."""

    item_id: str
    response_id: str
    heard_ms: int
    received_ms: float


class Player:
    """Plays reply audio in order and knows what was heard of it.

    Parameters
    ----------
    sink : Sink
    clock : Clock
    recorder : Recorder
        Gets ``voicelab.playback.*`` facts and the ``heard`` track.
    changed : callable
        Called when playback starts, ends or is interrupted.
    """

    def __init__(self, sink: Sink, clock: Clock, recorder: Recorder, changed: Callable[[], None]) -> None:
        self._sink = sink
        self._clock = clock
        self._recorder = recorder
        self._changed = changed
        self._queue: deque[tuple[_Item, Samples]] = deque()
        self._items: dict[str, _Item] = {}
        self._arrived = asyncio.Event()
        self._playing = False
        self._stretch: list[tuple[_Item, Samples]] = []
        self._heard_from = 0

    @property
    def busy(self) -> bool:
        """Whether something is being heard or waits to be."""
        return self._playing or bool(self._items)

    def add(self, item_id: str, response_id: str, samples: Samples) -> None:
        """Queue audio of an item; audio of an item that was cut is dropped by the caller."""
        item = self._items.get(item_id)
        if item is None:
            item = self._items[item_id] = _Item(item_id, response_id)
        item.received += len(samples)
        if len(samples):
            self._queue.append((item, samples))
            self._arrived.set()

    def complete(self, item_id: str) -> None:
        """Say that an item's audio is complete."""
        if (item := self._items.get(item_id)) is not None:
            item.complete = True
            self._arrived.set()

    def interrupt(self) -> list[Cut]:
        """Stop at once; return how much was heard of each item that was not heard to its end."""
        unheard = self._sink.unheard()
        self._sink.flush()
        self._write_stretch(drop_samples=unheard)
        cuts = []
        for item in reversed(self._items.values()):
            heard = max(0, item.handed - unheard)
            unheard -= item.handed - heard
            if heard < item.received or not item.complete:
                received_ms = item.received / SAMPLES_PER_MS
                cuts.append(Cut(item.item_id, item.response_id, heard // SAMPLES_PER_MS, received_ms))
                if item.started:
                    self._stopped(item, heard, "interrupted")
        self._queue.clear()
        self._items.clear()
        self._playing = False
        self._arrived.clear()
        self._changed()
        return cuts[::-1]

    async def run(self) -> None:
        """Play whatever comes, for ever."""
        while True:
            await self._arrived.wait()
            if not self._queue:
                self._arrived.clear()
                self._end_items()
                continue
            start_s = await self._sink.start()
            self._heard_from = round(self._clock_s(start_s) * RATE_HZ)
            self._playing = True
            await self._play_until_empty()

    async def _play_until_empty(self) -> None:
        while self._queue:
            self._hand_over(self._next_frame())
            await self._sink.wait()
            if not self._playing:  # interrupted while waiting
                return
            self._end_items()
            if sum(len(samples) for _, samples in self._stretch) >= PROGRESS_FRAMES * FRAME_SAMPLES:
                self._write_stretch()
        self._write_stretch()
        self._playing = False
        for item in self._items.values():
            if item.started and not item.complete:
                self._recorder.local("playback.underrun", item_id=item.item_id, at_ms=item.handed / SAMPLES_PER_MS)
        self._changed()

    def _next_frame(self) -> list[tuple[_Item, Samples]]:
        """Take up to one frame from the queue; it may hold the end of one item and the beginning of the next."""
        pieces: list[tuple[_Item, Samples]] = []
        room = FRAME_SAMPLES
        while room and self._queue:
            item, samples = self._queue.popleft()
            pieces.append((item, samples[:room]))
            if len(samples) > room:
                self._queue.appendleft((item, samples[room:]))
            room -= len(pieces[-1][1])
        return pieces

    def _hand_over(self, pieces: list[tuple[_Item, Samples]]) -> None:
        position = self._heard_from + sum(len(samples) for _, samples in self._stretch)
        for item, samples in pieces:
            if not item.started:
                item.started = True
                self._recorder.local(
                    "playback.started",
                    item_id=item.item_id,
                    response_id=item.response_id,
                    sink=self._sink.name,
                    # When its first sample is heard: behind the sink's own delay, which a sound card has.
                    first_sample_ns=round(position * 1e9 / RATE_HZ),
                )
                self._changed()
            item.handed += len(samples)
            position += len(samples)
        self._stretch += pieces
        self._sink.play(np.concatenate([samples for _, samples in pieces]))

    def _end_items(self) -> None:
        """Say of each item that was heard to its end that it was."""
        for item in [i for i in self._items.values() if i.complete and i.handed == i.received]:
            del self._items[item.item_id]
            if item.started:
                self._write_stretch()
                self._stopped(item, item.handed, "finished")
            self._changed()

    def _stopped(self, item: _Item, heard: int, reason: str) -> None:
        self._recorder.local(
            "playback.stopped",
            item_id=item.item_id,
            response_id=item.response_id,
            reason=reason,
            heard_ms=heard / SAMPLES_PER_MS,
            received_ms=item.received / SAMPLES_PER_MS,
        )

    def _write_stretch(self, drop_samples: int = 0) -> None:
        """Write what was heard since the last time into the heard track, without the last ``drop_samples``."""
        stretch, self._stretch = self._stretch, []
        if not stretch:
            return
        whole = np.concatenate([samples for _, samples in stretch])
        heard = whole[: max(0, len(whole) - drop_samples)]
        if len(heard):
            ref = self._recorder.place("heard", heard, start=self._heard_from)
            self._recorder.local("playback.heard", item_id=stretch[-1][0].item_id, audio=ref.to_event())
        self._heard_from += len(whole)

    def _clock_s(self, loop_s: float) -> float:
        """Return the clock's seconds that belong to a time of the loop."""
        return self._clock.now_ns() / 1e9 + (loop_s - asyncio.get_running_loop().time())
