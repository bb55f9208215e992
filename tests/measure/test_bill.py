"""Promises of `voicelab.measure.bill`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.measure.told_responses import PRICE, told
from tests.server.room import Client, Saying, converse
from voicelab.engines.reply import Say
from voicelab.errors import ConfigError
from voicelab.measure.bill import Bill, Conversation, Exchange, Terms, bill, conversation_of, every, keeping, made_up
from voicelab.measure.prices import price_of
from voicelab.protocol.settings import RetentionRatio, TokenLimits
from voicelab.server.engines import ServerOptions

# 10 tokens of instructions; each turn says 10 and is answered with 20.
TALK = Conversation(10, (Exchange(user_audio=10, reply_audio=20),) * 8)


def given(made: Bill) -> list[int]:
    return [line.usage["input_tokens"] for line in made.lines]


def cached(made: Bill) -> list[int]:
    return [line.usage["input_token_details"]["cached_tokens"] for line in made.lines]


def dropped(made: Bill) -> list[int]:
    return [line.n_dropped for line in made.lines]


def test_the_cost_guides_example_is_met() -> None:
    """100 of instructions and 20 said, 20 and 10 answered; then 24 said: 110 text and 64 audio are given."""
    exchanges = (Exchange(user_audio=20, reply_text=10, reply_audio=20), Exchange(user_audio=24))
    first, second = bill(Conversation(100, exchanges), Terms(), price_of("gpt-realtime-2.1")).lines
    assert first.cost_usd == 0.00256  # 100 * 4 + 20 * 32 + 10 * 24 + 20 * 64
    details = second.usage["input_token_details"]
    assert (details["text_tokens"], details["audio_tokens"]) == (110, 64)
    assert details["cached_tokens_details"] == {"text_tokens": 100, "audio_tokens": 20, "image_tokens": 0}
    assert second.cost_usd == 0.001496  # 10 * 4 + 100 * 0.4 + 44 * 32 + 20 * 0.4
    assert second.so_far_usd == pytest.approx(0.004056)


def test_everything_before_is_given_again_and_cached_but_for_the_last_reply() -> None:
    """While it fits."""
    made = bill(TALK, Terms(limit_tokens=1000), PRICE)
    assert given(made) == [20, 50, 80, 110, 140, 170, 200, 230]
    assert cached(made) == [0, 20, 50, 80, 110, 140, 170, 200]
    assert made.cached_share == pytest.approx(770 / 1000)
    assert made.n_truncations == 0


def test_auto_drops_what_has_to_go_every_turn_and_loses_the_cache_every_turn() -> None:
    """Limit 100, of which 90 are behind the instructions: from the fourth turn on only these are cached."""
    made = bill(TALK, Terms(limit_tokens=100), PRICE)
    assert given(made) == [20, 50, 80, 100, 100, 100, 100, 100]
    assert dropped(made) == [0, 0, 0, 1, 2, 2, 2, 2]
    assert cached(made) == [0, 20, 50, 10, 10, 10, 10, 10]


def test_a_retention_ratio_drops_more_and_keeps_the_cache_longer() -> None:
    """Half of 90: four messages go at once, and the cache lives again until the room is full."""
    made = bill(TALK, Terms(100, keeping(0.5)), PRICE)
    assert dropped(made) == [0, 0, 0, 4, 0, 4, 0, 4]
    assert given(made) == [20, 50, 80, 50, 80, 50, 80, 50]
    assert cached(made) == [0, 20, 50, 10, 50, 10, 50, 10]
    assert (made.total_usd or 0) < (bill(TALK, Terms(limit_tokens=100), PRICE).total_usd or 0)


def test_a_limit_behind_the_instructions_is_tighter() -> None:
    """40 tokens of conversation: the newest message, the reply before it and the message before that."""
    made = bill(TALK, Terms(1000, keeping(None, post_instructions=40)), PRICE)
    assert max(given(made)) == 50


def test_disabled_truncation_ends_the_conversation_with_an_error() -> None:
    """The fourth turn does not fit; nothing is billed for it."""
    made = bill(TALK, Terms(limit_tokens=100, truncation="disabled"), PRICE)
    assert (len(made.lines), made.refused_at) == (3, 4)
    assert made.total_usd == made.lines[-1].so_far_usd


def test_a_message_that_is_too_long_alone_is_refused() -> None:
    """There is nothing left to drop."""
    made = bill(Conversation(10, (Exchange(user_audio=95),)), Terms(limit_tokens=100), PRICE)
    assert (made.lines, made.refused_at, made.total_usd) == ((), 1, 0.0)


def test_edited_instructions_end_the_cached_beginning() -> None:
    """Nothing is cached in the turn of the edit, everything but the last reply in the turn after."""
    made = bill(TALK, Terms(limit_tokens=1000, edits=frozenset({4})), PRICE)
    assert cached(made) == [0, 20, 50, 0, 110, 140, 170, 200]
    plain = bill(TALK, Terms(limit_tokens=1000), PRICE)
    # 10 of text and 70 of audio are paid for fresh instead of cached.
    more = (10 * (10 - 1) + 70 * (1000 - 20)) / 1e6
    assert (made.total_usd or 0) - (plain.total_usd or 0) == pytest.approx(more)


def test_a_cache_that_misses_some_is_billed_for_it() -> None:
    """With a rate of a quarter, a quarter of what may be cached is, rounded down; with none, nothing."""
    assert cached(bill(TALK, Terms(limit_tokens=1000, hit_rate=0.25), PRICE))[1:3] == [2 + 2, 2 + 10]
    nothing = bill(TALK, Terms(limit_tokens=1000, hit_rate=0.0), PRICE)
    assert nothing.cached_share == 0.0
    assert nothing.total_usd == pytest.approx((80 * 10 + 920 * 1000 + 160 * 5000) / 1e6)


def test_an_unknown_price_leaves_the_tokens_and_takes_the_money() -> None:
    """None, never 0."""
    made = bill(TALK, Terms(limit_tokens=1000), None)
    assert sum(given(made)) == 1000
    assert made.total_usd is None
    assert {line.cost_usd for line in made.lines} == {None}


def test_a_conversation_without_exchanges_costs_nothing() -> None:
    """And has no share."""
    made = bill(Conversation(10, ()), Terms(), PRICE)
    assert (made.total_usd, made.cached_share) == (0.0, None)


@pytest.mark.parametrize(
    ("truncation", "edits"),
    [
        ("auto", frozenset()),
        ({"type": "retention_ratio", "retention_ratio": 0.5}, frozenset()),
        ({"type": "retention_ratio", "retention_ratio": 0.8, "token_limits": {"post_instructions": 45}}, frozenset()),
        ("auto", frozenset({3, 7})),
        ({"type": "retention_ratio", "retention_ratio": 0.5}, frozenset({5})),
    ],
    ids=["auto", "ratio", "post instructions", "edited", "ratio, edited"],
)
def test_the_embedded_server_sends_the_same_bill(truncation: Any, edits: frozenset[int]) -> None:
    """Twelve typed turns in a context of 100 tokens: every usage, token for token."""
    n_turns = 12

    async def talk(client: Client) -> None:
        version = 0
        for n in range(1, n_turns + 1):
            version += n in edits
            session = {"type": "realtime", "output_modalities": ["text"], "truncation": truncation}
            await client.send("session.update", session={**session, "instructions": f"{version}" * 40})
            content = [{"type": "input_text", "text": "x" * 38}]
            await client.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
            await client.send("response.create", response={})
            await client.until("response.done", n=n)

    client = converse(talk, reply=Saying((Say("Yes."),)), options=ServerOptions(context_tokens=114))
    usages = [event["response"]["usage"] for event in client.of("response.done")]
    policy = truncation
    if isinstance(truncation, dict):
        limits = truncation.get("token_limits")
        policy = RetentionRatio(
            retention_ratio=truncation["retention_ratio"], token_limits=TokenLimits(**limits) if limits else None
        )
    conversation = Conversation(10, (Exchange(user_text=10, reply_text=1),) * n_turns)
    made = bill(conversation, Terms(100, policy, edits), PRICE)
    assert [line.usage for line in made.lines] == usages


def test_a_run_is_billed_again_as_it_was() -> None:
    """Its usages give the conversation, and the same terms give the usages; other terms another bill."""
    lines = bill(TALK, Terms(limit_tokens=1000), PRICE).lines
    responses = [told(line.number, used=line.usage) for line in lines]
    conversation = conversation_of(responses)
    assert conversation == Conversation(10, (Exchange(user_audio=10, reply_audio=20, kept_audio=20),) * 8)
    assert [line.usage for line in bill(conversation, Terms(limit_tokens=1000), PRICE).lines] == [
        line.usage for line in lines
    ]


def test_of_a_run_with_several_connections_the_longest_is_billed() -> None:
    """Or the one that is asked for: each has a conversation of its own."""
    responses = [
        told(1, text=(7, 0, 1)),
        told(2, text=(20, 0, 2), epoch=1),
        told(3, text=(30, 20, 2), epoch=1),
    ]
    assert conversation_of(responses).instructions_tokens == 20
    assert len(conversation_of(responses).exchanges) == 2
    assert conversation_of(responses, epoch=0) == Conversation(7, (Exchange(reply_text=1, kept_audio=0),))
    assert conversation_of([]) == Conversation(0, ())


def test_a_reply_that_was_cut_off_comes_back_shorter() -> None:
    """Billed as made, remembered as heard."""
    exchanges = (Exchange(user_audio=10, reply_audio=100, kept_audio=30), Exchange(user_audio=10))
    first, second = bill(Conversation(10, exchanges), Terms(), PRICE).lines
    assert first.usage["output_tokens"] == 100
    assert second.usage["input_tokens"] == 10 + 10 + 30 + 10


def test_a_made_up_conversation_counts_by_the_published_rates() -> None:
    """10 tokens a second of the user, 20 of the reply, and its words."""
    conversation = made_up(3, user_seconds=4.05, reply_seconds=6, instructions_tokens=7)
    assert conversation == Conversation(7, (Exchange(user_audio=41, reply_text=20, reply_audio=120),) * 3)


def test_edits_come_every_so_many_turns() -> None:
    """Never before the first."""
    assert every(10, 4) == {5, 9}
    assert every(10, 0) == frozenset()


def test_keeping_is_the_sessions_truncation() -> None:
    """Without a share it is auto."""
    assert keeping(None) == "auto"
    assert keeping(0.8) == RetentionRatio(retention_ratio=0.8)
    limits = TokenLimits(post_instructions=5000)
    assert keeping(None, 5000) == RetentionRatio(retention_ratio=1.0, token_limits=limits)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: Terms(limit_tokens=0),
        lambda: Terms(hit_rate=1.5),
        lambda: keeping(1.2),
        lambda: made_up(-1),
        lambda: made_up(3, reply_seconds=-1),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(ask: Any) -> None:
    """With a sentence."""
    with pytest.raises(ConfigError):
        ask()
