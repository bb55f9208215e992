"""The tiers over the sound: turns, replies, thresholds, marks and errors of a run, as rows that a page can draw.

In: records, in order, a few at a time.  Out: rows by name, and which of them changed since somebody last asked.
Does not know: sound, pictures, what another threshold would have done.

Times in rows are ms on the run's time line. Positions that the server counts (``audio_start_ms``) come there through
`InputClock`; the end of a turn is drawn where ``speech_stopped`` arrived, which is when it could be acted upon.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec

from voicelab.measure.clocks import InputClock
from voicelab.measure.speech import DEFAULT_THRESHOLD
from voicelab.runlog.record import TRACK_RATE_HZ, AudioRef, Record
from voicelab.turns.endpoint import EndpointSettings
from voicelab.widgets.scope.scores import Scores
from voicelab.widgets.scope.what_if import Spoken

#: JSON values; every row has ``id``, ``kind`` and ``from``.
Row: TypeAlias = dict[str, Any]
_PER_MS = TRACK_RATE_HZ / 1000
_MOST_LETTERS = 200


class Tiers:
    """What happened, as rows.

    Attributes
    ----------
    rows : dict of Row
        All of them by ``id``.
    scores : Scores
    detection : str
        The kind of turn detection in force; ``none`` when the client ends turns.
    settings : EndpointSettings
        The newest that were in force; those of the turn rule's defaults that the server did not name.
    now_ms : float
        The time of the newest record.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.scores = Scores()
        self.detection = ""
        self.settings = EndpointSettings(threshold=DEFAULT_THRESHOLD)
        self.now_ms = 0.0
        self._changed: set[str] = set()
        self._sounds: list[Record] = []
        self._turns: dict[str, Row] = {}
        self._unsettled: dict[str, float | None] = {}  # turns whose speech is not scored to its end, and that end
        self._generated_ms: dict[str, float] = {}

    def take(self, records: Iterable[Record]) -> None:
        """Take the next records of the run."""
        for record in records:
            self.now_ms = max(self.now_ms, record.t_ns / 1e6)
            handler = _HANDLERS.get(record.type)
            if handler is None:
                continue
            try:
                handler(self, record, record.event)
            except (KeyError, TypeError, AttributeError, ValueError):
                # Of another shape than the protocol's: somebody else's server, or a damaged line. Nothing to draw.
                continue
        self._settle()

    def changed(self, *, everything: bool = False) -> list[Row]:
        """Return the rows that changed since the last call, in the order in which they began to exist."""
        names = list(self.rows) if everything else [name for name in self.rows if name in self._changed]
        self._changed.clear()
        return [self.rows[name] for name in names]

    def spoken(self) -> list[Spoken]:
        """Return the turns whose speech is over."""
        return [Spoken(row["n"], row["speech"], row["to"]) for row in self._turns.values() if row["to"] is not None]

    def _row(self, name: str, kind: str, from_ms: float, **facts: Any) -> Row:
        self.rows[name] = {"id": name, "kind": kind, "from": from_ms, **facts}
        self._changed.add(name)
        return self.rows[name]

    def _change(self, row: Row, **facts: Any) -> None:
        if any(row[key] != value for key, value in facts.items()):
            row.update(facts)
            self._changed.add(row["id"])

    # --- what is sent -------------------------------------------------------------------------------------------

    def _appended(self, record: Record, event: dict[str, Any]) -> None:
        """Keep where sound lies, one record for all that follows without a gap: the clock needs no more."""
        ref = event["audio"]["audio_ref"]
        last = self._sounds[-1] if self._sounds else None
        if last is not None and last.epoch == record.epoch:
            before = last.event["audio"]["audio_ref"]
            if before["start"] + before["n"] == ref["start"]:
                self._sounds[-1] = _sound_like(last, before["start"], before["n"] + ref["n"])
                return
        self._sounds.append(_sound_like(record, ref["start"], ref["n"]))

    def _scored(self, record: Record, event: dict[str, Any]) -> None:
        self.scores.take(event, record.epoch)

    def _run_ms(self, record: Record, audio_ms: float) -> float:
        found = InputClock(self._sounds).run_ms(audio_ms, record.epoch)
        return record.t_ns / 1e6 if found is None else found

    # --- turns --------------------------------------------------------------------------------------------------

    def _session(self, record: Record, event: dict[str, Any]) -> None:
        found = ((event["session"].get("audio") or {}).get("input") or {}).get("turn_detection") or {}
        self.detection = found.get("type", "none")
        threshold = found.get("threshold")
        self.settings = EndpointSettings(
            threshold=DEFAULT_THRESHOLD if threshold is None else float(threshold),
            silence_ms=float(found.get("silence_duration_ms", EndpointSettings.silence_ms)),
            prefix_padding_ms=float(found.get("prefix_padding_ms", EndpointSettings.prefix_padding_ms)),
        )
        self._row(f"threshold {record.seq}", "threshold", record.t_ns / 1e6, value=threshold)

    def _speech_started(self, record: Record, event: dict[str, Any]) -> None:
        begin_ms = self._run_ms(record, event["audio_start_ms"])
        name = f"turn {event['item_id']}"
        self._turns[name] = self._row(
            name, "turn", begin_ms, n=len(self._turns) + 1, speech=begin_ms, to=None, decided=None, replied=None
        )
        self._unsettled[name] = None

    def _speech_stopped(self, record: Record, event: dict[str, Any]) -> None:
        name = f"turn {event['item_id']}"
        end_ms = self._run_ms(record, event["audio_end_ms"])
        self._change(self._turns[name], to=end_ms, decided=record.t_ns / 1e6)
        self._unsettled[name] = end_ms

    def _given_up(self, record: Record, _event: dict[str, Any]) -> None:
        """End what was being said when the buffer was cleared, or the connection was another one."""
        for name in [name for name, end_ms in self._unsettled.items() if end_ms is None]:
            at_ms = record.t_ns / 1e6
            self._change(self._turns[name], to=at_ms, decided=at_ms)
            del self._unsettled[name]

    def _opened(self, record: Record, event: dict[str, Any]) -> None:
        self._given_up(record, event)
        self._session(record, event)

    def _committed(self, record: Record, event: dict[str, Any]) -> None:
        name = f"turn {event['item_id']}"
        if name not in self._turns:
            # The client ended it: nobody heard it begin. It is drawn as an instant.
            at_ms = record.t_ns / 1e6
            facts = {"n": len(self._turns) + 1, "speech": at_ms, "to": at_ms, "decided": at_ms, "replied": None}
            self._turns[name] = self._row(name, "turn", at_ms, **facts)

    def _settle(self) -> None:
        """Find the speech inside the turns that are new, as far as there are scores."""
        for name, end_ms in list(self._unsettled.items()):
            row = self._turns[name]
            voiced = self.scores.voiced_ms(row["from"], self.now_ms if end_ms is None else end_ms, self._threshold)
            if voiced is not None:
                self._change(row, speech=voiced[0], **({} if end_ms is None else {"to": min(voiced[1], end_ms)}))
            if end_ms is not None and self.scores.end_ms >= end_ms:
                del self._unsettled[name]

    @property
    def _threshold(self) -> float:
        return self.settings.threshold

    # --- replies ------------------------------------------------------------------------------------------------

    def _generated(self, _record: Record, event: dict[str, Any]) -> None:
        item_id = event["item_id"]
        n_ms = event["delta"]["audio_ref"]["n"] / _PER_MS
        self._generated_ms[item_id] = self._generated_ms.get(item_id, 0.0) + n_ms
        row = self.rows.get(f"reply {item_id}")
        if row is not None and row["cut"]:
            self._change(row, unheard=max(0.0, self._generated_ms[item_id] - row["heard"]))

    def _play_started(self, record: Record, event: dict[str, Any]) -> None:
        at_ms = event.get("first_sample_ns", record.t_ns) / 1e6
        self._reply(event["item_id"], at_ms)
        turn = next(reversed(self._turns.values()), None)
        if turn is not None and turn["replied"] is None:
            self._change(turn, replied=at_ms)

    def _reply(self, item_id: str, at_ms: float) -> Row:
        facts = {"turn": len(self._turns), "to": None, "cut": False, "heard": 0.0, "unheard": 0.0, "ended": False}
        return self._row(f"reply {item_id}", "reply", at_ms, **facts)

    def _play_heard(self, _record: Record, event: dict[str, Any]) -> None:
        ref, row = event["audio"]["audio_ref"], self.rows[f"reply {event['item_id']}"]
        self._change(row, to=(ref["start"] + ref["n"]) / _PER_MS, heard=row["heard"] + ref["n"] / _PER_MS)

    def _play_stopped(self, _record: Record, event: dict[str, Any]) -> None:
        item_id, heard_ms = event["item_id"], float(event["heard_ms"])
        row = self.rows[f"reply {item_id}"]
        cut = event["reason"] == "interrupted"
        received_ms = max(float(event["received_ms"]), self._generated_ms.get(item_id, 0.0))
        self._change(
            row,
            to=row["from"] + heard_ms if row["to"] is None else row["to"],
            cut=cut,
            heard=heard_ms,
            unheard=max(0.0, received_ms - heard_ms) if cut else 0.0,
            ended=True,
        )

    def _truncated(self, record: Record, event: dict[str, Any]) -> None:
        """A reply that was cut off before its first sample was heard has no playback at all."""
        item_id = event["item_id"]
        if f"reply {item_id}" not in self.rows and item_id in self._generated_ms:
            at_ms = record.t_ns / 1e6
            row = self._reply(item_id, at_ms)
            self._change(row, to=at_ms, cut=True, unheard=self._generated_ms[item_id], ended=True)

    # --- remarks ------------------------------------------------------------------------------------------------

    def _marked(self, record: Record, event: dict[str, Any]) -> None:
        at_ms = event.get("at_ms")
        from_ms = record.t_ns / 1e6 if at_ms is None else float(at_ms)
        self._row(f"mark {record.seq}", "mark", from_ms, text=str(event["text"])[:_MOST_LETTERS])

    def _failed(self, record: Record, event: dict[str, Any]) -> None:
        text = str((event.get("error") or {}).get("message", ""))[:_MOST_LETTERS]
        self._row(f"error {record.seq}", "error", record.t_ns / 1e6, text=text)


_HANDLERS: dict[str, Any] = {
    "session.created": Tiers._opened,
    "input_audio_buffer.cleared": Tiers._given_up,
    "session.updated": Tiers._session,
    "input_audio_buffer.append": Tiers._appended,
    "voicelab.vad": Tiers._scored,
    "input_audio_buffer.speech_started": Tiers._speech_started,
    "input_audio_buffer.speech_stopped": Tiers._speech_stopped,
    "input_audio_buffer.committed": Tiers._committed,
    "response.output_audio.delta": Tiers._generated,
    "voicelab.playback.started": Tiers._play_started,
    "voicelab.playback.heard": Tiers._play_heard,
    "voicelab.playback.stopped": Tiers._play_stopped,
    "conversation.item.truncated": Tiers._truncated,
    "voicelab.mark": Tiers._marked,
    "error": Tiers._failed,
}


def _sound_like(record: Record, start: int, n: int) -> Record:
    return msgspec.structs.replace(record, event={"audio": AudioRef(track="input", start=start, n=n).to_event()})
