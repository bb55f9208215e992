"""Promises of `voicelab.server.context`: what one response is given, and what that counts."""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from typing import Any

import pytest

from tests.server.room import WALL, Client, GivenEars, Saying, converse, spoken
from voicelab.engines.reply import Say
from voicelab.errors import ConfigError
from voicelab.protocol.client_events import ResponseCancel, ResponseCreate
from voicelab.protocol.ids import Ids
from voicelab.protocol.items import text_of
from voicelab.protocol.server_events import ResponseCreated
from voicelab.protocol.settings import ResponseParams, convert
from voicelab.server.connection import Connection
from voicelab.server.engines import Engines, ServerOptions
from voicelab.server.responses import Responses
from voicelab.transports.clock import Clock
from voicelab.transports.virtual_time import run_in_virtual_time
from voicelab.turns.scores import Scorer

SMALL = ServerOptions(context_tokens=114)  # 100 for the input


def said(text: str, role: str = "user") -> dict[str, Any]:
    """Return a typed message."""
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


async def ask(client: Client, text: str, n: int = 1, **response: Any) -> dict[str, Any]:
    """Type something and wait for the n-th response."""
    await client.send("conversation.item.create", item=said(text))
    await client.send("response.create", response=response)
    done = await client.until("response.done", n=n)
    return done["response"]


def update(**session: Any) -> dict[str, Any]:
    return {"type": "realtime", "output_modalities": ["text"], **session}


# --- a response's own input --------------------------------------------------------------------------------------


def test_own_input_takes_the_place_of_the_conversation() -> None:
    """References, typed messages and nothing else reach the reply, and count."""
    reply = Saying()

    async def talk(client: Client) -> None:
        item = {**said("The capital of France is Paris."), "id": "item_fact"}
        await client.send("conversation.item.create", item=item)
        await client.send("conversation.item.create", item=said("Something else."))
        own = [{"type": "item_reference", "id": "item_fact"}, said("Which city?")]
        await client.send("response.create", response={"conversation": "none", "input": own})
        await client.until("response.done")

    client = converse(talk, reply=reply)
    (request,) = reply.requests
    assert [text_of(item) for item in request.items] == ["The capital of France is Paris.", "Which city?"]
    assert request.text == "Which city?"
    assert client.of("response.done")[0]["response"]["usage"]["input_tokens"] == 8 + 3


def test_empty_input_is_an_empty_context() -> None:
    """Instructions alone: the conversation stays out."""
    reply = Saying()

    async def talk(client: Client) -> None:
        await client.send("conversation.item.create", item=said("Hello."))
        await client.send("response.create", response={"input": [], "instructions": "Greet me."})
        await client.until("response.done")

    client = converse(talk, reply=reply)
    assert (reply.requests[0].items, reply.requests[0].text) == ((), "")
    # Not beside the conversation: the answer becomes part of it.
    assert len(client.of("conversation.item.done")) == 2


def test_a_reference_to_nothing_is_refused_before_anything_begins() -> None:
    """The error names the place in the input; no response was created."""

    async def talk(client: Client) -> None:
        own = [said("x"), {"type": "item_reference", "id": "item_nowhere"}]
        await client.send("response.create", response={"conversation": "none", "input": own}, event_id="asked")
        await client.until("error")

    client = converse(talk)
    error = client.of("error")[0]["error"]
    assert (error["code"], error["param"]) == ("item_not_found", "response.input[1].id")
    assert not client.of("response.created")


