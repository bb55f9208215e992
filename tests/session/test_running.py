"""``vl.run``: a coroutine from plain code, with and without a loop around it."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

import voicelab as vl


async def _double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


def test_without_a_loop_it_runs_one() -> None:
    """A script needs nothing else; what the coroutine raises is raised."""

    async def fails() -> None:
        raise ValueError("as it was")

    assert vl.run(_double(21)) == 42
    with pytest.raises(ValueError, match="as it was"):
        vl.run(fails())


def test_inside_a_loop_it_waits_for_the_result_while_other_tasks_go_on() -> None:
    """As in a cell: plain code in a running loop gets the result. In a process of its own, since it patches asyncio."""
    code = """
import asyncio
import voicelab as vl
ticks = []
async def ticking():
    while True:
        ticks.append(1)
        await asyncio.sleep(0.01)
async def work():
    await asyncio.sleep(0.1)
    return 42
def plain():
    return vl.run(work())
async def cell():
    task = asyncio.create_task(ticking())
    assert plain() == 42
    assert len(ticks) > 2
    task.cancel()
asyncio.run(cell())
print("done")
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (told.stdout, told.returncode) == ("done\n", 0), told.stderr
