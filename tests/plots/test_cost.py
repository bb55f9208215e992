"""Tokens and money."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.measure.prices import price_note
from voicelab.measure.run import Run
from voicelab.plots import cost
from voicelab.plots.cost import costs_by_turn

from .conftest import USAGE_USD, Stage


def named(run: Run) -> dict[str, Any]:
    return {trace.name: trace for trace in cost(run).data}


def test_tokens_are_stacked_by_modality_and_the_way_they_count(run: Run) -> None:
    """Fresh is input without cached; turn 2 has two responses."""
    traces = named(run)
    assert {name: list(trace.y) for name, trace in traces.items() if name != "cost so far"} == {
        "text in": [20, 40, 20],
        "text cached": [20, 40, 20],
        "text out": [10, 20, 10],
        "audio in": [50, 100, 50],
        "audio cached": [10, 20, 10],
        "audio out": [40, 80, 40],
    }
    assert traces["text cached"].marker.pattern.shape == "."


def test_dollars_run_up_on_their_own_axis(run: Run) -> None:
    """The running sum is that of the published prices."""
    line = named(run)["cost so far"]
    assert line.yaxis == "y2"
    assert list(line.y) == pytest.approx([USAGE_USD, 3 * USAGE_USD, 4 * USAGE_USD])


def test_what_nobody_billed_says_so(run: Run) -> None:
    """On the axis and at each point."""
    assert cost(run).layout.xaxis.title.text == "US dollars at gpt-realtime prices, nothing billed"
    assert "nothing billed" in named(run)["cost so far"].text[0]


def test_an_unknown_price_has_no_line_and_says_so(stage: Stage) -> None:
    """Unknown is not 0."""
    story = stage(model="other", prices=price_note("other", embedded=False))
    story.reply("a", 100, 300, "Hi.")
    run = story.run()
    assert "cost so far" not in named(run)
    assert "no price is known for other" in cost(run).layout.xaxis.title.text


def test_the_line_stops_where_usage_is_missing(stage: Stage) -> None:
    """After a response without usage the sum is not known any more."""
    story = stage()
    for turn, usage in ((1, True), (2, False), (3, True)):
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
        story.record("send", "conversation.item.create", turn * 1000, item=item)
        story.record("send", "response.create", turn * 1000)
        story.reply(f"r{turn}", turn * 1000 + 10, 300, "Hi.", usage=usage)
    assert list(named(story.run())["cost so far"].x) == ["turn 1"]


def test_tokens_before_any_turn_have_a_name(stage: Stage) -> None:
    """A greeting belongs to no user turn."""
    story = stage()
    story.reply("a", 100, 300, "Welcome.")
    assert list(named(story.run())["text in"].x) == ["before turn 1"]


def test_a_run_without_usage_says_so(stage: Stage) -> None:
    """Nothing to add up."""
    assert "nothing to add up" in cost(stage().run()).layout.annotations[0].text


def test_money_is_told_for_each_modality_fresh_cached_and_out(run: Run) -> None:
    """The parts of a turn add up to what it costs, and the turns to the running sum."""
    costs = costs_by_turn(run.facts().responses.values(), run.price)
    assert costs[0].usd["audio out"] == pytest.approx(40 * 64 / 1e6)
    assert costs[0].usd["text cached"] == pytest.approx(20 * 0.4 / 1e6)
    assert [sum(cost.usd.values()) for cost in costs] == pytest.approx([cost.cost_usd for cost in costs])
    assert costs[-1].so_far_usd == pytest.approx(4 * USAGE_USD)
    assert list(named(run)["audio out"].text) == [", $0.0026", ", $0.0051", ", $0.0026"]


def test_an_unknown_price_gives_tokens_without_money(run: Run) -> None:
    """Unknown is not 0."""
    costs = costs_by_turn(run.facts().responses.values(), None)
    assert [(cost.usd, cost.cost_usd, cost.so_far_usd) for cost in costs] == [({}, None, None)] * 3
    assert costs[0].tokens["audio out"] == 40
