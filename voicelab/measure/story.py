"""A run that is still being recorded, read once and kept small: its facts, and where its sound and its speech lie.

In: records, in order, a few at a time.  Out: facts, and the `Evidence` of speech that all of the records are, kept as a
handful of stretches: frames of sound that follow each other are one, speech scores below the threshold are none.
Does not know: files, or who asks.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from voicelab.measure.clocks import InputClock
from voicelab.measure.facts import Gathering
from voicelab.measure.speech import DEFAULT_THRESHOLD, Evidence, Window, threshold_at, voiced_windows
from voicelab.runlog.record import AudioRef, Record


@dataclass
class _Sound:
    """Sent sound without a gap."""

    first: Record
    start: int
    n: int

    def record(self) -> Record:
        return Record(
            seq=self.first.seq,
            t_ns=self.first.t_ns,
            wall=self.first.wall,
            dir=self.first.dir,
            type=self.first.type,
            event={"audio": AudioRef(track="input", start=self.start, n=self.n).to_event()},
            epoch=self.first.epoch,
        )


@dataclass
class _Speech:
    """Speech scores without a gap, all under one threshold."""

    first: Record
    n_thresholds: int
    p: array[float]
    _voiced: list[Window] = field(default_factory=list)
    _n_judged: int = 0
    _threshold: float | None = None

    @property
    def end_ms(self) -> float:
        return float(self.first.event["start_ms"] + len(self.p) * self.first.event["window_ms"])

    def voiced(self, threshold: float) -> list[Window]:
        """Return the voiced windows; each score is looked at once, unless the threshold is another one now."""
        if threshold != self._threshold:
            self._voiced, self._n_judged, self._threshold = [], 0, threshold
        new = islice(enumerate(self.p), self._n_judged, None)
        self._voiced += voiced_windows(self.first.event["start_ms"], self.first.event["window_ms"], new, threshold)
        self._n_judged = len(self.p)
        return self._voiced


class Story:
    """What has to be remembered of a run to tell its turns. It grows with what is said, not with time."""

    def __init__(self) -> None:
        self._gathering = Gathering()
        self._sounds: list[_Sound] = []
        self._speech: list[_Speech] = []
        self.last_seq = -1
        self.facts = self._gathering.facts

    def take(self, record: Record) -> None:
        """Take the next record; one that was taken before is passed over."""
        if record.seq <= self.last_seq:
            return
        self.last_seq = record.seq
        self._gathering.take(record)
        if record.type == "input_audio_buffer.append":
            self._take_sound(record)
        elif record.type == "voicelab.vad":
            self._take_scores(record)

    def evidence(self) -> Evidence:
        """Return what all the sound and all the speech scores say of where speech lay."""
        clock = InputClock(sound.record() for sound in self._sounds)
        voiced: list[Window] = []
        for speech in self._speech:
            voiced += speech.voiced(threshold_at(self.facts, speech.first.t_ns))
        return Evidence(clock, self.facts.labels, voiced)

    def _take_sound(self, record: Record) -> None:
        audio: Any = record.event.get("audio")
        ref = audio.get("audio_ref") if isinstance(audio, dict) else None
        if not ref:
            return
        last = self._sounds[-1] if self._sounds else None
        if last is not None and last.first.epoch == record.epoch and last.start + last.n == ref["start"]:
            last.n += ref["n"]
        else:
            self._sounds.append(_Sound(record, ref["start"], ref["n"]))

    def _take_scores(self, record: Record) -> None:
        thresholds, p = self.facts.thresholds, record.event["p"]
        if max(p, default=0.0) < (thresholds[-1][1] if thresholds else DEFAULT_THRESHOLD):
            return
        last = self._speech[-1] if self._speech else None
        if (
            last is not None
            and last.n_thresholds == len(thresholds)
            and abs(last.end_ms - record.event["start_ms"]) < 1e-3
        ):
            last.p.extend(p)
        else:
            self._speech.append(_Speech(record, len(thresholds), array("d", p)))
