"""Sound that is heard: a queue of replies, a sink that sets the pace, and an exact count of what was really played.

In: reply audio as it arrives.  Out: frames to a sink; facts about what was heard; after an interruption, how much of
each item was.
Does not know: the protocol, or why it was interrupted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
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

    def undecided(self) -> int:
        """Return how many of them a flush may still throw away: `unheard`, or more where a sink learns late."""

    def flush(self) -> Awaitable[None] | None:
        """Throw away what has not been heard; then `unheard` is exact: at once (None), or when this was awaited."""

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

    def undecided(self) -> int:
        """Return the same: the clock knows."""
        return self.unheard()

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
    """One assistant item on its way to the ear. Counts are samples; ``ends`` counts those of all items."""

    item_id: str
    response_id: str
    received: int = 0
    handed: int = 0
    ends: int = 0
    complete: bool = False
    started: bool = False


@dataclass(frozen=True)
class Cut:
    """How much of an item was heard when playback was interrupted."""

    item_id: str
    response_id: str
    heard_ms: int
    received_ms: float


@dataclass
class _Stopped:
    """What was on its way to the ear when playback was stopped. Counts are samples."""

    items: tuple[_Item, ...]
    stretch: list[tuple[_Item, Samples]]
    heard_from: int
    unheard: int


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
    heard : callable
        Takes what was heard, and where its first sample lies on the run's time line; some 200 ms later, or when a sink
        that learns late knows it.
    """

    def __init__(
        self,
        sink: Sink,
        clock: Clock,
        recorder: Recorder,
        changed: Callable[[], None],
        heard: Callable[[Samples, int], None],
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._recorder = recorder
        self._changed = changed
        self._tell_heard = heard
        self._queue: deque[tuple[_Item, Samples]] = deque()
        self._items: dict[str, _Item] = {}
        self._arrived = asyncio.Event()
        self._playing = False
        self._stretch: list[tuple[_Item, Samples]] = []
        self._heard_from = 0
        self._n_handed = 0
        self._stopped: _Stopped | None = None
        self._untold: list[Cut] = []

    @property
    def busy(self) -> bool:
        """Whether something is being heard or waits to be."""
        return self._playing or bool(self._items) or self._stopped is not None

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

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The items that are on their way to the ear."""
        return tuple(self._items)

    def stop(self) -> Awaitable[None] | None:
        """Be silent at once; `cuts` then says what was heard. Some sinks know that a moment later: await it first."""
        self._untold = self.cuts()  # of an earlier stop that nobody has asked about yet: the estimate stands
        self._stopped = _Stopped(tuple(self._items.values()), self._stretch, self._heard_from, self._sink.unheard())
        self._stretch = []
        self._queue.clear()
        self._items.clear()
        self._playing = False
        self._arrived.clear()
        settling = self._sink.flush()
        return None if settling is None else self._settle(settling, self._stopped)

    def cuts(self) -> list[Cut]:
        """Return how much was heard of each item that was stopped before its end; once."""
        untold, self._untold = self._untold, []
        stopped, self._stopped = self._stopped, None
        if stopped is None:
            return untold
        unheard = stopped.unheard
        self._write(stopped.stretch, stopped.heard_from, drop_samples=unheard)
        cuts = []
        for item in reversed(stopped.items):
            heard = max(0, item.handed - unheard)
            unheard -= item.handed - heard
            if heard < item.received or not item.complete:
                received_ms = item.received / SAMPLES_PER_MS
                cuts.append(Cut(item.item_id, item.response_id, heard // SAMPLES_PER_MS, received_ms))
                if item.started:
                    self._tell_stopped(item, heard, "interrupted")
        self._changed()
        return untold + cuts[::-1]

    async def interrupt(self) -> list[Cut]:
        """Be silent, and return how much was heard of each item that was not heard to its end."""
        settling = self.stop()
        if settling is not None:
            await settling
        return self.cuts()

    async def _settle(self, settling: Awaitable[None], stopped: _Stopped) -> None:
        await settling
        stopped.unheard = self._sink.unheard()

    async def run(self) -> None:
        """Play whatever comes, for ever."""
        while True:
            await self._arrived.wait()
            if not self._queue:
                self._arrived.clear()
                self._end_items(0)
                continue
            start_s = await self._sink.start()
            self._heard_from = round(self._clock_s(start_s) * RATE_HZ)
            self._playing = True
            await self._play_until_empty()

    async def _play_until_empty(self) -> None:
        while True:
            while self._queue:
                self._hand_over(self._next_frame())
                await self._sink.wait()
                if not self._playing:  # interrupted while waiting
                    return
                self._end_items(self._sink.unheard())
                self._write_progress()
            if await self._was_heard():
                break
            if not self._playing:
                return
        self._end_items(0)
        self._write_heard(0)
        self._playing = False
        for item in self._items.values():
            if item.started and not item.complete:
                self._recorder.local("playback.underrun", item_id=item.item_id, at_ms=item.handed / SAMPLES_PER_MS)
        self._changed()

    async def _was_heard(self) -> bool:
        """Wait until the sink has played what it holds; False where something came in between."""
        self._arrived.clear()
        if unheard := self._sink.unheard():
            with suppress(TimeoutError):
                async with asyncio.timeout(unheard / RATE_HZ):
                    await self._arrived.wait()
                    return False
        return self._playing

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
            self._n_handed += len(samples)
            item.ends = self._n_handed
            position += len(samples)
        self._stretch += pieces
        frame = np.concatenate([samples for _, samples in pieces])
        self._recorder.loudness.take("heard", position - len(frame), frame)
        self._sink.play(frame)

    def _end_items(self, unheard: int) -> None:
        """Say of each item that was heard to its end that it was."""
        n_heard = self._n_handed - unheard
        for item in [i for i in self._items.values() if i.complete and i.handed == i.received and i.ends <= n_heard]:
            del self._items[item.item_id]
            if item.started:
                self._write_heard(unheard)
                self._tell_stopped(item, item.handed, "finished")
            self._changed()

    def _tell_stopped(self, item: _Item, heard: int, reason: str) -> None:
        self._recorder.local(
            "playback.stopped",
            item_id=item.item_id,
            response_id=item.response_id,
            reason=reason,
            heard_ms=heard / SAMPLES_PER_MS,
            received_ms=item.received / SAMPLES_PER_MS,
        )

    def _write_progress(self) -> None:
        """Write what was heard for certain, once it is worth a record: what is in the track is never taken back."""
        undecided = self._sink.undecided()
        if sum(len(samples) for _, samples in self._stretch) - undecided >= PROGRESS_FRAMES * FRAME_SAMPLES:
            self._write_heard(undecided)

    def _write_heard(self, unheard: int) -> None:
        """Write what was heard since the last time; what a sink still holds may yet be cut off."""
        held: list[tuple[_Item, Samples]] = []
        # A frame counts as heard while it is being heard: what ends in the middle of one is cut there.
        while self._stretch and unheard >= len(self._stretch[-1][1]):
            held.insert(0, self._stretch.pop())
            unheard -= len(held[0][1])
        heard, self._stretch = self._stretch, held
        self._write(heard, self._heard_from)
        self._heard_from += sum(len(samples) for _, samples in heard)

    def _write(self, stretch: list[tuple[_Item, Samples]], heard_from: int, drop_samples: int = 0) -> None:
        """Write a stretch into the heard track, without its last ``drop_samples``."""
        if not stretch:
            return
        whole = np.concatenate([samples for _, samples in stretch])
        heard = whole[: max(0, len(whole) - drop_samples)]
        if drop_samples:  # a live picture has shown what was handed over; what was not heard of it goes again
            self._recorder.loudness.cut("heard", heard_from + len(heard))
        if len(heard):
            self._tell_heard(heard, heard_from)
            ref = self._recorder.place("heard", heard, start=heard_from)
            self._recorder.local("playback.heard", item_id=stretch[-1][0].item_id, audio=ref.to_event())

    def _clock_s(self, loop_s: float) -> float:
        """Return the clock's seconds that belong to a time of the loop."""
        return self._clock.now_ns() / 1e9 + (loop_s - asyncio.get_running_loop().time())
