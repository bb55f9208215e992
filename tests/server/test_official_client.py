"""The real ``openai`` client against the real server process: what is built on voicelab runs on the hosted service.

The acceptance list, item by item, with the sync client; every raw frame is held against the client's own models.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from openai import AuthenticationError, BadRequestError, OpenAI
from openai.types.realtime import ClientSecretCreateResponse, SessionCreatedEvent
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
    assert_nothing_refused,
    assert_out_of_band,
    assert_spoken_turn,
    assert_text_turn,
    assert_transcribed,
    assert_usage_adds_up,
    base_url,
    kinds_of,
    of,
    said,
    sound_of,
    text_of_response,
)
from tests.strict import check, watching_official_clients
from voicelab.audio.formats import PCMA, PCMU
from voicelab.session.local_server import LocalServer


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """One server process for all tests of this file, with every frame that it sends watched."""
    with LocalServer(hearing="guide") as running, watching_official_clients():
        yield running


def client_of(server: LocalServer, key: str | None = None) -> OpenAI:
    """Return the official client, with only the address and key changed."""
    address = base_url(server)
    return OpenAI(
        api_key=key or server.api_key,
        base_url=address,
        websocket_base_url=address.replace("http://", "ws://"),  # the beta client would take wss for any address
        max_retries=0,
    )


@contextmanager
def talking(server: LocalServer, key: str | None = None, *, beta: bool = False, **options: Any) -> Iterator[Any]:
    """Connect, and hang up when the test waits for something that never comes."""
    client = client_of(server, key)
    realtime: Any = client.beta.realtime if beta else client.realtime
    with realtime.connect(**(options or {"model": MODEL})) as connection:
        watchdog = threading.Timer(WATCHDOG_S, connection.close)
        watchdog.start()
        try:
            yield connection
        finally:
            watchdog.cancel()


def until(connection: Any, kind: str, n: int = 1) -> list[Any]:
    """Collect events up to the n-th of a type; an ``error`` that is not waited for ends the test."""
    events: list[Any] = []
    for event in connection:
        events.append(event)
        if event.type == "error" and kind != "error":
            raise AssertionError(f"refused while waiting for {kind}: {event.error.message}")
        if event.type == kind and len(of(events, kind)) == n:
            return events
    raise AssertionError(f"the connection ended before {kind}; came: {kinds_of(events)}")


def update(connection: Any, session: Any) -> Any:
    """Change the session; return what is in force afterwards."""
    connection.session.update(session=session)
    return until(connection, "session.updated")[-1].session


def say(connection: Any, name: str) -> None:
    """Send one of the demo's clips with a second of silence behind it, as fast as it goes."""
    for audio in appends(name):
        connection.input_audio_buffer.append(audio=audio)


def ask(connection: Any, text: str) -> list[Any]:
    """Send a typed message, and collect the answer."""
    connection.conversation.item.create(item=said(text))
    connection.response.create()
    return until(connection, "response.done")


def test_first_event_is_the_sessions_configuration(server: LocalServer) -> None:
    """Connected: session.created is the first frame, with the model asked for and the documented defaults."""
    with talking(server) as connection:
        created = connection.recv()
    assert isinstance(created, SessionCreatedEvent)
    session = created.session
    assert (session.type, session.model, session.output_modalities) == ("realtime", MODEL, ["audio"])
    assert (session.audio.input.format.type, session.audio.input.format.rate) == ("audio/pcm", 24_000)
    detection = session.audio.input.turn_detection
    assert (detection.type, detection.threshold, detection.prefix_padding_ms) == ("server_vad", 0.5, 300)
    assert (detection.create_response, detection.interrupt_response) == (True, True)


def test_wrong_key_is_http_401(server: LocalServer) -> None:
    """A wrong or missing key is refused at the door, before any event."""
    with pytest.raises(InvalidStatus, match="401"), talking(server, "wrong"):
        pass


