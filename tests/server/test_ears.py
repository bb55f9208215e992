"""The session's recogniser, turn after turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from tests.server.input_room import BrokenEars, GrowingEars
from tests.server.room import GivenEars
from voicelab.audio.signals import tone
from voicelab.engines.base import HearingHandle
from voicelab.errors import EngineError
from voicelab.server.ears import Ears
from voicelab.transports.virtual_time import run_in_virtual_time


def hear(handle: HearingHandle | None, conversation: Callable[[Ears], Coroutine[Any, Any, None]]) -> None:
    """Run a conversation with the ears in virtual time."""

    async def perform() -> None:
        async with asyncio.TaskGroup() as tasks:
            await conversation(Ears(handle, tasks))

    run_in_virtual_time(perform())


def test_two_turns_at_once_get_their_own_words() -> None:
    """The calls of a second turn wait until the first has its words; nothing of one turn is heard in the other."""

    async def talk(ears: Ears) -> None:
        ears.start()
        ears.feed(tone(300, 400))
        first = ears.finish()
        ears.start()
        ears.feed(tone(300, 600))
        assert ears.partial == ""
        second = ears.finish()
        assert [(await words).text for words in (first, second)] == ["one two", "one two three"]

    hear(GrowingEars(), talk)


def test_three_turns_at_once_are_heard_one_after_the_other() -> None:
    """Behind a wait, too, the next turn waits for the one before."""

    async def talk(ears: Ears) -> None:
        turns = []
        for length_ms in (200, 400, 600):
            ears.start()
            ears.feed(tone(300, length_ms))
            turns.append(ears.finish())
        assert [(await words).text for words in turns] == ["one", "one two", "one two three"]

    handle = GrowingEars()
    hear(handle, talk)
    assert not handle.has_overlapped


def test_words_so_far_are_there_at_once_and_again_after_a_wait() -> None:
    """While the turn before is being finished there are none; then those of what was fed meanwhile."""

    async def talk(ears: Ears) -> None:
        ears.start()
        ears.feed(tone(300, 400))
        assert ears.partial == "one two"
        words = ears.finish()
        ears.start()
        ears.feed(tone(300, 200))
        await words
        await asyncio.sleep(0)
        assert ears.partial == "one"

    hear(GrowingEars(), talk)


def test_pausing_twice_is_pausing_once() -> None:
    """The recogniser is told of a change only, and a new turn is never paused."""
    handle = GivenEars()

    async def talk(ears: Ears) -> None:
        ears.start()
        for paused in (False, True, True, False, False, True):
            ears.pause(paused)
        ears.start()
        assert not ears.paused
        ears.pause(False)

    hear(handle, talk)
    assert handle.calls == ["start", "pause", "resume", "pause", "start"]


def test_turn_that_failed_does_not_take_the_next_one_with_it() -> None:
    """The failure belongs to its own turn."""

    async def talk(ears: Ears) -> None:
        ears.start()
        first = ears.finish()
        ears.start()
        ears.feed(np.zeros(480, np.int16))
        second = ears.finish()
        with pytest.raises(EngineError, match="stopped"):
            await first
        assert (await second).text == "hello"

    hear(BrokenEars(), talk)


def test_server_without_a_recogniser_says_so_for_each_turn() -> None:
    """Nothing is heard, and nothing crashes."""

    async def talk(ears: Ears) -> None:
        ears.start()
        ears.pause(True)
        ears.feed(np.zeros(480, np.int16))
        assert ears.partial == ""
        with pytest.raises(EngineError, match="recognises no words"):
            await ears.finish()

    hear(None, talk)
