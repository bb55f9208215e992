"""Promises of `voicelab.measure.exports.export`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from tests.measure.exports.conftest import SECRET
from tests.measure.exports.sums import numbers_in
from tests.measure.room import Tape
from voicelab.errors import RunError
from voicelab.measure.columns import TABLES
from voicelab.measure.exports import FORMATS, export_runs
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.run import Run, open_run


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files_in(folder)
        if ".tables" not in path.parts
    }


def holds_secret(path: Path) -> bool:
    """Whether a word of the secret stands in a file or in its name, be it in compressed columns."""
    words = ("grandmother", "jewels", "flowerpot")
    assert all(word in SECRET for word in words)
    data = path.read_bytes()
    if path.suffix == ".parquet":
        data += json.dumps(pl.read_parquet(path).to_dicts(), default=str).encode()
    return any(word.encode() in data or word in str(path.name) for word in words)


@pytest.mark.parametrize("format", FORMATS)
def test_the_secret_would_be_found(format: str, secretive: Run, tmp_path: Path) -> None:
    """Without redaction it is in the export: the next test looks where it would be."""
    written = export_runs([secretive], format, tmp_path / "out")
    assert any(holds_secret(path) for path in written)


@pytest.mark.parametrize("redact", [{"text"}, {"text", "audio"}])
@pytest.mark.parametrize("format", FORMATS)
def test_a_redacted_export_holds_nothing_that_was_said(
    format: str, redact: set[str], secretive: Run, tmp_path: Path
) -> None:
    """In no file, not in the name of one, and not in the copies of the runs; the run itself is untouched."""
    before, out = digests(secretive.folder), tmp_path / "out"
    written = export_runs([secretive, secretive], format, out, redact=redact)
    assert set(written) <= set(files_in(out))
    assert not [path for path in files_in(out) if holds_secret(path)]
    assert not [path for path in out.rglob("*") if "flowerpot" in str(path.relative_to(out))]
    assert digests(secretive.folder) == before
    for name in ("run-1", "run-2"):
        assert open_run(out / "runs" / name).manifest.redaction == "no text"
    assert bool(list(out.rglob("*.wav"))) == ("audio" not in redact)


def test_without_sound_the_words_stay(one: list[NamedRun], tmp_path: Path) -> None:
    """And what is measured on the sound is null."""
    export_runs([one[0].run], "jsonl", tmp_path / "out", redact={"audio"})
    turns = pl.read_ndjson(tmp_path / "out" / "turns.jsonl", infer_schema_length=None)
    assert turns["transcript"][0] == "hello there"
    assert turns["voice_to_voice_ms"].null_count() == turns.height
    assert not list((tmp_path / "out").rglob("*.wav"))
    assert (tmp_path / "out" / "runs" / "one" / "events.jsonl").is_file()


def test_numbers_are_the_same_without_the_words(one: list[NamedRun], secretive: Run, tmp_path: Path) -> None:
    """A copy without text measures the same, a remark on the true end of speech too."""
    for n, run in enumerate((one[0].run, secretive)):
        export_runs([run], "parquet", tmp_path / f"out-{n}", redact={"text"})
        for table in TABLES:
            if table not in ("events", "metrics"):  # events lose their size; of words there is nothing to measure
                copy = pl.read_parquet(tmp_path / f"out-{n}" / f"{table}.parquet")
                assert copy[numbers_in(table)].equals(run.table(table)[numbers_in(table)]), table
    turns = pl.read_parquet(tmp_path / "out-1" / "turns.parquet")
    assert turns["speech_end_from"][0] == secretive.turns()["speech_end_from"][0]


@pytest.mark.parametrize("format", FORMATS)
def test_every_export_has_its_dictionary(format: str, two: list[NamedRun], tmp_path: Path) -> None:
    """Beside the files, listed last; everything that was written is listed, and nothing else was written."""
    written = export_runs([one.run for one in two], format, tmp_path / "out")
    assert [path.name for path in written[-2:]] == ["dictionary.json", "dictionary.md"]
    assert sorted(written) == files_in(tmp_path / "out")


def test_a_wrong_format_names_the_right_ones(one: list[NamedRun], tmp_path: Path) -> None:
    """And nothing was written; so for a redaction, and for no run at all."""
    run, out = one[0].run, tmp_path / "out"
    with pytest.raises(RunError, match="'xlsx': choose one of jsonl, csv, parquet, perfetto, otlp, audacity, textgrid"):
        export_runs([run], "xlsx", out)
    with pytest.raises(RunError, match="'names' cannot be redacted: choose text, audio"):
        export_runs([run], "csv", out, redact={"names"})
    with pytest.raises(RunError, match="no run to export"):
        export_runs([], "csv", out)
    assert not out.exists()


def test_nothing_is_written_over(one: list[NamedRun], tmp_path: Path) -> None:
    """A folder that holds anything is refused, and stays as it is."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RunError, match="is not empty"):
        export_runs([one[0].run], "csv", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_run_that_still_grows_is_exported_as_far_as_it_is(conversation: Tape, tmp_path: Path) -> None:
    """One whose writer was killed too."""
    run = conversation.save(tmp_path / "run", state="running")
    export_runs([run], "jsonl", tmp_path / "out")
    assert (tmp_path / "out" / "events.jsonl").read_bytes().count(b"\n") == len(conversation.records)
