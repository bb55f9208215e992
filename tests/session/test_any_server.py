"""Whatever a server sends, in whatever order: the session stays alive, legal, and writes everything down."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.session.room import hold
from tests.session.scripted import scripted
from voicelab.protocol import wire
from voicelab.protocol.conversation import FLOOR
from voicelab.session.core import SessionCore

pytestmark = pytest.mark.usefixtures("wrong_frames_on_purpose")

DATA = Path(__file__).parents[2] / "data"
GOLDEN = [json.loads(path.read_text("utf-8")) for path in sorted((DATA / "events").glob("*.json"))]
SERVER = [body for body in GOLDEN if body["type"] not in wire.CLIENT_EVENTS]
EXCHANGES = DATA / "exchanges"
FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def damaged(body: dict[str, Any], drop: int, junk: Any) -> dict[str, Any]:
    """Return an event with one of its fields replaced by something else."""
    key = list(body)[drop % len(body)]
    return {**body, key: junk} if key != "type" else body


JUNK = st.one_of(
    st.none(), st.integers(-1, 2**70), st.text(max_size=5), st.lists(st.integers(), max_size=2), st.just({})
)
FRAMES = st.one_of(
    st.sampled_from(SERVER).map(json.dumps),
    st.builds(damaged, st.sampled_from(SERVER), st.integers(0, 9), JUNK).map(json.dumps),
    st.text(max_size=40),
    st.binary(max_size=40).map(lambda data: data.decode("latin-1")),
)


@FEW
@given(st.lists(FRAMES, max_size=25))
def test_any_sequence_of_frames_leaves_the_session_alive(frames: list[str]) -> None:
    """Right events in any order, damaged ones, no events at all: none ends it, each JSON one is in the log."""

    async def act(core: SessionCore) -> None:
        peer = core._connection.transport._peer
        for frame in frames:
            await peer.send(frame)
        await asyncio.sleep(1)
        assert core._in.conversation.floor in FLOOR
        await core.mark("alive")

    with TemporaryDirectory() as folder:
        held = hold(act, Path(folder) / "run", serving=scripted())
        assert held.local("mark") == [{"text": "alive"}]
        assert not held.local("session.failed")
        received = sum(record.dir == "recv" for record in held.run.records())
        written = sum(_is_event(frame) for frame in frames)
        assert received >= written


def _is_event(frame: str) -> bool:
    try:
        body = json.loads(frame)
    except ValueError:
        return False
    return isinstance(body, dict) and isinstance(body.get("type"), str)


def _recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in sorted((EXCHANGES / name).glob("*-server-*.json"))]


@FEW
@given(st.permutations(range(len(_recorded("barge-in")))).map(lambda order: order[:30]))
def test_a_real_exchange_in_any_order_leaves_the_session_alive(order: list[int]) -> None:
    """Frames that overtake each other are counted as irregular, and nothing more."""
    events = _recorded("barge-in")

    async def act(core: SessionCore) -> None:
        peer = core._connection.transport._peer
        for n in order:
            await peer.send(json.dumps(events[n]))
        await asyncio.sleep(1)
        assert core._in.conversation.floor in FLOOR

    with TemporaryDirectory() as folder:
        held = hold(act, Path(folder) / "run", serving=scripted())
        assert not held.local("session.failed")
