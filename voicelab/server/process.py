"""The server as a process: bind, announce, run until told to stop.

In: a choice of engines, a key, host and port.  Out: a running server; its URL is announced when it is ready.
Does not know: who started it (``__main__`` for a parent process, the command line for a person).
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import uvicorn

from voicelab.errors import ConfigError, TransportError
from voicelab.server.app import PATH, make_app
from voicelab.server.engines import ServerOptions
from voicelab.server.opening import Choice, EngineRoom

# Above what one append may hold, so that who sends too much is told in an event; beyond this the socket closes (1009).
MOST_FRAME_BYTES = 64 * 2**20
MOST_PORT = 65_535
GRACE_S = 2
WATCH_S = 1.0


class _AnnouncingServer(uvicorn.Server):
    """Uvicorn, with a word when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self._ready()


def bind(host: str, port: int) -> socket.socket:
    """Open the listening socket.

    Raises
    ------
    ConfigError
        There is no such port.
    TransportError
        The port is taken, or the address is not one of this computer.
    """
    if not 0 <= port <= MOST_PORT:
        raise ConfigError(f"there is no port {port}: choose one up to {MOST_PORT}, or 0 for a free one", param="port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's delay off only for sockets that say they are TCP.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise TransportError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; choose another port (0: a free one) or address"
        ) from None
    return listening


def run_server(
    choice: Choice,
    api_key: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    options: ServerOptions,
    announce: Callable[[str, list[str]], None],
    stop_with_parent: bool = False,
) -> None:
    """Run the server until it is interrupted.

    Parameters
    ----------
    choice, api_key, host, port, options
        See `Choice`, `ServerOptions`; port 0 is a free one.
    announce : callable
        Gets the URL and what does not work here, when the server is ready.
    stop_with_parent : bool
        Stop when standard input ends or the parent process is gone.
    """
    listening = bind(host, port)
    bound_port = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    url = f"ws://{shown}:{bound_port}{PATH}"
    _prepare_traces(options.trace)
    room = EngineRoom(choice)
    options = replace(options, secrets=(*options.secrets, api_key))
    app = make_app(room, api_key, options, lambda: datetime.now(UTC))
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=MOST_FRAME_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _AnnouncingServer(config, lambda: announce(url, room.notes))
    if stop_with_parent:
        _stop_with_parent(server)
    asyncio.run(server.serve([listening]))


def _prepare_traces(folder: Path | None) -> None:
    """Make the folder of the traces now: that it cannot be written is to be told before the first client comes."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            f"the traces cannot be written to {folder} ({error.strerror or error}): choose another folder",
            param="trace",
        ) from None


def _stop_with_parent(server: Any) -> None:
    """Stop the server when its parent is gone, however it went."""
    parent = os.getppid()

    def stop() -> None:
        server.should_exit = True
        # The loop may be stuck or busy with clients: after the grace, go anyway.
        timer = threading.Timer(GRACE_S + 1, os._exit, args=(0,))
        timer.daemon = True
        timer.start()

    def watch_stdin() -> None:
        # os.read, not sys.stdin: a daemon thread inside a buffered reader aborts the interpreter at exit.
        while os.read(0, 4096):
            pass
        stop()

    def watch_parent() -> None:
        # A process that was forked from the parent can hold the pipe open after the parent is gone.
        gone = threading.Event()
        while os.getppid() == parent:
            gone.wait(WATCH_S)
        stop()

    for watch in (watch_stdin, watch_parent):
        threading.Thread(target=watch, daemon=True).start()
