"""``response.create`` and ``response.cancel``: one answer at a time, asked for by the client or by the end of a turn.

In: the client's response events, ended turns, the beginning of speech.  Out: a running answer, started or stopped.
Does not know: how an answer becomes events (``speaking``).
"""

from __future__ import annotations

import asyncio

from voicelab.engines.reply import ReplyRequest
from voicelab.errors import ConfigError
from voicelab.protocol.client_events import ResponseCancel, ResponseCreate
from voicelab.protocol.items import Message, text_of
from voicelab.protocol.settings import ResponseParams, SemanticVAD, ServerVAD
from voicelab.protocol.usage import Block, text_tokens
from voicelab.server.connection import Connection
from voicelab.server.listening import NOTHING_HEARD, Listening
from voicelab.server.speaking import Answer, AnswerSettings


class Responses:
    """The answers of one connection.

    Parameters
    ----------
    connection : Connection
    tasks : asyncio.TaskGroup
        Where answers run.
    """

    def __init__(self, connection: Connection, tasks: asyncio.TaskGroup) -> None:
        self._connection = connection
        self._tasks = tasks
        self._answer: Answer | None = None
        self._billed: list[Block] = []
        self._count = 0
        self.listening: Listening | None = None

    def create(self, event: ResponseCreate) -> None:
        """Answer at the client's wish."""
        self._begin(event.response or ResponseParams())

    def turn_ended(self) -> None:
        """Answer because a turn ended; while an answer is running there is no second one, and that is said."""
        try:
            self._begin(ResponseParams())
        except ConfigError as error:
            self._connection.refuse(error, None)

    def user_began(self) -> None:
        """Stop the running answer because the user began to speak, unless the session forbids it."""
        detection = self._connection.config.audio.input.turn_detection
        if isinstance(detection, ServerVAD | SemanticVAD) and detection.interrupt_response:
            self._stop("turn_detected")

    def cancel(self, event: ResponseCancel) -> None:
        """Stop the running answer at the client's wish."""
        active = self._connection.conversation.active_response
        if active is None or event.response_id not in (None, active):
            raise ConfigError(
                "Cancellation failed: no active response found", param="response_id", code="response_cancel_not_active"
            )
        self._stop("client_cancelled")

    def _stop(self, reason: str) -> None:
        if self._answer is not None:
            self._answer.stop("cancelled", {"type": "cancelled", "reason": reason})

    def _begin(self, params: ResponseParams) -> None:
        connection = self._connection
        active = connection.conversation.active_response
        if active is not None:
            raise ConfigError(
                f"Conversation already has an active response in progress: {active}. "
                "Wait until the response is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        if params.conversation == "none" or params.input is not None:
            raise ConfigError(
                "response.conversation: the embedded server answers inside the conversation only, so far.",
                param="response.conversation",
                code="unsupported",
            )
        settings = AnswerSettings.of(connection.config, params)
        if connection.audio_was_sent and settings.voice != connection.config.audio.output.voice:
            raise ConfigError(
                "Cannot update a conversation's voice if assistant audio is present.",
                param="response.audio.output.voice",
                code="cannot_update_voice",
            )
        self._answer = Answer(connection, settings)
        self._answer.announce()
        self._answer.task = self._tasks.create_task(self._run(self._answer, settings))

    async def _run(self, answer: Answer, settings: AnswerSettings) -> None:
        connection = self._connection
        request = await self._request(settings)
        context = self._context(settings)
        answer.take_context(context, self._billed)
        self._billed = context
        await answer.run(connection.engines.reply, request)

    async def _request(self, settings: AnswerSettings) -> ReplyRequest:
        """Gather what the reply engine may know, the words of the latest turn included."""
        connection, memory = self._connection, self._connection.memory
        latest = next(
            (i for i in reversed(connection.conversation.items) if isinstance(i, Message) and i.role == "user"), None
        )
        heard = NOTHING_HEARD
        if latest is not None and self.listening is not None:
            words = self.listening.words.get(latest.id or "")
            # Shielded: a barge-in cancels this answer, but the words of the turn are still wanted.
            heard = await asyncio.shield(words) if words is not None else heard
        spoken = latest is not None and (latest.id or "") in memory.user_audio
        self._count += 1
        return ReplyRequest(
            now=connection.clock.wall_at(connection.clock.now_ns()).astimezone(),  # people ask for the local time
            items=memory.remembered(connection.conversation),
            instructions=settings.instructions,
            tools=settings.tools,
            tool_choice=settings.tool_choice,
            text=(heard.text if spoken else text_of(latest)) if latest is not None else "",
            rejected=heard.rejected,
            audio=memory.user_audio.get(latest.id or "") if latest is not None else None,
            seed=self._count,
        )

    def _context(self, settings: AnswerSettings) -> list[Block]:
        tools = "".join(f"{tool.name} {tool.description} {tool.parameters}" for tool in settings.tools)
        head = [
            Block(f"instructions:{settings.instructions}", text_tokens(settings.instructions)),
            Block(f"tools:{tools}", text_tokens(tools)),
        ]
        return head + self._connection.memory.blocks(self._connection.conversation)
