"""Of all that a run writes down, the desk is told what it has to know."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.runlog.record import Record
from voicelab.session.listening import REPLACED, STOPPED
from voicelab.widgets.lookout import AgentSpoke, Complaint, Ended, MicrophoneLost, News, Opened, Updated, news_of


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
        (record("voicelab.vad", p=[]), None),
    ],
)
def test_news_is_what_matters(found: Record, news: News | None) -> None:
    """A microphone that was let go on purpose is none; nor is what happens all the time."""
    assert news_of(found) == news
