"""What is asked of the server and has to be waited for: responses one at a time, commits, updates, quiet.

In: requests of the session.  Out: client events, and the moment at which each is answered, or refused.
Does not know: who asks, sound, or what is done about events.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from voicelab.errors import ConfigError, ServerError
from voicelab.protocol import client_events as ce
from voicelab.protocol import server_events as ev
from voicelab.protocol.items import FunctionCallOutput, Item
from voicelab.protocol.settings import ResponseParams
from voicelab.session.calls import Calls, refusal
from voicelab.session.differences import Difference, explains, find_differences
from voicelab.session.incoming import ASIDE_KEY, Incoming
from voicelab.session.outgoing import Outgoing
from voicelab.session.playback import Player
from voicelab.session.spending import Spending

REPLY_TIMEOUT_S = 90.0
ANSWER_TIMEOUT_S = 10.0
REFUSAL_WAIT_S = 0.2
LEAST_COMMIT_MS = 100
# The log has all of them.
MOST_ERRORS_KEPT = 1_000


class Requests:
    """The requests of one session.

    Parameters
    ----------
    out, incoming, calls, player, spending
        The session's parts.
    """

    def __init__(self, out: Outgoing, incoming: Incoming, calls: Calls, player: Player, spending: Spending) -> None:
        self._out = out
        self._in = incoming
        self._calls = calls
        self._player = player
        self._spending = spending
        self._sequencer = asyncio.Lock()
        self._n_asides = 0
        self.tools_running = 0
        self.errors: deque[ev.ErrorDetail] = deque(maxlen=MOST_ERRORS_KEPT)

    # --- items and audio -------------------------------------------------------------------------------------

    async def add_item(self, item: Item) -> None:
        """Put an item into the conversation, and wait until it is there."""
        before = len(self._in.conversation.items)
        event_id = self._out.send(ce.ItemCreate(item=item))
        await self._calls.until(
            lambda: len(self._in.conversation.items) > before,
            what="conversation.item.added",
            event_id=event_id,
            timeout_s=ANSWER_TIMEOUT_S,
        )

    async def replay(self, items: Sequence[Item]) -> list[ServerError]:
        """Put many items into an empty conversation, all at once; return what the server said against some of them."""
        sent = {self._out.send(ce.ItemCreate(item=item)) for item in items}
        await self._calls.until(
            lambda: len(self._in.conversation.items) + len(self._refusals(sent)) >= len(items),
            what="the history to be taken",
            timeout_s=ANSWER_TIMEOUT_S,
        )
        return self._refusals(sent)

    async def commit(self) -> str:
        """Make the buffered audio a user message, and wait until it is one.

        Returns
        -------
        str
            The item's id.

        Raises
        ------
        ConfigError
            Less than 100 ms since the last commit; nothing was sent. While turn detection is on only the server knows
            what is in its buffer, and it is asked.
        ServerError
            The server refused.
        """
        buffered_ms = self._out.buffered_ms
        if self._in.detection is None and buffered_ms < LEAST_COMMIT_MS:
            raise ConfigError(
                f"commit: only {buffered_ms:g} ms of audio were appended since the last commit, and a user message "
                f"needs at least {LEAST_COMMIT_MS} ms: append more first (nothing was sent)",
                code="input_audio_buffer_commit_empty",
            )
        turns_before = self._in.n_turns
        event_id = self._out.send(ce.InputAudioCommit())
        try:
            await self._calls.until(
                lambda: self._in.n_turns > turns_before,
                what="input_audio_buffer.committed",
                event_id=event_id,
                timeout_s=ANSWER_TIMEOUT_S,
            )
        except ServerError:
            self._out.not_committed(buffered_ms)
            raise
        self._in.audio_ms.setdefault(self._in.last_committed, buffered_ms)
        return self._in.last_committed

    async def clear(self) -> None:
        """Throw the buffered audio away, and wait until it is gone."""
        before = self._in.n_cleared
        event_id = self._out.send(ce.InputAudioClear())
        await self._calls.until(
            lambda: self._in.n_cleared > before,
            what="input_audio_buffer.cleared",
            event_id=event_id,
            timeout_s=ANSWER_TIMEOUT_S,
        )

    # --- responses -------------------------------------------------------------------------------------------

    async def question(self, item: Item) -> None:
        """Put an item into the conversation and ask for the response to it.

        Raises
        ------
        BudgetError
            Nothing was sent, not even the item. For that the response before has to be over and paid first; without a
            budget the item leaves at once.
        """
        if self._spending.state is None:
            await self.add_item(item)
            await self.response()
            return
        async with self._sequencer:
            await self._free_floor()
            self._spending.check("ask", items=(item,))
            await self.add_item(item)
            await self._create(None)

    async def response(self, params: ResponseParams | None = None) -> None:
        """Send one response.create at a time, and only while no response runs or is due.

        Raises
        ------
        BudgetError
            Nothing was sent.
        """
        async with self._sequencer:
            await self._free_floor()
            self._spending.check("respond")
            await self._create(params)

    async def follow_up(self, outputs: Sequence[FunctionCallOutput]) -> None:
        """Ask for the response to what functions returned.

        Parameters
        ----------
        outputs : sequence of FunctionCallOutput
            What was sent; the server may not have taken all of it yet.

        Raises
        ------
        BudgetError
            No response was asked for; the outputs stay in the conversation, where they belong to their calls.
        """
        async with self._sequencer:
            await self._free_floor()
            taken = {item.call_id for item in self._in.conversation.items if isinstance(item, FunctionCallOutput)}
            coming = tuple(output for output in outputs if output.call_id not in taken)
            self._spending.check("tools", items=coming)
            await self._create(None)

    async def _free_floor(self) -> None:
        await self._calls.until(self.floor_is_free, what="the response before", timeout_s=REPLY_TIMEOUT_S)

    async def _create(self, params: ResponseParams | None) -> None:
        before = self._in.n_responses
        event = ce.ResponseCreate(response=params)
        event_id = self._out.send(event)
        self._spending.sent(event, event_id)
        await self._calls.until(
            lambda: self._in.n_responses > before,
            what="response.created",
            event_id=event_id,
            timeout_s=ANSWER_TIMEOUT_S,
        )

    async def aside(self, params: ResponseParams) -> ev.Response:
        """Ask for a response outside the conversation, and wait until it is done; several may run at once.

        Its metadata carries one more entry, by which the answer is known from the others.

        Raises
        ------
        BudgetError
            Nothing was sent.
        """
        self._spending.check_aside()
        self._n_asides += 1
        key = f"aside {self._n_asides}"
        metadata = {**(params.metadata or {}), ASIDE_KEY: key}
        event = ce.ResponseCreate(response=msgspec.structs.replace(params, conversation="none", metadata=metadata))
        answers: list[ev.Response] = []
        self._in.asides[key] = answers.append
        try:
            event_id = self._out.send(event)
            await self._calls.until(
                lambda: bool(answers), what="response.done", event_id=event_id, timeout_s=REPLY_TIMEOUT_S
            )
        finally:
            self._in.asides.pop(key, None)
        return answers[0]

    def floor_is_free(self) -> bool:
        """Return whether no response runs or is due."""
        return self._in.conversation.active_response is None and not self._in.reply_due

    async def quiet(self, answered: Callable[[], bool] = lambda: True) -> None:
        """Wait until nobody speaks, nothing is due, and everything was heard."""
        await self._calls.until(
            lambda: (
                answered()
                and not self._in.speech_open
                and self.floor_is_free()
                and self.tools_running == 0
                and not self._player.busy
            ),
            what="the end of the reply",
            timeout_s=REPLY_TIMEOUT_S,
        )

    # --- settings --------------------------------------------------------------------------------------------

    async def update(self, change: Mapping[str, Any]) -> tuple[tuple[Difference, ...], ServerError | None]:
        """Change the session's configuration, and wait until the server says what is in force.

        Returns
        -------
        tuple of Difference
            What is in force otherwise than asked, and no error says why.
        ServerError or None
            The server's first word against a field; the others are in force.

        Raises
        ------
        ServerError
            The server refused the whole update.
        """
        before = self._in.n_updates
        event_id = self._out.send(ce.SessionUpdate(session={"type": "realtime", **change}))
        await self._calls.until(
            lambda: self._in.n_updates > before,
            what="session.updated",
            event_id=event_id,
            timeout_s=ANSWER_TIMEOUT_S,
        )
        found = find_differences(change, self._in.in_force)
        if not found:
            return (), None
        # A refused field is named in an error right behind session.updated; and what came first may have been the
        # answer to another update.
        await asyncio.sleep(REFUSAL_WAIT_S)
        found = find_differences(change, self._in.in_force)
        refusals = self._refusals({event_id})
        unexplained = tuple(d for d in found if not any(explains(error.param, d.path) for error in refusals))
        return unexplained, refusals[0] if refusals else None

    async def raw(self, event: ce.ClientEvent) -> None:
        """Send any client event as it is, and give the server a moment to refuse it.

        Raises
        ------
        BudgetError
            It asks for a response that may not be; nothing was sent.
        ServerError
            The server answered with an ``error`` that names this event.
        """
        self._spending.check_event(event)
        event_id = self._out.send(event)
        self._spending.sent(event, event_id)
        await asyncio.sleep(REFUSAL_WAIT_S)
        for error in self._refusals({event_id}):
            raise error

    def _refusals(self, event_ids: set[str]) -> list[ServerError]:
        return [refusal(error) for error in self.errors if error.event_id in event_ids]
