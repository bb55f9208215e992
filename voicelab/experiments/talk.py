"""Anybody's recordings, played to a voice model one after the other.

In: sound files, a target, settings.  Out: a run.
Does not know: what is in the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from voicelab.audio.clip import Clip, read_clip
from voicelab.errors import BudgetError, VoicelabError
from voicelab.experiments.progress import Progress
from voicelab.experiments.stage import Staging, play_in_real_time, shortcomings
from voicelab.measure.budget import Budget
from voicelab.measure.run import Run
from voicelab.session.core import SessionCore
from voicelab.session.live import LiveRun
from voicelab.session.source import require_speech


def read_clips(paths: Sequence[Path], progress: Progress) -> list[Clip]:
    """Read all clips before anything is opened, and say what had to be converted.

    Raises
    ------
    AudioError
        The first file that cannot be used.
    """
    clips = [require_speech(read_clip(path)) for path in paths]
    for clip in clips:
        if clip.converted:
            progress.say(f"{clip.name}: converted {clip.converted} to 24,000 Hz mono")
    return clips


def talk(
    clips: Sequence[Clip],
    folder: Path,
    *,
    target: str,
    asked: Mapping[str, Any],
    tags: Mapping[str, str],
    wall_start: datetime,
    progress: Progress,
    budget: Budget | None = None,
    prices: Mapping[str, Any] | None = None,
) -> Run:
    """Play clips to a target at real-time pace.

    Parameters
    ----------
    clips : sequence of Clip
    folder : Path
        New or empty.
    target : str
        ``local``, ``openai`` or a URL.
    asked : mapping
        Partial session object.
    tags : mapping
    wall_start : datetime
    progress : Progress
    budget : Budget, optional
        The clip whose answer would pass the limit is not played, nor is any behind it.
    prices : mapping, optional
        The user's own; see `voicelab.measure.prices.read_prices`.

    Returns
    -------
    Run
        Complete.

    Raises
    ------
    ConfigError
        There is a budget, and the model's price is unknown; nothing was opened.
    VoicelabError
        The budget has stopped the conversation: says after how many clips. The folder holds what was said.
    """
    staging = Staging(
        folder=folder, target=target, asked=asked, tags=tags, note="voicelab talk", budget=budget, prices=prices
    )

    async def script(core: SessionCore, live: LiveRun) -> None:
        progress.notes(shortcomings(core))
        for number, clip in enumerate(clips, start=1):
            progress.step(number, len(clips), f"{clip.name} ({clip.duration_ms / 1000:.1f} s)")
            try:
                await core.play(clip)
            except BudgetError as error:
                progress.turns(live.log)
                # In a command nobody can raise the limit of a session that runs.
                raise VoicelabError(f"{error.what} Stopped at clip {number} of {len(clips)}; see --budget") from None
            progress.turns(live.log)

    play_in_real_time(script, staging, wall_start)
    return Run(folder)