def test_update_is_echoed_in_full_and_nulls_clear(server: LocalServer) -> None:
    """Voice and detection change, what is not named stays, null and emptiness clear."""
    with talking(server) as connection:
        first = update(
            connection,
            {
                "type": "realtime",
                "instructions": "Be brief.",
                "tools": [WEATHER],
                "audio": {
                    "input": {
                        "transcription": {"model": "whisper-1"},
                        "noise_reduction": {"type": "near_field"},
                        "turn_detection": {"type": "semantic_vad", "eagerness": "high"},
                    },
                    "output": {"voice": "cedar", "speed": 1.25},
                },
            },
        )
        server_vad = {"type": "server_vad", "threshold": 0.7, "silence_duration_ms": 650}
        second = update(connection, {"type": "realtime", "audio": {"input": {"turn_detection": server_vad}}})
        cleared = {"turn_detection": None, "transcription": None, "noise_reduction": None}
        third = update(connection, {"type": "realtime", "instructions": "", "tools": [], "audio": {"input": cleared}})
    assert (first.audio.output.voice, first.audio.output.speed, first.instructions) == ("cedar", 1.25, "Be brief.")
    detection = first.audio.input.turn_detection
    assert (detection.type, detection.eagerness, detection.create_response) == ("semantic_vad", "high", True)
    assert (first.audio.input.noise_reduction.type, first.audio.input.transcription.model) == (
        "near_field",
        "whisper-1",
    )
    detection = second.audio.input.turn_detection
    assert (detection.type, detection.threshold, detection.silence_duration_ms) == ("server_vad", 0.7, 650)
    assert detection.prefix_padding_ms == 300
    assert (second.audio.output.voice, second.instructions, second.tools[0].name) == (
        "cedar",
        "Be brief.",
        "get_weather",
    )
    heard = third.audio.input
    assert (heard.turn_detection, heard.transcription, heard.noise_reduction) == (None, None, None)
    assert (third.instructions, third.tools, third.audio.output.voice) == ("", [], "cedar")


def test_text_turn(server: LocalServer) -> None:
    """A typed question is answered in writing, with the whole family of events and no sound."""
    with talking(server) as connection:
        update(connection, TEXT_ONLY)
        assert_text_turn(ask(connection, "What is 2 + 3?"), "Two plus three is five.")


@pytest.mark.realtime
def test_spoken_turn_is_heard_and_answered(server: LocalServer) -> None:
    """The official client speaks faster than real time; the server finds the turn, writes it down, and answers."""
    with talking(server) as connection:
        update(connection, {"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}})
        say(connection, "hello")
        assert_spoken_turn(until(connection, "response.done"), "hello")


@pytest.mark.realtime
def test_push_to_talk(server: LocalServer) -> None:
    """Without detection nothing happens by itself: the client commits, and the client asks for the response."""
    with talking(server) as connection:
        update(connection, PUSH_TO_TALK)
        connection.input_audio_buffer.commit(event_id="too-early")
        refused = until(connection, "error")[-1].error
        assert (refused.code, refused.event_id) == ("input_audio_buffer_commit_empty", "too-early")
        say(connection, "joke")
        connection.input_audio_buffer.clear()
        say(connection, "sum")
        connection.input_audio_buffer.commit()
        events = until(connection, "conversation.item.done")
        assert_in_order(
            events,
            "input_audio_buffer.cleared",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
        )
        assert not [e for e in events if "speech_" in e.type]
        connection.response.create()
        done = until(connection, "response.done")[-1]
    assert text_of_response(done) == "Twelve plus thirty is forty-two."


@pytest.mark.realtime
def test_barge_in_cancels_the_reply_and_what_was_not_heard_is_forgotten(server: LocalServer) -> None:
    """Speech during a reply ends it (turn_detected); the client truncates, and the item ends where it was heard."""
    with talking(server) as connection:
        say(connection, "read")
        before = until(connection, "response.output_audio.delta", 5)
        say(connection, "hello")
        cancelled = assert_barge_in([*before, *until(connection, "response.done")])
        item_id = cancelled.response.output[0].id
        connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=200)
        truncated = until(connection, "conversation.item.truncated")[-1]
        assert (truncated.item_id, truncated.content_index, truncated.audio_end_ms) == (item_id, 0, 200)
        connection.conversation.item.retrieve(item_id=item_id)
        item = until(connection, "conversation.item.retrieved")[-1].item
        assert len(base64.b64decode(item.content[0].audio)) == 200 * 48
        connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=60_000)
        assert until(connection, "error")[-1].error.code == "invalid_value"


