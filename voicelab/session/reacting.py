"""What a session does about the server's events: give way to the user, run functions, count money, hand out errors.

In: what `Incoming` finds.  Out: playback stopped at the sample heard, functions run, the calls that wait ended.
Does not know: how events arrive, or what a person asked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from voicelab.errors import BudgetError, VoicelabError
from voicelab.protocol import client_events as ce
from voicelab.protocol import server_events as ev
from voicelab.protocol.items import FunctionCall, FunctionCallOutput
from voicelab.runlog.recorder import Recorder
from voicelab.session.calls import Calls
from voicelab.session.incoming import Incoming
from voicelab.session.outgoing import Outgoing
from voicelab.session.playback import Player
from voicelab.session.requests import Requests
from voicelab.session.spending import Spending
from voicelab.session.tools import Tool


class Reacting:
    """The reactions of one session.

    Parameters
    ----------
    incoming, out, player, requests, calls, recorder, spending
        The session's parts.
    tools : mapping of str to Tool
        Functions that the model may call.
    begin : callable
        Starts a coroutine that the session ends with itself.
    """

    def __init__(
        self,
        incoming: Incoming,
        out: Outgoing,
        player: Player,
        requests: Requests,
        calls: Calls,
        recorder: Recorder,
        spending: Spending,
        tools: Mapping[str, Tool],
        begin: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._in = incoming
        self._out = out
        self._player = player
        self._requests = requests
        self._calls = calls
        self._recorder = recorder
        self._spending = spending
        self._begin = begin
        self.tools = dict(tools)

    def user_began(self) -> None:
        """Let the user have the floor: stop at once, and tell the server what was heard."""
        detection = self._in.detection or {}
        if detection.get("interrupt_response", True):
            self.cut()

    def buffer_committed(self) -> None:
        """Under turn detection the server commits by itself: what was counted here is in a message now."""
        if self._in.detection is not None:
            self._out.committed()

    def configured(self) -> None:
        """See whether the settings in force let the server spend what may not be spent."""
        self._spending.configured()

    def turn_unanswered(self, item_id: str) -> None:
        """Write down that a turn was left unanswered for the budget's sake."""
        self._spending.turn_ended(item_id)

    def transcribed(self, item_id: str, usage: Mapping[str, Any]) -> None:
        """Count what a transcription has cost."""
        self._spending.transcribed(item_id, usage)

    def response_began(self, response: ev.Response) -> None:
        """See whether it may go on."""
        self._spending.response_began(response)

    def response_ended(self, response: ev.Response) -> None:
        """Count what it has cost."""
        self._spending.response_ended(response)

    def tools_wanted(self, calls: tuple[FunctionCall, ...]) -> None:
        """Run the functions that a response called, then ask for the next response."""
        self._requests.tools_running += 1
        self._begin(self._run_tools(calls))

    def failed(self, error: ev.ErrorDetail) -> None:
        """Give an error to the call that caused it; keep it in any case."""
        self._requests.errors.append(error)
        self._spending.not_taken(error.event_id)
        self._calls.fail(error)

    def cut(self) -> None:
        """Stop playback; truncate what was heard in part, delete what was not heard at all."""
        self._forget_unheard()  # another stop a moment ago, not settled yet: its estimate has to do
        for item_id in self._player.item_ids:
            self._in.cut(item_id)
        settling = self._player.stop()
        if settling is None:
            self._forget_unheard()
        else:
            self._begin(self._forget_when_known(settling))

    async def _forget_when_known(self, settling: Awaitable[None]) -> None:
        await settling
        self._forget_unheard()

    def _forget_unheard(self) -> None:
        for cut in self._player.cuts():
            if self._in.conversation.get(cut.item_id) is None:
                continue  # said outside the conversation: there is nothing to forget
            if cut.heard_ms > 0:
                self._out.send(ce.ItemTruncate(item_id=cut.item_id, content_index=0, audio_end_ms=cut.heard_ms))
            else:
                self._out.send(ce.ItemDelete(item_id=cut.item_id))

    async def _run_tools(self, calls: tuple[FunctionCall, ...]) -> None:
        outputs = []
        for call in calls:
            tool = self.tools.get(call.name)
            returned = await tool.call(call.arguments) if tool else '{"error": "no such function"}'
            self._recorder.local("tool.ran", name=call.name, call_id=call.call_id)
            outputs.append(FunctionCallOutput(call_id=call.call_id or "", output=returned))
            self._out.send(ce.ItemCreate(item=outputs[-1]))
        try:
            await self._requests.follow_up(outputs)
        except BudgetError:
            self._spending.follow_up_refused()  # written down already; whoever waits for the answer is told
        except VoicelabError as error:
            self._recorder.local("tool.unanswered", message=str(error))
        finally:
            self._requests.tools_running -= 1
            self._calls.look()
