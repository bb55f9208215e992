"""Answers: one at a time, spoken or written, stopped by speech or by the client, billed for what was made."""

from __future__ import annotations

import asyncio
import base64

import pytest

from tests.server.room import Client, GivenEars, Saying, converse, spoken
from voicelab.audio.formats import PCMU, Decoder
from voicelab.engines.reply import CallTool, Say
from voicelab.errors import AudioError, ConfigError, EngineError
from voicelab.protocol.items import Message, text_of
from voicelab.server.engines import ServerOptions

LONG = Say("word " * 100)


async def typed(client: Client, text: str = "hello", **response: object) -> None:
    """Ask something in writing."""
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    await client.send("conversation.item.create", item=item)
    await client.send("response.create", **({"response": response} if response else {}))


def test_audio_and_words_add_up_to_the_whole() -> None:
    """The deltas, joined, are the transcript and the sound of the reply; both ends say the same text."""

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.done")

    client = converse(talk)
    assert "".join(e["delta"] for e in client.of("response.output_audio_transcript.delta")) == "One two three."
    assert client.of("response.output_audio_transcript.done")[0]["transcript"] == "One two three."
    assert len(client.audio()) == 3 * 2_400


def test_text_modality_writes_and_makes_no_sound() -> None:
    """A session that asks for text gets text deltas only."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session={"type": "realtime", "output_modalities": ["text"]})
        await typed(client)
        await client.until("response.done")

    client = converse(talk)
    assert client.of("response.output_text.done")[0]["text"] == "One two three."
    assert not client.of("response.output_audio.delta")
    usage = client.of("response.done")[0]["response"]["usage"]
    assert usage["output_token_details"] == {"text_tokens": 4, "audio_tokens": 0}


def test_audio_comes_about_three_times_faster_than_it_plays() -> None:
    """Neither all at once nor in real time: what is sent after a second is three seconds of sound, and a chunk."""

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.output_audio.delta")
        await asyncio.sleep(1.0)
        client.sent_ms = len(client.audio()) / 24
        await client.send("response.cancel")
        await client.until("response.done")

    client = converse(talk, reply=Saying((LONG,)))
    assert 2_800 <= client.sent_ms <= 3_300


def test_second_response_create_is_refused_while_one_runs() -> None:
    """One answer at a time; the error names the one that runs and the event that asked for another."""

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.created")
        await client.send("response.create", event_id="second")
        await client.until("error")
        await client.until("response.done")

    client = converse(talk)
    error = client.of("error")[0]["error"]
    assert error["code"] == "conversation_already_has_active_response"
    assert error["event_id"] == "second"
    assert client.of("response.created")[0]["response"]["id"] in error["message"]


def test_cancelled_answer_ends_with_all_its_done_events_and_is_billed_for_what_was_made() -> None:
    """response.cancel: done events, status cancelled by the client, tokens for the sound that was sent and no more."""

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.output_audio.delta", n=12)
        await client.send("response.cancel")
        await client.until("response.done")
        await asyncio.sleep(5)

    client = converse(talk, reply=Saying((LONG,)))
    response = client.of("response.done")[0]["response"]
    assert response["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert response["output"][0]["status"] == "incomplete"
    assert client.kinds[-1] == "response.done"
    assert response["usage"]["output_token_details"]["audio_tokens"] == len(client.audio()) // 1_200


def test_speech_cancels_the_running_answer() -> None:
    """Barge-in: speech_started, then the end of the answer with reason turn_detected, then a turn of its own."""

    async def talk(client: Client) -> None:
        await client.append(spoken("hello"))
        await client.until("response.output_audio.delta", n=5)
        await client.append(spoken("say-again"))
        await client.until("response.done", n=2)

    client = converse(talk, reply=Saying((LONG,)))
    first = client.of("response.done")[0]["response"]
    assert first["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    kinds = [event["type"] for event in client.events]
    second_start = [i for i, kind in enumerate(kinds) if kind == "input_audio_buffer.speech_started"][1]
    assert kinds.index("response.done") > second_start
    assert len(client.of("input_audio_buffer.committed")) == 2


def test_interrupt_response_false_lets_the_answer_finish() -> None:
    """A session may forbid interruptions: speech then changes nothing for the running answer."""

    async def talk(client: Client) -> None:
        vad = {"type": "server_vad", "interrupt_response": False, "create_response": False}
        await client.send("session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": vad}}})
        await typed(client)
        await client.until("response.output_audio.delta")
        await client.append(spoken("hello"))
        await client.until("response.done")

    response = converse(talk, reply=Saying((LONG,))).of("response.done")[0]["response"]
    assert response["status"] == "completed"


def test_truncation_shortens_what_the_conversation_remembers() -> None:
    """After a truncate the reply engine sees only the words that were heard to their end."""
    reply = Saying((Say("one two three four five six"),))

    async def talk(client: Client) -> None:
        await typed(client)
        done = await client.until("response.done")
        item_id = done["response"]["output"][0]["id"]
        await client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=250)
        await client.until("conversation.item.truncated")
        await typed(client, "and then?")
        await client.until("response.done", n=2)

    converse(talk, reply=reply)
    said = [item for item in reply.requests[1].items if isinstance(item, Message) and item.role == "assistant"]
    assert text_of(said[0]) == "one two"


def test_truncation_past_the_end_is_refused() -> None:
    """Nobody can have heard more than there is."""

    async def talk(client: Client) -> None:
        await typed(client)
        done = await client.until("response.done")
        item_id = done["response"]["output"][0]["id"]
        await client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=301)
        await client.until("error")

    error = converse(talk).of("error")[0]["error"]
    assert error["message"] == "Audio content of 300ms is already shorter than 301ms"


def test_function_call_carries_its_arguments_and_its_result_comes_back() -> None:
    """A call is an item with a name, a call_id and JSON arguments; the reply after it sees the result."""
    reply = Saying((CallTool("set_timer", {"minutes": 5}),))

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.done")
        call = client.of("response.function_call_arguments.done")[0]
        reply.parts = (Say("Done."),)
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "rings at noon"}
        await client.send("conversation.item.create", item=output)
        await client.send("response.create")
        await client.until("response.done", n=2)

    client = converse(talk, reply=reply)
    call = client.of("response.function_call_arguments.done")[0]
    assert (call["name"], call["arguments"]) == ("set_timer", '{"minutes": 5}')
    assert client.of("response.done")[0]["response"]["output"][0]["call_id"] == call["call_id"]
    assert [type(item).__name__ for item in reply.requests[1].items] == [
        "Message",
        "FunctionCall",
        "FunctionCallOutput",
    ]


def test_usage_adds_up_and_history_is_cached() -> None:
    """Totals are sums, and a second response finds all that the first was given in the cache."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session={"type": "realtime", "instructions": "Be kind." * 10})
        await typed(client)
        await client.until("response.done")
        await typed(client)
        await client.until("response.done", n=2)

    first, second = (event["response"]["usage"] for event in converse(talk).of("response.done"))
    for usage in (first, second):
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        details = usage["input_token_details"]
        assert usage["input_tokens"] == details["text_tokens"] + details["audio_tokens"]
    assert first["input_token_details"]["cached_tokens"] == 0
    assert second["input_token_details"]["cached_tokens"] == first["input_tokens"]


