"""The arithmetic of a budget, counted by hand: prices are round so that every figure can be checked on paper."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.errors import ConfigError
from voicelab.measure.budget import Budget, BudgetState, Tally, Tokens, can_be_counted, checked_budget, usd_text
from voicelab.measure.prices import Price, Rate, cost_usd, price_of

# A dollar for a million text tokens, ten for audio; cached a tenth of that; out is double. Pictures are not priced.
PRICE = Price("m", text=Rate(1.0, 0.1, 2.0), audio=Rate(10.0, 1.0, 20.0))
UNPRICED = Price("m", text=Rate(1.0, 0.1, 2.0))


def usage(
    text: tuple[int, int] = (0, 0), audio: tuple[int, int] = (0, 0), *, out: tuple[int, int] = (0, 0), image: int = 0
) -> dict[str, Any]:
    """Return a usage: tokens in and of them cached, by modality; ``out`` is text and audio."""
    return {
        "input_tokens": text[0] + audio[0] + image,
        "output_tokens": sum(out),
        "input_token_details": {
            "text_tokens": text[0],
            "audio_tokens": audio[0],
            "image_tokens": image,
            "cached_tokens": text[1] + audio[1],
            "cached_tokens_details": {"text_tokens": text[1], "audio_tokens": audio[1], "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": out[0], "audio_tokens": out[1]},
    }


def tokens(details: dict[str, Any]) -> tuple[int, int, int]:
    """Return text, audio and image tokens."""
    return details["text_tokens"], details["audio_tokens"], details["image_tokens"]


# --- the limit -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent", "projected", "refused"),
    [
        (0.0, 0.0, False),
        (0.3, 0.2, False),  # exactly the limit is not beyond it
        (0.3, 0.2001, True),
        (0.5, 0.0, True),  # spent to the limit: no more, whatever it costs
        (0.6, 0.0, True),
        (0.0, 0.51, True),
        (0.0, None, True),  # nobody can tell
    ],
)
def test_it_refuses_what_would_pass_the_limit(spent: float, projected: float | None, refused: bool) -> None:
    """Spent and projected above the limit, spent to the limit, or a projection that nobody can make."""
    assert Budget(limit_usd=0.5).refuses(spent, projected) is refused


def test_a_hair_that_only_floats_see_is_no_money() -> None:
    """0.1 and 0.2 are 0.3, although as floats their sum is a little more."""
    assert not Budget(limit_usd=0.3).refuses(0.1, 0.2)


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf"), "0.5", None, True])
def test_a_limit_that_is_no_amount_of_money_is_refused(limit: Any) -> None:
    """With one sentence that says what a limit is."""
    with pytest.raises(ConfigError, match=r"US dollars above 0, such as 0\.50") as caught:
        Budget(limit_usd=limit)
    assert caught.value.param == "limit_usd"


def test_a_bare_number_is_no_budget() -> None:
    """It could be dollars or tokens; the error says how to write it."""
    with pytest.raises(ConfigError, match=r"vl\.Budget\(limit_usd=\.\.\.\)"):
        checked_budget(0.5)  # type: ignore[arg-type]
    assert checked_budget(None) is None


def test_state_says_what_is_left_and_whether_it_refuses() -> None:
    """Never less than nothing is left; whose money it is stands in the sentence."""
    state = BudgetState(0.5, 0.3, 0.2, 0, "m", billed=True)
    assert (state.remaining_usd, state.refuses) == (0.2, False)
    assert str(state) == "$0.30 of $0.50 is spent"
    over = BudgetState(0.5, 0.6, 0.0, 0, "m", billed=False)
    assert (over.remaining_usd, over.refuses) == (0.0, True)
    assert "nothing is billed" in str(over)


@pytest.mark.parametrize(
    ("usd", "text"), [(0.5, "$0.50"), (12.0, "$12.00"), (0.0072056, "$0.007206"), (0.0123, "$0.0123"), (0.0, "$0.00")]
)
def test_amounts_are_written_with_the_digits_they_need(usd: float, text: str) -> None:
    """Two at least, six at most."""
    assert usd_text(usd) == text


# --- what was spent ------------------------------------------------------------------------------------------


def test_what_was_spent_is_the_sum_of_the_bills() -> None:
    """Responses, asides and transcriptions, each at its own price."""
    first = usage((100, 0), (50, 0), out=(10, 20))  # 100 + 500 + 20 + 400 = 1020 millionths
    aside = usage((1000, 500), out=(100, 0))  # 500 + 50 + 200 = 750
    minute = Price("w", usd_per_minute=0.006)
    tally = Tally().after_response(first, PRICE).after_aside(aside, PRICE)
    tally = tally.after_transcription({"type": "duration", "seconds": 10}, minute)
    assert tally.spent_usd == pytest.approx(1020e-6 + 750e-6 + 0.001, abs=1e-15)
    assert (tally.unpriced, tally.unknown) == (0, 0)


def test_the_published_bill_is_met() -> None:
    """The usage of OpenAI's reference at gpt-realtime-2.1 is $0.0072056, also here."""
    published = usage((119, 64), (13, 0), out=(30, 91))
    price = price_of("gpt-realtime-2.1")
    assert price is not None
    assert Tally().after_response(published, price).spent_usd == 0.0072056


