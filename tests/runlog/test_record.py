"""Promises of `voicelab.runlog.record`."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.runlog.record import AudioRef, Direction, Record, Track, decode_line, encode_line

JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.builds(
    Record,
    seq=st.integers(0, 2**53),
    t_ns=st.integers(0, 2**62),
    wall=st.text(),
    dir=st.sampled_from(["send", "recv", "local"]),
    type=st.text(),
    event=st.dictionaries(st.text(), JSON, max_size=4),
    epoch=st.integers(0, 99),
    native=st.none() | st.text(),
    bytes=st.none() | st.integers(0, 2**40),
)


@given(RECORDS)
def test_a_record_survives_the_way_through_a_line(record: Record) -> None:
    """Whatever is in it: one line, no line break inside, and the same record when it is read again."""
    line = encode_line(record)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_line(line) == record


def test_a_line_has_the_documented_fields() -> None:
    """``seq``, ``t_ns``, ``wall``, ``dir``, ``type``, ``event``; what does not apply is left out."""
    record = Record(
        seq=3, t_ns=40, wall="2026-11-20T12:00:00.000000Z", dir="local", type="voicelab.mark", event={"text": "hm"}
    )
    assert json.loads(encode_line(record)) == {
        "seq": 3,
        "t_ns": 40,
        "wall": "2026-11-20T12:00:00.000000Z",
        "dir": "local",
        "type": "voicelab.mark",
        "event": {"text": "hm"},
    }
    whole = msgspec.structs.replace(record, epoch=1, native="marked", bytes=17)
    assert json.loads(encode_line(whole)).keys() - json.loads(encode_line(record)).keys() == {
        "epoch",
        "native",
        "bytes",
    }


def test_audio_stands_in_an_event_as_a_reference() -> None:
    """Track, first sample, number of samples, rate: that is what the log has in place of bytes."""
    ref = AudioRef(track="output", start=480, n=960)
    assert ref.to_event() == {"audio_ref": {"track": "output", "start": 480, "n": 960, "rate": 24_000}}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b'{"seq": 1, "t_ns": 2, "wall": "", "dir": "recv", "ty',
        b'{"seq": 1}',
        b'{"seq": "1", "t_ns": 2, "wall": "", "dir": "recv", "type": "x"}',
        b'{"seq": 1, "t_ns": 2, "wall": "", "dir": "sideways", "type": "x"}',
    ],
    ids=["empty", "cut", "fields missing", "wrong type", "no direction"],
)
def test_a_line_that_is_no_record_is_refused(line: bytes) -> None:
    """Cut off or damaged: an error, never half a record."""
    with pytest.raises(msgspec.DecodeError):
        decode_line(line)


def test_the_directions_are_three_for_all_minor_versions() -> None:
    """Sent, received, or of this side: a fourth would be another major version, and such a line is no record."""
    assert get_args(Direction) == ("send", "recv", "local")
    assert get_args(Track) == ("input", "output", "heard")


def test_fields_of_a_newer_version_are_passed_over() -> None:
    """A record with more fields than we know is still a record."""
    line = b'{"seq": 1, "t_ns": 2, "wall": "", "dir": "recv", "type": "x", "mood": "good"}'
    assert decode_line(line) == Record(seq=1, t_ns=2, wall="", dir="recv", type="x")
