"""Promises of `voicelab.runlog.reader`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.runlog import reader as reader_module
from voicelab.runlog.reader import RecordReader, read_records
from voicelab.runlog.record import Record, encode_line
from voicelab.runlog.writer import EVENTS


def record(seq: int) -> Record:
    return Record(seq=seq, t_ns=seq, wall="", dir="recv", type="größe", event={"text": "line\nbreak \0"})


LINES = [encode_line(record(seq)) for seq in range(3)]


def write(folder: Path, data: bytes) -> None:
    with (folder / EVENTS).open("ab") as file:
        file.write(data)


def test_all_records_are_read_in_order(tmp_path: Path) -> None:
    """A complete run gives every record, and no bad lines."""
    write(tmp_path, b"".join(LINES))
    assert read_records(tmp_path) == ([record(0), record(1), record(2)], 0)


def test_a_folder_without_a_log_has_no_records_yet(tmp_path: Path) -> None:
    """A run that has just begun is empty, not an error; the reader finds the log when it is there."""
    reader = RecordReader(tmp_path)
    assert reader.read_new() == []
    write(tmp_path, LINES[0])
    assert reader.read_new() == [record(0)]


def test_a_growing_log_is_read_on(tmp_path: Path) -> None:
    """Each call gives what is new since the last, and nothing twice."""
    reader = RecordReader(tmp_path)
    write(tmp_path, LINES[0])
    assert reader.read_new() == [record(0)]
    assert reader.read_new() == []
    write(tmp_path, LINES[1] + LINES[2])
    assert reader.read_new() == [record(1), record(2)]


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    """A line that is being written is no bad line: it is read when it is complete."""
    reader = RecordReader(tmp_path)
    write(tmp_path, LINES[0] + LINES[1][:20])
    assert reader.read_new() == [record(0)]
    write(tmp_path, LINES[1][20:])
    assert reader.read_new() == [record(1)]
    assert reader.n_bad == 0


@given(st.lists(st.integers(1, 60), max_size=12))
def test_the_pieces_in_which_a_log_grows_make_no_difference(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    """Whatever the moments at which somebody looked: the same records, once each."""
    folder, data = tmp_path_factory.mktemp("run"), b"".join(LINES)
    reader, seen = RecordReader(folder), []
    for size in sizes:
        write(folder, data[:size])
        data = data[size:]
        seen += reader.read_new()
    write(folder, data)
    seen += reader.read_new()
    assert (seen, reader.n_bad) == ([record(0), record(1), record(2)], 0)


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    """A killed writer costs the record it was writing, and no other."""
    write(tmp_path, LINES[0] + LINES[1][:-1])
    assert read_records(tmp_path) == ([record(0)], 0)


@pytest.mark.parametrize("tail", [b"\0" * 4096, b"\n" + b"\0" * 4096, b"\0" * 100 + b"\n\n"])
def test_a_tail_of_zero_bytes_is_nothing(tail: bytes, tmp_path: Path) -> None:
    """Where the file system had not written yet there is no record, and no bad line either."""
    write(tmp_path, LINES[0] + tail)
    assert read_records(tmp_path) == ([record(0)], 0)


def test_a_log_that_goes_on_behind_zero_bytes_is_read_on(tmp_path: Path) -> None:
    """What was written behind the hole is whole."""
    write(tmp_path, LINES[0] + b"\0" * 512 + LINES[1])
    assert read_records(tmp_path) == ([record(0), record(1)], 0)


def test_windows_line_ends_are_line_ends(tmp_path: Path) -> None:
    """An editor may have rewritten them."""
    write(tmp_path, LINES[0].replace(b"\n", b"\r\n") + LINES[1])
    assert read_records(tmp_path) == ([record(0), record(1)], 0)


GARBAGE = [
    b"what?\n",
    LINES[1][:30] + b"\n",
    b'{"seq": 1}\n',
    b"\xff\xfe\n",
    b'"\xff"\n',
    b"[" * 100_000 + b"\n",
    b"3\n",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=["text", "cut", "no record", "binary", "bad utf-8", "deep", "number"])
def test_garbage_is_set_aside_and_counted(garbage: bytes, tmp_path: Path) -> None:
    """A damaged line costs itself; those around it are read."""
    write(tmp_path, LINES[0] + garbage + LINES[1])
    assert read_records(tmp_path) == ([record(0), record(1)], 1)


def test_bad_lines_add_up_over_all_calls(tmp_path: Path) -> None:
    """A reader that follows a run knows how many there were since it began."""
    reader = RecordReader(tmp_path)
    for garbage in GARBAGE:
        write(tmp_path, garbage)
        assert reader.read_new() == []
    assert reader.n_bad == len(GARBAGE)


def lines(folder: Path) -> tuple[list[Record], int]:
    """Read a log as lines; return them as records, and how many were none."""
    reader = RecordReader(folder)
    found = [line.record() for piece in reader.read_new_lines() for line in piece]
    return found, reader.n_bad


def test_lines_are_the_records_without_their_payloads_parsed(tmp_path: Path) -> None:
    """Asked for it, a line is its record: all that tells what happened when."""
    write(tmp_path, b"".join(LINES))
    assert lines(tmp_path) == ([record(0), record(1), record(2)], 0)


@pytest.mark.parametrize("piece_bytes", [7, 60, 10_000])
@pytest.mark.parametrize("damage", [b"", b"{oops\n", b"\0\0\n", b"\n\n", b"[1]\n", b'{"seq":1}\n'])
def test_a_log_reads_the_same_in_pieces_of_any_size_whole_and_as_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int, damage: bytes
) -> None:
    """Damage in one line costs that line alone, and both ways of reading count it alike."""
    monkeypatch.setattr(reader_module, "_PIECE_BYTES", piece_bytes)
    write(tmp_path, LINES[0] + damage + LINES[1] + LINES[2] + b"\0\0\0")
    n_bad = 0 if damage.strip(b"\0\n") == b"" else 1
    assert lines(tmp_path) == read_records(tmp_path) == ([record(0), record(1), record(2)], n_bad)


def test_how_far_a_log_was_read_is_told_in_bytes(tmp_path: Path) -> None:
    """Half a line is not read yet."""
    write(tmp_path, LINES[0] + LINES[1][:5])
    reader = RecordReader(tmp_path)
    reader.read_new()
    assert reader.offset == len(LINES[0])
