"""The running bill of a conversation under several terms."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.measure.bill import Conversation, Exchange, Terms, keeping, made_up
from voicelab.measure.bill import bill as calculated
from voicelab.measure.prices import price_note, price_of
from voicelab.measure.run import Run
from voicelab.plots.bill import bill, cases, what_if

from .conftest import Stage


def named(made: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in made.data}


def test_a_bill_has_one_line_for_each_of_the_terms() -> None:
    """Its end is the total in its name, its marks are where messages were left out."""
    talk = Conversation(10, (Exchange(user_audio=10, reply_audio=20),) * 8)
    terms = {"auto": Terms(limit_tokens=100), "half": Terms(100, keeping(0.5))}
    made = named(bill(talk, terms=terms))
    auto = calculated(talk, terms["auto"], price_of("gpt-realtime"))
    # 10 * 4 + 70 * 0.4 + 520 * 32 + 50 * 0.4 + 160 * 64, and 10 * 4 + 70 * 0.4 + 250 * 32 + 130 * 0.4 + 160 * 64
    assert [made[name].y[-1] for name in ("auto: $0.03", "half: $0.02")] == pytest.approx([26_968e-6, 18_360e-6])
    assert list(made["auto: $0.03"].y) == pytest.approx([line.so_far_usd for line in auto.lines])
    assert list(made["auto, truncated"].x) == [4, 5, 6, 7, 8]
    assert list(made["half, truncated"].x) == [4, 6, 8]


def test_a_conversation_that_is_refused_says_where() -> None:
    """Its line ends there."""
    talk = Conversation(10, (Exchange(user_audio=10, reply_audio=20),) * 8)
    line = bill(talk, terms={"disabled": Terms(limit_tokens=100, truncation="disabled")}).data[0]
    assert line.name.endswith("refused at 4")
    assert list(line.x) == [1, 2, 3]


def test_without_a_run_a_long_conversation_is_made_up() -> None:
    """It outgrows a 32k context, so that the terms differ: keeping a share is cheaper than keeping all."""
    totals = {trace.name.split(": $")[0]: trace.y[-1] for trace in bill().data if ": $" in trace.name}
    assert set(totals) == set(cases(250))
    assert totals["retention ratio 0.8"] < totals["auto"] / 2
    assert totals["auto, instructions edited every 10 turns"] > totals["auto"]


def test_a_run_is_billed_at_its_own_prices_and_named(run: Run) -> None:
    """The line at the foot says that it is calculated, and from what."""
    made = bill(run)
    assert "at gpt-realtime prices" in made.layout.xaxis.title.text
    assert made.layout.title.text.startswith("Calculated; ")
    assert "Run story" in made.layout.title.text.replace("<br>", " ")


def test_a_bill_without_a_price_or_without_exchanges_says_so(stage: Stage) -> None:
    """Unknown is not 0."""
    story = stage(model="other", prices=price_note("other", embedded=False))
    story.reply("a", 100, 300, "Hi.")
    assert "No price is known" in bill(story.run()).layout.annotations[0].text
    assert "No price is known" in bill(model="somebodys-model").layout.annotations[0].text
    assert "no exchange" in bill(stage("empty").run()).layout.annotations[0].text


def test_what_if_takes_plain_values_for_sliders() -> None:
    """Yours beside auto."""
    made = what_if(
        n_turns=40, limit_tokens=2000, retention_ratio=0.6, edit_every=5, hit_rate=0.9, model="gpt-realtime-2.1"
    )
    yours = calculated(
        made_up(40),
        Terms(2000, keeping(0.6), frozenset(range(6, 41, 5)), 0.9),
        price_of("gpt-realtime-2.1"),
    )
    line = next(trace for trace in made.data if trace.name.startswith("yours: "))
    assert line.y[-1] == pytest.approx(yours.total_usd)
