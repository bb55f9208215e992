"""conversation.item.*: the client's hand on what is remembered."""

from __future__ import annotations

import asyncio
import base64

import pytest

from tests.server.room import Client, GivenEars, Saying, converse, spoken
from voicelab.audio.formats import PCMU, Encoder
from voicelab.engines.base import Heard


def text_item(text: str, **fields: object) -> dict[str, object]:
    """Return a typed user message."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}], **fields}


def test_items_stand_where_the_client_puts_them() -> None:
    """At the end by default, at the front with root, behind another item with its id."""

    async def talk(client: Client) -> None:
        await client.send("conversation.item.create", item=text_item("b", id="b"))
        await client.send("conversation.item.create", item=text_item("a", id="a"), previous_item_id="root")
        await client.send("conversation.item.create", item=text_item("c", id="c"), previous_item_id="b")
        await client.until("conversation.item.done", n=3)

    added = [(e["item"]["id"], e["previous_item_id"]) for e in converse(talk).of("conversation.item.added")]
    assert added == [("b", None), ("a", None), ("c", "b")]


def test_unknown_neighbour_and_taken_id_are_refused() -> None:
    """An item cannot follow one that is not there, nor take an id that is."""

    async def talk(client: Client) -> None:
        await client.send("conversation.item.create", item=text_item("a", id="a"))
        await client.send("conversation.item.create", item=text_item("a", id="a"))
        await client.send("conversation.item.create", item=text_item("b"), previous_item_id="nobody")
        await client.until("error", n=2)

    client = converse(talk)
    assert [e["error"]["param"] for e in client.of("error")] == ["item.id", "previous_item_id"]
    assert len(client.of("conversation.item.added")) == 1


def test_retrieved_user_audio_is_the_audio_that_was_sent() -> None:
    """retrieve gives the turn's own samples, and only retrieve carries audio."""

    async def talk(client: Client) -> None:
        await client.append(spoken("hello"))
        await client.until("response.done")
        item_id = client.of("input_audio_buffer.committed")[0]["item_id"]
        await client.send("conversation.item.retrieve", item_id=item_id)
        await client.until("conversation.item.retrieved")

    client = converse(talk)
    part = client.of("conversation.item.retrieved")[0]["item"]["content"][0]
    start = client.of("input_audio_buffer.speech_started")[0]["audio_start_ms"] * 24
    audio = base64.b64decode(part["audio"])
    assert audio == spoken("hello")[start : start + len(audio) // 2].astype("<i2").tobytes()
    assert all("audio" not in p for e in client.of("conversation.item.done") for p in e["item"]["content"])


def test_deleted_item_is_gone() -> None:
    """A deleted item cannot be retrieved any more."""

    async def talk(client: Client) -> None:
        await client.send("conversation.item.create", item=text_item("a", id="a"))
        await client.send("conversation.item.delete", item_id="a")
        await client.send("conversation.item.retrieve", item_id="a")
        await client.until("error")

    client = converse(talk)
    assert client.of("conversation.item.deleted")[0]["item_id"] == "a"
    assert client.of("error")[0]["error"]["code"] == "item_not_found"


def test_assistant_audio_cannot_be_created() -> None:
    """Only the assistant makes assistant audio."""

    async def talk(client: Client) -> None:
        item = {"type": "message", "role": "assistant", "content": [{"type": "output_audio", "transcript": "hi"}]}
        await client.send("conversation.item.create", item=item)
        await client.until("error")

    assert converse(talk).of("error")[0]["error"]["param"] == "item.content[0]"


def audio_item(data: bytes, **fields: object) -> dict[str, object]:
    """Return a spoken user message."""
    part = {"type": "input_audio", "audio": base64.b64encode(data).decode()}
    return {"type": "message", "role": "user", "content": [part], **fields}


@pytest.mark.parametrize("kind", ["audio/pcm", "audio/pcmu"])
def test_audio_in_an_item_is_heard_answered_and_given_back(kind: str) -> None:
    """A recorded message, in the session's input format, is as good as a spoken one."""
    reply = Saying()
    samples = spoken("hello")
    data = samples.astype("<i2").tobytes() if kind == "audio/pcm" else Encoder(PCMU).feed(samples)

    async def talk(client: Client) -> None:
        await client.send(
            "session.update", session={"type": "realtime", "audio": {"input": {"format": {"type": kind}}}}
        )
        await client.send("conversation.item.create", item=audio_item(data, id="spoken"))
        await client.send("response.create")
        await client.until("response.done")
        await client.send("conversation.item.retrieve", item_id="spoken")
        await client.until("conversation.item.retrieved")

    client = converse(talk, reply=reply, ears=GivenEars(words="good morning"))
    assert reply.requests[0].text == "good morning"
    assert reply.requests[0].audio is not None
    assert 300 < reply.requests[0].audio.speech_ms < 1_500
    assert "audio" not in client.of("conversation.item.done")[0]["item"]["content"][0]
    back = base64.b64decode(client.of("conversation.item.retrieved")[0]["item"]["content"][0]["audio"])
    assert len(back) == pytest.approx(2 * len(samples), abs=100)
    usage = client.of("response.done")[0]["response"]["usage"]
    assert usage["input_token_details"]["audio_tokens"] == -(-len(back) // 4_800)


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "%%"}]}, "content[0].audio"),
        (
            {"type": "message", "role": "system", "content": [{"type": "input_audio", "audio": "AAAA"}]},
            "content[0].type",
        ),
        ({"type": "message", "role": "assistant", "content": [{"type": "input_text", "text": "x"}]}, "content[0].type"),
        ({"type": "message", "role": "user", "content": [{"type": "output_text", "text": "x"}]}, "content[0].type"),
        (
            {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;,"}]},
            "content[0]",
        ),
        ({"type": "function_call_output", "call_id": "call_nobody", "output": "{}"}, "call_id"),
    ],
)
def test_an_item_that_cannot_be_is_refused_by_its_path(item: dict[str, object], param: str) -> None:
    """Nothing is put into the conversation."""

    async def talk(client: Client) -> None:
        await client.send("conversation.item.create", item=item, event_id="mine")
        await client.until("error")

    client = converse(talk)
    error = client.of("error")[0]["error"]
    assert (error["param"], error["event_id"]) == (f"item.{param}", "mine")
    assert not client.of("conversation.item.added")


