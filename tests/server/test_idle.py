"""The idle timeout of server_vad: when it fires, what it makes, and what cancels it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from tests.server.input_room import Room, listen
from tests.server.room import Client, GivenEars, Saying, converse
from voicelab.audio.signals import silence, tone
from voicelab.engines.reply import Say
from voicelab.server.idle import IdleClock
from voicelab.transports.virtual_time import run_in_virtual_time

IDLE = {"type": "server_vad", "idle_timeout_ms": 5_000}


def now_s() -> float:
    """Return the loop's time."""
    return asyncio.get_running_loop().time()


def test_fires_when_the_time_has_passed_since_the_end_of_the_playback() -> None:
    """The wait begins at the end of the playback, and the position told is that of then."""
    fired: list[tuple[float, int]] = []

    async def perform() -> None:
        async with asyncio.TaskGroup() as tasks:
            clock = IdleClock(
                tasks, position=lambda: round(now_s() * 1000), timed_out=lambda at: fired.append((now_s(), at))
            )
            clock.start(now_s() + 2.0, 5_000)

    run_in_virtual_time(perform())
    assert fired == [(pytest.approx(7.0), 2_000)]


def test_late_news_of_a_playback_that_is_over_does_not_lengthen_the_wait() -> None:
    """A playback that ended a second ago leaves four of five seconds."""
    fired: list[float] = []

    async def perform() -> None:
        async with asyncio.TaskGroup() as tasks:
            await asyncio.sleep(3)
            IdleClock(tasks, position=lambda: 0, timed_out=lambda _: fired.append(now_s())).start(2.0, 5_000)

    run_in_virtual_time(perform())
    assert fired == [pytest.approx(7.0)]


def test_what_follows_a_timeout_may_cancel_the_clock() -> None:
    """The call at the timeout may cancel and start again; nothing is cut short by it."""
    fired: list[float] = []

    async def perform() -> None:
        async with asyncio.TaskGroup() as tasks:

            def timed_out(_: int) -> None:
                clock.cancel()
                fired.append(now_s())
                if len(fired) < 3:
                    clock.start(now_s(), 1_000)

            clock = IdleClock(tasks, position=lambda: 0, timed_out=timed_out)
            clock.start(0.0, 1_000)

    run_in_virtual_time(perform())
    assert fired == [pytest.approx(t) for t in (1.0, 2.0, 3.0)]


def test_only_the_latest_wait_counts() -> None:
    """Starting again gives up the wait that was under way."""
    fired: list[float] = []

    async def perform() -> None:
        async with asyncio.TaskGroup() as tasks:
            clock = IdleClock(tasks, position=lambda: 0, timed_out=lambda _: fired.append(now_s()))
            clock.start(0.0, 1_000)
            clock.start(0.5, 1_000)

    run_in_virtual_time(perform())
    assert fired == [pytest.approx(1.5)]


def test_silence_becomes_an_item_that_is_answered() -> None:
    """timeout_triggered, committed, added, done, in this order, with one id; the audio is the silence since."""
    ears = GivenEars("words that nobody said")

    async def talk(room: Room) -> None:
        room.update(turn_detection=IDLE)
        await room.speak(silence(1_000))
        room.listening.reply_ended(now_s() + 2.0)
        await room.speak(silence(8_000))

    room = listen(talk, ears=ears)
    assert room.kinds == ["timeout_triggered", "committed", "added", "done"]
    (timeout,) = room.of("timeout_triggered")
    assert timeout["audio_start_ms"] == pytest.approx(3_000, abs=20)
    assert timeout["audio_end_ms"] == pytest.approx(8_000, abs=20)
    assert {timeout["item_id"], room.of("committed")[0]["item_id"], room.of("done")[0]["item"]["id"]} == {
        timeout["item_id"]
    }
    hearing = room.connection.memory.hearings[timeout["item_id"]]
    assert hearing.sound.n == (timeout["audio_end_ms"] - timeout["audio_start_ms"]) * 24
    assert (hearing.speech.speech_ms, hearing.heard.text, hearing.coming) == (0.0, "", None)
    assert room.calls == ["turn ended"]
    assert "start" not in ears.calls


def test_one_reply_is_followed_by_one_timeout() -> None:
    """Silence that goes on is not another timeout; silence behind the next reply is."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=IDLE)
        room.listening.reply_ended(now_s())
        await asyncio.sleep(20)
        assert len(room.of("timeout_triggered")) == 1
        room.listening.reply_began()
        room.listening.reply_ended(now_s())
        await asyncio.sleep(20)
        assert len(room.of("timeout_triggered")) == 2

    listen(talk)


CANCELS: dict[str, Callable[[Room], object]] = {
    "speech": lambda room: room.append(np.concatenate([tone(300, 300), silence(800)])),
    "a response": lambda room: room.listening.reply_began(),
    "a timeout of null": lambda room: room.update(turn_detection={**IDLE, "idle_timeout_ms": None}),
    "detection off": lambda room: room.update(turn_detection=None),
    "a commit": lambda room: (room.append(silence(200)), room.listening.commit()),
}


@pytest.mark.parametrize("what", CANCELS)
def test_is_cancelled_by(what: str) -> None:
    """Whatever shows that the silence is over, or that it is not waited for any more, cancels the timeout."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=IDLE)
        room.listening.reply_ended(now_s())
        await asyncio.sleep(4)
        CANCELS[what](room)
        await asyncio.sleep(10)

    assert not listen(talk).of("timeout_triggered")


