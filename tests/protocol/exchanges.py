"""Exchanges between a client and the embedded server, recorded for ``data/exchanges``: one JSON file an event.

``python -m tests.protocol.exchanges`` records them anew (in virtual time, with seeded ids: the same every time).
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.server.room import Client, GivenEars, Saying, converse, spoken
from voicelab.audio.formats import PCMU, Encoder
from voicelab.engines.reply import CallTool, Say
from voicelab.protocol.dialects import make_dialect

FOLDER = Path(__file__).parents[2] / "data" / "exchanges"
WEATHER = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}
TELEPHONE = {"input": {"format": {"type": "audio/pcmu"}}, "output": {"format": {"type": "audio/pcmu"}}}


class Recording(Client):
    """A client that keeps what it says among what it hears."""

    async def send_text(self, frame: str) -> None:
        self.events.append({"from": "client", **json.loads(frame)})
        await super().send_text(frame)

    async def send(self, kind: str, **fields: Any) -> None:
        await self.send_text(json.dumps({"type": kind, **fields}))

    async def say(self, name: str) -> None:
        """Speak one of the demo's clips over the telephone, in pieces of half a second."""
        data = Encoder(PCMU).feed(spoken(name)[: 60 * 480])
        for start in range(0, len(data), 4_000):
            await self.send("input_audio_buffer.append", audio=base64.b64encode(data[start : start + 4_000]).decode())
            await asyncio.sleep(0.5)


def typed(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def spoken_turn_with_a_tool() -> list[dict[str, Any]]:
    """Server detection, transcription, a function call and its result, in mu-law."""
    reply = Saying((CallTool("get_weather", {"city": "Paris"}),))

    async def talk(client: Any) -> None:
        audio = {**TELEPHONE, "input": {**TELEPHONE["input"], "transcription": {"model": "gpt-4o-mini-transcribe"}}}
        await client.send("session.update", session={"type": "realtime", "audio": audio, "tools": [WEATHER]})
        await client.say("hello")
        await client.until("response.done")
        call = client.of("response.function_call_arguments.done")[0]
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"weather": "sunny"}'}
        await client.send("conversation.item.create", item=output)
        reply.parts = (Say("It is sunny."),)
        await client.send("response.create")
        await client.until("response.done", n=2)

    return _record(talk, reply=reply, ears=GivenEars(words="hello"))


def barge_in() -> list[dict[str, Any]]:
    """A reply is interrupted by speech, and truncated by the client."""

    async def talk(client: Any) -> None:
        await client.send("session.update", session={"type": "realtime", "audio": TELEPHONE})
        await client.send("conversation.item.create", item=typed("Tell me a story."))
        await client.send("response.create")
        await client.until("response.output_audio.delta", n=3)
        await client.say("hello")
        done = await client.until("response.done")
        item = done["response"]["output"][0]["id"]
        await client.send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=150)
        await client.until("conversation.item.truncated")
        await client.until("response.done", n=2)

    return _record(talk, reply=Saying((Say("Once upon a time there was a voice that nobody heard."),)))


def beside_the_conversation() -> list[dict[str, Any]]:
    """Two written responses beside the conversation, told apart by their metadata."""

    async def talk(client: Any) -> None:
        await client.send("conversation.item.create", item={**typed("I want my money back."), "id": "item_complaint"})
        for purpose in ("topic", "mood"):
            response = {
                "conversation": "none",
                "output_modalities": ["text"],
                "metadata": {"purpose": purpose},
                "input": [{"type": "item_reference", "id": "item_complaint"}],
            }
            await client.send("response.create", response=response)
        await client.until("response.done", n=2)

    return _record(talk, reply=Saying((Say("Refund."),)))


def push_to_talk_transcription() -> list[dict[str, Any]]:
    """A transcription session without detection: append, commit, and an error for a commit that is empty."""

    async def talk(client: Any) -> None:
        ears = {"format": {"type": "audio/pcmu"}, "transcription": {"model": "whisper-1"}, "turn_detection": None}
        await client.send("session.update", session={"type": "transcription", "audio": {"input": ears}})
        await client.say("hello")
        await client.send("input_audio_buffer.commit")
        await client.until("conversation.item.input_audio_transcription.completed")
        await client.send("input_audio_buffer.commit", event_id="too_early")
        await client.until("error")

    return _record(talk, kind="transcription", ears=GivenEars(words="hello"))


def beta_turn() -> list[dict[str, Any]]:
    """The beta's names and its flat session."""

    async def talk(client: Any) -> None:
        session = {"modalities": ["audio", "text"], "voice": "ash", "output_audio_format": "g711_ulaw"}
        await client.send("session.update", session=session)
        await client.send("conversation.item.create", item=typed("Hello."))
        await client.send("response.create")
        await client.until("response.done")

    return _record(talk, dialect=make_dialect("beta"))


EXCHANGES: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "spoken-turn-with-a-tool": spoken_turn_with_a_tool,
    "barge-in": barge_in,
    "beside-the-conversation": beside_the_conversation,
    "push-to-talk-transcription": push_to_talk_transcription,
    "beta-turn": beta_turn,
}


def _record(talk: Callable[[Any], Coroutine[Any, Any, None]], **how: Any) -> list[dict[str, Any]]:
    return converse(talk, client=Recording, **how).events


def main() -> None:
    """Write every exchange into its folder."""
    for name, record in EXCHANGES.items():
        folder = FOLDER / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for number, event in enumerate(record()):
            side = event.pop("from", "server")
            text = json.dumps(event, indent=2, ensure_ascii=False) + "\n"
            (folder / f"{number:03}-{side}-{event['type']}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
