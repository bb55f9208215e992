"""What travels between the page and the kernel: packed, read back, refused."""

from __future__ import annotations

import numpy as np
import pytest

from voicelab.errors import ProtocolError
from voicelab.widgets.sound.wire import MOST_BYTES, Chunk, number, pack_chunk, read_message, unpack_chunk


def test_chunk_comes_back_as_it_was_packed() -> None:
    """Numbers and samples survive, the extremes too."""
    samples = np.array([0, 1, -1, 32_767, -32_768], np.int16)
    chunk = unpack_chunk(pack_chunk(Chunk(7, 480, True, samples)))
    assert (chunk.generation, chunk.first, chunk.begins) == (7, 480, True)
    assert np.array_equal(chunk.samples, samples)


def test_chunk_is_little_endian_with_a_head_of_12_bytes() -> None:
    """The form that the page's JavaScript writes."""
    data = pack_chunk(Chunk(1, 2, False, np.array([258], np.int16)))
    assert data == b"\x01\0\0\0\x02\0\0\0\0\0\0\0\x02\x01"


@pytest.mark.parametrize("data", [b"", b"\0" * 11, b"\0" * 13, b"\0" * (MOST_BYTES + 2)])
def test_bytes_that_are_no_chunk_are_refused(data: bytes) -> None:
    """Too short, half a sample, too long."""
    with pytest.raises(ProtocolError, match="no chunk"):
        unpack_chunk(data)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "{}", '{"type": 1}'])
def test_text_that_is_no_message_is_refused(text: str) -> None:
    """A message is an object with a type."""
    with pytest.raises(ProtocolError):
        read_message(text)


@pytest.mark.parametrize("value", [None, "1", True, -1, float("nan"), float("inf"), 2**60])
def test_number_that_cannot_be_meant_is_refused(value: object) -> None:
    """What a page says of counts is held against sense."""
    with pytest.raises(ProtocolError, match="position"):
        number({"type": "played", "position": value}, "position")
