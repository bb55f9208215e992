"""A run as turn-taking sees it: who wanted the floor from when to when, who had it, and how well that is known.

In: facts, turns, what the records tell of the floor.  Out: a frozen `Scene`.
Does not know: how a metric is defined.

What the user wanted is known from labels and "true end" marks (``labelled``). Where the sent sound has none it is
estimated by our own speech scores (ours): voiced windows less than a second apart are one turn, and so are those with a
longer pause between them in which the detector did not end the turn; what is voiced for less than 250 ms is no turn.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from voicelab.measure.facts import Facts, ItemFacts, ResponseFacts
from voicelab.measure.floor import Floor, Labelled
from voicelab.measure.metric import Basis
from voicelab.measure.speech import Window
from voicelab.measure.stretches import length_ms, merged, touch, within
from voicelab.measure.turns import Turn
from voicelab.runlog.record import TRACK_RATE_HZ

#: Accuracy of a label: a decision so much before the true end is not early (metric definitions, section 2).
TOLERANCE_MS = 100.0
#: A decision later than this after the true end is none.
LATEST_MS = 2_500.0
#: Agent audio that goes on for longer after an onset was not interrupted by it.
GOES_ON_MS = 2_000.0
#: So much earlier than by the scores the turn table may have the end of the same speech.
SCORES_LATE_MS = 400.0
PAUSE_MS = 1_000.0
SHORTEST_TURN_MS = 250.0
#: Kinds of labels whose speaker does not want the floor.
NO_TURN = frozenset({"backchannel", "noise"})


@dataclass(frozen=True)
class Wanted:
    """The user wanted the floor, ms on the run's time line; ``start_ms`` None: only the end is known, from a mark."""

    start_ms: float | None
    end_ms: float
    basis: Basis
    text: str | None = None
    pauses_ms: tuple[Window, ...] = ()

    @property
    def onset_ms(self) -> float:
        """Where it begins for those who only look what comes after."""
        return self.end_ms if self.start_ms is None else self.start_ms


@dataclass(frozen=True)
class Said:
    """One item of the agent, as it was heard. ``words`` of what was heard, in proportion to time: approximate."""

    item: ItemFacts
    response: ResponseFacts
    start_ms: float
    end_ms: float
    stretches: tuple[Window, ...]
    words: float

    @property
    def heard_ms(self) -> float:
        """How long it was heard."""
        return length_ms(self.stretches)


@dataclass(frozen=True)
class Scene:
    """See the module.

    Parameters
    ----------
    facts, floor, turns, duration_ms
        Of the run.
    wanted : tuple of Wanted
        In the order of their ends.
    said : tuple of Said
        In the order in which they were heard.
    """

    facts: Facts
    floor: Floor
    turns: Sequence[Turn]
    duration_ms: float
    wanted: tuple[Wanted, ...]
    said: tuple[Said, ...]

    def of(self, basis: Basis) -> list[Wanted]:
        """Return the user's turns that are known so."""
        return [wanted for wanted in self.wanted if wanted.basis == basis]

    def next_onset_ms(self, ms: float) -> float:
        """Return when the user next wants the floor after an instant; the run's end if never again."""
        onsets = [wanted.onset_ms for wanted in self.wanted if wanted.onset_ms > ms]
        return min([*onsets, max(self.duration_ms, ms)])

    def talked_over(self, ms: float) -> Said | None:
        """Return what of the agent was being heard at an instant."""
        return next((said for said in self.said if said.start_ms < ms < said.end_ms), None)

    def is_labelled(self, begin_ms: float, end_ms: float) -> bool:
        """Return whether all that the user sent between two instants is known by labels."""
        if not self.floor.labelled and not self.of("labelled"):
            return False
        estimated = [(wanted.onset_ms, wanted.end_ms) for wanted in self.of("estimated")]
        return not touch([*self.floor.unlabelled, *estimated], begin_ms, end_ms)


def scene_of(facts: Facts, turns: Sequence[Turn], floor: Floor, duration_ms: float) -> Scene:
    """Return the run as turn-taking sees it."""
    return Scene(facts, floor, turns, duration_ms, _wanted(facts, turns, floor), _said(facts))


def wants_floor(label: Labelled) -> bool:
    """Return whether a label is of a user who wants the floor."""
    return label.kind not in NO_TURN and label.speech_end_ms is not None


def _wanted(facts: Facts, turns: Sequence[Turn], floor: Floor) -> tuple[Wanted, ...]:
    found = [
        Wanted(label.speech_start_ms, label.speech_end_ms, "labelled", label.text, label.pauses_ms)
        for label in floor.labelled
        if wants_floor(label) and label.speech_end_ms is not None
    ]
    labelled = [(label.begin_ms - TOLERANCE_MS, label.end_ms + TOLERANCE_MS) for label in floor.labelled]
    estimated = [stretch for stretch in _estimated(floor) if not touch(labelled, *stretch)]
    for mark_ms in facts.true_ends_ms():
        of_label = next((n for n, one in enumerate(found) if _is_about(mark_ms, one.onset_ms, one.end_ms)), None)
        of_scores = next((stretch for stretch in estimated if _is_about(mark_ms, *stretch)), None)
        if of_label is not None:
            found[of_label] = replace(found[of_label], end_ms=mark_ms)
        elif of_scores is not None:
            estimated.remove(of_scores)
            found.append(Wanted(of_scores[0], mark_ms, "labelled"))
        else:
            found.append(Wanted(None, mark_ms, "labelled"))
    found += [Wanted(begin, _end_of_sound(turns, end), "estimated") for begin, end in estimated]
    return tuple(sorted(found, key=lambda wanted: wanted.end_ms))


def _end_of_sound(turns: Sequence[Turn], end_ms: float) -> float:
    """Return where the turn table has this end: scores are late by a window or two, the table looks at the sound."""
    ends = [turn.speech_end_ms for turn in turns if turn.speech_end_ms is not None]
    return max((ms for ms in ends if end_ms - SCORES_LATE_MS <= ms <= end_ms), default=end_ms)


def _is_about(mark_ms: float, start_ms: float, end_ms: float) -> bool:
    return start_ms < mark_ms <= end_ms + LATEST_MS


def _estimated(floor: Floor) -> list[Window]:
    decided = sorted(one.decided_ms for one in floor.detections if one.decided_ms is not None)
    turns: list[Window] = []
    for begin, end in merged(floor.voiced, PAUSE_MS):
        before = turns[-1] if turns else None
        if before is not None and begin - before[1] < LATEST_MS and not _any_between(decided, before[1], begin):
            turns[-1] = (before[0], end)
        else:
            turns.append((begin, end))
    return [turn for turn in turns if length_ms(within(floor.voiced, *turn)) >= SHORTEST_TURN_MS]


def _any_between(instants: Sequence[float], begin_ms: float, end_ms: float) -> bool:
    at = bisect_right(instants, begin_ms)
    return at < len(instants) and instants[at] <= end_ms


def _said(facts: Facts) -> tuple[Said, ...]:
    found = []
    for response in facts.responses.values():
        for item in response.items.values():
            stretches = merged(
                (start * 1000 / TRACK_RATE_HZ, (start + n) * 1000 / TRACK_RATE_HZ) for start, n in item.heard_refs
            )
            if stretches:
                share = (
                    min(1.0, length_ms(stretches) * TRACK_RATE_HZ / 1000 / item.n_samples) if item.n_samples else 1.0
                )
                words = len((item.transcript or response.text).split()) * share
                found.append(Said(item, response, stretches[0][0], stretches[-1][1], tuple(stretches), words))
    return tuple(sorted(found, key=lambda said: said.start_ms))