def test_reply_leaves_in_telephone_sound_when_asked() -> None:
    """mu-law out: the deltas decode to the same length of sound."""

    async def talk(client: Client) -> None:
        out = {"audio": {"output": {"format": {"type": "audio/pcmu"}}}}
        await client.send("session.update", session={"type": "realtime", **out})
        await typed(client)
        await client.until("response.done")

    data = b"".join(base64.b64decode(e["delta"]) for e in converse(talk).of("response.output_audio.delta"))
    assert len(data) == 3 * 800
    assert len(Decoder(PCMU).feed(data)) == pytest.approx(7_200, abs=60)


def test_limit_of_output_tokens_ends_the_answer_as_incomplete() -> None:
    """max_output_tokens is kept, and the response says why it ended."""

    async def talk(client: Client) -> None:
        await typed(client, max_output_tokens=20)
        await client.until("response.done")

    response = converse(talk, reply=Saying((LONG,))).of("response.done")[0]["response"]
    assert response["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert 15 <= response["usage"]["output_tokens"] <= 20


def test_engine_that_fails_ends_the_response_as_failed_and_the_session_goes_on() -> None:
    """A broken reply engine is told in the response; the next one is tried again."""

    class Broken(Saying):
        async def reply(self, request):
            self.requests.append(request)
            if len(self.requests) == 1:
                raise EngineError("the endpoint refused the connection")
            yield Say("Back again.")

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.done")
        await typed(client)
        await client.until("response.done", n=2)

    first, second = (e["response"] for e in converse(talk, reply=Broken()).of("response.done"))
    assert first["status"] == "failed"
    assert first["status_details"]["error"]["message"] == "the endpoint refused the connection"
    assert second["status"] == "completed"


def test_server_without_a_voice_answers_in_text() -> None:
    """Where no synthesiser works, an answer is written: nothing is lost but the sound."""

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.done")

    client = converse(talk, speaking=None)
    assert client.of("response.output_text.done")[0]["text"] == "One two three."


def test_rejected_words_reach_the_reply_as_rejected_and_no_transcript_is_made_up() -> None:
    """Words the recogniser does not believe are nobody's words: the transcript is empty, the reply engine is told."""
    from voicelab.engines.base import Heard

    class Doubtful(GivenEars):
        async def finish(self) -> Heard:
            return Heard("count to ten", rejected=True, confidence=0.1, engine="given")

    reply = Saying()

    async def talk(client: Client) -> None:
        asked = {"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}
        await client.send("session.update", session=asked)
        await client.append(spoken("hello"))
        await client.until("response.done")

    client = converse(talk, ears=Doubtful(), reply=reply)
    assert reply.requests[0].rejected
    assert client.of("conversation.item.input_audio_transcription.completed")[0]["transcript"] == ""


# --- beside the conversation -----------------------------------------------------------------------------------


async def aside(client: Client, purpose: str, **response: object) -> None:
    """Ask for a response beside the conversation."""
    await client.send(
        "response.create", response={"conversation": "none", "metadata": {"purpose": purpose}, **response}
    )


def of_response(client: Client, response_id: str) -> list[dict[str, object]]:
    """Return the events of one response."""
    return [
        event
        for event in client.events
        if event.get("response_id") == response_id or event.get("response", {}).get("id") == response_id
    ]


def test_responses_beside_the_conversation_run_together_with_the_one_inside() -> None:
    """Two asides while an answer is spoken: each whole, told apart by id and metadata, none in the conversation."""

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.output_audio.delta")
        await aside(client, "topic", output_modalities=["text"])
        await aside(client, "mood", output_modalities=["text"])
        await client.until("response.done", n=3)

    client = converse(talk, reply=Saying((Say("One two three four five six seven."),)))
    dones = {(e["response"]["metadata"] or {}).get("purpose"): e["response"] for e in client.of("response.done")}
    assert dones.keys() == {None, "topic", "mood"}
    inside = dones[None]["id"]
    assert list(dones) == ["topic", "mood", None]  # written asides are done long before the spoken answer
    assert dones[None]["conversation_id"]
    for purpose in ("topic", "mood"):
        assert dones[purpose]["conversation_id"] is None
        assert dones[purpose]["status"] == "completed"
        kinds = [event["type"] for event in of_response(client, dones[purpose]["id"])]
        assert kinds[0] == "response.created"
        assert kinds[-1] == "response.done"
        assert kinds.count("response.output_text.done") == 1
    assert {e["item"]["id"] for e in client.of("conversation.item.added")} == {
        e["item"]["id"] for e in client.of("conversation.item.done")
    }
    assert len(client.of("conversation.item.added")) == 2  # the typed question and the answer inside
    assert of_response(client, inside)[-1]["type"] == "response.done"
    assert not client.of("error")


def test_an_aside_does_not_block_the_next_answer() -> None:
    """While only asides run, the conversation is free."""

    async def talk(client: Client) -> None:
        await aside(client, "long")
        await client.until("response.output_audio.delta")
        await typed(client)
        await client.until("response.done", n=2)

    client = converse(talk, reply=Saying((Say("word " * 20),)))
    assert not client.of("error")


def test_an_aside_is_cancelled_by_its_id() -> None:
    """Without an id only the conversation's answer is meant."""

    async def talk(client: Client) -> None:
        await aside(client, "long")
        await client.until("response.output_audio.delta")
        await client.send("response.cancel")
        await client.until("error")
        await client.send("response.cancel", response_id=client.of("response.created")[0]["response"]["id"])
        await client.until("response.done")

    client = converse(talk, reply=Saying((LONG,)))
    assert client.of("error")[0]["error"]["code"] == "response_cancel_not_active"
    assert client.of("response.done")[0]["response"]["status_details"]["reason"] == "client_cancelled"


def test_speech_does_not_interrupt_an_aside() -> None:
    """A barge-in takes the floor from the answer; a check that runs beside it goes on."""

    async def talk(client: Client) -> None:
        await aside(client, "long")
        await client.until("response.output_audio.delta")
        await client.append(spoken("hello"))
        await client.until("response.done", n=2)

    client = converse(talk, reply=Saying((Say("word " * 30),)))
    assert [e["response"]["status"] for e in client.of("response.done")] == ["completed", "completed"]


def test_an_aside_may_use_another_voice_after_audio_was_heard() -> None:
    """Inside the conversation the voice stays; beside it nobody hears a change of voice."""

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.done")
        await aside(client, "voice", audio={"output": {"voice": "ash"}})
        await client.until("response.done", n=2)
        await client.send("response.create", response={"audio": {"output": {"voice": "ash"}}}, event_id="third")
        await client.until("error")

    client = converse(talk)
    assert client.of("response.done")[1]["response"]["audio"]["output"]["voice"] == "ash"
    error = client.of("error")[0]["error"]
    assert (error["code"], error["event_id"]) == ("cannot_update_voice", "third")


def test_too_many_asides_are_refused() -> None:
    """There is a limit to what one session may run at once; the error says so and nothing else suffers."""

    async def talk(client: Client) -> None:
        for n in range(17):
            await aside(client, str(n))
        await client.until("error")
        await client.until("response.done", n=16)

    client = converse(talk)
    assert len(client.of("response.created")) == 16
    assert client.of("error")[0]["error"]["param"] == "response.conversation"


# --- limits ----------------------------------------------------------------------------------------------------


def test_rate_limits_are_told_with_each_response_and_kept() -> None:
    """``rate_limits.updated`` follows response.created; the response beyond the limit fails and says which."""

    async def talk(client: Client) -> None:
        for n in range(1, 4):
            await typed(client)
            await client.until("response.done", n=n)

    client = converse(talk, options=ServerOptions(requests_a_minute=2))
    told = [{limit["name"]: limit["remaining"] for limit in e["rate_limits"]} for e in client.of("rate_limits.updated")]
    assert [limits["requests"] for limits in told] == [1, 0, 0]
    kinds = client.kinds
    assert kinds[kinds.index("response.created") + 1] == "rate_limits.updated"
    last = client.of("response.done")[2]["response"]
    assert last["status"] == "failed"
    assert last["status_details"]["error"]["code"] == "rate_limit_exceeded"
    assert last["status_details"]["error"]["type"] == "requests"


def test_what_a_response_cannot_have_is_said_and_the_rest_is_done() -> None:
    """The answer comes; behind response.created stands one error for the refused field."""

    async def talk(client: Client) -> None:
        response = {"reasoning": {"effort": "low"}, "instructions": "Be brief."}
        await client.send("response.create", response=response, event_id="asked")
        await client.until("response.done")

    client = converse(talk)
    error = client.of("error")[0]["error"]
    assert (error["param"], error["event_id"]) == ("response.reasoning", "asked")
    assert client.of("response.done")[0]["response"]["status"] == "completed"


def test_a_transcription_session_makes_no_responses() -> None:
    """It only writes down: asking for a response is an error, and the session goes on."""

    async def talk(client: Client) -> None:
        await client.send("response.create", event_id="asked")
        await client.until("error")

    client = converse(talk, kind="transcription")
    assert client.of("error")[0]["error"]["event_id"] == "asked"
    assert not client.of("response.created")


@pytest.mark.parametrize("mistake", [ConfigError("no such voice"), AudioError("odd bytes"), ValueError("a bug")])
def test_an_engine_that_breaks_in_any_way_ends_one_response_only(mistake: Exception) -> None:
    """Somebody's engine, somebody's mistake: response.done says failed, the next response works."""

    class Broken(Saying):
        async def reply(self, request):
            self.requests.append(request)
            if len(self.requests) == 1:
                raise mistake
            yield Say("Back again.")

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.done")
        await typed(client)
        await client.until("response.done", n=2)

    first, second = (e["response"] for e in converse(talk, reply=Broken()).of("response.done"))
    assert first["status_details"]["error"]["code"] == "engine_failed"
    assert second["status"] == "completed"


@pytest.mark.parametrize("modality", ["text", "audio"])
def test_a_response_holds_at_least_one_item(modality: str) -> None:
    """Also where nothing was said, or nothing might be said."""

    async def talk(client: Client) -> None:
        await typed(client, output_modalities=[modality])
        await client.until("response.done")
        await typed(client, output_modalities=[modality], max_output_tokens=1)
        await client.until("response.done", n=2)

    reply = Saying((Say(""),) if modality == "text" else ())
    for event in converse(talk, reply=reply).of("response.done"):
        assert [item["type"] for item in event["response"]["output"]] == ["message"]


def test_an_answer_that_was_cut_while_it_was_spoken_stays_cut() -> None:
    """Truncate, then cancel, then retrieve, as one official client does: no words beside the shortened sound."""

    async def talk(client: Client) -> None:
        await typed(client)
        await client.until("response.output_audio.delta", n=5)
        item_id = client.of("response.output_item.added")[0]["item"]["id"]
        await client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=100)
        await client.send("response.cancel")
        await client.send("conversation.item.retrieve", item_id=item_id)
        await client.until("conversation.item.retrieved")

    part = converse(talk, reply=Saying((LONG,))).of("conversation.item.retrieved")[0]["item"]["content"][0]
    assert part["transcript"] is None
    assert len(base64.b64decode(part["audio"])) == 4_800
