"""Promises of `voicelab.runlog.tracks`."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runlog.full_disk import files_end_at
from voicelab.audio.samples import Samples
from voicelab.runlog.tracks import WavTrack, read_track


def ramp(n: int, first: int = 1) -> Samples:
    return np.arange(first, first + n).astype(np.int16)


def on_disk(path: Path) -> Samples:
    """Return the samples that any player would find."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)


def test_samples_come_back_as_they_were_written(tmp_path: Path) -> None:
    """16 bit, one channel, 24 kHz; every value of int16."""
    track = WavTrack(tmp_path / "a.wav")
    samples = np.array([-32_768, -1, 0, 1, 32_767], np.int16)
    track.write(0, samples)
    track.close()
    assert np.array_equal(on_disk(tmp_path / "a.wav"), samples)
    assert track.n_samples == 5


def test_a_gap_becomes_silence(tmp_path: Path) -> None:
    """Positions are sample numbers: what was never written is zero."""
    track = WavTrack(tmp_path / "a.wav")
    track.write(3, ramp(2))
    track.write(8, ramp(1, 9))
    track.close()
    assert on_disk(tmp_path / "a.wav").tolist() == [0, 0, 0, 1, 2, 0, 0, 0, 9]


def test_a_long_gap_is_exact(tmp_path: Path) -> None:
    """More silence than is written at once: 25 s and one sample."""
    track = WavTrack(tmp_path / "a.wav")
    track.write(25 * 24_000 + 1, ramp(1))
    track.close()
    samples = on_disk(tmp_path / "a.wav")
    assert len(samples) == 25 * 24_000 + 2
    assert samples[-1] == 1
    assert not samples[:-1].any()


def test_a_track_never_changes_its_past(tmp_path: Path) -> None:
    """Samples before the end of the file are skipped; what reaches beyond it is written."""
    track = WavTrack(tmp_path / "a.wav")
    track.write(0, ramp(4))
    track.write(2, ramp(4, 11))
    track.write(0, ramp(3, 21))
    track.close()
    assert on_disk(tmp_path / "a.wav").tolist() == [1, 2, 3, 4, 13, 14]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)), max_size=8))
def test_writes_in_any_order_leave_the_first_word_at_each_place(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, int]]
) -> None:
    """The same as an array to which each write may only append."""
    path = tmp_path_factory.mktemp("track") / "a.wav"
    track, expected = WavTrack(path), np.zeros(0, np.int16)
    for k, (start, n) in enumerate(writes):
        track.write(start, np.full(n, k + 1, np.int16))
        expected = np.concatenate([expected, np.zeros(max(0, start - len(expected)), np.int16)])
        expected = np.concatenate([expected, np.full(max(0, start + n - len(expected)), k + 1, np.int16)])
    track.close()
    assert np.array_equal(on_disk(path), expected)


def test_the_file_is_whole_while_its_writer_is_alive(tmp_path: Path) -> None:
    """From the first moment and after each flush the file opens and holds everything: so a killed writer leaves it."""
    track = WavTrack(tmp_path / "a.wav")
    assert len(on_disk(tmp_path / "a.wav")) == 0
    for n in range(1, 4):
        track.write(track.n_samples, ramp(480))
        track.flush()
        assert len(on_disk(tmp_path / "a.wav")) == n * 480
    track.close()


def test_what_was_not_flushed_does_not_spoil_the_file(tmp_path: Path) -> None:
    """Killed after more sound than a buffer holds: up to the last flush the file is right, whatever lies behind it."""
    track = WavTrack(tmp_path / "a.wav")
    track.write(0, ramp(480))
    track.flush()
    track.write(480, ramp(100_000))
    assert (tmp_path / "a.wav").stat().st_size > 100_000
    assert np.array_equal(on_disk(tmp_path / "a.wav"), ramp(480))
    assert np.array_equal(read_track(tmp_path / "a.wav"), ramp(480))
    track.close()
    assert len(on_disk(tmp_path / "a.wav")) == 100_480


def test_any_stretch_of_a_track_can_be_read(tmp_path: Path) -> None:
    """From a sample, so many; without a number to the end; beyond the end nothing."""
    track = WavTrack(tmp_path / "a.wav")
    track.write(0, ramp(10))
    track.close()
    path = tmp_path / "a.wav"
    assert read_track(path).tolist() == list(range(1, 11))
    assert read_track(path, 3, 4).tolist() == [4, 5, 6, 7]
    assert read_track(path, 8, 100).tolist() == [9, 10]
    assert read_track(path, 10, 5).tolist() == read_track(path, 99).tolist() == []
    assert read_track(path, 2).dtype == np.int16


def test_what_has_been_read_may_be_written_into(tmp_path: Path) -> None:
    """The samples are the reader's own."""
    track = WavTrack(tmp_path / "a.wav")
    track.write(0, ramp(3))
    track.close()
    read_track(tmp_path / "a.wav")[0] = 7
    assert read_track(tmp_path / "a.wav").tolist() == [1, 2, 3]


@pytest.mark.parametrize("data", [None, b"", b"RIFF", b"no sound at all, but text"])
def test_a_track_that_is_not_there_is_empty(data: bytes | None, tmp_path: Path) -> None:
    """No file, an empty one, or one that is no WAV: there is no sound."""
    path = tmp_path / "a.wav"
    if data is not None:
        path.write_bytes(data)
    assert read_track(path).shape == (0,)


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """A disk that lost the end, in the middle of a sample, leaves the whole samples before."""
    track = WavTrack(tmp_path / "a.wav")
    track.write(0, ramp(10))
    track.close()
    data = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(data[:-3])
    assert read_track(tmp_path / "a.wav").tolist() == list(range(1, 9))


def test_a_full_disk_costs_what_came_after_it(tmp_path: Path) -> None:
    """What was flushed before is whole and reads; the error is the system's; closing again is harmless."""
    track = WavTrack(tmp_path / "a.wav")
    track.write(0, ramp(480))
    track.flush()
    with files_end_at(2_000):
        track.write(480, ramp(4_800))
        with pytest.raises(OSError, match="File too large"):
            track.flush()
        assert np.array_equal(on_disk(tmp_path / "a.wav"), ramp(480))
        with pytest.raises(OSError, match="File too large"):
            track.close()
    track.close()
    assert np.array_equal(read_track(tmp_path / "a.wav"), ramp(480))


def test_a_disk_with_room_again_gets_what_was_refused(tmp_path: Path) -> None:
    """No sample is lost, doubled or moved by a refusal in between."""
    track = WavTrack(tmp_path / "a.wav")
    with files_end_at(2_000), pytest.raises(OSError, match="File too large"):
        track.write(0, ramp(100_000))
    track.write(track.n_samples, ramp(10, 7))
    n_samples = track.n_samples
    track.close()
    assert 0 < n_samples < 100_000
    expected = np.concatenate([ramp(100_000)[: n_samples - 10], ramp(10, 7)])
    assert np.array_equal(on_disk(tmp_path / "a.wav"), expected)


def test_a_track_ends_where_its_header_cannot_count_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a day of sound there is an error that the writer of a folder understands, and no broken file."""
    monkeypatch.setattr("voicelab.runlog.tracks.MOST_SAMPLES", 500)
    track = WavTrack(tmp_path / "a.wav")
    track.write(0, ramp(480))
    with pytest.raises(OSError, match="no more than 24 hours"):
        track.write(480, ramp(21))
    track.close()
    assert len(on_disk(tmp_path / "a.wav")) == 480
