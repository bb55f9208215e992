"""What a person is invited to say: the cards under a transcript.

In: the desk's snapshot.  Out: an `Offer`: which cards, whether the mirror answers now, whether a card can be sent as
text.
Does not know: how cards look, or what the guide can do (``engines.guide_cards`` does).

Only what is known to be understood is offered: the sentences that the server names itself, or the guide's own at the
embedded server. At a hosted model, or where another engine answers, there are no cards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from voicelab.engines.guide_cards import sayings
from voicelab.widgets.standing import ReplyName, Standing

_EMBEDDED = "local"
#: Sources that no mouth is behind: there a card can only be sent as text.
_WITHOUT_VOICE = ("clip", "none")


class CardDesk(Protocol):
    """The part of the desk that cards need."""

    @property
    def standing(self) -> Standing:
        """The latest snapshot."""

    def choose_reply(self, reply: ReplyName) -> object:
        """Let the mirror or the guide answer."""

    def say(self, text: str) -> object:
        """Send a typed turn."""


@dataclass(frozen=True)
class Offer:
    """The cards of the moment.

    Parameters
    ----------
    cards : tuple of str
        None: nothing is offered.
    mirror : bool
        Whether the mirror answers now: choosing a card changes to the guide.
    as_text : bool
        Whether the sentence is offered as text, since nobody speaks into the lab.
    """

    cards: tuple[str, ...] = ()
    mirror: bool = False
    as_text: bool = False


def offer_for(standing: Standing) -> Offer:
    """Return what to offer in a situation."""
    told = standing.in_force.get("voicelab") or {}
    as_text = standing.source in _WITHOUT_VOICE
    named = told.get("try_saying")
    if standing.target != _EMBEDDED and not named:
        return Offer()
    mirror = standing.reply == "mirror"
    if named:
        return Offer(tuple(str(saying) for saying in named), mirror, as_text)
    # Another engine than the two of the embedded server answers: nobody here knows what it understands.
    if told.get("reply") not in (None, "guide", "mirror"):
        return Offer()
    return Offer(sayings(), mirror, as_text)
