"""Whether a sound file is all there.

In: the bytes of a file. Out: the same bytes, or an error that says what is missing.
Does not know: samples. libsndfile reads those, but it reads WAV and OGG files that were cut short without a
word (of FLAC it complains by itself), and half a sentence would pass for a whole one.

WAV: a 12-byte head, then chunks of an 8-byte head (name, size) and a body padded to an even length
(Multimedia Programming Interface and Data Specifications 1.0, 1991). A program that writes to a pipe cannot
go back to fill in the sizes: ffmpeg leaves 0xFFFFFFFF, others 0 or about 2 GiB, and all mean "until the end
of the file".

OGG: pages of a 27-byte head, whose last byte is the length of a table that follows, then a body as long as
the sum of that table (RFC 3533, section 6).
"""

from __future__ import annotations

import struct

from voicelab.errors import AudioError

_UNKNOWN_FROM = 0x7FFF_F000  # sox writes this, arecord 0x80000000, ffmpeg 0xFFFFFFFF
_UNKNOWN = struct.pack("<I", 0xFFFF_FFFF)
_OGG_HEAD = 27


def whole_file(raw: bytes, where: str) -> bytes:
    """Return the bytes of a sound file, ready for libsndfile.

    Parameters
    ----------
    raw : bytes
        The file. What is neither WAV nor OGG comes back as it is.
    where : str
        Its path, for the error.

    Returns
    -------
    bytes
        The same, but for a data size of 0 that a streaming writer left: it becomes 0xFFFFFFFF, which means
        the same, because libsndfile takes 0 at its word.

    Raises
    ------
    AudioError
        If a WAV file promises more bytes than it has, or an OGG file ends within a page.
    """
    if raw[:4] == b"OggS" and _ends_within_a_page(raw):
        raise AudioError(f"{where}: cut short: its last page is not whole; copy or record it again")
    data_at = _data_chunk(raw)
    if data_at is None:
        return raw
    (n_promised,) = struct.unpack_from("<I", raw, data_at + 4)
    n_there = len(raw) - data_at - 8
    if n_promised == 0 and n_there > 0 and _riff_end(raw) <= data_at + 8:
        return raw[: data_at + 4] + _UNKNOWN + raw[data_at + 8 :]
    if n_there < n_promised < _UNKNOWN_FROM:
        raise AudioError(
            f"{where}: cut short: {n_there:,} bytes of sound are there, {n_promised:,} were promised; "
            "copy or record it again"
        )
    return raw


def _data_chunk(raw: bytes) -> int | None:
    """Return where the head of the data chunk begins, or None if this is not a WAV file or has none."""
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        return None
    at = 12
    while at + 8 <= len(raw):
        name, n_bytes = struct.unpack_from("<4sI", raw, at)
        if name == b"data":
            return at
        at += 8 + n_bytes + n_bytes % 2
    return None


def _riff_end(raw: bytes) -> int:
    """Return where the file ends by its own account; 0 if it does not know."""
    (n_bytes,) = struct.unpack_from("<I", raw, 4)
    return 0 if n_bytes >= _UNKNOWN_FROM else 8 + int(n_bytes)


def _ends_within_a_page(raw: bytes) -> bool:
    at = 0
    while raw[at : at + 4] == b"OggS" and at + _OGG_HEAD <= len(raw):
        n_table = raw[at + _OGG_HEAD - 1]
        body_at = at + _OGG_HEAD + n_table
        at = body_at + sum(raw[at + _OGG_HEAD : body_at])
    rest = raw[at : at + 4]
    return at > len(raw) or (rest != b"" and b"OggS".startswith(rest))
