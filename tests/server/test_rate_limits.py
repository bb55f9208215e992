"""The rate limits of a session: two buckets that fill up again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.server.rate_limits import RateLimits


def left(limits: RateLimits, now_s: float) -> dict[str, tuple[int, float]]:
    """Return what is left, and how long until all is there again, by name."""
    return {entry["name"]: (entry["remaining"], entry["reset_seconds"]) for entry in limits.plain(now_s)}


def test_full_at_the_beginning() -> None:
    """In the shape of ``rate_limits.updated``: requests, then tokens."""
    assert RateLimits(60, 6_000).plain(0.0) == (
        {"name": "requests", "limit": 60, "remaining": 60, "reset_seconds": 0.0},
        {"name": "tokens", "limit": 6_000, "remaining": 6_000, "reset_seconds": 0.0},
    )


def test_what_was_used_comes_back_within_a_minute() -> None:
    """A request a second of 60 a minute; never more than the limit."""
    limits = RateLimits(60, 6_000)
    for _ in range(30):
        limits.begin_response(0.0)
    assert left(limits, 0.0)["requests"] == (30, 30.0)
    assert left(limits, 10.0)["requests"] == (40, 20.0)
    assert left(limits, 500.0)["requests"] == (60, 0.0)


def test_exhausted_names_the_limit_until_one_more_fits() -> None:
    """Requests first; a second later there is one again."""
    limits = RateLimits(2, 100)
    limits.begin_response(0.0)
    assert limits.exhausted(0.0) is None
    limits.begin_response(0.0)
    assert limits.exhausted(0.0) == "requests"
    assert limits.exhausted(29.9) == "requests"
    assert limits.exhausted(30.0) is None


def test_response_may_use_more_than_was_left_and_that_is_paid_back() -> None:
    """Below zero nothing is left; the debt is waited for."""
    limits = RateLimits(100, 600)
    limits.use_tokens(900, 0.0)
    assert left(limits, 0.0)["tokens"] == (0, 90.0)
    assert limits.exhausted(30.0) == "tokens"
    assert limits.exhausted(30.2) is None


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 5_000)), max_size=20))
def test_never_more_than_the_limit_and_never_below_zero_on_the_wire(steps: list[tuple[float, int]]) -> None:
    """Whatever is used when, the numbers sent make sense."""
    limits, now_s = RateLimits(10, 1_000), 0.0
    for wait_s, tokens in steps:
        now_s += wait_s
        limits.begin_response(now_s)
        limits.use_tokens(tokens, now_s)
        for entry in limits.plain(now_s):
            assert 0 <= entry["remaining"] <= entry["limit"]
            assert entry["reset_seconds"] >= 0
        exhausted = limits.exhausted(now_s)
        assert (exhausted is None) == all(entry["remaining"] >= 1 for entry in limits.plain(now_s))


@pytest.mark.parametrize("now_s", [1e-9, 3_600.0])
def test_time_alone_uses_nothing(now_s: float) -> None:
    """A session that asks for nothing keeps all."""
    assert left(RateLimits(60, 6_000), now_s) == {"requests": (60, 0.0), "tokens": (6_000, 0.0)}
