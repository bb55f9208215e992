"""The promises of a worker, kept by real worker processes spoken to through plain pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from voicelab.engines.child import child_command, child_environment, own_group
from voicelab.engines.espeak import Espeak
from voicelab.engines.worker_messages import (
    HEADER_BYTES,
    Answer,
    Failed,
    Feed,
    Final,
    Finish,
    Hear,
    Partial,
    Request,
    Speak,
    Spoken,
    Start,
    from_wire,
    pack,
    to_wire,
)

SPEECH = np.concatenate([chunk.samples for chunk in Espeak().speak("what time is it", "ada", 1.0)])


class Talk:
    """A worker process and how to talk to it."""

    def __init__(self, kind: str) -> None:
        self.process = subprocess.Popen(
            child_command("voicelab.engines.worker", kind),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(),
            **own_group(),
        )

    def send(self, *messages: Request) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"".join(pack(message) for message in messages))
        self.process.stdin.flush()

    def answer(self) -> Answer:
        assert self.process.stdout
        header = self.process.stdout.read(HEADER_BYTES)
        return msgspec.msgpack.decode(self.process.stdout.read(int.from_bytes(header, "big")), type=Answer)

    def end(self) -> int:
        self.process.communicate(timeout=10)
        return self.process.returncode


@pytest.fixture
def speaking() -> Iterator[Talk]:
    talk = Talk("speak")
    yield talk
    talk.process.kill()
    talk.process.communicate()


@pytest.fixture
def hearing() -> Iterator[Talk]:
    talk = Talk("hear")
    yield talk
    talk.process.kill()
    talk.process.communicate()


def _spoken(talk: Talk, call: int) -> list[Spoken]:
    chunks = []
    while True:
        answer = talk.answer()
        assert isinstance(answer, Spoken)
        assert answer.call == call
        chunks.append(answer)
        if answer.last:
            return chunks


def _final(talk: Talk) -> Final | Failed:
    while isinstance(answer := talk.answer(), Partial):
        pass
    assert isinstance(answer, Final | Failed)
    return answer


def test_a_speaking_worker_gives_what_the_engine_gives(speaking: Talk) -> None:
    """The same samples and words, call by call, each call ended by an empty chunk."""
    speaking.send(Speak(1, "Hello there.", "marin", 1.0), Speak(2, "Bye.", "ada", 1.5))
    first, second = _spoken(speaking, 1), _spoken(speaking, 2)
    direct = list(Espeak().speak("Hello there.", "marin", 1.0))
    assert [chunk.text for chunk in first] == [*(chunk.text for chunk in direct), ""]
    assert np.array_equal(from_wire(first[0].pcm), direct[0].samples)
    assert (first[-1].pcm, second[-1].pcm) == (b"", b"")


def test_a_failed_call_is_an_answer_and_the_next_one_works(speaking: Talk) -> None:
    """An error in one call does not end the worker."""
    speaking.send(Speak(1, "Hello.", "nobody", 1.0), Speak(2, " ", "marin", 1.0), Speak(3, "Hello.", "marin", 1.0))
    voice, empty = speaking.answer(), speaking.answer()
    assert isinstance(voice, Failed)
    assert (voice.number, voice.setting) == (1, "session.audio.output.voice")
    assert isinstance(empty, Failed)
    assert (empty.number, empty.setting) == (2, None)
    assert _spoken(speaking, 3)


def test_a_hearing_worker_hears_turn_after_turn(hearing: Talk) -> None:
    """With the scenario of its first message; each answer names its turn."""
    hearing.send(Hear("test", ("what time is it", "hello")))
    for turn in (1, 2):
        hearing.send(Start(turn), Feed(to_wire(SPEECH)), Finish())
        final = _final(hearing)
        assert isinstance(final, Final)
        assert (final.turn, final.text, final.engine) == (turn, "what time is it", "pocketsphinx test")


def test_a_scenario_that_cannot_be_used_fails_each_turn_once(hearing: Talk) -> None:
    """The worker lives on and says why, without a flood of errors for each frame."""
    hearing.send(Hear("test", ("hello xyzzyq",)))
    for turn in (1, 2):
        hearing.send(Start(turn), Feed(to_wire(SPEECH)), Feed(to_wire(SPEECH)), Finish())
        answer = hearing.answer()
        assert isinstance(answer, Failed)
        assert answer.number == turn
        assert "xyzzyq" in answer.message


def test_a_hearing_worker_that_was_not_configured_says_so(hearing: Talk) -> None:
    """One clear answer instead of a crash."""
    hearing.send(Start(1))
    answer = hearing.answer()
    assert isinstance(answer, Failed)
    assert "configured" in answer.message


@pytest.mark.parametrize("kind", ["speak", "hear"])
def test_the_end_of_standard_input_ends_the_worker(kind: str) -> None:
    """Quietly, with exit code 0."""
    assert Talk(kind).end() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_an_interrupt_does_not_end_the_worker(speaking: Talk) -> None:
    """Jupyter interrupts whole process groups; a reply must not die of it."""
    speaking.send(Speak(1, "Hello.", "marin", 1.0))
    _spoken(speaking, 1)
    os.kill(speaking.process.pid, signal.SIGINT)
    speaking.send(Speak(2, "Hello.", "marin", 1.0))
    assert _spoken(speaking, 2)


def test_what_a_library_prints_does_not_get_between_the_messages() -> None:
    """File descriptor 1 belongs to the messages; prints go to standard error."""
    script = (
        "import os, sys\n"
        "from voicelab.engines import worker\n"
        "source, send = worker._pipes()\n"
        "os.write(1, b'native print')\n"
        "print('python print', flush=True)\n"
        "send(worker.Partial(1, 'hello'))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=child_environment())
    assert done.stdout == pack(Partial(1, "hello"))
    assert b"native print" in done.stderr
    assert b"python print" in done.stderr


def test_an_unknown_kind_of_worker_is_refused() -> None:
    """With the usage, and the exit code for that."""
    talk = Talk("sing")
    _, complaint = talk.process.communicate(timeout=10)
    assert talk.process.returncode == 2
    assert b"speak|hear" in complaint
