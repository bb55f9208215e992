"""A caller who stops to think in the middle of a sentence: the script for experiments on the end of a turn.

In: the demo's spoken lines, a source of chance.  Out: a conversation with labelled speech.
Does not know: how many runs there are, or under which settings.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.errors import AudioError
from voicelab.experiments.clips import SpokenLine, spoken_lines
from voicelab.session.core import SessionCore

_SHORTEST_MS = 100  # the demo's synthetic sentences have no digital silence of that length but the thinking pause


@dataclass(frozen=True)
class PausingCaller:
    """Asks some questions: each with a pause to think in it, and one without, in an order left to chance.

    Pauses are log-normal: never negative, mostly short, some long. The figures are an assumption, not a finding about
    people; how often a turn is cut off depends on them directly.

    Parameters
    ----------
    n_pausing : int
        Questions with a pause.
    pause_ms : float
        Median pause.
    spread : float
        Standard deviation of the pause's logarithm.
    longest_ms : float
        No pause is longer.
    """

    n_pausing: int = 3
    pause_ms: float = 500.0
    spread: float = 0.6
    longest_ms: float = 2_000.0

    async def __call__(self, core: SessionCore, chance: np.random.Generator) -> None:
        """Hold the conversation."""
        lines = spoken_lines()
        pauses_ms = self.pause_ms * np.exp(self.spread * chance.standard_normal(self.n_pausing))
        spoken = [with_pause(lines["thinking"], float(min(pause_ms, self.longest_ms))) for pause_ms in pauses_ms]
        spoken.insert(int(chance.integers(self.n_pausing + 1)), PausedLine(lines["sum"], None))
        for paused in spoken:
            # Nobody speaks in step with the detector's windows.
            await asyncio.sleep(float(chance.uniform(0.2, 1.0)))
            await core.play(paused.line.clip, paused.labels)


@dataclass(frozen=True, eq=False)
class PausedLine:
    """A line, and where somebody stops to think in it.

    Parameters
    ----------
    line : SpokenLine
    pause_ms : (float, float) or None
        Begin and end in the clip.
    """

    line: SpokenLine
    pause_ms: tuple[float, float] | None

    @property
    def labels(self) -> dict[str, Any]:
        """What the log keeps beside the clip."""
        return {**self.line.labels, "pauses_ms": [list(self.pause_ms)] if self.pause_ms else []}


def with_pause(line: SpokenLine, pause_ms: float) -> PausedLine:
    """Return a line with its thinking pause made longer or shorter.

    Parameters
    ----------
    line : SpokenLine
        Digitally silent in its pause: a synthetic voice's.
    pause_ms : float

    Raises
    ------
    AudioError
        There is no pause in it.
    """
    samples = line.clip.samples
    first, last = (round(ms * RATE_HZ / 1000) for ms in (line.speech_start_ms, line.speech_end_ms))
    start, end = _longest_silence(samples[first:last])
    if end - start < _SHORTEST_MS * RATE_HZ // 1000:
        raise AudioError(f"{line.clip.name}: has no pause that could be made longer; choose the line 'thinking'")
    n_samples = round(pause_ms * RATE_HZ / 1000)
    silent = np.zeros(n_samples, np.int16)
    resized = np.concatenate([samples[: first + start], silent, samples[first + end :]])
    longer_ms = (n_samples - (end - start)) * 1000 / RATE_HZ
    changed = SpokenLine(Clip(resized, line.clip.name), line.text, line.speech_start_ms, line.speech_end_ms + longer_ms)
    return PausedLine(changed, ((first + start) * 1000 / RATE_HZ, (first + start + n_samples) * 1000 / RATE_HZ))


def _longest_silence(samples: Samples) -> tuple[int, int]:
    """Return begin and end of the longest stretch of zeros; of the first, where several are as long."""
    silent = np.concatenate([[False], samples == 0, [False]])
    begins, ends = np.flatnonzero(np.diff(silent.astype(np.int8))).reshape(-1, 2).T
    if not len(begins):
        return 0, 0
    longest = int(np.argmax(ends - begins))
    return int(begins[longest]), int(ends[longest])
