"""Of all that a run writes down, the desk is told what it has to know."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.runlog.record import Record
from voicelab.session.listening import REPLACED, STOPPED
from voicelab.widgets.lookout import (
    AgentSpoke,
    Complaint,
    Ended,
    LimitRaised,
    MicrophoneLost,
    News,
    Opened,
    OverBudget,
    Updated,
    news_of,
)


def record(kind: str, **event: Any) -> Record:
    """Return a record of the second connection."""
    return Record(seq=1, t_ns=0, wall="", dir="local", type=kind, event=event, epoch=1)


@pytest.mark.parametrize(
    ("found", "news"),
    [
        (record("voicelab.session.opened"), Opened(1)),
        (record("session.updated", session={}), Updated()),
        (record("response.output_audio.delta"), AgentSpoke(1)),
        (record("voicelab.session.closed", message="gone"), Ended("gone")),
        (record("voicelab.session.failed", message="broken"), Ended("broken")),
        (record("voicelab.source.stopped", reason="unplugged"), MicrophoneLost("unplugged")),
        (record("voicelab.source.stopped", reason=STOPPED), None),
        (record("voicelab.source.stopped", reason=REPLACED), None),
        (record("error", error={"message": "no"}), Complaint("no")),
        (record("error", error=None), Complaint("")),
        (record("voicelab.budget.refused", limit_usd=0.5, spent_usd=0.4, projected_usd=0.2), OverBudget(0.5, 0.4, 0.2)),
        (record("voicelab.budget.refused", limit_usd=1, spent_usd=0, projected_usd=None), OverBudget(1, 0, None)),
        (record("voicelab.budget.raised", limit_usd=2.0, before_usd=1.0), LimitRaised(2.0)),
        (record("voicelab.budget.spent", limit_usd=0.5, spent_usd=0.4, projected_usd=0.2), None),
        (record("voicelab.vad", p=[]), None),
    ],
)
def test_news_is_what_matters(found: Record, news: News | None) -> None:
    """A microphone that was let go on purpose is none; nor is what happens all the time."""
    assert news_of(found) == news
