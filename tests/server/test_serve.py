"""The server loop: what every client can rely on, whatever it sends."""

from __future__ import annotations

import asyncio

import pytest

from tests.server.room import WALL, Client, GivenEars, Saying, converse, spoken
from voicelab.audio.signals import silence
from voicelab.engines.reply import CallTool, Say
from voicelab.errors import EngineError, TransportClosed
from voicelab.protocol import wire
from voicelab.protocol.dialects import make_dialect
from voicelab.protocol.ids import Ids
from voicelab.server.engines import Engines, ServerOptions
from voicelab.server.serve import serve
from voicelab.transports.clock import Clock
from voicelab.transports.memory import memory_pair
from voicelab.transports.virtual_time import run_in_virtual_time
from voicelab.turns.scores import Scorer


def test_first_events_show_the_configuration_in_force() -> None:
    """A client is told the session and the conversation before it says anything."""

    async def nothing(client: Client) -> None:
        return

    client = converse(nothing)
    assert client.kinds[:2] == ["session.created", "conversation.created"]
    session = client.of("session.created")[0]["session"]
    assert session["object"] == "realtime.session"
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 200
    assert session["expires_at"] == 1_795_176_000 + 3600


def test_every_event_has_an_id_of_its_own() -> None:
    """Event ids never repeat, and every event has one."""

    async def talk(client: Client) -> None:
        await client.append(spoken("hello"))
        await client.until("response.done")

    ids = [event["event_id"] for event in converse(talk).events]
    assert len(set(ids)) == len(ids)
    assert all(ids)


def test_spoken_turn_has_the_order_of_the_real_service() -> None:
    """A turn found by the detector goes through the documented order of events, from speech to response.done."""

    async def talk(client: Client) -> None:
        await client.send(
            "session.update",
            session={"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}},
        )
        await client.append(spoken("hello"))
        await client.until("response.done")

    kinds = converse(talk).kinds
    expected = [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "rate_limits.updated",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
    ]
    at = kinds.index("input_audio_buffer.speech_started")
    assert kinds[at : at + len(expected)] == expected
    assert kinds[-6:] == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]


def test_every_event_has_the_shape_of_the_published_types() -> None:
    """Everything the server sends is read back by the typed view without loss."""

    async def talk(client: Client) -> None:
        await client.append(spoken("hello"))
        await client.until("response.done")

    for body in converse(talk, reply=Saying((Say("Hi."), CallTool("f", {"a": 1})))).events:
        assert wire.plain(wire.parse_server(body)) == body


@pytest.mark.parametrize(
    ("frame", "code", "param"),
    [
        ("{not json", "invalid_json", None),
        ('["a list"]', "invalid_event", "type"),
        ('{"type": "no.such.event", "event_id": "mine"}', "invalid_event", "type"),
        ('{"type": "conversation.item.delete", "event_id": "mine"}', "missing_required_parameter", "item_id"),
        ('{"type": "input_audio_buffer.append", "audio": 3, "event_id": "mine"}', "invalid_type", "audio"),
        ('{"type": "response.cancel", "event_id": "mine"}', "response_cancel_not_active", "response_id"),
        ('{"type": "input_audio_buffer.commit", "event_id": "mine"}', "input_audio_buffer_commit_empty", None),
        ('{"type": "conversation.item.delete", "item_id": "x", "event_id": "mine"}', "item_not_found", "item_id"),
    ],
)
def test_bad_frame_is_answered_and_the_session_goes_on(frame: str, code: str, param: str | None) -> None:
    """Whatever a client sends wrongly, it gets one error that names its event, and can go on talking."""

    async def misbehave(client: Client) -> None:
        await client.send_text(frame)
        await client.until("error")
        await client.append(spoken("hello"))
        await client.until("response.done")

    client = converse(misbehave)
    (error,) = [event["error"] for event in client.of("error")]
    assert (error["code"], error["param"]) == (code, param)
    assert error["event_id"] == ("mine" if "mine" in frame else None)


@pytest.mark.parametrize(
    ("frame", "new_name"),
    [
        ('{"type": "session.update", "session": {"type": "realtime", "voice": "ash"}}', "audio.output.voice"),
        ('{"type": "response.create", "response": {"modalities": ["text"]}}', "output_modalities"),
        ('{"type": "transcription_session.update", "session": {}}', "session.update"),
    ],
)
def test_a_name_of_the_beta_is_answered_with_the_new_one(frame: str, new_name: str) -> None:
    """Whoever follows an old example is told how it is called now."""

    async def follow(client: Client) -> None:
        await client.send_text(frame)
        await client.until("error")

    assert new_name in converse(follow).of("error")[0]["error"]["message"]


def test_a_message_beyond_all_limits_is_refused_and_the_session_goes_on() -> None:
    """More than one append may hold is answered with an error, not with a closed connection."""

    async def flood(client: Client) -> None:
        await client.send("input_audio_buffer.append", audio="A" * (25 * 2**20))
        await client.until("error")
        await client.append(spoken("hello"))
        await client.until("response.done")

    client = converse(flood)
    assert client.of("error")[0]["error"]["code"] == "message_too_large"


