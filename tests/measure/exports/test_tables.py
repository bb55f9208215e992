"""Promises of `voicelab.measure.exports.tables`."""

from __future__ import annotations

from voicelab.measure.columns import TABLES, schema_of
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.exports.tables import front_of, tables_of
from voicelab.measure.runs import Runs


def test_one_run_has_its_own_tables(one: list[NamedRun]) -> None:
    """Nothing in front of them."""
    for table, frame in tables_of(one):
        assert frame.equals(one[0].run.table(table))


def test_several_runs_have_what_tells_them_apart_in_front(two: list[NamedRun]) -> None:
    """The columns are those of `open_runs`; runs whose folders have one name still have two."""
    for table, frame in tables_of(two):
        own = Runs([one.run for one in two]).table(table).collect()
        assert frame.columns == own.columns
        assert frame[:, 1:].equals(own[:, 1:])
        assert frame["run"].unique().sort().to_list() in (["a-run", "b-run"], ["a-run"], [])


def test_a_tag_that_is_called_as_a_column_is_not_lost(two: list[NamedRun]) -> None:
    """A column is what it says."""
    assert front_of(two, "turns") == {"run": "run", "tag_turn": "tag turn", "place": "tag place", "note": "note"}
    frames = dict(tables_of(two))
    assert set(frames["turns"]["tag_turn"]) == {"7"}
    assert frames["turns"]["turn"].to_list() == [1, 2, 3, 4]
    assert set(frames["metrics"]["run_note"]) == {"", "nobody came"}
    assert set(frames["metrics"]["place"]) == {"lab", "café"}


def test_an_empty_run_changes_no_type(two: list[NamedRun]) -> None:
    """Also alone."""
    for table, frame in tables_of(two[1:]):
        assert dict(frame.schema) == schema_of(table)
    assert [table for table, _ in tables_of(two)] == list(TABLES)
