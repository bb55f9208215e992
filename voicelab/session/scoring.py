"""Speech scores of what was sent, for the log.

In: sent sound and where it lies on the run's track.  Out: ``voicelab.vad`` records.
Does not know: the server, which has scores of its own, or what is decided by them.
"""

from __future__ import annotations

import numpy as np

from voicelab.audio.samples import Samples
from voicelab.runlog.record import AudioRef
from voicelab.runlog.recorder import Recorder
from voicelab.runlog.score_log import ScoreLog
from voicelab.turns.scores import Scorer

# Frame by frame: several windows at once are so large a product that the linear algebra library starts threads for it,
# which then spin (measured: half a core).
_N_TOGETHER = 1


class Scoring:
    """The scores of one session.

    Parameters
    ----------
    recorder : Recorder
    """

    def __init__(self, recorder: Recorder) -> None:
        self._scorer = Scorer()
        self._log = ScoreLog(recorder, self._scorer.name)
        self._waiting: list[Samples] = []
        self._n_waiting = 0
        self._end = 0

    def sent(self, samples: Samples, ref: AudioRef) -> None:
        """Take what was sent, and where it lies."""
        if ref.start != self._end:
            self._score()  # what came before the gap is scored before it
        self._end = ref.start + ref.n
        self._log.placed(ref)
        self._waiting.append(samples)
        self._n_waiting += len(samples)
        if self._n_waiting >= _N_TOGETHER:
            self._score()

    def flush(self) -> None:
        """Score and write down what waits: no more sound may follow."""
        self._score()
        self._log.flush()

    def _score(self) -> None:
        if self._waiting:
            self._log.add(self._scorer.feed(np.concatenate(self._waiting)))
            self._waiting.clear()
            self._n_waiting = 0
