"""What the scope's page is told: rows of the tiers, outlines of both sides, speech scores, only what is new.

In: records and the outline of the sound (`Run.loudness`).  Out: `News`: a little JSON and five binary buffers.
Does not know: widgets, threads, how it is drawn.

The newest third of a second of sound is told again each time, since its last 10 ms may be half made, and so is what a
barge-in silenced after it was shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.runlog.record import Record, Track
from voicelab.widgets.scope.tiers import Tiers
from voicelab.widgets.scope.what_if import RULE, WhatIf, what_if

BUCKET_MS = 10
_AGAIN_BUCKETS = 33
#: How much of a run that goes on a page gets that opens late.
KEPT_MS = 120_000

#: ``(track, first_bucket) -> first_bucket, buckets``: as `Run.loudness`.
ReadLoudness = Callable[[Track, int], tuple[int, NDArray[np.int16]]]


@dataclass(frozen=True)
class News:
    """One message to the page.

    Parameters
    ----------
    content : dict
        ``reset`` (forget what was drawn), ``now`` (ms), ``over``, ``detection``, ``silence``, ``rows``, and in ``user``
        and ``agent`` the number of the first bucket of each side.
    buffers : list of bytes
        Outline of the user, of the agent (int16, lowest and highest of each 10 ms); begins and ends of windows
        (float32, ms), their speech probability (uint8, 255 is 1).
    """

    content: dict[str, Any]
    buffers: list[bytes]


class Feed:
    """Knows what a page knows already."""

    def __init__(self) -> None:
        self._tiers = Tiers()
        self._n_buckets: dict[Track, int] = {"input": 0, "heard": 0}
        self._n_scores = 0

    @property
    def now_ms(self) -> float:
        """The time of the newest record."""
        return self._tiers.now_ms

    @property
    def threshold(self) -> float | None:
        """The threshold in force; None before any was."""
        return self._tiers.settings.threshold if self._tiers.detection else None

    def take(self, records: Iterable[Record]) -> None:
        """Take the next records of the run."""
        self._tiers.take(records)

    def news(self, read: ReadLoudness, *, reset: bool, over: bool) -> News:
        """Return what is new since the last call.

        Parameters
        ----------
        read : callable
            Gives the outlines.
        reset : bool
            Another run, or a page that knows nothing: of a run that goes on the last two minutes, of a saved one all.
        over : bool
            The run grows no more.
        """
        if reset:
            since_ms = 0.0 if over else max(0.0, self.now_ms - KEPT_MS)
            self._n_buckets = {track: int(since_ms // BUCKET_MS) for track in self._n_buckets}
            self._n_scores = self._tiers.scores.number_at(since_ms)
        firsts, outlines = [], []
        for track, n_buckets in self._n_buckets.items():
            first, outline = read(track, n_buckets if reset else max(0, n_buckets - _AGAIN_BUCKETS))
            self._n_buckets[track] = first + len(outline)
            firsts.append(first)
            outlines.append(outline.astype("<i2").tobytes())
        scores = self._tiers.scores.since(self._n_scores)
        self._n_scores = len(self._tiers.scores)
        content = {
            "kind": "news",
            "reset": reset,
            "now": self.now_ms,
            "over": over,
            "detection": self._tiers.detection,
            "silence": self._tiers.settings.silence_ms,
            "rows": [dict(row) for row in self._tiers.changed(everything=reset)],
            "user": firsts[0],
            "agent": firsts[1],
        }
        return News(content, [*outlines, *(array.tobytes() for array in scores)])

    def what_if(self, threshold: float, begin_ms: float, end_ms: float) -> WhatIf:
        """Return the turns that another threshold would have found, with the silence and padding in force.

        Where turns end by another rule than that of ``server_vad``, its silence is the one that ``server_vad`` begins
        with, and the answer names the kind in force.

        Raises
        ------
        ConfigError
            The threshold is not from 0 to 1.
        """
        settings = replace(self._tiers.settings, threshold=threshold)
        return what_if(
            self._tiers.scores,
            settings,
            self._tiers.spoken(),
            begin_ms,
            end_ms,
            in_force=self._tiers.detection or RULE,
        )


def no_sound(_track: Track, first_bucket: int) -> tuple[int, NDArray[np.int16]]:
    """Stand for a run that is not there."""
    return first_bucket, np.zeros((0, 2), np.int16)
