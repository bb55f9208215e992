"""``voicelab export`` and ``voicelab import`` as a person meets them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from tests.command import complaint, voicelab
from tests.measure.room import Tape, loud, usage
from tests.runlog.foreign import conversation, unmute, write
from voicelab.measure.exports import FORMATS
from voicelab.measure.run import open_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of one turn."""
    tape = Tape()
    tape.frames(0, 1000)
    tape.spoke("item_u1", 100, 900, started_ms=200, stopped_ms=950)
    tape.recv("conversation.item.input_audio_transcription.completed", 960, item_id="item_u1", transcript="my secret")
    tape.created("resp_1", 970)
    tape.sound("resp_1", "item_a1", 980, loud(20))
    tape.done("resp_1", 990, usage(text=(10, 0, 5), audio=(10, 0, 4)))
    return tape.save(tmp_path / "runs" / "a", state="complete", began="2026-11-20T12:00:00.000000Z").folder


@pytest.mark.parametrize("format", FORMATS)
def test_export_names_every_file_that_it_wrote(run: Path, tmp_path: Path, format: str) -> None:
    """One path a line on standard output, each of them there, the dictionary last."""
    done = voicelab("export", run, "--format", format, "--out", "out", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    paths = done.stdout.splitlines()
    assert all((tmp_path / path).is_file() for path in paths)
    assert {str(path.relative_to(tmp_path)) for path in (tmp_path / "out").rglob("*") if path.is_file()} == set(paths)
    assert Path(paths[-1]).name == "dictionary.md"


def test_export_takes_several_runs_and_patterns(run: Path, tmp_path: Path) -> None:
    """A pattern that the shell left alone is resolved; each row says which run it is of."""
    Tape().save(tmp_path / "runs" / "b", tags={"place": "lab"})
    Tape().save(tmp_path / "c")
    done = voicelab("export", "runs/*", "c", "--format", "parquet", "--out", "out", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    events = pl.read_parquet(tmp_path / "out" / "events.parquet")
    assert events.columns[:4] == ["run", "place", "note", "seq"]
    assert events.height == len(open_run(run).records())
    other = json.loads((tmp_path / "out" / "dictionary.json").read_text("utf-8"))["tables"]["turns"][1]
    assert other["name"] == "place"


def test_a_shareable_copy_is_made_with_two_words(run: Path, tmp_path: Path) -> None:
    """Neither text nor sound in it; the run is untouched."""
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    words = ("--redact", "text", "--redact", "audio")
    done = voicelab("export", run, "--format", "csv", *words, "--out", "out", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not [path for path in files if b"my secret" in path.read_bytes() or path.suffix == ".wav"]
    assert open_run(tmp_path / "out" / "runs" / "run-1").turn_list()[0].transcript == "[redacted]"
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_a_wrong_format_is_one_line_that_names_the_right_ones(run: Path, tmp_path: Path) -> None:
    """And nothing was written."""
    done = voicelab("export", run, "--format", "xlsx", "--out", "out", folder=tmp_path)
    assert done.returncode == 1
    assert all(format in complaint(done.stderr) for format in FORMATS)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", [("runs/a", "nothing"), ("runs",), ("runs/a", "runs/x*")])
def test_what_is_no_run_is_said(run: Path, tmp_path: Path, what: tuple[str, ...]) -> None:
    """A folder that is not there, one that is none, a pattern that finds nothing."""
    done = voicelab("export", *what, "--format", "csv", "--out", "out", folder=tmp_path)
    assert done.returncode == 1
    assert what[-1] in complaint(done.stderr)
    assert not (tmp_path / "out").exists()


def test_what_lies_beside_runs_is_left_out_and_told(run: Path, tmp_path: Path) -> None:
    """The shell resolves ``runs/*`` to everything that is there."""
    (run.parent / "report.html").write_text("a report")
    done = voicelab("export", run, run.parent / "report.html", "--format", "csv", "--out", "out", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "left out" in complaint(done.stderr)
    assert "report.html" in complaint(done.stderr)
    assert (tmp_path / "out" / "turns.csv").is_file()


def test_import_makes_a_run_and_says_what_it_understood(tmp_path: Path) -> None:
    """The folder on standard output, the note on standard error; the run can be exported at once."""
    source = write(tmp_path / "log.jsonl", conversation(), unmute)
    with source.open("a") as file:
        file.write("not JSON\n")
    done = voicelab("import", "log.jsonl", "--tag", "from=elsewhere", "--out", "run", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["run"]
    assert "timestamp_wall: seconds" in done.stderr
    assert "1 lines held no event and were set aside" in done.stderr
    run = open_run(tmp_path / "run")
    assert run.manifest.tags == {"from": "elsewhere"}
    (turn,) = run.turn_list()
    assert (turn.stopped_ms, turn.delivered_ms, turn.heard_ms) == (pytest.approx(1420), 150, None)
    exported = voicelab("export", "run", "--format", "otlp", "--out", "spans", folder=tmp_path)
    assert exported.returncode == 0, exported.stderr


def test_a_file_that_is_no_log_is_one_line(tmp_path: Path) -> None:
    """No traceback, no folder."""
    (tmp_path / "log.jsonl").write_text("hello\n")
    for source in ("log.jsonl", "nothing.jsonl"):
        done = voicelab("import", source, "--out", "run", folder=tmp_path)
        assert done.returncode == 1
        assert source in complaint(done.stderr)
        assert not (tmp_path / "run").exists()
