"""The embedded server as a child process: started when first needed, shared by a process's sessions, gone with it.

In: how it shall hear and reply.  Out: a URL and a key.
Does not know: what the server does (it is another process; nothing of ``server`` is imported here).

The key goes through the child's standard input, never its command line. When this process ends, in whatever way, the
child reads the end of its standard input and ends too.
"""

from __future__ import annotations

import atexit
import json
import queue
import secrets
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from voicelab.engines.child import child_command, child_environment, own_group
from voicelab.errors import TransportError

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0


class LocalServer:
    """The embedded server, in a process of its own, on 127.0.0.1 and a free port.

    Parameters
    ----------
    hearing : {"guide", "dictation", "none"}
        What the recogniser listens for: the guide's own phrases (few errors), any English words (many errors), nothing.
    reply : {"guide", "mirror"}
        Who answers: rules with a script, or the speaker's own voice.
    chat_url : str, optional
        An OpenAI-compatible chat endpoint that answers instead.
    session_seconds : float
        Life of a session.
    context_tokens : int
        Context limit; a few hundred show truncation within a few turns.
    blocked_words : sequence of str
        A reply that comes to one of these words ends there, for ``content_filter``.
    trace : path, optional
        Where each session is written down from the server's side, as a run of its own.

    Attributes
    ----------
    url, api_key : str
        What a client needs. The key is not shown in the repr.
    """

    def __init__(
        self,
        *,
        hearing: str = "dictation",
        reply: str = "guide",
        chat_url: str | None = None,
        session_seconds: float = 3600.0,
        context_tokens: int = 32_768,
        blocked_words: Sequence[str] = (),
        trace: str | PathLike[str] | None = None,
    ) -> None:
        self.api_key = secrets.token_urlsafe(24)
        self.url = ""
        # A file without a name: what the child complains of can be read here, and nothing is left behind by a crash.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        setup = {
            "api_key": self.api_key,
            "hearing": hearing,
            "reply": reply,
            "chat_url": chat_url,
            "session_seconds": session_seconds,
            "context_tokens": context_tokens,
            "blocked_words": list(blocked_words),
            "trace": None if trace is None else str(Path(trace).absolute()),
        }
        self._process = subprocess.Popen(
            child_command("voicelab.server"),
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            **own_group(),
        )
        atexit.register(self.close)
        self._write_line(json.dumps(setup))
        self.url = self._first_line()

    def __repr__(self) -> str:
        return f"LocalServer({self.url!r}, {'running' if self.running else 'stopped'})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    def log(self) -> str:
        """Return what the server has complained of so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def close(self) -> None:
        """End the server and its workers; closing twice is harmless."""
        atexit.unregister(self.close)
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def _write_line(self, line: str) -> None:
        if self._process.stdin is None:
            raise TransportError("the embedded server has no standard input")
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure("ended at once") from None

    def _first_line(self) -> str:
        """Return the URL that the child prints when it is ready."""
        lines: queue.Queue[bytes] = queue.Queue()
        stdout = self._process.stdout
        if stdout is None:
            raise TransportError("the embedded server has no standard output")
        threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=START_TIMEOUT_S).decode().strip()
        except queue.Empty:
            raise self._failure(f"was not ready within {START_TIMEOUT_S:.0f} s") from None
        if not line:
            raise self._failure("ended before it was ready")
        return line

    def _failure(self, what: str) -> TransportError:
        """Stop the child and explain, with the last line that it wrote into its log."""
        self._process.kill()
        self._process.wait()
        lines = [line for line in self.log().splitlines() if line.strip()]
        self.close()
        return TransportError(f"the embedded server {what}{': ' + lines[-1] if lines else ''}")


_shared: dict[tuple[str, str], LocalServer] = {}
_starting = threading.Lock()


def shared_local_server(hearing: str, reply: str) -> LocalServer:
    """Return this process's server with these settings; it is started when it is not running."""
    with _starting:
        server = _shared.get((hearing, reply))
        if server is None or not server.running:
            server = _shared[hearing, reply] = LocalServer(hearing=hearing, reply=reply)
        return server
