"""The promises of the handles, kept by real worker processes and by engines in place."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from voicelab.audio.samples import Samples
from voicelab.engines.base import Heard, HearingHandle, SpeakingHandle, SpeechChunk
from voicelab.engines.espeak import Espeak
from voicelab.engines.host import (
    HostedRecogniser,
    HostedSpeaker,
    InPlaceRecogniser,
    InPlaceSpeaker,
    ModelledCost,
)
from voicelab.engines.language import Scenario
from voicelab.engines.sphinx import Sphinx
from voicelab.errors import ConfigError, EngineError
from voicelab.transports.virtual_time import run_in_virtual_time

SCENARIO = Scenario("test", ("what time is it", "tell me a joke", "hello"))
TEXT = "Hello there. This is the second sentence, and it is longer."
COST = ModelledCost(hear_finish_ms=20.0, speak_first_ms=10.0)


def say(text: str, voice: str = "ada") -> Samples:
    return np.concatenate([chunk.samples for chunk in Espeak().speak(text, voice, 1.0)])


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 120))


def speakers() -> list[SpeakingHandle]:
    return [HostedSpeaker(), InPlaceSpeaker(Espeak(), COST)]


def recognisers() -> list[HearingHandle]:
    return [HostedRecogniser(SCENARIO), InPlaceRecogniser(Sphinx(SCENARIO), COST)]


async def all_of(speaker: SpeakingHandle, text: str = TEXT, voice: str = "marin") -> list[SpeechChunk]:
    return [chunk async for chunk in speaker.speak(text, voice, 1.0)]


def same(one: list[SpeechChunk], other: list[SpeechChunk]) -> bool:
    return len(one) == len(other) and all(
        a.text == b.text and np.array_equal(a.samples, b.samples) for a, b in zip(one, other, strict=True)
    )


def feed_all(recogniser: HearingHandle, audio: Samples) -> None:
    for start in range(0, audio.size, 480):
        recogniser.feed(audio[start : start + 480])


def test_a_speaker_gives_what_the_engine_gives() -> None:
    """The same chunks, in a worker and in place."""

    async def test() -> None:
        for speaker in speakers():
            assert same(await all_of(speaker), list(Espeak().speak(TEXT, "marin", 1.0)))
            await speaker.close()

    run(test)


@pytest.mark.parametrize("n_taken", [1, 2, 9, 12])
def test_a_reply_that_is_left_disturbs_no_other(n_taken: int) -> None:
    """Wherever it was left: the next one is whole, and so is one that runs beside it."""

    async def test() -> None:
        for speaker in speakers():
            beside = asyncio.create_task(all_of(speaker, "Beside it.", "echo"))
            left = speaker.speak(TEXT, "marin", 1.0)
            for _ in range(n_taken):
                await anext(left)
            await left.aclose()
            assert same(await all_of(speaker), list(Espeak().speak(TEXT, "marin", 1.0)))
            assert same(await beside, list(Espeak().speak("Beside it.", "echo", 1.0)))
            await speaker.close()

    run(test)


def test_a_cancelled_task_leaves_the_speaker_usable() -> None:
    """Also before the worker has started, and before the first chunk."""

    async def test() -> None:
        speaker = HostedSpeaker()
        for n_steps in (0, 1, 5, 50):
            task = asyncio.create_task(all_of(speaker))
            for _ in range(n_steps):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert same(await all_of(speaker), list(Espeak().speak(TEXT, "marin", 1.0)))
        await speaker.close()

    run(test)


def test_errors_of_a_reply_keep_their_kind() -> None:
    """A wrong setting is a ConfigError, an empty text an EngineError, and the speaker goes on."""

    async def test() -> None:
        for speaker in speakers():
            with pytest.raises(ConfigError, match="nobody"):
                await all_of(speaker, voice="nobody")
            with pytest.raises(EngineError, match="empty"):
                await all_of(speaker, text=" ")
            assert await all_of(speaker)
            await speaker.close()

    run(test)


def test_a_killed_speaker_fails_all_replies_that_wait_and_serves_the_next() -> None:
    """Each of them with the same clear line."""

    async def test() -> None:
        speaker = HostedSpeaker()
        await all_of(speaker)
        assert speaker.pid is not None
        os.kill(speaker.pid, signal.SIGSTOP)  # so that both replies really wait
        waiting = [asyncio.create_task(all_of(speaker)) for _ in range(2)]
        await asyncio.sleep(0)
        os.kill(speaker.pid, signal.SIGKILL)
        for task in waiting:
            with pytest.raises(EngineError, match=r"The speaker worker stopped \(exit code -9\)"):
                await task
        assert await all_of(speaker)
        await speaker.close()

    run(test)


def test_a_recogniser_hears_turn_after_turn() -> None:
    """The last partial text is at hand, and a new turn begins without one."""

    async def test() -> None:
        for recogniser in recognisers():
            for text in ("what time is it", "tell me a joke"):
                recogniser.start()
                assert recogniser.partial == ""
                feed_all(recogniser, say(text))
                heard = await recogniser.finish()
                assert (heard.text, heard.rejected, heard.engine) == (text, False, "pocketsphinx test")
                assert recogniser.partial == text
            await recogniser.close()

    run(test)


def test_a_recogniser_pauses_and_resumes() -> None:
    """As the engine does: two phrases of one turn are joined."""

    async def test() -> None:
        for recogniser in recognisers():
            recogniser.start()
            feed_all(recogniser, say("tell me a joke"))
            recogniser.pause()
            recogniser.resume()
            feed_all(recogniser, say("what time is it"))
            assert (await recogniser.finish()).text == "tell me a joke what time is it"
            await recogniser.close()

    run(test)


def test_a_turn_that_was_given_up_is_forgotten() -> None:
    """Neither its words nor its late answers reach the next turn, not even when its finish was cancelled."""

    async def test() -> None:
        recogniser = HostedRecogniser(SCENARIO)
        recogniser.start()
        feed_all(recogniser, say("tell me a joke"))
        given_up = asyncio.create_task(recogniser.finish())
        await asyncio.sleep(0)
        given_up.cancel()
        recogniser.start()
        feed_all(recogniser, say("hello"))
        assert (await recogniser.finish()).text == "hello"
        await recogniser.close()

    run(test)


def test_a_killed_recogniser_fails_its_turn_and_hears_the_next() -> None:
    """What is fed to the failed turn starts no worker that would hear half of it."""

    async def test() -> None:
        recogniser = HostedRecogniser(SCENARIO)
        recogniser.start()
        feed_all(recogniser, say("hello"))
        await recogniser.finish()
        recogniser.start()
        assert recogniser.pid is not None
        os.kill(recogniser.pid, signal.SIGKILL)
        with pytest.raises(EngineError, match=r"The recogniser worker stopped \(exit code -9\)"):
            await recogniser.finish()
        feed_all(recogniser, say("hello"))
        assert recogniser.pid is None
        recogniser.start()
        feed_all(recogniser, say("tell me a joke"))
        assert (await recogniser.finish()).text == "tell me a joke"
        await recogniser.close()

    run(test)


def test_a_scenario_that_cannot_be_used_fails_the_turn() -> None:
    """With the words that are the trouble, and again in the next turn."""

    async def test() -> None:
        recogniser = HostedRecogniser(Scenario("s", ("hello xyzzyq",)))
        for _ in range(2):
            recogniser.start()
            recogniser.feed(np.zeros(480, np.int16))
            with pytest.raises(ConfigError, match="xyzzyq"):
                await recogniser.finish()
        await recogniser.close()

    run(test)


def test_finishing_without_a_turn_is_an_error() -> None:
    """It would wait for ever."""

    async def test() -> None:
        with pytest.raises(EngineError, match="start"):
            await HostedRecogniser(SCENARIO).finish()

    run(test)


def test_warming_up_starts_the_worker_before_it_is_needed() -> None:
    """The first turn or reply then need not wait for a process."""

    async def test() -> None:
        for handle in (HostedSpeaker(), HostedRecogniser(SCENARIO)):
            handle.warm()
            while handle.pid is None:
                await asyncio.sleep(0)
            await handle.close()

    run(test)


def test_closing_twice_is_harmless() -> None:
    """Also where nothing was ever started."""

    async def test() -> None:
        for handle in (*speakers(), *recognisers()):
            await handle.close()
            await handle.close()

    run(test)


def test_engines_in_place_take_their_modelled_time_and_no_other() -> None:
    """The clock of virtual time shows exactly the cost: once for a whole reply, once for the end of a turn."""

    async def test() -> tuple[float, float]:
        now = asyncio.get_running_loop().time
        speaker, recogniser = InPlaceSpeaker(Espeak(), COST), InPlaceRecogniser(Sphinx(SCENARIO), COST)
        begun = now()
        await all_of(speaker)
        spoken = now()
        recogniser.start()
        feed_all(recogniser, say("hello"))
        await recogniser.finish()
        return spoken - begun, now() - spoken

    assert run_in_virtual_time(test()) == pytest.approx((0.010, 0.020))


def test_words_in_a_worker_are_those_in_place() -> None:
    """The same turn gives the very same result, so virtual time tells the truth about live runs."""

    async def test() -> None:
        heard: list[Heard] = []
        for recogniser in recognisers():
            recogniser.start()
            feed_all(recogniser, say("what time is it", "chen"))
            heard.append(await recogniser.finish())
            await recogniser.close()
        assert heard[0] == heard[1]

    run(test)


def test_words_of_a_turn_are_its_own_though_the_next_turn_has_begun() -> None:
    """A barge-in begins a turn while the words of the one before are still being found: each gets its own."""

    async def test() -> None:
        for ears in recognisers():
            ears.start()
            feed_all(ears, say("Hello."))
            first = asyncio.ensure_future(ears.finish())
            await asyncio.sleep(0)
            ears.start()
            feed_all(ears, say("Tell me a joke."))
            assert [(await first).text, (await ears.finish()).text] == ["hello", "tell me a joke"]
            await ears.close()

    run(test)
