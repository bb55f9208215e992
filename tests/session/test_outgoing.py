"""What leaves a session: how much sound goes into one event."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from tests.session.room import hold
from voicelab.errors import ConfigError
from voicelab.experiments.clips import spoken_lines
from voicelab.session.core import SessionCore
from voicelab.turns.scores import score_clip

HELLO = spoken_lines()["hello"].clip


@pytest.mark.parametrize("chunk_ms", [40, 60, 100])
def test_a_chunk_is_fewer_events_with_the_same_sound_at_the_same_place(tmp_path: Path, chunk_ms: int) -> None:
    """Every append holds so much; the track is the one that 20 ms frames would have given."""

    async def act(core: SessionCore) -> None:
        await core.use_chunk(chunk_ms)
        await asyncio.sleep(0.3)
        await core.play(HELLO)

    async def plain(core: SessionCore) -> None:
        await asyncio.sleep(0.3)
        await core.play(HELLO)

    held, usual = hold(act, tmp_path / "run"), hold(plain, tmp_path / "usual")
    appends = [event["audio"]["audio_ref"] for event in held.sent("input_audio_buffer.append")]
    assert {ref["n"] for ref in appends} == {chunk_ms * 24}
    assert all(b["start"] == a["start"] + a["n"] for a, b in pairwise(appends))
    n = round(24 * (300 + HELLO.duration_ms))
    assert (held.run.samples("input", 0, n) == usual.run.samples("input", 0, n)).all()
    assert held.local("chunk") == [{"chunk_ms": chunk_ms}]


def test_after_a_lost_connection_nothing_is_written_down_as_sent(tmp_path: Path) -> None:
    """Sound that goes nowhere is no sound that was sent, and does not pile up."""
    n_sent: list[int] = []

    async def act(core: SessionCore) -> None:
        await asyncio.sleep(0.5)
        assert core._connection.transport is not None
        await core._connection.transport.close()
        await asyncio.sleep(0.1)
        n_sent.append(core._recorder.end_of("input"))
        await asyncio.sleep(2)
        n_sent.append(core._recorder.end_of("input"))
        assert core._out._outbox.qsize() == 0

    hold(act, tmp_path / "run")
    assert n_sent[1] == n_sent[0] > 0


def test_speech_is_scored_to_its_end(tmp_path: Path) -> None:
    """The scores before a commit are those of the whole sound: the last few do not wait for more."""

    async def act(core: SessionCore) -> None:
        for at in range(0, 480 * 37, 480):
            await core.append(HELLO.samples[at : at + 480])
        await core.commit()

    held = hold(act, tmp_path / "run", asked={"audio": {"input": {"turn_detection": None}}})
    kinds = [record.type for record in held.run.records()]
    before = held.run.records()[: kinds.index("input_audio_buffer.commit")]
    found = [p for record in before for p in record.event.get("p", ())]
    expected = [score.probability for score in score_clip(HELLO.samples[: 480 * 37])]
    assert len(found) >= len(expected) - 1  # the resampler holds the last millisecond back
    assert found == pytest.approx(expected[: len(found)], abs=1e-3)


def test_what_waits_for_a_chunk_belongs_to_a_commit(tmp_path: Path) -> None:
    """A client that commits loses no sound that was gathered and not sent yet."""

    async def act(core: SessionCore) -> None:
        await core.use_chunk(100)
        await core.append(HELLO.samples[:4_800])
        await core.append(HELLO.samples[4_800:6_000])
        await core.commit()

    held = hold(act, tmp_path / "run", asked={"audio": {"input": {"turn_detection": None}}})
    order = [r.type for r in held.run.records() if r.dir == "send" and r.type.startswith("input_audio_buffer")]
    assert order[-1] == "input_audio_buffer.commit"
    assert (held.run.samples("input")[-6_000:] == HELLO.samples[:6_000]).all()


@pytest.mark.parametrize("chunk_ms", [0, 10, 30, 120, 20.5])
def test_a_chunk_that_cannot_be_is_refused(tmp_path: Path, chunk_ms: int) -> None:
    """The error lists what can be; nothing changes."""

    async def act(core: SessionCore) -> None:
        with pytest.raises(ConfigError, match="chunk_ms must be one of 20, 40, 60, 80, 100"):
            await core.use_chunk(chunk_ms)

    assert hold(act, tmp_path / "run").local("chunk") == []
