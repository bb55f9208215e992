"""``python -m voicelab.server``: the embedded server as the child of another process.

In: one line of JSON on standard input (key, engines), then nothing; its end means: stop.
Out: the URL as the only line on standard output; everything else goes to standard error, which the parent keeps in a
file.
Does not know: the parent.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from voicelab.errors import VoicelabError
from voicelab.server.engines import ServerOptions
from voicelab.server.opening import Choice
from voicelab.server.process import run_server


def main() -> None:
    """Read the setup, run, and leave with a line on standard error when that cannot be done."""
    # An interrupt at the keyboard is for the parent, which closes this process in its own time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setup = json.loads(_first_line())

    def announce(url: str, notes: list[str]) -> None:
        for note in notes:
            print(note, file=sys.stderr)
        print(url, flush=True)

    try:
        run_server(
            Choice(setup["hearing"], setup["reply"], setup["chat_url"]),
            setup["api_key"],
            options=ServerOptions(
                session_seconds=setup["session_seconds"],
                context_tokens=setup["context_tokens"],
                blocked_words=tuple(setup["blocked_words"]),
                trace=None if setup["trace"] is None else Path(setup["trace"]),
            ),
            announce=announce,
            stop_with_parent=True,
        )
    except VoicelabError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


def _first_line() -> str:
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit(0)
        line += byte
    return line.decode()


if __name__ == "__main__":
    main()
