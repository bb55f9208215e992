"""The input audio buffer, addressed by the input audio clock."""

from __future__ import annotations

import weakref

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voicelab.server.audio_buffer import AudioBuffer

STEP = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 30)),
    st.tuples(st.just("forget"), st.integers(-5, 200)),
    st.tuples(st.just("slice"), st.tuples(st.integers(-5, 200), st.integers(-5, 200))),
)


def test_keeps_what_is_asked_for_and_forgets_the_rest() -> None:
    """The buffer is addressed by the clock, also after its beginning was dropped inside a piece."""
    buffer = AudioBuffer()
    for k in range(10):
        buffer.append(np.full(10, k, np.int16))
    buffer.forget_before(35)
    assert (buffer.start, buffer.end) == (35, 100)
    assert buffer.slice(38, 42).tolist() == [3, 3, 4, 4]
    assert buffer.slice(0, 36).tolist() == [3]


@given(st.lists(STEP, max_size=40))
def test_is_an_array_whose_beginning_was_cut_off(steps: list[tuple[str, object]]) -> None:
    """Whatever is appended, forgotten and asked for, it gives what one long array would."""
    buffer, everything, start = AudioBuffer(), np.zeros(0, np.int16), 0
    for what, value in steps:
        if what == "append":
            piece = np.arange(len(everything), len(everything) + int(value), dtype=np.int16)
            buffer.append(piece)
            everything = np.concatenate([everything, piece])
        elif what == "forget":
            start = min(max(start, int(value)), len(everything))
            buffer.forget_before(int(value))
        else:
            low, high = value
            expected = everything[max(start, low) : max(start, low, high)]
            assert buffer.slice(low, high).tolist() == expected.tolist()
        assert (buffer.start, buffer.end) == (start, len(everything))


def test_appending_neither_copies_nor_joins_what_is_there() -> None:
    """A slice of the newest frame holds that frame alone, and what was appended is kept as it came."""
    buffer = AudioBuffer()
    pieces = [np.full(480, k, np.int16) for k in range(1_000)]
    for piece in pieces:
        buffer.append(piece)
    held = {id(piece) for piece in buffer._pieces}
    buffer.slice(buffer.end - 960, buffer.end)
    assert {id(piece) for piece in buffer._pieces} == held == {id(piece) for piece in pieces}


def test_what_is_forgotten_is_free() -> None:
    """A piece that lies wholly before the start is held no longer."""
    buffer, piece = AudioBuffer(), np.zeros(480, np.int16)
    forgotten = weakref.ref(piece)
    buffer.append(piece)
    buffer.append(np.zeros(480, np.int16))
    del piece
    buffer.forget_before(479)
    assert forgotten() is not None
    buffer.forget_before(481)
    assert forgotten() is None
