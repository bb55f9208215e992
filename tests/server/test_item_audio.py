"""Audio that comes with an item: kept, measured, recognised by a recogniser of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from tests.server.input_room import BrokenEars, words_with_pause
from tests.server.room import GivenEars, Saying
from voicelab.audio.signals import silence
from voicelab.engines.base import Heard, HearingHandle
from voicelab.errors import EngineError
from voicelab.protocol.ids import Ids
from voicelab.server.connection import Connection
from voicelab.server.engines import Engines, ServerOptions
from voicelab.server.item_audio import hear_clip, keep_item_audio, speech_in_clip
from voicelab.server.memory import Speech
from voicelab.transports.clock import Clock
from voicelab.transports.virtual_time import run_in_virtual_time
from voicelab.turns.scores import Scorer

CLIP = words_with_pause(700)


@dataclass
class Opened:
    """Opens recognisers, and keeps them."""

    make: Callable[[], GivenEars] = GivenEars
    ears: list[GivenEars] = field(default_factory=list)

    async def open(self) -> HearingHandle:
        self.ears.append(self.make())
        return self.ears[-1]


def connected(conversation: Callable[[Connection], Coroutine[Any, Any, Any]], opened: Opened | None) -> Any:
    """Run a coroutine with a connection in virtual time."""

    async def perform() -> Any:
        engines = Engines(
            open_scorer=lambda: Scorer("energy"),
            reply=Saying(),
            about={},
            open_hearing=None if opened is None else opened.open,
        )
        clock = Clock(asyncio.get_running_loop(), datetime(2026, 11, 20, tzinfo=UTC))
        connection = Connection(engines, clock, Ids(1), ServerOptions(), "voicelab-guide")
        result = await conversation(connection)
        connection.memory.close()
        return result

    return run_in_virtual_time(perform())


def test_clip_is_heard_whole_by_a_recogniser_of_its_own() -> None:
    """Every sample once, from the beginning; the recogniser is closed afterwards."""
    opened = Opened()
    heard = connected(lambda connection: hear_clip(connection, CLIP), opened)
    (ears,) = opened.ears
    assert heard.text == "hello"
    assert ears.calls == ["start", "pause", "finish", "close"]
    assert np.array_equal(np.concatenate(ears.fed), CLIP)


def test_recogniser_that_fails_is_closed_all_the_same() -> None:
    """The failure is the caller's; no worker is left behind."""
    opened = Opened(BrokenEars)
    with pytest.raises(EngineError):
        connected(lambda connection: hear_clip(connection, CLIP), opened)
    assert opened.ears[0].calls[-1] == "close"


def test_server_that_recognises_no_words_hears_nothing() -> None:
    """No recogniser, no words, no error."""
    heard = connected(lambda connection: hear_clip(connection, CLIP), None)
    assert (heard.text, heard.rejected) == ("", False)


def test_speech_is_found_as_in_a_turn() -> None:
    """From the first to the last voiced window, with the pause inside it."""

    async def find(connection: Connection) -> Speech:
        return speech_in_clip(connection, CLIP)

    speech = connected(find, None)
    assert speech.start / 24 == pytest.approx(400, abs=30)
    assert speech.end / 24 == pytest.approx(1_900, abs=40)
    assert speech.longest_pause_ms == pytest.approx(700, abs=40)
    assert speech.speech_ms == pytest.approx(1_500, abs=40)


@pytest.mark.parametrize("samples", [silence(500), np.zeros(0, np.int16)])
def test_clip_without_speech_has_none(samples: np.ndarray) -> None:
    """Silence, and no audio at all."""

    async def find(connection: Connection) -> Speech:
        return speech_in_clip(connection, samples)

    assert connected(find, None) == Speech()


@pytest.mark.parametrize(("make", "text"), [(GivenEars, "hello"), (BrokenEars, "")])
def test_item_has_its_sound_at_once_and_its_words_later(make: Callable[[], GivenEars], text: str) -> None:
    """The memory holds the clip; ``coming`` waits for the words, of which there are none when the engine fails."""

    async def keep(connection: Connection) -> None:
        async with asyncio.TaskGroup() as tasks:
            keep_item_audio(connection, tasks, "item_1", CLIP)
            hearing = connection.memory.hearings["item_1"]
            assert np.array_equal(connection.memory.samples_of("item_1"), CLIP)
            assert hearing.speech.speech_ms > 0
            assert hearing.coming is not None
            heard = await hearing.coming
            assert (heard.text, hearing.heard, hearing.coming) == (text, heard, None)
        assert connection.outbox.empty()

    connected(keep, Opened(make))


def test_item_deleted_before_its_words_come_leaves_nothing() -> None:
    """The words of an item that is gone are dropped."""

    async def keep(connection: Connection) -> None:
        async with asyncio.TaskGroup() as tasks:
            keep_item_audio(connection, tasks, "item_1", CLIP)
            connection.memory.forget("item_1")
        assert connection.memory.hearings == {}

    connected(keep, Opened())


def test_clips_are_recognised_one_after_the_other() -> None:
    """A dozen clips at once do not open a dozen recognisers at once."""

    @dataclass
    class Counting(GivenEars):
        """Ears that know how many of them are open."""

        async def finish(self) -> Heard:
            still_open.append(sum("close" not in ears.calls for ears in opened.ears))
            await asyncio.sleep(1)
            return await super().finish()

    still_open: list[int] = []
    opened = Opened(Counting)

    async def conversation(connection: Connection) -> None:
        async with asyncio.TaskGroup() as tasks:
            for n in range(5):
                keep_item_audio(connection, tasks, f"item_{n}", CLIP)

    connected(conversation, opened)
    assert still_open == [1] * 5
