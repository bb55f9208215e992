"""The real ``openai-agents`` client against the real server process: spoken turns, a tool, a barge-in, no error.

That client validates each event strictly and turns what it cannot read into an ``error`` event of its own; so the one
promise that no error comes covers every frame of the exchange, and its own requests as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from agents import function_tool, set_tracing_disabled
from agents.realtime import RealtimeAgent, RealtimeRunner, RealtimeSession

from tests.server.official import MODEL, WATCHDOG_S
from tests.strict import note
from voicelab.audio.samples import Samples
from voicelab.experiments.clips import spoken_lines
from voicelab.session.local_server import LocalServer

FRAME_SAMPLES = 480
FRAME_S = 0.02


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """One server process for all tests of this file."""
    set_tracing_disabled(True)  # of the agents' own work; what it asks of the server stays as it is
    with LocalServer(hearing="guide") as running:
        yield running


class Microphone:
    """An open microphone: silence, and whatever is said into it, in 20 ms frames.

    Parameters
    ----------
    session : RealtimeSession
    speed : float
        Times real time.
    """

    def __init__(self, session: RealtimeSession, speed: float) -> None:
        self._session = session
        self._frame_s = FRAME_S / speed
        self._waiting: list[Samples] = []

    def say(self, name: str) -> None:
        """Say one of the demo's clips now."""
        samples = spoken_lines()[name].clip.samples
        padded = np.pad(samples, (0, -len(samples) % FRAME_SAMPLES))
        self._waiting += list(padded.reshape(-1, FRAME_SAMPLES))

    async def run(self) -> None:
        """Send a frame at each deadline."""
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            frame = self._waiting.pop(0) if self._waiting else np.zeros(FRAME_SAMPLES, np.int16)
            await self._session.send_audio(frame.astype("<i2").tobytes())
            due_s += self._frame_s
            await asyncio.sleep(max(0.0, due_s - loop.time()))


class Observer:
    """Everything that the agents client reports, and the server's own frames among it."""

    def __init__(self, session: RealtimeSession) -> None:
        self._session = session
        self._news = asyncio.Event()
        self.reports: list[Any] = []
        self.frames: list[dict[str, Any]] = []

    async def run(self) -> None:
        """Keep and check everything that comes."""
        async for report in self._session:
            self.reports.append(report)
            if report.type == "raw_model_event" and report.data.type == "raw_server_event":
                self.frames.append(report.data.data)
                note(report.data.data)
            self._news.set()

    async def until(self, reached: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(WATCHDOG_S):
                while not reached():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"never came: {what}; errors {self.errors()}; came {self.kinds()}") from None

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the server's frames of one type."""
        return [frame for frame in self.frames if frame["type"] == kind]

    def kinds(self) -> list[str]:
        """Return the types of the frames in order, runs of the same type as one."""
        kinds: list[str] = []
        for frame in self.frames:
            if not kinds or kinds[-1] != frame["type"]:
                kinds.append(frame["type"])
        return kinds

    def errors(self) -> list[Any]:
        """Return everything that either side called an error."""
        return [r.error for r in self.reports if r.type == "error"] + [f["error"] for f in self.of("error")]

    def done(self) -> list[dict[str, Any]]:
        """Return the finished responses."""
        return [frame["response"] for frame in self.of("response.done")]


@function_tool
def set_timer(minutes: int) -> str:
    """Set a timer for so many minutes."""
    return f"The timer is set for {minutes} minutes."


async def talk(server: LocalServer, settings: dict[str, Any], speed: float) -> Observer:
    """Ask for a timer, let the tool run, ask for a long reading, talk over it, and let the last answer end."""
    agent: Any = RealtimeAgent(name="Guide", instructions="You are the guide of this lab.", tools=[set_timer])
    config: Any = {"url": f"{server.url}?model={MODEL}", "api_key": server.api_key, **settings}
    async with await RealtimeRunner(agent).run(model_config=config) as session:
        observer, microphone = Observer(session), Microphone(session, speed)
        tasks = [asyncio.create_task(observer.run()), asyncio.create_task(microphone.run())]
        try:
            microphone.say("timer")
            await observer.until(lambda: len(observer.done()) == 2, "the answer after the tool")
            microphone.say("read")
            await observer.until(lambda: len(observer.of("response.created")) == 3, "the reading")
            begun = len(observer.of("response.output_audio.delta"))
            await observer.until(lambda: len(observer.of("response.output_audio.delta")) > begun + 5, "its sound")
            microphone.say("hello")
            await observer.until(lambda: len(observer.done()) == 4, "the answer after the barge-in")
            await observer.until(lambda: bool(observer.of("conversation.item.truncated")), "the truncation")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return observer


def assert_whole_conversation(observer: Observer) -> None:
    """Assert the tool, the barge-in, the truncation, and that nobody complained of anything."""
    assert observer.errors() == []
    (ran,) = [report for report in observer.reports if report.type == "tool_end"]
    assert (ran.arguments, ran.output) == ('{"minutes": 5}', "The timer is set for 5 minutes.")
    called, told, cut, last = observer.done()
    assert [item["type"] for item in called["output"]] == ["function_call"]
    assert "timer is set for 5 minutes" in told["output"][0]["content"][0]["transcript"].lower().replace("five", "5")
    assert (cut["status"], cut["status_details"]["reason"]) == ("cancelled", "turn_detected")
    assert last["status"] == "completed"
    # The answer before may still have been playing when the user spoke again: it is truncated as well.
    told_id, cut_id = told["output"][0]["id"], cut["output"][0]["id"]
    truncated = observer.of("conversation.item.truncated")
    assert [frame["item_id"] for frame in truncated] in ([cut_id], [told_id, cut_id])
    assert all(frame["audio_end_ms"] > 0 for frame in truncated)
    interrupted = [report.item_id for report in observer.reports if report.type == "audio_interrupted"]
    assert set(interrupted) == {frame["item_id"] for frame in truncated}
    heard = observer.of("conversation.item.input_audio_transcription.completed")
    assert [frame["transcript"] for frame in heard] == [
        "set a timer for five minutes",
        "read me something long",
        "hello",
    ]


@pytest.mark.realtime
def test_agents_with_their_own_defaults_hold_a_spoken_conversation(server: LocalServer) -> None:
    """No settings at all: tool call, barge-in and truncation at the pace of speech, and zero errors."""
    observer = asyncio.run(talk(server, {}, speed=1.0))
    assert_whole_conversation(observer)
    in_force = observer.of("session.updated")[-1]["session"]
    assert in_force["audio"]["input"]["turn_detection"]["type"] == "semantic_vad"
    assert in_force["tools"][0]["name"] == "set_timer"


@pytest.mark.realtime
def test_agents_with_initial_settings_hold_a_spoken_conversation(server: LocalServer) -> None:
    """With voice, detection and transcription asked for, and the microphone twice as fast as speech."""
    settings = {
        "initial_model_settings": {
            "model_name": "gpt-realtime",
            "voice": "cedar",
            "tracing": None,
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 400, "interrupt_response": True},
            "input_audio_transcription": {"model": "whisper-1"},
        }
    }
    observer = asyncio.run(talk(server, settings, speed=2.0))
    assert_whole_conversation(observer)
    in_force = observer.of("session.updated")[-1]["session"]
    assert in_force["audio"]["output"]["voice"] == "cedar"
    assert in_force["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 400
    assert in_force["audio"]["input"]["transcription"]["model"] == "whisper-1"
