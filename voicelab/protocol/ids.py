"""Identifiers in the style of the Realtime protocol: ``item_…``, ``resp_…``, ``event_…``.

In: a seed.  Out: the same row of ids for the same seed, so that a run in virtual time can be repeated exactly.
Does not know: who asks.
"""

from __future__ import annotations

import random
import string

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 20


class Ids:
    """A source of identifiers.

    Parameters
    ----------
    seed : int, optional
        Same seed, same ids in the same order. Without one they are others each time. Ids are no secrets.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)

    def new(self, kind: str) -> str:
        """Return a fresh id such as ``item_4fG…`` for the kind ``"item"``."""
        return f"{kind}_{''.join(self._random.choices(_ALPHABET, k=_LENGTH))}"
