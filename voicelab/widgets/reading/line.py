"""One line of the transcript.

In: nothing, this is a type.  Out: `Line`.
Does not know: where lines come from (``transcript_feed``), or how they look (``transcript.js``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Who: TypeAlias = Literal["user", "agent", "tool", "note"]
#: ``speaking``: words may still come. ``waiting``: the turn is over, its words are not here. ``final``: all is said.
State: TypeAlias = Literal["speaking", "waiting", "final"]


@dataclass(frozen=True)
class Line:
    """One line of the transcript.

    Parameters
    ----------
    key : str
        Names the line for as long as the run is shown.
    who : {"user", "agent", "tool", "note"}
    at_ms : float
        On the run's time line: begin of the speech as it was detected, or of what was played.
    text : str
        The words; of an interrupted reply those that were heard.
    unheard : str
        What was generated behind them and not heard.
    state : {"speaking", "waiting", "final"}
    how : str
        Of a user's line ``spoken`` or ``typed``; of an agent's ``spoken``, ``written`` or ``aside`` (outside the
        conversation); of a note ``refused``, ``mark``, ``connection`` or ``unanswered``.
    cut : bool
        Whether the reply was interrupted.
    estimated : bool
        Whether the place where ``unheard`` begins is an estimate.
    heard_ms, received_ms : float or None
        Of an interrupted reply.
    result : str or None
        What a function returned.
    words_known : bool
        False where nobody was told the words: no transcription was asked for, or it failed.
    """

    key: str
    who: Who
    at_ms: float
    text: str = ""
    unheard: str = ""
    state: State = "speaking"
    how: str = "spoken"
    cut: bool = False
    estimated: bool = False
    heard_ms: float | None = None
    received_ms: float | None = None
    result: str | None = None
    words_known: bool = True
