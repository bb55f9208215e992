"""Promises of `voicelab.experiments.many`."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from voicelab.engines.host import ModelledCost
from voicelab.errors import ConfigError, RunError
from voicelab.experiments.clips import spoken_lines
from voicelab.experiments.many import Outcome, Script, run_many
from voicelab.measure.run import Run
from voicelab.protocol.settings import ServerVAD
from voicelab.session.core import SessionCore

ROOT = Path(__file__).parent.parent.parent
QUICK = {"turn_detection": ServerVAD(silence_duration_ms=300)}
PATIENT = {"turn_detection": ServerVAD(silence_duration_ms=700)}
BOTH = {"quick": QUICK, "patient": PATIENT}


async def say_hello(core: SessionCore, chance: np.random.Generator) -> None:
    """Speak once, after a moment that is left to chance."""
    await asyncio.sleep(float(chance.uniform(0.0, 0.5)))
    line = spoken_lines()["hello"]
    await core.play(line.clip, line.labels)


async def stumble_at_the_second(core: SessionCore, chance: np.random.Generator) -> None:
    """Speak; in the second run of a condition, raise what no library would catch."""
    await say_hello(core, chance)
    if core.asked["instructions"] == "stumble":
        raise ZeroDivisionError("somebody's own mistake")


async def wait_for_ever(core: SessionCore, chance: np.random.Generator) -> None:
    """Wait for what nobody will do."""
    await asyncio.get_running_loop().create_future()


def _here(script: Script, out: Path, n_each: int = 1, seed: int = 0, conditions: dict = BOTH) -> list[Outcome]:
    """Hold runs in this process, without native engines."""
    with ThreadPoolExecutor(1) as here:
        return run_many(
            script, conditions, n_each, out, seed=seed, hearing="none", reply="mirror", executor=here, note="a test"
        )


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_run_is_a_complete_folder_with_its_tags(tmp_path: Path) -> None:
    """By number, then in the order of the conditions; what it was asked is in force."""
    outcomes = _here(say_hello, tmp_path / "all", 2, seed=3)
    assert [(one.folder.name, one.condition, one.number, one.error) for one in outcomes] == [
        ("quick-01", "quick", 1, None),
        ("patient-01", "patient", 1, None),
        ("quick-02", "quick", 2, None),
        ("patient-02", "patient", 2, None),
    ]
    assert {path.name for path in (tmp_path / "all").iterdir()} == {one.folder.name for one in outcomes}
    for one in outcomes:
        manifest = Run(one.folder).manifest
        assert (manifest.state, manifest.time, manifest.note) == ("complete", "virtual", "a test")
        assert manifest.tags == {"condition": one.condition, "number": str(one.number), "seed": "3"}
        silence_ms = manifest.in_force["audio"]["input"]["turn_detection"]["silence_duration_ms"]
        assert silence_ms == {"quick": 300, "patient": 700}[one.condition]


def test_the_same_seed_gives_the_same_runs_to_the_byte(tmp_path: Path) -> None:
    """Logs, sound and manifests; another seed gives others."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        _here(say_hello, tmp_path / name, 2, seed=seed)
    first, again, other = (_files(tmp_path / name) for name in "abc")
    assert first == again
    assert all(first[f"{run}/input.wav"] != other[f"{run}/input.wav"] for run in ("quick-01", "patient-02"))


def test_other_processes_hold_the_same_runs(tmp_path: Path) -> None:
    """Two processes, a loop that runs already in this one: the bytes are those of runs held here."""
    told: list[str] = []

    async def as_in_a_cell() -> list[Outcome]:
        return run_many(say_hello, BOTH, 2, tmp_path / "there", hearing="none", reply="mirror", tell=told.append)

    there = asyncio.run(as_in_a_cell())
    run_there, run_here = _files(tmp_path / "there"), None
    with ThreadPoolExecutor(1) as here:
        run_many(say_hello, BOTH, 2, tmp_path / "here", hearing="none", reply="mirror", executor=here)
    run_here = _files(tmp_path / "here")
    assert run_there == run_here
    assert [one.error for one in there] == [None] * 4
    assert sorted(line.partition(" ")[0] for line in told) == ["1/4", "2/4", "3/4", "4/4"]
    assert sorted(line.partition(" ")[2] for line in told) == sorted(f"{one.folder.name}: complete" for one in there)


def test_runs_of_a_number_are_pairs_and_no_other_runs_are(tmp_path: Path) -> None:
    """The same caller under both conditions; the ids are each run's own, so that tables can be joined by them."""
    outcomes = _here(say_hello, tmp_path / "all", 2)
    starts = {one.folder.name: Run(one.folder).turn_list()[0].speech_start_ms for one in outcomes}
    assert starts["quick-01"] == starts["patient-01"] != starts["quick-02"] == starts["patient-02"]
    ids = [Run(one.folder).turn_list()[0].item_id for one in outcomes]
    assert len(set(ids)) == 4


def test_a_condition_can_be_run_again_alone(tmp_path: Path) -> None:
    """What else was compared, and in which order, changes nothing in its runs."""
    _here(say_hello, tmp_path / "both")
    _here(say_hello, tmp_path / "one", conditions={"patient": PATIENT})
    both = {name: data for name, data in _files(tmp_path / "both").items() if name.startswith("patient")}
    assert _files(tmp_path / "one") == both


