"""Sound at the wrong rate is caught by the clock; sound that only comes unevenly is left alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from voicelab.audio.rate_watch import RateNote, RateWatch

MS = 1_000_000


def notes(arrivals: Iterable[tuple[int, float]], rate_hz: int = 24_000) -> list[RateNote]:
    """Return what is said about pieces of (samples, ms of arrival)."""
    watch = RateWatch(rate_hz)
    said = (watch.take(n_samples, round(at_ms * MS)) for n_samples, at_ms in arrivals)
    return [note for note in said if note is not None]


def stream(rate_hz: int, seconds: float, piece_ms: int = 100, jitter_ms: float = 0.0) -> list[tuple[int, float]]:
    """Return a microphone's pieces at some rate, each a little late."""
    late = np.random.default_rng(1).uniform(0, jitter_ms or 1e-9, round(seconds * 1000 / piece_ms))
    return [(rate_hz * piece_ms // 1000, k * piece_ms + float(more)) for k, more in enumerate(late)]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("piece_ms", [20, 100])
def test_each_usual_wrong_rate_is_named_once(rate_hz: int, piece_ms: int) -> None:
    """Within three seconds (nine where it is close to the right one), as what it probably is, and never again."""
    (note,) = notes(stream(rate_hz, 9 if rate_hz == 22_050 else 3, piece_ms, jitter_ms=15))
    assert note.likely_rate_hz == rate_hz
    assert note.ratio == pytest.approx(rate_hz / 24_000, rel=0.03)
    assert len(notes(stream(rate_hz, 30, piece_ms))) == 1


def test_note_says_what_it_means() -> None:
    """A person reads both rates and a question, not a verdict."""
    (note,) = notes(stream(48_000, 3))
    assert str(note) == "audio comes at 2.00 times the clock: 48,000 Hz samples in a 24,000 Hz session?"


@pytest.mark.parametrize("jitter_ms", [0, 20, 60])
def test_right_rate_is_never_doubted(jitter_ms: float) -> None:
    """A minute at 24 kHz, however unevenly the pieces come."""
    assert notes(stream(24_000, 60, jitter_ms=jitter_ms)) == []


def test_telephone_session_knows_its_own_rate() -> None:
    """8 kHz is right for G.711, and 16 kHz is twice too much there."""
    assert notes(stream(8_000, 10), rate_hz=8_000) == []
    (note,) = notes(stream(16_000, 3), rate_hz=8_000)
    assert (note.likely_rate_hz, round(note.ratio, 2)) == (16_000, 2.0)


def test_file_sent_at_once_is_no_wrong_rate() -> None:
    """A whole file in one piece, or in many without a pause, then nothing, then another."""
    at_once = [(240_000, 0.0), (240_000, 5_000.0), (240_000, 10_000.0)]
    quick = [(4_800, start + k * 0.2) for start in (0, 3_000, 6_000) for k in range(100)]
    assert notes(at_once) == notes(quick) == []


def test_program_that_hands_over_whole_phrases_is_no_wrong_rate() -> None:
    """Pieces more than half a second apart are no stream, however regular they are."""
    assert notes((36_000, k * 750.0) for k in range(40)) == []


def test_long_upload_is_no_wrong_rate() -> None:
    """Minutes of sound that keep coming for seconds come at no usual pace."""
    assert notes((4_800, k * 5.0) for k in range(2_000)) == []


def test_sound_that_was_held_up_is_no_wrong_rate() -> None:
    """A network that stalls hands over two seconds at once; the seconds after it are as they should be."""
    before = stream(24_000, 3)
    backlog = [(2_400, 5_000.0 + k * 0.1) for k in range(20)]
    after = [(2_400, 5_100.0 + k * 100) for k in range(100)]
    assert notes([*before, *backlog, *after]) == []


@pytest.mark.parametrize("lost_ms", [50, 100, 150, 180, 250])
@pytest.mark.parametrize("at", range(0, 20, 3))
def test_hiccup_is_no_wrong_rate(lost_ms: int, at: int) -> None:
    """A stream that loses a moment every four seconds is 8 per cent slow for two of them, and right on the whole."""
    lost = [lost_ms if k % 40 == at else 0 for k in range(600)]
    twice = [80 if k % 60 in (at, at + 10) else 0 for k in range(600)]
    arrivals = np.cumsum(np.full(600, 100.0) + twice)
    assert notes((2_400, float(at_ms)) for at_ms in arrivals) == []
    arrivals = np.cumsum(np.full(600, 100.0) + lost)
    assert notes((2_400, float(at_ms)) for at_ms in arrivals) == []


def test_wrong_rate_behind_a_pause_is_still_found() -> None:
    """The watch begins anew after each pause."""
    first = [(4_800, k * 100.0) for k in range(10)]
    second = [(4_800, 4_000 + k * 100.0) for k in range(25)]
    assert [note.likely_rate_hz for note in notes([*first, *second])] == [48_000]


def test_pace_between_the_usual_rates_is_not_guessed_at() -> None:
    """Half as fast again as the clock is nobody's rate."""
    assert notes((3_600, k * 100.0) for k in range(60)) == []
