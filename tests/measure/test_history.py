"""Promises of `voicelab.measure.history`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.measure.told_responses import PRICE, told
from voicelab.measure.history import Share, history_shares, input_splits
from voicelab.measure.prices import cost_usd

TOKENS = st.integers(0, 1000)
CUT = st.none() | st.integers(0, 60_000)
USED = st.tuples(TOKENS, TOKENS, TOKENS)


def test_the_first_response_has_no_history() -> None:
    """Instructions and speech are new, also what an earlier session left in the cache; that still costs less."""
    first = told(1, text=(100, 40, 10), audio=(20, 0, 30))
    share = history_shares([first], PRICE)[first.response_id]
    assert (share.history_tokens, share.new_tokens, share.history_usd) == (0, 120, 0.0)
    assert share.new_usd == pytest.approx((60 * 10 + 40 * 1 + 20 * 1000) / 1e6)


def test_what_was_sent_and_said_before_is_history() -> None:
    """The cost guide's example: 110 text and 64 audio in, after 100 and 20 in and 10 and 20 out."""
    first, second = told(1, text=(100, 0, 10), audio=(20, 0, 20)), told(2, text=(110, 64, 10), audio=(64, 0, 20))
    share = history_shares([first, second], PRICE)[second.response_id]
    assert (share.history_tokens, share.new_tokens) == (110 + 40, 24)
    assert share.history_usd == pytest.approx((64 * 1 + 46 * 10 + 40 * 1000) / 1e6)
    assert share.new_usd == pytest.approx(24 * 1000 / 1e6)


def test_cached_tokens_belong_to_history_first() -> None:
    """They are the beginning of the input: 70 cached of 60 history and 30 new."""
    first, second = told(1, audio=(50, 0, 10)), told(2, audio=(90, 70, 0))
    share = history_shares([first, second], PRICE)[second.response_id]
    assert share == Share(60, 30, pytest.approx(60 * 20 / 1e6), pytest.approx((10 * 20 + 20 * 1000) / 1e6))


def test_of_a_reply_that_was_cut_off_only_what_is_remembered_comes_back() -> None:
    """203 tokens made, 3367 ms (68 tokens) remembered: of 783 in after 693, 22 are new and not none."""
    cut, after = told(1, audio=(693, 0, 203), remembered_ms=3367), told(2, audio=(783, 693, 0))
    share = history_shares([cut, after], PRICE)[after.response_id]
    assert (share.history_tokens, share.new_tokens) == (693 + 68, 22)
    assert input_splits([cut, after])[cut.response_id]["audio"].kept == 68


def test_a_reply_that_was_deleted_does_not_come_back() -> None:
    """Nothing was heard of it, nothing is remembered."""
    gone, after = told(1, audio=(50, 0, 40), remembered_ms=0), told(2, audio=(60, 0, 0))
    assert history_shares([gone, after], PRICE)[after.response_id].new_tokens == 10


def test_a_new_connection_begins_anew() -> None:
    """What is carried over is sent once more, by the client."""
    before, after = told(1, text=(100, 0, 10)), told(2, text=(110, 0, 10), epoch=1)
    assert history_shares([before, after], PRICE)[after.response_id].history_tokens == 0


def test_a_greeting_is_part_of_the_conversation() -> None:
    """It belongs to no turn, and what follows finds it said."""
    greeting, first = told(None, text=(100, 0, 5), audio=(0, 0, 40)), told(1, text=(105, 0, 0), audio=(60, 0, 9))
    assert history_shares([greeting, first], PRICE)[first.response_id].history_tokens == 105 + 40


def test_a_response_outside_the_conversation_changes_nothing_for_the_next() -> None:
    """Of its own input only what was cached is known to be history."""
    first, outside, second = (
        told(1, text=(100, 0, 10)),
        told(None, text=(900, 30, 50)),
        told(2, text=(120, 100, 10)),
    )
    shares = history_shares([first, outside, second], PRICE)
    assert shares[outside.response_id].history_tokens == 30
    assert shares[second.response_id].history_tokens == 110


def test_a_response_whose_usage_is_not_known_is_not_in_it() -> None:
    """And the next one is measured against the one before it."""
    first, unknown, sums, third = (
        told(1, text=(100, 0, 10)),
        told(2, done=False),
        told(3, used={"total_tokens": 30, "input_tokens": 20, "output_tokens": 10}),
        told(4, text=(130, 0, 10)),
    )
    shares = history_shares([first, unknown, sums, third], PRICE)
    assert set(shares) == {first.response_id, third.response_id}
    assert shares[third.response_id].history_tokens == 110


def test_an_unknown_price_leaves_the_tokens_and_takes_the_money() -> None:
    """None, never 0."""
    first = told(1, text=(100, 0, 10))
    assert history_shares([first], None)[first.response_id] == Share(0, 100, None, None)


@given(st.lists(st.tuples(USED, USED, CUT), min_size=1, max_size=6))
def test_history_and_new_are_the_input_in_tokens_and_money(
    rows: list[tuple[tuple[int, int, int], tuple[int, int, int], int | None]],
) -> None:
    """Whatever a server reports, also more cached than input."""
    responses = [
        told(k + 1, text=text, audio=audio, remembered_ms=cut_ms) for k, (text, audio, cut_ms) in enumerate(rows)
    ]
    shares = history_shares(responses, PRICE)
    for response, (text, audio, _) in zip(responses, rows, strict=True):
        share = shares[response.response_id]
        assert share.history_tokens >= 0
        assert share.new_tokens >= 0
        assert share.history_tokens + share.new_tokens == text[0] + audio[0]
        whole = cost_usd(response.usage, PRICE) or 0.0
        assert share.history_usd is not None
        assert share.new_usd is not None
        paid = share.history_usd + share.new_usd
        assert paid == pytest.approx(whole - (text[2] * 100 + audio[2] * 5000) / 1e6, abs=1e-9)
