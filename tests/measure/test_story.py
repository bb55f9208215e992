"""A run read once and kept small tells what all its records tell."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.measure.room import Tape, silent
from voicelab.measure.facts import TurnFacts
from voicelab.measure.gathering import gather
from voicelab.measure.speech import Speech, evidence_of
from voicelab.measure.story import Story
from voicelab.runlog.manifest import Side
from voicelab.runlog.reader import RecordReader
from voicelab.runlog.record import AudioRef, Direction, encode_line
from voicelab.runlog.writer import EVENTS


def found(story: Story, start_ms: float, end_ms: float, epoch: int = 0) -> Speech:
    """Return where the user spoke, of a turn between two positions of the input audio clock."""
    return story.evidence().speech_of(turn(start_ms, end_ms, epoch))


def turn(start_ms: float, end_ms: float, epoch: int = 0) -> TurnFacts:
    return TurnFacts(1, "item_u1", epoch, "spoken", 0, 0, audio_start_ms=start_ms, audio_end_ms=end_ms)


def n_kept(story: Story) -> int:
    return len(story._sounds) + len(story._speech)


def told(tape: Tape) -> Story:
    """Return the story of a tape."""
    story = Story()
    for record in tape.records:
        story.take(record)
    return story


def test_speech_lies_where_all_records_say(conversation: Tape) -> None:
    """The same to the last digit, from a handful of stretches."""
    story, facts = told(conversation), conversation.facts()
    whole, small = evidence_of(facts, conversation.records), story.evidence()
    assert [small.speech_of(turn) for turn in story.facts.turns] == [whole.speech_of(turn) for turn in facts.turns]
    assert n_kept(story) < len(conversation.records) / 20


def test_sound_without_a_gap_is_one_stretch_and_the_clock_runs_through_it() -> None:
    """A gap, or another connection, begins a new one; every position lies where it lay."""
    tape = Tape()
    tape.frames(0, 60_000)
    tape.frames(61_000, 62_000)
    tape.epoch = 1
    tape.frames(62_000, 63_000)
    story = told(tape)
    assert n_kept(story) == 3
    whole, small = evidence_of(tape.facts(), tape.records), story.evidence()
    for audio_ms in (1, 20, 30_007.5, 59_999, 60_000, 60_001, 60_999, 70_000):
        for epoch in (0, 1):
            assert small.speech_of(turn(0, audio_ms, epoch)) == whole.speech_of(turn(0, audio_ms, epoch))


def test_silence_is_not_kept_whatever_the_threshold() -> None:
    """Scores below the threshold that was in force are nothing to remember; one voiced window is."""
    tape = Tape()
    tape.opened(0, threshold=0.5)
    tape.frames(0, 129_000)
    for k in range(1_000):
        tape.scores(k * 128, 0.1, 0.2, 0.3, 0.49)
    assert n_kept(told(tape)) == 1  # the sound
    tape.opened(128_000, threshold=0.3, kind="session.updated")
    tape.scores(128_000, 0.1, 0.2, 0.3, 0.49)
    assert found(told(tape), 0, 129_000) == Speech(128_064, 128_128, "speech scores")


def test_speech_of_two_thresholds_is_not_one() -> None:
    """Each window is judged by the threshold of its time, also where scores follow each other."""
    tape = Tape()
    tape.frames(0, 400)
    tape.opened(0, threshold=0.5)
    tape.scores(0, 0.9, 0.4, at_ms=64)
    tape.opened(65, threshold=0.3, kind="session.updated")
    tape.scores(64, 0.4, 0.4, at_ms=128)
    tape.scores(128, 0.4, 0.4, at_ms=192)
    story = told(tape)
    assert [len(speech.p) for speech in story._speech] == [2, 4]
    assert found(story, 33, 63) == Speech(33, 63, "detector")
    assert found(story, 0, 64) == Speech(0, 32, "speech scores")
    assert found(story, 65, 400) == Speech(65, 192, "speech scores")


def test_scores_that_come_later_belong_to_the_stretch_before() -> None:
    """Asked for in between, what was judged already stays, and what is new is added."""
    tape = Tape()
    tape.opened(0, threshold=0.5)
    tape.frames(0, 400)
    tape.scores(0, 0.9, 0.9)
    story = told(tape)
    assert found(story, 0, 400).end_ms == 64
    tape.scores(64, 0.9, 0.1)
    story.take(tape.records[-1])
    assert found(story, 0, 400) == Speech(0, 96, "speech scores")
    assert [speech.voiced(0.5) for speech in story._speech] == [[(0, 32), (32, 64), (64, 96)]]


def test_a_threshold_of_the_same_instant_counts_for_the_scores_before_it() -> None:
    """In virtual time much happens at once: the order of the clock decides, not that of the records."""
    tape = Tape()
    tape.frames(0, 400)
    tape.scores(0, 0.9, 0.4, at_ms=64)
    story = told(tape)
    assert found(story, 0, 400).end_ms == 32
    tape.opened(64, threshold=0.3)
    story.take(tape.records[-1])
    assert found(story, 0, 400).end_ms == evidence_of(tape.facts(), tape.records).speech_of(turn(0, 400)).end_ms == 64


def test_record_that_was_taken_is_taken_once() -> None:
    """Read from the disk and seen in memory, it counts once."""
    tape = Tape()
    tape.send("input_audio_buffer.append", 20, audio=tape.place("input", 0, silent(20)))
    tape.local("mark", 30, text="here")
    story = told(tape)
    for record in tape.records:
        story.take(record)
    assert len(story.facts.marks) == 1
    assert [sound.n for sound in story._sounds] == [480]


def test_sound_that_was_logged_as_it_came_is_passed_over() -> None:
    """Another program's log may hold base64 where this one holds a place on a track."""
    tape = Tape()
    tape.send("input_audio_buffer.append", 20, audio="AAAA")
    assert n_kept(told(tape)) == 0


