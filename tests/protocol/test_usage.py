"""Promises of `voicelab.protocol.usage`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.protocol.usage import (
    Block,
    assistant_audio_tokens,
    cached_prefix,
    text_tokens,
    usage,
    user_audio_tokens,
)

INSTRUCTIONS = Block("instructions: be brief", text_tokens=100)
FIRST = Block("item_u1", audio_tokens=20)
REPLY = Block("item_a1:24000", text_tokens=10, audio_tokens=20)
SECOND = Block("item_u2", audio_tokens=25)

BLOCKS = st.lists(
    st.builds(Block, key=st.sampled_from("abc"), text_tokens=st.integers(0, 99), audio_tokens=st.integers(0, 99)),
    max_size=6,
)


@pytest.mark.parametrize(
    ("audio_ms", "user", "assistant"), [(0, 0, 0), (1000, 10, 20), (1001, 11, 21), (60_000, 600, 1200)]
)
def test_audio_counts_by_the_published_rates(audio_ms: int, user: int, assistant: int) -> None:
    """User audio 1 token for 100 ms, assistant audio 1 for 50 ms, a begun one counts."""
    assert (user_audio_tokens(audio_ms), assistant_audio_tokens(audio_ms)) == (user, assistant)


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fives", 2)])
def test_text_counts_one_token_for_four_characters(text: str, tokens: int) -> None:
    """Rounded up; nothing counts nothing."""
    assert text_tokens(text) == tokens


def test_the_first_turn_of_the_published_example() -> None:
    """100 instruction tokens and 2 s of user audio in; a reply of 1 s with 10 text tokens out; nothing was cached."""
    got = usage([INSTRUCTIONS, FIRST], [], output_text=10, output_audio=20)
    assert (got.input_token_details.text_tokens, got.input_token_details.audio_tokens) == (100, 20)
    assert (got.output_token_details.text_tokens, got.output_token_details.audio_tokens) == (10, 20)
    assert got.input_token_details.cached_tokens == 0


def test_the_second_turn_of_the_published_example() -> None:
    """The whole conversation is input again, 110 text and 65 audio tokens (the guide prints 64 for 20 + 20 + 25)."""
    got = usage([INSTRUCTIONS, FIRST, REPLY, SECOND], [[INSTRUCTIONS, FIRST]], output_text=0, output_audio=0)
    details = got.input_token_details
    assert (got.input_tokens, details.text_tokens, details.audio_tokens) == (175, 110, 65)
    assert details.cached_tokens == 120
    assert (details.cached_tokens_details.text_tokens, details.cached_tokens_details.audio_tokens) == (100, 20)


def test_changed_instructions_break_the_whole_cache() -> None:
    """They stand in front of everything."""
    changed = Block("instructions: be long", text_tokens=100)
    assert cached_prefix([changed, FIRST, REPLY, SECOND], [[INSTRUCTIONS, FIRST, REPLY]]) == []


def test_a_deleted_item_breaks_the_cache_from_there() -> None:
    """What stood before it is still cached, what stood behind it is not."""
    assert cached_prefix([INSTRUCTIONS, REPLY, SECOND], [[INSTRUCTIONS, FIRST, REPLY]]) == [INSTRUCTIONS]


def test_a_truncated_item_breaks_the_cache_from_there() -> None:
    """A truncated reply is another content, so its key is another."""
    cut = Block("item_a1:9600", text_tokens=4, audio_tokens=8)
    assert cached_prefix([INSTRUCTIONS, FIRST, cut, SECOND], [[INSTRUCTIONS, FIRST, REPLY]]) == [INSTRUCTIONS, FIRST]


def test_any_earlier_response_may_have_left_the_cache() -> None:
    """With several responses at once the longest common beginning counts, not that of the latest one."""
    aside = [Block("instructions: classify", text_tokens=8), FIRST]
    whole = [INSTRUCTIONS, FIRST, REPLY]
    assert cached_prefix([*whole, SECOND], [whole, aside]) == whole
    assert cached_prefix([*whole, SECOND], [aside, whole]) == whole


@given(BLOCKS, BLOCKS, st.integers(0, 500), st.integers(0, 500))
def test_all_totals_add_up(context: list[Block], earlier: list[Block], output_text: int, output_audio: int) -> None:
    """Totals are the sums of their parts, and cached tokens are a part of the input of the same modality."""
    got = usage(context, [earlier], output_text=output_text, output_audio=output_audio)
    inputs, outputs = got.input_token_details, got.output_token_details
    cached = inputs.cached_tokens_details
    assert got.total_tokens == got.input_tokens + got.output_tokens
    assert got.input_tokens == inputs.text_tokens + inputs.audio_tokens
    assert got.input_tokens == sum(block.text_tokens + block.audio_tokens for block in context)
    assert got.output_tokens == outputs.text_tokens + outputs.audio_tokens == output_text + output_audio
    assert inputs.cached_tokens == cached.text_tokens + cached.audio_tokens
    assert cached.text_tokens <= inputs.text_tokens
    assert cached.audio_tokens <= inputs.audio_tokens


@given(BLOCKS, BLOCKS)
def test_a_context_that_only_grew_is_cached_as_far_as_it_was(context: list[Block], more: list[Block]) -> None:
    """Everything that was billed before is the prefix of what is billed now."""
    assert list(cached_prefix([*context, *more], [context])) == context
