"""The turns of a run that grows, each told again only when something that it is made of has changed.

In: facts so far, what speech is found by, a price, sound.  Out: the turns that `turns_of` would tell.
Does not know: files, or who asks.

When a turn is over cannot be said from outside: a transcript, a truncation or the usage may come whenever the server
likes. So a turn is kept with a copy of all that it was made of, and told again once the two differ. To compare takes
some microseconds; to listen for the beginnings of speech takes milliseconds.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.audio.samples import Samples
from voicelab.measure.facts import Facts, TurnFacts
from voicelab.measure.prices import Price
from voicelab.measure.speech import Evidence, Speech
from voicelab.measure.turns import Context, ReadTrack, Turn, context_of, turn_of
from voicelab.runlog.record import Track


@dataclass(frozen=True)
class _Told:
    """A turn, and what it was made of."""

    facts: TurnFacts
    speech: Speech
    context: Context
    turn: Turn


class TurnsSoFar:
    """Remembers the turns of one run.

    The sound of a run is only ever added to: what was read in full is the same the next time.
    """

    def __init__(self) -> None:
        self._told: list[_Told | None] = []

    def tell(
        self,
        facts: Facts,
        evidence: Evidence,
        price: Price | None,
        read_track: ReadTrack,
        prices: Mapping[str, Any] | None = None,
    ) -> list[Turn]:
        """Return one `Turn` for each user turn; the arguments are those of `turns_of`, as they are now."""
        whole = context_of(facts, price, prices)
        before = self._told + [None] * (len(facts.turns) - len(self._told))
        turns: list[Turn] = []
        told: list[_Told | None] = []
        for known, now in zip(before, facts.turns, strict=True):
            speech, context = evidence.speech_of(now), whole.of(now)
            if known is None or known.facts != now or known.speech != speech or known.context != context:
                known, turn = _tell(now, speech, context, read_track)
            else:
                turn = known.turn
            turns.append(turn)
            told.append(known)
        # A new list: two threads may ask for the turns of a saved run at the same time.
        self._told = told
        return turns


def _tell(facts: TurnFacts, speech: Speech, context: Context, read_track: ReadTrack) -> tuple[_Told | None, Turn]:
    """Return a turn; it is not kept where some of its sound is still to come."""
    is_short = False

    def read(track: Track, start: int, n: int) -> Samples:
        nonlocal is_short
        samples = read_track(track, start, n)
        is_short |= len(samples) < n
        return samples

    turn = turn_of(facts, speech, context, read)
    return None if is_short else _Told(copy.deepcopy(facts), speech, context, turn), turn