def test_a_failed_run_leaves_the_others(tmp_path: Path) -> None:
    """Its folder says what went wrong and where, and holds what happened until then."""
    conditions = {"good": QUICK, "bad": {**QUICK, "instructions": "stumble"}, "also good": QUICK}
    conditions = {name: {"instructions": "", **settings} for name, settings in conditions.items()}
    outcomes = _here(stumble_at_the_second, tmp_path / "all", conditions=conditions)
    assert [one.error is None for one in outcomes] == [True, False, True]
    manifest = Run(outcomes[1].folder).manifest
    assert (manifest.state, manifest.reason) == ("failed", outcomes[1].error)
    assert outcomes[1].error.startswith("the script failed: ZeroDivisionError: somebody's own mistake (line ")
    assert "of test_many.py" in outcomes[1].error
    assert len(Run(outcomes[1].folder).turn_list()) == 1
    assert Run(outcomes[2].folder).manifest.state == "complete"


def test_a_run_that_is_never_over_is_ended(tmp_path: Path) -> None:
    """At its limit on the conversation's clock; what happened until then is in its folder."""
    with ThreadPoolExecutor(1) as here:
        (one,) = run_many(
            wait_for_ever, {"a": {}}, 1, tmp_path, limit_s=7, hearing="none", reply="mirror", executor=here
        )
    assert one.error == "the script was not over after 7 s of conversation (limit_s)"
    run = Run(one.folder)
    assert (run.manifest.state, run.manifest.reason) == ("failed", one.error)
    assert run.records()[-1].t_ns / 1e9 == pytest.approx(7, abs=0.5)


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    """Nothing is run, nothing is written over."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="is not empty"):
        _here(say_hello, tmp_path)
    assert _files(tmp_path) == {"notes.txt": b"mine"}


@pytest.mark.parametrize(
    ("conditions", "n_each", "seed", "message"),
    [
        ({}, 1, 0, "make no experiment"),
        (BOTH, 0, 0, "make no experiment"),
        (BOTH, 1, -1, "make no experiment"),
        ({"300 ms": QUICK, "300-ms": PATIENT}, 1, 0, "cannot name folders"),
        ({"a": QUICK, "A": PATIENT}, 1, 0, "cannot name folders"),
        ({"...": QUICK}, 1, 0, "cannot name folders"),
        ({"fast": {"speed": 9.0}}, 1, 0, "speed"),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_is_run(
    conditions: dict, n_each: int, seed: int, message: str, tmp_path: Path
) -> None:
    """And the folder is not made."""
    with pytest.raises(ConfigError, match=message):
        _here(say_hello, tmp_path / "all", n_each, seed, conditions)
    assert not (tmp_path / "all").exists()


def test_a_script_that_no_other_process_can_have_is_refused(tmp_path: Path) -> None:
    """With the way out: it is held here."""

    async def inner(core: SessionCore, chance: np.random.Generator) -> None:
        await say_hello(core, chance)

    with pytest.raises(ConfigError, match="ThreadPoolExecutor"):
        run_many(inner, BOTH, 1, tmp_path / "all")
    assert not (tmp_path / "all").exists()
    assert [one.error for one in _here(inner, tmp_path / "all")] == [None, None]


def test_a_script_from_a_prompt_is_refused(tmp_path: Path) -> None:
    """No process that is started anew could find it; without this it would break them all."""
    program = (
        "async def script(core, chance): ...\n"
        "from voicelab.experiments.many import run_many\n"
        f"run_many(script, {{'a': {{}}}}, 1, __import__('pathlib').Path({str(tmp_path / 'all')!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert "ConfigError: the script was written in a notebook or at a prompt" in done.stderr


def test_what_the_engines_cost_can_be_set(tmp_path: Path) -> None:
    """On the conversation's clock."""
    first_audio_ms = {}
    for speak_ms in (0.0, 250.0):
        with ThreadPoolExecutor(1) as here:
            (one,) = run_many(
                say_hello,
                {"a": QUICK},
                1,
                tmp_path / str(speak_ms),
                hearing="none",
                executor=here,
                cost=ModelledCost(speak_first_ms=speak_ms),
            )
        first_audio_ms[speak_ms] = Run(one.folder).turn_list()[0].first_audio_ms
    assert first_audio_ms[250.0] - first_audio_ms[0.0] == pytest.approx(250)


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed otherwise there")
def test_a_killed_experiment_leaves_no_process(tmp_path: Path) -> None:
    """The processes that hold the runs end with the one that started them, however it went."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, signal\n"
        "from pathlib import Path\n"
        "from tests.experiments.test_many import BOTH, say_hello\n"
        "from voicelab.experiments.many import run_many\n"
        "def end(line):\n"
        "    print(line, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        'if __name__ == "__main__":\n'
        "    run_many(say_hello, BOTH, 9, Path('all'), hearing='none', reply='mirror', tell=end)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, cwd=tmp_path, env=environment, start_new_session=True
    ) as started:
        try:
            # Its workers have the pipe from it: reading ends when the last of them has gone.
            printed, _ = started.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            raise
    assert started.returncode == -signal.SIGKILL
    assert printed.startswith(b"1/18 ")
