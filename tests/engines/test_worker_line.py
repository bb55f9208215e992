"""The promises of the line to a worker process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from time import monotonic, sleep

import pytest

from voicelab.engines.child import child_environment
from voicelab.engines.worker_line import MAX_FAILURES, WorkerLine
from voicelab.engines.worker_messages import Answer, Speak, Spoken
from voicelab.errors import EngineError

HELLO = Speak(1, "Hello.", "marin", 1.0)

ORPHANS = """
import asyncio, os, sys, time
from voicelab.engines.host import HostedRecogniser, HostedSpeaker
from voicelab.engines.language import Scenario

async def main():
    speaker, recogniser = HostedSpeaker(), HostedRecogniser(Scenario("s", ("hello",)))
    async for chunk in speaker.speak("Hello.", "marin", 1.0):
        pass
    recogniser.start()
    await recogniser.finish()
    pids = f"{speaker.pid} {recogniser.pid}"
    if "fork" in sys.argv and os.fork() == 0:
        time.sleep(600)  # a forked process keeps the pipes open, as one forked from a notebook does
    print(pids, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


class Ears:
    """What a line tells, in order."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Answer | EngineError] = asyncio.Queue()

    def line(self, kind: str = "speak") -> WorkerLine:
        return WorkerLine(kind, "speaker", None, self.heard.put_nowait, self.heard.put_nowait)

    async def until_spoken(self) -> None:
        while not (isinstance(answer := await self.heard.get(), Spoken) and answer.last):
            assert not isinstance(answer, EngineError), answer


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:  # a zombie that nobody waits for is dead
        return file.read().rpartition(")")[2].split()[0] != "Z"


def _gone_in_time(pid: int, deadline_s: float = 10.0) -> bool:
    deadline = monotonic() + deadline_s
    while _is_alive(pid):
        if monotonic() > deadline:
            return False
        sleep(0.01)
    return True


def test_nothing_runs_before_the_first_message_and_nothing_after_closing() -> None:
    """The process starts with the first message and is gone when close() returns, however often it is called."""

    async def test() -> None:
        ears = Ears()
        line = ears.line()
        assert line.pid is None
        line.post(HELLO)
        await ears.until_spoken()
        pid = line.pid
        assert pid is not None
        await line.close()
        await line.close()
        assert line.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    run(test)


def test_messages_posted_before_the_worker_is_ready_are_kept() -> None:
    """Nobody has to wait for the process to come up."""

    async def test() -> None:
        ears = Ears()
        line = ears.line()
        for call in range(5):
            line.post(Speak(call, "Hi.", "marin", 1.0))
        for _ in range(5):
            await ears.until_spoken()
        await line.close()

    run(test)


def test_a_killed_worker_is_one_error_and_the_next_message_starts_another() -> None:
    """The line says what happened; the new process has a new id."""

    async def test() -> None:
        ears = Ears()
        line = ears.line()
        line.post(HELLO)
        await ears.until_spoken()
        first = line.pid
        assert first is not None
        os.kill(first, signal.SIGTERM)
        error = await ears.heard.get()
        assert isinstance(error, EngineError)
        assert "The speaker worker stopped (exit code" in str(error)
        assert "\n" not in str(error)
        assert line.pid is None
        line.post(HELLO)
        await ears.until_spoken()
        assert line.pid not in (None, first)
        await line.close()

    run(test)


def test_a_worker_that_cannot_start_is_tried_three_times_in_a_row() -> None:
    """Then the line gives up and says where to look; the cause is in each of the first errors."""

    async def test() -> None:
        ears = Ears()
        line = ears.line("sing")
        for _ in range(MAX_FAILURES):
            line.post(HELLO)
            assert "usage" in str(await ears.heard.get())
        line.post(HELLO)
        given_up = str(await ears.heard.get())
        assert "3 times in a row" in given_up
        assert "voicelab doctor" in given_up
        await line.close()

    run(test)


def test_an_answer_makes_up_for_earlier_failures() -> None:
    """A worker that is killed now and then is always started again."""

    async def test() -> None:
        ears = Ears()
        line = ears.line()
        for _ in range(MAX_FAILURES + 1):
            line.post(HELLO)
            await ears.until_spoken()
            assert line.pid is not None
            os.kill(line.pid, signal.SIGTERM)
            assert "stopped" in str(await ears.heard.get())
        await line.close()

    run(test)


def test_a_message_after_closing_is_an_error() -> None:
    """And starts no process."""

    async def test() -> None:
        ears = Ears()
        line = ears.line()
        await line.close()
        line.post(HELLO)
        assert "closed" in str(await ears.heard.get())
        assert line.pid is None

    run(test)


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc to tell the dead from the living")
@pytest.mark.parametrize("forked", [[], ["fork"]], ids=["alone", "with a forked process that holds the pipes"])
def test_no_worker_outlives_a_killed_parent(forked: list[str]) -> None:
    """SIGKILL leaves the parent no chance to clean up; the workers notice it themselves."""
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, *forked],
        stdout=subprocess.PIPE,
        env=child_environment(),
        text=True,
        start_new_session=True,
    )
    assert parent.stdout
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    try:
        assert len(workers) == 2
        assert all(_is_alive(pid) for pid in workers)
        parent.kill()
        parent.wait()
        assert all(_gone_in_time(pid) for pid in workers)
    finally:
        if forked:
            os.killpg(parent.pid, signal.SIGKILL)  # the forked process is all that is left of the group
        parent.stdout.close()
