"""How loud the microphone of a session is, and what is wrong with it: five records a second.

In: what the microphone gave, what was heard of the replies, the clock.  Out: ``voicelab.audio.level`` facts.
Does not know: microphones, how a level is measured (`voicelab.audio.meter`) or an echo found (`voicelab.audio.echo`).
"""

from __future__ import annotations

from voicelab.audio.echo import EchoWatch
from voicelab.audio.meter import Meter
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.runlog.recorder import Recorder
from voicelab.transports.clock import Clock

# Frames come unevenly from a busy page: up to so far from where they should be they follow each other without a gap.
_SEAM_MS = 250.0
# The meter's windows are 100 ms; the log does not need each.
_EVERY_LEVELS = 2
_ECHO = "echo"


class Levels:
    """The meter of one microphone.

    Parameters
    ----------
    recorder, clock
        The session's.
    """

    def __init__(self, recorder: Recorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """Forget the microphone before."""
        self._meter, self._watch = Meter(), EchoWatch()
        self._end_ms = 0.0
        self._n_levels = 0
        self._coming_back = False

    def heard_by_microphone(self, samples: Samples) -> None:
        """Measure what the microphone has just given: int16, 24 kHz, captured to its end."""
        at_ms = self._clock.now_ns() / 1e6 - len(samples) * 1000 / RATE_HZ
        if abs(at_ms - self._end_ms) < _SEAM_MS:
            at_ms = self._end_ms
        self._end_ms = at_ms + len(samples) * 1000 / RATE_HZ
        for echo in self._watch.sent(samples, at_ms):
            self._coming_back = echo.coming_back
        for level in self._meter.feed(samples, at_ms):
            self._n_levels += 1
            if self._n_levels % _EVERY_LEVELS == 0:
                event = level.to_event()
                warnings = [*event["warnings"], *([_ECHO] if self._coming_back else ())]
                self._recorder.local("audio.level", **{**event, "warnings": warnings})

    def heard_by_user(self, samples: Samples, start: int) -> None:
        """Take note of what was played; ``start`` is its first sample on the run's time line."""
        self._watch.played(samples, start * 1000 / RATE_HZ)