def test_cancel_with_nothing_to_cancel_is_harmless(server: LocalServer) -> None:
    """response.cancel without a response is an error that names its event; the session goes on."""
    with talking(server) as connection:
        update(connection, TEXT_ONLY)
        connection.response.cancel(event_id="too-late")
        refused = until(connection, "error")[-1].error
        assert (refused.code, refused.event_id) == ("response_cancel_not_active", "too-late")
        assert_text_turn(ask(connection, "What is 2 + 3?"), "Two plus three is five.")


@pytest.mark.realtime
def test_client_can_cancel_a_running_response(server: LocalServer) -> None:
    """response.cancel ends the reply with the reason client_cancelled, billed for what was made."""
    with talking(server) as connection:
        connection.conversation.item.create(item=said("Read me something long"))
        connection.response.create()
        until(connection, "response.output_audio.delta")
        connection.response.cancel()
        response = until(connection, "response.done")[-1].response
    assert (response.status, response.status_details.reason) == ("cancelled", "client_cancelled")
    assert response.usage.output_token_details.audio_tokens > 0


@pytest.mark.realtime
def test_second_response_is_refused_while_one_is_active(server: LocalServer) -> None:
    """conversation_already_has_active_response, with the event that asked; the first response is not touched."""
    with talking(server) as connection:
        connection.conversation.item.create(item=said("What is 2 + 3?"))
        connection.response.create()
        until(connection, "response.created")
        connection.response.create(event_id="second")
        refused = until(connection, "error")[-1].error
        assert (refused.code, refused.event_id) == ("conversation_already_has_active_response", "second")
        assert until(connection, "response.done")[-1].response.status == "completed"


def test_function_call_goes_round(server: LocalServer) -> None:
    """Declared, called with fitting arguments, answered by the client, spoken by the server."""
    with talking(server) as connection:
        update(connection, {**TEXT_ONLY, "tools": [WEATHER]})
        events = ask(connection, "What is the weather in Paris?")
        assert_in_order(
            events,
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.done",
        )
        (call,) = events[-1].response.output
        assert (call.type, call.name, call.arguments) == ("function_call", "get_weather", '{"city": "Paris"}')
        (arguments,) = of(events, "response.function_call_arguments.done")
        assert (arguments.call_id, arguments.name, arguments.arguments) == (call.call_id, call.name, call.arguments)
        deltas = of(events, "response.function_call_arguments.delta")
        assert "".join(e.delta for e in deltas) == call.arguments
        connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call.call_id, "output": '{"weather": "sunny"}'}
        )
        connection.response.create()
        assert "sunny" in text_of_response(until(connection, "response.done")[-1])


def test_several_answers_beside_the_conversation(server: LocalServer) -> None:
    """conversation "none": several at once, own input, metadata echoed, no trace in the conversation."""
    topics = {"sum": "Two plus three is five.", "product": "Six times seven is forty-two."}
    questions = {"sum": "What is 2 + 3?", "product": "What is 6 * 7?"}
    with talking(server) as connection:
        until(connection, "conversation.created")
        for topic, question in questions.items():
            connection.response.create(
                response={
                    "conversation": "none",
                    "metadata": {"topic": topic},
                    "output_modalities": ["text"],
                    "input": [said(question)],
                }
            )
        assert_out_of_band(until(connection, "response.done", len(topics)), topics)
        update(connection, TEXT_ONLY)
        done = ask(connection, "What did I say?")[-1]
    assert text_of_response(done).startswith("Nothing before this.")


@pytest.mark.realtime
def test_telephone_codes_in_and_out(server: LocalServer) -> None:
    """G.711 both ways: mu-law is heard as it was said, and A-law comes back as speech of the right length."""
    with talking(server) as connection:
        update(
            connection,
            {
                "type": "realtime",
                "audio": {
                    "input": {"format": {"type": "audio/pcmu"}, "transcription": {"model": "whisper-1"}},
                    "output": {"format": {"type": "audio/pcma"}},
                },
            },
        )
        for audio in appends("hello", PCMU):
            connection.input_audio_buffer.append(audio=audio)
        events = until(connection, "response.done")
    assert_spoken_turn(events, "hello", PCMA)
    assert events[-1].response.audio.output.format.type == "audio/pcma"
    assert len(sound_of(events, PCMA)) > 24_000


