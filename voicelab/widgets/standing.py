"""How things stand in the Lab: one frozen picture, which all its parts show.

In: nothing.  Out: `Standing`, and the `Problem` that stands in the Lab's window.
Does not know: who changes it (``desk``) or how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from voicelab.measure.run import Run
from voicelab.widgets.wishes import Wishes

State: TypeAlias = Literal["ready", "connecting", "live", "closing", "over"]
SourceName: TypeAlias = Literal["browser", "device", "clip", "none"]
ReplyName: TypeAlias = Literal["mirror", "guide"]


@dataclass(frozen=True)
class Problem:
    """Something went wrong, for the person in front of the Lab.

    Parameters
    ----------
    what, kept, do : str
        What happened, what was kept, what to do.
    """

    what: str
    kept: str
    do: str


@dataclass(frozen=True)
class Standing:
    """A snapshot; it is replaced as a whole, so any thread may read it.

    Parameters
    ----------
    n : int
        Counts the snapshots.
    state : str
    target : str
    run : Run or None
        The newest one.
    wishes : Wishes
        What the knobs ask for.
    in_force : mapping
        The server's session object; empty before the first connection.
    pending : tuple of str
        Fields of the wishes that wait for a new connection.
    agent_spoke : bool
        On this connection; from then on its voice cannot change.
    reply : {"mirror", "guide"}
        Who answers at the embedded server.
    source : str
        Where the user's sound comes from.
    listening, muted : bool
        Whether a microphone is open, and whether it is muted.
    playing : bool
        Whether a clip is being played, or a typed turn answered.
    limit_minutes : float
        After so long a session with somebody else's server ends by itself.
    limit_usd : float or None
        What a session may cost; None: no limit is set.
    problem : Problem or None
    """

    n: int = 0
    state: State = "ready"
    target: str = "local"
    run: Run | None = None
    wishes: Wishes = field(default_factory=Wishes)
    in_force: Mapping[str, Any] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    agent_spoke: bool = False
    reply: ReplyName = "guide"
    source: SourceName = "clip"
    listening: bool = False
    muted: bool = False
    playing: bool = False
    limit_minutes: float = 15
    limit_usd: float | None = None
    problem: Problem | None = None
