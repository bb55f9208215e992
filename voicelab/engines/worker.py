"""One native engine in a process of its own: ``python -m voicelab.engines.worker speak|hear``.

In: messages on standard input. Out: messages on standard output, in the order of the calls; the end of
standard input ends the process.
Does not know: who started it, sessions, event loops.

The engines hold Python's global lock and print where they like; here they can do neither harm.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator

import msgspec

from voicelab.engines.base import Recogniser, Speaker
from voicelab.engines.worker_messages import (
    HEADER_BYTES,
    Answer,
    Failed,
    Feed,
    Final,
    Finish,
    Hear,
    Partial,
    Pause,
    Request,
    Resume,
    Speak,
    Spoken,
    Start,
    from_wire,
    pack,
    to_wire,
)
from voicelab.errors import ConfigError, EngineError

PARENT_CHECK_S = 1.0
_PARENT = os.getppid()


def main(arguments: list[str]) -> int:
    """Serve one engine until standard input ends; returns the exit code."""
    # A Jupyter interrupt goes to whole process groups; only the end of standard input may end this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, send = _pipes()
    requests = _requests(source)
    if arguments == ["speak"]:
        from voicelab.engines.espeak import Espeak

        serve_speaking(Espeak(), requests, send)
    elif arguments == ["hear"]:
        serve_hearing(requests, send)
    else:
        print("usage: python -m voicelab.engines.worker speak|hear", file=sys.stderr)
        return 2
    return 0


def _pipes() -> tuple[int, Callable[[Answer], None]]:
    """Give the two ends to talk through; from here on whatever a library prints goes to standard error."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(1, os.O_BINARY)
    sink = os.dup(1)
    os.dup2(2, 1)

    def send(answer: Answer) -> None:
        data = memoryview(pack(answer))
        while data:
            data = data[os.write(sink, data) :]

    return 0, send


def _requests(source: int) -> Iterator[Request]:
    """Messages until the other side is gone."""
    decoder = msgspec.msgpack.Decoder(Request)
    while header := _read(source, HEADER_BYTES):
        yield decoder.decode(_read(source, int.from_bytes(header, "big")))


def _read(source: int, n_bytes: int) -> bytes:
    """Exactly so many bytes, or none at the end of the stream."""
    parts = []
    while n_bytes:
        _wait_for_input(source)
        part = os.read(source, min(n_bytes, 1 << 16))
        if not part:
            return b""
        parts.append(part)
        n_bytes -= len(part)
    return b"".join(parts)


def _wait_for_input(source: int) -> None:
    """Wait for bytes or the end of the stream; end the process when its parent is gone.

    A process forked from the parent may hold the pipe open, so the end of the stream alone is not enough.
    Windows has no reparenting, and there the read itself waits.
    """
    if sys.platform == "win32":
        return
    while not select.select([source], [], [], PARENT_CHECK_S)[0]:
        if os.getppid() != _PARENT:
            raise SystemExit(0)


def serve_speaking(speaker: Speaker, requests: Iterator[Request], send: Callable[[Answer], None]) -> None:
    """Speak each request, in order, as fast as it goes: a sentence takes some milliseconds."""
    for request in requests:
        if not isinstance(request, Speak):
            raise EngineError(f"A speaking worker cannot do {type(request).__name__}.")
        try:
            for chunk in speaker.speak(request.text, request.voice, request.speed):
                send(Spoken(request.call, to_wire(chunk.samples), chunk.text, last=False))
            send(Spoken(request.call, b"", "", last=True))
        except (EngineError, ConfigError) as error:
            send(Failed.of(request.call, error))


def serve_hearing(requests: Iterator[Request], send: Callable[[Answer], None]) -> None:
    """Hear turn after turn. A turn that fails says so once; the next one starts afresh."""
    recogniser: Recogniser | EngineError | ConfigError = EngineError("The recogniser was never configured.")
    turn, failed = 0, False
    for request in requests:
        if isinstance(request, Hear):
            recogniser = _recogniser(request)
            continue
        if isinstance(request, Start):
            turn, failed = request.turn, False
        if failed:
            continue
        try:
            _hear(recogniser, request, turn, send)
        except (EngineError, ConfigError) as error:
            failed = True
            send(Failed.of(turn, error))


def _recogniser(configuration: Hear) -> Recogniser | EngineError | ConfigError:
    """Make the recogniser that is asked for; where that fails, each turn is told why."""
    from voicelab.engines.language import Scenario
    from voicelab.engines.sphinx import Sphinx

    try:
        phrases = configuration.phrases
        return Sphinx(Scenario(configuration.scenario, phrases) if phrases else None)
    except (EngineError, ConfigError) as error:
        return error


def _hear(
    recogniser: Recogniser | EngineError | ConfigError, request: Request, turn: int, send: Callable[[Answer], None]
) -> None:
    if isinstance(recogniser, EngineError | ConfigError):
        raise recogniser
    match request:
        case Start():
            recogniser.start()
        case Feed(pcm):
            if partial := recogniser.feed(from_wire(pcm)):
                send(Partial(turn, partial))
        case Pause():
            recogniser.pause()
        case Resume():
            recogniser.resume()
        case Finish():
            heard = recogniser.finish()
            send(Final(turn, heard.text, heard.rejected, heard.confidence, heard.engine))
            recogniser.start()  # what the next turn needs is loaded while nobody waits for it
        case _:
            raise EngineError(f"A hearing worker cannot do {type(request).__name__}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
