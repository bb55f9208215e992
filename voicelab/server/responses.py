"""``response.create`` and ``response.cancel``: one answer at a time in the conversation, any number beside it.

In: the client's response events, ended turns, the beginning of speech.  Out: running answers, started or stopped.
Does not know: how an answer becomes events (``speaking``), or what it is given (``context``).
"""

from __future__ import annotations

import asyncio
import logging

from voicelab.errors import ConfigError, VoicelabError
from voicelab.protocol import server_events as ev
from voicelab.protocol.client_events import ResponseCancel, ResponseCreate
from voicelab.protocol.items import Item
from voicelab.protocol.settings import ResponseParams, SessionConfig
from voicelab.server.changes import cannot_update_voice
from voicelab.server.connection import Connection
from voicelab.server.context import Contexts, TooLongError
from voicelab.server.listening import Listening
from voicelab.server.response_settings import AnswerSettings, check_choice, refusals_of, settings_of
from voicelab.server.speaking import Answer

MOST_ASIDES = 16
_log = logging.getLogger("voicelab.server")


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
        self._contexts = Contexts(connection, tasks)
        self._running: dict[str, Answer] = {}
        self._own_inputs: dict[str, tuple[Item, ...] | None] = {}
        self.listening: Listening | None = None

    def create(self, event: ResponseCreate) -> None:
        """Answer at the client's wish; what of it cannot be honoured is said behind ``response.created``."""
        params = event.response or ResponseParams()
        self._begin(params)
        for refusal in refusals_of(params):
            self._connection.refuse(refusal, event.event_id)

    def turn_ended(self) -> None:
        """Answer because a turn ended; while an answer is running there is no second one, and that is said."""
        try:
            self._begin(ResponseParams())
        except ConfigError as error:
            self._connection.refuse(error, None)

    def user_began(self) -> None:
        """Stop the running answer because the user began to speak, unless the session forbids it."""
        detection = self._connection.input.turn_detection
        if detection is not None and detection.interrupt_response:
            self._stop(self._connection.conversation.active_response, "turn_detected")

    def cancel(self, event: ResponseCancel) -> None:
        """Stop an answer at the client's wish; without an id, the one of the conversation."""
        response_id = event.response_id or self._connection.conversation.active_response
        if response_id not in self._running:
            raise ConfigError(
                "Cancellation failed: no active response found", param="response_id", code="response_cancel_not_active"
            )
        self._stop(response_id, "client_cancelled")

    def _stop(self, response_id: str | None, reason: str) -> None:
        answer = self._running.get(response_id or "")
        if answer is not None:
            answer.stop("cancelled", {"type": "cancelled", "reason": reason})
            self._ended(answer, asyncio.get_running_loop().time())

    def _begin(self, params: ResponseParams) -> None:
        settings = self._checked(params)
        own_input = self._contexts.input_of(params)
        connection = self._connection
        exhausted = connection.rate_limits.exhausted(connection.now_s)
        answer = Answer(connection, settings)
        answer.announce()
        connection.rate_limits.begin_response(connection.now_s)
        connection.emit(ev.RateLimitsUpdated(rate_limits=connection.rate_limits.plain(connection.now_s)))
        if exhausted is not None:
            answer.fail(exhausted, "rate_limit_exceeded", f"Rate limit reached: {exhausted} a minute. Try again later.")
            self._contexts.release(own_input)
            return
        self._running[answer.id], self._own_inputs[answer.id] = answer, own_input
        if answer.in_conversation and self.listening is not None:
            self.listening.reply_began()
        answer.task = self._tasks.create_task(self._run(answer, settings, own_input))

    def _checked(self, params: ResponseParams) -> AnswerSettings:
        """Return the settings of a response that may begin now.

        Raises
        ------
        ConfigError
            It may not.
        """
        connection = self._connection
        config = connection.config
        if not isinstance(config, SessionConfig):
            raise ConfigError(
                "response.create: a transcription session makes no responses; open a realtime session.",
                param="type",
                code="invalid_event",
            )
        settings = settings_of(config, params)
        check_choice(settings)
        active = connection.conversation.active_response
        if settings.in_conversation and active is not None:
            raise ConfigError(
                f"Conversation already has an active response in progress: {active}. "
                "Wait until the response is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        if not settings.in_conversation and len(self._running) >= MOST_ASIDES:
            raise ConfigError(
                f"response.conversation: {MOST_ASIDES} responses are in progress already; wait until one is finished.",
                param="response.conversation",
                code="rate_limit_exceeded",
            )
        # Beside the conversation there is no voice that it would have to go on with.
        changes_voice = settings.voice != config.audio.output.voice
        if settings.in_conversation and connection.audio_was_sent and changes_voice:
            raise cannot_update_voice("response.audio.output.voice")
        return settings

    async def _run(self, answer: Answer, settings: AnswerSettings, own_input: tuple[Item, ...] | None) -> None:
        try:
            context = await self._contexts.gather(settings, own_input)
            await answer.run(self._connection.engines.reply, context)
        except TooLongError as error:
            answer.fail("invalid_request_error", "context_length_exceeded", str(error))
        except VoicelabError as error:
            answer.fail("server_error", "engine_failed", str(error))
        except Exception as error:  # noqa: BLE001 - the seam to somebody's engine: its mistake ends one response only
            _log.exception("a reply engine or a voice broke")
            answer.fail("server_error", "engine_failed", f"The engine broke inside ({type(error).__name__}).")
        self._ended(answer, answer.playback_end_s)

    def _ended(self, answer: Answer, playback_end_s: float) -> None:
        """Forget an answer that has ended, and let the silence behind it begin."""
        if self._running.pop(answer.id, None) is None:
            return
        self._contexts.release(self._own_inputs.pop(answer.id))
        if answer.in_conversation and self.listening is not None:
            self.listening.reply_ended(playback_end_s)
