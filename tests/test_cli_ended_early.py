"""Commands that end before their time: interrupted, killed, or left by the processes they depend on."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.command import complaint, family, on_linux, read_until, say_hello, started, wait_until
from voicelab.measure.run import open_run

pytestmark = [on_linux, pytest.mark.realtime]
MOST_LOST_S = 2.0  # half a second is promised; the rest is for a busy computer


def test_interrupt_keeps_what_had_happened(tmp_path: Path) -> None:
    """Ctrl-C in the middle: exit code 130, one line that names the folder, which opens with the turns so far."""
    with started("demo", "--out", "a", folder=tmp_path) as process:
        read_until(process, "voice to voice")
        helpers = family(process)
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate()
    assert process.returncode == 130
    assert complaint(stderr) == "voicelab: interrupted; what had happened is in a (voicelab report a)"
    assert all(helper.ends() for helper in helpers.values())
    run = open_run(tmp_path / "a")
    assert run.manifest.state == "interrupted"
    assert run.turn_list()[0].transcript == "hello"


def test_interrupt_in_virtual_time_keeps_what_had_happened(tmp_path: Path) -> None:
    """The fast demo can be interrupted like the slow one."""
    with started("demo", "--fast", "--out", "a", folder=tmp_path) as process:
        read_until(process, "voice to voice")
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate()
    assert process.returncode == 130
    assert "what had happened is in a" in complaint(stderr)
    run = open_run(tmp_path / "a")
    assert run.manifest.state == "interrupted"
    assert run.turn_list()


def test_kill_leaves_no_process_and_loses_half_a_second(tmp_path: Path) -> None:
    """After SIGKILL of the command its server and workers end too; the folder opens with all but the last moment."""
    with started("demo", "--out", "a", folder=tmp_path) as process:
        read_until(process, "voice to voice")
        helpers = family(process)
        process.kill()
        killed = datetime.now(UTC)
        process.wait()
    assert all(helper.ends() for helper in helpers.values())
    run = open_run(tmp_path / "a")
    assert run.manifest.state == "running"
    assert run.turn_list()[0].transcript == "hello"
    lost = killed - datetime.fromisoformat(run.records()[-1].wall)
    assert lost.total_seconds() < MOST_LOST_S
    assert len(run.samples("input")) / 24_000 > run.records()[-1].t_ns / 1e9 - MOST_LOST_S


def test_server_that_dies_in_the_middle_of_a_turn_is_told_in_one_line(tmp_path: Path) -> None:
    """When the server is killed while somebody speaks, the command fails with one line and the folder has it all."""
    with started("talk", say_hello(tmp_path), "--out", "a", folder=tmp_path) as process:
        read_until(process, "1/1")
        helpers = family(process)
        helpers["server"].kill()
        _, stderr = process.communicate()
    assert process.returncode == 1
    assert "the server went away" in complaint(stderr)
    assert "voicelab report a" in stderr
    assert all(helper.ends() for helper in helpers.values())
    run = open_run(tmp_path / "a")
    assert run.manifest.state == "failed"
    assert "went away" in (run.manifest.reason or "")
    assert "voicelab.session.closed" in [record.type for record in run.records()]


def test_workers_that_crash_do_not_end_the_conversation(tmp_path: Path) -> None:
    """A recogniser killed while somebody speaks, a voice killed while it answers: the next turn has both again."""
    hello, log = say_hello(tmp_path), tmp_path / "a" / "events.jsonl"
    with started("talk", hello, hello, "--out", "a", "--json", folder=tmp_path) as process:
        read_until(process, "1/2")
        helpers = family(process)
        helpers["hear"].kill()
        wait_until(lambda: b"response.output_audio.delta" in log.read_bytes(), "a reply")
        helpers["speak"].kill()
        stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert "Traceback" not in stderr
    turns = json.loads(stdout)["turns"]
    assert len(turns) == 2
    assert turns[1]["transcript"]
    assert turns[1]["reply"]
    assert turns[1]["delivered_ms"] > 0
