"""How many responses and tokens a session may have in a minute: two buckets that fill up again by themselves.

In: the time in seconds, what was used.  Out: what is left, in the shape of ``rate_limits.updated``.
Does not know: who uses it, or a clock.

The limits are the embedded server's own (`voicelab.server.engines.ServerOptions`); they are kept, not only told.
"""

from __future__ import annotations

from typing import Any

MINUTE_S = 60.0


class _Bucket:
    """So many units a minute, at most so many at once."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self._left = float(limit)
        self._at_s = 0.0

    def left(self, now_s: float) -> float:
        """Return what may be used now; below zero after a response that used more than was left."""
        self._left = min(self.limit, self._left + (now_s - self._at_s) * self.limit / MINUTE_S)
        self._at_s = now_s
        return self._left

    def use(self, n: float, now_s: float) -> None:
        """Take ``n`` units out."""
        self._left = self.left(now_s) - n

    def plain(self, now_s: float) -> dict[str, Any]:
        """Return the state as it stands on the wire; ``reset_seconds`` is the time until the bucket is full again."""
        left = self.left(now_s)
        return {
            "name": self.name,
            "limit": self.limit,
            "remaining": max(0, int(left)),
            "reset_seconds": round((self.limit - left) * MINUTE_S / self.limit, 3),
        }


class RateLimits:
    """The limits of one session.

    Parameters
    ----------
    requests_a_minute, tokens_a_minute : int
        Responses, and tokens in and out.
    """

    def __init__(self, requests_a_minute: int, tokens_a_minute: int) -> None:
        self._requests = _Bucket("requests", requests_a_minute)
        self._tokens = _Bucket("tokens", tokens_a_minute)

    def exhausted(self, now_s: float) -> str | None:
        """Return the name of the limit that forbids another response now, or None."""
        for bucket in (self._requests, self._tokens):
            if bucket.left(now_s) < 1:
                return bucket.name
        return None

    def begin_response(self, now_s: float) -> None:
        """Count a response."""
        self._requests.use(1, now_s)

    def use_tokens(self, n: int, now_s: float) -> None:
        """Count the tokens of a response, in and out."""
        self._tokens.use(n, now_s)

    def plain(self, now_s: float) -> tuple[dict[str, Any], ...]:
        """Return the limits as they stand on the wire."""
        return (self._requests.plain(now_s), self._tokens.plain(now_s))