def test_update_of_something_else_does_not_cancel_it() -> None:
    """Only a change of the detection starts anew."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=IDLE)
        room.listening.reply_ended(now_s())
        room.update(turn_detection=IDLE, transcription={"model": "whisper-1"})
        await asyncio.sleep(10)

    assert len(listen(talk).of("timeout_triggered")) == 1


def test_no_timeout_while_the_user_speaks_over_the_end_of_a_reply() -> None:
    """A reply that ends inside a user turn starts no clock."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=IDLE)
        room.append(tone(300, 300))
        room.listening.reply_ended(now_s())
        await asyncio.sleep(2)
        room.append(silence(800))
        assert room.of("committed")
        await asyncio.sleep(10)

    assert not listen(talk).of("timeout_triggered")


@pytest.mark.parametrize("detection", [{"type": "server_vad"}, {"type": "semantic_vad"}, None])
def test_other_detections_have_no_timeout(detection: object) -> None:
    """Only server_vad with idle_timeout_ms has one."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=detection)
        room.listening.reply_ended(now_s())
        await asyncio.sleep(40)

    assert room_is_quiet(listen(talk))


def room_is_quiet(room: Room) -> bool:
    """Tell whether nothing was sent."""
    return room.kinds == []


def test_session_that_wants_no_answers_gets_the_item_alone() -> None:
    """create_response false: the silence becomes an item, and nothing answers it."""

    async def talk(room: Room) -> None:
        room.update(turn_detection={**IDLE, "create_response": False})
        room.listening.reply_ended(now_s())
        await asyncio.sleep(10)

    room = listen(talk)
    assert room.kinds == ["timeout_triggered", "committed", "added", "done"]
    assert room.calls == []


def test_silence_that_was_cleared_is_not_in_the_item() -> None:
    """The item holds what the event says: from the clear to the timeout."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=IDLE)
        room.listening.reply_ended(now_s())
        await room.speak(silence(3_000))
        room.listening.clear()
        await room.speak(silence(3_000))

    room = listen(talk)
    (timeout,) = room.of("timeout_triggered")
    assert timeout["audio_start_ms"] == 3_000
    assert len(room.sounds[0]) == (timeout["audio_end_ms"] - 3_000) * 24


@pytest.mark.parametrize("length_ms", range(20, 90, 3))
def test_speech_that_the_timeout_itself_uncovers_wins(length_ms: int) -> None:
    """What noise reduction holds back may begin a turn as it comes out: then there is no timeout."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=IDLE, noise_reduction={"type": "near_field"})
        room.listening.reply_ended(now_s())
        await asyncio.sleep(4.9)
        room.append(np.concatenate([silence(500), tone(300, length_ms)]))
        await asyncio.sleep(1)

    room = listen(talk)
    assert room.kinds in (["speech_started"], ["timeout_triggered", "committed", "added", "done"])


def test_user_who_says_nothing_after_a_reply_is_spoken_to_again() -> None:
    """Over the wire: the reply is heard to its end, then five seconds pass, then the silence is answered."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": IDLE}}})
        await client.send("response.create")
        await client.until("response.done")
        assert len(client.audio()) == 20 * 2_400
        await client.append(silence(9_000))
        await client.until("response.done", n=2)

    client = converse(talk, reply=Saying((Say(" ".join(["word"] * 20)),)))
    kinds = client.kinds
    at = kinds.index("input_audio_buffer.timeout_triggered")
    assert kinds[at : at + 5] == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    (timeout,) = client.of("input_audio_buffer.timeout_triggered")
    # Two seconds of reply are sent faster than they are heard: some of them were still to be played at response.done.
    assert 500 < timeout["audio_start_ms"] < 2_000
    assert timeout["audio_end_ms"] - timeout["audio_start_ms"] == pytest.approx(5_000, abs=40)


OUTLIVES: dict[str, Callable[[Room], object]] = {
    "another threshold": lambda room: room.update(turn_detection={**IDLE, "threshold": 0.6}),
    "a clear": lambda room: room.listening.clear(),
    "a clear inside a turn": lambda room: (room.append(tone(300, 300)), room.listening.clear()),
}


@pytest.mark.parametrize("what", OUTLIVES)
def test_the_silence_goes_on_behind(what: str) -> None:
    """The clock still counts from the end of the playback: nobody has said anything that stays."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=IDLE)
        room.listening.reply_ended(now_s())
        await asyncio.sleep(3)
        OUTLIVES[what](room)
        await asyncio.sleep(1.9)
        assert not room.of("timeout_triggered")
        await asyncio.sleep(0.2)
        assert len(room.of("timeout_triggered")) == 1

    listen(talk)


def test_a_timeout_asked_for_in_the_middle_of_the_silence_counts_from_its_beginning() -> None:
    """Who asks after a reply, or changes the time, gets the time since that reply."""

    async def talk(room: Room) -> None:
        room.update(turn_detection={**IDLE, "idle_timeout_ms": None})
        room.listening.reply_ended(now_s())
        await asyncio.sleep(2)
        room.update(turn_detection={**IDLE, "idle_timeout_ms": 6_000})
        await asyncio.sleep(3.9)
        assert not room.of("timeout_triggered")
        await asyncio.sleep(0.2)
        assert len(room.of("timeout_triggered")) == 1

    listen(talk)
