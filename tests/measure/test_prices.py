"""Promises of `voicelab.measure.prices`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.measure.room import usage
from voicelab.measure.prices import COMPARISON_MODEL, Price, Rate, cost_usd, price_note, price_of, price_table

# Six prices that no sum can mix up.
PRICE = Price("test", text=Rate(1, 10, 100), audio=Rate(1_000, 10_000, 100_000), source="", date="")
TOKENS = st.integers(0, 10**6)


def test_the_cost_is_the_sum_over_the_meters() -> None:
    """Fresh, cached and made tokens, text and audio: each at its own price a million."""
    used = usage(text=(9, 2, 3), audio=(8, 4, 5))
    counted = 7 * 1 + 2 * 10 + 3 * 100 + 4 * 1_000 + 4 * 10_000 + 5 * 100_000
    assert cost_usd(used, PRICE) == pytest.approx(counted / 1e6)


def test_the_published_usage_costs_what_it_costs() -> None:
    """The reference's example at the prices of gpt-realtime: 55 and 64 cached text, 13 audio in; 30 and 91 out."""
    used = usage(text=(119, 64, 30), audio=(13, 0, 91))
    counted = 55 * 4 + 64 * 0.4 + 30 * 16 + 13 * 32 + 91 * 64
    assert cost_usd(used, price_of("gpt-realtime")) == pytest.approx(counted / 1e6)


def test_more_cached_than_input_tokens_is_no_income() -> None:
    """A published example has it: fresh tokens are never below zero."""
    assert cost_usd(usage(text=(10, 64, 0), audio=(0, 0, 0)), PRICE) == pytest.approx(64 * 10 / 1e6)


def test_nothing_used_costs_nothing() -> None:
    """A known usage of zero tokens is a known zero."""
    assert cost_usd(usage(text=(0, 0, 0), audio=(0, 0, 0)), PRICE) == 0.0


@given(TOKENS, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS)
def test_a_cost_is_never_negative_and_grows_with_output(a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    """Whatever a server counts."""
    less = cost_usd(usage(text=(a, b, c), audio=(d, e, f)), PRICE)
    more = cost_usd(usage(text=(a, b, c), audio=(d, e, f + 1)), PRICE)
    assert less is not None
    assert more is not None
    assert 0 <= less < more


@pytest.mark.parametrize(
    "used",
    [
        None,
        {},
        {"total_tokens": 30, "input_tokens": 10, "output_tokens": 20},
        {"input_tokens": 10, "input_token_details": {"text_tokens": 10}},
        {"input_token_details": {"text_tokens": 10, "image_tokens": 5}, "output_token_details": {"text_tokens": 1}},
    ],
    ids=["none", "empty", "no split", "no output", "pictures"],
)
def test_a_usage_that_does_not_say_enough_has_no_cost(used: dict[str, Any] | None) -> None:
    """Without the split by modality, or with tokens that have no price here, the cost is unknown, never 0."""
    assert cost_usd(used, PRICE) is None


def test_an_unknown_price_gives_no_cost() -> None:
    """None, never 0."""
    assert price_of("somebodys-model") is None
    assert cost_usd(usage(text=(9, 2, 3), audio=(8, 4, 5)), None) is None


def test_cached_counts_may_be_missing() -> None:
    """A service without a cache says nothing of it: then everything is fresh."""
    used = {"input_token_details": {"text_tokens": 10}, "output_token_details": {"audio_tokens": 1}}
    assert cost_usd(used, PRICE) == pytest.approx((10 + 100_000) / 1e6)


@pytest.mark.parametrize(
    ("model", "text", "audio"),
    [
        ("gpt-realtime", Rate(4, 0.4, 16), Rate(32, 0.4, 64)),
        ("gpt-realtime-2.1", Rate(4, 0.4, 24), Rate(32, 0.4, 64)),
        ("gpt-realtime-2.1-mini", Rate(0.6, 0.06, 2.4), Rate(10, 0.3, 20)),
        ("gpt-4o-realtime-preview-2024-10-01", Rate(5, 2.5, 20), Rate(100, 20, 200)),
    ],
)
def test_published_prices_are_in_the_table(model: str, text: Rate, audio: Rate) -> None:
    """Dollars a million tokens: fresh in, cached in, out."""
    price = price_of(model)
    assert price is not None
    assert (price.model, price.text, price.audio) == (model, text, audio)


@pytest.mark.parametrize("model", sorted(price_table()["models"]))
def test_every_price_has_a_source_and_a_date(model: str) -> None:
    """And cached tokens cost no more than fresh ones."""
    price = price_of(model)
    assert price is not None
    assert price.source
    assert price.date
    for rate in (price.text, price.audio):
        assert 0 < rate.cached <= rate.fresh <= rate.out


def test_the_embedded_server_is_priced_as_a_named_model_and_never_billed() -> None:
    """Its manifest says whose prices these are, and that nothing was paid."""
    note = price_note("voicelab-guide", embedded=True)
    assert note == {
        "model": COMPARISON_MODEL,
        "billed": False,
        "known": True,
        "table": price_table()["version"],
    }


def test_a_hosted_model_is_billed_at_its_own_price() -> None:
    """Also when the table does not know it: then the note says so."""
    known, unknown = price_note("gpt-realtime-2", embedded=False), price_note("somebodys-model", embedded=False)
    assert (known["model"], known["billed"], known["known"]) == ("gpt-realtime-2", True, True)
    assert (unknown["model"], unknown["billed"], unknown["known"]) == ("somebodys-model", True, False)


def test_embedded_server_bills_nothing_whatever_model_was_asked_for() -> None:
    """A hosted model's name given to the embedded server is whose prices are shown, not who is paid."""
    note = price_note("gpt-realtime-2", embedded=True)
    assert (note["model"], note["billed"]) == ("gpt-realtime-2", False)
