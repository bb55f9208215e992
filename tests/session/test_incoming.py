"""What reaches a session: every event under its GA name, nothing lost, nothing fatal."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.server.room import GivenEars, Saying
from tests.session.room import hold
from tests.session.scripted import scripted
from voicelab.engines.reply import Say
from voicelab.experiments.clips import spoken_lines
from voicelab.protocol.wire import _SERVER_TYPES
from voicelab.session.core import SessionCore

pytestmark = pytest.mark.usefixtures("wrong_frames_on_purpose")


async def hear(core: SessionCore, *frames: str | dict[str, Any]) -> None:
    """Let the session receive some frames of a server that nobody controls."""
    peer = core._connection.transport._peer
    for frame in frames:
        await peer.send(frame if isinstance(frame, str) else msgspec.json.encode(frame).decode())
    await asyncio.sleep(0.01)


def test_unknown_event_and_unknown_fields_stand_in_the_log_as_they_came(tmp_path: Path) -> None:
    """What a newer server says passes through untouched."""
    odd = {"type": "conversation.vibe", "event_id": "e", "mood": {"deep": [1, None]}}
    more = {"type": "rate_limits.updated", "event_id": "e", "rate_limits": [], "since_2027": True}

    async def act(core: SessionCore) -> None:
        await hear(core, odd, more)

    held = hold(act, tmp_path / "run", serving=scripted())
    events = [record.event for record in held.run.records() if record.dir == "recv"]
    assert odd in events
    assert more in events
    assert not held.local("event.unreadable")


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "response.created", "event_id": "e"},
        {"type": "error", "event_id": "e", "error": "oops"},
        {"type": "response.output_audio.delta", "event_id": "e", "response_id": "r", "item_id": "i"},
        {
            "type": "response.output_audio.delta",
            "event_id": "e",
            "response_id": "r",
            "item_id": "i",
            "output_index": 0,
            "content_index": 0,
            "delta": "AAAA",  # three bytes: a sample and a half
        },
        {"type": "conversation.item.added", "event_id": "e", "item": {"type": "message", "content": [1, "audio"]}},
    ],
)
def test_listed_event_of_another_shape_is_kept_as_it_came_and_noted(tmp_path: Path, frame: dict[str, Any]) -> None:
    """In the log word for word, with a note behind it; the conversation goes on."""

    async def act(core: SessionCore) -> None:
        await hear(core, frame)
        await core.update({"instructions": "Still here?"})

    held = hold(act, tmp_path / "run", serving=scripted())
    records = held.run.records()
    (at,) = [n for n, record in enumerate(records) if record.event == frame]
    assert records[at + 1].type == "voicelab.event.unreadable"
    assert held.core.in_force["instructions"] == "Still here?"
    assert not held.local("session.failed")


def test_session_object_of_another_shape_ends_nothing(tmp_path: Path) -> None:
    """A format that nobody knows is noted, an audio object that is none is passed over; what was known stays."""

    async def act(core: SessionCore) -> None:
        for audio in (
            [],
            "loud",
            {"input": 5},
            {"output": {"format": "pcm16"}},
            {"input": {"format": {"type": "audio/opus"}, "turn_detection": "on"}},
        ):
            await hear(core, {"type": "session.updated", "event_id": "e", "session": {"audio": audio}})
        await hear(core, {"type": "session.updated", "event_id": "e", "session": {}})
        await core.update({"instructions": "Still here?"})

    held = hold(act, tmp_path / "run", serving=scripted())
    assert ["audio/opus" in note["message"] for note in held.local("event.unreadable")] == [True]
    assert not held.local("session.failed")


def test_what_is_in_force_is_the_users_own(tmp_path: Path) -> None:
    """Whoever writes into it changes no record."""

    async def act(core: SessionCore) -> None:
        await core.update({"instructions": "Be brief."})
        core.in_force["audio"]["output"]["voice"] = "changed here"
        core.in_force["instructions"] = "changed here"

    held = hold(act, tmp_path / "run", serving=scripted())
    told = [record.event["session"] for record in held.core._recorder.records if record.type == "session.updated"]
    assert told[-1]["instructions"] == "Be brief."
    assert told[-1]["audio"]["output"]["voice"] != "changed here"


@pytest.mark.parametrize("dialect", ["ga", "beta"])
@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_the_session_lives(tmp_path: Path, seed: int, dialect: str) -> None:
    """Listed names with random bodies, cut frames, bytes that are no JSON: noted, and the session still works."""
    chance = random.Random(seed)
    kinds = [*_SERVER_TYPES, "response.audio.delta", "conversation.item.created", "session.vibe"]
    kinds = [kind for kind in kinds if kind not in ("session.created", "session.updated")]
    names = (
        "item",
        "item_id",
        "response",
        "response_id",
        "delta",
        "content",
        "audio",
        "error",
        "session",
        "id",
        "part",
    )

    def value(depth: int = 0) -> Any:
        kind = chance.randrange(7 if depth < 3 else 5)
        if kind == 5:
            return [value(depth + 1) for _ in range(chance.randrange(3))]
        if kind == 6:
            return {chance.choice((*names, "type", "role")): value(depth + 1) for _ in range(chance.randrange(4))}
        return [None, True, -1, "message", "AAAA"][kind]

    def frame() -> str:
        body = {"type": chance.choice(kinds), "event_id": "e", **{name: value() for name in chance.sample(names, 5)}}
        text = msgspec.json.encode(body).decode()
        return (
            text if chance.random() < 0.9 else text[: chance.randrange(len(text))] + chance.choice(("", "\0", "\ud800"))
        )

    async def act(core: SessionCore) -> None:
        await hear(core, *[frame() for _ in range(300)])
        await core.update({"instructions": "Still here?"})

    held = hold(act, tmp_path / "run", serving=scripted(), dialect=dialect)
    assert not held.local("session.failed")
    assert len([r for r in held.run.records() if r.dir == "recv"]) >= 200


def test_half_an_item_is_not_played_on_after_it_was_cut(tmp_path: Path) -> None:
    """Nothing of a cut item is kept once its audio is over: a session of many interruptions does not grow."""

    async def act(core: SessionCore) -> None:
        for _ in range(3):
            asking = asyncio.ensure_future(core.ask("talk"))
            await core.wait_for_playback(200)
            await core.interrupt()
            await asking
        assert core._in._cut == set()
        assert core._in._coming == {}
        assert core._player._items == {}

    held = hold(act, tmp_path / "run", reply=Saying((Say("word " * 100),)))
    assert [turn.interrupted for turn in held.run.turn_list()] == [True] * 3


def test_beta_service_is_heard_and_answered_and_the_log_speaks_ga(tmp_path: Path) -> None:
    """A whole spoken turn in the old dialect: old names on the wire, GA names in the log, the old ones beside them."""
    line = spoken_lines()["hello"]

    async def act(core: SessionCore) -> None:
        await core.play(line.clip, line.labels)
        await core.update({"audio": {"output": {"speed": 1.25}}})

    held = hold(act, tmp_path / "run", ears=GivenEars("hello"), dialect="beta")
    (turn,) = held.run.turn_list()
    assert (turn.transcript, turn.reply, turn.status, turn.heard_ms) == ("hello", "One two three.", "completed", 300)
    assert held.core.in_force["audio"]["output"]["speed"] == 1.25
    native = {record.type: record.native for record in held.run.records()}
    assert native["response.output_audio.delta"] == "response.audio.delta"
    assert native["response.output_audio_transcript.delta"] == "response.audio_transcript.delta"
    assert native["conversation.item.added"] == "conversation.item.created"
    assert native["response.created"] is native["input_audio_buffer.append"] is None
    assert not any(kind in native for kind in ("response.audio.delta", "conversation.item.created"))
    assert not held.core.errors


def test_ga_service_needs_no_other_names(tmp_path: Path) -> None:
    """Where both agree nothing is written beside the name."""

    async def act(core: SessionCore) -> None:
        await core.ask("hello")

    assert {record.native for record in hold(act, tmp_path / "run").run.records()} == {None}
