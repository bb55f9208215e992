"""Promises of `voicelab.measure.turns_so_far`: at any moment the turns are those that a fresh look would find."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pytest

from tests.measure.room import PRICE, Tape, loud, silent, usage
from voicelab.audio.samples import Samples
from voicelab.measure.gathering import gather
from voicelab.measure.story import Story
from voicelab.measure.turns import ReadTrack, turns_of
from voicelab.measure.turns_so_far import TurnsSoFar
from voicelab.runlog.record import Record, Track

#: When, what, and its payload.
Late: TypeAlias = list[tuple[float, str, dict[str, Any]]]
USED = usage(text=(119, 64, 30), audio=(13, 0, 10))


def eventful(seed: int, n_turns: int = 6) -> Tape:
    """Return a conversation in which what belongs to a turn comes late: some of it turns later, some never.

    Transcripts, usage, truncations and deletions; now and then a label, a lost connection, a threshold that moves.
    """
    rng, tape = np.random.default_rng(seed), Tape()
    late: Late = []
    tape.opened(0)
    for k in range(n_turns):
        at = k * 2000
        if rng.random() < 0.2:
            tape.epoch += 1
        base = sum(r.event["audio"]["audio_ref"]["n"] for r in tape.records if _is_sound(r, tape.epoch)) / 24
        if rng.random() < 0.4:
            labels = {"speech_start_ms": 100, "speech_end_ms": float(rng.choice([500, 900, 1500]))}
            tape.local("source.started", at, clip="a.wav", labels=labels)
        tape.frames(at, at + 1200)
        scored_ms = rng.choice([at + 736, at + 1990])  # the second when all about the turn may have been said
        p = rng.uniform(0, 1, 20).tolist()
        if scored_ms < at + 1200:
            tape.scores(at + 96, *p, at_ms=scored_ms)
        if rng.random() < 0.3:
            tape.opened(at + 1000, threshold=float(rng.uniform(0.2, 0.8)), kind="session.updated")
        tape.spoke(f"u{k}", round(base), round(base) + 1100, started_ms=at + 200, stopped_ms=at + 1200)
        kind = "conversation.item.input_audio_transcription.completed"
        late.append((at + rng.uniform(1200, 6000), kind, {"item_id": f"u{k}", "transcript": f"words {k}"}))
        _reply(tape, rng, k, at + 1250, late)
        for due in sorted((one for one in late if one[0] < at + 2000), key=lambda one: one[0]):
            late.remove(due)
            tape.recv(due[1], due[0], **due[2])
        if scored_ms > at + 1200:
            tape.scores(at + 96, *p, at_ms=scored_ms)
    for at_ms, kind, event in sorted(late, key=lambda one: one[0])[::2]:  # the others never come
        tape.recv(kind, at_ms, **event)
    return tape


def _is_sound(record: Record, epoch: int) -> bool:
    return record.type == "input_audio_buffer.append" and record.epoch == epoch


def _reply(
    tape: Tape, rng: np.random.Generator, k: int, at: float, late: list[tuple[float, str, dict[str, object]]]
) -> None:
    tape.created(f"r{k}", at)
    tape.said(f"r{k}", f"a{k}", at + 10, f"reply {k} ")
    tape.sound(f"r{k}", f"a{k}", at + 20, np.concatenate([silent(60), loud(240)]))
    tape.played(f"a{k}", at + 30)
    tape.sound(f"r{k}", f"a{k}", at + 40, loud(100))
    n_parts = int(rng.integers(1, 4))
    for part in range(n_parts):
        tape.heard(f"a{k}", at + 30 + part * 100, np.concatenate([silent(60), loud(40)]))
    if rng.random() < 0.7:
        reason = "finished" if n_parts == 3 else "interrupted"
        tape.stopped(f"a{k}", at + 340, n_parts * 100.0, 400.0, reason)
    body = {"id": f"r{k}", "status": "completed", "usage": USED}
    late.append((at + rng.uniform(100, 5000), "response.done", {"response": body}))
    if rng.random() < 0.4:
        late.append(
            (at + rng.uniform(400, 7000), "conversation.item.truncated", {"item_id": f"a{k}", "audio_end_ms": 50})
        )
    if rng.random() < 0.2:
        late.append((at + rng.uniform(400, 7000), "conversation.item.deleted", {"item_id": f"a{k}"}))


def written_so_far(tape: Tape, records: list[Record], lag: int) -> ReadTrack:
    """Return a reader of the sound that some records speak of; the disk is ``lag`` records behind."""
    ends: dict[Track, int] = {"input": 0, "output": 0, "heard": 0}
    for record in records[: max(0, len(records) - lag)]:
        ref = record.event.get("audio") or record.event.get("delta") or {}
        if isinstance(ref, dict) and "audio_ref" in ref:
            ref = ref["audio_ref"]
            ends[ref["track"]] = max(ends[ref["track"]], ref["start"] + ref["n"])

    def read(track: Track, start: int, n: int) -> Samples:
        return tape.tracks[track][: ends[track]][start : start + n]

    return read


@pytest.mark.parametrize("seed", range(6))
def test_at_every_record_the_turns_are_those_of_a_fresh_look(seed: int) -> None:
    """Whatever comes late, and also where the sound reaches the disk after the record that speaks of it."""
    tape, story, so_far = eventful(seed), Story(), TurnsSoFar()
    lag = 0 if seed % 2 else 5
    for n, record in enumerate(tape.records, 1):
        story.take(record)
        if record.type == "input_audio_buffer.append":
            continue  # sound alone changes no turn; the next record shows what it did
        records = tape.records[:n]
        read = written_so_far(tape, records, lag)
        assert so_far.tell(story.facts, story.evidence(), PRICE, read) == turns_of(
            gather(records), records, PRICE, read
        )
    read = written_so_far(tape, tape.records, 0)
    assert so_far.tell(story.facts, story.evidence(), PRICE, read) == tape.turns()


class Reader:
    """Counts what is read of a tape."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.asked: list[tuple[Track, int]] = []

    def __call__(self, track: Track, start: int, n: int) -> Samples:
        self.asked.append((track, start))
        return self._tape.read(track, start, n)


def test_a_turn_that_has_not_changed_is_not_listened_to_again(conversation: Tape) -> None:
    """The values are the very same; of another turn's news it takes no notice."""
    story, so_far, read = Story(), TurnsSoFar(), Reader(conversation)
    for record in conversation.records:
        story.take(record)
    before = so_far.tell(story.facts, story.evidence(), PRICE, read)
    assert (
        len(read.asked) == 9
    )  # of each reply its beginning, as it arrived and was heard; one end of speech by its sound
    read.asked.clear()
    again = so_far.tell(story.facts, story.evidence(), PRICE, read)
    assert all(one is two for one, two in zip(again, before, strict=True))
    story.facts.turns[1].transcript = "said after all"
    changed = so_far.tell(story.facts, story.evidence(), PRICE, read)
    assert [one is two for one, two in zip(changed, before, strict=True)] == [True, False, True, True]
    assert changed[1] == replace(before[1], transcript="said after all")
    assert [track for track, _ in read.asked] == ["input", "output", "heard"]


def test_another_price_is_another_cost(conversation: Tape) -> None:
    """A run's price may become known when it ends."""
    facts, so_far = conversation.facts(), TurnsSoFar()
    evidence = Story().evidence()
    without = so_far.tell(facts, evidence, None, conversation.read)
    priced = so_far.tell(facts, evidence, PRICE, conversation.read)
    assert [turn.cost_usd for turn in without] == [None] * 4
    assert all(turn.cost_usd for turn in priced)
