"""Promises of `voicelab.protocol.truncation`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.protocol.items import FunctionCall, FunctionCallOutput, InputText, Item, Message
from voicelab.protocol.settings import RetentionRatio, TokenLimits, Truncation
from voicelab.protocol.truncation import n_to_drop, room_for_items
from voicelab.protocol.usage import Block, n_tokens

POLICIES = st.one_of(st.just("auto"), st.builds(RetentionRatio, retention_ratio=st.floats(0, 1)))


def conversation(*tokens: int) -> tuple[list[Item], list[Block]]:
    """Return messages that count so many tokens each."""
    items: list[Item] = [
        Message(id=f"item_{n}", role="user", content=(InputText(text="x"),)) for n, _ in enumerate(tokens)
    ]
    return items, [Block(f"item_{n}", text_tokens=count) for n, count in enumerate(tokens)]


@pytest.mark.parametrize(
    ("policy", "room"),
    [
        ("auto", 900),
        ("disabled", 900),
        (RetentionRatio(retention_ratio=0.8), 900),
        (RetentionRatio(retention_ratio=0.8, token_limits=TokenLimits(post_instructions=500)), 500),
        (RetentionRatio(retention_ratio=0.8, token_limits=TokenLimits(post_instructions=5000)), 900),
    ],
)
def test_the_conversation_has_what_the_instructions_leave(policy: Truncation, room: int) -> None:
    """The limit less instructions and tools; a tighter limit of the session's own counts, a looser one does not."""
    assert room_for_items(100, 1000, policy) == room


def test_instructions_longer_than_the_context_leave_nothing() -> None:
    """The room is never negative."""
    assert room_for_items(2000, 1000, "auto") == 0


@pytest.mark.parametrize("policy", ["auto", "disabled", RetentionRatio(retention_ratio=0.1)])
def test_nothing_is_dropped_while_everything_fits(policy: Truncation) -> None:
    """A retention ratio, too, begins to count only when the context is full."""
    assert n_to_drop(*conversation(100, 100), room_tokens=200, policy=policy) == 0


def test_auto_drops_only_what_has_to_go() -> None:
    """Oldest first, until the rest fits."""
    assert n_to_drop(*conversation(100, 100, 100, 100), room_tokens=250, policy="auto") == 2


def test_a_retention_ratio_drops_further() -> None:
    """Down to that share of the room, so that the next turns find the same beginning."""
    policy = RetentionRatio(retention_ratio=0.5)
    assert n_to_drop(*conversation(100, 100, 100, 100, 100), room_tokens=450, policy=policy) == 3


def test_disabled_never_drops() -> None:
    """A conversation that is too long cannot be answered then."""
    assert n_to_drop(*conversation(100, 100), room_tokens=150, policy="disabled") is None


def test_the_newest_item_is_never_dropped() -> None:
    """Alone too long, it cannot be answered; a ratio smaller than it keeps it."""
    assert n_to_drop(*conversation(100, 900), room_tokens=500, policy="auto") is None
    assert n_to_drop(*conversation(400, 200), room_tokens=500, policy=RetentionRatio(retention_ratio=0.1)) == 1


def test_a_result_goes_with_its_call() -> None:
    """What a function returned means nothing without the call."""
    items: list[Item] = [
        FunctionCall(id="c", name="f", call_id="call_1"),
        FunctionCallOutput(id="o", call_id="call_1", output="{}"),
        Message(id="u", role="user", content=(InputText(text="x"),)),
    ]
    blocks = [Block(item.id or "", text_tokens=100) for item in items]
    assert n_to_drop(items, blocks, 250, "auto") == 2


@given(st.lists(st.integers(0, 300), min_size=1, max_size=12), st.integers(0, 1500), POLICIES)
def test_what_is_kept_fits_and_is_the_newest(tokens: list[int], room: int, policy: Truncation) -> None:
    """Whatever the sizes: either nothing can be done, or the kept end of the conversation fits."""
    items, blocks = conversation(*tokens)
    n = n_to_drop(items, blocks, room, policy)
    if n is None:
        assert tokens[-1] > room
    else:
        assert n < len(items)
        assert n_tokens(blocks[n:]) <= room
