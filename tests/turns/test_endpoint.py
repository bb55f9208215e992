"""The turn rule: every cell of its table, the times it reports, and what holds for any scores."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.errors import ConfigError
from voicelab.turns.endpoint import (
    TRANSITIONS,
    Ended,
    Endpointer,
    EndpointSettings,
    Moment,
    Pausing,
    Resumed,
    Shows,
    Started,
    State,
    Turn,
    find_turns,
)
from voicelab.turns.scores import Score, score_clip
from voicelab.turns.voiced import audible_start_ms

WINDOW_MS = 32
PATIENT = EndpointSettings(silence_ms=320)  # pause_ms 160: five windows, the turn's end ten
HASTY = EndpointSettings(silence_ms=32)
EAGER = EndpointSettings(silence_ms=320, min_speech_ms=WINDOW_MS)


def windows(marks: str, first: int = 0) -> list[Score]:
    """Write scores as marks: ``v`` is a voiced window, ``.`` a silent one."""
    return [
        Score((first + k) * WINDOW_MS, (first + k + 1) * WINDOW_MS, 0.9 if mark == "v" else 0.1)
        for k, mark in enumerate(marks)
    ]


def feed(endpointer: Endpointer, marks: str, first: int = 0) -> list[Moment]:
    return [moment for score in windows(marks, first) for moment in endpointer.feed(score)]


class Cell(NamedTuple):
    settings: EndpointSettings
    past: str
    newest: str
    moments: tuple[type, ...]
    speaking: bool
    change: EndpointSettings | None = None


CELLS = {
    (State.SILENT, Shows.BLIP): Cell(PATIENT, "", "v", (), False),
    (State.SILENT, Shows.VOICE): Cell(PATIENT, "v", "v", (Started,), True),
    (State.SILENT, Shows.GAP): Cell(PATIENT, "", ".", (), False),
    (State.SILENT, Shows.PAUSE): Cell(PATIENT, "....", ".", (), False),
    (State.SILENT, Shows.END): Cell(PATIENT, ".........", ".", (), False),
    (State.SPEAKING, Shows.BLIP): Cell(PATIENT, "vv.", "v", (), True),
    (State.SPEAKING, Shows.VOICE): Cell(PATIENT, "vv", "v", (), True),
    (State.SPEAKING, Shows.GAP): Cell(PATIENT, "vv...", ".", (), True),
    (State.SPEAKING, Shows.PAUSE): Cell(PATIENT, "vv....", ".", (Pausing,), True),
    (State.SPEAKING, Shows.END): Cell(HASTY, "vv", ".", (Pausing, Ended), False),
    (State.PAUSED, Shows.BLIP): Cell(PATIENT, "vv.....", "v", (Resumed,), True),
    (State.PAUSED, Shows.VOICE): Cell(EAGER, "vv.....", "v", (Resumed,), True),
    (State.PAUSED, Shows.GAP): Cell(replace(PATIENT, silence_ms=64), "vv.", ".", (), True, change=PATIENT),
    (State.PAUSED, Shows.PAUSE): Cell(PATIENT, "vv.....", ".", (), True),
    (State.PAUSED, Shows.END): Cell(PATIENT, "vv.........", ".", (Ended,), False),
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=[f"{s.name}-{w.name}" for s, w in CELLS])
def test_every_cell_of_the_table_reports_its_moments_and_moves_on(cell: Cell) -> None:
    """In each state each kind of window gives the moments of the table, in order, and the state after."""
    endpointer = Endpointer(cell.settings)
    feed(endpointer, cell.past)
    if cell.change:
        endpointer.change(cell.change)
    moments = feed(endpointer, cell.newest, first=len(cell.past))
    assert tuple(type(moment) for moment in moments) == cell.moments
    assert endpointer.speaking is cell.speaking


def test_the_table_is_whole() -> None:
    """Each state says what each kind of window does, and a test above covers each."""
    assert set(CELLS) == {(state, shows) for state in State for shows in Shows}
    assert set(CELLS) == {(state, shows) for state, row in TRANSITIONS.items() for shows in row}


def test_moments_carry_the_audio_times_of_speech_and_decision() -> None:
    """``at_ms`` is the end of the deciding window; starts and ends are those of the voiced windows."""
    moments = feed(Endpointer(PATIENT), "." * 20 + "vvv" + "." * 6 + "v" + "." * 10)
    assert moments == [
        Started(at_ms=22 * 32, speech_start_ms=20 * 32, padded_start_ms=20 * 32 - 300),
        Pausing(at_ms=28 * 32, speech_end_ms=23 * 32),
        Resumed(at_ms=30 * 32, speech_start_ms=29 * 32),
        Pausing(at_ms=35 * 32, speech_end_ms=30 * 32),
        Ended(at_ms=40 * 32, speech_end_ms=30 * 32),
    ]


def test_padding_reaches_neither_before_the_audio_nor_into_the_turn_before() -> None:
    """The padded start stops at 0 and at the decision that ended the turn before."""
    first, second = find_turns(windows("..vv.vvvv"), replace(HASTY, prefix_padding_ms=300))
    assert (first.padded_start_ms, first.decided_ms) == (0, 5 * 32)
    assert (second.speech_start_ms, second.padded_start_ms) == (5 * 32, 5 * 32)


def test_a_blip_shorter_than_the_minimum_begins_no_turn() -> None:
    """Voice counts only unbroken: many single windows never add up."""
    assert feed(Endpointer(PATIENT), "v." * 50) == []


def test_voice_of_exactly_the_minimum_begins_a_turn() -> None:
    """Two windows make 64 ms: enough for a minimum of 64, not for 65."""
    assert len(find_turns(windows("vv."), EndpointSettings(min_speech_ms=64))) == 1
    assert find_turns(windows("vv."), EndpointSettings(min_speech_ms=65)) == []


def test_a_window_exactly_at_the_threshold_is_voiced() -> None:
    """The threshold itself belongs to speech."""
    scores = [Score(k * 32.0, (k + 1) * 32.0, 0.5) for k in range(2)]
    assert len(find_turns(scores, EndpointSettings(threshold=0.5))) == 1
    assert find_turns(scores, EndpointSettings(threshold=0.51)) == []


def test_a_shorter_silence_set_inside_a_pause_ends_the_turn_at_once() -> None:
    """A change counts the silence already heard: the next window decides by it."""
    endpointer = Endpointer(EndpointSettings(silence_ms=2000))
    feed(endpointer, "vv" + "." * 10)
    endpointer.change(EndpointSettings(silence_ms=300))
    assert feed(endpointer, ".", first=12) == [Ended(at_ms=13 * 32, speech_end_ms=2 * 32)]


def test_a_higher_threshold_set_inside_speech_begins_the_silence_there() -> None:
    """Voice below the new threshold is silence from the change on, not before."""
    endpointer = Endpointer(PATIENT)
    feed(endpointer, "vvvv")
    endpointer.change(replace(PATIENT, threshold=0.95))
    assert feed(endpointer, "v" * 10, first=4)[-1] == Ended(at_ms=14 * 32, speech_end_ms=4 * 32)


def test_reset_forgets_the_turn_and_keeps_the_settings() -> None:
    """After a reset the same audio gives the same moments again."""
    endpointer = Endpointer(PATIENT)
    before = feed(endpointer, "..vv....vv")
    endpointer.reset()
    assert not endpointer.speaking
    assert feed(endpointer, "..vv....vv") == before


def test_audio_that_stops_inside_a_turn_leaves_it_undecided() -> None:
    """The last turn of a recording has its speech times, but nobody decided its end."""
    assert find_turns(windows("vvvv..."), PATIENT) == [Turn(0, 4 * 32, 0, None)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", -0.1),
        ("threshold", 1.5),
        ("threshold", float("nan")),
        ("silence_ms", -1),
        ("min_speech_ms", float("inf")),
        ("prefix_padding_ms", float("nan")),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_by_name(name: str, value: float) -> None:
    """The error says which setting and which value."""
    with pytest.raises(ConfigError, match=f"{name}.*{value}") as caught:
        EndpointSettings(**{name: value})
    assert caught.value.param == name


@pytest.mark.parametrize(("silence_ms", "pause_ms"), [(100, 50), (320, 160), (2000, 160)])
def test_a_pause_is_half_the_silence_but_160_ms_at_most(silence_ms: float, pause_ms: float) -> None:
    """Drafting begins early, and well before the end also where the silence is short."""
    assert EndpointSettings(silence_ms=silence_ms).pause_ms == pause_ms


ANY_SETTINGS = st.builds(
    EndpointSettings,
    threshold=st.floats(0, 1),
    silence_ms=st.floats(1, 1500),
    prefix_padding_ms=st.floats(0, 1000),
    min_speech_ms=st.floats(0, 300),
)
#: Runs, not single windows, so that turns, pauses and ends all happen.
ANY_MARKS = st.lists(st.tuples(st.sampled_from("v."), st.integers(1, 40)), max_size=12).map(
    lambda runs: "".join(mark * n for mark, n in runs)
)


def in_a_word(moments: list[Moment]) -> str:
    return "".join(type(moment).__name__[0] for moment in moments)


@given(ANY_MARKS, st.lists(ANY_SETTINGS, min_size=1, max_size=4))
def test_moments_alternate_whatever_is_heard_and_changed(marks: str, changes: list[EndpointSettings]) -> None:
    """Started, Pausing and Resumed in turns, Pausing and Ended; also when settings change on the way."""
    endpointer = Endpointer(changes[0])
    moments: list[Moment] = []
    for k, score in enumerate(windows(marks)):
        endpointer.change(changes[k * len(changes) // len(marks)])
        moments += endpointer.feed(score)
    assert re.fullmatch(r"(S(PR)*PE)*(S(PR)*P?)?", in_a_word(moments))
    assert [m.at_ms for m in moments] == sorted(m.at_ms for m in moments)


@given(ANY_MARKS, ANY_SETTINGS)
def test_a_turn_ends_within_one_window_after_its_silence(marks: str, settings: EndpointSettings) -> None:
    """The decision never comes before the silence is full, and never a whole window after."""
    for moment in feed(Endpointer(settings), marks):
        if isinstance(moment, Ended):
            assert 0 <= moment.at_ms - moment.speech_end_ms - settings.silence_ms < WINDOW_MS


@given(ANY_MARKS, ANY_SETTINGS)
def test_turns_are_those_of_the_plain_timer(marks: str, settings: EndpointSettings) -> None:
    """A timer written down a second time, as counters of windows, ends its turns at the same instants."""
    voiced, silent, open_turn, expected = 0, 0, False, []
    for score in windows(marks):
        is_voiced = score.probability >= settings.threshold
        voiced, silent = (voiced + 1, 0) if is_voiced else (0, silent + 1)
        if is_voiced and voiced * WINDOW_MS >= settings.min_speech_ms:
            open_turn = True
        if open_turn and not is_voiced and silent * WINDOW_MS >= settings.silence_ms:
            open_turn = False
            expected.append(score.end_ms)
    turns = find_turns(windows(marks), settings)
    assert [turn.decided_ms for turn in turns] == expected + [None] * open_turn
    assert all(turn.padded_start_ms <= turn.speech_start_ms < turn.speech_end_ms for turn in turns)


@pytest.mark.speech
def test_dictated_numbers_begin_and_end_where_the_labels_say(clip_names, read_recording) -> None:
    """With 900 ms of silence the first onset and the last offset lie within 250 ms of the human labels.

    A label may begin at a digit's file rather than at its sound; the later of the two counts as the onset.
    """
    settings = EndpointSettings(silence_ms=900)
    names = clip_names("turn-phone-*")
    assert len(names) >= 20
    for name in names:
        recording = read_recording(name)
        (label,) = [row for row in recording.rows if row["kind"] == "turn"]
        onset_ms = max(label["start"] * 1000, audible_start_ms(recording.samples_16k, 16_000) or 0)
        turns = find_turns(score_clip(recording.samples_16k, 16_000, "silero"), settings)
        assert abs(turns[0].speech_start_ms - onset_ms) < 250, name
        assert abs(turns[-1].speech_end_ms - label["end"] * 1000) < 250, name
        assert turns[-1].decided_ms is not None, name
