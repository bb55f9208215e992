"""The real async ``openai`` client against the real server process: the acceptance list again, with ``await``.

What the sync client's tests promise in detail is promised here for code that awaits; one turn runs at the pace of
speech, with somebody listening while somebody speaks, as an application does it.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.types.realtime import SessionCreatedEvent
from websockets.exceptions import InvalidStatus

from tests.server.official import (
    MODEL,
    PUSH_TO_TALK,
    TEXT_ONLY,
    WATCHDOG_S,
    WEATHER,
    appends,
    assert_barge_in,
    assert_in_order,
    assert_out_of_band,
    assert_spoken_turn,
    assert_text_turn,
    assert_transcribed,
    assert_usage_adds_up,
    base_url,
    kinds_of,
    of,
    said,
    text_of_response,
)
from tests.strict import watching_official_clients
from voicelab.audio.formats import PCMA, PCMU
from voicelab.session.local_server import LocalServer

HEARD: Any = {"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """One server process for all tests of this file, with every frame that it sends watched."""
    with LocalServer(hearing="guide") as running, watching_official_clients():
        yield running


def client_of(server: LocalServer, key: str | None = None) -> AsyncOpenAI:
    """Return the official client, with only the address and key changed."""
    address = base_url(server)
    return AsyncOpenAI(
        api_key=key or server.api_key,
        base_url=address,
        websocket_base_url=address.replace("http://", "ws://"),  # the beta client would take wss for any address
        max_retries=0,
    )


@asynccontextmanager
async def talking(server: LocalServer, key: str | None = None, *, beta: bool = False, **options: Any) -> AsyncIterator:
    """Connect, and give up when the test waits for something that never comes."""
    async with asyncio.timeout(WATCHDOG_S), client_of(server, key) as client:
        realtime: Any = client.beta.realtime if beta else client.realtime
        async with realtime.connect(**(options or {"model": MODEL})) as connection:
            yield connection


def run(server: LocalServer, act: Callable[[Any], Awaitable[None]], *, beta: bool = False, **options: Any) -> None:
    """Hold one conversation from connecting to hanging up."""

    async def perform() -> None:
        async with talking(server, beta=beta, **options) as connection:
            await act(connection)

    asyncio.run(perform())


async def until(connection: Any, kind: str, n: int = 1) -> list[Any]:
    """Collect events up to the n-th of a type; an ``error`` that is not waited for ends the test."""
    events: list[Any] = []
    async for event in connection:
        events.append(event)
        if event.type == "error" and kind != "error":
            raise AssertionError(f"refused while waiting for {kind}: {event.error.message}")
        if event.type == kind and len(of(events, kind)) == n:
            return events
    raise AssertionError(f"the connection ended before {kind}; came: {kinds_of(events)}")


async def update(connection: Any, session: Any) -> Any:
    """Change the session; return what is in force afterwards."""
    await connection.session.update(session=session)
    return (await until(connection, "session.updated"))[-1].session


async def say(connection: Any, name: str) -> None:
    """Send one of the demo's clips with a second of silence behind it, as fast as it goes."""
    for audio in appends(name):
        await connection.input_audio_buffer.append(audio=audio)


async def ask(connection: Any, text: str) -> list[Any]:
    """Send a typed message, and collect the answer."""
    await connection.conversation.item.create(item=said(text))
    await connection.response.create()
    return await until(connection, "response.done")


def test_first_event_is_the_sessions_configuration(server: LocalServer) -> None:
    """Connected: session.created is the first frame, with the model asked for."""

    async def act(connection: Any) -> None:
        created = await connection.recv()
        assert isinstance(created, SessionCreatedEvent)
        assert (created.session.type, created.session.model) == ("realtime", MODEL)

    run(server, act)


def test_wrong_key_is_http_401(server: LocalServer) -> None:
    """A wrong key is refused at the door, before any event."""

    async def perform() -> None:
        async with talking(server, "wrong"):
            pass

    with pytest.raises(InvalidStatus, match="401"):
        asyncio.run(perform())


def test_update_is_echoed_and_nulls_clear(server: LocalServer) -> None:
    """Voice and detection change, what is not named stays, null clears."""

    async def act(connection: Any) -> None:
        semantic = {"type": "semantic_vad", "eagerness": "low"}
        audio = {"output": {"voice": "cedar"}, "input": {"turn_detection": semantic}}
        first = await update(connection, {"type": "realtime", "audio": audio})
        assert (first.audio.output.voice, first.audio.input.turn_detection.eagerness) == ("cedar", "low")
        server_vad = {"type": "server_vad", "idle_timeout_ms": 6_000}
        second = await update(connection, {"type": "realtime", "audio": {"input": {"turn_detection": server_vad}}})
        assert (second.audio.output.voice, second.audio.input.turn_detection.idle_timeout_ms) == ("cedar", 6_000)
        assert (await update(connection, PUSH_TO_TALK)).audio.input.turn_detection is None

    run(server, act)