def read_back(tape: Tape, folder: Path, side: Side = "client") -> Story:
    """Return the story of a tape that was written to a log and read as lines."""
    folder.mkdir()
    (folder / EVENTS).write_bytes(b"".join(map(encode_line, tape.records)))
    story = Story(side)
    assert story.take_lines(RecordReader(folder).read_new_lines()) == 0
    return story


def from_the_other_side(tape: Tape) -> Tape:
    """Return what the server would have written of the same session."""
    turned: dict[Direction, Direction] = {"send": "recv", "recv": "send", "local": "local"}
    other = Tape()
    other.records = [msgspec.structs.replace(record, dir=turned[record.dir]) for record in tape.records]
    return other


@pytest.mark.parametrize("side", ["client", "server"])
def test_a_log_whose_payloads_are_not_parsed_tells_the_same(conversation: Tape, tmp_path: Path, side: Side) -> None:
    """Facts, sound, speech: to the last digit what all the records tell, whoever wrote them."""
    tape = conversation if side == "client" else from_the_other_side(conversation)
    story = read_back(tape, tmp_path / "run", side)
    assert story.facts == gather(tape.records, side)
    whole = evidence_of(story.facts, tape.records)
    assert [story.evidence().speech_of(turn) for turn in story.facts.turns] == [
        whole.speech_of(turn) for turn in story.facts.turns
    ]
    assert story.last_t_ns == tape.records[-1].t_ns


def test_odd_payloads_of_the_common_kinds_are_set_aside_one_by_one(conversation: Tape, tmp_path: Path) -> None:
    """Base64 where voicelab writes a place, scores without numbers: what can be learnt from the rest is learnt."""
    tape = Tape()
    tape.records = list(conversation.records)
    tape.send("input_audio_buffer.append", 9_000, audio="AAAA")
    tape.recv("response.output_audio.delta", 9_001, response_id="resp_1", item_id="item_x", delta="AAAA")
    tape.local("playback.heard", 9_002, item_id="item_x")
    tape.local("vad", 9_003, p="much")
    story = read_back(tape, tmp_path / "run")
    assert {9_001, 9_003} <= {round(tape.records[seq].t_ns / 1e6) for seq in story.facts.unreadable}
    assert [turn.turn for turn in story.facts.turns] == [1, 2, 3, 4]
    assert len(story._sounds) == len(told(conversation)._sounds)


def test_a_payload_that_is_no_object_is_a_bad_line(tmp_path: Path) -> None:
    """A line that looks like a record and is none is counted, not guessed at."""
    (tmp_path / EVENTS).write_bytes(b'{"seq":0,"t_ns":1,"wall":"","dir":"recv","type":"response.done","event":7}\n')
    assert Story().take_lines(RecordReader(tmp_path).read_new_lines()) == 1


def test_a_true_end_that_somebody_marked_goes_before_label_and_scores(conversation: Tape) -> None:
    """The last mark inside the turn counts; marks elsewhere, and other remarks, do not."""
    tape = Tape()
    tape.records = list(conversation.records)
    for at_ms, text in ((900, "true end"), (950, "True end of the sentence"), (960, "confused"), (1600, "true end")):
        tape.local("mark", at_ms, text=text)
    story = told(tape)
    first, second, *_ = (story.evidence().speech_of(turn) for turn in story.facts.turns)
    assert first == Speech(300.0, 950.0, "mark")
    assert second.end_from == "speech scores"
    assert first == evidence_of(tape.facts(), tape.records).speech_of(story.facts.turns[0])


@pytest.mark.parametrize(
    "places",
    [
        [(0, 480), (480, 480), (960, 480)],
        [(0, 480), (480, 300), (960, 480)],  # what a short frame lacks, a gap fills: not end to end all the same
        [(0, 480), (480, 480), (1440, 480)],
        [(0, 480), (480, 960), (1440, 480)],
        [(0, 100)],
    ],
)
@pytest.mark.parametrize("epochs", [(0, 0, 0), (0, 1, 1), (0, 0, 1)])
def test_frames_that_are_not_parsed_lie_where_each_of_them_lies(
    tmp_path: Path, places: list[tuple[int, int]], epochs: tuple[int, int, int]
) -> None:
    """Whatever their lengths, gaps and connections: as if each had been read."""
    tape = Tape()
    for (start, n), tape.epoch in zip(places, epochs, strict=False):
        tape.send("input_audio_buffer.append", 0, audio=AudioRef(track="input", start=start, n=n).to_event())
    assert read_back(tape, tmp_path / "run")._sounds == told(tape)._sounds
