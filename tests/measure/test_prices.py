"""Promises of `voicelab.measure.prices`: bills counted by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.measure.room import usage
from voicelab.measure.prices import (
    IMAGE_METERS,
    METERS,
    Price,
    Rate,
    charges,
    cost_usd,
    is_clamped,
    price_of,
    tokens_by_meter,
    usd_per_million,
)

# Prices that no sum can mix up.
PRICE = Price(
    "test",
    text=Rate(1, 10, 100),
    audio=Rate(1_000, 10_000, 100_000),
    image=Rate(1e6, 1e7, None),
    usd_per_minute=6.0,
    usd_per_million_characters=5.0,
)
TOKENS = st.integers(0, 10**6)
PUBLISHED = usage(text=(119, 64, 30), audio=(13, 0, 91))
# The older schema's example, in which 384 tokens are cached and 127 are input.
OLDER = {
    "total_tokens": 275,
    "input_tokens": 127,
    "output_tokens": 148,
    "input_token_details": {
        "cached_tokens": 384,
        "text_tokens": 119,
        "audio_tokens": 8,
        "cached_tokens_details": {"text_tokens": 128, "audio_tokens": 256},
    },
    "output_token_details": {"text_tokens": 36, "audio_tokens": 112},
}


def with_pictures(n: int, cached: int) -> dict[str, Any]:
    """Return a usage with image tokens beside 10 of text."""
    return {
        "input_tokens": 10 + n,
        "output_tokens": 1,
        "input_token_details": {
            "text_tokens": 10,
            "image_tokens": n,
            "cached_tokens_details": {"image_tokens": cached},
        },
        "output_token_details": {"text_tokens": 1},
    }


def test_the_published_usage_costs_what_it_costs_to_the_last_digit() -> None:
    """At gpt-realtime-2.1: 55 fresh and 64 cached text tokens, 13 of audio in; 30 of text and 91 of audio out."""
    # 55 * 4 + 64 * 0.4 + 30 * 24 + 13 * 32 + 91 * 64 = 7205.6
    assert cost_usd(PUBLISHED, price_of("gpt-realtime-2.1")) == 0.0072056


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("gpt-realtime", 0.0069656),  # 55 * 4 + 64 * 0.4 + 30 * 16 + 13 * 32 + 91 * 64
        ("gpt-realtime-2.1-mini", 0.00205884),  # 55 * 0.6 + 64 * 0.06 + 30 * 2.4 + 13 * 10 + 91 * 20
        ("gpt-4o-realtime-preview-2025-06-03", 0.008835),  # 55 * 5 + 64 * 2.5 + 30 * 20 + 13 * 40 + 91 * 80
        ("gpt-4o-realtime-preview-2024-10-01", 0.020535),  # 55 * 5 + 64 * 2.5 + 30 * 20 + 13 * 100 + 91 * 200
    ],
)
def test_the_same_usage_on_other_models_counted_by_hand(model: str, usd: float) -> None:
    """At the launch it cost three times as much."""
    assert cost_usd(PUBLISHED, price_of(model)) == pytest.approx(usd, rel=1e-12)


@pytest.mark.parametrize(
    ("model", "user_usd", "reply_usd"),
    [
        ("gpt-4o-realtime-preview-2024-10-01", 0.06, 0.24),
        ("gpt-4o-realtime-preview-2024-12-17", 0.024, 0.096),
        ("gpt-realtime", 0.0192, 0.0768),
        ("gpt-realtime-2.1", 0.0192, 0.0768),
    ],
)
def test_a_minute_costs_what_was_published(model: str, user_usd: float, reply_usd: float) -> None:
    """600 tokens of the user's sound, 1,200 of the agent's: $0.06 and $0.24 at the launch."""
    price = price_of(model)
    assert cost_usd(usage(text=(0, 0, 0), audio=(600, 0, 0)), price) == pytest.approx(user_usd, rel=1e-12)
    assert cost_usd(usage(text=(0, 0, 0), audio=(0, 0, 1200)), price) == pytest.approx(reply_usd, rel=1e-12)


def test_the_guides_two_turns_cost_what_they_cost() -> None:
    """The cost guide: 100 text and 20 audio in, 10 and 20 out; then 110 text and 64 audio in; all fresh, 2.1 prices."""
    first, second = usage(text=(100, 0, 10), audio=(20, 0, 20)), usage(text=(110, 0, 0), audio=(64, 0, 0))
    assert cost_usd(first, price_of("gpt-realtime-2.1")) == 0.00256  # 400 + 240 + 640 + 1280
    assert cost_usd(second, price_of("gpt-realtime-2.1")) == 0.002488  # 440 + 2048


def test_the_cost_is_the_sum_over_the_meters() -> None:
    """Fresh, cached and made tokens, text and audio: each at its own price a million."""
    used = usage(text=(9, 2, 3), audio=(8, 4, 5))
    counted = 7 * 1 + 2 * 10 + 3 * 100 + 4 * 1_000 + 4 * 10_000 + 5 * 100_000
    assert cost_usd(used, PRICE) == counted / 1e6
    lines = charges(used, PRICE)
    assert tuple(line.meter for line in lines) == METERS
    assert [line.quantity for line in lines] == [7, 2, 3, 4, 4, 5]
    assert {(line.unit, line.price_per) for line in lines} == {("tokens", 1e6)}
    assert sum(line.cost_usd or 0.0 for line in lines) == pytest.approx(counted / 1e6)


def test_pictures_are_priced_where_their_price_is_known() -> None:
    """6 of 8 image tokens fresh, beside 10 of text in and 1 out; at a model that takes none they are unpriced."""
    used = with_pictures(8, 2)
    assert cost_usd(used, PRICE) == (10 * 1 + 1 * 100 + 6 * 1e6 + 2 * 1e7) / 1e6
    assert cost_usd(used, price_of("gpt-realtime-2.1")) == 0.000095  # 10 * 4 + 1 * 24 + 6 * 5 + 2 * 0.5
    assert cost_usd(used, price_of("gpt-4o-realtime-preview")) is None
    assert {line.meter: line.quantity for line in charges(used, PRICE) if line.meter in IMAGE_METERS} == {
        "image in": 6,
        "image cached": 2,
        "image out": 0,
    }


def test_more_cached_than_input_tokens_is_no_income_and_is_flagged() -> None:
    """The older published example: fresh tokens are never below zero."""
    assert is_clamped(OLDER)
    assert tokens_by_meter(OLDER) == {
        "text in": 0,
        "text cached": 128,
        "text out": 36,
        "audio in": 0,
        "audio cached": 256,
        "audio out": 112,
    }
    # 128 * 0.4 + 256 * 0.4 + 36 * 24 + 112 * 64
    assert cost_usd(OLDER, price_of("gpt-realtime-2.1")) == pytest.approx(0.0081856, rel=1e-12)


@pytest.mark.parametrize("used", [PUBLISHED, usage(text=(10, 10, 0), audio=(5, 5, 1)), None, {}])
def test_as_much_cached_as_input_is_not_clamped(used: dict[str, Any] | None) -> None:
    """Only more than all of it."""
    assert not is_clamped(used)


def test_one_modality_alone_is_clamped_too() -> None:
    """However much of another one is left."""
    assert is_clamped(usage(text=(100, 0, 0), audio=(5, 6, 0)))
    assert is_clamped(with_pictures(2, 3))


def test_a_transcription_in_tokens_is_billed_at_its_models_prices() -> None:
    """Its output is text: 12 text and 300 audio in, 25 out, on gpt-4o-transcribe."""
    used = {
        "type": "tokens",
        "total_tokens": 337,
        "input_tokens": 312,
        "output_tokens": 25,
        "input_token_details": {"text_tokens": 12, "audio_tokens": 300},
    }
    assert cost_usd(used, price_of("gpt-4o-transcribe")) == 0.00208  # 12 * 2.5 + 300 * 6 + 25 * 10
    assert [(line.meter, line.quantity) for line in charges(used, PRICE)] == [
        ("text in", 12),
        ("text out", 25),
        ("audio in", 300),
    ]
    assert cost_usd(used, price_of("gpt-4o-mini-transcribe")) is None  # what its sound costs is not confirmed


def test_time_is_billed_by_the_minute() -> None:
    """Seconds of a transcription, or of a session: a minute and a half of GPT-Live is 7.5 cents, as its guide says."""
    assert cost_usd({"type": "duration", "seconds": 90}, price_of("gpt-live-1")) == pytest.approx(0.075, rel=1e-12)
    assert cost_usd({"type": "duration", "seconds": 3}, price_of("gpt-realtime-whisper")) == pytest.approx(0.00085)
    (line,) = charges({"type": "duration", "seconds": 3}, PRICE)
    assert (line.meter, line.unit, line.quantity) == ("audio", "seconds", 3)
    assert (line.price_usd, line.price_per) == (6.0, 60)
    assert line.cost_usd == pytest.approx(0.3)


def test_characters_are_billed_by_the_million() -> None:
    """A synthesiser's meter."""
    used = {"type": "characters", "characters": 2_000}
    assert cost_usd(used, price_of("eleven_flash_v2_5")) == pytest.approx(0.1)
    (line,) = charges(used, PRICE)
    assert (line.meter, line.unit, line.quantity, line.price_per) == ("characters", "characters", 2_000, 1e6)


