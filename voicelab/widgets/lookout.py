"""What a run says that the desk has to know, as typed news.

In: a record.  Out: one `News` value, or None.
Does not know: the desk, sessions, what is done about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from voicelab.runlog.record import Record
from voicelab.session.listening import REPLACED, STOPPED


@dataclass(frozen=True)
class Opened:
    """A connection is open; nobody has been heard on it yet."""

    epoch: int


@dataclass(frozen=True)
class Updated:
    """Other settings are in force."""


@dataclass(frozen=True)
class AgentSpoke:
    """The agent's voice came, from now on it cannot be another one on this connection."""

    epoch: int


@dataclass(frozen=True)
class Ended:
    """The connection is gone."""

    message: str


@dataclass(frozen=True)
class MicrophoneLost:
    """No more sound will come from the microphone."""

    reason: str


@dataclass(frozen=True)
class Complaint:
    """The server did not like something."""

    message: str


@dataclass(frozen=True)
class OverBudget:
    """A response was refused for the budget's sake; None for ``projected_usd``: nobody knows what it would cost."""

    limit_usd: float
    spent_usd: float
    projected_usd: float | None


@dataclass(frozen=True)
class LimitRaised:
    """The session may spend more than before."""

    limit_usd: float


News: TypeAlias = Opened | Updated | AgentSpoke | Ended | MicrophoneLost | Complaint | OverBudget | LimitRaised


def news_of(record: Record) -> News | None:
    """Return what a record means for whoever holds the session."""
    event = record.event
    match record.type:
        case "voicelab.session.opened":
            return Opened(record.epoch)
        case "session.updated":
            return Updated()
        case "response.output_audio.delta":
            return AgentSpoke(record.epoch)
        case "voicelab.session.closed" | "voicelab.session.failed":
            return Ended(str(event.get("message", "")))
        case "voicelab.source.stopped" if event.get("reason") not in (STOPPED, REPLACED):
            return MicrophoneLost(str(event.get("reason", "")))
        case "voicelab.budget.refused":
            return OverBudget(event["limit_usd"], event["spent_usd"], event["projected_usd"])
        case "voicelab.budget.raised":
            return LimitRaised(event["limit_usd"])
        case "error":
            return Complaint(str((event.get("error") or {}).get("message", "")))
    return None