def test_text_turn(server: LocalServer) -> None:
    """A typed question is answered in writing."""

    async def act(connection: Any) -> None:
        await update(connection, TEXT_ONLY)
        assert_text_turn(await ask(connection, "What is 6 * 7?"), "Six times seven is forty-two.")

    run(server, act)


@pytest.mark.realtime
def test_turn_at_the_pace_of_speech(server: LocalServer) -> None:
    """Spoken in 20 ms frames by one task while another listens: heard, written down and answered."""

    async def act(connection: Any) -> None:
        await update(connection, HEARD)

        async def speak() -> None:
            loop = asyncio.get_running_loop()
            begun_s = loop.time()
            data = b"".join(base64.b64decode(one) for one in appends("hello"))
            for n, at in enumerate(range(0, len(data), 960)):
                await connection.input_audio_buffer.append(audio=base64.b64encode(data[at : at + 960]).decode())
                await asyncio.sleep(max(0.0, begun_s + (n + 1) * 0.02 - loop.time()))

        speaking = asyncio.create_task(speak())
        events = await until(connection, "response.done")
        await speaking
        assert_spoken_turn(events, "hello")

    run(server, act)


@pytest.mark.realtime
def test_turn_faster_than_real_time(server: LocalServer) -> None:
    """The same audio sent at once is the same turn: detection counts samples, not seconds."""

    async def act(connection: Any) -> None:
        await update(connection, HEARD)
        await say(connection, "hello")
        assert_spoken_turn(await until(connection, "response.done"), "hello")

    run(server, act)


@pytest.mark.realtime
def test_push_to_talk(server: LocalServer) -> None:
    """Without detection the client commits, and asks for the response."""

    async def act(connection: Any) -> None:
        await update(connection, PUSH_TO_TALK)
        await say(connection, "sum")
        await connection.input_audio_buffer.commit()
        events = await until(connection, "conversation.item.done")
        assert_in_order(events, "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done")
        await connection.response.create()
        done = (await until(connection, "response.done"))[-1]
        assert text_of_response(done) == "Twelve plus thirty is forty-two."

    run(server, act)


@pytest.mark.realtime
def test_barge_in(server: LocalServer) -> None:
    """Speech during a reply cancels it (turn_detected), and the client truncates what it had played."""

    async def act(connection: Any) -> None:
        await say(connection, "read")
        before = await until(connection, "response.output_audio.delta", 5)
        await say(connection, "hello")
        cancelled = assert_barge_in([*before, *await until(connection, "response.done")])
        item_id = cancelled.response.output[0].id
        await connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=100)
        assert (await until(connection, "conversation.item.truncated"))[-1].item_id == item_id

    run(server, act)


@pytest.mark.realtime
def test_refusals_leave_the_session_usable(server: LocalServer) -> None:
    """Nothing to cancel, and a second response while one is active: each an error with its code, then all goes on."""

    async def act(connection: Any) -> None:
        await connection.response.cancel(event_id="too-late")
        refused = (await until(connection, "error"))[-1].error
        assert (refused.code, refused.event_id) == ("response_cancel_not_active", "too-late")
        await connection.conversation.item.create(item=said("What is 2 + 3?"))
        await connection.response.create()
        await until(connection, "response.created")
        await connection.response.create(event_id="second")
        refused = (await until(connection, "error"))[-1].error
        assert (refused.code, refused.event_id) == ("conversation_already_has_active_response", "second")
        done = (await until(connection, "response.done"))[-1]
        assert text_of_response(done) == "Two plus three is five."

    run(server, act)


def test_function_call_goes_round(server: LocalServer) -> None:
    """Declared, called, answered by the client, spoken by the server."""

    async def act(connection: Any) -> None:
        await update(connection, {**TEXT_ONLY, "tools": [WEATHER]})
        (call,) = (await ask(connection, "What is the weather in Paris?"))[-1].response.output
        assert (call.name, call.arguments) == ("get_weather", '{"city": "Paris"}')
        output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": '{"weather": "rainy"}'}
        await connection.conversation.item.create(item=output)
        await connection.response.create()
        assert "rainy" in text_of_response((await until(connection, "response.done"))[-1])

    run(server, act)


