"""What a microphone has to be for a session to listen to it.

In: nothing yet.  Out: the `Microphone` protocol.
Does not know: sound cards (``devices``), browsers, or what becomes of the sound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from voicelab.audio.samples import Samples


class Microphone(Protocol):
    """A source of live sound with a clock of its own."""

    name: str

    async def open(self, deliver: Callable[[Samples], None], lost: Callable[[str], None]) -> None:
        """Begin to deliver.

        Parameters
        ----------
        deliver : callable
            Takes int16 samples at 24 kHz, 20 ms of them as a rule; called on the loop that runs this.
        lost : callable
            Takes a reason, once, when no more sound will come; called on the same loop.

        Raises
        ------
        AudioError
            It cannot be had: says why, and what to do.
        """

    def close(self) -> None:
        """Deliver no more, and let it go."""
