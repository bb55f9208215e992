"""Whose prices a budget is counted by, and that an unknown one is never taken for 0."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.errors import ConfigError
from voicelab.measure.budget import Budget
from voicelab.measure.prices import COMPARISON_MODEL
from voicelab.session.terms import terms_of

BUDGET = Budget(limit_usd=1.0)


def test_without_a_budget_no_price_is_needed() -> None:
    """Most sessions have none, with whatever model."""
    assert terms_of(None, "nobody-knows", None) is None


def test_the_embedded_server_is_counted_at_the_comparison_models_prices() -> None:
    """It bills nothing: what its tokens would cost on a named model."""
    terms = terms_of(BUDGET, "voicelab-guide", None)
    assert terms is not None
    assert terms.price.model == COMPARISON_MODEL


def test_own_prices_come_first() -> None:
    """Of the model, with what is not given from the table."""
    terms = terms_of(BUDGET, "gpt-realtime-2.1", {"gpt-realtime-2.1": {"audio": {"in": 99.0}}})
    assert terms is not None
    assert terms.rates()["audio"] == {"in": 99.0, "cached": 0.4, "out": 64.0}
    assert terms.rates()["text"] == {"in": 4.0, "cached": 0.4, "out": 24.0}


@pytest.mark.parametrize(
    "prices",
    [
        None,
        {"theirs": {"text": {"in": 1.0, "cached": 0.1, "out": 2.0}}},
        {"theirs": {"text": {"in": 1.0, "cached": 0.1, "out": 2.0}, "audio": {"in": 1.0, "cached": None, "out": 2.0}}},
        {"theirs": {"usd_per_minute": 0.01}},
    ],
)
def test_a_price_that_is_missing_is_told_with_the_way_to_give_it(prices: dict[str, Any] | None) -> None:
    """Text and audio, fresh, cached and out: one gap is enough."""
    with pytest.raises(ConfigError, match=r"'theirs', and not all are known \(unknown is not 0\).*prices=") as caught:
        terms_of(BUDGET, "theirs", prices)
    assert caught.value.param == "prices"
