"""The line to the page and its microphone: who has the sound, what is believed, and when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from voicelab.audio.samples import Samples
from voicelab.errors import AudioError
from voicelab.transports.virtual_time import run_in_virtual_time
from voicelab.widgets.sound.door import Door
from voicelab.widgets.sound.line import Line
from voicelab.widgets.sound.microphone import BrowserMicrophone
from voicelab.widgets.sound.wire import Chunk, pack_chunk
from voicelab.widgets.words import words


class Held:
    """A line with a microphone, and hands to play its pages by comm."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.line = Line(lambda message, _: self.told.append(message), words("sound"), Door())
        self.microphone = BrowserMicrophone(self.line)
        self.line.took_sound = self.microphone.take
        self.line.changed = self.microphone.state_changed
        self.line.gone = self.microphone.page_gone
        self.frames: list[Samples] = []
        self.lost: list[str] = []

    def say(self, kind: str, page: str = "one", **fields: Any) -> None:
        """Send a message of a page."""
        self.line.take_comm({"type": kind, "page": page, **fields}, [])

    def record(self, first: int, value: int = 5, generation: int = 9, page: str = "one") -> None:
        """Send a frame of a page."""
        samples = np.full(480, value, np.int16)
        chunk = pack_chunk(Chunk(generation, first, False, samples))
        self.line.take_comm({"type": "sound", "page": page}, [chunk])

    def opening(self) -> asyncio.Task[None]:
        """Begin to open the microphone."""
        return asyncio.ensure_future(self.microphone.open(self.frames.append, self.lost.append))

    async def opened(self) -> None:
        """Open it, with a page that says yes."""
        self.say("here")
        opening = self.opening()
        await asyncio.sleep(0)
        self.say("microphone", state="on", problem="")
        await opening


def held(act: Callable[[Held], Awaitable[None]]) -> None:
    """Run a test in virtual time."""

    async def perform() -> None:
        one = Held()
        await act(one)
        one.microphone.close()
        one.line.close()

    run_in_virtual_time(perform())


def test_without_a_page_there_is_no_microphone() -> None:
    """After a while it says to show the widget; a page that comes in time is enough."""

    async def act(one: Held) -> None:
        with pytest.raises(AudioError, match="show this widget"):
            await one.opening()
        opening = one.opening()
        await asyncio.sleep(3)
        one.say("here")
        one.say("microphone", state="on", problem="")
        await opening
        assert one.told[-1]["listening"] is True

    held(act)


def test_page_that_never_answers_is_given_up() -> None:
    """A person who does not answer the browser's question gets an error, and the page is told to stop."""

    async def act(one: Held) -> None:
        one.say("here")
        opening = one.opening()
        while not opening.done():
            await asyncio.sleep(1)
            one.say("ping", at=1, round_trip_ms=3)
        with pytest.raises(AudioError, match="within 60 s"):
            opening.result()
        one.told = [told for told in one.told if told["type"] == "listen"]
        assert (one.told[-1]["type"], one.told[-1]["on"]) == ("listen", False)

    held(act)


def test_page_that_goes_before_it_answered_is_an_error() -> None:
    """Nobody waits for a page that was closed while it asked."""

    async def act(one: Held) -> None:
        one.say("here")
        opening = one.opening()
        await asyncio.sleep(1)
        one.say("bye")
        with pytest.raises(AudioError, match="show this widget"):
            await opening
        assert asyncio.get_running_loop().time() < 10

    held(act)


def test_microphone_that_is_let_go_while_the_page_asks_waits_for_nothing() -> None:
    """The first to ask is told at once; whoever asks next gets the microphone, and the watch is its own."""

    async def act(one: Held) -> None:
        one.say("here")
        first = one.opening()
        await asyncio.sleep(1)
        one.microphone.close()
        second = one.opening()
        with pytest.raises(AudioError, match="let go before"):
            await first
        one.say("microphone", state="on", problem="")
        await second
        one.record(0)
        assert len(one.frames) == 1

    held(act)


def test_insecure_page_is_told_what_to_do() -> None:
    """The error names the page's own host and port in the line for the tunnel."""

    async def act(one: Held) -> None:
        one.say("here")
        opening = one.opening()
        await asyncio.sleep(0)
        places = {"origin": "http://box:8888", "host": "box", "port": "8888", "path": "/lab"}
        one.say("microphone", state="insecure", problem="insecure", places=places)
        with pytest.raises(AudioError, match="ssh -N -L 8888:localhost:8888 box") as caught:
            await opening
        assert "http://localhost:8888/lab" in str(caught.value)
        assert one.line.state.microphone == "insecure"

    held(act)


def test_frames_are_delivered_once_and_a_new_page_counts_anew() -> None:
    """A frame that came already is left out; the numbers of another recording are its own."""

    async def act(one: Held) -> None:
        await one.opened()
        for first in (0, 480, 480, 0, 960):
            one.record(first)
        assert len(one.frames) == 3
        one.record(480, generation=10)
        assert len(one.frames) == 4

    held(act)


