"""The turn rule: speech scores in, the moments at which the floor changes hands out.

In: one :class:`~voicelab.turns.scores.Score` per window, in order. Out: ``Moment`` values (live) or turns
(for a whole recording). The embedded server runs this very code, so a what-if on a recording decides as the
server would.
Does not know: audio, which detector made the scores, what a reply is, or any clock but that of the scores.

The rule is one table, state and what the newest window shows (see ``TRANSITIONS``)::

               BLIP               VOICE              GAP         PAUSE               END
    SILENT     -                  SPEAKING, Started  -           -                   -
    SPEAKING   -                  -                  -           PAUSED, Pausing     SILENT, Pausing + Ended
    PAUSED     SPEAKING, Resumed  SPEAKING, Resumed  -           -                   SILENT, Ended
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from voicelab.errors import ConfigError
from voicelab.turns.scores import Score


@dataclass(frozen=True)
class EndpointSettings:
    """What somebody who tunes turn-taking can turn.

    Parameters
    ----------
    threshold : float
        Probability from which on a window counts as voiced, 0 to 1.
    silence_ms : float
        Unbroken silence that ends a turn.
    prefix_padding_ms : float
        Audio kept from before the first voiced window; moves the start of the audio, never a decision.
    min_speech_ms : float
        Unbroken voice that begins a turn.

    Raises
    ------
    ConfigError
        A number that cannot be meant: not finite, negative, or a threshold above 1.
    """

    threshold: float = 0.5
    silence_ms: float = 500
    prefix_padding_ms: float = 300
    min_speech_ms: float = 60

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise ConfigError(f"threshold must be from 0 to 1, not {self.threshold}", param="threshold")
        for name in ("silence_ms", "prefix_padding_ms", "min_speech_ms"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigError(f"{name} must be 0 or more milliseconds, not {value}", param=name)

    @property
    def pause_ms(self) -> float:
        """Silence after which a reply may be drafted, well before the turn is over."""
        return min(160, self.silence_ms / 2)


@dataclass(frozen=True)
class Started:
    """A turn began. ``padded_start_ms`` is where the audio that belongs to it starts."""

    at_ms: float
    speech_start_ms: float
    padded_start_ms: float


@dataclass(frozen=True)
class Pausing:
    """The speaker fell silent; the turn may be over soon."""

    at_ms: float
    speech_end_ms: float


@dataclass(frozen=True)
class Resumed:
    """The speaker went on after a ``Pausing``; it is still the same turn."""

    at_ms: float
    speech_start_ms: float


@dataclass(frozen=True)
class Ended:
    """The turn is over."""

    at_ms: float
    speech_end_ms: float


#: ``at_ms`` is the audio time of the decision: the end of the window that decided.
Moment = Started | Pausing | Resumed | Ended


@dataclass(frozen=True)
class Turn:
    """One turn found in a recording; ``decided_ms`` is None when the audio stops before the turn does."""

    speech_start_ms: float
    speech_end_ms: float
    padded_start_ms: float
    decided_ms: float | None


class State(Enum):
    """Who holds the floor."""

    SILENT = "silent"
    SPEAKING = "speaking"
    PAUSED = "paused"


class Shows(Enum):
    """What the newest window shows, together with the unbroken run that it belongs to."""

    BLIP = "voiced, for less than min_speech_ms so far"
    VOICE = "voiced, for min_speech_ms or more"
    GAP = "silent, for less than pause_ms so far"
    PAUSE = "silent, for pause_ms or more"
    END = "silent, for silence_ms or more"


#: State and window -> next state and the moments to report, in order. A test checks every cell.
TRANSITIONS: dict[State, dict[Shows, tuple[State, tuple[type[Moment], ...]]]] = {
    State.SILENT: {
        Shows.BLIP: (State.SILENT, ()),
        Shows.VOICE: (State.SPEAKING, (Started,)),
        Shows.GAP: (State.SILENT, ()),
        Shows.PAUSE: (State.SILENT, ()),
        Shows.END: (State.SILENT, ()),
    },
    State.SPEAKING: {
        Shows.BLIP: (State.SPEAKING, ()),
        Shows.VOICE: (State.SPEAKING, ()),
        Shows.GAP: (State.SPEAKING, ()),
        Shows.PAUSE: (State.PAUSED, (Pausing,)),
        Shows.END: (State.SILENT, (Pausing, Ended)),
    },
    State.PAUSED: {
        Shows.BLIP: (State.SPEAKING, (Resumed,)),
        Shows.VOICE: (State.SPEAKING, (Resumed,)),
        Shows.GAP: (State.PAUSED, ()),
        Shows.PAUSE: (State.PAUSED, ()),
        Shows.END: (State.SILENT, (Ended,)),
    },
}


class Endpointer:
    """The turn rule, live: feed scores, get moments.

    Speech begins after ``min_speech_ms`` of windows at or above the threshold without a break, and ends
    when windows below it add up to ``silence_ms`` without a break. There is no hysteresis: one threshold
    serves both ways. Scores and endpointer share a clock: reset both together.

    Parameters
    ----------
    settings : EndpointSettings
        What to begin with; :meth:`change` replaces it.
    """

    def __init__(self, settings: EndpointSettings | None = None) -> None:
        self.settings = settings or EndpointSettings()
        self.reset()

    def reset(self) -> None:
        """Forget everything heard; the settings stay."""
        self._state = State.SILENT
        self._voiced: bool | None = None
        self._run_start_ms = 0.0  # of the unbroken run, voiced or silent, that the newest window belongs to
        self._ended_at_ms = 0.0

    def change(self, settings: EndpointSettings) -> None:
        """Decide by other settings from the next window on; silence already heard counts."""
        self.settings = settings

    @property
    def speaking(self) -> bool:
        """Whether a turn is open (a pause inside it included)."""
        return self._state is not State.SILENT

    def feed(self, score: Score) -> list[Moment]:
        """Take the next window and return what it decided, in order; mostly nothing.

        Parameters
        ----------
        score : Score
            The window after the one fed before.

        Returns
        -------
        list of Moment
            None, one, or ``Pausing`` and ``Ended`` where one window decides both.
        """
        voiced = score.probability >= self.settings.threshold
        if voiced != self._voiced:
            self._voiced, self._run_start_ms = voiced, score.start_ms
        self._state, kinds = TRANSITIONS[self._state][self._shows(voiced, score.end_ms - self._run_start_ms)]
        return [self._moment(kind, score) for kind in kinds]

    def _shows(self, voiced: bool, run_ms: float) -> Shows:
        if voiced:
            return Shows.VOICE if run_ms >= self.settings.min_speech_ms else Shows.BLIP
        if run_ms >= self.settings.silence_ms:
            return Shows.END
        return Shows.PAUSE if run_ms >= self.settings.pause_ms else Shows.GAP

    def _moment(self, kind: type[Moment], score: Score) -> Moment:
        if kind is Started:
            earliest_ms = self._run_start_ms - self.settings.prefix_padding_ms
            return Started(score.end_ms, self._run_start_ms, max(self._ended_at_ms, earliest_ms))
        if kind is Pausing:
            return Pausing(score.end_ms, self._run_start_ms)
        if kind is Resumed:
            return Resumed(score.end_ms, self._run_start_ms)
        self._ended_at_ms = score.end_ms
        return Ended(score.end_ms, self._run_start_ms)


def find_turns(scores: Iterable[Score], settings: EndpointSettings | None = None) -> list[Turn]:
    """Run the turn rule over a whole recording.

    Parameters
    ----------
    scores : iterable of Score
        All windows in order, as :func:`voicelab.turns.scores.score_clip` gives them.
    settings : EndpointSettings, optional
        The defaults where left out.

    Returns
    -------
    list of Turn
        In order. Only the last can lack ``decided_ms``: its audio stopped before ``silence_ms`` of silence.
    """
    endpointer = Endpointer(settings)
    return turns_in(scores, endpointer.feed, endpointer.settings.threshold)


def turns_in(scores: Iterable[Score], feed: Callable[[Score], list[Moment]], threshold: float) -> list[Turn]:
    """Feed the windows of a recording to a rule, and gather its moments into turns.

    Parameters
    ----------
    scores : iterable of Score
        All windows in order.
    feed : callable
        The rule: takes a window, returns what it decided.
    threshold : float
        Probability from which on a window counts as voiced; a turn that stays open ends with the last of them.

    Returns
    -------
    list of Turn
        As `find_turns`.
    """
    turns: list[Turn] = []
    start: Started | None = None
    voiced_end_ms = 0.0
    for score in scores:
        for moment in feed(score):
            if isinstance(moment, Started):
                start = moment
            elif isinstance(moment, Ended) and start is not None:
                turns.append(Turn(start.speech_start_ms, moment.speech_end_ms, start.padded_start_ms, moment.at_ms))
                start = None
        if score.probability >= threshold:
            voiced_end_ms = score.end_ms
    if start is not None:
        turns.append(Turn(start.speech_start_ms, voiced_end_ms, start.padded_start_ms, None))
    return turns
