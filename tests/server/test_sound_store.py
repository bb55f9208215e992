"""The sound of a conversation, on disk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.server.sound_store import SoundStore, Stretch

PIECES = st.lists(st.lists(st.integers(-32_768, 32_767), max_size=20), max_size=8)


@given(PIECES, st.data())
def test_gives_back_every_stretch_as_it_was_put_in(pieces: list[list[int]], data: st.DataObject) -> None:
    """Bit for bit, in any order, also after reading in between."""
    store = SoundStore()
    kept = []
    for piece in pieces:
        kept.append((store.add(np.array(piece, np.int16)), piece))
        stretch, samples = data.draw(st.sampled_from(kept))
        assert store.read([stretch]).tolist() == samples
    assert store.read([stretch for stretch, _ in kept]).tolist() == [s for _, piece in kept for s in piece]
    store.close()


def test_part_of_a_stretch_can_be_read() -> None:
    """Any samples from any place, joined in the order asked for."""
    store = SoundStore()
    store.add(np.arange(100, dtype=np.int16))
    assert store.read([Stretch(50, 2), Stretch(10, 3)]).tolist() == [50, 51, 10, 11, 12]
    assert store.read([Stretch(7, 0)]).tolist() == []
    assert store.read([]).dtype == np.int16
    store.close()


def test_what_is_read_can_be_changed_without_changing_the_store() -> None:
    """A reader owns what it reads."""
    store = SoundStore()
    stretch = store.add(np.ones(10, np.int16))
    store.read([stretch])[:] = 7
    assert store.read([stretch]).tolist() == [1] * 10
    store.close()


def test_sound_is_gone_when_it_was_let_go() -> None:
    """A closed store gives nothing any more, rather than something wrong."""
    store = SoundStore()
    stretch = store.add(np.ones(10, np.int16))
    store.close()
    with pytest.raises(ValueError, match="closed"):
        store.read([stretch])
