"""How finished an utterance sounds: the end-of-turn judgement behind ``semantic_vad``.

In: the :class:`~voicelab.turns.prosody.Prosody` of a pause, the recogniser's words so far, how long the silence is.
Out: a number from 0 to 1, the chance that the turn is over; and the same solved for the silence.
Does not know: audio, eagerness, turns. The words are often wrong, so they shift the judgement and never make it.

It is a logistic regression on five measures of prosody and on the silence, plus what :func:`reading` makes of the
words. The regression was fitted on the 51 labelled turns of the shared human speech: one observation for each
pause, inner or last, and each instant that it outlasts (``python -m tests.benchmarks.bench_semantic fit``, which
also cross-validates over speakers). The shifts by words are set by hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from voicelab.turns.prosody import Prosody


@dataclass(frozen=True)
class Weights:
    """The regression, in log odds; ``prosody`` goes with the five values of :func:`measures`."""

    bias: float
    silence: float
    prosody: tuple[float, float, float, float, float]


#: Fitted with a ridge of 60 on the five. Weaker ridges foretell the composed telephone numbers of the share a little
#: better (they lean on the length of the speech: ten digits are over after four seconds), natural turns worse.
FITTED = Weights(bias=-1.83, silence=2.26, prosody=(0.69, 0.54, 0.20, 0.37, -0.32))


class Reading(Enum):
    """What the words so far tell of the utterance."""

    NOTHING = "no words, or none that tell"
    FILLER = "ends in um: whoever says it goes on"
    DANGLING = "ends in a word that wants another: and, of, my"
    OPEN_NUMBER = "digits, too few for a telephone number"
    WHOLE_NUMBER = "digits, enough for one"
    CLAUSE = "a question, or a subject with something to it"


#: By how much each reading shifts the log odds, beside prosody's own of about -1 to 3. Small, for dictation is often
#: wrong: on the shared speech it ends every fourth finished turn in a dangling word. Fillers it hears almost never.
SHIFTS = {
    Reading.NOTHING: 0.0,
    Reading.FILLER: -3.5,
    Reading.DANGLING: -1.0,
    Reading.OPEN_NUMBER: -1.0,
    Reading.WHOLE_NUMBER: 1.0,
    Reading.CLAUSE: 0.5,
}

SHORT_NUMBER, LONG_NUMBER = 7, 10  # words; telephone numbers have 7 digits at least, national ones about 10


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FILLERS = _set("um uh erm er hmm mm")
_DANGLING = _set(
    "a an the my your his her its our their this and but or so because if when while that which who than of to in on "
    "at for from with by as about is are was were be been am i'm it's has have had will would can could i we"
)
_NUMBERS = _set("zero oh one two three four five six seven eight nine")
_QUESTIONS = _set("what who when where why how which can could do does did is are will would")
_SUBJECTS = _set("i you he she it we they that this there i'm it's he's she's that's we're they're i'll")
_SHORTEST_CLAUSE = 4

_STEADY_MS = 1000  # up to here silence counts by its length, beyond by its ratio: the share has no pauses above 2 s
_SHORT_TURN_MS = 2000  # speech up to here tells nothing: many turns are a few words
_FLOOR_MS, _USUAL_RUN_MS = 150, 800


def measures(prosody: Prosody) -> NDArray[np.float64]:
    """Return what the regression sees of a pause, the silence left out.

    Parameters
    ----------
    prosody : Prosody

    Returns
    -------
    ndarray, shape (5,)
        Speech so far, fall of pitch, fall of level, longest pause, last run; each from about -2 to 3.
    """
    return np.array(
        [
            math.log(max(prosody.speech_ms, _SHORT_TURN_MS) / _SHORT_TURN_MS),
            min(max(prosody.pitch_fall_st, -4.0), 6.0) / 3,
            min(max(prosody.level_fall_db, -6.0), 6.0) / 3,
            math.log(max(prosody.longest_pause_ms, _FLOOR_MS) / _FLOOR_MS),
            math.log(max(prosody.last_run_ms, _FLOOR_MS) / _USUAL_RUN_MS),
        ]
    )


def reading(words: str) -> Reading:
    """Say what the words so far tell of the end; in doubt, nothing.

    Parameters
    ----------
    words : str
        As a recogniser writes them; empty where it has none yet.
    """
    said = [word.strip(".,?!") for word in words.lower().split()]
    if not said:
        return Reading.NOTHING
    if said[-1] in _FILLERS:
        return Reading.FILLER
    n_numbers = sum(word in _NUMBERS for word in said)
    if n_numbers >= 2 and 4 * n_numbers >= len(said):  # dictation hears about every third digit right
        if len(said) < SHORT_NUMBER:
            return Reading.OPEN_NUMBER
        return Reading.WHOLE_NUMBER if len(said) >= LONG_NUMBER else Reading.NOTHING
    if said[-1] in _DANGLING:
        return Reading.DANGLING
    is_clause = said[0] in _QUESTIONS or not _SUBJECTS.isdisjoint(said)
    return Reading.CLAUSE if is_clause and len(said) >= _SHORTEST_CLAUSE else Reading.NOTHING


def completeness(prosody: Prosody, words: str, silence_ms: float, weights: Weights = FITTED) -> float:
    """Judge whether the turn is over.

    Parameters
    ----------
    prosody : Prosody
        Of the pause under way.
    words : str
        The recogniser's words so far; without any, prosody decides alone.
    silence_ms : float
        Length of the pause so far.
    weights : Weights, optional

    Returns
    -------
    float
        From 0, surely unfinished, to 1; it rises with the silence.
    """
    return 1 / (1 + math.exp(-(_odds(prosody, words, weights) + weights.silence * felt(silence_ms))))


def silence_for(goal: float, prosody: Prosody, words: str, weights: Weights = FITTED) -> float:
    """Return the silence, in ms, after which :func:`completeness` reaches ``goal`` (above 0, below 1); 0 if at once."""
    needed = (math.log(goal / (1 - goal)) - _odds(prosody, words, weights)) / weights.silence
    return _STEADY_MS * (max(needed, 0.0) if needed <= 1 else math.exp(needed - 1))


def felt(silence_ms: float) -> float:
    """Return how long a silence feels, in seconds: its length up to one second, then growing ever slower."""
    seconds = silence_ms / _STEADY_MS
    return seconds if seconds <= 1 else 1 + math.log(seconds)


def _odds(prosody: Prosody, words: str, weights: Weights) -> float:
    return weights.bias + float(np.dot(weights.prosody, measures(prosody))) + SHIFTS[reading(words)]
