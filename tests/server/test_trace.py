"""Promises of `voicelab.server.trace`: the server's side of a session, as a run that reads like any other."""

from __future__ import annotations

import asyncio
import base64
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.server.room import Client, Saying, converse, spoken
from voicelab.engines.reply import Say
from voicelab.measure.run import Run, open_run
from voicelab.protocol.dialects import make_dialect
from voicelab.runlog.manifest import Manifest, read_manifest
from voicelab.runlog.writer import RunWriter
from voicelab.server.engines import ServerOptions


def traced(folder: Path, talk: Any, **session: Any) -> tuple[Client, Run]:
    """Hold a session that is written down; return the client and the trace."""
    client = converse(talk, options=ServerOptions(trace=folder), **session)
    (run,) = folder.iterdir()
    return client, open_run(run)


async def one_turn(client: Client) -> None:
    await client.append(spoken("hello"))
    await client.until("response.done")


def test_everything_that_came_and_went_is_in_the_trace(tmp_path: Path) -> None:
    """Every event the client got is there with its id, and every one it sent."""
    client, run = traced(tmp_path, one_turn)
    records = run.records()
    sent = [r.event["event_id"] for r in records if r.dir == "send"]
    assert sent == [event["event_id"] for event in client.events]
    appended = [r for r in records if r.dir == "recv" and r.type == "input_audio_buffer.append"]
    assert len(appended) == -(-len(spoken("hello")) // 480)
    assert (run.manifest.side, run.manifest.state) == ("server", "complete")
    assert run.manifest.records == len(records)


def test_the_sound_of_both_sides_is_kept(tmp_path: Path) -> None:
    """What arrived lies where it arrived, what was said end to end; no base64 is left in the records."""
    client, run = traced(tmp_path, one_turn)
    start = next(r for r in run.records() if r.type == "input_audio_buffer.append").event["audio"]["audio_ref"]["start"]
    assert np.array_equal(run.samples("input", start, len(spoken("hello"))), spoken("hello"))
    assert np.array_equal(run.samples("output"), client.audio())
    assert all("audio_ref" in r.event["delta"] for r in run.records() if r.type == "response.output_audio.delta")


def test_a_pause_in_sending_is_a_gap_in_the_track(tmp_path: Path) -> None:
    """Sound that was sent two seconds later lies two seconds later."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": None}}})
        await client.append(spoken("hello")[:24_000])
        await asyncio.sleep(2)
        await client.append(spoken("hello")[:24_000])

    _, run = traced(tmp_path, talk)
    starts = [r.event["audio"]["audio_ref"]["start"] for r in run.records() if r.type == "input_audio_buffer.append"]
    gaps = [(later - earlier - 480) / 24 for earlier, later in pairwise(starts)]
    assert [round(gap) for gap in gaps if gap > 0] == [pytest.approx(2000, abs=25)]


def test_the_scores_that_decided_are_in_the_trace(tmp_path: Path) -> None:
    """The very probabilities of the detector, on the run's time line."""
    _, run = traced(tmp_path, one_turn)
    vad = run.vad()
    assert vad.height > 50
    assert vad["probability"].max() > 0.9
    assert len({r.event["detector"] for r in run.records() if r.type == "voicelab.vad"}) == 1


def test_a_trace_tells_the_same_turns_as_the_client_s_run(tmp_path: Path) -> None:
    """Turned round, what the server sent is what the client received: one spoken turn, one answer, its tokens."""
    client, run = traced(tmp_path, one_turn, reply=Saying((Say("Hello there."),)))
    (turn,) = run.turn_list()
    assert turn.reply == "Hello there."
    assert run.responses().height == 1
    usage = client.of("response.done")[0]["response"]["usage"]
    assert run.costs()["quantity"].sum() == usage["total_tokens"]


def test_a_beta_session_is_kept_under_ga_names(tmp_path: Path) -> None:
    """With the names on the wire beside them."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session={"voice": "ash"})
        await one_turn(client)

    _, run = traced(tmp_path, talk, dialect=make_dialect("beta"))
    natives = {r.type: r.native for r in run.records() if r.native}
    assert natives["response.output_audio.delta"] == "response.audio.delta"
    assert natives["conversation.item.added"] == "conversation.item.created"


def test_an_event_that_cannot_be_read_is_kept_too(tmp_path: Path) -> None:
    """With the error that answered it right behind."""

    async def talk(client: Client) -> None:
        await client.send("conversation.item.delete", event_id="mine")
        await client.until("error")

    _, run = traced(tmp_path, talk)
    kinds = [r.type for r in run.records()]
    at = kinds.index("conversation.item.delete")
    assert run.records()[at].event["event_id"] == "mine"
    assert kinds[at + 1] == "error"


def test_each_session_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """Two sessions, two runs, each complete."""
    for seed in (1, 2):
        converse(one_turn, options=ServerOptions(trace=tmp_path), seed=seed)
    assert len({folder.name for folder in tmp_path.iterdir()}) == 2
    assert all(read_manifest(folder).state == "complete" for folder in tmp_path.iterdir())


def test_audio_in_items_and_refused_audio_stay_out_of_the_log(tmp_path: Path) -> None:
    """Megabytes of text are told by their length, and what was refused takes no place in the track."""
    sound = base64.b64encode(spoken("hello").astype("<i2").tobytes()).decode()
    item = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": sound}]}

    async def talk(client: Client) -> None:
        await client.send("input_audio_buffer.append", audio="A" * 4 * (6 * 2**20 - 100))
        await client.until("error")
        await client.send("response.create", response={"conversation": "none", "input": [item]})
        await client.until("response.done")

    _, run = traced(tmp_path, talk)
    assert (run.folder / "events.jsonl").stat().st_size < 100_000
    assert len(run.samples("input")) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here to stand for a full disk")
def test_a_full_disk_does_not_end_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trace has holes then; the conversation goes on."""

    class Full(RunWriter):
        def __init__(self, folder: Path, manifest: Manifest) -> None:
            super().__init__(folder, manifest)
            self._events.close()
            self._events = Path("/dev/full").open("wb")  # noqa: SIM115 - closed by the writer

    monkeypatch.setattr("voicelab.server.trace.RunWriter", Full)
    client, run = traced(tmp_path, one_turn)
    assert client.of("response.done")[0]["response"]["status"] == "completed"
    assert len(run.samples("output")) == len(client.audio())
