"""A program on a leash: it ends with whoever started it, also when that one was killed.

In: a command line.  Out: the command runs as a child of this small process, until it ends by itself or the other end of
standard input is gone.  Does not know: what the command is.

The one who starts it (``on_a_leash``) keeps the writing end of a pipe. The system closes that pipe when its holder is
gone, however it went, and then the child is told to end. This file is run by its path, without the project on it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any


def on_a_leash(command: Sequence[str], *, grace_s: float = 10.0, **options: Any) -> subprocess.Popen[bytes]:
    """Start a command that ends when the returned process's ``stdin`` is closed, or its holder has died.

    Parameters
    ----------
    command
        The program and its arguments.
    grace_s
        How long it may take to end when it is told to; then it is killed.
    options
        More for `subprocess.Popen`, all but ``stdin``.
    """
    leash = [sys.executable, "-I", __file__, str(grace_s), *command]
    return subprocess.Popen(leash, stdin=subprocess.PIPE, start_new_session=True, **options)


def let_go(process: subprocess.Popen[bytes]) -> int:
    """End what is on the leash; return its exit code when it has gone."""
    assert process.stdin is not None
    process.stdin.close()
    return process.wait()


def main(grace_s: float, command: Sequence[str]) -> int:
    """Run the command to its end, or to the end of standard input."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_stdin, args=(child, grace_s), daemon=True).start()
    return child.wait()


def _end_with_stdin(child: subprocess.Popen[bytes], grace_s: float) -> None:
    # Not sys.stdin: this thread must not hold its lock when the interpreter ends.
    while os.read(0, 1024):
        continue
    child.terminate()
    try:
        child.wait(grace_s)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