def test_sound_that_never_came_is_counted_and_the_page_is_told() -> None:
    """A hole in the numbers of a recording is known in milliseconds; a new recording begins without one."""

    async def act(one: Held) -> None:
        await one.opened()
        one.record(4_800)  # before it the kernel was not listening yet
        one.record(5_280)
        assert one.line.state.missing_ms == 0
        one.record(5_760 + 2 * 480)
        one.record(7_200 + 480)
        assert one.line.state.missing_ms == 60
        one.say("ping", at=1, round_trip_ms=3)
        assert (one.told[-1]["type"], one.told[-1]["missing_ms"]) == ("pong", 60)
        one.record(480, generation=10)
        assert one.line.state.missing_ms == 60
        one.microphone.close()
        await one.opened()
        assert one.line.state.missing_ms == 0

    held(act)


def test_recording_before_is_over_when_another_begins() -> None:
    """A page that forgot to end a recording does not mix it into the next one, nor is a hole seen between them."""

    async def act(one: Held) -> None:
        await one.opened()
        one.record(0, value=1, generation=9)
        one.microphone.close()
        await one.opened()
        one.record(48_000, value=1, generation=9)  # the first that comes may still be of the old one
        for n in range(3):
            one.record(480 * n, value=2, generation=10)
            one.record(48_480 + 480 * n, value=1, generation=9)
        assert [int(frame[0]) for frame in one.frames] == [1, 1, 2, 2, 2]
        assert one.line.state.missing_ms == 0

    held(act)


def test_muted_microphone_delivers_zeros_whatever_the_page_sends() -> None:
    """The kernel does not depend on the page for silence."""

    async def act(one: Held) -> None:
        await one.opened()
        one.line.mute(True)
        one.record(0, value=99)
        one.line.mute(False)
        one.record(480, value=99)
        assert [int(frame.max()) for frame in one.frames] == [0, 99]

    held(act)


def test_page_that_is_gone_ends_the_microphone_once() -> None:
    """Five seconds without a page, and not before, the session hears that it was closed."""

    async def act(one: Held) -> None:
        await one.opened()
        one.say("bye")
        await asyncio.sleep(4.9)
        assert one.lost == []
        await asyncio.sleep(20)
        assert one.lost == ["the page was closed"]
        assert one.line.state.way == "none"

    held(act)


def test_comm_that_falls_silent_is_a_page_that_is_gone() -> None:
    """A comm does not say when its tab was closed; while anything comes, the page is there."""

    async def act(one: Held) -> None:
        await one.opened()
        for _ in range(20):
            await asyncio.sleep(1)
            one.say("ping", at=1, round_trip_ms=3)
        assert one.lost == []
        await asyncio.sleep(6)
        assert one.lost == ["the page was closed"]

    held(act)


def test_page_that_comes_back_in_time_goes_on() -> None:
    """A reload within the grace is welcomed with what is wanted, and nothing is lost."""

    async def act(one: Held) -> None:
        await one.opened()
        one.say("bye")
        await asyncio.sleep(3)
        one.say("here", page="two")
        assert (one.told[-1]["type"], one.told[-1]["to"], one.told[-1]["listening"]) == ("welcome", "two", True)
        await asyncio.sleep(4)
        one.record(0, generation=11, page="two")
        assert (len(one.frames), one.lost) == (1, [])

    held(act)


def test_second_page_takes_the_sound_and_the_first_is_told() -> None:
    """One page at a time has the sound; what the other still says is not believed."""

    async def act(one: Held) -> None:
        await one.opened()
        one.say("here", page="two")
        assert [(told["type"], told["to"]) for told in one.told[-2:]] == [("replaced", "one"), ("welcome", "two")]
        one.record(0, page="one")
        one.say("bye", page="one")
        assert (one.frames, one.line.state.way) == ([], "comm")

    held(act)


def test_microphone_that_gives_nothing_is_said_and_recovers() -> None:
    """Two seconds without a frame are a silent microphone; with the next frame all is well."""

    async def act(one: Held) -> None:
        await one.opened()
        for _ in range(3):
            await asyncio.sleep(1)
            one.say("ping", at=1, round_trip_ms=3)
        assert one.line.state.microphone == "silent"
        assert "mute switch" in one.line.state.problem
        one.record(0)
        assert (one.line.state.microphone, one.line.state.problem, len(one.frames)) == ("on", "", 1)

    held(act)


def test_microphone_serves_one_session_at_a_time() -> None:
    """A second session is told which one to close; closed, it can be opened again."""

    async def act(one: Held) -> None:
        await one.opened()
        with pytest.raises(AudioError, match="already serves"):
            await one.opening()
        one.microphone.close()
        await one.opened()

    held(act)


def test_nonsense_of_a_page_is_counted_and_left_out() -> None:
    """Whatever a page sends, the line stands."""

    async def act(one: Held) -> None:
        one.say("here")
        one.say("played", position="x")
        one.say("audio", rate_hz=-1)
        one.line.take_comm({"type": "sound", "page": "one"}, [b"odd"])
        one.line.take_comm("nothing", [])
        one.say("unknown")
        assert one.line.state.n_unreadable == 3
        assert one.line.state.way == "comm"

    held(act)
