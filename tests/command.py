"""The ``voicelab`` command as a person runs it: a process of its own, what it prints, and the processes it starts."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from voicelab.audio.clip import write_wav
from voicelab.experiments.clips import spoken_lines

ROOT = Path(__file__).parent.parent
DEADLINE_S = 30.0
on_linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds child processes in /proc")


def environment(home: Path = ROOT, **more: str) -> dict[str, str]:
    """Return this environment with voicelab found in ``home``, without anybody's keys."""
    kept = {name: value for name, value in os.environ.items() if name not in ("OPENAI_API_KEY", "VOICELAB_API_KEY")}
    return {**kept, "PYTHONPATH": str(home), "PYTHONUTF8": "1", "COLUMNS": "100", **more}


def voicelab(*arguments: str | Path, folder: Path, home: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end in ``folder``."""
    return subprocess.run(
        [sys.executable, "-m", "voicelab", *map(str, arguments)],
        cwd=folder,
        env=environment(home, **more),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@contextmanager
def started(*arguments: str | Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a command, in a process group of its own as a shell does; it is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "voicelab", *map(str, arguments)],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """Read the command's standard error up to the line that contains ``text``."""
    lines: list[str] = []
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line.rstrip())
        if text in line:
            return lines
    raise AssertionError(f"{text!r} was never printed: {lines}")


@dataclass(frozen=True)
class Child:
    """A process under the command, held by a descriptor: its number cannot become somebody else's meanwhile."""

    handle: int
    command: str

    def kill(self) -> None:
        """End it without a word."""
        signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def ends(self) -> bool:
        """Wait for its end; return whether it came."""
        return bool(select.select([self.handle], [], [], DEADLINE_S)[0])


def children(pid: int) -> list[Child]:
    """Return all processes under a process, its grandchildren too."""
    found: list[Child] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append(Child(os.pidfd_open(int(entry.name)), command))
                found += children(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
    return found


def family(process: subprocess.Popen[str]) -> dict[str, Child]:
    """Wait until the command's server and both workers run; return them as ``server``, ``hear``, ``speak``."""
    names = {"voicelab.server": "server", "worker hear": "hear", "worker speak": "speak"}
    found: dict[str, Child] = {}

    def complete() -> bool:
        found.update({name: c for c in children(process.pid) for part, name in names.items() if part in c.command})
        return len(found) == len(names)

    wait_until(complete, "the server and its workers")
    return found


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Look again and again until something is true."""
    pause = threading.Event()
    for _ in range(round(DEADLINE_S / 0.05)):
        if true():
            return
        pause.wait(0.05)
    raise AssertionError(f"{DEADLINE_S:.0f} s went by without {what}")


def complaint(stderr: str) -> str:
    """Return the one line in which a command explains itself; there must be just one, and no traceback."""
    assert "Traceback" not in stderr
    (line,) = [line for line in stderr.splitlines() if line.startswith("voicelab: ")]
    assert stderr.rstrip().endswith(line)
    return line


def say_hello(folder: Path) -> Path:
    """Write a sound file in which somebody says hello."""
    path = folder / "hello.wav"
    write_wav(path, spoken_lines()["hello"].clip.samples)
    return path
