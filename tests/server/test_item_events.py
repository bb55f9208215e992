"""conversation.item.*: the client's hand on what is remembered."""

from __future__ import annotations

import base64

from tests.server.room import Client, converse, spoken


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
