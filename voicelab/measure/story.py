"""A run read once and kept small: its facts, and where its sound and its speech lie.

In: records in order, a few at a time while they happen, or the unparsed lines of a log.  Out: facts, and the `Evidence`
of speech that all of the records are, kept as a handful of stretches: frames of sound that follow each other are one,
speech scores below the threshold are none.
Does not know: files, or who asks.

Nine lines of ten in a log tell of sound or silence. Of those only the few numbers are parsed that count; that makes an
hour's log a matter of a tenth of a second.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec

from voicelab.measure.clocks import InputClock
from voicelab.measure.gathering import Gathering
from voicelab.measure.speech import DEFAULT_THRESHOLD, Evidence, Window, threshold_at, voiced_windows
from voicelab.runlog.manifest import Side
from voicelab.runlog.reader import Line
from voicelab.runlog.record import AudioRef, Direction, Record


class _Place(msgspec.Struct, gc=False):
    """Where sound lies on its track."""

    start: int
    n: int


class _Audio(msgspec.Struct, gc=False):
    audio_ref: _Place


class _Sent(msgspec.Struct, gc=False):
    """An ``input_audio_buffer.append``, as far as it counts."""

    audio: _Audio


class _Came(msgspec.Struct, gc=False):
    """A ``response.output_audio.delta``, as far as it counts."""

    delta: _Audio
    response_id: str = ""
    item_id: str = ""


class _Heard(msgspec.Struct, gc=False):
    """A ``voicelab.playback.heard``, as far as it counts."""

    audio: _Audio
    item_id: str = ""


class _Words(msgspec.Struct, gc=False):
    """A ``response.output_audio_transcript.delta``, as far as it counts."""

    delta: str
    response_id: str = ""
    item_id: str = ""


class _Scores(msgspec.Struct, gc=False):
    """A ``voicelab.vad``."""

    p: list[float]
    start_ms: float
    window_ms: float


_all_sent = msgspec.json.Decoder(list[_Sent])
_came = msgspec.json.Decoder(_Came)
_heard = msgspec.json.Decoder(_Heard)
_said = msgspec.json.Decoder(_Words)
_scores = msgspec.json.Decoder(_Scores)
_APPEND = "input_audio_buffer.append"
_DELTA = "response.output_audio.delta"
_WORDS = "response.output_audio_transcript.delta"
_HEARD = "voicelab.playback.heard"
_VAD = "voicelab.vad"
_NOT_BULK = None, None
_CLIP = "voicelab.source.started"


@dataclass
class _Sound:
    """Sent sound without a gap."""

    epoch: int
    start: int
    n: int

    def record(self) -> Record:
        audio = AudioRef(track="input", start=self.start, n=self.n).to_event()
        return Record(seq=0, t_ns=0, wall="", dir="send", type=_APPEND, event={"audio": audio}, epoch=self.epoch)


@dataclass
class _Speech:
    """Speech scores without a gap, all under one threshold."""

    t_ns: int
    start_ms: float
    window_ms: float
    n_thresholds: int
    p: array[float]
    _voiced: list[Window] = field(default_factory=list)
    _n_judged: int = 0
    _threshold: float | None = None

    @property
    def end_ms(self) -> float:
        return self.start_ms + len(self.p) * self.window_ms

    def voiced(self, threshold: float) -> list[Window]:
        """Return the voiced windows; each score is looked at once, unless the threshold is another one now."""
        if threshold != self._threshold:
            self._voiced, self._n_judged, self._threshold = [], 0, threshold
        new = islice(enumerate(self.p), self._n_judged, None)
        self._voiced += voiced_windows(self.start_ms, self.window_ms, new, threshold)
        self._n_judged = len(self.p)
        return self._voiced


class Story:
    """What has to be remembered of a run to tell its turns. It grows with what is said, not with time.

    Parameters
    ----------
    side : {"client", "server"}
        Who wrote the run.
    """

    def __init__(self, side: Side = "client") -> None:
        self._gathering = Gathering(side)
        self._ups: Direction = "send" if side == "client" else "recv"
        downs: Direction = "recv" if side == "client" else "send"
        self._bulk: dict[str, tuple[Direction, Callable[[Line], None]]] = {
            _DELTA: (downs, self._came),
            _WORDS: (downs, self._said),
            _HEARD: ("local", self._heard),
            _VAD: ("local", self._scored),
        }
        self._clip_began = False
        self._sounds: list[_Sound] = []
        self._speech: list[_Speech] = []
        self.last_seq = -1
        self.last_t_ns = 0
        self.facts = self._gathering.facts

    def take(self, record: Record) -> None:
        """Take the next record; one that was taken before is passed over."""
        if record.seq > self.last_seq:
            self.last_seq, self.last_t_ns = record.seq, record.t_ns
            self._take(record)

    def take_lines(self, pieces: Iterable[Sequence[Line]]) -> int:
        """Take a log that is read on; return how many of the lines were no records after all."""
        return sum(self._take_piece(piece) for piece in pieces)

    def _take_piece(self, lines: Sequence[Line]) -> int:
        n_bad, sent, ups, seen = 0, list[Line](), self._ups, self.last_seq
        for line in lines:
            if line.seq <= seen:
                continue  # a live session's, seen in memory before
            kind = line.type
            # Two lines of three are sound that was sent: nothing but where it lies, and all at once. The first behind
            # the beginning of a clip is taken as a record: it says where the clip's labels lie.
            if kind == _APPEND and line.dir == ups and not self._clip_began:
                sent.append(line)
                continue
            if kind in (_APPEND, _CLIP):
                self._take_sent(sent)
                sent.clear()
                self._clip_began = kind == _CLIP
            try:
                self._take_line(line)
            except msgspec.ValidationError:
                n_bad += 1
        self._take_sent(sent)
        if lines and lines[-1].seq > seen:
            self.last_seq, self.last_t_ns = lines[-1].seq, lines[-1].t_ns
        return n_bad

    def _take_line(self, line: Line) -> None:
        direction, take = self._bulk.get(line.type, _NOT_BULK)
        if direction == line.dir and take is not None:
            try:
                take(line)
            except msgspec.ValidationError:
                self._take(line.record())  # of another shape than voicelab writes
        elif self._gathering.wants(line.dir, line.type):
            self._take(line.record())

    def _take_sent(self, lines: Sequence[Line]) -> None:
        """Take appends in a row; of frames of one length that lie end to end only the outer two are parsed."""
        if not lines:
            return
        events = [line.event for line in lines]
        both_ends = b"[%b,%b]" % (events[0], events[-1])
        written = b",".join(events)
        try:
            first, last = (event.audio.audio_ref for event in _all_sent.decode(both_ends))
            one_length = written.count(b'"n":%d,' % first.n) == len(lines) and lines[0].epoch == lines[-1].epoch
            if one_length and last.start - first.start == first.n * (len(lines) - 1):
                # A track only grows, so frames that fill the whole stretch have no gap between them.
                self._take_sound(lines[0].epoch, first.start, first.n * len(lines))
                return
            for line, event in zip(lines, _all_sent.decode(b"[" + written + b"]"), strict=True):
                self._take_sound(line.epoch, event.audio.audio_ref.start, event.audio.audio_ref.n)
        except msgspec.ValidationError:
            for line in lines:
                self._take(line.record())

    def evidence(self) -> Evidence:
        """Return what all the sound and all the speech scores say of where speech lay."""
        clock = InputClock(sound.record() for sound in self._sounds)
        voiced: list[Window] = []
        for speech in self._speech:
            voiced += speech.voiced(threshold_at(self.facts, speech.t_ns))
        return Evidence(clock, self.facts.labels, voiced, self.facts.true_ends_ms())

    def _take(self, record: Record) -> None:
        self._gathering.take(record)
        if record.type == _APPEND:
            audio: Any = record.event.get("audio")
            ref = audio.get("audio_ref") if isinstance(audio, dict) else None
            if ref:
                self._take_sound(record.epoch, ref["start"], ref["n"])
        elif record.type == _VAD:
            try:
                self._take_scores(record.t_ns, msgspec.convert(record.event, _Scores))
            except msgspec.ValidationError:
                self.facts.unreadable.append(record.seq)

    def _came(self, line: Line) -> None:
        event = _came.decode(line.event)
        place = event.delta.audio_ref
        self._gathering.sound_came(line.t_ns, event.response_id, event.item_id, place.start, place.n)

    def _said(self, line: Line) -> None:
        event = _said.decode(line.event)
        self._gathering.words_came(event.response_id, event.item_id, event.delta)

    def _heard(self, line: Line) -> None:
        event = _heard.decode(line.event)
        place = event.audio.audio_ref
        self._gathering.sound_heard(event.item_id, place.start, place.n)

    def _scored(self, line: Line) -> None:
        self._take_scores(line.t_ns, _scores.decode(line.event))

    def _take_sound(self, epoch: int, start: int, n: int) -> None:
        last = self._sounds[-1] if self._sounds else None
        if last is not None and last.epoch == epoch and last.start + last.n == start:
            last.n += n
        else:
            self._sounds.append(_Sound(epoch, start, n))

    def _take_scores(self, t_ns: int, scores: _Scores) -> None:
        thresholds, p = self.facts.thresholds, scores.p
        if max(p, default=0.0) < (thresholds[-1][1] if thresholds else DEFAULT_THRESHOLD):
            return
        last = self._speech[-1] if self._speech else None
        if last is not None and last.n_thresholds == len(thresholds) and abs(last.end_ms - scores.start_ms) < 1e-3:
            last.p.extend(p)
        else:
            new = _Speech(t_ns, scores.start_ms, scores.window_ms, len(thresholds), array("d", p))
            self._speech.append(new)