@pytest.mark.parametrize(("seconds", "words"), [(60, "1 minute"), (120, "2 minutes"), (45, "45 seconds")])
def test_the_end_of_a_session_is_told_in_the_service_s_words(seconds: float, words: str) -> None:
    """However long the session is."""

    async def wait(client: Client) -> None:
        await client.until("error", seconds=200)

    client = converse(wait, options=ServerOptions(session_seconds=seconds))
    assert client.of("error")[0]["error"]["message"] == f"Your session hit the maximum duration of {words}."


def test_a_beta_client_is_understood_and_answered_in_its_dialect() -> None:
    """Old names in, old names out, the same conversation in between."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session={"modalities": ["audio", "text"], "voice": "ash"})
        await client.append(spoken("hello"))
        await client.until("response.done")

    client = converse(talk, dialect=make_dialect("beta"))
    assert client.of("session.updated")[0]["session"]["voice"] == "ash"
    kinds = set(client.kinds)
    assert {"response.audio.delta", "response.audio_transcript.delta", "conversation.item.created"} <= kinds
    assert not {kind for kind in kinds if "output_audio" in kind or kind.endswith(("item.added", "item.done"))} - {
        "response.output_item.added",
        "response.output_item.done",
    }


def test_session_ends_when_its_time_is_up() -> None:
    """After the session's life the client is told so, and the connection is closed."""

    async def wait(client: Client) -> None:
        await client.until("error", seconds=100)

    client = converse(wait, options=ServerOptions(session_seconds=60))
    assert client.of("error")[0]["error"]["code"] == "session_expired"
    assert client.of("error")[0]["error"]["message"] == "Your session hit the maximum duration of 1 minute."


def test_client_that_hangs_up_in_the_middle_of_a_reply_leaves_nothing_behind() -> None:
    """A client may go at any moment: the server's session ends, and its ears are closed."""
    ears = GivenEars()

    async def hang_up(client: Client) -> None:
        await client.append(spoken("hello"))
        await client.until("response.output_audio.delta")

    converse(hang_up, ears=ears, reply=Saying((Say("word " * 200),)))
    assert ears.calls[-1] == "close"


def test_silence_alone_starts_nothing() -> None:
    """Silence is no turn."""

    async def be_silent(client: Client) -> None:
        await client.append(silence(5_000))

    assert converse(be_silent).kinds == ["session.created", "conversation.created"]


@pytest.mark.parametrize("frame", ['{"event_id": "mine"}', '{"type": 5, "event_id": "mine"}'])
def test_an_error_names_its_event_also_when_the_event_has_no_type(frame: str) -> None:
    """Whoever gave an id finds the mistake by it."""

    async def misbehave(client: Client) -> None:
        await client.send_text(frame)
        await client.until("error")

    assert converse(misbehave).of("error")[0]["error"]["event_id"] == "mine"


def test_absurdly_deep_json_is_refused_and_the_session_goes_on() -> None:
    """As deep as JSON may be, deeper than a configuration can be merged."""
    deep = '{"a":' * 900 + "1" + "}" * 900
    frame = '{"type": "session.update", "session": {"type": "realtime", "tracing": {"metadata": ' + deep + "}}}"

    async def misbehave(client: Client) -> None:
        await client.send_text(frame)
        await client.send_text(frame)
        await client.until("error")
        await client.append(spoken("hello"))
        await client.until("response.done")

    assert converse(misbehave).of("response.done")


def test_a_client_that_does_not_read_is_not_waited_for() -> None:
    """When its time is up the session ends, whether or not the client takes the news."""

    class Deaf:
        """A transport whose other side never reads."""

        def __init__(self) -> None:
            self.closed = asyncio.Event()

        async def send(self, frame: str) -> None:
            await asyncio.Event().wait()

        async def receive(self) -> str:
            await self.closed.wait()
            raise TransportClosed("closed here", code=1001)

        async def close(self, code: int = 1000, reason: str = "") -> None:
            self.closed.set()

    async def perform() -> bool:
        engines = Engines(open_scorer=Scorer, reply=Saying(), about={})
        clock, deaf = Clock(asyncio.get_running_loop(), WALL), Deaf()
        await serve(deaf, engines, clock, Ids(1), options=ServerOptions(session_seconds=5))
        return deaf.closed.is_set()

    assert run_in_virtual_time(perform())


def test_a_session_that_cannot_be_opened_is_closed() -> None:
    """Ears that do not open: the client does not wait for ever."""

    async def broken_ears() -> GivenEars:
        raise EngineError("no ears today")

    async def perform() -> None:
        here, there = memory_pair()
        engines = Engines(open_scorer=Scorer, reply=Saying(), about={}, open_hearing=broken_ears)
        with pytest.raises(EngineError, match="no ears"):
            await serve(there, engines, Clock(asyncio.get_running_loop(), WALL), Ids(1))
        with pytest.raises(TransportClosed):
            await here.receive()

    run_in_virtual_time(perform())


def test_hanging_up_while_a_timeout_would_begin_ends_quietly() -> None:
    """The answer is cut off with the connection, and no silence begins behind it."""

    async def hang_up(client: Client) -> None:
        vad = {"type": "server_vad", "idle_timeout_ms": 5000}
        await client.send("session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": vad}}})
        await client.send("response.create")
        await client.until("response.output_audio.delta", n=3)

    converse(hang_up, reply=Saying((Say("word " * 50),)))
