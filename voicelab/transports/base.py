"""What a transport is: frames of text, in order, both ways, until somebody closes.

In and out: JSON text frames.  Does not know: what is in them.
"""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """One end of an open connection."""

    async def send(self, frame: str) -> None:
        """Send one frame; `TransportClosed` when the connection is gone."""

    async def receive(self) -> str:
        """Return the next frame; `TransportClosed` when there will be none."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; closing twice is harmless."""