def test_audio_in_a_response_s_own_input_is_heard_and_forgotten() -> None:
    """Its words reach the reply and its sound is billed; nothing of it stays in the conversation."""
    reply = Saying()
    data = base64.b64encode(spoken("hello").astype("<i2").tobytes()).decode()

    async def talk(client: Client) -> None:
        part = {"type": "input_audio", "audio": data}
        own = [{"type": "message", "role": "user", "content": [part]}]
        await client.send("response.create", response={"conversation": "none", "input": own})
        await client.until("response.done")

    client = converse(talk, reply=reply, ears=GivenEars(words="good morning"))
    assert reply.requests[0].text == "good morning"
    usage = client.of("response.done")[0]["response"]["usage"]
    assert usage["input_token_details"]["audio_tokens"] == -(-len(spoken("hello")) // 2_400)
    assert not client.of("conversation.item.added")


# --- the context limit -------------------------------------------------------------------------------------------


def test_auto_leaves_the_oldest_out_when_the_context_is_full() -> None:
    """The reply sees the newest items that fit, the input never exceeds the limit, the conversation keeps all."""
    reply = Saying((Say("Yes."),))

    async def talk(client: Client) -> None:
        await client.send("session.update", session=update())
        for n in range(1, 7):
            await ask(client, f"{n} " + "x" * 78, n)

    client = converse(talk, reply=reply, options=SMALL)
    assert all(e["response"]["usage"]["input_tokens"] <= 100 for e in client.of("response.done"))
    seen = [text_of(item)[0] for item in reply.requests[-1].items if text_of(item) != "Yes."]
    assert seen == ["3", "4", "5", "6"]
    assert not client.of("conversation.item.deleted")
    assert not client.of("error")


def test_a_retention_ratio_keeps_the_cache_alive_longer() -> None:
    """With auto every full turn breaks the cache; with a ratio only some do, and more tokens come from the cache."""

    def cached(truncation: Any) -> list[int]:
        async def talk(client: Client) -> None:
            await client.send("session.update", session=update(instructions="i" * 40, truncation=truncation))
            for n in range(1, 13):
                await ask(client, f"{n:02} " + "x" * 37, n)

        client = converse(talk, reply=Saying((Say("Yes."),)), options=SMALL)
        usages = [e["response"]["usage"]["input_token_details"] for e in client.of("response.done")]
        return [usage["cached_tokens"] for usage in usages][8:]

    auto, ratio = cached("auto"), cached({"type": "retention_ratio", "retention_ratio": 0.5})
    assert set(auto) == {10}  # the instructions only
    assert sum(ratio) > 2 * sum(auto)


def test_a_limit_behind_the_instructions_is_kept() -> None:
    """``post_instructions`` counts everything but instructions and tools."""

    async def talk(client: Client) -> None:
        limits = {"post_instructions": 30}
        truncation = {"type": "retention_ratio", "retention_ratio": 1.0, "token_limits": limits}
        await client.send("session.update", session=update(instructions="i" * 200, truncation=truncation))
        for n in range(1, 4):
            await ask(client, "x" * 60, n)

    client = converse(talk, reply=Saying((Say("Yes."),)), options=SMALL)
    assert [e["response"]["usage"]["input_tokens"] for e in client.of("response.done")] == [65, 66, 66]


@pytest.mark.parametrize("truncation", ["disabled", "auto"])
def test_what_does_not_fit_fails_and_the_session_goes_on(truncation: str) -> None:
    """Disabled: a long conversation; auto: one item too long. The response says so, the next one works."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session=update(truncation=truncation))
        await client.send("conversation.item.create", item={**said("x" * 500), "id": "item_long"})
        await client.send("response.create")
        await client.until("response.done")
        await client.send("conversation.item.delete", item_id="item_long")
        await ask(client, "short", 2)

    client = converse(talk, options=SMALL)
    first, second = (e["response"] for e in client.of("response.done"))
    assert first["status_details"]["error"]["code"] == "context_length_exceeded"
    assert first["usage"]["total_tokens"] == 0
    assert second["status"] == "completed"


# --- the cache ---------------------------------------------------------------------------------------------------


def after(change: Any) -> dict[str, Any]:
    """Return the input details of the third response, with a change before it."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session=update(instructions="Be kind." * 5))
        await ask(client, "The first question.", 1)
        await ask(client, "The second question.", 2)
        await change(client)
        await ask(client, "The third question.", 3)

    client = converse(talk, reply=Saying((Say("An answer of some length."),)))
    details: dict[str, Any] = client.of("response.done")[2]["response"]["usage"]["input_token_details"]
    return details


async def nothing(client: Client) -> None:
    """Change nothing."""


async def other_instructions(client: Client) -> None:
    await client.send("session.update", session=update(instructions="Be brief." * 5))


async def a_tool(client: Client) -> None:
    await client.send("session.update", session=update(tools=[{"type": "function", "name": "get_weather"}]))


async def deletion(client: Client) -> None:
    await client.send("conversation.item.delete", item_id=client.of("conversation.item.done")[0]["item"]["id"])


def test_an_unchanged_beginning_is_cached() -> None:
    """All that the response before was given; never its own answer or the new question."""
    details = after(nothing)
    assert details["cached_tokens"] == details["cached_tokens_details"]["text_tokens"] == 27
    assert details["text_tokens"] > 27


@pytest.mark.parametrize(("change", "cached"), [(other_instructions, 0), (a_tool, 10), (deletion, 10)])
def test_a_changed_beginning_breaks_the_cache(change: Any, cached: int) -> None:
    """Instructions: nothing is cached; tools or a deleted first item: what stands before them."""
    assert after(change)["cached_tokens"] == cached


def test_truncating_a_spoken_answer_breaks_the_cache_from_there() -> None:
    """Both kinds of tokens of what stands before it are cached, those of the shortened answer are not."""

    async def talk(client: Client) -> None:
        await client.append(spoken("hello"))
        await client.until("response.done")
        await client.append(spoken("hello"))
        await client.until("response.done", n=2)
        answer = client.of("response.done")[0]["response"]["output"][0]["id"]
        await client.send("conversation.item.truncate", item_id=answer, content_index=0, audio_end_ms=100)
        await client.append(spoken("hello"))
        await client.until("response.done", n=3)

    usages = [e["response"]["usage"]["input_token_details"] for e in converse(talk).of("response.done")]
    assert usages[1]["cached_tokens_details"]["audio_tokens"] == usages[0]["audio_tokens"]
    assert usages[2]["cached_tokens_details"]["audio_tokens"] == usages[0]["audio_tokens"]


# --- what is left behind -----------------------------------------------------------------------------------------


def test_own_input_never_touches_the_conversation_s_sound() -> None:
    """An input item that bears the id of an item of the conversation is still another item."""
    short = base64.b64encode(spoken("hello")[:4_800].astype("<i2").tobytes()).decode()

    async def talk(client: Client) -> None:
        await client.append(spoken("hello"))
        await client.until("response.done")
        item_id = client.of("input_audio_buffer.committed")[0]["item_id"]
        part = {"type": "input_audio", "audio": short}
        own = [{"type": "message", "role": "user", "id": item_id, "content": [part]}]
        await client.send("response.create", response={"conversation": "none", "input": own})
        await client.until("response.done", n=2)
        await client.send("conversation.item.retrieve", item_id=item_id)
        await client.until("conversation.item.retrieved")

    part = converse(talk).of("conversation.item.retrieved")[0]["item"]["content"][0]
    assert len(base64.b64decode(part["audio"])) > 20_000


@pytest.mark.parametrize("end", ["answered", "cancelled at once", "refused"])
def test_the_sound_of_own_input_is_let_go(end: str) -> None:
    """However the response ends, or does not begin: nothing of its input stays behind."""
    sound = base64.b64encode(spoken("hello").astype("<i2").tobytes()).decode()
    own: list[Any] = [{"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": sound}]}]
    if end == "refused":
        own.append({"type": "item_reference", "id": "nobody"})
    kept: list[int] = []

    async def perform() -> None:
        async def ears() -> GivenEars:
            return GivenEars()

        engines = Engines(open_scorer=Scorer, reply=Saying(), about={}, open_hearing=ears)
        clock = Clock(asyncio.get_running_loop(), WALL)
        connection = Connection(engines, clock, Ids(1), ServerOptions(), "test")
        asked = convert({"conversation": "none", "input": own}, ResponseParams, root="response")
        async with asyncio.TaskGroup() as tasks:
            responses = Responses(connection, tasks)
            with suppress(ConfigError):
                responses.create(ResponseCreate(response=asked))
                kept.append(len(connection.memory.hearings))
            if end == "cancelled at once":
                (created,) = (e for e in drain(connection) if isinstance(e, ResponseCreated))
                responses.cancel(ResponseCancel(response_id=created.response.id))
        assert connection.memory.hearings == {}
        connection.memory.close()

    run_in_virtual_time(perform())
    assert kept == ([] if end == "refused" else [1])


def drain(connection: Connection) -> list[Any]:
    """Return the events that wait to be sent."""
    return [connection.outbox.get_nowait() for _ in range(connection.outbox.qsize())]
