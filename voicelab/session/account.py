"""What a session under a budget has spent, and what its next response is expected to cost.

In: responses as they begin and end, transcriptions, the conversation.  Out: a `BudgetState`, which any thread may read;
records ``voicelab.budget`` and ``voicelab.budget.spent``.
Does not know: what is refused. The arithmetic is `voicelab.measure.budget`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from voicelab.measure.budget import Budget, BudgetState, Tally, Tokens
from voicelab.measure.prices import price_of
from voicelab.protocol import server_events as ev
from voicelab.protocol.items import Item, Message
from voicelab.runlog.recorder import Recorder
from voicelab.session.context_size import head_tokens, items_tokens
from voicelab.session.incoming import Incoming
from voicelab.session.terms import Terms


class Account:
    """The money of one session, over all its connections.

    Parameters
    ----------
    terms : Terms
    incoming, recorder
        The session's parts.
    embedded : bool
        Whether it is known beforehand that the embedded server answers, which bills nothing.

    Attributes
    ----------
    state : BudgetState
        Replaced as a whole.
    """

    def __init__(self, terms: Terms, incoming: Incoming, recorder: Recorder, *, embedded: bool) -> None:
        self._terms = terms
        self._in = incoming
        self._recorder = recorder
        self._embedded = embedded
        self._told = False
        self._tally = Tally()
        self.begin()

    def begin(self) -> None:
        """Begin with a new connection: what was spent stays spent."""
        self._tally = self._tally.on_new_connection()
        # Items that the last usage has counted as input or output, and those that the running response is given.
        self._counted: set[str] = set()
        self._given: set[str] = set()
        self._asked = True
        self._asides: set[str] = set()
        self.look()

    def look(self) -> BudgetState:
        """Bring `state` up to date with the conversation, and return it."""
        self.state = BudgetState(
            limit_usd=self._terms.budget.limit_usd,
            spent_usd=self._tally.spent_usd,
            projected_usd=self.projected_usd(),
            unpriced=self._tally.unpriced,
            model=self._terms.price.model,
            billed=not self._embedded,
            holds_answers=self._in.held,
        )
        return self.state

    def raise_limit(self, budget: Budget) -> None:
        """Go on with another limit."""
        before_usd, self._terms = self._terms.budget.limit_usd, replace(self._terms, budget=budget)
        self.look()
        self._recorder.local("budget.raised", before_usd=before_usd, **self.figures())

    def projected_usd(self, new_items: Iterable[Item] = (), new_audio_tokens: float = 0.0) -> float | None:
        """Return what the next response in the conversation is expected to cost; None: nobody can tell.

        Parameters
        ----------
        new_items : iterable of Item
            What would be added for it, beside what the conversation holds by now.
        new_audio_tokens : float
        """
        new = items_tokens(new_items, {}) + Tokens(audio=new_audio_tokens)
        return self._tally.projected_usd(self._terms.price, self._known() + new)

    def projected_aside_usd(self) -> float | None:
        """Return what the next response outside the conversation is expected to cost; None: nobody can tell."""
        return self._tally.projected_aside_usd(self._terms.price, self._known())

    def under_way_usd(self) -> float:
        """Return what the responses that run, or were asked for, are expected to cost when they are done."""
        n_asides = max(len(self._asides), len(self._in.asides))
        n_in_conversation = 0 if self._in.conversation.active_response is None else 1
        return n_in_conversation * (self.projected_usd() or 0.0) + n_asides * (self.projected_aside_usd() or 0.0)

    def refuses(self, projected_usd: float | None) -> bool:
        """Tell whether one more response of this cost would pass the limit."""
        return self._terms.budget.refuses(self._tally.spent_usd + self.under_way_usd(), projected_usd)

    def opened(self) -> None:
        """Take note of who answers; write down, at the run's beginning, the limit and what it is counted by."""
        self._embedded = self._embedded or "voicelab" in self._in.in_force
        self.look()
        if self._told:
            return
        self._told = True
        terms = self._terms
        about = {"model": terms.price.model, "billed": not self._embedded, "table": terms.table}
        own = {"overrides": dict(terms.overrides)} if terms.overrides else {}
        self._recorder.local("budget", **self.figures(), **about, prices=terms.rates(), **own)

    def began(self, response: ev.Response) -> None:
        """Take note that a response runs: what it is given, and whether somebody asked something."""
        if response.conversation_id is None:
            self._asides.add(response.id)
            return
        new = self._new_items()
        self._asked = any(isinstance(item, Message) and item.role != "assistant" for item in new)
        self._given = {item.id or "" for item in self._in.conversation.items}
        self.look()

    def ended(self, response: ev.Response, *, was_cut_off: bool) -> None:
        """Count what a response has cost; one that failed before anything was made, without a usage, costs nothing."""
        before, price = self._tally, self._terms.price
        usage = None if response.usage is None else msgspec.to_builtins(response.usage)
        self._asides.discard(response.id)
        if usage is None and response.status == "failed":
            return
        if was_cut_off:
            self._tally = before.after_cut_off(usage, price)
        elif response.conversation_id is None:
            self._tally = before.after_aside(usage, price)
        else:
            self._tally = before.after_response(usage, price, asked=self._asked)
            self._counted = self._given | {item.id or "" for item in response.output}
        self._tell(before, response_id=response.id)

    def transcribed(self, item_id: str, usage: Mapping[str, Any]) -> None:
        """Count what a transcription has cost, where the price of its model is known."""
        before = self._tally
        settings = ((self._in.in_force.get("audio") or {}).get("input") or {}).get("transcription") or {}
        price = price_of(str(settings.get("model") or ""), self._terms.overrides)
        self._tally = before.after_transcription(usage, price)
        self._tell(before, item_id=item_id)

    def figures(self) -> dict[str, Any]:
        """Return the numbers that stand in every record about the budget."""
        state = self.state
        return {
            "limit_usd": state.limit_usd,
            "spent_usd": state.spent_usd,
            "projected_usd": state.projected_usd,
            "unpriced": state.unpriced,
        }

    def _new_items(self) -> list[Item]:
        """Return the items of the conversation that no usage has counted yet."""
        return [item for item in self._in.conversation.items if item.id not in self._counted]

    def _known(self) -> Tokens:
        """Return what the next input is known to hold, beside the history that the last usage has told of."""
        known = items_tokens(self._new_items(), self._in.audio_ms)
        return known if self._tally.last is not None else head_tokens(self._in.in_force) + known

    def _tell(self, before: Tally, **what: str) -> None:
        was_priced = self._tally.unpriced == before.unpriced
        cost_usd = self._tally.spent_usd - before.spent_usd if was_priced else None
        self.look()
        self._recorder.local("budget.spent", cost_usd=cost_usd, **self.figures(), **what)
