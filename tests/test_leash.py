"""Promises of `tests.leash`: nothing that the tests started lives on after them, however they ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import children, on_linux
from tests.leash import let_go, on_a_leash

_SLEEPS = "import threading; print('here', flush=True); threading.Event().wait()"
_DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {_SLEEPS}"
# A stand-in for pytest: holds a leash, and does nothing else.
_HOLDER = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from tests.leash import on_a_leash
process = on_a_leash([sys.executable, "-c", sys.argv[2]])
threading.Event().wait()
"""
ROOT = Path(__file__).parent.parent


@on_linux
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_a_holder_that_was_killed(how: signal.Signals) -> None:
    """The leash and the program on it are gone a moment after the one who held it."""
    with subprocess.Popen([sys.executable, "-c", _HOLDER, str(ROOT), _SLEEPS], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"here\n"
        family = children(holder.pid)
        assert len(family) == 2
        holder.send_signal(how)
        holder.wait()
        assert all(one.ends() for one in family)


def test_it_ends_when_it_is_let_go() -> None:
    """And its exit code says that it was told to."""
    process = on_a_leash([sys.executable, "-c", _SLEEPS], stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        assert let_go(process) != 0


def test_what_does_not_listen_is_killed() -> None:
    """After a grace."""
    process = on_a_leash([sys.executable, "-c", _DEAF], grace_s=0.2, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        assert let_go(process) != 0


def test_it_ends_by_itself_with_its_own_exit_code() -> None:
    """A leash takes nothing from a program that just runs."""
    process = on_a_leash([sys.executable, "-c", "print('done'); raise SystemExit(3)"], stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert (process.stdout.read().strip(), process.wait()) == (b"done", 3)
