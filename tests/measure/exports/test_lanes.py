"""Promises of `voicelab.measure.exports.lanes`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.measure.exports.conftest import busy_end
from tests.measure.room import Tape, loud
from voicelab.measure.exports.lanes import LANES, Stretch, instants_of, lanes_of, layers_of, received_sound
from voicelab.measure.exports.named import NamedRun

Span = tuple[float, float]


def spans(stretches: list[Stretch]) -> list[Span]:
    return [(round(one.start_ms, 3), round(one.end_ms, 3)) for one in stretches]


def test_every_lane_has_what_happened_when_it_happened(one: list[NamedRun]) -> None:
    """Counted on the fingers from the tape; what never ended lasts to the end of the run."""
    lanes, turns = lanes_of(one[0].run), one[0].run.turn_list()
    assert list(lanes) == list(LANES)
    ends = [(turn.speech_start_ms, turn.speech_end_ms) for turn in turns if turn.kind == "spoken"]
    assert spans(lanes["user speech"]) == ends
    assert ends[0] == (300, 1100)
    assert spans(lanes["detector"]) == [(480, 1425), (2700, 3560), (4350, 5300)]
    assert spans(lanes["responses"])[:5] == [(1440, 1800), (3580, 4352), (5310, 5410), (5430, 5700), (7030, 7200)]
    assert spans(lanes["responses"])[5:] == [(7500, 7700), (7520, 7900)]
    assert spans(lanes["agent audio received"]) == [(1590, 1700), (3700, 4000), (5600, 5600), (7100, 7100)]
    assert spans(lanes["heard"]) == [(1607, 2107), (3710, 4350), (5620, 6020), (7110, 7410)]
    assert spans(lanes["tools"]) == [(5400, 5416), (7600, 7750), (7610, 7760)]


def test_a_stretch_says_what_it_is(one: list[NamedRun]) -> None:
    """Words where there are any, and what is known beside them."""
    lanes = lanes_of(one[0].run)
    assert [stretch.name for stretch in lanes["user speech"]] == ["hello there", "turn 2", "turn 3"]
    assert lanes["heard"][1].name == "Once upon a time there was [cut off]"
    assert lanes["responses"][2].name == 'get_weather({"city": "Rome"})'
    assert lanes["responses"][2].facts["input_audio_tokens"] == 50
    assert lanes["responses"][-1].facts["unfinished"] is True
    assert lanes["tools"][0].facts["output"] == "sunny"


def test_remarks_errors_and_typed_turns_are_instants(one: list[NamedRun]) -> None:
    """In the order of their times."""
    told = [(instant.kind, instant.at_ms, instant.name) for instant in instants_of(one[0].run)]
    assert told == [
        ("typed", 7000, "typed: And tomorrow?"),
        ("mark", 7800, 'he said "hm"\tand left'),
        ("error", 7800, "error: bad_value"),
    ]


def test_received_sound_lies_end_to_end(one: list[NamedRun]) -> None:
    """As ``output.wav`` holds it."""
    assert spans(received_sound(one[0].run)) == [(0, 500), (500, 2500), (2500, 2900), (2900, 3200)]


def test_sound_that_was_heard_in_pieces_is_several_stretches(tmp_path: Path) -> None:
    """A gap in the playing is a gap in the lane, and pieces without one are one."""
    tape = Tape()
    tape.created("resp_1", 10)
    tape.sound("resp_1", "item_a1", 20, loud(300))
    for start_ms in (100, 200, 450):
        tape.heard("item_a1", start_ms, loud(100))
    assert spans(lanes_of(tape.save(tmp_path / "run"))["heard"]) == [(100, 300), (450, 550)]


def test_speech_that_the_detector_never_ended_lasts_to_the_end(tmp_path: Path) -> None:
    """It was cut off by the end of the run."""
    tape = Tape()
    tape.recv("input_audio_buffer.speech_started", 100, audio_start_ms=0, item_id="item_u1")
    busy_end(tape)
    assert spans(lanes_of(tape.save(tmp_path / "run"))["detector"]) == [(100, 7900)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([(0, 1), (1, 2)], [[(0, 1), (1, 2)]]),
        ([(0, 10), (2, 3), (4, 5)], [[(0, 10)], [(2, 3), (4, 5)]]),
        ([(0, 10), (2, 12), (4, 5), (12, 13)], [[(0, 10), (12, 13)], [(2, 12)], [(4, 5)]]),
        ([], []),
    ],
)
def test_what_overlaps_is_parted_into_layers(given: list[Span], expected: list[list[Span]]) -> None:
    """As few as it needs."""
    layers = layers_of([Stretch(start, end, "", {}) for start, end in given])
    assert [spans(layer) for layer in layers] == expected
