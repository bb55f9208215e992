"""The ledger of sound."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.measure.run import Run
from voicelab.plots import ledger

from .conftest import Stage

#: Place of the reply that was cut off; before it stands a response whose audio tokens nobody received.
CUT = 2


@pytest.fixture(scope="module")
def traces(run: Run) -> dict[str, Any]:
    return {trace.name: trace for trace in ledger(run).data}


def test_what_was_heard_and_what_was_not_make_up_what_was_generated(traces: dict[str, Any]) -> None:
    """Turn 2 was cut off at 0.8 s of the 2 s (40 tokens) that were generated."""
    assert list(traces["heard"].y) == ["turn 1", "turn 2, reply 1", "turn 2, reply 2", "turn 3"]
    assert traces["heard"].x[CUT] == pytest.approx(0.8)
    assert traces["not heard"].x[CUT] == pytest.approx(1.2)
    assert traces["generated"].x[CUT] == pytest.approx(2.0)


def test_only_a_reply_that_was_cut_off_wastes_anything(traces: dict[str, Any]) -> None:
    """Turn 1 was played to its end, though its tokens count for more than its length."""
    assert [bool(x) for x in traces["not heard"].x] == [False, False, True, False]


def test_delivered_and_remembered_are_marked_apart(traces: dict[str, Any]) -> None:
    """After the truncation the conversation remembers what was heard, of three delivered seconds."""
    assert traces["delivered"].x[CUT] == pytest.approx(3.0)
    assert traces["remembered"].x[CUT] == pytest.approx(0.8)


def test_what_was_not_heard_is_hatched_on_bare_ground(traces: dict[str, Any]) -> None:
    """No fact by colour alone."""
    assert traces["not heard"].marker.pattern.shape == "/"
    assert not traces["heard"].marker.pattern.shape


def test_totals_and_waste_stand_in_tokens_and_money(run: Run) -> None:
    """160 audio tokens are billed: the tool call's response has 40 without sound of its own; 24 of them wasted."""
    told = ledger(run).layout.xaxis.title.text.replace("&#36;", "$")
    assert "all replies: generated 8.0 s, delivered 4.8 s, heard 2.6 s, remembered 2.6 s" in told
    assert "billed: 160 output audio tokens, $0.01 at gpt-realtime prices, nothing billed" in told
    assert "wasted: 1.2 s, 24 tokens (15% of them), $0.0015" in told


def test_what_nobody_can_know_is_not_zero(stage: Stage) -> None:
    """A log of one who did not play: delivered sound, of which nobody knows what was heard."""
    story = stage()
    story.spoken("item_u1", 200, 2000, "hi")
    story.record("recv", "response.created", 2000, response={"id": "resp_a", "status": "in_progress"})
    where = {"response_id": "resp_a", "item_id": "item_a", "output_index": 0}
    ref = {"audio_ref": {"track": "output", "start": 0, "n": 24_000, "rate": 24_000}}
    story.record("recv", "response.output_audio.delta", 2010, **where, delta=ref)
    story.done("a", 2500, "cancelled")
    made = ledger(story.run())
    names = [trace.name for trace in made.data]
    assert "not known whether heard" in names
    assert "heard" not in names
    assert "heard not known" in made.layout.xaxis.title.text
    assert "wasted: not known" in made.layout.xaxis.title.text


def test_an_unknown_price_is_told_and_is_not_zero(stage: Stage) -> None:
    """Tokens are known, dollars are not."""
    story = stage(model="nobody", prices={"model": "nobody", "billed": True})
    story.reply("a", 100, 600, "Hi.")
    told = ledger(story.run()).layout.xaxis.title.text
    assert "40 output audio tokens, price unknown" in told
    assert "&#36;" not in told


def test_two_replies_of_a_turn_are_two_rows(stage: Stage) -> None:
    """Rows of one name would be drawn over each other."""
    story = stage()
    story.spoken("item_u1", 200, 2000, "hi")
    story.reply("a", 2000, 600, "One.")
    story.reply("b", 3000, 600, "Two.")
    heard = next(trace for trace in ledger(story.run()).data if trace.name == "heard")
    assert list(heard.y) == ["turn 1, reply 1", "turn 1, reply 2"]
    assert list(heard.customdata) == [1, 1]


def test_source_and_metric_version_stand_at_the_foot(run: Run) -> None:
    """As in every figure."""
    assert "metric version" in ledger(run).layout.title.text


def test_a_run_without_sound_says_so(stage: Stage) -> None:
    """Nothing to keep."""
    assert "No reply with sound" in ledger(stage().run()).layout.annotations[0].text
