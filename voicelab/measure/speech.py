"""Where the user spoke, and how that is known: by a person's mark, a clip's label, the speech scores, or the detector.

In: facts; the input audio clock; windows that were scored as speech.  Out: `Speech` values on the run's time line.
Does not know: latency, replies, sound.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from voicelab.measure.clocks import InputClock
from voicelab.measure.facts import Facts, Label, TurnFacts
from voicelab.runlog.record import Record

DEFAULT_THRESHOLD = 0.5
EndFrom: TypeAlias = Literal["label", "mark", "speech scores", "detector"]
#: Begin and end, ms on the run's time line.
Window: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Speech:
    """The user's speech in one turn, ms on the run's time line; None: typed, or not known."""

    start_ms: float | None = None
    end_ms: float | None = None
    end_from: EndFrom | None = None


class Evidence:
    """What there is to find the user's speech by.

    Parameters
    ----------
    clock : InputClock
    labels : sequence of Label
    voiced_ms : sequence of (float, float)
        Windows of the sent audio that this side scored as speech, in order.
    true_ends_ms : sequence of float
        Where somebody marked the true end of speech, in the order in which the marks were made.
    """

    def __init__(
        self,
        clock: InputClock,
        labels: Sequence[Label],
        voiced_ms: Sequence[Window],
        true_ends_ms: Sequence[float] = (),
    ) -> None:
        self._clock = clock
        self._labels = labels
        self._voiced_ms = voiced_ms
        self._true_ends_ms = tuple(true_ends_ms)
        ends = ((label.speech_end_ms, n) for n, label in enumerate(labels) if label.kind != "noise")
        self._label_ends = sorted((end_ms, n) for end_ms, n in ends if end_ms is not None)

    def speech_of(self, turn: TurnFacts) -> Speech:
        """Return begin and end of a turn's speech, and how the end is known."""
        if turn.audio_end_ms is None or turn.audio_start_ms is None:
            return Speech()
        begin = self._clock.run_ms(turn.audio_start_ms, turn.epoch)
        decided = self._clock.run_ms(turn.audio_end_ms, turn.epoch)
        if begin is None or decided is None:
            return Speech()
        label = self._label_between(begin, decided)
        marked = self._mark_between(begin, decided)
        if label is not None:
            start = label.speech_start_ms
            speech = Speech(start if start is not None and start >= begin else begin, label.speech_end_ms, "label")
            return speech if marked is None else replace(speech, end_ms=marked, end_from="mark")
        # The detector's begin has the prefix padding in front of it; speech begins with the first voiced window after.
        first, last = (bisect_right(self._voiced_ms, ms, key=_window_end) for ms in (begin, decided))
        speech = Speech(begin, decided, "detector")
        if first < last:
            speech = Speech(max(begin, self._voiced_ms[first][0]), self._voiced_ms[last - 1][1], "speech scores")
        return speech if marked is None else replace(speech, end_ms=marked, end_from="mark")

    def _mark_between(self, begin_ms: float, decided_ms: float) -> float | None:
        """Return the true end that was marked there last: who marks twice has thought again."""
        return next((ms for ms in reversed(self._true_ends_ms) if begin_ms <= ms <= decided_ms), None)

    def _label_between(self, begin_ms: float, decided_ms: float) -> Label | None:
        """Return the first label whose speech ends there."""
        first = bisect_left(self._label_ends, (begin_ms, 0))
        last = bisect_left(self._label_ends, (decided_ms, len(self._labels)))
        return self._labels[min(n for _, n in self._label_ends[first:last])] if first < last else None


def evidence_of(facts: Facts, records: Sequence[Record]) -> Evidence:
    """Return what all records of a run say of where speech lay."""
    voiced: list[Window] = []
    for record in records:
        if record.type == "voicelab.vad":
            event, threshold = record.event, threshold_at(facts, record.t_ns)
            voiced += voiced_windows(event["start_ms"], event["window_ms"], enumerate(event["p"]), threshold)
    return Evidence(InputClock(records), facts.labels, voiced, facts.true_ends_ms())


def threshold_at(facts: Facts, t_ns: int) -> float:
    """Return the detector's threshold that was in force."""
    at = bisect_right(facts.thresholds, t_ns, key=_instant) - 1
    return facts.thresholds[at][1] if at >= 0 else DEFAULT_THRESHOLD


def voiced_windows(
    start_ms: float, window_ms: float, scores: Iterable[tuple[int, float]], threshold: float
) -> Iterator[Window]:
    """Yield the windows that count as speech.

    Parameters
    ----------
    start_ms, window_ms : float
        Begin of window 0 on the run's time line, and the length of each.
    scores : iterable of (int, float)
        Number and speech probability of each window.
    threshold : float
    """
    for k, p in scores:
        if p >= threshold:
            begin = start_ms + k * window_ms
            yield begin, begin + window_ms


def _instant(change: tuple[int, float]) -> int:
    return change[0]


def _window_end(window_ms: Window) -> float:
    return window_ms[1]
