"""One connection after the other: opened, listened to, closed, and the tasks that live as long as the session.

In: a way to open a transport.  Out: frames to `Incoming`, frames from `Outgoing`; whoever waits is told of the end.
Does not know: what is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from voicelab.errors import TransportClosed, VoicelabError
from voicelab.protocol.dialects import make_dialect
from voicelab.runlog.recorder import Recorder
from voicelab.session.calls import Calls
from voicelab.session.incoming import Incoming, Reactions
from voicelab.session.outgoing import Outgoing
from voicelab.session.source import Source
from voicelab.transports.base import Transport

GOODBYE_S = 2.0


class Connection:
    """The connections of one session, one at a time.

    Parameters
    ----------
    open_transport : callable
        Opens a connection.
    dialect : str
        What is spoken on it; see `voicelab.protocol.dialects`.
    incoming, out, calls, source, recorder
        The session's parts.
    """

    def __init__(
        self,
        open_transport: Callable[[], Awaitable[Transport]],
        dialect: str,
        incoming: Incoming,
        out: Outgoing,
        calls: Calls,
        source: Source,
        recorder: Recorder,
    ) -> None:
        self._open_transport = open_transport
        self._dialect = dialect
        self._in = incoming
        self._out = out
        self._calls = calls
        self._source = source
        self._recorder = recorder
        self._connection_tasks: list[asyncio.Task[None]] = []
        # A dict, since a set would cancel them in an order that differs from run to run.
        self._tasks: dict[asyncio.Task[None], None] = {}
        self.transport: Transport | None = None

    async def open(self, reactions: Reactions) -> None:
        """Open a connection; both directions begin anew."""
        dialect = make_dialect(self._dialect)
        self._in.begin(dialect)
        self._out.begin(dialect)
        self._calls.begin()
        self.transport = await self._open_transport()
        self._connection_tasks = [
            self.begin(self._receive(self.transport, reactions)),
            self.begin(self._out.run(self.transport)),
        ]

    async def stop(self) -> None:
        """End this connection; whoever waits for something on it is told."""
        for task in self._connection_tasks:
            task.cancel()
        await asyncio.gather(*self._connection_tasks, return_exceptions=True)
        self._calls.end(TransportClosed("the connection was opened anew here", code=1000))
        await self._close_transport()

    async def end_tasks(self) -> None:
        """End everything that was begun."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Close the last connection."""
        if self.transport is not None:
            await self._close_transport()

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a coroutine that ends with the session at the latest."""
        task = asyncio.create_task(coroutine)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    async def _close_transport(self) -> None:
        """Say goodbye; a server that does not answer is not waited for."""
        transport, self.transport = self.transport, None
        if transport is not None:
            try:
                async with asyncio.timeout(GOODBYE_S):
                    await transport.close()
            except TimeoutError:
                self._recorder.local("session.no_goodbye", waited_s=GOODBYE_S)

    async def _receive(self, transport: Transport, reactions: Reactions) -> None:
        try:
            while True:
                self._in.take(await transport.receive(), reactions)
                self._out.use_format(self._in.format_of("input"))
                self._calls.look()
        except TransportClosed as error:
            self._recorder.local("session.closed", message=str(error), code=error.code)
            self._give_up(error)

    def _give_up(self, error: VoicelabError) -> None:
        """End every waiting call: nothing more will come."""
        self._source.stop(error)
        self._calls.end(error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Let nobody wait for a task that died of a mistake in voicelab itself."""
        self._tasks.pop(task, None)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            error = VoicelabError(f"the session broke inside ({type(failure).__name__}: {failure}); please report this")
            self._recorder.local("session.failed", message=str(error))
            self._give_up(error)