def test_a_response_that_cannot_be_priced_leaves_nobody_knowing() -> None:
    """It counts as unpriced, never as 0: whatever comes next costs nobody knows what, and is refused."""
    for unpriceable in (usage((10, 0), image=5), None, {"total_tokens": 9}):
        tally = Tally().after_response(unpriceable, PRICE)
        assert (tally.spent_usd, tally.unpriced, tally.unknown) == (0.0, 1, 1)
        assert tally.projected_usd(PRICE) is None
        assert tally.projected_aside_usd(PRICE) is None
        assert Budget(100).refuses(tally.spent_usd, tally.projected_usd(PRICE))


def test_a_transcription_that_cannot_be_priced_is_counted_and_stops_nothing() -> None:
    """Its model may be one whose price nobody knows: that is said, and the responses are still counted."""
    tally = Tally().after_transcription({"type": "duration", "seconds": 3}, None)
    assert (tally.spent_usd, tally.unpriced, tally.unknown) == (0.0, 1, 0)
    assert tally.projected_usd(PRICE) == 0.0


# --- what the next response may cost -------------------------------------------------------------------------


def test_before_the_first_response_only_what_is_known_counts() -> None:
    """Fresh input, and no output: nobody has said anything yet."""
    assert Tally().projected_usd(PRICE) == 0.0
    known = Tokens(text=200, audio=30)
    assert Tally().projected_usd(PRICE, known) == pytest.approx((200 * 1 + 30 * 10) / 1e6)
    assert tokens(Tally().projected_usage(known)["output_token_details"]) == (0, 0, 0)


def test_after_one_response_its_question_is_expected_again() -> None:
    """Input 100 + 40, said 10 + 60: next 110 text and 100 audio, and 40 more for a question as long as the first."""
    tally = Tally().after_response(usage((100, 0), (40, 0), out=(10, 60)), PRICE)
    projected = tally.projected_usage()
    assert tokens(projected["input_token_details"]) == (110, 40 + 60 + 40, 0)
    assert tokens(projected["output_token_details"]) == (10, 60, 0)
    assert tally.projected_usd(PRICE) == pytest.approx((110 * 1 + 140 * 10 + 10 * 2 + 60 * 20) / 1e6)


def test_the_input_grows_by_what_the_last_turn_added_and_the_output_is_the_mean() -> None:
    """Second question: 170 - (40 + 60) = 70 audio and 115 - 110 = 5 text; outputs of 60 and 20 make 40."""
    tally = (
        Tally()
        .after_response(usage((100, 0), (40, 0), out=(10, 60)), PRICE)
        .after_response(usage((115, 0), (170, 0), out=(4, 20)), PRICE)
    )
    projected = tally.projected_usage()
    assert tokens(projected["input_token_details"]) == (115 + 4 + 5, 170 + 20 + 70, 0)
    assert tokens(projected["output_token_details"]) == (7, 40, 0)


def test_the_cached_share_of_the_last_input_is_expected_again() -> None:
    """Three quarters of the text and half of the audio were cached: of 240 and 210 that makes 180 and 105."""
    tally = Tally().after_response(usage((200, 150), (70, 35), out=(40, 70)), PRICE)
    projected = tally.projected_usage()["input_token_details"]
    assert tokens(projected) == (240, 210, 0)
    assert tokens(projected["cached_tokens_details"]) == (180, 105, 0)
    usd = (60 * 1 + 180 * 0.1 + 105 * 10 + 105 * 1 + 40 * 2 + 70 * 20) / 1e6
    assert tally.projected_usd(PRICE) == pytest.approx(usd)


