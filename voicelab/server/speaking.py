"""One answer while it runs: what a reply engine yields, at the pace of the real service and within the limits.

In: the parts that a reply engine yields.  Out: the response's event family, from ``response.created`` to
``response.done``, audio deltas a few times faster than real time.
Does not know: when answers begin (``responses``), how a reply is found (``engines``), or how items are written
(``response_output``).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from voicelab.engines.base import SpeechChunk
from voicelab.engines.reply import CallTool, PlayBack, ReplyEngine, Say
from voicelab.protocol import server_events as ev
from voicelab.protocol.settings import to_plain
from voicelab.protocol.usage import usage
from voicelab.server.connection import Connection
from voicelab.server.context import Context
from voicelab.server.memory import SAMPLES_PER_MS
from voicelab.server.response_output import ResponseOutput, pieces
from voicelab.server.response_settings import AnswerSettings
from voicelab.transports.pacing import sleep_until

PLAYBACK_CHUNK_SAMPLES = 60 * SAMPLES_PER_MS
_WORD = re.compile(r"[\w']+")


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
        self.id = connection.ids.new("resp")
        self._spoken = settings.modality == "audio" and connection.engines.speaking is not None
        self._output = ResponseOutput(connection, self.id, settings, spoken=self._spoken)
        self._context: Context | None = None
        self._audio_start_s: float | None = None
        self.finished = False
        self.task: asyncio.Task[None] | None = None

    @property
    def in_conversation(self) -> bool:
        """Whether the answer is part of the conversation, and holds the floor."""
        return self._settings.in_conversation

    @property
    def playback_end_s(self) -> float:
        """When a listener who began to play at once will have heard everything, on the loop's clock."""
        now_s = asyncio.get_running_loop().time()
        return now_s if self._audio_start_s is None else max(now_s, self._audio_start_s + self._output.audio_ms / 1000)

    def announce(self) -> None:
        """Send ``response.created``."""
        self._connection.emit(ev.ResponseCreated(response=self._response("in_progress", None, None)))

    async def run(self, engine: ReplyEngine, context: Context) -> None:
        """Send everything that the reply engine yields, then end the response.

        Raises
        ------
        VoicelabError
            As the engine or the voice raises it; the response is still to be ended then.
        """
        self._context = context
        async for part in engine.reply(context.request):
            match part:
                case Say(text=text):
                    await self._say(text)
                case PlayBack():
                    await self._play_back(part)
                case CallTool(name=name, arguments=arguments):
                    await self._call(name, json.dumps(arguments, ensure_ascii=False))
                    if not self._settings.parallel_tool_calls:
                        break
            if self.finished:
                return
        self.stop("completed", None)

    def fail(self, kind: str, code: str, message: str) -> None:
        """End the response because it cannot be made."""
        self.stop("failed", {"type": "failed", "error": {"type": kind, "code": code, "message": message}})

    def stop(self, status: ev.ResponseStatus, details: dict[str, Any] | None) -> None:
        """End the response now, whatever it is doing: all ``.done`` events, then ``response.done`` with usage."""
        if self.finished:
            return
        self.finished = True
        if status in ("completed", "incomplete"):
            self._output.begin_if_empty()  # such a response holds at least one item
        self._output.close("completed" if status == "completed" else "incomplete")
        billed = self._usage()
        self._connection.rate_limits.use_tokens(billed.total_tokens, self._connection.now_s)
        self._connection.emit(ev.ResponseDone(response=self._response(status, details, billed)))
        if self.task is not None and self.task is not asyncio.current_task():
            self.task.cancel()

    def _usage(self) -> ev.Usage:
        """Return what the response is billed for; one that was stopped before it was given anything counts nothing."""
        return usage(
            self._context.blocks if self._context is not None else (),
            self._context.earlier if self._context is not None else (),
            output_text=self._output.text_tokens,
            output_audio=self._output.audio_tokens,
        )

    def _response(
        self, status: ev.ResponseStatus, details: dict[str, Any] | None, billed: ev.Usage | None
    ) -> ev.Response:
        return ev.Response(
            id=self.id,
            status=status,
            status_details=details,
            output=tuple(self._output.items),
            conversation_id=self._connection.conversation_id if self.in_conversation else None,
            output_modalities=(self._settings.modality,),
            max_output_tokens=self._settings.max_output_tokens,
            audio={"output": {"format": to_plain(self._settings.format), "voice": self._settings.voice}},
            usage=billed,
            metadata=self._settings.metadata,
        )

    # --- the parts -------------------------------------------------------------------------------------------

    async def _say(self, text: str) -> None:
        speaking = self._connection.engines.speaking
        if not self._spoken or speaking is None:
            await self._write(text)
            return
        async with aclosing(speaking.speak(text, self._settings.voice, self._settings.speed)) as chunks:
            await self._sound(chunks)

    async def _play_back(self, part: PlayBack) -> None:
        if self._spoken:
            await self._sound(_in_chunks(part))
        else:
            await self._write(part.text)

    async def _sound(self, chunks: AsyncIterator[SpeechChunk]) -> None:
        async for chunk in chunks:
            if self.finished:
                return
            await self._wait_for_pace()
            if self._must_stop(chunk.text, len(chunk.samples) / SAMPLES_PER_MS):
                return
            self._output.sound(chunk.samples, chunk.text)

    async def _write(self, text: str) -> None:
        for piece in pieces(text):
            if self.finished or self._must_stop(piece):
                return
            self._output.write(piece)
            await asyncio.sleep(0)  # other responses, and a cancel, get their turn between two pieces

    async def _call(self, name: str, arguments: str) -> None:
        """Send a function call, its arguments piece by piece."""
        self._output.close("completed")
        if self._must_stop(name):
            return
        call = self._output.begin_call(name)
        for piece in pieces(arguments):
            if self.finished or self._must_stop(piece):
                return
            self._output.arguments(call, piece)
            await asyncio.sleep(0)
        self._output.close("completed")

    async def _wait_for_pace(self) -> None:
        """Wait until this much audio may have been sent: ``audio_speed`` times the time since the first delta."""
        if self._audio_start_s is None:
            self._audio_start_s = asyncio.get_running_loop().time()
            return
        sent_s = self._output.audio_ms / 1000
        await sleep_until(self._audio_start_s + sent_s / self._connection.options.audio_speed)

    def _must_stop(self, text: str, audio_ms: float = 0.0) -> bool:
        """End the response before words or sound that it may not hold; return whether it has ended."""
        limit = self._settings.max_output_tokens
        if isinstance(limit, int) and self._output.tokens_with(text, audio_ms) > limit:
            self.stop("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
        elif self._is_blocked(text):
            self.stop("incomplete", {"type": "incomplete", "reason": "content_filter"})
        return self.finished

    def _is_blocked(self, text: str) -> bool:
        blocked = self._connection.options.blocked_words
        return bool(blocked) and any(word.lower() in blocked for word in _WORD.findall(text))


async def _in_chunks(part: PlayBack) -> AsyncIterator[SpeechChunk]:
    """Cut audio that is given back into chunks; its words begin with the first."""
    for start in range(0, len(part.samples), PLAYBACK_CHUNK_SAMPLES):
        yield SpeechChunk(part.samples[start : start + PLAYBACK_CHUNK_SAMPLES], part.text if start == 0 else "")
