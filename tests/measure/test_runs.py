"""Promises of `voicelab.measure.runs`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.measure.room import Tape
from voicelab.errors import RunError
from voicelab.measure.columns import TABLES, TableName, schema_of
from voicelab.measure.run import Run
from voicelab.measure.runs import open_runs


@pytest.fixture(scope="module")
def folder(conversation: Tape, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs: two conversations with tags, and one of which nothing is known."""
    folder = tmp_path_factory.mktemp("many")
    conversation.save(folder / "a", state="complete", tags={"condition": "patient"}, note="quiet room")
    conversation.save(folder / "b", state="complete", tags={"condition": "quick", "turn": "7"})
    Tape().save(folder / "c", state="complete")
    (folder / "notes").mkdir()
    return folder


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_that_of_the_runs_one_under_the_other(folder: Path, name: TableName) -> None:
    """Behind the columns of the runs come those of the table, in their types, with the rows in order."""
    runs = open_runs(folder / "*")
    table = runs.table(name).collect()
    tag, note = ("tag_turn" if "turn" in schema_of(name) else "turn"), ("run_note" if name == "metrics" else "note")
    assert table.columns == ["run", "condition", tag, note, *schema_of(name)]
    own = table.select(list(schema_of(name)))
    assert own.equals(pl.concat([Run(folder / run).table(name) for run in "abc"]))
    assert runs.table(name).collect_schema() == table.schema


def test_tags_and_note_are_columns(folder: Path) -> None:
    """Each by its name, null where a run does not have it; a tag named as a column of the table gets out of its way."""
    turns = open_runs(folder / "*").turns().collect()
    assert turns.columns[:5] == ["run", "condition", "tag_turn", "note", "turn"]
    assert turns.select("run", "condition", "tag_turn", "note").unique(maintain_order=True).rows() == [
        ("a", "patient", None, "quiet room"),
        ("b", "quick", "7", ""),
    ]
    assert "turn" in open_runs(folder / "*").vad().collect_schema()


def test_a_question_over_many_runs_is_one_expression(folder: Path) -> None:
    """Filter, group, aggregate: lazily, as on any data set."""
    turns = open_runs(folder / "*").turns()
    found = turns.filter(pl.col("kind") == "spoken").group_by("condition").agg(pl.col("heard_ms").sum()).collect()
    assert dict(found.rows()) == {"patient": 1540.0, "quick": 1540.0}


def test_nothing_is_read_before_it_is_needed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a frame reads no log; the first rows are those of the first run, and the others stay closed."""
    read: list[str] = []
    whole = Run.table
    monkeypatch.setattr(Run, "table", lambda run, name: (read.append(run.folder.name), whole(run, name))[1])
    lazy = open_runs(folder / "*").turns()
    assert read == []
    assert lazy.select("turn").head(3).collect()["turn"].to_list() == [1, 2, 3]
    assert read == ["a"]


def test_many_runs_can_be_named_one_by_one(folder: Path) -> None:
    """Folders and patterns, each run once; a run is found by its name."""
    runs = open_runs([folder / "b", str(folder / "[ab]")])
    assert runs.names() == ["b", "a"]
    assert runs["a"].folder == folder / "a"
    assert [run.folder.name for run in runs] == ["b", "a"]
    assert len(runs) == 2


def test_runs_of_the_same_name_are_told_apart(folder: Path, conversation: Tape) -> None:
    """By as many folders above as it takes."""
    conversation.save(folder / "notes" / "a")
    conversation.save(folder / "more" / "notes" / "a")
    folders = [folder / "a", folder / "b", folder / "notes" / "a", folder / "more" / "notes" / "a"]
    assert open_runs(folders).names() == [f"{folder.name}/a", "b", f"{folder.name}/notes/a", "more/notes/a"]


def test_a_run_that_cannot_be_read_is_named_and_the_others_are_read(folder: Path, tmp_path: Path) -> None:
    """A folder of runs is not lost for one of them."""
    (tmp_path / "manifest.json").write_text('{"schema": "voicelab.run/9"}')
    runs = open_runs([folder / "a", tmp_path])
    assert runs.names() == ["a"]
    assert [path for path, _ in runs.unreadable] == [tmp_path]
    assert "voicelab.run/9" in runs.unreadable[0][1]
    assert "1 unreadable" in repr(runs)


def test_no_run_at_all_is_an_error_that_says_where_was_looked(tmp_path: Path) -> None:
    """An empty table would look like an answer."""
    with pytest.raises(RunError, match=r"no run in .*nothing\*"):
        open_runs(tmp_path / "nothing*")


def test_prices_given_are_those_of_every_run(folder: Path) -> None:
    """They go before those of the price table."""
    dear = {"gpt-realtime": {"text": {"in": 4000.0, "cached": 400.0, "out": 16000.0}}}
    usual, given = (open_runs(folder / "*", prices=prices).costs().collect() for prices in (None, dear))
    text_in = pl.col("meter") == "text in"
    assert given.filter(text_in)["cost_usd"].sum() == pytest.approx(1000 * usual.filter(text_in)["cost_usd"].sum())
