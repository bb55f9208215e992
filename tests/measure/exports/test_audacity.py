"""Promises of `voicelab.measure.exports.audacity`."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicelab.measure.exports.audacity import write_audacity
from voicelab.measure.exports.lanes import LANES, lanes_of
from voicelab.measure.exports.named import NamedRun
from voicelab.runlog.tracks import read_track

Label = tuple[float, float, str]


def read_labels(path: Path) -> list[Label]:
    """Return the labels of a file in Audacity's standard form; anything else in it is an error."""
    labels = []
    for line in path.read_text("utf-8").splitlines():
        start, end, text = line.split("\t")
        labels.append((float(start), float(end), text))
        assert labels[-1][0] <= labels[-1][1]
    return labels


def test_every_lane_is_a_label_file_with_the_same_times(one: list[NamedRun], tmp_path: Path) -> None:
    """Counts and sums are those of the lanes, to the microsecond."""
    write_audacity(one, tmp_path)
    for lane, stretches in lanes_of(one[0].run).items():
        labels = read_labels(tmp_path / "one" / f"{lane}.txt")
        assert len(labels) == len(stretches), lane
        lasted = sum(stretch.end_ms - stretch.start_ms for stretch in stretches) / 1000
        assert sum(end - start for start, end, _ in labels) == pytest.approx(lasted, abs=1e-5)
    assert read_labels(tmp_path / "one" / "user speech.txt")[0] == (0.3, 1.1, "hello there")


def test_labels_lie_beside_copies_of_their_sound(one: list[NamedRun], tmp_path: Path) -> None:
    """Byte for byte; labels of ``output.wav`` end where it ends."""
    written = write_audacity(one, tmp_path)
    for track in ("input", "output", "heard"):
        copy = tmp_path / "one" / f"{track}.wav"
        assert copy in written
        assert copy.read_bytes() == (one[0].run.folder / copy.name).read_bytes()
    labels = read_labels(tmp_path / "one" / "output.txt")
    assert labels[-1][1] == len(read_track(tmp_path / "one" / "output.wav")) / 24_000


def test_a_remark_is_a_point_on_one_line(one: list[NamedRun], tmp_path: Path) -> None:
    """A tab in it does not part it."""
    write_audacity(one, tmp_path)
    assert (7.8, 7.8, 'he said "hm" and left') in read_labels(tmp_path / "one" / "marks.txt")


def test_every_run_has_its_folder(two: list[NamedRun], tmp_path: Path) -> None:
    """With all files, also one in which nothing happened."""
    write_audacity(two, tmp_path)
    expected = {*(f"{lane}.txt" for lane in (*LANES, "output", "marks")), "input.wav", "output.wav", "heard.wav"}
    assert {path.name: {file.name for file in path.iterdir()} for path in tmp_path.iterdir()} == {
        "a-run": expected,
        "b-run": expected,
    }
    assert read_labels(tmp_path / "b-run" / "heard.txt") == []
