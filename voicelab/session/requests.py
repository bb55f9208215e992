"""What is asked of the server and has to be waited for: responses one at a time, commits, updates, quiet.

In: requests of the session.  Out: client events, and the moment at which each is answered, or refused.
Does not know: who asks, sound, or what is done about events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from voicelab.errors import ServerError
from voicelab.protocol import client_events as ce
from voicelab.protocol import server_events as ev
from voicelab.protocol.items import Item
from voicelab.session.calls import Calls
from voicelab.session.incoming import Incoming
from voicelab.session.outgoing import Outgoing
from voicelab.session.playback import Player

REPLY_TIMEOUT_S = 90.0
ANSWER_TIMEOUT_S = 10.0
REFUSAL_WAIT_S = 0.2


class Requests:
    """The requests of one session.

    Parameters
    ----------
    out, incoming, calls, player
        The session's parts.
    """

    def __init__(self, out: Outgoing, incoming: Incoming, calls: Calls, player: Player) -> None:
        self._out = out
        self._in = incoming
        self._calls = calls
        self._player = player
        self._sequencer = asyncio.Lock()
        self.tools_running = 0
        self.errors: list[ev.ErrorDetail] = []

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

    async def commit(self) -> None:
        """Make the buffered audio a user message, and wait until it is one."""
        turns_before = self._in.n_turns
        event_id = self._out.send(ce.InputAudioCommit())
        await self._calls.until(
            lambda: self._in.n_turns > turns_before,
            what="input_audio_buffer.committed",
            event_id=event_id,
            timeout_s=ANSWER_TIMEOUT_S,
        )

    async def response(self) -> None:
        """Send one response.create at a time, and only while no response runs or is due."""
        async with self._sequencer:
            await self._calls.until(self.floor_is_free, what="the response before", timeout_s=REPLY_TIMEOUT_S)
            before = self._in.n_responses
            event_id = self._out.send(ce.ResponseCreate())
            await self._calls.until(
                lambda: self._in.n_responses > before,
                what="response.created",
                event_id=event_id,
                timeout_s=ANSWER_TIMEOUT_S,
            )

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

    async def update(self, change: Mapping[str, Any]) -> None:
        """Change the session's configuration, and wait until the server says what is in force.

        Raises
        ------
        ServerError
            The server refused the update, or one field of it.
        """
        before = self._in.n_updates
        event_id = self._out.send(ce.SessionUpdate(session={"type": "realtime", **change}))
        await self._calls.until(
            lambda: self._in.n_updates > before,
            what="session.updated",
            event_id=event_id,
            timeout_s=ANSWER_TIMEOUT_S,
        )
        if _differs(change, self._in.in_force):
            # A refused field is named in an error right behind session.updated.
            await asyncio.sleep(REFUSAL_WAIT_S)
            self.raise_refusal(event_id)

    def raise_refusal(self, event_id: str) -> None:
        """Raise the error that the server sent about an event, if it did."""
        for error in self.errors:
            if error.event_id == event_id:
                raise ServerError(error.message, code=error.code, param=error.param, event_id=event_id)


def _differs(asked: Any, in_force: Any) -> bool:
    """Return whether anything that was asked is not in force; what the server does not show does not count."""
    if isinstance(asked, Mapping) and isinstance(in_force, Mapping):
        return any(key in in_force and _differs(value, in_force[key]) for key, value in asked.items())
    if isinstance(asked, list | tuple) and isinstance(in_force, list | tuple):
        return len(asked) != len(in_force)
    return bool(asked != in_force)
