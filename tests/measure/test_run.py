"""Promises of `voicelab.measure.run`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.measure.room import MODEL, Tape, loud, silent
from voicelab.errors import RunError
from voicelab.measure.gathering import gather
from voicelab.measure.prices import price_note
from voicelab.measure.run import Run, open_run
from voicelab.measure.turns import turns_of
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import encode_line
from voicelab.runlog.tail import Tail
from voicelab.runlog.writer import EVENTS, RunWriter, prepare_folder


def test_a_folder_gives_what_the_tape_gives(run: Run, conversation: Tape) -> None:
    """Records, turns and tables are computed from the files alone."""
    assert run.records() == conversation.records
    assert run.turn_list() == conversation.turns()
    assert run.turns().height == 4
    assert run.responses().height == 5
    assert run.costs().height == 5 * 6
    assert run.events().height == len(conversation.records)
    assert run.vad().height == 27 + 18


def test_reading_writes_nothing(run: Run) -> None:
    """Every table leaves every byte of the folder as it was."""
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    run.turns(), run.responses(), run.costs(), run.events(), run.vad(), run.samples("input"), repr(run)
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before


def test_a_run_says_what_it_is(run: Run) -> None:
    """Folder, provider, state and size; the manifest has the rest."""
    n_records = len(run.records())
    assert repr(run) == f"Run({str(run.folder)!r}, test, complete, {n_records} records)"
    assert run.manifest.model == MODEL
    assert run.bad_lines == 0


def test_a_folder_that_is_no_run_is_an_error_at_once(tmp_path: Path) -> None:
    """Not later, when the first table is asked for."""
    with pytest.raises(RunError, match="is not a run folder"):
        open_run(tmp_path)


def test_an_unknown_model_has_no_price_and_its_turns_no_cost(conversation: Tape, tmp_path: Path) -> None:
    """Tokens are there, money is null."""
    run = conversation.save(tmp_path / "run", model="somebodys-model")
    assert run.price is None
    assert run.turns()["cost_usd"].null_count() == 4
    assert run.turns()["input_tokens"].sum() == 132 + 196 + 530 + 298


def test_the_embedded_server_has_the_price_of_the_model_it_is_compared_with(conversation: Tape, tmp_path: Path) -> None:
    """The cost is what these tokens would cost there; the manifest says that nothing was billed."""
    run = conversation.save(tmp_path / "run", model="voicelab-guide")
    assert run.price is not None
    assert run.price.model == run.manifest.prices["model"] == "gpt-realtime"
    assert run.manifest.prices["billed"] is False


# --- a run that grows ----------------------------------------------------------------------------------------


def test_a_growing_run_is_read_on(conversation: Tape, tmp_path: Path) -> None:
    """At any record: the same as a tape that ends there; the writer is alive all the while."""
    writer = RunWriter(tmp_path, Manifest(prices=price_note(MODEL, embedded=False)))
    for track, samples in conversation.tracks.items():
        writer.audio(track, 0, samples)
    run, so_far = open_run(tmp_path), Tape()
    so_far.tracks = conversation.tracks
    assert (run.records(), run.turn_list(), run.turns().height) == ([], [], 0)
    for n, record in enumerate(conversation.records):
        writer.record(record)
        so_far.records.append(record)
        if n % 40 == 0:
            writer.flush()
            assert run.turn_list() == so_far.turns()
    writer.finish(Manifest(state="complete", prices=price_note(MODEL, embedded=False)))
    assert run.turn_list() == conversation.turns()
    assert run.manifest.state == "complete"


def test_what_came_since_is_what_was_not_seen(run: Run) -> None:
    """With the last number that was seen: everything above it, nothing twice, nothing left out."""
    records = run.records()
    assert run.since(-1) == records
    assert run.since(5) == records[6:]
    assert run.since(records[-1].seq) == run.since(10**9) == []


def test_what_came_since_a_lost_line_is_still_whole(conversation: Tape, tmp_path: Path) -> None:
    """A line that was set aside leaves a hole in the numbers: what stands behind it is not skipped."""
    run = conversation.save(tmp_path / "run")
    lines = (run.folder / EVENTS).read_bytes().splitlines(keepends=True)
    lines[1] = b"damaged\n"
    (run.folder / EVENTS).write_bytes(b"".join(lines))
    damaged = open_run(run.folder)
    assert [record.seq for record in damaged.since(1)] == list(range(2, len(lines)))
    assert damaged.bad_lines == 1


def test_a_run_without_its_beginning_is_read_from_where_it_begins(conversation: Tape, tmp_path: Path) -> None:
    """Numbers count, not places."""
    run = conversation.save(tmp_path / "run")
    (run.folder / EVENTS).write_bytes(b"".join(encode_line(record) for record in conversation.records[10:]))
    assert [record.seq for record in open_run(run.folder).since(11)][:2] == [12, 13]


def being_recorded(conversation: Tape, folder: Path, n: int, most_kept: int = 50) -> tuple[Run, Tail, RunWriter]:
    """Return the run of a session that is still open, after its first n records."""
    writer, tail = RunWriter(prepare_folder(folder), Manifest()), Tail(most_kept)
    for track, samples in conversation.tracks.items():
        writer.audio(track, 0, samples)
    go_on(conversation, tail, writer, 0, n)
    return Run(folder, live=tail, reading=lambda: flushed(writer)), tail, writer


def go_on(conversation: Tape, tail: Tail, writer: RunWriter, start: int, end: int) -> None:
    for record in conversation.records[start:end]:
        tail.add(record)
        writer.record(record)


@contextmanager
def flushed(writer: RunWriter) -> Iterator[None]:
    writer.flush()
    yield


def test_a_live_run_tells_the_same_as_its_folder_afterwards(conversation: Tape, tmp_path: Path) -> None:
    """However often it was asked in between: records, turns, tables and facts."""
    live, tail, writer = being_recorded(conversation, tmp_path / "live", 0)
    for start in range(0, len(conversation.records), 37):
        go_on(conversation, tail, writer, start, start + 37)
        so_far = conversation.records[: start + 37]
        assert live.records() == so_far
        assert live.facts() == gather(so_far)
        assert live.turn_list() == turns_of(gather(so_far), so_far, live.price, conversation.read)
    run = conversation.save(tmp_path / "run")
    assert live.events().equals(run.events())
    assert live.vad().equals(run.vad())
    assert live.duration_ms == run.duration_ms


def test_what_is_new_in_a_live_run_comes_from_memory(conversation: Tape, tmp_path: Path) -> None:
    """A view that repaints reads no file, unless it has fallen far behind; then it misses nothing either."""
    live, tail, _writer = being_recorded(conversation, tmp_path / "live", 200)

    def nobody_reads() -> AbstractContextManager[None]:
        raise AssertionError("the folder was read")

    view = Run(tmp_path / "live", live=tail, reading=nobody_reads)
    assert view.since(179) == conversation.records[180:200]
    assert view.since(199) == []
    with pytest.raises(AssertionError, match="the folder was read"):
        view.since(3)
    assert live.since(3) == conversation.records[4:200]


def test_a_live_run_keeps_no_records_of_its_own(conversation: Tape, tmp_path: Path) -> None:
    """Asked for turns again and again, it holds a few stretches for all the sound and all the speech."""
    live, _, _ = being_recorded(conversation, tmp_path / "live", len(conversation.records))
    for _ in range(3):
        live.turn_list(), live.facts(), live.records()
    assert live._kept.records == []
    assert len(live._log.story._sounds) + len(live._log.story._speech) <= 6


def test_facts_of_a_live_run_do_not_change_under_the_hand(conversation: Tape, tmp_path: Path) -> None:
    """What was asked is a copy: the session goes on."""
    live, tail, writer = being_recorded(conversation, tmp_path / "live", 150)
    facts, before = live.facts(), live.facts()
    go_on(conversation, tail, writer, 150, len(conversation.records))
    assert len(live.facts().turns) > len(before.turns)
    assert facts == before


def test_what_the_disk_has_not_taken_is_still_told(conversation: Tape, tmp_path: Path) -> None:
    """A disk that is full: the newest records are in memory, each told once."""
    tail = Tail(50)
    writer = RunWriter(prepare_folder(tmp_path / "run"), Manifest())
    for record in conversation.records[:40]:
        tail.add(record)
        if record.seq < 30:
            writer.record(record)
    writer.flush()
    live = Run(tmp_path / "run", live=tail)
    assert live.records() == conversation.records[:40]
    assert live.facts() == gather(conversation.records[:40])
    assert repr(live).endswith("40 records)")


def test_samples_of_a_track_are_those_that_were_written(run: Run, conversation: Tape) -> None:
    """Whole tracks and parts of them."""
    for track, samples in conversation.tracks.items():
        assert np.array_equal(run.samples(track), samples)
    assert np.array_equal(run.samples("heard", 1650 * 24, 48), conversation.tracks["heard"][1650 * 24 : 1650 * 24 + 48])


def test_a_stretch_has_the_length_that_was_asked_for(run: Run) -> None:
    """Between two instants of the run; where nothing was recorded it is silent."""
    assert np.array_equal(run.stretch("heard", 1657, 1667), loud(10))
    assert np.array_equal(run.stretch("heard", 7400, 7430), np.concatenate([loud(10), silent(20)]))
    assert np.array_equal(run.stretch("heard", 90_000, 90_020), silent(20))
    assert len(run.stretch("input", 20, 10)) == 0


def test_a_track_that_is_missing_is_silent(conversation: Tape, tmp_path: Path) -> None:
    """A run that was shared without its sound keeps its records."""
    run = conversation.save(tmp_path / "run")
    for path in run.folder.glob("*.wav"):
        path.unlink()
    assert len(run.samples("input")) == 0
    assert np.array_equal(run.stretch("input", 0, 20), silent(20))
    assert run.turn_list()[0].endpoint_ms == 325.0
    assert run.turn_list()[0].voice_to_voice_ms is None


def test_a_run_is_as_long_as_its_last_record_or_its_sound(conversation: Tape, tmp_path: Path) -> None:
    """Whichever ends later; the received audio stands end to end and says nothing of time."""
    assert conversation.save(tmp_path / "records").duration_ms == 7410.0
    sound = Tape()
    sound.frames(0, 1000)
    sound.place("output", 0, silent(60_000))
    assert sound.save(tmp_path / "sound").duration_ms == 1000.0
    empty = Tape().save(tmp_path / "empty")
    assert empty.duration_ms == 0.0
    (empty.folder / "heard.wav").unlink()
    assert empty.duration_ms == 0.0


def test_tables_are_imported_when_the_first_is_made() -> None:
    """Reading a run does not cost the import of Polars."""
    code = "import sys, voicelab.measure.run; assert 'polars' not in sys.modules"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