@pytest.mark.realtime
def test_usage_adds_up_over_the_turns(server: LocalServer) -> None:
    """Each response is billed for the whole conversation so far; what was billed before comes from the cache."""
    with talking(server) as connection:
        update(connection, {"type": "realtime", "instructions": "Be brief. " * 20})
        usages = []
        for text in ("What is 2 + 3?", "What is 6 * 7?"):
            usages.append(ask(connection, text)[-1].response.usage)
        say(connection, "hello")
        usages.append(until(connection, "response.done")[-1].response.usage)
        connection.session.update(session={**TEXT_ONLY, "instructions": "Be long. " * 20})
        until(connection, "session.updated")
        usages.append(ask(connection, "What is 1 + 1?")[-1].response.usage)
    for usage in usages:
        assert_usage_adds_up(usage)
    for before, after in pairwise(usages):
        assert after.input_tokens > before.input_tokens
    first, second, third, fourth = usages
    assert first.input_token_details.cached_tokens == 0
    assert second.input_token_details.cached_tokens >= first.input_token_details.text_tokens
    # The assistant's own audio comes back as input.
    assert second.input_token_details.audio_tokens >= first.output_token_details.audio_tokens > 0
    assert third.input_token_details.cached_tokens >= second.input_token_details.cached_tokens
    assert third.input_token_details.cached_tokens_details.audio_tokens > 0
    # New instructions stand in front of everything: nothing behind them is known any more.
    assert fourth.input_token_details.cached_tokens == 0


@pytest.mark.realtime
def test_transcription_session_writes_down_and_never_answers(server: LocalServer) -> None:
    """intent=transcription: its own session type; turns are found and written down; a response cannot be had."""
    with talking(server, extra_query={"intent": "transcription"}) as connection:
        created = connection.recv()
        assert (created.type, created.session.type) == ("session.created", "transcription")
        heard = {"transcription": {"model": "whisper-1"}, "turn_detection": {"type": "server_vad"}}
        session = update(connection, {"type": "transcription", "audio": {"input": heard}})
        assert (session.type, session.audio.input.transcription.model) == ("transcription", "whisper-1")
        say(connection, "hello")
        events = until(connection, "conversation.item.input_audio_transcription.completed")
        assert_in_order(events, "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped")
        assert_transcribed(events, "hello")
        connection.response.create(event_id="no")
        assert until(connection, "error")[-1].error.event_id == "no"
        update(connection, {"type": "transcription", "audio": {"input": {"turn_detection": None}}})
        say(connection, "goodbye")
        connection.input_audio_buffer.commit()
        assert_transcribed(until(connection, "conversation.item.input_audio_transcription.completed"), "goodbye")


def test_client_secret_opens_a_session_with_its_own_configuration(server: LocalServer) -> None:
    """A minted ek_ key connects, several times, with the configuration attached to it; the client may override."""
    session: Any = {
        "type": "realtime",
        "model": MODEL,
        "instructions": "Be brief.",
        "audio": {"output": {"voice": "cedar"}},
    }
    raw = client_of(server).realtime.client_secrets.with_raw_response.create(
        expires_after={"anchor": "created_at", "seconds": 600}, session=session
    )
    ClientSecretCreateResponse.model_validate_json(raw.http_response.content, strict=True)
    secret = raw.parse()
    assert secret.value.startswith("ek_")
    assert (secret.session.type, secret.session.audio.output.voice) == ("realtime", "cedar")
    for _ in range(2):
        with talking(server, secret.value) as connection:
            created = connection.recv().session
            assert (created.audio.output.voice, created.instructions) == ("cedar", "Be brief.")
            assert update(connection, {"type": "realtime", "instructions": "Other."}).instructions == "Other."


def test_client_secret_is_refused_with_a_wrong_lifetime_or_key(server: LocalServer) -> None:
    """10 to 7,200 seconds, and only for who has the key; a secret cannot mint another."""
    with pytest.raises(BadRequestError):
        client_of(server).realtime.client_secrets.create(expires_after={"anchor": "created_at", "seconds": 9})
    with pytest.raises(BadRequestError):
        client_of(server).realtime.client_secrets.create(expires_after={"anchor": "created_at", "seconds": 7_201})
    with pytest.raises(AuthenticationError):
        client_of(server, "wrong").realtime.client_secrets.create()
    secret = client_of(server).realtime.client_secrets.create()
    with pytest.raises(AuthenticationError):
        client_of(server, secret.value).realtime.client_secrets.create()


