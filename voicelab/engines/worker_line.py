"""The line from the event loop to one worker process: starts it, posts to it, notices its end.

In: messages to post. Out: answers and failures, to the two callbacks it was given, on the event loop.
Does not know: what messages mean, what a turn or a reply is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from voicelab.engines.child import child_command, child_environment, own_group
from voicelab.engines.worker_messages import HEADER_BYTES, Answer, Request, pack
from voicelab.errors import EngineError

MAX_FAILURES = 3
CLOSE_WAIT_S = 2.0


class WorkerLine:
    """One worker process, started by the first message and again after a crash.

    Parameters
    ----------
    kind : str
        ``speak`` or ``hear``.
    title : str
        What a person calls it, for error messages.
    greeting : Request, optional
        The first message to each fresh process.
    on_answer : callable
        Gets each answer.
    on_failure : callable
        Gets one error when the process stops by itself or cannot be started. What was posted before is
        lost; the next message starts a fresh process, unless three in a row stopped without an answer.
    """

    def __init__(
        self,
        kind: str,
        title: str,
        greeting: Request | None,
        on_answer: Callable[[Answer], None],
        on_failure: Callable[[EngineError], None],
    ) -> None:
        self._kind = kind
        self._title = title
        self._greeting = greeting
        self._on_answer = on_answer
        self._on_failure = on_failure
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._n_failures = 0
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process id while the worker runs."""
        return self._process.pid if self._process else None

    def open(self) -> None:
        """Start the worker unless it runs."""
        if self._task is None and not self._closed and self._n_failures < MAX_FAILURES:
            self._outbox = asyncio.Queue()
            if self._greeting is not None:
                self._outbox.put_nowait(pack(self._greeting))
            self._task = asyncio.get_running_loop().create_task(self._run())

    def post(self, message: Request) -> None:
        """Send a message; never waits, never raises."""
        self.open()
        if self._task is not None:
            self._outbox.put_nowait(pack(message))
        elif self._closed:
            self._on_failure(EngineError(f"The {self._title} was closed; open a new session."))
        else:
            self._on_failure(
                EngineError(
                    f"The {self._title} worker stopped {MAX_FAILURES} times in a row and is not started again; "
                    "run `voicelab doctor` to see what is missing."
                )
            )

    async def close(self) -> None:
        """End the process: by the end of its input, or by force when it does not listen. Safe to call twice."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        """Live as long as one process."""
        try:
            process = self._process = await _started(self._kind)
        except OSError as error:
            self._stopped(f"could not be started ({error})")
            return
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        writer = asyncio.create_task(_write(self._outbox, process.stdin))
        complaints = asyncio.create_task(_last_line(process.stderr))
        try:
            await self._read(process.stdout)
            line = await complaints
        finally:
            writer.cancel()
            complaints.cancel()
            await _ended(process)
            self._process = None
        self._stopped(f"stopped (exit code {process.returncode}{': ' + line if line else ''})")

    async def _read(self, stdout: asyncio.StreamReader) -> None:
        """Hand on answers until the process closes its output."""
        decoder = msgspec.msgpack.Decoder(Answer)
        while True:
            try:
                header = await stdout.readexactly(HEADER_BYTES)
                body = await stdout.readexactly(int.from_bytes(header, "big"))
            except asyncio.IncompleteReadError:
                return
            self._n_failures = 0
            self._on_answer(decoder.decode(body))

    def _stopped(self, how: str) -> None:
        self._n_failures += 1
        self._task = None
        self._on_failure(EngineError(f"The {self._title} worker {how}; the next call starts a fresh one."))


async def _started(kind: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *child_command("voicelab.engines.worker", kind),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=child_environment(),
        **own_group(),
    )


async def _write(outbox: asyncio.Queue[bytes], stdin: asyncio.StreamWriter) -> None:
    """Send what is posted; ends with the task, or when nobody reads any more."""
    try:
        while True:
            stdin.write(await outbox.get())
            await stdin.drain()
    except ConnectionError:
        return  # the reading side tells that the process is gone


async def _last_line(stderr: asyncio.StreamReader) -> str:
    """Empty the pipe, so that it never fills up, and keep what was said last: a traceback's conclusion."""
    last = ""
    while chunk := await stderr.read(1 << 16):
        lines = (last + chunk.decode(errors="replace")).rstrip().splitlines()
        last = lines[-1][-300:] if lines else ""
    return last


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Close the worker's input, and kill it when that is not enough."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), CLOSE_WAIT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
