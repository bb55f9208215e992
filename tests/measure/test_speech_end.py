"""The last voiced sample: where the sound of speech ends, when the scores end late."""

from __future__ import annotations

import numpy as np
import pytest

from voicelab.audio.samples import Samples
from voicelab.measure.speech import EndFrom, Speech
from voicelab.measure.speech_end import with_sound
from voicelab.runlog.record import Track


def tone(length_ms: int, dbfs: float) -> Samples:
    """Return a tone of a level."""
    time_s = np.arange(24 * length_ms) / 24_000
    return (np.sqrt(2) * 32768 * 10 ** (dbfs / 20) * np.sin(2 * np.pi * 400 * time_s)).astype(np.int16)


def silence(length_ms: int) -> Samples:
    return np.zeros(24 * length_ms, np.int16)


class Sound:
    """The sent sound, and what was asked of it."""

    def __init__(self, *parts: Samples) -> None:
        self.samples = np.concatenate(parts)
        self.asked: list[tuple[Track, int, int]] = []

    def read(self, track: Track, start: int, n: int) -> Samples:
        self.asked.append((track, start, n))
        return self.samples[start : start + n]


def scored(start_ms: float, end_ms: float, end_from: EndFrom = "speech scores") -> Speech:
    return Speech(start_ms, end_ms, end_from)


def test_the_end_moves_back_to_the_last_sample_that_can_be_heard() -> None:
    """Speech from 1000 to 1900, the scores say to 1984."""
    sound = Sound(silence(1000), tone(900, -20), silence(500))
    assert with_sound(scored(1000, 1984), sound.read).end_ms == pytest.approx(1900, abs=1)


def test_the_end_is_never_moved_on() -> None:
    """Breath or a room that goes on after the scores' end is none of the speech."""
    sound = Sound(tone(3000, -30))
    assert with_sound(scored(1000, 1984), sound.read) == scored(1000, 1984)


@pytest.mark.parametrize(("tail_dbfs", "end_ms"), [(-48, 1950), (-52, 1900)])
def test_a_quiet_tail_is_speech_down_to_30_db_below_the_loud_part(tail_dbfs: float, end_ms: float) -> None:
    """The loud part is at -20 dBFS: at -48 the tail of 50 ms belongs to it, at -52 no more (within a 10 ms window)."""
    sound = Sound(tone(1900, -20), tone(50, tail_dbfs), silence(500))
    assert with_sound(scored(1000, 1984), sound.read).end_ms == pytest.approx(end_ms, abs=10)


def test_the_level_stays_within_what_can_be_told_from_a_room() -> None:
    """Loud speech ends at -45 dBFS all the same, and what is quieter than -60 dBFS ends nothing."""
    loud = Sound(tone(1900, -6), tone(50, -44), silence(500))
    assert with_sound(scored(1000, 1984), loud.read).end_ms == pytest.approx(1950, abs=10)
    faint = Sound(tone(1900, -40), tone(50, -63), silence(500))
    assert with_sound(scored(1000, 1984), faint.read).end_ms == pytest.approx(1900, abs=10)


def test_a_pause_further_back_than_scores_can_be_late_is_not_crossed() -> None:
    """Nothing is audible in the 400 ms before the scores' end: then they know better."""
    sound = Sound(tone(1500, -20), silence(1000))
    assert with_sound(scored(1000, 1984), sound.read) == scored(1000, 1984)


@pytest.mark.parametrize("end_from", ["label", "mark", "detector"])
def test_what_is_known_otherwise_is_left_alone(end_from: EndFrom) -> None:
    """A label is right; the detector's end has a wait in it that no sound explains. The sound is not even read."""
    sound = Sound(silence(1000), tone(900, -20), silence(500))
    assert with_sound(scored(1000, 1984, end_from), sound.read) == scored(1000, 1984, end_from)
    assert sound.asked == []
    assert with_sound(Speech(), sound.read) == Speech()


def test_missing_sound_changes_nothing() -> None:
    """A run without audio, or one whose newest sound is not on disk yet, keeps the scores' end."""
    assert with_sound(scored(1000, 1984), Sound(silence(0)).read) == scored(1000, 1984)
    assert with_sound(scored(1000, 1984), Sound(tone(1950, -20)).read) == scored(1000, 1984)
    assert with_sound(scored(1000, 1005), Sound(tone(1950, -20)).read) == scored(1000, 1005)


def test_only_the_last_seconds_are_read() -> None:
    """A monologue of ten minutes is not loaded for its end."""
    sound = Sound(tone(10_000, -20), silence(1000))
    assert with_sound(scored(0, 10_050), sound.read).end_ms == pytest.approx(10_000, abs=1)
    assert sound.asked == [("input", 24 * 7050, 24 * 3000)]
