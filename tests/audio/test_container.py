"""Promises of `voicelab.audio.container`."""

from __future__ import annotations

import struct

import pytest

from voicelab.audio.container import whole_file
from voicelab.errors import AudioError

FORMAT = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 24_000, 48_000, 2, 16)


def wav(n_promised, body, riff_size=None, before=b""):
    chunks = b"WAVE" + FORMAT + before + b"data" + struct.pack("<I", n_promised) + body
    return b"RIFF" + struct.pack("<I", len(chunks) if riff_size is None else riff_size) + chunks


@pytest.mark.parametrize(
    "raw", [b"", b"RIFF", b"fLaC and more", wav(4, b"abcd")[:36], wav(4, b"abcd"), wav(4, b"abcdLIST")]
)
def test_what_is_whole_or_no_wav_comes_back_as_it_is(raw):
    """Only a WAV file whose sizes do not fit is touched."""
    assert whole_file(raw, "a.wav") == raw


def test_a_file_cut_short_is_refused_with_both_sizes():
    """The error names the file, what is there and what was promised."""
    with pytest.raises(AudioError, match=r"a\.wav: cut short: 1,000 bytes .* 48,000 were promised"):
        whole_file(wav(48_000, bytes(1000)), "a.wav")


def test_a_chunk_of_odd_length_is_skipped_with_its_padding():
    """The data chunk is found behind a LIST chunk of 3 bytes and its one byte of padding."""
    before = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    with pytest.raises(AudioError, match="2 bytes"):
        whole_file(wav(4, b"ab", before=before), "a.wav")


@pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x8000_0000, 0x7FFF_F000])
def test_the_sizes_of_streaming_writers_mean_unknown(size):
    """Sizes that no clip has are not a promise."""
    raw = wav(size, b"abcd", riff_size=0xFFFF_FFFF)
    assert whole_file(raw, "a.wav") == raw


@pytest.mark.parametrize("riff_size", [0, 0xFFFF_FFFF, 36])
def test_a_data_size_of_zero_with_sound_behind_it_becomes_unknown(riff_size):
    """The writer could not go back; libsndfile would read nothing."""
    assert whole_file(wav(0, b"abcd", riff_size), "a.wav") == wav(0xFFFF_FFFF, b"abcd", riff_size)


def test_an_empty_data_chunk_before_another_chunk_stays_empty():
    """The file accounts for the bytes behind its empty data chunk: they are not sound."""
    raw = wav(0, b"LIST" + struct.pack("<I", 4) + b"abcd")
    assert whole_file(raw, "a.wav") == raw


def page(body, n_table=None):
    table = bytes([255] * (len(body) // 255) + [len(body) % 255]) if n_table is None else bytes(n_table)
    return b"OggS" + bytes(22) + bytes([len(table)]) + table + body


def test_an_ogg_file_of_whole_pages_comes_back_as_it_is():
    """Short, long and empty pages."""
    raw = page(b"head") + page(bytes(1000)) + page(b"", n_table=0)
    assert whole_file(raw, "a.ogg") == raw


@pytest.mark.parametrize("n_missing", [1, 500, 1000, 1004, 1010, 1030])
def test_an_ogg_file_that_ends_within_a_page_is_refused(n_missing):
    """Whether the body, the table, the head or its first four letters are cut."""
    raw = page(b"head") + page(bytes(1000))
    with pytest.raises(AudioError, match=r"a\.ogg: cut short"):
        whole_file(raw[:-n_missing], "a.ogg")


def test_what_follows_the_pages_of_an_ogg_file_is_left_to_the_decoder():
    """Other bytes behind the last page are no sign of a missing part."""
    raw = page(b"head") + b"TAG of another program"
    assert whole_file(raw, "a.ogg") == raw
