"""Sound to listen to."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest

from voicelab.measure.run import Run
from voicelab.plots.sound import flac_address, mixed, turn_stretch_ms

from .conftest import Stage, tone


def test_both_sides_are_added_on_one_clock(run: Run) -> None:
    """The user's tone and the reply's stand where they were; silence stays silence."""
    samples = mixed(run, 0, 4000)
    loud = np.abs(samples) > 1000
    assert len(samples) == 96_000
    assert not loud[: 499 * 24].any()
    assert loud[500 * 24 : 501 * 24].any()
    assert loud[2012 * 24 : 2013 * 24].any()


def test_two_loud_sides_do_not_wrap_around(stage: Stage) -> None:
    """A sum beyond full scale is clipped, not turned over."""
    story = stage()
    full = np.full(2400, 30_000, np.int16)
    story.sound("input", 0, full)
    story.sound("heard", 0, full)
    assert mixed(story.run(), 0, 100).min() == 32767


def test_a_turn_is_heard_from_before_its_first_word_to_its_last_sample(run: Run) -> None:
    """300 ms before the speech until the reply ends, also where it was cut off."""
    spans = [turn_stretch_ms(t, f) for t, f in zip(run.turn_list(), run.facts().turns, strict=True)]
    assert spans[0] == pytest.approx((200, 3212))
    assert spans[1] is not None
    assert spans[1][1] == pytest.approx(6832)
    assert spans[2] == pytest.approx((8727, 9627))


def test_a_turn_without_any_sound_has_no_stretch(stage: Stage) -> None:
    """A typed turn that was never answered cannot be played."""
    story = stage()
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
    story.record("send", "conversation.item.create", 0, item=item)
    story.record("send", "response.create", 1)
    run = story.run()
    assert turn_stretch_ms(run.turn_list()[0], run.facts().turns[0]) is None


def test_the_flac_loses_nothing_and_is_smaller() -> None:
    """Sound is compressed without loss, so its timing is exact; under half of the same as base64 of a WAV."""
    import soundfile

    address = flac_address(tone(2000))
    samples, rate_hz = soundfile.read(BytesIO(b64decode(address.partition(",")[2])), dtype="int16")
    assert rate_hz == 24_000
    assert np.array_equal(samples, tone(2000))
    assert len(address) < 2000 * 48 * 4 / 3 / 2
