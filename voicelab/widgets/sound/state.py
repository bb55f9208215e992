"""What is known of the browser's sound at a moment: a frozen snapshot, replaced whole.

In: nothing.  Out: `SoundState`.  Does not know: how it is found out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Way: TypeAlias = Literal["none", "direct", "proxy", "comm"]
MicrophoneState: TypeAlias = Literal["off", "asking", "on", "denied", "missing", "unplugged", "silent", "insecure"]
MICROPHONE_STATES: tuple[str, ...] = get_args(MicrophoneState)

# In these the page has given up: no sound will come until somebody opens the microphone again.
GIVEN_UP: frozenset[MicrophoneState] = frozenset({"denied", "missing", "unplugged", "insecure"})


@dataclass(frozen=True)
class SoundState:
    """The browser's sound at a moment; any thread may read it.

    Parameters
    ----------
    way : {"none", "direct", "proxy", "comm"}
        How sound travels now; "none": there is no page.
    microphone : {"off", "asking", "on", "denied", "missing", "unplugged", "silent", "insecure"}
    muted : bool
        Whether the microphone delivers zeros.
    problem : str
        What is wrong and what to do, in words for people; empty when nothing is.
    rate_hz : int
        The rate the page's audio runs at (24,000 unless the browser refused it); 0 before it runs.
    running : bool
        Whether the page's audio runs; False until a browser that wants a click first has got one.
    output_latency_ms : float
        From the playback worklet to the ear, as the browser estimates it.
    round_trip_ms : float or None
        From the page to the kernel and back, the latest.
    n_underruns : int
        How often the page's playback ran dry within a stretch.
    n_unreadable : int
        Messages of the page that could not be read and were left out.
    missing_ms : float
        Sound that this recording of the page's microphone had and that never came: no way was there, or it broke.
    """

    way: Way = "none"
    microphone: MicrophoneState = "off"
    muted: bool = False
    problem: str = ""
    rate_hz: int = 0
    running: bool = False
    output_latency_ms: float = 0.0
    round_trip_ms: float | None = None
    n_underruns: int = 0
    n_unreadable: int = 0
    missing_ms: float = 0.0
