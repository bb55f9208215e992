"""What is left out of a response's input when the conversation has outgrown the model's context.

In: the pieces of the input in tokens, the limit, the session's ``truncation``.  Out: how many of the oldest items go.
Does not know: what the items say, or where they are kept; an item that is left out stays in the conversation.
Source: ``truncation`` in OpenAI's published API description. ``auto`` drops only what has to go. A retention ratio
drops further, down to that share of what fits, so that the next turns find an unchanged (cached) beginning;
``post_instructions`` is a tighter limit for everything but instructions and tools.
"""

from __future__ import annotations

from collections.abc import Sequence

from voicelab.protocol.items import FunctionCall, FunctionCallOutput, Item
from voicelab.protocol.settings import RetentionRatio, Truncation
from voicelab.protocol.usage import Block, n_tokens


def room_for_items(head_tokens: int, limit_tokens: int, policy: Truncation) -> int:
    """Return how many tokens of conversation fit behind the instructions and tools.

    Parameters
    ----------
    head_tokens : int
        Tokens of instructions and tools.
    limit_tokens : int
        The most that a response may be given.
    policy : "auto", "disabled" or RetentionRatio
        The session's ``truncation``.
    """
    room = max(0, limit_tokens - head_tokens)
    if isinstance(policy, RetentionRatio) and policy.token_limits is not None:
        cap = policy.token_limits.post_instructions
        room = room if cap is None else min(room, cap)
    return room


def n_to_drop(items: Sequence[Item], blocks: Sequence[Block], room_tokens: int, policy: Truncation) -> int | None:
    """Return how many of the oldest items a response is not given.

    Parameters
    ----------
    items, blocks
        The conversation, oldest first, and what each item counts; of one length.
    room_tokens : int
        From `room_for_items`.
    policy : "auto", "disabled" or RetentionRatio

    Returns
    -------
    int or None
        None when the input is too long and nothing may be dropped, or when the newest item alone is too long.
    """
    total = n_tokens(blocks)
    if total <= room_tokens:
        return 0
    if policy == "disabled":
        return None
    target = room_tokens * policy.retention_ratio if isinstance(policy, RetentionRatio) else room_tokens
    n = 0
    # The newest item is what the response is about: it stays, also where the share to keep is smaller than it.
    while n < len(items) - 1 and (total > target or _is_orphan(items, n)):
        total -= n_tokens(blocks[n : n + 1])
        n += 1
    return n if total <= room_tokens else None


def _is_orphan(items: Sequence[Item], first: int) -> bool:
    """Whether the first item that is kept is the result of a call that is not."""
    item = items[first]
    if not isinstance(item, FunctionCallOutput):
        return False
    return any(isinstance(gone, FunctionCall) and gone.call_id == item.call_id for gone in items[:first])
