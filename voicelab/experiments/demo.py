"""The demo: the guided conversation with the embedded server, in real time or as fast as this computer can.

In: a run folder.  Out: the run, with a report in it; progress on standard error.
Does not know: what the steps are (``script``).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from voicelab.experiments.progress import Progress
from voicelab.experiments.script import DEMO_TOOLS, demo_steps
from voicelab.experiments.stage import Staging, play_in_real_time, play_in_virtual_time, shortcomings
from voicelab.measure.run import Run
from voicelab.session.core import SessionCore
from voicelab.session.live import LiveRun


def run_demo(folder: Path, *, fast: bool, wall_start: datetime, seed: int = 0, progress: Progress | None = None) -> Run:
    """Hold the demo's conversation.

    Parameters
    ----------
    folder : Path
        New or empty.
    fast : bool
        In virtual time.
    wall_start : datetime
        The wall time at the beginning.
    seed : int
        Of identifiers, in virtual time.
    progress : Progress, optional
        Where to show it.

    Returns
    -------
    Run
        Complete.
    """
    progress = progress or Progress()
    staging = Staging(folder=folder, hearing="guide", tools=DEMO_TOOLS, note="voicelab demo")

    async def script(core: SessionCore, live: LiveRun) -> None:
        progress.notes(shortcomings(core))
        steps = demo_steps()
        for number, step in enumerate(steps, start=1):
            progress.step(number, len(steps), step.shows)
            await step.act(core)
            progress.turns(live.log)

    if fast:
        play_in_virtual_time(script, staging, wall_start, seed=seed)
    else:
        play_in_real_time(script, staging, wall_start)
    return Run(folder)
