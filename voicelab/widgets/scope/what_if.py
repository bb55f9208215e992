"""The turns that would have been: the turn rule at another threshold, over scores that are stored, beside what was.

In: scores, settings, the turns that were found.  Out: `WhatIf`: what each other turn is compared with those.
Does not know: pictures, sessions.  The rule is the one that the embedded server runs for ``server_vad``
(`voicelab.turns.endpoint`). Other kinds of turn detection have no threshold: where one of them is in force the answer
still is that of ``server_vad``, and says so (`WhatIf.in_force`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from voicelab.turns.endpoint import EndpointSettings, find_turns
from voicelab.widgets.scope.scores import Scores

# A turn that is under way where the picture begins began at most so long before, or nearly.
_LEAD_MS = 30_000.0

#: The kind of turn detection that the turns of a what-if are made by.
RULE = "server_vad"

Likeness: TypeAlias = Literal["same", "cut", "merged", "new"]


@dataclass(frozen=True)
class Spoken:
    """A turn that was found: its number, begin and end of its speech (ms)."""

    n: int
    start_ms: float
    end_ms: float


@dataclass(frozen=True)
class OtherTurn:
    """A turn that would have been found.

    Parameters
    ----------
    start_ms, end_ms : float
        Of its speech.
    decided_ms : float or None
        When it would have been over; None: not before the sound was.
    likeness : {"same", "cut", "merged", "new"}
        ``cut``: it ends in the middle of a turn that was; ``merged``: it holds several; ``new``: it meets none.
    """

    start_ms: float
    end_ms: float
    decided_ms: float | None
    likeness: Likeness


@dataclass(frozen=True)
class WhatIf:
    """What another threshold would have made of a stretch.

    Parameters
    ----------
    settings : EndpointSettings
    turns : tuple of OtherTurn
    missed : tuple of int
        Numbers of the turns of which nothing would have been found.
    in_force : str
        The kind of turn detection that the session has; the turns are those of ``server_vad`` at any rate.
    """

    settings: EndpointSettings
    turns: tuple[OtherTurn, ...]
    missed: tuple[int, ...]
    in_force: str = RULE

    def to_message(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def what_if(
    scores: Scores,
    settings: EndpointSettings,
    actual: Sequence[Spoken],
    begin_ms: float,
    end_ms: float,
    *,
    in_force: str = RULE,
) -> WhatIf:
    """Return the turns that ``settings`` would have found between two instants.

    Parameters
    ----------
    scores : Scores
    settings : EndpointSettings
    actual : sequence of Spoken
        The turns that were found, in order.
    begin_ms, end_ms : float
        What is shown, on the run's time line.
    in_force : str
        The kind of turn detection that the session has; passed on, so that whoever shows the answer can say it.
    """
    spans = [
        (stretch.begin_run_ms(turn.speech_start_ms), stretch.end_run_ms(turn.speech_end_ms), decided)
        for stretch in scores.connected(begin_ms - _LEAD_MS, end_ms)
        for turn in find_turns(stretch.scores, settings)
        for decided in [None if turn.decided_ms is None else stretch.end_run_ms(turn.decided_ms)]
    ]
    turns = tuple(
        OtherTurn(start, end, decided, _likeness(start, end, decided, actual))
        for start, end, decided in spans
        if end > begin_ms
    )
    missed = tuple(
        turn.n
        for turn in actual
        if begin_ms < turn.end_ms <= end_ms and not any(_meet(turn, start, end) for start, end, _ in spans)
    )
    return WhatIf(settings, turns, missed, in_force)


def _likeness(start_ms: float, end_ms: float, decided_ms: float | None, actual: Sequence[Spoken]) -> Likeness:
    met = [turn for turn in actual if _meet(turn, start_ms, end_ms)]
    if not met:
        return "new"
    if decided_ms is not None and decided_ms < met[-1].end_ms:
        return "cut"
    return "merged" if len(met) > 1 else "same"


def _meet(turn: Spoken, start_ms: float, end_ms: float) -> bool:
    return turn.start_ms < end_ms and start_ms < turn.end_ms
