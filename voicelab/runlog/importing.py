"""A run made of a file of plain Realtime JSON lines that other code recorded.

In: such a file.  Out: a run folder: manifest, records under GA names, the sound of both sides in their tracks.
Does not know: what is measured on it.  Nothing is added that the file does not hold, but speech scores of its audio:

- what was heard nobody knows: ``heard.wav`` is empty and ``clocks["heard"]`` begins with ``unknown``;
- where there are no time stamps, ``t_ns`` is the input audio clock (how much the client had appended), which orders
  records and measures nothing; ``clocks["t_ns"]`` begins with ``unknown``;
- a record without a time stamp among others that have one stands at the time of the one before it, and is counted;
- lines without an event are set aside and counted. All of this stands in the manifest's note, and in the last record.

How lines and time stamps are understood: `voicelab.runlog.import_lines` and `voicelab.runlog.import_times`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

import voicelab
from voicelab.errors import ConfigError
from voicelab.protocol.dialects import make_dialect
from voicelab.protocol.settings import merge
from voicelab.runlog.import_lines import ForeignLine, Sender, sender_by_type
from voicelab.runlog.import_note import MOST_BAD_NAMED, SetRight, clocks_of, note_of
from voicelab.runlog.import_sound import ForeignSound
from voicelab.runlog.import_survey import SOUND_OF, Survey, lines_of, survey_of
from voicelab.runlog.left_out import without_audio
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import TRACK_RATE_HZ, AudioRef, decode_line, encode_line
from voicelab.runlog.recorder import DirectWriting, Recorder
from voicelab.runlog.score_log import ScoreLog
from voicelab.runlog.secrets import hide_secrets
from voicelab.runlog.writer import RunWriter, prepare_folder
from voicelab.turns.scores import Scorer

PROVIDER = "imported"
#: Up to so far behind the sound before it, an append follows that sound without a gap.
SEAM_MS = 250.0
# So far behind its sound the clock may be before that sound counts as sent faster than real time.
_AHEAD_MS = 1_000.0
_NS = 1_000_000_000
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def import_events(source: Path, out: Path, *, tags: Mapping[str, str] | None = None) -> Path:
    """Make a run folder of a file of Realtime events, one JSON object a line.

    Parameters
    ----------
    source : Path
        Read twice, never held whole.
    out : Path
        A new or empty folder.
    tags : mapping of str to str, optional

    Returns
    -------
    Path
        ``out``. Its manifest's ``note`` says what was understood, and what was set aside.

    Raises
    ------
    RunError
        The file cannot be read, holds no event, or is a voicelab run's own log; or ``out`` is not empty.
    """
    survey = survey_of(source)
    writer = RunWriter(prepare_folder(out), Manifest(provider=PROVIDER, clocks=clocks_of(survey.rule)))
    try:
        importing = _Import(survey, writer)
        for _, line in lines_of(source):
            if line is not None:
                importing.take(line)
        manifest = importing.finish(source.name, tags or {})
    except BaseException:
        writer.close()  # the manifest goes on saying that the run is not complete
        raise
    writer.finish(manifest)
    return out


class _Clock:
    """The time of the record that is written next."""

    def __init__(self, began_ns: int) -> None:
        self._began_ns = began_ns
        self.t_ns = 0

    def now_ns(self) -> int:
        return self.t_ns

    def wall_at(self, t_ns: int) -> datetime:
        return _1970 + timedelta(microseconds=(self._began_ns + t_ns) // 1_000)


class _Undated(DirectWriting):
    """Writes records of which nobody knows when they were on a calendar."""

    def line(self, line: bytes) -> None:
        super().line(encode_line(msgspec.structs.replace(decode_line(line), wall="")))


class _Import:
    """The second reading: every event translated, its sound placed, and written down."""

    def __init__(self, survey: Survey, writer: RunWriter) -> None:
        self._survey = survey
        self._clock = _Clock(survey.began_ns)
        self._recorder = Recorder(self._clock, (DirectWriting if self._dated else _Undated)(writer))
        self._scorer = Scorer()
        self._score_log = ScoreLog(self._recorder, self._scorer.name)
        self._set_right = SetRight()
        self._connected = self._sent_ahead = False
        self._asked: dict[str, Any] = {}
        self._in_force: dict[str, Any] = {}
        self._begin_connection()

    @property
    def _dated(self) -> bool:
        return self._survey.rule is not None and self._survey.rule.is_wall

    def _begin_connection(self) -> None:
        self._dialect = make_dialect("beta" if self._survey.beta else "ga")
        self._sound = ForeignSound()

    def take(self, line: ForeignLine) -> None:
        """Write one line's event."""
        self._tell_time(line)
        native = line.body["type"]
        if native in ("session.created", "transcription_session.created"):
            if self._connected:
                self._score_log.flush()
                self._recorder.epoch += 1
                self._begin_connection()
            self._connected = True
        sender = self._sender(line)
        translate = self._dialect.client_from_wire if sender == "send" else self._dialect.server_from_wire
        try:
            bodies = translate(line.body) or [line.body]
        except ConfigError:
            bodies = [line.body]  # not what that dialect can mean: kept as it came
        for body in bodies:
            self._write(sender, body, native)

    def _tell_time(self, line: ForeignLine) -> None:
        rule = self._survey.rule
        if rule is None:
            self._clock.t_ns = self._recorder.end_of("input") * _NS // TRACK_RATE_HZ
            return
        at_ns = rule.ns(line.stamps)
        if at_ns is None:
            self._set_right.n_without_time += 1
            return
        t_ns = at_ns - self._survey.began_ns
        self._set_right.n_backwards += t_ns < self._clock.t_ns
        self._clock.t_ns = max(t_ns, self._clock.t_ns)

    def _sender(self, line: ForeignLine) -> Sender:
        known = sender_by_type(line.body["type"])
        if known is not None or line.word is None:
            return known or "recv"  # services invent events, clients rarely do
        if not self._survey.words_flipped:
            return line.word
        return "recv" if line.word == "send" else "send"

    def _write(self, sender: Sender, body: dict[str, Any], native: str) -> None:
        kind = body["type"]
        if kind.startswith("session.") and isinstance(body.get("session"), dict):
            self._follow_session(sender, body["session"])
        side, name = SOUND_OF.get(kind, (None, ""))
        if side == sender and body.get(name):
            body = {**body, name: self._place(sender, str(body.get("item_id")), body[name])}
        self._recorder.record(sender, kind, without_audio(body), native=native)

    def _follow_session(self, sender: Sender, session: dict[str, Any]) -> None:
        if sender == "send":
            self._asked = merge(self._asked, session)
        else:
            self._in_force = session
        if sender == "recv" or not self._survey.server_tells_session:
            self._sound.configure(session)

    def _place(self, sender: Sender, item_id: str, sound: Any) -> dict[str, Any]:
        """Put an event's sound on its track; return what stands in the event instead."""
        samples = self._sound.decode(sender, item_id, sound)
        if samples is None:
            self._set_right.n_without_sound += 1
            return {"left_out_base64": len(sound) if isinstance(sound, str) else 0}
        if sender == "recv":
            return self._recorder.place("output", samples).to_event()
        ref = self._recorder.place("input", samples, start=self._input_start(len(samples)))
        self._score(ref, samples)
        return ref.to_event()

    def _score(self, ref: AudioRef, samples: Any) -> None:
        self._score_log.placed(ref)
        self._score_log.add(self._scorer.feed(samples))

    def _input_start(self, n_samples: int) -> int | None:
        """Return where sound that was sent now belongs; None: right behind the sound before it."""
        if self._survey.rule is None:
            return None
        captured = self._clock.t_ns * TRACK_RATE_HZ // _NS - n_samples
        end = self._recorder.end_of("input")
        self._sent_ahead = self._sent_ahead or end - captured - n_samples > _AHEAD_MS * TRACK_RATE_HZ / 1000
        return captured if captured - end > SEAM_MS * TRACK_RATE_HZ / 1000 else None

    def finish(self, name: str, tags: Mapping[str, str]) -> Manifest:
        """Write down what was understood; return the manifest that says it too."""
        survey = self._survey
        self._score_log.flush()
        self._recorder.local(
            "imported",
            n_events=survey.n_events,
            n_bad_lines=len(survey.bad_lines),
            bad_lines=survey.bad_lines[:MOST_BAD_NAMED],
            **asdict(self._set_right),
            time=None if survey.rule is None else survey.rule.why,
        )
        model = self._in_force.get("model") or self._asked.get("model")
        model = model if isinstance(model, str) else ""
        return Manifest(
            state="complete",
            provider=PROVIDER,
            model=model,
            began=_rfc3339(self._clock.wall_at(0)) if self._dated else "",
            ended=_rfc3339(self._clock.wall_at(self._clock.t_ns)) if self._dated else None,
            asked=hide_secrets(self._asked),
            in_force=hide_secrets(self._in_force),
            tags=dict(tags),
            note=note_of(name, survey, self._set_right),
            prices={"model": model},
            clocks=clocks_of(survey.rule, sent_ahead=self._sent_ahead),
            software={"voicelab": voicelab.__version__},
            records=self._recorder.records.n_records,
        )


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
