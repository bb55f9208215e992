"""Promises of `voicelab.audio.frames`."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voicelab.audio.frames import FRAME_MS, FRAME_SAMPLES, Framer
from voicelab.audio.samples import RATE_HZ


def test_a_frame_is_twenty_ms_long():
    """480 samples at 24 kHz are 20 ms."""
    assert FRAME_SAMPLES * 1000 == FRAME_MS * RATE_HZ


@given(st.lists(st.integers(0, 1500), max_size=12), st.integers(1, 700))
def test_frames_and_rest_are_the_stream_whatever_the_chunks(sizes, n_samples):
    """All frames have the exact length, the rest is shorter, and together they are the stream."""
    stream = np.arange(sum(sizes)).astype(np.int16)
    framer = Framer(n_samples)
    chunks = np.split(stream, np.cumsum(sizes)[:-1]) if sizes else []
    frames = [frame for chunk in chunks for frame in framer.feed(chunk)]
    rest = framer.rest()
    assert all(frame.shape == (n_samples,) and frame.dtype == np.int16 for frame in frames)
    assert rest.size < n_samples
    assert np.array_equal(np.concatenate([*frames, rest]), stream)


def test_a_frame_comes_out_with_the_sample_that_fills_it():
    """One sample short gives nothing; the missing sample gives the frame at once."""
    framer = Framer()
    assert framer.feed(np.zeros(479, np.int16)) == []
    assert len(framer.feed(np.zeros(1, np.int16))) == 1


def test_the_rest_is_given_once():
    """`rest` empties the framer."""
    framer = Framer()
    framer.feed(np.ones(100, np.int16))
    assert framer.rest().size == 100
    assert framer.rest().size == 0


def test_clear_forgets_what_did_not_fill_a_frame():
    """After `clear` the next frame begins with the next sample."""
    framer = Framer(4)
    framer.feed(np.array([1, 2, 3], np.int16))
    framer.clear()
    assert [frame.tolist() for frame in framer.feed(np.array([4, 5, 6, 7], np.int16))] == [[4, 5, 6, 7]]


def test_frames_do_not_change_when_the_sound_card_reuses_its_buffer():
    """Frames and rest are copies: overwriting the fed array leaves them alone."""
    buffer = np.full(6, 5, np.int16)
    framer = Framer(4)
    (frame,) = framer.feed(buffer)
    buffer[:] = 9
    assert frame.tolist() == [5, 5, 5, 5]
    assert framer.rest().tolist() == [5, 5]
