"""Promises of `voicelab.measure.projection`."""

from __future__ import annotations

import pytest

from tests.measure.told_responses import PRICE, told
from voicelab.measure.bill import Terms, bill, made_up
from voicelab.measure.facts import ResponseFacts
from voicelab.measure.prices import Price, Rate, price_of
from voicelab.measure.projection import after_minutes, after_turns, curve, next_turn

GPT = price_of("gpt-realtime")


def two_turns() -> list[ResponseFacts]:
    """The second finds 160 tokens of history, of which 10 of text and 30 of audio were not cached."""
    return [
        told(1, text=(100, 0, 10), audio=(20, 0, 30)),
        told(2, text=(110, 100, 10), audio=(70, 20, 40)),
    ]


def steady(n_turns: int, **lengths: float) -> list[ResponseFacts]:
    """Turns all alike, with the usage that the embedded server's rules give."""
    lines = bill(made_up(n_turns, **lengths), Terms(limit_tokens=10**9), GPT).lines
    return [told(line.number, used=line.usage) for line in lines]


def test_the_next_turn_is_like_those_seen_on_the_conversation_as_it_is() -> None:
    """120 of text and 110 of audio are history by then, all but 10 and 30 cached; 20 new, 10 and 40 out."""
    projection = next_turn(two_turns(), PRICE)
    assert projection is not None
    text_usd = 110 * 1 + 10 * 10 + 10 * 100
    audio_usd = 80 * 20 + 30 * 1000 + 20 * 1000 + 40 * 5000
    assert projection.usd == pytest.approx((text_usd + audio_usd) / 1e6)
    spent = 100 * 10 + 10 * 100 + 20 * 1000 + 30 * 5000 + 100 * 1 + 10 * 10 + 10 * 100 + 20 * 20 + 50 * 1000 + 40 * 5000
    assert projection.spent_usd == pytest.approx(spent / 1e6)
    assert projection.session_usd == pytest.approx((spent + text_usd + audio_usd) / 1e6)
    assert (projection.n_turns, projection.n_seen) == (1, 1)


def test_the_turn_after_finds_a_longer_conversation() -> None:
    """By 10 of text and 60 of audio, all of it cached but what the cache never had."""
    first, second = curve(two_turns(), PRICE, 2)
    more = (120 * 1 + 10 * 10 + 10 * 100) + (140 * 20 + 30 * 1000 + 20 * 1000 + 40 * 5000)
    assert second.usd - first.usd == pytest.approx(more / 1e6)


def test_one_turn_seen_spans_from_all_cached_to_nothing_cached() -> None:
    """230 tokens of history at either price; the rest of the turn is the same."""
    projection = next_turn(two_turns(), PRICE)
    assert projection is not None
    rest = 10 * 100 + 20 * 1000 + 40 * 5000
    assert projection.low_usd == pytest.approx((120 * 1 + 110 * 20 + rest) / 1e6)
    assert projection.high_usd == pytest.approx((120 * 10 + 110 * 1000 + rest) / 1e6)


def test_after_the_first_turn_its_text_is_taken_for_the_instructions() -> None:
    """They do not come again; the reply was in no input yet, so no cache has it."""
    projection = next_turn(two_turns()[:1], PRICE)
    assert projection is not None
    text_usd = 100 * 1 + 10 * 10 + 10 * 100
    audio_usd = 20 * 20 + 30 * 1000 + 20 * 1000 + 30 * 5000
    assert projection.usd == pytest.approx((text_usd + audio_usd) / 1e6)
    assert projection.low_usd < projection.usd < projection.high_usd


@pytest.mark.parametrize("n_seen", [1, 2, 5])
def test_a_steady_conversation_costs_what_was_projected(n_seen: int) -> None:
    """Twenty turns ahead, to the last digit: turns all alike, a cache that has what it may have."""
    whole = steady(n_seen + 20)
    projections = curve(whole[:n_seen], GPT, 20)
    lines = bill(made_up(n_seen + 20), Terms(limit_tokens=10**9), GPT).lines
    for projection, line in zip(projections, lines[n_seen:], strict=True):
        assert projection.session_usd == pytest.approx(line.so_far_usd, rel=1e-9)
    if n_seen > 2:
        assert projections[-1].low_usd == pytest.approx(projections[-1].usd)
        assert projections[-1].high_usd == pytest.approx(projections[-1].usd)


def uneven() -> list[ResponseFacts]:
    """Five turns of different lengths, in which everything but the last reply is cached."""
    lengths = ((30, 40), (10, 300), (60, 20), (20, 100), (40, 60))
    responses, given, cached = [], 0, 0
    for turn, (user, reply) in enumerate(lengths, 1):
        given += user
        responses.append(told(turn, text=(100, 100 if cached else 0, 0), audio=(given, cached, reply)))
        given, cached = given + reply, given
    return responses


