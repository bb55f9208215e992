"""A session on human speech with human labels: what `voicelab talk` does, in virtual time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.server.room import GivenEars, Saying
from tests.session.room import Held, hold
from voicelab.audio.clip import read_clip
from voicelab.audio.samples import RATE_HZ
from voicelab.engines.mirror import Mirror
from voicelab.engines.reply import Say
from voicelab.protocol.settings import ServerVAD, to_plain
from voicelab.session.core import SessionCore
from voicelab.turns.voiced import audible_start_ms

PATIENT = {"audio": {"input": {"turn_detection": to_plain(ServerVAD(silence_duration_ms=900))}}}
TOLERANCE_MS = 250


def labelled_turn(share: Path, clip: str) -> tuple[float, float]:
    """Return begin and end of the labelled turn in ms."""
    rows = [json.loads(row) for row in (share / "labels" / f"{clip}.jsonl").read_text().splitlines()]
    (turn,) = [row for row in rows if row["kind"] == "turn"]
    return turn["start"] * 1000, turn["end"] * 1000


@pytest.mark.speech
def test_phone_numbers_begin_and_end_where_people_labelled_them(speech_share: Path, tmp_path: Path) -> None:
    """At 900 ms of silence, onset and offset of every dictated number are within 250 ms of the labels.

    A pause of more than 900 ms inside a number rightly ends a turn: then the first turn's onset and the last one's
    offset count. Where a label begins before anything can be heard (-45 dBFS), the onset is where it can be.
    """
    clips = sorted(path.stem for path in (speech_share / "audio").glob("turn-phone-*.wav"))
    assert len(clips) == 24
    wrong = {}
    for name in clips:
        clip = read_clip(speech_share / "audio" / f"{name}.wav")

        async def act(core: SessionCore, clip=clip) -> None:
            await core.play(clip)

        held = hold(act, tmp_path / name, asked=PATIENT, reply=Saying((Say("Yes."),)))
        begin_ms = clip_began_ms(held)
        turns = held.run.turn_list()
        start_ms, end_ms = labelled_turn(speech_share, name)
        audible_ms = audible_start_ms(clip.samples, RATE_HZ) or 0.0
        onset_ms = turns[0].speech_start_ms - begin_ms - max(start_ms, audible_ms)
        offset_ms = turns[-1].speech_end_ms - begin_ms - end_ms
        if abs(onset_ms) > TOLERANCE_MS or abs(offset_ms) > TOLERANCE_MS:
            wrong[name] = (onset_ms, offset_ms)
    assert not wrong


def clip_began_ms(held: Held) -> float:
    """Return where on the run's time line the clip's first frame lies."""
    records = held.run.records()
    seq = next(r.seq for r in records if r.type == "voicelab.source.started")
    first = next(r for r in records[seq:] if r.type == "input_audio_buffer.append")
    return first.event["audio"]["audio_ref"]["start"] / 24


@pytest.mark.speech
@pytest.mark.parametrize("name", ["libri-0880", "jfk"])
def test_mirror_gives_back_what_was_said_in_any_voice(speech_share: Path, tmp_path: Path, name: str) -> None:
    """The mirror needs no words: every turn that is found is given back whole."""
    paths = sorted((speech_share / "audio").glob(f"{name.split('-')[0]}*.wav"))
    clip = read_clip(paths[0])

    async def act(core: SessionCore) -> None:
        await core.play(clip)

    held = hold(act, tmp_path / "run", asked=PATIENT, reply=Mirror(), ears=GivenEars(""))
    turns = held.run.turn_list()
    assert turns
    assert sum(turn.delivered_ms for turn in turns if not turn.interrupted) > 500
