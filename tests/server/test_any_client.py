"""Whatever a client sends, in whatever order: the server answers, stays legal, and never falls over or silent."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.room import Client, Saying, converse, spoken
from voicelab.engines.reply import CallTool, Say
from voicelab.protocol import wire
from voicelab.protocol.conversation import FLOOR, Conversation

IDS = ("item_a", "item_b", "nobody")
TEXT = {"type": "input_text", "text": "hello"}
HELLO = base64.b64encode(spoken("hello")[:24_000].astype("<i2").tobytes()).decode()
SILENCE = base64.b64encode(np.zeros(24_000, "<i2").tobytes()).decode()
VAD: tuple[Any, ...] = (None, {"type": "server_vad"}, {"type": "semantic_vad"}, {"type": "server_vad", "threshold": 9})


def event(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


ITEM = st.fixed_dictionaries(
    {
        "type": st.just("message"),
        "id": st.sampled_from(IDS),
        "role": st.sampled_from(["user", "system", "assistant"]),
        "content": st.just([TEXT]),
    }
)
SESSION = st.fixed_dictionaries(
    {"type": st.just("realtime")},
    optional={
        "audio": st.sampled_from(VAD).map(lambda vad: {"input": {"turn_detection": vad}}),
        "output_modalities": st.sampled_from([["text"], ["audio"], ["both"]]),
        "instructions": st.text(max_size=20),
    },
)
RESPONSE = st.fixed_dictionaries(
    {},
    optional={
        "conversation": st.sampled_from(["auto", "none"]),
        "max_output_tokens": st.sampled_from([1, 5, "inf", 0]),
        "output_modalities": st.sampled_from([["text"], ["audio"]]),
        "input": st.lists(ITEM, max_size=2),
    },
)
EVENTS = st.one_of(
    event("input_audio_buffer.append", audio=st.sampled_from([HELLO, SILENCE, "AA==", ""])),
    event("input_audio_buffer.commit"),
    event("input_audio_buffer.clear"),
    event("session.update", session=SESSION),
    event("conversation.item.create", item=ITEM, previous_item_id=st.sampled_from([None, "root", *IDS])),
    event("conversation.item.retrieve", item_id=st.sampled_from(IDS)),
    event("conversation.item.delete", item_id=st.sampled_from(IDS)),
    event(
        "conversation.item.truncate", item_id=st.sampled_from(IDS), content_index=st.just(0), audio_end_ms=st.just(9)
    ),
    event("response.create", response=optional(RESPONSE)),
    event("response.cancel", response_id=optional(st.sampled_from(IDS))),
    event("wait"),
)
REPLY = (Say("One two three."), CallTool("get_weather", {"city": "Paris"}))
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(client: Client) -> None:
    """Everything that was sent makes one legal conversation, and every response that began has ended."""
    conversation = Conversation()
    for body in client.events:
        conversation.apply(wire.parse_server(body))
        assert conversation.floor in FLOOR
    assert conversation.irregular == 0
    begun = [e["response"]["id"] for e in client.of("response.created")]
    assert sorted(begun) == sorted(e["response"]["id"] for e in client.of("response.done"))
    assert conversation.active_response is None


@FEW
@given(st.lists(EVENTS, max_size=14))
def test_any_sequence_of_events_makes_a_legal_conversation(events: list[dict[str, Any]]) -> None:
    """Right ones, wrong ones, at wrong times: at the end the session still answers."""

    async def talk(client: Client) -> None:
        for body in events:
            if body["type"] == "wait":
                await asyncio.sleep(1)
            else:
                await client.send(**{"kind": body["type"], **{k: v for k, v in body.items() if k != "type"}})
        await asyncio.sleep(20)
        await client.send("session.update", session={"type": "realtime"}, event_id="alive")
        n = len(client.of("session.updated"))
        await client.until("session.updated", n=n + 1)

    check(converse(talk, reply=Saying(REPLY)))


@FEW
@given(st.lists(st.one_of(st.text(max_size=60), st.binary(max_size=40).map(lambda b: b.decode("latin-1"))), max_size=8))
def test_any_text_at_all_is_answered_with_an_error(frames: list[str]) -> None:
    """Not JSON, not an object, not an event: one error each, and the session goes on."""

    async def talk(client: Client) -> None:
        for frame in frames:
            await client.send_text(frame)
        await client.until("error", n=len(frames)) if frames else None

    client = converse(talk)
    assert len(client.of("error")) == len(frames)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 2**70), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
FIELDS = ("session", "item", "audio", "item_id", "content_index", "audio_end_ms", "response", "response_id", "event_id")


@FEW
@given(
    st.sampled_from(sorted(kind for kind in wire.CLIENT_EVENTS)),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4),
)
def test_any_values_in_a_known_event_are_answered(kind: str, fields: dict[str, Any]) -> None:
    """Wrong types, absurd numbers, nested nonsense: an error or an answer, never a crash."""

    async def talk(client: Client) -> None:
        await client.send_text(json.dumps({"type": kind, **fields}))
        await asyncio.sleep(5)
        await client.send("response.create", response={"output_modalities": ["text"], "conversation": "none"})
        await client.until("response.done")

    converse(talk)