def test_a_conversation_can_be_rebuilt_item_by_item() -> None:
    """Messages of all roles, a call and its result, as a client that reconnects sends them; the reply sees them all."""
    reply = Saying()
    items = [
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be kind."}]},
        text_item("What is the weather?"),
        {"type": "function_call", "name": "get_weather", "call_id": "call_1", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "It is sunny."}]},
        text_item("Thanks."),
    ]

    async def talk(client: Client) -> None:
        for item in items:
            await client.send("conversation.item.create", item=item)
        await client.send("response.create")
        await client.until("response.done")

    client = converse(talk, reply=reply)
    assert [type(item).__name__ for item in reply.requests[0].items] == [
        "Message",
        "Message",
        "FunctionCall",
        "FunctionCallOutput",
        "Message",
        "Message",
    ]
    assert not client.of("error")


@pytest.mark.parametrize(
    ("truncation", "param"),
    [
        ({"item_id": "nobody", "content_index": 0, "audio_end_ms": 0}, "item_id"),
        ({"item_id": "typed", "content_index": 0, "audio_end_ms": 0}, "item_id"),
        ({"item_id": "typed", "content_index": 0, "audio_end_ms": -1}, "audio_end_ms"),
    ],
)
def test_only_spoken_answers_can_be_truncated(truncation: dict[str, object], param: str) -> None:
    """An item that is not there, that has no sound, or an instant before its beginning."""

    async def talk(client: Client) -> None:
        await client.send("conversation.item.create", item=text_item("x", id="typed"))
        await client.send("conversation.item.truncate", **truncation)
        await client.until("error")

    assert converse(talk).of("error")[0]["error"]["param"] == param


def test_an_answer_deleted_while_it_is_spoken_stays_deleted() -> None:
    """What is still being said of it goes out, but is not remembered; the session goes on."""
    reply = Saying()

    async def talk(client: Client) -> None:
        await client.send("conversation.item.create", item=text_item("x"))
        await client.send("response.create")
        await client.until("response.output_audio.delta")
        item_id = client.of("response.output_item.added")[0]["item"]["id"]
        await client.send("conversation.item.delete", item_id=item_id)
        await client.until("response.done")
        await client.send("conversation.item.retrieve", item_id=item_id)
        await client.until("error")
        await client.send("response.create")
        await client.until("response.done", n=2)

    client = converse(talk, reply=reply)
    assert client.of("error")[0]["error"]["code"] == "item_not_found"
    assert len(reply.requests[1].items) == 1


def test_an_item_of_a_client_is_whole_whatever_it_says() -> None:
    """``conversation.item.done`` means final: a status of in_progress sent along does not stay."""

    async def talk(client: Client) -> None:
        await client.send("conversation.item.create", item=text_item("x", status="in_progress"))
        await client.until("conversation.item.done")

    assert converse(talk).of("conversation.item.done")[0]["item"]["status"] == "completed"


def test_two_recordings_in_an_item_are_given_back_once() -> None:
    """All of the sound in the first part, none in the second: nothing is doubled."""
    first, second = (spoken("hello")[start : start + 4_800].astype("<i2").tobytes() for start in (0, 4_800))
    parts = [{"type": "input_audio", "audio": base64.b64encode(data).decode()} for data in (first, second)]

    async def talk(client: Client) -> None:
        item = {"type": "message", "id": "two", "role": "user", "content": parts}
        await client.send("conversation.item.create", item=item)
        await client.send("conversation.item.retrieve", item_id="two")
        await client.until("conversation.item.retrieved")

    sounds = [part["audio"] for part in converse(talk).of("conversation.item.retrieved")[0]["item"]["content"]]
    assert base64.b64decode(sounds[0]) == first + second
    assert sounds[1] is None


def test_words_of_a_deleted_message_are_not_told() -> None:
    """Whoever deletes a message before its words are there hears no more of it."""

    class Slow(GivenEars):
        async def finish(self) -> Heard:
            await asyncio.sleep(2)
            return await super().finish()

    async def talk(client: Client) -> None:
        ears = {"transcription": {"model": "whisper-1"}, "turn_detection": None}
        await client.send("session.update", session={"type": "realtime", "audio": {"input": ears}})
        await client.append(spoken("hello"))
        await client.send("input_audio_buffer.commit")
        committed = await client.until("input_audio_buffer.committed")
        await client.send("conversation.item.delete", item_id=committed["item_id"])
        await asyncio.sleep(5)

    client = converse(talk, ears=Slow())
    assert client.of("conversation.item.deleted")
    assert not [kind for kind in client.kinds if "transcription" in kind]