def test_several_answers_beside_the_conversation(server: LocalServer) -> None:
    """conversation "none": three asked for at once, told apart by their metadata, no trace in the conversation."""
    topics = {
        "sum": ("What is 2 + 3?", "Two plus three is five."),
        "product": ("What is 6 * 7?", "Six times seven is forty-two."),
        "difference": ("What is 9 - 4?", "Nine minus four is five."),
    }

    async def act(connection: Any) -> None:
        await until(connection, "conversation.created")
        asking = (
            connection.response.create(
                response={
                    "conversation": "none",
                    "metadata": {"topic": topic},
                    "output_modalities": ["text"],
                    "input": [said(question)],
                }
            )
            for topic, (question, _) in topics.items()
        )
        await asyncio.gather(*asking)
        events = await until(connection, "response.done", len(topics))
        assert_out_of_band(events, {topic: words for topic, (_, words) in topics.items()})

    run(server, act)


@pytest.mark.realtime
def test_answer_beside_a_running_one(server: LocalServer) -> None:
    """A check out of band may be asked for while the conversation's own reply is being spoken."""

    async def act(connection: Any) -> None:
        await connection.conversation.item.create(item=said("What is 2 + 3?"))
        await connection.response.create()
        created = (await until(connection, "response.created"))[-1].response
        check: Any = {"conversation": "none", "output_modalities": ["text"], "input": [said("What is 6 * 7?")]}
        await connection.response.create(response=check)
        done = of(await until(connection, "response.done", 2), "response.done")
        by_id = {event.response.id: event for event in done}
        spoken = by_id.pop(created.id)
        (beside,) = by_id.values()
        assert text_of_response(spoken) == "Two plus three is five."
        assert text_of_response(beside) == "Six times seven is forty-two."
        assert (spoken.response.conversation_id is None, beside.response.conversation_id) == (False, None)

    run(server, act)


@pytest.mark.realtime
def test_telephone_codes_in_and_out(server: LocalServer) -> None:
    """G.711 both ways: A-law in, mu-law out."""

    async def act(connection: Any) -> None:
        heard = {"format": {"type": "audio/pcma"}, "transcription": {"model": "whisper-1"}}
        telephone = {"input": heard, "output": {"format": {"type": "audio/pcmu"}}}
        await update(connection, {"type": "realtime", "audio": telephone})
        for audio in appends("hello", PCMA):
            await connection.input_audio_buffer.append(audio=audio)
        assert_spoken_turn(await until(connection, "response.done"), "hello", PCMU)

    run(server, act)


def test_usage_adds_up_over_the_turns(server: LocalServer) -> None:
    """Each response is billed for the whole conversation so far, the part that is known from the cache."""

    async def act(connection: Any) -> None:
        await update(connection, TEXT_ONLY)
        usages = []
        for text in ("What is 2 + 3?", "What is 6 * 7?", "What is 9 - 4?"):
            usages.append((await ask(connection, text))[-1].response.usage)
        for usage in usages:
            assert_usage_adds_up(usage)
        first, second, third = usages
        assert first.input_tokens < second.input_tokens < third.input_tokens
        # What was said and answered is input the next time, and then known.
        assert second.input_tokens >= first.input_tokens + first.output_tokens
        assert third.input_token_details.cached_tokens >= second.input_token_details.text_tokens

    run(server, act)


@pytest.mark.realtime
def test_transcription_session(server: LocalServer) -> None:
    """intent=transcription: found, written down, billed apart, never answered."""

    async def act(connection: Any) -> None:
        assert (await connection.recv()).session.type == "transcription"
        heard = {"transcription": {"model": "gpt-4o-transcribe"}, "turn_detection": {"type": "server_vad"}}
        session = await update(connection, {"type": "transcription", "audio": {"input": heard}})
        assert session.audio.input.transcription.model == "gpt-4o-transcribe"
        await say(connection, "hello")
        assert_transcribed(await until(connection, "conversation.item.input_audio_transcription.completed"), "hello")

    run(server, act, extra_query={"intent": "transcription"})


def test_client_secret_connects(server: LocalServer) -> None:
    """A minted ek_ key opens a session with the configuration attached to it."""

    async def perform() -> None:
        session: Any = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
        async with client_of(server) as client:
            secret = await client.realtime.client_secrets.create(session=session)
        assert secret.value.startswith("ek_")
        async with talking(server, secret.value) as connection:
            assert (await connection.recv()).session.audio.output.voice == "cedar"

    asyncio.run(perform())


@pytest.mark.realtime
def test_beta_client_hears_the_old_names(server: LocalServer) -> None:
    """The beta client: flat session, old event names, text and sound."""

    async def act(connection: Any) -> None:
        flat = await update(connection, {"voice": "coral", "turn_detection": None})
        assert (flat.voice, flat.turn_detection) == ("coral", None)
        events = await ask(connection, "What is 2 + 3?")
        assert_in_order(
            events,
            "conversation.item.created",
            "response.created",
            "response.audio_transcript.delta",
            "response.audio.delta",
            "response.audio_transcript.done",
            "response.done",
        )
        assert events[-1].response.output[0].content[0].transcript == "Two plus three is five."

    run(server, act, beta=True, model="gpt-4o-realtime-preview")
