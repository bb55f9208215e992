"""Engines behind handles: in a worker process, or in place at a stated cost.

In: calls on the event loop. Out: what the engine says, as awaitables and async iterators.
Does not know: which engine answers, sessions, the protocol.

`HostedRecogniser` and `HostedSpeaker` keep native code in a process of its own (``worker_line``), where it
can neither block the loop nor take the server down. `InPlaceRecogniser` and `InPlaceSpeaker` are the same
handles around an engine that is called directly, for virtual time: there is no process and no thread, and
the time an engine would need is slept on the loop's clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from voicelab.audio.samples import Samples
from voicelab.engines.base import Heard, Recogniser, Speaker, SpeechChunk
from voicelab.engines.language import Scenario
from voicelab.engines.sentences import sentences
from voicelab.engines.worker_line import WorkerLine
from voicelab.engines.worker_messages import (
    Answer,
    Failed,
    Feed,
    Final,
    Finish,
    Hear,
    Partial,
    Pause,
    Resume,
    Speak,
    Spoken,
    Start,
    from_wire,
    to_wire,
)
from voicelab.errors import ConfigError, EngineError


class HostedRecogniser:
    """A recogniser in a worker process of its own: one for each session.

    Parameters
    ----------
    scenario : Scenario, optional
        What may be said; without one, free dictation.
    """

    def __init__(self, scenario: Scenario | None = None) -> None:
        configuration = Hear(scenario.name, scenario.phrases) if scenario else Hear("", ())
        self._line = WorkerLine("hear", "recogniser", configuration, self._take, self._fail)
        self._turn = 0
        self._failure: EngineError | ConfigError | None = None
        # A turn can end while the words of the one before are still being found, so each waits for its own.
        self._waiting: dict[int, asyncio.Future[Heard]] = {}
        self.partial = ""

    @property
    def pid(self) -> int | None:
        """The worker's process id while it runs."""
        return self._line.pid

    def warm(self) -> None:
        """Start the worker now, so that the first turn need not wait for it. Needs a running loop."""
        self._line.open()

    def start(self) -> None:
        """Begin a turn; an unfinished one is forgotten."""
        self._turn += 1
        self._failure = None
        self.partial = ""
        self._line.post(Start(self._turn))

    def feed(self, samples: Samples) -> None:
        """Post more audio of the turn."""
        self._post(Feed(to_wire(samples)))

    def pause(self) -> None:
        """Post that the speaker may be done."""
        self._post(Pause())

    def resume(self) -> None:
        """Post that the speaker went on."""
        self._post(Resume())

    async def finish(self) -> Heard:
        """End the turn and wait for its words.

        Raises
        ------
        EngineError
            The worker stopped during this turn, or cannot hear here.
        ConfigError
            The scenario cannot be used.
        """
        if self._turn == 0:
            raise EngineError("No turn was started, so there is nothing to finish; call start() first.")
        if self._failure is not None:
            raise self._failure
        turn = self._turn
        heard: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = heard
        try:
            self._post(Finish())
            return await heard
        finally:
            self._waiting.pop(turn, None)

    async def close(self) -> None:
        """End the worker. Safe to call twice."""
        await self._line.close()

    def _post(self, message: Feed | Pause | Resume | Finish) -> None:
        # A turn that failed must not wake a fresh worker, which has not heard its beginning.
        if self._failure is None:
            self._line.post(message)

    def _take(self, answer: Answer) -> None:
        match answer:
            case Partial(turn, text) if turn == self._turn:
                self.partial = text
            case Final(turn, text, rejected, confidence, engine) if turn in self._waiting:
                self._waiting[turn].set_result(Heard(text, rejected, confidence, engine))
            case Failed(turn):
                self._fail_turn(turn, answer.as_error())
            case _:
                pass  # of a turn that was given up

    def _fail(self, error: EngineError) -> None:
        """The worker is gone: every turn that waits for it, and the one that is being spoken, has failed."""
        for turn in {*self._waiting, self._turn}:
            self._fail_turn(turn, error)

    def _fail_turn(self, turn: int, error: EngineError | ConfigError) -> None:
        if turn == self._turn:
            self._failure = self._failure or error
        waiting = self._waiting.get(turn)
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)


