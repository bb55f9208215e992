"""Turns that end when the utterance sounds finished: ``semantic_vad``.

In: audio, its speech scores, and the recogniser's words where there are any. Out: the moments of
:mod:`voicelab.turns.endpoint`, whose rule stays the only one: its silence time is set anew for each window of a
pause, to the silence at which the judgement (:mod:`voicelab.turns.completeness`) will be sure enough.
Does not know: which detector and recogniser there are, what a reply is, any clock but that of the audio.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from voicelab.audio.samples import Samples
from voicelab.errors import ConfigError
from voicelab.turns.completeness import FITTED, Weights, completeness, silence_for
from voicelab.turns.endpoint import Endpointer, EndpointSettings, Moment, Turn, turns_in
from voicelab.turns.prosody import Listener
from voicelab.turns.scores import Score

Eagerness = Literal["low", "medium", "high", "auto"]

PAUSE_MS = 160  # silence from which on it is judged, and after which the rule reports a pause
NEW_SPEECH_MS = 3000  # whoever goes on sooner after the end of a turn was cut off: it is the same speech


@dataclass(frozen=True)
class _Patience:
    """What an eagerness means: how sure to be, and the bounds of the wait."""

    sure: float
    shortest_ms: float
    longest_ms: float


#: The longest waits are those of OpenAI's guide; the other two numbers were chosen on the shared human speech
#: (tests/benchmarks/bench_semantic.py).
_PATIENCE: dict[str, _Patience] = {
    "low": _Patience(sure=0.88, shortest_ms=500, longest_ms=8000),
    "medium": _Patience(sure=0.79, shortest_ms=300, longest_ms=4000),
    "high": _Patience(sure=0.69, shortest_ms=200, longest_ms=2000),
}
_PATIENCE["auto"] = _PATIENCE["medium"]


@dataclass(frozen=True)
class SemanticSettings:
    """How eagerly to take the floor.

    Parameters
    ----------
    eagerness : {"low", "medium", "high", "auto"}
        ``auto`` is ``medium``.
    threshold, prefix_padding_ms, min_speech_ms : float
        As in :class:`~voicelab.turns.endpoint.EndpointSettings`.

    Raises
    ------
    ConfigError
        An eagerness that does not exist, or a number that cannot be meant.
    """

    eagerness: Eagerness = "auto"
    threshold: float = 0.5
    prefix_padding_ms: float = 300
    min_speech_ms: float = 60

    def __post_init__(self) -> None:
        if self.eagerness not in _PATIENCE:
            known = ", ".join(_PATIENCE)
            raise ConfigError(f"eagerness must be one of {known}, not {self.eagerness!r}", param="eagerness")
        self.with_silence(self.max_wait_ms)

    @property
    def max_wait_ms(self) -> float:
        """Silence that ends any turn, however unfinished: 8, 4 or 2 s."""
        return _PATIENCE[self.eagerness].longest_ms

    @property
    def min_wait_ms(self) -> float:
        """Silence that no turn ends without, however finished."""
        return _PATIENCE[self.eagerness].shortest_ms

    @property
    def sure(self) -> float:
        """Completeness at which a turn ends."""
        return _PATIENCE[self.eagerness].sure

    def with_silence(self, silence_ms: float) -> EndpointSettings:
        """Return the settings of a plain timer that waits so long."""
        return EndpointSettings(self.threshold, silence_ms, self.prefix_padding_ms, self.min_speech_ms)


class SemanticEndpointer:
    """An :class:`~voicelab.turns.endpoint.Endpointer` whose silence time follows what was said and how.

    Audio, scores and words share a clock: reset all together. Audio comes before its scores, in pieces of any
    size. Words may come late and may change; each pause is judged by the newest.

    Parameters
    ----------
    settings : SemanticSettings
        What to begin with; :meth:`change` replaces it.
    weights : Weights
        Of the judgement.

    Attributes
    ----------
    completeness : float or None
        The judgement of the pause under way; None while nobody pauses.
    wait_ms : float
        Silence that would end the turn as things are: the longest, while nobody pauses.
    """

    def __init__(self, settings: SemanticSettings | None = None, weights: Weights = FITTED) -> None:
        self.settings = settings or SemanticSettings()
        self._weights = weights
        self._rule = Endpointer()
        self._listener = Listener()
        self.reset()

    @property
    def speaking(self) -> bool:
        """Whether a turn is open (a pause inside it included)."""
        return self._rule.speaking

    def reset(self) -> None:
        """Forget everything heard and read; the settings stay."""
        self._rule.reset()
        self._listener.reset()
        self._turn_heard = False
        self._words = ""
        self._judge()

    def change(self, settings: SemanticSettings) -> None:
        """Decide by other settings from the next window on; silence already heard counts."""
        self.settings = settings
        self._judge()

    def hear(self, samples: Samples) -> None:
        """Take the audio, shape (n,), 24 kHz, whose scores are fed next; it may run ahead of them."""
        self._listener.hear(samples)

    def answered(self) -> None:
        """Take note that the last turn was answered, and the answer heard: what comes now is new speech."""
        if not self.speaking:
            self._forget()
            self._judge()

    def read(self, words: str) -> None:
        """Take the recogniser's words of the open turn, all so far; between turns they are passed over."""
        if self.speaking:
            self._words = words
            self._judge()

    def feed(self, score: Score) -> list[Moment]:
        """Take the next window and return what it decided, as the plain rule does.

        Parameters
        ----------
        score : Score
            The window after the one fed before.

        Returns
        -------
        list of Moment
        """
        voiced = score.probability >= self.settings.threshold
        self._listener.feed(score.start_ms, score.end_ms, voiced)
        self._judge()
        moments = self._rule.feed(score)
        if self.speaking:
            self._turn_heard = True
        else:
            self._between_turns()
        return moments

    def _judge(self) -> None:
        """Renew the judgement and, by it, the silence time of the rule."""
        prosody = self._listener.prosody()
        self.completeness, self.wait_ms = None, self.settings.max_wait_ms
        if self.speaking and prosody.silence_ms >= PAUSE_MS:
            self.completeness = completeness(prosody, self._words, prosody.silence_ms, self._weights)
            wait_ms = silence_for(self.settings.sure, prosody, self._words, self._weights)
            self.wait_ms = min(max(wait_ms, self.settings.min_wait_ms), self.settings.max_wait_ms)
        self._rule.change(self.settings.with_silence(self.wait_ms))

    def _between_turns(self) -> None:
        """Drop the words, and after a while the prosody: a pause that was taken for the end teaches the next one."""
        self._words = ""
        silence_ms = self._listener.prosody().silence_ms
        if silence_ms >= NEW_SPEECH_MS or (silence_ms and not self._turn_heard):
            self._forget()
        self._judge()

    def _forget(self) -> None:
        """Begin new speech."""
        self._listener.forget()
        self._turn_heard = False


def find_semantic_turns(
    samples: Samples,
    scores: Iterable[Score],
    settings: SemanticSettings | None = None,
    words: Iterable[tuple[float, str]] = (),
    weights: Weights = FITTED,
) -> list[Turn]:
    """Find the turns of a whole recording, as :func:`voicelab.turns.endpoint.find_turns` does with a timer.

    Parameters
    ----------
    samples : ndarray of int16, shape (n,)
        24 kHz.
    scores : iterable of Score
        Of all its windows, in order.
    settings : SemanticSettings, optional
        The defaults where left out.
    words : iterable of (float, str)
        When (ms of audio) the recogniser had which words of the open turn, in order.
    weights : Weights, optional
        Of the judgement.

    Returns
    -------
    list of Turn
        In order; only the last can lack ``decided_ms``.
    """
    endpointer = SemanticEndpointer(settings, weights)
    endpointer.hear(samples)
    to_read = list(words)

    def feed(score: Score) -> list[Moment]:
        while to_read and to_read[0][0] <= score.start_ms:
            endpointer.read(to_read.pop(0)[1])
        return endpointer.feed(score)

    return turns_in(scores, feed, endpointer.settings.threshold)
