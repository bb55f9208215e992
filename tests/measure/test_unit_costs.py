"""Promises of `voicelab.measure.unit_costs`."""

from __future__ import annotations

import pytest

from tests.measure.told_responses import PRICE, told
from voicelab.measure.facts import ResponseFacts
from voicelab.measure.unit_costs import (
    LAUNCH_MODEL,
    CachedShare,
    TurnBill,
    cached_share,
    on_other_models,
    turn_bills,
    unit_costs,
)

FIRST = ((100, 0, 10), (20, 0, 30))
SECOND = ((110, 100, 4), (50, 20, 0))  # calls a function
THIRD = ((130, 110, 10), (50, 50, 40))
# 100 * 10 + 10 * 100 + 20 * 1000 + 30 * 5000
FIRST_USD = 172_000e-6
# 10 * 10 + 100 * 1 + 4 * 100 + 30 * 1000 + 20 * 20, and 20 * 10 + 110 * 1 + 10 * 100 + 50 * 20 + 40 * 5000
SECOND_USD, THIRD_USD = 31_000e-6, 202_310e-6


def conversation() -> list[ResponseFacts]:
    """Two turns, the second with a function."""
    return [
        told(turn, text=text, audio=audio)
        for turn, (text, audio) in zip((1, 2, 2), (FIRST, SECOND, THIRD), strict=True)
    ]


def test_a_session_is_divided_by_what_it_consists_of() -> None:
    """Three responses, two turns, two minutes, of which one and a half were spoken."""
    costs = unit_costs(conversation(), PRICE, session_ms=120_000, speech_ms=90_000)
    total = FIRST_USD + SECOND_USD + THIRD_USD
    assert (costs.n_responses, costs.n_turns) == (3, 2)
    assert costs.total_usd == pytest.approx(total)
    assert costs.per_response_usd == pytest.approx(total / 3)
    assert costs.per_turn_usd == pytest.approx(total / 2)
    assert costs.per_minute_usd == pytest.approx(total / 2)
    assert costs.per_speech_minute_usd == pytest.approx(total / 1.5)


def test_the_cached_share_is_a_ratio_of_sums_with_and_without_the_first_response() -> None:
    """Text and audio apart."""
    costs = unit_costs(conversation(), PRICE, session_ms=1)
    assert costs.cached == CachedShare(280 / 460, 70 / 120, 210 / 340)
    assert costs.cached_without_first == CachedShare(280 / 340, 70 / 100, 210 / 240)


def test_a_share_is_never_above_one() -> None:
    """Where more is reported as cached than as input; and there is none without input."""
    assert cached_share([told(1, text=(10, 64, 1))]) == CachedShare(1.0, None, 1.0)
    assert cached_share([]) == CachedShare(None, None, None)


def test_a_response_that_still_runs_costs_nothing_yet() -> None:
    """One that is done and told no usage makes the sum unknown."""
    running, silent = told(3, done=False), told(3)
    silent.usage = None
    assert unit_costs([*conversation(), running], PRICE, session_ms=1).n_responses == 3
    assert unit_costs([*conversation(), running], PRICE, session_ms=1).total_usd is not None
    assert unit_costs([*conversation(), silent], PRICE, session_ms=1).total_usd is None


def test_unknown_prices_and_empty_sessions_have_no_unit_costs() -> None:
    """None, never 0 and never infinite."""
    unpriced = unit_costs(conversation(), None, session_ms=120_000, speech_ms=1)
    assert (unpriced.total_usd, unpriced.per_turn_usd, unpriced.per_minute_usd) == (None, None, None)
    empty = unit_costs([], PRICE, session_ms=0.0)
    assert (empty.per_response_usd, empty.per_turn_usd, empty.per_minute_usd) == (None, None, None)
    assert unit_costs(conversation(), PRICE, session_ms=1).per_speech_minute_usd is None


def test_a_turn_costs_what_its_responses_cost_and_most_of_a_later_one_is_history() -> None:
    """History, new input and output add up to the marginal cost of the turn."""
    first, second = turn_bills(conversation(), PRICE)
    assert first == TurnBill(
        turn=1,
        cost_usd=pytest.approx(FIRST_USD),
        history_usd=0.0,
        new_usd=pytest.approx((100 * 10 + 20 * 1000) / 1e6),
        out_usd=pytest.approx((10 * 100 + 30 * 5000) / 1e6),
        history_tokens=0,
        new_tokens=120,
        out_tokens=40,
    )
    assert second.cost_usd == pytest.approx(SECOND_USD + THIRD_USD)
    assert (second.history_tokens, second.new_tokens, second.out_tokens) == (160 + 114 + 50, 16, 54)
    # 10 of text and 30 of audio said before were not cached; then 4 of text were not.
    history_usd = (100 * 1 + 10 * 10 + 20 * 20 + 30 * 1000 + 110 * 1 + 4 * 10 + 50 * 20) / 1e6
    assert second.history_usd == pytest.approx(history_usd)
    assert second.new_usd == pytest.approx(16 * 10 / 1e6)
    assert second.history_share == pytest.approx(history_usd / (SECOND_USD + THIRD_USD))


def test_what_is_not_known_of_a_turn_is_none() -> None:
    """Its price, or the usage of one of its responses."""
    silent = told(2)
    silent.usage = None
    _, second = turn_bills([*conversation(), silent], PRICE)
    assert (second.cost_usd, second.history_usd, second.new_usd, second.out_usd) == (None, None, None, None)
    assert second.history_share is None
    assert [bill.cost_usd for bill in turn_bills(conversation(), None)] == [None, None]


def test_a_greeting_has_a_bill_of_its_own() -> None:
    """Before turn 1."""
    bills = turn_bills([told(None, audio=(0, 0, 10)), *conversation()], PRICE)
    assert [bill.turn for bill in bills] == [None, 1, 2]


def test_the_same_tokens_are_billed_at_other_prices() -> None:
    """Counted by hand, at the launch and at gpt-realtime: the counts are kept, also what was cached."""
    found = {one.model: one for one in on_other_models(conversation(), session_ms=60_000)}
    # text: 130 fresh, 210 cached, 24 out; audio: 50 fresh, 70 cached, 70 out
    launch = (130 * 5 + 210 * 2.5 + 24 * 20 + 50 * 100 + 70 * 20 + 70 * 200) / 1e6
    assert found[LAUNCH_MODEL].usd == pytest.approx(launch)
    assert found["gpt-realtime"].usd == pytest.approx(
        (130 * 4 + 210 * 0.4 + 24 * 16 + 50 * 32 + 70 * 0.4 + 70 * 64) / 1e6
    )
    assert found[LAUNCH_MODEL].basis == "tokens"


def test_models_billed_by_time_are_compared_by_time() -> None:
    """Ninety seconds of GPT-Live are 7.5 cents whatever was said."""
    (live,) = on_other_models(conversation(), session_ms=90_000, models=["gpt-live-1"])
    assert (live.usd, live.basis) == (pytest.approx(0.075), "time")


def test_a_model_without_a_price_is_unpriced_and_the_users_prices_go_first() -> None:
    """None, never 0."""
    unknown, own = on_other_models(
        conversation(),
        session_ms=60_000,
        models=["somebodys-model", "gpt-realtime"],
        overrides={"gpt-realtime": {"usd_per_minute": 2}},
    )
    assert (unknown.usd, unknown.price) == (None, None)
    assert own.usd == pytest.approx(2.0)
