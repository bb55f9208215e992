"""A user turn that has begun and is no item yet: where it began, and what was measured of its speech so far.

In: the turn's windows, one after the other.  Out: the `Speech` inside its audio; its newest windows.
Does not know: the audio, or who ends the turn.

What is kept does not grow with the turn: an hour of push-to-talk needs no more than ten seconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from voicelab.protocol.settings import ServerVAD
from voicelab.server.memory import SAMPLES_PER_MS, Speech
from voicelab.server.transcribing import Transcribing
from voicelab.turns.scores import Score

#: Probability from which on a window counts as voiced where no detection says it.
THRESHOLD = ServerVAD().threshold
#: Newest windows of a turn: 32 s of Silero's, 10 s of those of the energy detector; no rule waits longer.
KEPT_WINDOWS = 1_000


@dataclass
class SpeechSoFar:
    """From the first to the last voiced window, with the longest pause between two; all in ms of the audio clock."""

    begin_ms: float | None = None
    end_ms: float = 0.0
    longest_pause_ms: float = 0.0

    def add(self, score: Score, threshold: float) -> None:
        """Take the next window."""
        if score.probability < threshold:
            return
        if self.begin_ms is None:
            self.begin_ms = score.start_ms
        else:
            self.longest_pause_ms = max(self.longest_pause_ms, score.start_ms - self.end_ms)
        self.end_ms = score.end_ms

    def within(self, start: int, n_samples: int) -> Speech:
        """Return the speech as a stretch of ``n_samples`` of audio that begin at position ``start``."""
        if self.begin_ms is None:
            return Speech()
        begin, end = (min(max(0, round(ms * SAMPLES_PER_MS) - start), n_samples) for ms in (self.begin_ms, self.end_ms))
        return Speech(begin, end, self.longest_pause_ms, self.end_ms - self.begin_ms)


@dataclass
class OpenTurn:
    """A user turn that has begun.

    Parameters
    ----------
    item_id : str
        Of the item to come.
    start : int
        Position of its first sample.
    transcribing : Transcribing
        What was sent of its words.
    """

    item_id: str
    start: int
    transcribing: Transcribing
    heard_to: int = field(init=False)
    """How far its audio went to the recogniser."""
    is_announced: bool = False
    """Whether ``speech_started`` was sent: not in push-to-talk."""
    speech: SpeechSoFar = field(default_factory=SpeechSoFar)
    tail: deque[Score] = field(default_factory=lambda: deque(maxlen=KEPT_WINDOWS))

    def __post_init__(self) -> None:
        self.heard_to = self.start

    def add(self, score: Score, threshold: float) -> None:
        """Take the turn's next window."""
        self.speech.add(score, threshold)
        self.tail.append(score)

    def holds_speech(self, threshold: float) -> bool:
        """Tell whether anybody has spoken in it."""
        return self.speech.begin_ms is not None or any(score.probability >= threshold for score in self.tail)
