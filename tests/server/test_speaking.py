"""Promises of `voicelab.server.speaking` and its output: deltas like the real ones, limits kept, every way to end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.room import Client, Saying, converse
from voicelab.engines.reply import CallTool, ReplyPart, Say
from voicelab.server.engines import ServerOptions
from voicelab.server.response_output import pieces

PARIS, ROME = CallTool("get_weather", {"city": "Paris"}), CallTool("get_weather", {"city": "Rome", "days": 3})


def answer(*parts: ReplyPart, options: ServerOptions | None = None, **response: object) -> Client:
    """Have one question answered with these parts."""

    async def talk(client: Client) -> None:
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
        await client.send("conversation.item.create", item=item)
        await client.send("response.create", response=response)
        await client.until("response.done")

    return converse(talk, reply=Saying(parts), options=options)


def done(client: Client) -> dict[str, object]:
    response: dict[str, object] = client.of("response.done")[0]["response"]
    return response


@given(st.text())
def test_pieces_joined_are_the_text(text: str) -> None:
    """Nothing is lost or added, whatever is written."""
    assert "".join(pieces(text)) == text


def test_pieces_are_words_and_punctuation() -> None:
    """Like the tokens of a model, not like whole sentences."""
    assert list(pieces('Hello, you! {"city": "Paris"}')) == [
        "Hello",
        ",",
        " you",
        "!",
        ' {"',
        "city",
        '":',
        ' "',
        "Paris",
        '"}',
    ]


def test_a_written_reply_comes_in_many_deltas() -> None:
    """One delta a word; joined they are the text of the done events and of the item."""
    client = answer(Say("One, two. "), Say("Three."), output_modalities=["text"])
    deltas = [event["delta"] for event in client.of("response.output_text.delta")]
    assert len(deltas) >= 6
    assert "".join(deltas) == "One, two. Three." == client.of("response.output_text.done")[0]["text"]
    assert done(client)["output"][0]["content"] == [{"type": "output_text", "text": "One, two. Three."}]


def test_function_arguments_come_in_many_deltas() -> None:
    """Joined they are the JSON of the done event and of the item."""
    client = answer(PARIS)
    deltas = [event["delta"] for event in client.of("response.function_call_arguments.delta")]
    assert len(deltas) > 3
    arguments = client.of("response.function_call_arguments.done")[0]["arguments"]
    assert "".join(deltas) == arguments
    assert json.loads(arguments) == {"city": "Paris"}


def test_words_and_two_calls_are_three_items_of_one_response() -> None:
    """Parallel calls: each with its own item, call and index, in order, behind the message."""
    client = answer(Say("Let me look."), PARIS, ROME)
    output = done(client)["output"]
    assert [item["type"] for item in output] == ["message", "function_call", "function_call"]
    assert len({item["id"] for item in output}) == len({item.get("call_id") for item in output}) == 3
    assert [event["output_index"] for event in client.of("response.output_item.done")] == [0, 1, 2]
    assert [json.loads(item["arguments"])["city"] for item in output[1:]] == ["Paris", "Rome"]
    ids = [item["id"] for item in output]
    assert [event["item"]["id"] for event in client.of("conversation.item.done")][1:] == ids
    assert [event["previous_item_id"] for event in client.of("conversation.item.done")][2:] == ids[:2]


def test_parallel_calls_can_be_switched_off() -> None:
    """With ``parallel_tool_calls`` false a response ends with its first call."""
    client = answer(PARIS, ROME, parallel_tool_calls=False)
    assert [json.loads(item["arguments"])["city"] for item in done(client)["output"]] == ["Paris"]


@pytest.mark.parametrize("modality", ["text", "audio"])
@pytest.mark.parametrize("limit", [1, 2, 7, 20])
def test_the_limit_of_output_tokens_is_never_passed(modality: str, limit: int) -> None:
    """However small: the response ends incomplete, and counts no more than it may."""
    client = answer(Say("one two three four five six " * 5), output_modalities=[modality], max_output_tokens=limit)
    assert done(client)["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert done(client)["usage"]["output_tokens"] <= limit
    assert done(client)["max_output_tokens"] == limit


def test_a_call_that_is_too_long_is_left_incomplete() -> None:
    """Its arguments so far are there, but its status says that they are not to be used."""
    client = answer(CallTool("note", {"text": "word " * 50}), max_output_tokens=10)
    (item,) = done(client)["output"]
    assert (done(client)["status"], item["status"]) == ("incomplete", "incomplete")
    assert item["arguments"].startswith('{"text": "word')


@pytest.mark.parametrize("modality", ["text", "audio"])
def test_a_blocked_word_ends_the_reply_before_it(modality: str) -> None:
    """``content_filter``: what came before the word stays, the word itself is never sent."""
    client = answer(
        Say("The secret is Mellon, friend."),
        options=ServerOptions(blocked_words=("mellon",)),
        output_modalities=[modality],
    )
    assert done(client)["status_details"] == {"type": "incomplete", "reason": "content_filter"}
    part = done(client)["output"][0]["content"][0]
    assert (part.get("text") or part.get("transcript")).strip() == "The secret is"
    assert "Mellon" not in json.dumps(client.events)
