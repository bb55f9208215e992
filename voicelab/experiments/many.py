"""Many runs of one script: conditions side by side, each run a complete folder, the same again for the same seed.

In: a script, conditions, how many runs of each, a seed.
Out: a folder of run folders with tags, and what became of each.
Does not know: what the script does, or how its runs are compared.

Runs of the same number draw the same chance in every condition, so they are pairs. All of it happens in virtual time
and in processes of its own: virtual time needs an event loop for itself, and a notebook's cell already runs in one.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import re
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from voicelab.engines.host import ModelledCost
from voicelab.errors import ConfigError, RunError, VoicelabError
from voicelab.experiments.stage import Staging, play_in_virtual_time
from voicelab.runlog.writer import prepare_folder
from voicelab.session.asking import ask_for
from voicelab.session.core import SessionCore
from voicelab.session.live import LiveRun
from voicelab.session.tools import Tool, as_tools

Script: TypeAlias = Callable[[SessionCore, np.random.Generator], Awaitable[None]]
"""What happens in a run: all its chance comes from the generator."""

#: The wall time that runs believe in unless told otherwise: always the same, and nobody takes it for a real one.
WALL_START = datetime(2000, 1, 1, tzinfo=UTC)
N_WORKERS = 2
LIMIT_S = 3_600.0


@dataclass(frozen=True)
class Outcome:
    """What became of one run.

    Parameters
    ----------
    folder : Path
        The run folder; it is there for a failed run, too.
    condition : str
    number : int
        From 1; runs of the same number are pairs.
    error : str or None
        Why it failed, in one line.
    """

    folder: Path
    condition: str
    number: int
    error: str | None = None


@dataclass(frozen=True)
class _Job:
    """Everything that a run is made of, as plain values that another process can be given."""

    script: Script
    staging: Staging
    condition: str
    number: int
    seed: int
    wall_start: datetime
    cost: ModelledCost
    limit_s: float


def run_many(
    script: Script,
    conditions: Mapping[str, Mapping[str, Any]],
    n_each: int,
    out: Path,
    *,
    seed: int = 0,
    hearing: str = "guide",
    reply: str = "guide",
    tools: Iterable[Tool | Callable[..., Any]] = (),
    note: str = "",
    cost: ModelledCost | None = None,
    limit_s: float = LIMIT_S,
    wall_start: datetime = WALL_START,
    executor: Executor | None = None,
    tell: Callable[[str], object] | None = None,
) -> list[Outcome]:
    """Hold ``n_each`` runs of a script under each condition, with the embedded server, in virtual time.

    Parameters
    ----------
    script : coroutine function
        Is given the session's core and a generator of random numbers. Runs of the same number get the same numbers
        under every condition.
    conditions : mapping of str to mapping
        Settings as `voicelab.connect` takes them, by the condition's name, such as
        ``{"patient": {"turn_detection": vl.ServerVAD(silence_duration_ms=700)}}``.
    n_each : int
        Runs of each condition.
    out : Path
        New or empty. A run's folder in it is named after its condition and number; its tags are ``condition``,
        ``number`` and ``seed``.
    seed : int
        The same gives the same runs, to the byte, on the same computer; 0 or more.
    hearing, reply : str
        For the embedded server.
    tools : iterable of Tool or callable
    note : str
        Of every run.
    cost : ModelledCost, optional
        What the engines' work shall cost on the conversations' clock.
    limit_s : float
        A run that is not over after so much time of the conversation has failed: virtual time never gets tired.
    wall_start : datetime
        The wall time that every run believes in.
    executor : Executor, optional
        Where the runs are held: two processes when absent. ``ThreadPoolExecutor(1)`` holds them here, one after the
        other, which also works with a script that was written in a notebook's cell.
    tell : callable, optional
        Is told in a line of each run that is over.

    Returns
    -------
    list of Outcome
        By number, then in the order of the conditions. A run that failed leaves the others as they are.

    Raises
    ------
    ConfigError
        Nothing to run, a setting that cannot be meant, or a script that no other process can be given; nothing was run.
    RunError
        ``out`` is not empty or cannot be written; or the processes could not be started, or were killed.
    """
    jobs = [
        _Job(script, staging, condition, number, seed, wall_start, cost or ModelledCost(), limit_s)
        for condition, number, staging in _stagings(
            conditions,
            n_each,
            Staging(out, hearing=hearing, reply=reply, tools=as_tools(tools), tags={"seed": str(seed)}, note=note),
        )
    ]
    if not jobs or seed < 0:
        raise ConfigError(
            f"{len(conditions)} conditions with {n_each} runs each and the seed {seed} make no experiment: "
            "give at least one condition, one run, and a seed from 0"
        )
    if executor is None:
        _refuse_what_stays_here(jobs[0])
    prepare_folder(out)
    if executor is not None:
        return _hold(jobs, executor, tell)
    pool = ProcessPoolExecutor(
        min(N_WORKERS, len(jobs)), mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_parent
    )
    try:
        return _hold(jobs, pool, tell)
    finally:
        pool.shutdown(cancel_futures=True)


def _stagings(
    conditions: Mapping[str, Mapping[str, Any]], n_each: int, common: Staging
) -> Iterator[tuple[str, int, Staging]]:
    """Yield all runs in the order in which they are begun: pairs together, so that what is there can be compared."""
    names = {name: re.sub(r"[^\w.]+", "-", name).strip("-.") for name in conditions}
    if "" in names.values() or len({name.lower() for name in names.values()}) < len(names):
        raise ConfigError(f"the conditions {list(names)} cannot name folders that differ: choose letters and digits")
    asked = {name: ask_for(**settings) for name, settings in conditions.items()}
    width = max(2, len(str(n_each)))
    for number in range(1, n_each + 1):
        for name in conditions:
            folder = common.folder / f"{names[name]}-{number:0{width}}"
            tags = {"condition": name, "number": str(number), **common.tags}
            yield name, number, replace(common, folder=folder, asked=asked[name], tags=tags)


def _refuse_what_stays_here(job: _Job) -> None:
    """Raise now what would otherwise break every process that is given the script."""
    way_out = "put it into a module of its own, or give executor=ThreadPoolExecutor(1), which holds the runs here"
    try:
        sent = pickle.dumps(job)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ConfigError(f"the script cannot be given to another process ({error}): {way_out}") from None
    # A process that is spawned reads the main module's file again; a notebook and a prompt have none.
    if b"__main__" in sent and not hasattr(sys.modules["__main__"], "__file__"):
        raise ConfigError(
            f"the script was written in a notebook or at a prompt, which no other process sees: {way_out}"
        )


def _hold(jobs: Sequence[_Job], executor: Executor, tell: Callable[[str], object] | None) -> list[Outcome]:
    """Hold all runs, and tell of each when it is over."""
    waiting: dict[Future[str | None], _Job] = {}
    outcomes: dict[Path, Outcome] = {}
    try:
        waiting.update((executor.submit(_play, job), job) for job in jobs)
        for future in as_completed(waiting):
            job = waiting[future]
            outcome = Outcome(job.staging.folder, job.condition, job.number, future.result())
            outcomes[outcome.folder] = outcome
            if tell is not None:
                tell(f"{len(outcomes)}/{len(jobs)} {outcome.folder.name}: {outcome.error or 'complete'}")
    except BrokenExecutor as error:
        raise RunError(
            f"the processes that hold the runs have ended ({error}): in a program of your own, call run_many below "
            'if __name__ == "__main__":'
        ) from error
    finally:
        for future in waiting:
            future.cancel()
    return [outcomes[job.staging.folder] for job in jobs]


def _play(job: _Job) -> str | None:
    """Hold one run, in whatever process this is; return why it failed, or None."""
    chance = np.random.default_rng([job.seed, job.number])
    # Ids differ between the conditions: tables of many runs can be joined by them.
    (ids,) = np.random.SeedSequence([job.seed, job.number, *job.condition.encode()]).generate_state(1)

    async def perform(core: SessionCore, _: LiveRun) -> None:
        await _act(job, core, chance)

    try:
        play_in_virtual_time(perform, job.staging, job.wall_start, seed=int(ids), cost=job.cost)
    except VoicelabError as error:
        return str(error)
    return None


async def _act(job: _Job, core: SessionCore, chance: np.random.Generator) -> None:
    """Let the script act; whatever goes wrong in it becomes one line."""
    limit = asyncio.timeout(job.limit_s)
    try:
        async with limit:
            await job.script(core, chance)
    except VoicelabError:
        raise
    except Exception as error:  # the user's own script: whatever it raises ends this run only
        if limit.expired():
            raise RunError(f"the script was not over after {job.limit_s:g} s of conversation (limit_s)") from None
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"line {where.lineno} of {Path(where.filename).name}"
        raise RunError(f"the script failed: {type(error).__name__}: {error} ({place})") from error


def _end_with_parent() -> None:
    """Let this process end when the one that started it is gone: a kernel that was killed leaves nobody behind."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="voicelab-parent").start()