BETA_ONLY = {
    "conversation.item.created",
    "response.audio.delta",
    "response.audio.done",
    "response.audio_transcript.delta",
    "response.audio_transcript.done",
}
GA_ONLY = {"conversation.item.added", "conversation.item.done", "response.output_audio.delta"}


@pytest.mark.realtime
def test_beta_client_hears_the_old_names(server: LocalServer) -> None:
    """The beta client of the articles: flat session, old event names, and a spoken turn with them."""
    with talking(server, beta=True, model="gpt-4o-realtime-preview") as connection:
        created = connection.recv()
        assert (created.type, created.session.input_audio_format) == ("session.created", "pcm16")
        flat = update(
            connection,
            {
                "modalities": ["audio", "text"],
                "voice": "coral",
                "instructions": "Be brief.",
                "input_audio_transcription": {"model": "whisper-1"},
                "turn_detection": {"type": "server_vad", "threshold": 0.6},
            },
        )
        assert (flat.voice, flat.instructions, flat.turn_detection.threshold) == ("coral", "Be brief.", 0.6)
        assert sorted(flat.modalities) == ["audio", "text"]
        say(connection, "hello")
        events = until(connection, "response.done")
    kinds = {event.type for event in events}
    assert kinds >= BETA_ONLY
    assert not kinds & GA_ONLY
    assert_nothing_refused(events)
    (item,) = events[-1].response.output
    assert item.content[0].type == "audio"
    (spoken,) = of(events, "response.audio_transcript.done")
    assert item.content[0].transcript == spoken.transcript
    sound_ms = sum(len(base64.b64decode(e.delta)) for e in of(events, "response.audio.delta")) / 48
    assert abs(events[-1].response.usage.output_token_details.audio_tokens - sound_ms / 50) <= 1
    assert sound_ms > 200


def test_beta_client_gets_text_by_its_old_name(server: LocalServer) -> None:
    """modalities ["text"]: response.text.delta and response.text.done."""
    with talking(server, beta=True, model="gpt-4o-realtime-preview") as connection:
        update(connection, {"modalities": ["text"]})
        events = ask(connection, "What is 2 + 3?")
    assert_in_order(events, "conversation.item.created", "response.text.delta", "response.text.done", "response.done")
    (written,) = of(events, "response.text.done")
    assert written.text == "".join(e.delta for e in of(events, "response.text.delta")) == "Two plus three is five."
    assert events[-1].response.output[0].content[0].type == "text"


def test_beta_sessions_endpoint_gives_a_key_that_connects(server: LocalServer) -> None:
    """POST /v1/realtime/sessions of the articles: the flat session with a client_secret in it."""
    minted = client_of(server).beta.realtime.sessions.create(model="gpt-4o-realtime-preview", voice="coral")
    assert minted.voice == "coral"
    with talking(server, minted.client_secret.value, beta=True, model="gpt-4o-realtime-preview") as connection:
        assert connection.recv().session.voice == "coral"


def test_check_refuses_what_the_official_models_do_not_know() -> None:
    """The watch itself: missing fields, wrong parts, numbers as text and unknown events do not pass; extras do."""
    delta = {"type": "response.output_audio.delta", "event_id": "event_1", "response_id": "resp_1", "delta": "AAAA"}
    where = {"item_id": "item_1", "output_index": 0, "content_index": 0}
    check({**delta, **where, "voicelab": {"extra": 1}})
    part = {"type": "response.content_part.added", "event_id": "event_1", "response_id": "resp_1", **where}
    check({**part, "part": {"type": "audio", "transcript": ""}})
    for wrong in (
        delta,
        {**delta, **where, "output_index": "0"},
        {**delta, **where, "type": "response.audio.delta"},
        {**part, "part": {"type": "output_audio", "transcript": ""}},
        {"type": "session.updated", "event_id": "event_1", "session": {"object": "realtime.session"}},
    ):
        with pytest.raises(AssertionError, match="not an event of the official client"):
            check(wrong)
