"""Promises of `voicelab.audio.clip`, on real files of many kinds."""

from __future__ import annotations

import os
import struct
import sys
import wave

import numpy as np
import pytest
import soundfile

from voicelab.audio import clip as clip_module
from voicelab.audio import samples as samples_module
from voicelab.audio.clip import RATE_HZ, Clip, read_clip, write_wav
from voicelab.audio.signals import noise, tone
from voicelab.errors import AudioError


def sine(rate_hz, hz=440, seconds=1.0, amplitude=0.3):
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz)


def refusal(path):
    with pytest.raises(AudioError) as caught:
        read_clip(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_what_is_written_is_read_back_exactly(tmp_path):
    """A 24 kHz mono 16-bit WAV is not changed by one bit, and nothing is said to be converted."""
    samples = np.concatenate([noise(100, -10, seed=1), np.array([-32768, 32767], np.int16)])
    write_wav(tmp_path / "hello.wav", samples)
    clip = read_clip(tmp_path / "hello.wav")
    assert np.array_equal(clip.samples, samples)
    assert (clip.samples.dtype, clip.name, clip.converted, clip.rate_hz) == (np.int16, "hello", "", 24_000)


def test_a_written_file_is_16_bit_mono_at_its_rate(tmp_path):
    """Any other program reads it by its head."""
    write_wav(str(tmp_path / "a.wav"), tone(440, 20), rate_hz=16_000)
    with wave.open(str(tmp_path / "a.wav")) as file:
        head = (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes())
    assert head == (1, 2, 16_000, 480)


def test_writing_floats_is_a_mistake_not_noise(tmp_path):
    """Samples that are not int16 are refused before a file exists."""
    with pytest.raises(TypeError):
        write_wav(tmp_path / "a.wav", np.zeros(10))
    assert not (tmp_path / "a.wav").exists()


def test_writing_where_no_folder_is_says_so(tmp_path):
    """One clear line with the path."""
    with pytest.raises(AudioError, match=r"nowhere.*cannot be written: No such file"):
        write_wav(tmp_path / "nowhere" / "a.wav", tone(440, 20))


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("ending", ["wav", "flac", "ogg"])
def test_any_rate_and_format_becomes_24_khz(tmp_path, rate_hz, ending):
    """A 440 Hz tone is a 440 Hz tone of the same length and level, and the reader says what it changed."""
    path = tmp_path / f"tone.{ending}"
    soundfile.write(path, sine(rate_hz), rate_hz)
    clip = read_clip(path)
    spectrum = np.abs(np.fft.rfft(clip.samples[:24_000]))
    assert clip.duration_ms == pytest.approx(1000, abs=1)
    assert np.argmax(spectrum) == 440
    assert np.sqrt(np.mean(np.square(clip.samples, dtype=float))) == pytest.approx(0.3 * 32768 / 2**0.5, rel=0.03)
    assert clip.converted == f"from {rate_hz:,} Hz mono {ending.upper()}"


def test_stereo_is_mixed_to_mono_in_equal_parts(tmp_path):
    """Each channel counts half, and the reader says so."""
    path = tmp_path / "two.flac"
    soundfile.write(path, np.column_stack([np.full(2400, 8000), np.full(2400, 2000)]).astype(np.int16), 24_000)
    clip = read_clip(path)
    assert set(clip.samples.tolist()) == {5000}
    assert clip.converted == "from 24,000 Hz stereo FLAC"


def test_a_microphone_array_is_named_by_its_channels(tmp_path):
    """More than two channels are counted."""
    soundfile.write(tmp_path / "six.wav", np.full((2400, 6), 600, np.int16), 24_000)
    clip = read_clip(tmp_path / "six.wav")
    assert set(clip.samples.tolist()) == {600}
    assert clip.converted == "from 24,000 Hz 6-channel WAV"


@pytest.mark.parametrize(("subtype", "word"), [("PCM_24", "24-bit"), ("PCM_32", "32-bit"), ("FLOAT", "32-bit float")])
def test_a_depth_that_16_bits_cannot_hold_is_said(tmp_path, subtype, word):
    """Rounding to 16 bits is a change too."""
    soundfile.write(tmp_path / "deep.wav", sine(24_000), 24_000, subtype=subtype)
    clip = read_clip(tmp_path / "deep.wav")
    assert clip.converted == f"from 24,000 Hz mono {word} WAV"
    assert np.abs(clip.samples - sine(24_000) * 32768).max() <= 0.51


def test_floats_above_full_scale_are_clipped_and_counted(tmp_path):
    """The loudest samples stay at full scale, never wrap, and the user is told how many there were."""
    values = np.full(2400, 0.25, np.float32)
    values[100:103] = [1.5, -1.5, 3.0]
    soundfile.write(tmp_path / "hot.wav", values, 24_000, subtype="FLOAT")
    clip = read_clip(tmp_path / "hot.wav")
    assert clip.samples[99:104].tolist() == [8192, 32767, -32768, 32767, 8192]
    assert clip.converted.endswith("WAV, 3 samples above full scale were clipped")


def test_a_missing_file_is_refused(tmp_path):
    """The path is in the line."""
    assert "no such file" in refusal(tmp_path / "missing.wav")


def test_a_directory_is_refused(tmp_path):
    """A run folder is not a clip."""
    assert "is a directory" in refusal(tmp_path)


def test_an_empty_file_is_refused(tmp_path):
    """0 bytes, as a recorder that crashed leaves."""
    (tmp_path / "empty.wav").touch()
    assert "0 bytes" in refusal(tmp_path / "empty.wav")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    """The operating system's reason is in the line."""
    write_wav(tmp_path / "secret.wav", tone(440, 20))
    (tmp_path / "secret.wav").chmod(0)
    assert "cannot be read: Permission denied" in refusal(tmp_path / "secret.wav")


def test_a_path_below_a_file_is_refused(tmp_path):
    """The operating system's reason is in the line."""
    (tmp_path / "notes").write_text("x")
    assert "cannot be read: Not a directory" in refusal(tmp_path / "notes" / "a.wav")


def test_what_is_not_sound_is_refused(tmp_path):
    """A text with the ending of a WAV file."""
    (tmp_path / "text.wav").write_text("this is not sound " * 50)
    assert "is not sound that can be read" in refusal(tmp_path / "text.wav")


def test_a_file_without_samples_is_refused(tmp_path):
    """A head and nothing else."""
    write_wav(tmp_path / "none.wav", np.empty(0, np.int16))
    assert "holds no samples" in refusal(tmp_path / "none.wav")


def test_a_wav_cut_short_is_refused_with_both_sizes(tmp_path):
    """A half-copied file would otherwise be a shorter sentence, and no one would know."""
    write_wav(tmp_path / "half.wav", tone(440, 1000))
    whole = (tmp_path / "half.wav").read_bytes()
    (tmp_path / "half.wav").write_bytes(whole[:20_044])
    message = refusal(tmp_path / "half.wav")
    assert "20,000 bytes" in message
    assert "48,000" in message


@pytest.mark.parametrize("ending", ["flac", "ogg"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_compressed_file_cut_short_is_refused(tmp_path, ending, share):
    """Half a sentence never passes for a whole one."""
    path = tmp_path / f"half.{ending}"
    soundfile.write(path, noise(3000, -20, seed=1), 24_000)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    refusal(path)


@pytest.mark.parametrize(("riff_size", "data_size"), [(0, 0), (0xFFFF_FFFF, 0xFFFF_FFFF), (0, 0xFFFF_FFFF), (36, 0)])
def test_a_wav_streamed_through_a_pipe_is_read_whole(tmp_path, riff_size, data_size):
    """A writer that could not go back leaves 0 or 0xFFFFFFFF: both mean "until the end"."""
    samples = tone(440, 500)
    write_wav(tmp_path / "pipe.wav", samples)
    raw = bytearray((tmp_path / "pipe.wav").read_bytes())
    struct.pack_into("<I", raw, 4, riff_size)
    struct.pack_into("<I", raw, 40, data_size)
    (tmp_path / "pipe.wav").write_bytes(raw)
    assert np.array_equal(read_clip(tmp_path / "pipe.wav").samples, samples)


def test_an_mp3_cut_short_is_refused_with_both_lengths(tmp_path):
    """Formats beyond WAV, FLAC and OGG are read as far as libsndfile can, and not silently shortened."""
    if "MP3" not in soundfile.available_formats():
        pytest.skip("this libsndfile has no MP3")
    path = tmp_path / "half.mp3"
    soundfile.write(path, noise(3000, -20, seed=1), 24_000)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "72,000 were promised" in refusal(path)


def test_a_flac_streamed_through_a_pipe_is_refused_with_the_way_out(tmp_path):
    """Its head does not hold a length, and libsndfile cannot read such a file."""
    path = tmp_path / "pipe.flac"
    soundfile.write(path, tone(440, 500), 24_000)
    raw = bytearray(path.read_bytes())
    raw[21] &= 0xF0  # the number of samples: the last 36 bits before the checksum in STREAMINFO (RFC 9639, 8.2)
    raw[22:26] = bytes(4)
    path.write_bytes(raw)
    assert "convert it to WAV" in refusal(path)


def test_without_soundfile_the_line_says_what_to_install(tmp_path, monkeypatch):
    """No traceback of an import."""
    monkeypatch.setitem(sys.modules, "soundfile", None)
    write_wav(tmp_path / "a.wav", tone(440, 20))
    assert "pip install soundfile" in refusal(tmp_path / "a.wav")


def test_digital_silence_is_refused(tmp_path):
    """Every sample 0 means that a microphone was off, not that someone was quiet."""
    write_wav(tmp_path / "mute.wav", np.zeros(24_000, np.int16))
    assert "contains only digital silence" in refusal(tmp_path / "mute.wav")


def test_one_sample_above_silence_is_a_clip(tmp_path):
    """Quiet is not digital silence."""
    samples = np.zeros(2400, np.int16)
    samples[1000] = 1
    write_wav(tmp_path / "quiet.wav", samples)
    assert np.array_equal(read_clip(tmp_path / "quiet.wav").samples, samples)


def test_two_channels_that_cancel_are_refused_and_not_called_silence(tmp_path):
    """The file has sound, the mix has none; the line does not blame the microphone."""
    soundfile.write(tmp_path / "anti.wav", np.column_stack([sine(24_000), -sine(24_000)]), 24_000)
    assert "nothing is left of it as 16-bit mono" in refusal(tmp_path / "anti.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers_are_refused(tmp_path, bad):
    """One NaN would silently spread through every filter."""
    values = sine(24_000).astype(np.float32)
    values[500] = bad
    soundfile.write(tmp_path / "nan.wav", values, 24_000, subtype="FLOAT")
    assert "not numbers" in refusal(tmp_path / "nan.wav")


def test_a_path_with_spaces_and_letters_of_any_script_is_read(tmp_path):
    """Names are not touched."""
    path = tmp_path / "пример один äß.wav"
    write_wav(path, tone(440, 20))
    assert read_clip(path).name == "пример один äß"


def test_a_clip_knows_its_length():
    """480 samples are 20 ms; a clip made by hand needs no name."""
    clip = Clip(tone(440, 20))
    assert (clip.duration_ms, clip.rate_hz, clip.name, clip.converted) == (20.0, 24_000, "clip", "")


def test_the_names_of_the_samples_module_are_at_hand_with_the_clip():
    """One import is enough for who works with clips."""
    assert RATE_HZ == samples_module.RATE_HZ == 24_000
    assert clip_module.dbfs is samples_module.dbfs
    assert set(clip_module.__all__) >= {"Samples", "dbfs", "read_clip", "write_wav"}


@pytest.mark.speech
def test_human_speech_at_16_khz_is_read_whole(speech_share):
    """Real recordings keep their length, and their samples where soxr takes them back to 16 kHz."""
    from voicelab.audio.resample import convert

    paths = sorted((speech_share / "audio").glob("*.wav"))[:12]
    assert paths
    for path in paths:
        with wave.open(str(path)) as file:
            original = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
        clip = read_clip(path)
        error = convert(clip.samples, 24_000, 16_000) - original
        assert clip.converted == "from 16,000 Hz mono WAV"
        assert abs(clip.samples.size - original.size * 1.5) <= 0.5
        assert np.mean(error**2) < 1e-3 * np.mean(original**2)
