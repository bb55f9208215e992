"""The refusals of a session under a budget: before a response is asked for, or the server begins one.

In: wishes for responses, responses that begin and end, settings in force.  Out: `BudgetError`; ``session.update`` that
keeps the server from answering, ``response.cancel`` for an answer that began all the same; records
``voicelab.budget.refused``.
Does not know: how responses are asked for, or how money is counted (``account``).

Responses that the client owns are refused where they are asked for, and nothing is sent. Those that the server owns
(turn detection with ``create_response``) are begun by the server itself: so as soon as the next one would pass the
limit it is told ``create_response: false``, with the rest of the detection as it was, and turns stay unanswered. A
larger limit undoes that. Transcription of what is said goes on, and is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicelab.errors import BudgetError, ConfigError
from voicelab.measure.budget import Budget, BudgetState, usd_text
from voicelab.protocol import client_events as ce
from voicelab.protocol import server_events as ev
from voicelab.protocol.items import Item
from voicelab.protocol.settings import merge
from voicelab.protocol.usage import user_audio_tokens
from voicelab.runlog.recorder import Recorder
from voicelab.session.account import Account
from voicelab.session.incoming import Incoming
from voicelab.session.outgoing import Outgoing
from voicelab.session.terms import Terms

#: What can be refused: ``what`` of a record, and how a sentence says it.
REFUSED: Mapping[str, str] = {
    "ask": "an answer to the typed message",
    "respond": "the response",
    "aside": "the response outside the conversation",
    "commit": "an answer to what would be committed",
    "play": "an answer to the clip",
    "tools": "an answer to what the functions returned",
    "request": "the response",
    "turns": "answers to spoken turns from now on",
    "turn": "the answer to a spoken turn",
    "begun": "a response that the server began, and it was cancelled",
}
_NOTHING_SENT = "nothing was sent"
_SAID_STAYS = "what was said stays in the conversation"
# A server that goes on answering although it is told not to is told so often in a row.
_MOST_TOLD = 3


class Spending:
    """What one session may still spend; without a budget everything.

    Parameters
    ----------
    terms : Terms or None
        None: there is no budget.
    incoming, out, recorder
        The session's parts.
    embedded : bool
        Whether it is known beforehand that the embedded server answers, which bills nothing.

    Attributes
    ----------
    n_unanswered : int
        How many turns were left unanswered.
    """

    def __init__(
        self, terms: Terms | None, incoming: Incoming, out: Outgoing, recorder: Recorder, *, embedded: bool
    ) -> None:
        self._in = incoming
        self._out = out
        self._recorder = recorder
        self._account = None if terms is None else Account(terms, incoming, recorder, embedded=embedded)
        self.n_unanswered = 0
        self._newest: BudgetError | None = None
        self._forget_connection()

    def _forget_connection(self) -> None:
        self._admitted: list[str] = []
        self._cut_off: set[str] = set()
        self._telling = False
        self._n_told = 0

    def begin(self) -> None:
        """Begin with a new connection: what was spent stays spent."""
        self._forget_connection()
        if self._account is not None:
            self._account.begin()

    @property
    def state(self) -> BudgetState | None:
        """How it stands; None without a budget. Any thread may ask."""
        return None if self._account is None else self._account.state

    # --- what the client asks for ----------------------------------------------------------------------------

    def check(self, what: str, *, items: tuple[Item, ...] = (), audio_ms: float = 0.0) -> None:
        """Refuse a response in the conversation that would pass the limit.

        Parameters
        ----------
        what : str
            One of `REFUSED`.
        items, audio_ms
            What would be added to the conversation for it.

        Raises
        ------
        BudgetError
            Nothing was sent.
        """
        if self._account is not None:
            self._refuse_if_dear(what, self._account.projected_usd(items, user_audio_tokens(audio_ms)))

    def check_aside(self) -> None:
        """Refuse a response outside the conversation that would pass the limit.

        Raises
        ------
        BudgetError
            Nothing was sent.
        """
        if self._account is not None:
            self._refuse_if_dear("aside", self._account.projected_aside_usd())

    def check_event(self, event: ce.ClientEvent) -> None:
        """Refuse a client's event that asks for a response, or prepares one as a commit does.

        Raises
        ------
        BudgetError
            Nothing was sent; what was appended can still be committed.
        """
        if isinstance(event, ce.InputAudioCommit) and self._in.detection is None:
            self.check("commit", audio_ms=self._out.buffered_ms)
        elif isinstance(event, ce.ResponseCreate):
            self.check_aside() if is_aside(event) else self.check("request")

    def check_clip(self, clip_ms: float) -> None:
        """Refuse a clip whose answer would pass the limit, whoever is to ask for it.

        Raises
        ------
        BudgetError
            Nothing was sent.
        """
        if self._in.detection is None:
            self.check("play", audio_ms=clip_ms)
        elif self._server_answers or self._in.held:
            self.check("play")  # how much of the clip is speech, and will be in a turn, the server finds

    def sent(self, event: ce.ClientEvent, event_id: str) -> None:
        """Take note of what was sent: the next response that begins may be the client's."""
        if self._account is not None and isinstance(event, ce.ResponseCreate) and not is_aside(event):
            self._admitted.append(event_id)

    def not_taken(self, event_id: str | None) -> None:
        """Take note that the server refused an event: a response that it asked for will not begin."""
        if event_id in self._admitted:
            self._admitted.remove(event_id)

    def as_allowed(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """Return a change of settings without answers that the budget refuses; they come with a larger limit."""
        asked = (change.get("audio") or {}).get("input") or {}
        detection, state = asked.get("turn_detection"), self.state
        if state is None or not isinstance(detection, Mapping):
            return dict(change)
        if not state.refuses or not detection.get("create_response", True):
            self._release()  # it is as the user wants it now
            return dict(change)
        self._hold()
        return dict(merge(dict(change), _detection({**detection, "create_response": False})))

    # --- what comes ------------------------------------------------------------------------------------------

    def configured(self) -> None:
        """Take note of other settings in force."""
        if self._account is None:
            return
        self._account.opened()
        self._telling = False
        if not self._server_answers:
            self._n_told = 0
            if self._in.held and self._in.reply_due:
                # A turn ended on the way. The server does one thing after the other: its answer would have begun.
                self._in.reply_due = False
                self.turn_ended(self._in.last_committed)
        self.look()

    def look(self) -> None:
        """See to the next turn: keep the server from answering it, if that would pass the limit."""
        detection = self._in.detection
        if self._account is None or detection is None or not self._server_answers:
            return
        if not self._account.look().refuses:
            self._release()
        elif not self._telling and self._n_told < _MOST_TOLD:
            self._telling = True
            self._n_told += 1
            change = _detection({**detection, "create_response": False})
            self._out.send(ce.SessionUpdate(session={"type": "realtime", **change}))
            self._hold()

    def response_began(self, response: ev.Response) -> None:
        """Cancel a response that the server began although it would pass the limit."""
        if self._account is None:
            return
        self._account.began(response)
        if response.conversation_id is None:
            return
        if self._admitted:
            self._admitted.pop(0)
        elif self._account.state.refuses:
            self._cut_off.add(response.id)
            self._out.send(ce.ResponseCancel(response_id=response.id))
            self.look()
            self._left_unanswered("begun", response_id=response.id)

    def response_ended(self, response: ev.Response) -> None:
        """Count what a response has cost, and see to the next one."""
        if self._account is not None:
            self._account.ended(response, was_cut_off=response.id in self._cut_off)
            self._cut_off.discard(response.id)
            self.look()

    def transcribed(self, item_id: str, usage: Mapping[str, Any]) -> None:
        """Count what a transcription has cost, and see to the next response."""
        if self._account is not None:
            self._account.transcribed(item_id, usage)
            self.look()

    def turn_ended(self, item_id: str) -> None:
        """Take note of a turn that the server does not answer for the budget's sake."""
        self._left_unanswered("turn", item_id=item_id)

    def follow_up_refused(self) -> None:
        """Take note that what functions returned is not answered; the refusal is written down already."""
        self.n_unanswered += 1

    def raise_unanswered(self, n_before: int) -> None:
        """Raise the newest refusal, if a turn was left unanswered since ``n_unanswered`` was ``n_before``.

        Raises
        ------
        BudgetError
            Why there is no answer.
        """
        if self.n_unanswered > n_before and self._newest is not None:
            raise self._newest

    # --- another limit ---------------------------------------------------------------------------------------

    def raise_limit(self, limit_usd: float) -> dict[str, Any] | None:
        """Set a larger limit; return the change of settings that lets the server answer again, if one is needed.

        Raises
        ------
        ConfigError
            There is no budget, or the limit is not larger.
        """
        account, budget = self._account, Budget(limit_usd)
        if account is None:
            raise ConfigError("this session has no budget: give one with connect(..., budget=vl.Budget(limit_usd=...))")
        if limit_usd <= account.state.limit_usd:
            raise ConfigError(
                f"the limit can only be raised: it is {usd_text(account.state.limit_usd)} by now", param="limit_usd"
            )
        account.raise_limit(budget)
        if account.state.refuses or not self._in.held:
            return None
        self._release()
        detection = self._in.detection
        return None if detection is None else _detection({**detection, "create_response": True})

    # --- how it is done --------------------------------------------------------------------------------------

    @property
    def _server_answers(self) -> bool:
        """Whether the server, by the settings in force, answers turns by itself."""
        detection = self._in.detection
        makes_responses = self._in.in_force.get("type", "realtime") == "realtime"
        return makes_responses and detection is not None and bool(detection.get("create_response", True))

    def _refuse_if_dear(self, what: str, projected_usd: float | None) -> None:
        if self._account is not None and self._account.refuses(projected_usd):
            raise self._refusal(what, projected_usd, _NOTHING_SENT)

    def _hold(self) -> None:
        """Take note that the server's answers are held back."""
        if not self._in.held and self._account is not None:
            self._in.held = True
            self._refusal("turns", self._account.look().projected_usd, "what is said is recorded")

    def _release(self) -> None:
        """Take note that the server's answers are held back no more."""
        if self._in.held and self._account is not None:
            self._in.held = False
            self._account.look()

    def _left_unanswered(self, what: str, **where: str) -> None:
        if self._account is not None:
            self.n_unanswered += 1
            self._refusal(what, self._account.look().projected_usd, _SAID_STAYS, **where)

    def _refusal(self, what: str, projected_usd: float | None, kept: str, **where: str) -> BudgetError:
        """Write a refusal down; return it as an error that says all of it."""
        figures = {} if self._account is None else self._account.figures()
        self._recorder.local("budget.refused", what=what, **{**figures, "projected_usd": projected_usd}, **where)
        limit_usd, spent_usd = figures["limit_usd"], figures["spent_usd"]
        if projected_usd is None:
            why = "what was spent so far is unknown, because the usage of a response, or a price of it, is missing"
        else:
            why = f"{usd_text(spent_usd)} is spent and the next response may cost {usd_text(projected_usd)}"
        sentence = f"The budget of {usd_text(limit_usd)} refuses {REFUSED[what]}: {why}; {kept}."
        self._newest = BudgetError(sentence, limit_usd=limit_usd, spent_usd=spent_usd, projected_usd=projected_usd)
        return self._newest


def is_aside(event: ce.ResponseCreate) -> bool:
    """Tell whether a response is asked for outside the conversation."""
    return event.response is not None and event.response.conversation == "none"


def _detection(detection: Mapping[str, Any]) -> dict[str, Any]:
    return {"audio": {"input": {"turn_detection": dict(detection)}}}