class HostedSpeaker:
    """A speaker in one worker process, shared by all sessions of a server.

    Each sentence is its own call, so that a long reply neither keeps others waiting nor is made when nobody
    listens any more.
    """

    def __init__(self) -> None:
        self._line = WorkerLine("speak", "speaker", None, self._take, self._fail)
        self._n_calls = 0
        self._waiting: dict[int, asyncio.Queue[Spoken | EngineError | ConfigError]] = {}

    @property
    def pid(self) -> int | None:
        """The worker's process id while it runs."""
        return self._line.pid

    def warm(self) -> None:
        """Start the worker now, so that the first reply need not wait for it. Needs a running loop."""
        self._line.open()

    async def speak(self, text: str, voice: str, speed: float) -> AsyncGenerator[SpeechChunk, None]:
        """Speak ``text``; leaving the iterator silences it at once, chunks already made are dropped.

        Raises
        ------
        EngineError
            The worker stopped, espeak-ng does not work here, or there is nothing to say.
        ConfigError
            Unknown voice, or a speed out of range.
        """
        for sentence in sentences(text) or [text]:
            self._n_calls += 1
            call = self._n_calls
            answers: asyncio.Queue[Spoken | EngineError | ConfigError] = asyncio.Queue()
            self._waiting[call] = answers
            try:
                self._line.post(Speak(call, sentence, voice, speed))
                while not (answer := _checked(await answers.get())).last:
                    yield SpeechChunk(from_wire(answer.pcm), answer.text)
            finally:
                del self._waiting[call]

    async def close(self) -> None:
        """End the worker. Safe to call twice."""
        await self._line.close()

    def _take(self, answer: Answer) -> None:
        match answer:
            case Spoken(call) if call in self._waiting:
                self._waiting[call].put_nowait(answer)
            case Failed(call) if call in self._waiting:
                self._waiting[call].put_nowait(answer.as_error())
            case _:
                pass  # of a reply that was silenced

    def _fail(self, error: EngineError) -> None:
        for answers in self._waiting.values():
            answers.put_nowait(error)


def _checked(answer: Spoken | EngineError | ConfigError) -> Spoken:
    if not isinstance(answer, Spoken):
        raise answer
    return answer


@dataclass(frozen=True)
class ModelledCost:
    """How long engines in place pretend to need; a run's manifest states it.

    The defaults are what a worker takes on a small machine (tests/benchmarks/bench_engines.py), rounded up.

    Attributes
    ----------
    hear_finish_ms : float
        From the end of a turn to its words.
    speak_first_ms : float
        From a text to its first chunk of speech; the further ones cost nothing.
    """

    hear_finish_ms: float = 3.0
    speak_first_ms: float = 10.0


class InPlaceRecogniser:
    """A recogniser called directly, on the loop: for virtual time.

    Parameters
    ----------
    engine : Recogniser
        Called at once by every method.
    cost : ModelledCost
        What :meth:`finish` sleeps on the loop's clock.
    """

    def __init__(self, engine: Recogniser, cost: ModelledCost) -> None:
        self._engine = engine
        self._cost = cost
        self._error: EngineError | None = None
        self.partial = ""

    def start(self) -> None:
        """Begin a turn."""
        self._error = None
        self.partial = ""
        self._engine.start()

    def feed(self, samples: Samples) -> None:
        """Hear more audio of the turn."""
        self.partial = self._engine.feed(samples) or self.partial

    def pause(self) -> None:
        """Close the segment early."""
        self._engine.pause()

    def resume(self) -> None:
        """Open another segment."""
        self._engine.resume()

    async def finish(self) -> Heard:
        """End the turn and give its words after the modelled time."""
        heard = self._engine.finish()
        await asyncio.sleep(self._cost.hear_finish_ms / 1000)
        return heard

    async def close(self) -> None:
        """Nothing to let go of."""


class InPlaceSpeaker:
    """A speaker called directly, on the loop: for virtual time.

    Parameters
    ----------
    engine : Speaker
        Called at once.
    cost : ModelledCost
        What is slept on the loop's clock before the first chunk.
    """

    def __init__(self, engine: Speaker, cost: ModelledCost) -> None:
        self._engine = engine
        self._cost = cost

    async def speak(self, text: str, voice: str, speed: float) -> AsyncGenerator[SpeechChunk, None]:
        """Speak ``text``; the first chunk comes after the modelled time."""
        chunks = self._engine.speak(text, voice, speed)
        await asyncio.sleep(self._cost.speak_first_ms / 1000)
        for chunk in chunks:
            yield chunk

    async def close(self) -> None:
        """Nothing to let go of."""
