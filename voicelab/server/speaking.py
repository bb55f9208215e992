"""One answer becoming events: words and sound in the order and at the pace of the real service.

In: the parts that a reply engine yields.  Out: the response's event family, from ``response.created`` to
``response.done``, audio deltas a few times faster than real time.
Does not know: when answers begin (``responses``), or how a reply is found (``engines``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from voicelab.audio.formats import Encoder, from_wire
from voicelab.audio.samples import Samples
from voicelab.engines.base import SpeechChunk
from voicelab.engines.reply import CallTool, PlayBack, ReplyEngine, ReplyRequest, Say
from voicelab.errors import EngineError
from voicelab.protocol import server_events as ev
from voicelab.protocol.items import FunctionCall, Item, Message, OutputAudio, OutputText
from voicelab.protocol.settings import (
    CustomVoice,
    Format,
    FunctionTool,
    MaxTokens,
    ResponseParams,
    SessionConfig,
    ToolChoice,
    to_plain,
)
from voicelab.protocol.usage import Block, assistant_audio_tokens, text_tokens, usage
from voicelab.server.connection import Connection
from voicelab.server.memory import SAMPLES_PER_MS, SpokenWords
from voicelab.transports.pacing import sleep_until

PLAYBACK_CHUNK_SAMPLES = 60 * SAMPLES_PER_MS


@dataclass(frozen=True)
class AnswerSettings:
    """The configuration of one response: the session's, with the response's own overrides."""

    modality: str
    instructions: str
    tools: tuple[FunctionTool, ...]
    tool_choice: ToolChoice
    voice: str
    speed: float
    format: Format
    max_output_tokens: MaxTokens
    metadata: dict[str, str] | None

    @classmethod
    def of(cls, config: SessionConfig, params: ResponseParams) -> AnswerSettings:
        """Combine the session's configuration with a response's overrides."""
        output = params.audio.output
        voice = output.voice or config.audio.output.voice
        return cls(
            modality=(params.output_modalities or config.output_modalities)[0],
            instructions=config.instructions if params.instructions is None else params.instructions,
            tools=config.tools if params.tools is None else params.tools,
            tool_choice=params.tool_choice or config.tool_choice,
            voice=voice.id if isinstance(voice, CustomVoice) else voice,
            speed=config.audio.output.speed,
            format=output.format or config.audio.output.format,
            max_output_tokens=params.max_output_tokens or config.max_output_tokens,
            metadata=params.metadata,
        )


@dataclass
class _OpenMessage:
    """The assistant message that is being said or written."""

    item_id: str
    output_index: int
    text: str = ""


class Answer:
    """One response while it runs.

    Parameters
    ----------
    connection : Connection
    settings : AnswerSettings
    """

    def __init__(self, connection: Connection, settings: AnswerSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._id = connection.ids.new("resp")
        self._encoder = Encoder(from_wire(to_plain(settings.format)))
        self._output: list[Item] = []
        self._message: _OpenMessage | None = None
        self._context: Sequence[Block] = ()
        self._earlier: Sequence[Block] = ()
        self._text_tokens = 0
        self._audio_ms = 0.0
        self._audio_start_s: float | None = None
        self._finished = False
        self.task: asyncio.Task[None] | None = None

    def announce(self) -> None:
        """Send ``response.created``."""
        self._connection.emit(ev.ResponseCreated(response=self._response("in_progress", None, None)))

    def take_context(self, context: Sequence[Block], earlier: Sequence[Block]) -> None:
        """Say what this response was given and what the one before it was, for the usage."""
        self._context, self._earlier = context, earlier

    async def run(self, engine: ReplyEngine, request: ReplyRequest) -> None:
        """Send everything that the reply engine yields, then end the response."""
        try:
            async for part in engine.reply(request):
                match part:
                    case Say(text=text):
                        await self._say(text)
                    case PlayBack():
                        await self._play_back(part)
                    case CallTool(name=name, arguments=arguments):
                        self._call(name, json.dumps(arguments, ensure_ascii=False))
                if self._finished:
                    return
        except EngineError as error:
            failure = {"type": "server_error", "code": "engine_failed", "message": str(error)}
            self.stop("failed", {"type": "failed", "error": failure})
            return
        self.stop("completed", None)

    def stop(self, status: ev.ResponseStatus, details: dict[str, Any] | None) -> None:
        """End the response now, whatever it is doing: all ``.done`` events, then ``response.done`` with usage."""
        if self._finished:
            return
        self._finished = True
        self._close_message("completed" if status == "completed" else "incomplete")
        billed = usage(
            self._context,
            self._earlier,
            output_text=self._text_tokens,
            output_audio=assistant_audio_tokens(self._audio_ms),
        )
        self._connection.emit(ev.ResponseDone(response=self._response(status, details, billed)))
        if self.task is not None and self.task is not asyncio.current_task():
            self.task.cancel()

    def _response(
        self, status: ev.ResponseStatus, details: dict[str, Any] | None, billed: ev.Usage | None
    ) -> ev.Response:
        return ev.Response(
            id=self._id,
            status=status,
            status_details=details,
            output=tuple(self._output),
            conversation_id=self._connection.conversation_id,
            output_modalities=(self._settings.modality,),
            max_output_tokens=self._settings.max_output_tokens,
            audio={"output": {"format": to_plain(self._settings.format), "voice": self._settings.voice}},
            usage=billed,
            metadata=self._settings.metadata,
        )

    async def _say(self, text: str) -> None:
        speaking = self._connection.engines.speaking
        if self._settings.modality == "text" or speaking is None:
            for word in text.splitlines(keepends=True) if "\n" in text else [text]:
                self._write(word)
            return
        async with aclosing(speaking.speak(text, self._settings.voice, self._settings.speed)) as chunks:
            await self._sound(chunks)

    async def _play_back(self, part: PlayBack) -> None:
        if self._settings.modality == "text":
            self._write(part.text)
            return
        await self._sound(_in_chunks(part))

    async def _sound(self, chunks: AsyncIterator[SpeechChunk]) -> None:
        async for chunk in chunks:
            if self._finished:
                return
            await self._wait_for_pace()
            self._send_sound(chunk.samples, chunk.text)
            if self._over_limit():
                self.stop("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
                return

    async def _wait_for_pace(self) -> None:
        """Wait until this much audio may have been sent: ``audio_speed`` times the time since the first delta."""
        loop = asyncio.get_running_loop()
        if self._audio_start_s is None:
            self._audio_start_s = loop.time()
            return
        sent_s = self._audio_ms / 1000
        await sleep_until(self._audio_start_s + sent_s / self._connection.options.audio_speed)

    def _send_sound(self, samples: Samples, text: str) -> None:
        message = self._open_message()
        where = self._where(message)
        if text:
            message.text += text
            self._text_tokens = text_tokens(message.text)
            self._connection.emit(ev.OutputTranscriptDelta(**where, delta=text))
        self._connection.memory.spoken[message.item_id].add(samples, text)
        self._audio_ms += len(samples) / SAMPLES_PER_MS
        self._connection.audio_was_sent = True
        self._connection.emit(ev.OutputAudioDelta(**where, delta=self._encoder.feed(samples)))

    def _write(self, text: str) -> None:
        message = self._open_message()
        message.text += text
        self._text_tokens = text_tokens(message.text)
        self._connection.emit(ev.OutputTextDelta(**self._where(message), delta=text))
        if self._over_limit():
            self.stop("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})

    def _over_limit(self) -> bool:
        limit = self._settings.max_output_tokens
        made = self._text_tokens + assistant_audio_tokens(self._audio_ms)
        return isinstance(limit, int) and made > limit

    def _where(self, message: _OpenMessage) -> dict[str, Any]:
        return {"response_id": self._id, "item_id": message.item_id, "output_index": message.output_index}

    @property
    def _kind(self) -> str:
        spoken = self._settings.modality == "audio" and self._connection.engines.speaking is not None
        return "audio" if spoken else "text"

    def _open_message(self) -> _OpenMessage:
        if self._message is not None:
            return self._message
        connection = self._connection
        message = self._message = _OpenMessage(connection.ids.new("item"), len(self._output))
        item = Message(id=message.item_id, role="assistant", status="in_progress")
        self._add_item(item, message.output_index)
        part = ev.PartInfo(type="audio", transcript="") if self._kind == "audio" else ev.PartInfo(type="text", text="")
        connection.emit(ev.ContentPartAdded(**self._where(message), part=part))
        if self._kind == "audio":
            connection.memory.spoken[message.item_id] = SpokenWords()
        return message

    def _close_message(self, status: Any) -> None:
        message, self._message = self._message, None
        if message is None:
            return
        connection, where, text = self._connection, self._where(message), message.text
        if self._kind == "audio":
            tail = self._encoder.finish() if status == "completed" else b""
            if tail:
                connection.emit(ev.OutputAudioDelta(**where, delta=tail))
            connection.emit(ev.OutputAudioDone(**where))
            connection.emit(ev.OutputTranscriptDone(**where, transcript=text))
            part, content = ev.PartInfo(type="audio", transcript=text), OutputAudio(transcript=text)
            item = Message(id=message.item_id, role="assistant", status=status, content=(content,))
        else:
            connection.emit(ev.OutputTextDone(**where, text=text))
            part = ev.PartInfo(type="text", text=text)
            item = Message(id=message.item_id, role="assistant", status=status, content=(OutputText(text=text),))
        connection.emit(ev.ContentPartDone(**where, part=part))
        self._finish_item(item, message.output_index)

    def _call(self, name: str, arguments: str) -> None:
        """Send a whole function call."""
        self._close_message("completed")
        connection, index = self._connection, len(self._output)
        item_id, call_id = connection.ids.new("item"), connection.ids.new("call")
        self._add_item(FunctionCall(id=item_id, status="in_progress", name=name, call_id=call_id), index)
        where: dict[str, Any] = {
            "response_id": self._id,
            "item_id": item_id,
            "output_index": index,
            "call_id": call_id,
        }
        connection.emit(ev.FunctionArgumentsDelta(**where, delta=arguments))
        connection.emit(ev.FunctionArgumentsDone(**where, name=name, arguments=arguments))
        self._text_tokens += text_tokens(name + arguments)
        self._finish_item(FunctionCall(id=item_id, name=name, call_id=call_id, arguments=arguments), index)

    def _add_item(self, item: Item, index: int) -> None:
        previous = self._connection.conversation.last_item_id
        self._connection.emit(ev.OutputItemAdded(response_id=self._id, output_index=index, item=item))
        self._connection.emit(ev.ItemAdded(item=item, previous_item_id=previous))

    def _finish_item(self, item: Item, index: int) -> None:
        self._output.append(item)
        connection = self._connection
        connection.emit(ev.OutputItemDone(response_id=self._id, output_index=index, item=item))
        if item.id is not None and connection.conversation.get(item.id) is not None:
            previous = connection.conversation.before(item.id)
            connection.emit(ev.ItemDone(item=item, previous_item_id=previous))


async def _in_chunks(part: PlayBack) -> AsyncIterator[SpeechChunk]:
    """Cut audio that is given back into chunks; its words begin with the first."""
    for start in range(0, len(part.samples), PLAYBACK_CHUNK_SAMPLES):
        yield SpeechChunk(part.samples[start : start + PLAYBACK_CHUNK_SAMPLES], part.text if start == 0 else "")