def test_uneven_turns_give_an_interval_around_the_expected_cost() -> None:
    """Wider for more turns, and the same again for the same seed."""
    projections = curve(uneven(), PRICE, 8)
    assert all(p.low_usd < p.usd < p.high_usd for p in projections)
    widths = [p.high_usd - p.low_usd for p in projections]
    assert widths[-1] > widths[0]
    assert curve(uneven(), PRICE, 8) == projections
    assert curve(uneven(), PRICE, 8, seed=1)[-1].low_usd != projections[-1].low_usd
    assert curve(uneven(), PRICE, 8, seed=1)[-1].usd == projections[-1].usd


def test_the_expected_cost_is_the_mean_of_the_drawn_continuations() -> None:
    """The interval of a single next turn spans the turns seen, and the expected one is their mean."""
    turns = uneven()
    projection = next_turn(turns, PRICE)
    assert projection is not None
    context = 160 + 520  # all that was said and answered is history by now
    examples = [(40, 10, 300), (300, 60, 20), (20, 20, 100), (100, 40, 60)]
    costs = [
        100 * 1 + (context - missed) * 20 + missed * 1000 + user * 1000 + reply * 5000
        for missed, user, reply in examples
    ]
    assert projection.usd == pytest.approx(sum(costs) / 4 / 1e6)
    assert projection.low_usd == pytest.approx(min(costs) / 1e6)
    assert projection.high_usd == pytest.approx(max(costs) / 1e6)


def test_a_turn_with_a_function_bills_the_conversation_twice() -> None:
    """Its call and its result are new once, and history in the response after them."""
    call, reply = told(2, text=(100, 100, 7)), told(2, text=(157, 107, 0))
    projection = next_turn([told(1, text=(100, 0, 0)), call, reply], PRICE)
    assert projection is not None
    # 157 twice and the 7 of the call are cached, the 50 of the result are new, the 7 are made.
    assert projection.usd == pytest.approx(((2 * 157 + 7) * 1 + 50 * 10 + 7 * 100) / 1e6)


def test_a_limit_keeps_the_conversation_from_growing() -> None:
    """Every further turn costs the same then."""
    turns = [told(1, audio=(20, 0, 30)), told(2, audio=(70, 20, 40))]
    free, limited = curve(turns, PRICE, 3), curve(turns, PRICE, 3, limit_tokens=110)
    assert limited[0].usd == pytest.approx(free[0].usd)
    assert limited[2].usd == pytest.approx(3 * limited[0].usd)
    assert limited[2].high_usd == pytest.approx(3 * limited[0].high_usd)
    assert free[2].usd > limited[2].usd


def test_minutes_are_turns_at_the_pace_so_far() -> None:
    """Two turns in one minute are six in three more, and a begun one counts."""
    responses = two_turns()
    assert after_minutes(responses, PRICE, 3, 60_000) == after_turns(responses, PRICE, 6)
    assert after_minutes(responses, PRICE, 0.3, 60_000) == after_turns(responses, PRICE, 1)
    assert after_minutes(responses, PRICE, 3, 0) is None


def test_a_new_connection_goes_on_from_its_own_conversation() -> None:
    """Its first turn is no example; those of the connection before are."""
    responses = [*two_turns(), told(3, text=(10, 0, 0), audio=(5, 0, 0), epoch=1)]
    projection = next_turn(responses, PRICE)
    assert projection is not None
    assert projection.n_seen == 1
    # 10 of text and 5 of audio are all the history there is, and the example had missed more than that.
    assert projection.usd == pytest.approx((10 * 10 + 5 * 1000 + 10 * 100 + 20 * 1000 + 40 * 5000) / 1e6)


def test_a_response_outside_the_conversation_is_no_example_and_was_paid_for() -> None:
    """The next turn does not go on from it."""
    aside = told(None, text=(900, 0, 50))
    plain, with_aside = next_turn(two_turns(), PRICE), next_turn([*two_turns(), aside], PRICE)
    assert plain is not None
    assert with_aside is not None
    assert with_aside.usd == plain.usd
    assert with_aside.spent_usd == pytest.approx((plain.spent_usd or 0) + (900 * 10 + 50 * 100) / 1e6)


def test_nothing_is_projected_from_nothing() -> None:
    """No price, no response, none with a usage, or none that is done."""
    assert next_turn(two_turns(), None) is None
    assert next_turn([], PRICE) is None
    assert next_turn([told(1, done=False)], PRICE) is None
    assert next_turn([told(1, used={"input_tokens": 9, "output_tokens": 3})], PRICE) is None
    assert curve(two_turns(), PRICE, 0) == ()


def test_a_price_that_will_be_needed_and_is_unknown_makes_it_unknown() -> None:
    """Pictures that nobody uses may be unpriced; cached sound may not."""
    partly = Price("test", text=Rate(10, 1, 100), audio=Rate(1000, None, 5000))
    assert next_turn(two_turns(), partly) is None
    assert next_turn([told(1, text=(100, 0, 10))], partly) is not None


def test_what_was_spent_is_unknown_when_a_usage_is() -> None:
    """The further turns can still be projected."""
    silent = told(2)
    silent.usage = None
    projection = next_turn([*two_turns(), silent], PRICE)
    assert projection is not None
    assert (projection.spent_usd, projection.session_usd) == (None, None)
