"""The agent's own voice in the microphone is found with its delay; two people who talk at once are not an echo."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from voicelab.audio.clip import read_clip
from voicelab.audio.echo import Echo, EchoWatch
from voicelab.audio.samples import Samples, round_to_int16


def talk(seed: int, seconds: float = 10.0) -> Samples:
    """Noise that is loud and soft at the pace of syllables, differently for each seed and each band."""
    chance, n = np.random.default_rng(seed), round(seconds * 24_000)
    spectrum = np.fft.rfft(chance.normal(0, 1, n))
    hz = np.fft.rfftfreq(n, 1 / 24_000)
    made = np.zeros(n)
    for low, high in ((100, 400), (400, 1600), (1600, 6000)):
        steps = chance.uniform(-25, 0, n // 3000 + 2)
        gain_db = np.interp(np.arange(n), np.arange(len(steps)) * 3000, steps)
        made += np.fft.irfft(np.where((hz >= low) & (hz < high), spectrum, 0), n) * 10 ** (gain_db / 20)
    return round_to_int16(made * 4000 / made.std())


def compared(sent: Samples, played: Samples, late_ms: int = 0) -> list[Echo]:
    """Feed both in frames of 20 ms; what was played is told so much later than it was heard."""
    watch, found, n_late = EchoWatch(), [], late_ms * 24
    for k in range(0, len(sent) - 480, 480):
        at = k - n_late
        if at >= 0:
            watch.played(played[at : at + 480], at / 24)
        found += watch.sent(sent[k : k + 480], k / 24)
    return found


def echo_of(played: Samples, delay_ms: float, gain_db: float = -25.0) -> Samples:
    n = round(delay_ms * 24)
    noise = np.random.default_rng(3).normal(0, 5, len(played))
    return round_to_int16(np.concatenate([np.zeros(n), played])[: len(played)] * 10 ** (gain_db / 20) + noise)


@pytest.mark.parametrize("delay_ms", [0, 120, 480])
def test_an_echo_is_found_with_its_delay(delay_ms: int) -> None:
    """From no delay at all to half a second, to a frame."""
    far = talk(1)
    last = compared(echo_of(far, delay_ms), far)[-1]
    assert last.coming_back
    assert last.correlation > 0.8
    assert last.delay_ms == pytest.approx(delay_ms, abs=10)


def test_what_was_played_may_be_told_late() -> None:
    """A player that reports every 200 ms does not hide the echo."""
    far = talk(1)
    assert compared(echo_of(far, 100), far, late_ms=200)[-1].coming_back


def test_half_a_second_between_judgements() -> None:
    """Two a second, from the first on."""
    far = talk(1)
    times = [echo.at_ms for echo in compared(far, far)]
    assert set(np.diff(times)) == {500.0}


def test_silence_is_no_echo() -> None:
    """A microphone that hears nothing, or an agent that says nothing, gives 0."""
    far, nothing = talk(1), np.zeros(240_000, np.int16)
    for sent, played in ((nothing, far), (far, nothing), (nothing, nothing)):
        assert {(echo.correlation, echo.coming_back) for echo in compared(sent, played)} == {(0.0, False)}


def test_another_voice_is_no_echo() -> None:
    """Two who talk at once are not alike."""
    assert not any(echo.coming_back for echo in compared(talk(2), talk(1)))


def test_the_warning_goes_when_headphones_come() -> None:
    """It stays while the agent echoes, and ends once the microphone hears something else."""
    far = talk(1, 20)
    sent = np.concatenate([echo_of(far, 100)[:240_000], talk(2)])
    on = [echo.coming_back for echo in compared(sent, far)]
    assert any(on)
    assert not on[-1]
    assert sum(a != b for a, b in pairwise(on)) == 2


@pytest.mark.speech
def test_human_double_talk_never_fires_and_its_echo_does(speech_share: Path) -> None:
    """People talking over other people is not an echo; the same far end through a room is, from most speakers."""
    names = ("ami-EN2003a", "ami-ES2003b", "libri-0880", "libri-0920", "jfk", "ten-05", "ten-19", "pya-count")
    clips = [read_clip(speech_share / "audio" / f"{name}.wav").samples[:240_000] for name in names]
    found = []
    for near, far in zip(clips, clips[3:] + clips[:3], strict=True):
        n = min(len(near), len(far))
        assert not any(echo.coming_back for echo in compared(near[:n], far[:n]))
        found.append(any(echo.coming_back for echo in compared(echo_of(far, 120), far)))
    assert sum(found) >= 6
