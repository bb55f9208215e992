"""A microphone's level is right, and each warning comes when it should, stays, and goes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from voicelab.audio.clip import read_clip
from voicelab.audio.meter import Level, Meter, n_in_clipped_runs
from voicelab.audio.resample import convert_float
from voicelab.audio.samples import Samples, to_int16


def levels(samples: Samples, piece: int = 480, meter: Meter | None = None, at_ms: float = 0.0) -> list[Level]:
    meter = meter or Meter()
    pieces = range(0, len(samples), piece)
    return [level for k in pieces for level in meter.feed(samples[k : k + piece], at_ms + k / 24)]


def sine(ms: float, hz: float = 440.0, peak: float = 0.5) -> Samples:
    return to_int16(peak * np.sin(2 * np.pi * hz * np.arange(round(ms * 24)) / 24_000))


def noise(ms: float, peak: float = 0.01) -> Samples:
    return to_int16(peak * np.random.default_rng(5).uniform(-1, 1, round(ms * 24)))


def turned_on(found: list[Level], name: str) -> list[float]:
    """Return the times at which a warning came on."""
    before = [False, *(name in level.warnings for level in found)]
    return [level.at_ms for level, was in zip(found, before, strict=False) if name in level.warnings and not was]


def test_a_sine_has_the_level_that_the_textbook_says() -> None:
    """A sine at half of full scale: peak -6.02 dBFS, RMS 3.01 dB below it, ten levels a second."""
    found = levels(sine(1000))
    assert [round(level.at_ms) for level in found] == list(range(100, 1001, 100))
    assert found[4].rms_dbfs == pytest.approx(-9.03, abs=0.02)
    assert found[4].peak_dbfs == pytest.approx(-6.02, abs=0.02)
    assert found[4].warnings == ()


@pytest.mark.parametrize("piece", [1, 479, 2400, 7000])
def test_pieces_of_any_size_give_the_same_levels(piece: int) -> None:
    """How the sound is cut on its way changes nothing."""
    assert levels(noise(1100), piece) == levels(noise(1100))


def test_a_gap_begins_a_new_window() -> None:
    """No level mixes sound from before a gap with sound from after it."""
    meter = Meter()
    assert meter.feed(sine(90), 0.0) == []
    assert meter.feed(sine(90), 5000.0) == []
    (level,) = meter.feed(sine(10), 5090.0)
    assert level.at_ms == pytest.approx(5100.0)


@pytest.mark.parametrize("value", [0, -1, 300])
def test_no_change_at_all_for_two_seconds_is_a_muted_microphone(value: int) -> None:
    """Exact zeros, or any other value that stands still; sound has to come back for 300 ms to end it."""
    stuck, quiet = np.full(24 * 2500, value, np.int16), noise(1000, 0.0005)
    found = levels(np.concatenate([quiet, stuck, quiet[: 24 * 200], stuck[: 24 * 500], quiet]))
    assert turned_on(found, "silent") == [3000.0]
    off = [level.at_ms for level in found if level.at_ms > 3000 and "silent" not in level.warnings]
    assert off[0] == 4500.0


def test_a_quiet_room_is_not_silence() -> None:
    """Noise of one bit is proof of a living microphone."""
    assert not turned_on(levels(noise(5000, 0.00005)), "silent")


def test_clipped_speech_is_told_and_the_warning_stays_until_three_seconds_were_clean() -> None:
    """It does not flicker with the syllables."""
    loud, quiet = sine(200, peak=1.6), sine(1400, peak=0.2)
    found = levels(np.concatenate([loud, quiet, loud, quiet, sine(4000, peak=0.2)]))
    assert turned_on(found, "clipping") == [200.0]
    assert found[1].n_clipped > 0
    assert "clipping" in found[40].warnings
    assert found[-1].warnings == ()


def test_a_full_scale_tone_that_is_not_cut_off_is_not_clipping() -> None:
    """Touching the top is not standing at it; one run alone, such as a click, is no warning."""
    assert n_in_clipped_runs(sine(500, hz=300, peak=0.999)) == 0
    click = noise(3000)
    click[5000:5004] = 32767
    assert not turned_on(levels(click), "clipping")


def test_the_two_rails_do_not_add_up_to_a_run() -> None:
    """Jumping from one end to the other is not standing at one; three samples are a run, two are none."""
    assert n_in_clipped_runs(np.array([32767, 32767, -32768, -32768, 0], np.int16)) == 0
    assert n_in_clipped_runs(np.array([0, -32768, -32768, -32768, 0, 32767, 32767], np.int16)) == 3


def test_silence_can_be_written_down() -> None:
    """An event holds JSON only: no minus infinity."""
    (level,) = levels(np.zeros(2400, np.int16))
    assert math.isinf(level.rms_dbfs)
    assert level.to_event() == {"rms_dbfs": None, "peak_dbfs": None, "n_clipped": 0, "warnings": []}


def _half_minute(samples: Samples) -> Samples:
    return np.tile(samples, -(-24 * 30_000 // len(samples)))[: 24 * 30_000]


def _telephone(samples: Samples) -> Samples:
    """What an 8 kHz line leaves, and the noise of its end."""
    narrow: NDArray[np.float32] = convert_float((samples / 32768).astype(np.float32), 24_000, 8_000)
    back = convert_float(narrow, 8_000, 24_000)
    return to_int16(back + np.random.default_rng(1).normal(0, 1e-4, len(back)))


@pytest.mark.speech
def test_speech_from_a_telephone_is_told_from_speech_of_a_wide_microphone(speech_share: Path) -> None:
    """Every phone clip of the shared speech warns once and steadily, and no other clip does."""
    warned = {}
    for path in sorted((speech_share / "audio").glob("*.wav"))[::3]:
        found = levels(_half_minute(read_clip(path).samples), 4800)
        warned[path.stem] = len(turned_on(found, "band_limited"))
    assert {name: n for name, n in warned.items() if n} == {name: 1 for name in warned if name.startswith("turn-phone")}
    assert sum(warned.values()) >= 5


@pytest.mark.speech
def test_the_same_voice_warns_through_a_telephone_only(speech_share: Path) -> None:
    """Changing to a wide microphone ends the warning."""
    wide = _half_minute(read_clip(speech_share / "audio" / "libri-0880.wav").samples)
    assert not turned_on(levels(wide), "band_limited")
    found = levels(np.concatenate([_telephone(wide), wide]))
    assert len(turned_on(found, "band_limited")) == 1
    assert found[-1].warnings == ()


def test_hum_is_not_taken_for_speech() -> None:
    """A steady sound has nothing above 4 kHz either, and nobody is told to change the microphone."""
    assert not turned_on(levels(sine(20_000, hz=200, peak=0.2)), "band_limited")
