"""The outline of live sound: what was said, at its place, for the last two minutes, and nothing that was not heard."""

from __future__ import annotations

import numpy as np
import pytest

from voicelab.audio.signals import tone
from voicelab.runlog.loudness import BUCKET_SAMPLES, Loudness, outline

SOUND = tone(440, 500)


@pytest.mark.parametrize("piece", [1, 77, 240, 480, 2_401])
def test_pieces_of_any_size_give_the_outline_of_the_whole(piece: int) -> None:
    """How sound arrives does not show: each bucket is the least and the greatest of its samples."""
    live = Loudness()
    for at in range(0, len(SOUND), piece):
        live.take("input", at, SOUND[at : at + piece])
    first, buckets = live.since("input", 0)
    whole = outline(SOUND)
    assert first == 0
    assert len(buckets) == len(whole)
    # A live bucket begins as silence, so it holds 0 as well.
    assert (buckets[:, 0] == np.minimum(whole[:, 0], 0)).all()
    assert (buckets[:, 1] == np.maximum(whole[:, 1], 0)).all()


def test_a_gap_is_silence_also_where_the_ring_was_used_before() -> None:
    """Sound that is older than what is kept never shows up in a gap."""
    live = Loudness(most_buckets=10)
    live.take("input", 0, tone(440, 100))
    live.take("input", 25 * BUCKET_SAMPLES, tone(440, 10))
    first, buckets = live.since("input", 0)
    assert (first, len(buckets)) == (16, 10)
    assert not buckets[:-1].any()
    assert buckets[-1].any()


@pytest.mark.parametrize("piece", [77, 480, 5_000])
def test_however_long_it_goes_on_the_newest_are_kept(piece: int) -> None:
    """The last seven of fifty buckets, wherever the pieces ended; what is said late, far back, changes none of them."""
    live = Loudness(most_buckets=7)
    for at in range(0, len(SOUND), piece):
        live.take("input", at, SOUND[at : at + piece])
        live.take("input", max(0, at - 30 * BUCKET_SAMPLES), SOUND[:100])
    first, buckets = live.since("input", 0)
    whole = outline(SOUND)
    assert (first, len(buckets)) == (len(whole) - 7, 7)
    assert (buckets[:, 0] == np.minimum(whole[-7:, 0], 0)).all()
    assert (buckets[:, 1] == np.maximum(whole[-7:, 1], 0)).all()


def test_a_view_asks_only_for_what_is_new() -> None:
    """From a bucket on; nothing where nothing is new."""
    live = Loudness()
    live.take("heard", 0, SOUND)
    assert live.since("heard", 48)[0] == 48
    assert len(live.since("heard", 48)[1]) == 2
    assert len(live.since("heard", 50)[1]) == 0
    assert len(live.since("input", 0)[1]) == 0


def test_what_was_not_heard_is_taken_back() -> None:
    """After an interruption the buckets behind the cut are silent, the one that holds the cut stays."""
    live = Loudness()
    live.take("heard", 0, SOUND)
    live.cut("heard", 10 * BUCKET_SAMPLES + 1)
    _, buckets = live.since("heard", 0)
    assert buckets[10].any()
    assert not buckets[11:].any()
