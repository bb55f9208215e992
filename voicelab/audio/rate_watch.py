"""Audio at the wrong rate, caught by the clock: a second of sound has to take a second to come.

In: how many samples came, and when.  Out: one `RateNote`, once, when the samples come at the pace of another rate.
Does not know: the samples themselves, or what clock it is.

Told apart from sound that is sent all at once (a file, a buffer that was held up): such sound comes in a burst, and a
burst is uneven. A verdict needs a window of two seconds and more in which samples keep coming, never more than half a
second apart, at a pace that is the same in both halves of the window, and that pace has to be one of the usual wrong
ones to within 3 per cent. A pace close to the right one (22,050 Hz in a 24,000 Hz session: 8 per cent) is also what a
hiccup leaves behind, so it has to last for three windows. Sound sent faster than real time on purpose, as evenly as a
microphone, and at exactly such a pace, cannot be told from sound at a wrong rate: the note asks, it does not claim.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_NS = 2_000_000_000
MOST_APART_NS = 500_000_000
USUAL_RATES_HZ = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
# Two usual rates are 8 per cent apart at the least.
TOLERANCE = 0.03
HALF_TOLERANCE = 0.05
NEAR = 0.15
WINDOWS_IF_NEAR = 3


@dataclass(frozen=True)
class RateNote:
    """Sound that comes at the pace of another rate.

    Parameters
    ----------
    ratio : float
        Seconds of sound that came in one second of the clock.
    likely_rate_hz : int
        The rate at which the sound was probably recorded.
    rate_hz : int
        The rate at which it is understood.
    """

    ratio: float
    likely_rate_hz: int
    rate_hz: int

    def __str__(self) -> str:
        return (
            f"audio comes at {self.ratio:.2f} times the clock: "
            f"{self.likely_rate_hz:,} Hz samples in a {self.rate_hz:,} Hz session?"
        )


class RateWatch:
    """Watches one stream of sound.

    Parameters
    ----------
    rate_hz : int
        Samples a second that the stream should have.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._said = False
        self._alike: tuple[int, int] = (0, 0)  # a rate, and in how many windows in a row it was found
        self._last_ns: int | None = None
        self._began_ns = 0
        self._n = 0
        self._half: tuple[int, int] | None = None

    def take(self, n_samples: int, t_ns: int) -> RateNote | None:
        """Take note of samples that came; return a note once, when their rate is surely another one.

        Parameters
        ----------
        n_samples : int
        t_ns : int
            When they came, ns on a clock that never goes back.
        """
        if self._said:
            return None
        if self._last_ns is None or t_ns - self._last_ns > MOST_APART_NS:
            # The first samples of a stretch were captured before it: they only say when it begins.
            self._last_ns = t_ns
            self._alike = (0, 0)
            self._begin(t_ns)
            return None
        self._last_ns = t_ns
        self._n += n_samples
        lasted_ns = t_ns - self._began_ns
        if self._half is None and lasted_ns >= WINDOW_NS // 2:
            self._half = (self._n, t_ns)
        if self._half is None or lasted_ns < WINDOW_NS:
            return None
        found = self._verdict(*self._half, t_ns)
        self._begin(t_ns)
        likely_hz = found.likely_rate_hz if found is not None else 0
        self._alike = (likely_hz, self._alike[1] + 1 if likely_hz == self._alike[0] else 1)
        if found is None or (abs(found.ratio - 1) < NEAR and self._alike[1] < WINDOWS_IF_NEAR):
            return None
        self._said = True
        return found

    def _begin(self, t_ns: int) -> None:
        self._began_ns = t_ns
        self._n = 0
        self._half = None

    def _verdict(self, n_half: int, half_ns: int, t_ns: int) -> RateNote | None:
        whole_hz = self._n * 1e9 / (t_ns - self._began_ns)
        halves_hz = (
            n_half * 1e9 / (half_ns - self._began_ns),
            (self._n - n_half) * 1e9 / max(1, t_ns - half_ns),
        )
        likely_hz = min(USUAL_RATES_HZ, key=lambda hz: abs(hz - whole_hz))
        if likely_hz == self._rate_hz or abs(whole_hz / likely_hz - 1) > TOLERANCE:
            return None
        if any(abs(hz / whole_hz - 1) > HALF_TOLERANCE for hz in halves_hz):
            return None
        return RateNote(whole_hz / self._rate_hz, likely_hz, self._rate_hz)
