"""Which turn rule a session's ``turn_detection`` means, and how one rule takes over an open turn from another.

In: ``server_vad`` or ``semantic_vad`` settings; audio, scores and words of the user.  Out: the moments of a turn.
Does not know: items, events, or what detection "off" means (there is no rule then).

The rules themselves are in ``turns``. Positions here are milliseconds of the input audio clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from voicelab.audio.samples import Samples
from voicelab.protocol.settings import ServerVAD, TurnDetection
from voicelab.turns.endpoint import Ended, Endpointer, EndpointSettings, Moment, Pausing, Resumed, Started
from voicelab.turns.scores import Score
from voicelab.turns.semantic import SemanticEndpointer, SemanticSettings


def settings_of(detection: TurnDetection) -> EndpointSettings | SemanticSettings:
    """Return the turn rule's settings for a session's ``turn_detection``.

    ``semantic_vad`` has no threshold and no padding on the wire; the rule's own defaults hold.
    """
    if isinstance(detection, ServerVAD):
        return EndpointSettings(
            threshold=detection.threshold,
            silence_ms=detection.silence_duration_ms,
            prefix_padding_ms=detection.prefix_padding_ms,
        )
    return SemanticSettings(eagerness=detection.eagerness)


class Detection:
    """The turn rule in force, of either kind.

    Parameters
    ----------
    detection : ServerVAD or SemanticVAD
    start_ms : float
        Position of the first audio that the rule hears.

    Attributes
    ----------
    paused : bool
        Whether the speaker is in a pause that may end the open turn.
    """

    def __init__(self, detection: TurnDetection, start_ms: float) -> None:
        settings = settings_of(detection)
        self._rule = Endpointer(settings) if isinstance(settings, EndpointSettings) else SemanticEndpointer(settings)
        self._start_ms = start_ms
        self._words = ""
        self.paused = False

    @property
    def speaking(self) -> bool:
        """Whether a turn is open."""
        return self._rule.speaking

    @property
    def threshold(self) -> float:
        """Probability from which on a window counts as voiced."""
        return self._rule.settings.threshold

    @property
    def prefix_padding_ms(self) -> float:
        """Audio before the first voiced window that belongs to a turn."""
        return self._rule.settings.prefix_padding_ms

    def change(self, detection: TurnDetection) -> bool:
        """Decide by other settings from the next window on; False when they are those of the other kind of rule."""
        settings = settings_of(detection)
        match self._rule, settings:
            case (Endpointer(), EndpointSettings()) | (SemanticEndpointer(), SemanticSettings()):
                self._rule.change(settings)  # type: ignore[arg-type]  # the pair was matched above
                return True
        return False

    def restart(self, start_ms: float) -> None:
        """Forget everything; the next audio begins at ``start_ms``."""
        self._rule.reset()
        self._start_ms = start_ms
        self._words = ""
        self.paused = False

    def hear(self, samples: Samples) -> None:
        """Take audio, shape (n,), before its scores."""
        if isinstance(self._rule, SemanticEndpointer):
            self._rule.hear(samples)

    def answered(self) -> None:
        """Take note that the last turn was answered, and the answer heard to its end."""
        if isinstance(self._rule, SemanticEndpointer):
            self._rule.answered()

    def read(self, words: str) -> None:
        """Take the recogniser's words of the open turn, all so far."""
        if isinstance(self._rule, SemanticEndpointer) and words != self._words:
            self._words = words
            self._rule.read(words)

    def feed(self, score: Score) -> list[Moment]:
        """Take the next window and return what it decided, in order."""
        moments = [_moved(moment, self._start_ms) for moment in self._rule.feed(_shifted(score, -self._start_ms))]
        for moment in moments:
            self.paused = isinstance(moment, Pausing)
            if isinstance(moment, Started):
                self._words = ""
        return moments

    def resume(self, samples: Samples, tail: Sequence[Score], words: str) -> bool:
        """Take over a turn that another rule, or the client, opened.

        Parameters
        ----------
        samples : ndarray of int16, shape (n,)
            The turn's audio from the first window of ``tail`` on.
        tail : sequence of Score
            The turn's newest windows, at least one. Silence heard in them counts.
        words : str
            The recogniser's words so far.

        Returns
        -------
        bool
            Whether the turn is still open; by this rule it may be over already.
        """
        self.restart(tail[0].start_ms)
        self.hear(samples)
        for index, score in enumerate(tail):
            if not self.speaking and (index == 0 or score.probability >= self.threshold):
                # The turn is one, whatever this rule would have made of its inner pauses: tell it of certain speech.
                length_ms = self._rule.settings.min_speech_ms + 1
                self.feed(Score(score.start_ms - length_ms, score.start_ms, 1.0))
            self.feed(score)
        self.read(words)
        return self.speaking


def _shifted(score: Score, by_ms: float) -> Score:
    return replace(score, start_ms=score.start_ms + by_ms, end_ms=score.end_ms + by_ms)


def _moved(moment: Moment, by_ms: float) -> Moment:
    at_ms = moment.at_ms + by_ms
    match moment:
        case Started(speech_start_ms=start_ms, padded_start_ms=padded_ms):
            return Started(at_ms, start_ms + by_ms, padded_ms + by_ms)
        case Resumed(speech_start_ms=start_ms):
            return Resumed(at_ms, start_ms + by_ms)
        case Pausing(speech_end_ms=end_ms):
            return Pausing(at_ms, end_ms + by_ms)
        case Ended(speech_end_ms=end_ms):
            return Ended(at_ms, end_ms + by_ms)
