"""Promises of `voicelab.measure.cache`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from voicelab.measure import cache
from voicelab.measure.cache import FOLDER, kept_table
from voicelab.measure.columns import METRIC_VERSION, schema_of
from voicelab.runlog.writer import EVENTS

PRICES = "gpt-realtime"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run folder whose log is long enough."""
    monkeypatch.setattr(cache, "WORTH_KEEPING_BYTES", 10)
    (tmp_path / EVENTS).write_bytes(b"x" * 100)
    return tmp_path


def made(values: list[str]) -> Callable[[], pl.DataFrame]:
    """Return a way to make a table that takes the next value each time it is made."""
    row = {name: None for name in schema_of("tools")}
    return lambda: pl.DataFrame([{**row, "name": values.pop(0)}], schema=schema_of("tools"))


def name_of(table: pl.DataFrame) -> str:
    return str(table["name"][0])


def test_a_table_is_made_once(folder: Path) -> None:
    """The second time it comes from the file, equal to the first."""
    values = ["first", "second"]
    make = made(values)
    first = kept_table(folder, "tools", PRICES, make)
    assert kept_table(folder, "tools", PRICES, make).equals(first)
    assert values == ["second"]


def test_a_log_that_has_grown_is_read_again(folder: Path) -> None:
    """A kept table is never older than what it was made of."""
    make = made(["first", "second"])
    kept_table(folder, "tools", PRICES, make)
    with (folder / EVENTS).open("ab") as file:
        file.write(b"y")
    assert name_of(kept_table(folder, "tools", PRICES, make)) == "second"


@pytest.mark.parametrize("file", [EVENTS, "manifest.json", "input.wav", "output.wav", "heard.wav"])
def test_any_file_that_was_touched_counts(folder: Path, file: str) -> None:
    """Also the sound: leading silence and the first audible sample are measured in it."""
    make = made(["first", "second"])
    (folder / file).touch()
    kept_table(folder, "tools", PRICES, make)
    os.utime(folder / file, ns=(1, 1))
    assert name_of(kept_table(folder, "tools", PRICES, make)) == "second"


def test_other_prices_and_other_definitions_make_another_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number is only found again where it would be computed alike."""
    make = made(["first", "second", "third"])
    kept_table(folder, "tools", PRICES, make)
    assert name_of(kept_table(folder, "tools", "others", make)) == "second"
    monkeypatch.setattr(cache, "METRIC_VERSION", METRIC_VERSION + "x")
    assert name_of(kept_table(folder, "tools", "others", make)) == "third"


def test_a_kept_table_that_a_crash_has_cut_off_is_made_again(folder: Path) -> None:
    """Half a file is no file."""
    make = made(["first", "second"])
    kept_table(folder, "tools", PRICES, make)
    path = folder / FOLDER / "tools.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    assert name_of(kept_table(folder, "tools", PRICES, make)) == "second"


def test_a_folder_that_cannot_be_written_is_read_all_the_same(folder: Path) -> None:
    """Where a file stands in the place of the folder of tables, no table is kept and none is lost."""
    (folder / FOLDER).write_text("in the way")
    make = made(["first", "second"])
    assert [name_of(kept_table(folder, "tools", PRICES, make)) for _ in range(2)] == ["first", "second"]


def test_beside_a_short_log_nothing_is_kept(tmp_path: Path) -> None:
    """It is read in no time, and its folder stays as it was recorded."""
    (tmp_path / EVENTS).write_bytes(b"x" * 100)
    kept_table(tmp_path, "tools", PRICES, made(["first"]))
    assert [path.name for path in tmp_path.iterdir()] == [EVENTS]