def test_the_wrong_kind_of_price_is_no_price() -> None:
    """Tokens are not free on a model that is billed by time, nor time on one that is billed by tokens."""
    assert cost_usd(PUBLISHED, price_of("gpt-live-1")) is None
    assert cost_usd({"type": "duration", "seconds": 3}, price_of("gpt-realtime")) is None


def test_nothing_used_costs_nothing() -> None:
    """A known usage of zero tokens is a known zero."""
    assert cost_usd(usage(text=(0, 0, 0), audio=(0, 0, 0)), PRICE) == 0.0


def test_what_was_not_used_may_lack_a_price() -> None:
    """Gemini sells no cached input for live models: a response without any has a cost, one with some has none."""
    price = price_of("gemini-3.8-live")
    assert cost_usd(usage(text=(0, 0, 0), audio=(1500, 0, 1500)), price) == pytest.approx(0.0225, rel=1e-12)
    assert cost_usd(usage(text=(0, 0, 0), audio=(1500, 1, 1500)), price) is None


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
        {"input_token_details": "ten", "output_token_details": {"text_tokens": 1}},
        {"type": "duration"},
        {"type": "duration", "seconds": "3"},
        {"type": "characters", "characters": None},
    ],
    ids=["none", "empty", "no split", "no output", "no details", "no time", "time as text", "no characters"],
)
def test_a_usage_that_does_not_say_enough_has_no_cost(used: dict[str, Any] | None) -> None:
    """Without the split by modality, or without a number, the cost is unknown, never 0."""
    assert cost_usd(used, PRICE) is None


