"""Speech scores on their way into a run: a few at a time, on the time line of the track that the sound lies on.

In: where sound was placed, and the scores of that sound in order.  Out: ``voicelab.vad`` records.
Does not know: detectors, or who scores.
"""

from __future__ import annotations

from collections.abc import Iterable

from voicelab.runlog.record import TRACK_RATE_HZ, AudioRef
from voicelab.runlog.recorder import Recorder
from voicelab.turns.scores import Score

SCORES_A_RECORD = 4


class ScoreLog:
    """Writes the scores of the user's sound down.

    Parameters
    ----------
    recorder : Recorder
    detector : str
        Who made the scores.
    """

    def __init__(self, recorder: Recorder, detector: str) -> None:
        self.detector = detector
        self._recorder = recorder
        self._scores: list[Score] = []
        self._n_placed = 0  # the scores' own clock, in samples: sound end to end
        self._offset = 0  # from there to the track

    def placed(self, ref: AudioRef) -> None:
        """Take note of where sound lies whose scores come next."""
        if ref.start - self._n_placed != self._offset:
            self._record()  # those of before the gap lie where they were
            self._offset = ref.start - self._n_placed
        self._n_placed += ref.n

    def add(self, scores: Iterable[Score]) -> None:
        """Take scores of placed sound, in order."""
        self._scores += scores
        if len(self._scores) >= SCORES_A_RECORD:
            self._record()

    def flush(self) -> None:
        """Write down what is there, however little."""
        self._record()

    def _record(self) -> None:
        if not self._scores:
            return
        first = self._scores[0]
        self._recorder.local(
            "vad",
            start_ms=round(first.start_ms + self._offset * 1000 / TRACK_RATE_HZ, 3),
            window_ms=first.end_ms - first.start_ms,
            p=[round(float(score.probability), 4) for score in self._scores],
            detector=self.detector,
        )
        self._scores.clear()