def test_more_cached_than_there_was_is_all_of_it() -> None:
    """A published example has that; no fresh token comes out below 0."""
    tally = Tally().after_response(usage((100, 150), out=(0, 0)), PRICE)
    assert tally.projected_usd(PRICE) == pytest.approx(100 * 0.1 / 1e6)


def test_what_is_known_of_the_next_question_counts_where_it_is_more() -> None:
    """By modality: a long text counts, a short clip does not make the last question smaller."""
    tally = Tally().after_response(usage((100, 0), (40, 0), out=(10, 60)), PRICE)
    projected = tally.projected_usage(Tokens(text=500, audio=5))["input_token_details"]
    assert tokens(projected) == (110 + 500, 100 + 40, 0)


def test_what_follows_a_function_has_no_question_of_its_own() -> None:
    """The last question stays the user's, although the last input grew by a result only."""
    asked = Tally().after_response(usage((100, 0), (40, 0), out=(10, 0)), PRICE)
    followed = asked.after_response(usage((117, 0), (40, 0), out=(5, 30)), PRICE, asked=False)
    assert tokens(followed.projected_usage()["input_token_details"]) == (122, 40 + 30 + 40, 0)
    wrongly = asked.after_response(usage((117, 0), (40, 0), out=(5, 30)), PRICE)
    assert tokens(wrongly.projected_usage()["input_token_details"]) == (122 + 7, 70, 0)


def test_a_reply_that_was_cut_makes_no_question_below_nothing() -> None:
    """Truncated history makes the next input smaller than it was expected; that is no negative question."""
    tally = (
        Tally()
        .after_response(usage((100, 0), (40, 0), out=(10, 600)), PRICE)
        .after_response(usage((105, 0), (90, 0), out=(10, 20)), PRICE)
    )
    assert tokens(tally.projected_usage()["input_token_details"]) == (115, 110, 0)


def test_a_response_that_was_stopped_for_the_budget_costs_and_foretells_nothing() -> None:
    """Its few tokens would make the next ones look short."""
    before = Tally().after_response(usage((100, 0), (40, 0), out=(10, 60)), PRICE)
    after = before.after_cut_off(usage((110, 0), (140, 0), out=(0, 1)), PRICE)
    assert after.spent_usd == pytest.approx(before.spent_usd + (110 + 1400 + 20) / 1e6)
    assert after.projected_usage() == before.projected_usage()


def test_on_a_new_connection_the_money_is_kept_and_the_conversation_measured_anew() -> None:
    """The history was replayed as text: only what is known counts as input, and replies are as long as before."""
    before = Tally().after_response(usage((100, 0), (400, 0), out=(10, 60)), PRICE)
    after = before.on_new_connection()
    assert after.spent_usd == before.spent_usd
    projected = after.projected_usage(Tokens(text=150))
    assert tokens(projected["input_token_details"]) == (150, 0, 0)
    assert tokens(projected["output_token_details"]) == (10, 60, 0)


def test_an_aside_is_expected_to_cost_like_those_before() -> None:
    """Neither it nor the conversation spoils the other's expectation; the first is expected to be like any other."""
    spoken = Tally().after_response(usage((100, 0), (40, 0), out=(10, 60)), PRICE)
    assert spoken.projected_aside_usd(PRICE) == spoken.projected_usd(PRICE)
    both = spoken.after_aside(usage((20, 0), out=(5, 0)), PRICE).after_aside(usage((40, 0), out=(5, 0)), PRICE)
    assert both.projected_aside_usd(PRICE) == pytest.approx((20 + 10 + 40 + 10) / 2 / 1e6)
    assert both.projected_usd(PRICE) == spoken.projected_usd(PRICE)


def test_the_projection_is_priced_like_a_bill() -> None:
    """It has the shape of a usage, so that there is one way of pricing."""
    tally = Tally().after_response(usage((200, 150), (70, 35), out=(40, 70)), PRICE)
    assert tally.projected_usd(PRICE) == cost_usd(
        {"input_tokens": 0, "output_tokens": 0, **tally.projected_usage()}, PRICE
    )


def test_a_price_with_a_gap_cannot_be_counted_by() -> None:
    """All of text and audio, fresh, cached and out, has to be known; pictures do not."""
    assert can_be_counted(PRICE)
    assert not can_be_counted(None)
    assert not can_be_counted(UNPRICED)
    assert not can_be_counted(Price("m", PRICE.text, Rate(10.0, None, 20.0)))
    assert not can_be_counted(Price("w", usd_per_minute=0.006))