@pytest.mark.parametrize(
    ("changes", "meter"),
    [
        ({"input_tokens": 157}, "in"),
        ({"output_tokens": 146}, "out"),
    ],
)
def test_tokens_of_which_nobody_says_what_they_are_are_unpriced(changes: dict[str, int], meter: str) -> None:
    """25 tokens more in the sum than in the parts: a line of their own without a price, and no cost of the whole."""
    used = {**PUBLISHED, **changes}
    rest = [line for line in charges(used, PRICE) if line.meter not in METERS]
    assert [(line.meter, line.quantity, line.price_usd, line.cost_usd) for line in rest] == [(meter, 25, None, None)]
    assert cost_usd(used, PRICE) is None


def test_cached_tokens_told_as_one_sum_count_where_they_can_only_be_one_thing() -> None:
    """In a typed conversation they are text; beside sound nobody knows, so there is no cost."""
    typed = {
        "input_token_details": {"text_tokens": 10, "cached_tokens": 4},
        "output_token_details": {"text_tokens": 1},
    }
    assert cost_usd(typed, PRICE) == (6 * 1 + 4 * 10 + 1 * 100) / 1e6
    spoken = {**typed, "input_token_details": {"text_tokens": 10, "audio_tokens": 10, "cached_tokens": 4}}
    assert cost_usd(spoken, PRICE) is None


def test_an_unknown_price_gives_no_cost() -> None:
    """None, never 0; the tokens are still there."""
    used = usage(text=(9, 2, 3), audio=(8, 4, 5))
    assert cost_usd(used, None) is None
    assert [line.cost_usd for line in charges(used, None)] == [None] * 6
    assert sum(line.quantity for line in charges(used, None)) == 9 + 3 + 8 + 5
    assert charges(None, PRICE) == ()


def test_cached_counts_may_be_missing() -> None:
    """A service without a cache says nothing of it: then everything is fresh."""
    used = {"input_token_details": {"text_tokens": 10}, "output_token_details": {"audio_tokens": 1}}
    assert cost_usd(used, PRICE) == (10 + 100_000) / 1e6


def test_every_meter_has_its_own_rate() -> None:
    """And what is no meter has none."""
    assert [usd_per_million(meter, PRICE) for meter in METERS] == [1, 10, 100, 1_000, 10_000, 100_000]
    assert [usd_per_million(meter, PRICE) for meter in IMAGE_METERS] == [1e6, 1e7, None]
    assert usd_per_million("in", PRICE) is None
    assert usd_per_million("model in", PRICE) is None
