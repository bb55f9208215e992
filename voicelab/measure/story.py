"""A run that is still being recorded, read once and kept small: its facts, and where its sound and its speech lie.

In: records, in order, a few at a time.  Out: facts, and a handful of records that mean to `turns_of` what all of them
do: frames of sound that follow each other are one, speech scores below the threshold are none.
Does not know: files, or who asks.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

from voicelab.measure.facts import Gathering
from voicelab.measure.turns import DEFAULT_THRESHOLD
from voicelab.runlog.record import AudioRef, Record


@dataclass
class _Sound:
    """Sent sound without a gap."""

    first: Record
    start: int
    n: int

    def record(self) -> Record:
        return _like(self.first, {"audio": AudioRef(track="input", start=self.start, n=self.n).to_event()})


@dataclass
class _Speech:
    """Speech scores without a gap, all under one threshold."""

    first: Record
    n_thresholds: int
    p: array[float]

    @property
    def end_ms(self) -> float:
        return float(self.first.event["start_ms"] + len(self.p) * self.first.event["window_ms"])

    def record(self) -> Record:
        return _like(self.first, {**self.first.event, "p": list(self.p)})


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

    def records(self) -> list[Record]:
        """Return the few records that stand for all the sound and all the speech scores."""
        return [sound.record() for sound in self._sounds] + [speech.record() for speech in self._speech]

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


def _like(record: Record, event: dict[str, Any]) -> Record:
    return Record(
        seq=record.seq,
        t_ns=record.t_ns,
        wall=record.wall,
        dir=record.dir,
        type=record.type,
        event=event,
        epoch=record.epoch,
    )
