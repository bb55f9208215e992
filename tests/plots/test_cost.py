"""Tokens and money."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.measure.prices import price_note, price_of
from voicelab.measure.projection import curve
from voicelab.measure.run import Run, open_run
from voicelab.plots import cost
from voicelab.plots.cost import cost_figure, costs_by_turn

from .conftest import USAGE_USD, Stage

METER_NAMES = ("text in", "text cached", "text out", "audio in", "audio cached", "audio out")


def named(run: Run) -> dict[str, Any]:
    return {trace.name: trace for trace in cost(run).data}


def title(run: Run) -> list[str]:
    lines = str(cost(run).layout.xaxis.title.text).split("<br>")
    return [line.replace("&#36;", "$") for line in lines if line.strip()]


def test_tokens_are_stacked_by_modality_and_the_way_they_count(run: Run) -> None:
    """Fresh is input without cached; turn 2 has two responses; without pictures there is nothing of them."""
    traces = named(run)
    assert {name: list(trace.y) for name, trace in traces.items() if trace.type == "bar"} == {
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


def test_the_projection_goes_on_where_the_sum_ends(run: Run) -> None:
    """Dashed, in a band, three turns further, as `voicelab.measure.projection` has it."""
    traces = named(run)
    ahead = curve([*run.facts().responses.values()], run.price, 3)
    line, low, high = traces["projected"], traces["low"], traces["projected range"]
    assert line.line.dash == "dash"
    assert list(line.x) == ["turn 3", "next", "+2", "+3"]
    assert list(line.y) == pytest.approx([4 * USAGE_USD, *(4 * USAGE_USD + p.usd for p in ahead)])
    assert list(low.y)[1:] == pytest.approx([4 * USAGE_USD + p.low_usd for p in ahead])
    assert list(high.y)[1:] == pytest.approx([4 * USAGE_USD + p.high_usd for p in ahead])
    assert high.fill == "tonexty"


def test_how_far_is_projected_can_be_chosen(run: Run) -> None:
    """Not at all, too."""
    assert "projected" not in {trace.name for trace in cost(run, turns_ahead=0).data}
    assert len(next(trace for trace in cost(run, turns_ahead=7).data if trace.name == "projected").x) == 8


def test_what_nobody_billed_says_so(run: Run) -> None:
    """On the axis and at each point."""
    assert title(run)[0] == "US dollars at gpt-realtime prices, nothing billed"
    assert "nothing billed" in named(run)["cost so far"].text[0]


def test_it_is_told_what_a_turn_and_a_minute_cost_and_how_much_was_cached(run: Run) -> None:
    """30 of 100 tokens of every input; three turns for four usages; and what the next one is expected to cost."""
    _, units, ahead = title(run)
    assert f"${4 * USAGE_USD / 3:.2g} a turn" in units
    assert "a minute of session" in units
    assert "a minute of speech" in units
    assert "30% of the input cached, 30% without the first response" in units
    assert ahead.startswith("next turn about $")
    assert "from 2 turns, 95 %" in ahead


def test_the_figure_names_its_source(run: Run) -> None:
    """Which run, whose numbers, which definitions."""
    assert "Run story" in cost(run).layout.title.text
    assert "metric version" in cost(run).layout.title.text


def test_an_unknown_price_has_no_line_and_says_so(stage: Stage) -> None:
    """Unknown is not 0."""
    story = stage(model="other", prices=price_note("other", embedded=False))
    story.reply("a", 100, 300, "Hi.")
    run = story.run()
    assert set(named(run)) == set(METER_NAMES)
    assert "no price is known for other" in title(run)[0]


def test_the_users_prices_go_first(stage: Stage) -> None:
    """Twice the sound's output, on the line as well."""
    story = stage()
    story.reply("a", 100, 300, "Hi.")
    run = open_run(story.run().folder, prices={"gpt-realtime": {"audio": {"out": 128}}})
    assert list(named(run)["cost so far"].y) == pytest.approx([USAGE_USD + 40 * 64 / 1e6])


def test_what_has_no_price_leaves_the_turn_unpriced() -> None:
    """Cached tokens at a model that sells none: no dollars of its meters, no line, and it is said."""
    story_costs = costs_by_turn(_responses_of(USAGE_WITH_PICTURES), price_of("gpt-4o-realtime-preview"))
    assert [(one.usd, one.cost_usd) for one in story_costs] == [({}, None)]


def test_pictures_have_bars_where_there_were_any(run: Run) -> None:
    """Purple beside text and sound, at their own price."""
    costs = costs_by_turn(_responses_of(USAGE_WITH_PICTURES), price_of("gpt-realtime-2.1"))
    made = cost_figure(costs, run.manifest, price_of("gpt-realtime-2.1"))
    assert {trace.name: list(trace.y) for trace in made.data if trace.name.startswith("image")} == {
        "image in": [6],
        "image cached": [2],
    }
    assert costs[0].usd["image in"] == pytest.approx(6 * 5 / 1e6)
    assert costs[0].cost_usd == pytest.approx(95e-6)


def test_the_line_stops_where_usage_is_missing(stage: Stage) -> None:
    """After a response without usage the sum is not known any more, and nothing can go on from it."""
    story = stage()
    for turn, usage in ((1, True), (2, False), (3, True)):
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
        story.record("send", "conversation.item.create", turn * 1000, item=item)
        story.record("send", "response.create", turn * 1000)
        story.reply(f"r{turn}", turn * 1000 + 10, 300, "Hi.", usage=usage)
    traces = named(story.run())
    assert list(traces["cost so far"].x) == ["turn 1"]
    assert "projected" not in traces


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


USAGE_WITH_PICTURES = {
    "input_tokens": 18,
    "output_tokens": 1,
    "input_token_details": {"text_tokens": 10, "image_tokens": 8, "cached_tokens_details": {"image_tokens": 2}},
    "output_token_details": {"text_tokens": 1},
}


def _responses_of(usage: dict[str, Any]) -> list[Any]:
    from voicelab.measure.facts import ResponseFacts

    return [ResponseFacts("resp_1", 0, 0, 1, done_ns=1, status="completed", usage=usage)]
