"""What a run's records tell of the floor: when the detector took it and gave it back, what was cut, what was known.

In: all records of a run.  Out: one frozen `Floor`.
Does not know: how a metric is defined, replies, or money (``facts`` has those).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from voicelab.measure.clocks import InputClock
from voicelab.measure.facts import Facts
from voicelab.measure.speech import Window, threshold_at, voiced_windows
from voicelab.measure.stretches import length_ms, merged, within
from voicelab.runlog.record import TRACK_RATE_HZ, Record


@dataclass(frozen=True)
class Detection:
    """One stretch that the detector took for speech.

    Parameters
    ----------
    item_id : str
    epoch : int
    started_ms, stopped_ms : float or None
        When ``speech_started`` and ``speech_stopped`` were received; None: they never were.
    decided_ms : float or None
        ``audio_end_ms`` on the run's time line: the sound it took to decide that speech was over, no computing.
    """

    item_id: str
    epoch: int
    started_ms: float | None = None
    stopped_ms: float | None = None
    decided_ms: float | None = None


@dataclass(frozen=True)
class Labelled:
    """A clip that came with labels, on the run's time line. ``kind`` None is a turn; backchannel and noise are not.

    Parameters
    ----------
    begin_ms, end_ms : float
        Of the clip.
    speech_start_ms, speech_end_ms : float or None
        Of the speech in it.
    kind, text : str or None
    pauses_ms : tuple of (float, float)
        Silences inside the speech, from the label ``pauses_ms``.
    """

    begin_ms: float
    end_ms: float
    speech_start_ms: float | None
    speech_end_ms: float | None
    kind: str | None
    text: str | None
    pauses_ms: tuple[Window, ...]


@dataclass
class Truncation:
    """What was sent and received about one item's cut, ms on the run's time line."""

    sent_ms: float | None = None
    sent_audio_end_ms: float | None = None
    truncated_ms: float | None = None


@dataclass
class Floor:
    """See the module. Stretches are ms on the run's time line.

    Parameters
    ----------
    detections : list of Detection
        In the order in which they were first told of.
    labelled : list of Labelled
    unlabelled : list of (float, float)
        When a clip without labels played, or a microphone was open.
    voiced : list of (float, float)
        Windows of the sent sound that were scored as speech, those that touch put together.
    truncations : dict of str to Truncation
        By item.
    committed_ms : list of float
        When the conversation got a new user message.
    sent : dict of int to list of (float, float)
        Sound that was sent, by epoch.
    listening : list of (float, bool)
        From when on turn detection was on, or off.
    """

    detections: list[Detection] = field(default_factory=list)
    labelled: list[Labelled] = field(default_factory=list)
    unlabelled: list[Window] = field(default_factory=list)
    voiced: list[Window] = field(default_factory=list)
    truncations: dict[str, Truncation] = field(default_factory=dict)
    committed_ms: list[float] = field(default_factory=list)
    sent: dict[int, list[Window]] = field(default_factory=dict)
    listening: list[tuple[float, bool]] = field(default_factory=list)

    def detects(self, ms: float) -> bool:
        """Return whether turn detection was on then."""
        at = bisect_right(self.listening, (ms, True)) - 1
        return at >= 0 and self.listening[at][1]

    def sent_ms(self, begin_ms: float, end_ms: float, epoch: int) -> float:
        """Return how far the input audio clock went between two instants: it stands still while nothing is sent."""
        if end_ms < begin_ms:
            return -self.sent_ms(end_ms, begin_ms, epoch)
        return length_ms(within(self.sent.get(epoch, ()), begin_ms, end_ms))


def floor_of(records: Iterable[Record], facts: Facts) -> Floor:
    """Return what the records of a run tell of the floor, whichever side wrote them: the events have the same names.

    Parameters
    ----------
    records : iterable of Record
    facts : Facts
        Of the same run: the detector's thresholds are there.
    """
    records = list(records)
    reading = _Reading(facts, InputClock(records))
    for record in records:
        handler = _HANDLERS.get(record.type)
        if handler is not None:
            try:
                handler(reading, record)
            except (KeyError, TypeError, AttributeError, ValueError):
                continue  # of another shape than the protocol's; the facts have set it aside
    return reading.close(records[-1].t_ns / 1e6 if records else 0.0)


class _Reading:
    """The state of the one pass."""

    def __init__(self, facts: Facts, clock: InputClock) -> None:
        self._facts, self._clock = facts, clock
        self._floor = Floor()
        self._detections: dict[tuple[int, str], Detection] = {}
        self._clip: dict[str, Any] | None = None
        self._microphone_ms: float | None = None
        self._voiced: list[Window] = []

    def close(self, end_ms: float) -> Floor:
        floor = self._floor
        floor.detections = list(self._detections.values())
        floor.voiced = merged(self._voiced)
        if self._microphone_ms is not None:
            floor.unlabelled.append((self._microphone_ms, end_ms))
        floor.sent = {epoch: merged(windows) for epoch, windows in floor.sent.items()}
        return floor

    def appended(self, record: Record) -> None:
        event = record.event
        ref = event["audio"]["audio_ref"]
        begin_ms = ref["start"] * 1000 / TRACK_RATE_HZ
        stretch = (begin_ms, begin_ms + ref["n"] * 1000 / TRACK_RATE_HZ)
        sent = self._floor.sent.setdefault(record.epoch, [])
        if sent and abs(sent[-1][1] - begin_ms) < 1e-6:
            sent[-1] = (sent[-1][0], stretch[1])
        else:
            sent.append(stretch)
        if self._clip is not None:
            clip, self._clip = self._clip, None
            self._placed(clip, begin_ms)

    def _placed(self, clip: dict[str, Any], begin_ms: float) -> None:
        end_ms, labels = begin_ms + float(clip.get("duration_ms") or 0.0), clip.get("labels") or {}
        if not labels.keys() & {"speech_start_ms", "speech_end_ms", "kind"}:
            self._floor.unlabelled.append((begin_ms, end_ms))
            return
        start, end = labels.get("speech_start_ms"), labels.get("speech_end_ms")
        self._floor.labelled.append(
            Labelled(
                begin_ms,
                end_ms,
                None if start is None else begin_ms + start,
                None if end is None else begin_ms + end,
                labels.get("kind"),
                labels.get("text"),
                tuple((begin_ms + p, begin_ms + q) for p, q in labels.get("pauses_ms") or ()),
            )
        )

    def source_started(self, record: Record) -> None:
        event = record.event
        if "microphone" in event:
            self._microphone_ms = record.t_ns / 1e6
        else:
            self._clip = event

    def source_stopped(self, record: Record) -> None:
        if self._microphone_ms is not None:
            self._floor.unlabelled.append((self._microphone_ms, record.t_ns / 1e6))
            self._microphone_ms = None

    def settings(self, record: Record) -> None:
        event = record.event
        audio_in = (event["session"].get("audio") or {}).get("input") or {}
        if "turn_detection" in audio_in:
            self._floor.listening.append((record.t_ns / 1e6, audio_in["turn_detection"] is not None))

    def speech_started(self, record: Record) -> None:
        event = record.event
        item_id = event.get("item_id", "")
        self._detections[record.epoch, item_id] = Detection(item_id, record.epoch, started_ms=record.t_ns / 1e6)

    def speech_stopped(self, record: Record) -> None:
        event = record.event
        item_id = event.get("item_id", "")
        before = self._detections.get((record.epoch, item_id)) or Detection(item_id, record.epoch)
        decided_ms = self._clock.run_ms(event["audio_end_ms"], record.epoch)
        self._detections[record.epoch, item_id] = Detection(
            item_id, record.epoch, before.started_ms, record.t_ns / 1e6, decided_ms
        )

    def committed(self, record: Record) -> None:
        self._floor.committed_ms.append(record.t_ns / 1e6)

    def item_made(self, record: Record) -> None:
        event = record.event
        if event["item"].get("role") == "user":
            self._floor.committed_ms.append(record.t_ns / 1e6)

    def truncate(self, record: Record) -> None:
        event = record.event
        cut = self._floor.truncations.setdefault(event["item_id"], Truncation())
        cut.sent_ms, cut.sent_audio_end_ms = record.t_ns / 1e6, float(event["audio_end_ms"])

    def truncated(self, record: Record) -> None:
        event = record.event
        self._floor.truncations.setdefault(event["item_id"], Truncation()).truncated_ms = record.t_ns / 1e6

    def scored(self, record: Record) -> None:
        event = record.event
        threshold = threshold_at(self._facts, record.t_ns)
        self._voiced += voiced_windows(event["start_ms"], event["window_ms"], enumerate(event["p"]), threshold)


_HANDLERS: dict[str, Any] = {
    "input_audio_buffer.append": _Reading.appended,
    "voicelab.source.started": _Reading.source_started,
    "voicelab.source.stopped": _Reading.source_stopped,
    "session.created": _Reading.settings,
    "session.updated": _Reading.settings,
    "input_audio_buffer.speech_started": _Reading.speech_started,
    "input_audio_buffer.speech_stopped": _Reading.speech_stopped,
    "input_audio_buffer.committed": _Reading.committed,
    "conversation.item.create": _Reading.item_made,
    "conversation.item.truncate": _Reading.truncate,
    "conversation.item.truncated": _Reading.truncated,
    "voicelab.vad": _Reading.scored,
}
