"""Golden runs give the same tables, to the digit, whoever reads them and when."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.measure.golden import GOLDEN, NAMES, make_spoken, tables_of
from voicelab.measure.run import Run
from voicelab.measure.runs import open_runs
from voicelab.runlog.writer import EVENTS


@pytest.mark.parametrize("name", NAMES)
def test_the_tables_of_a_golden_run_are_those_that_were_written_down(name: str, tmp_path: Path) -> None:
    """Every table, every row, every digit."""
    shutil.copytree(GOLDEN / name, tmp_path / name)
    found = json.loads(json.dumps(tables_of(Run(tmp_path / name))))
    expected = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert found[table] == rows, table


def test_what_the_golden_runs_cost_is_counted_by_hand() -> None:
    """The published block to the last digit; the clamped one flagged; a picture priced; the failed one unknown."""
    responses = {row["response_id"]: row for row in json.loads((GOLDEN / "hosted.json").read_text())["responses"]}
    assert responses["resp_1"]["cost_usd"] == 0.0072056
    assert responses["resp_2"]["clamped"]
    assert responses["resp_2"]["cost_usd"] == pytest.approx((64 * 0.4 + 5 * 24 + 72 * 32 + 128 * 0.4 + 40 * 64) / 1e6)
    picture_usd = (100 * 4 + 200 * 0.4 + 20 * 24 + 10 * 32 + 90 * 0.4 + 30 * 64 + 400 * 5) / 1e6
    assert responses["resp_3"]["cost_usd"] == pytest.approx(picture_usd)
    assert responses["resp_4"]["cost_usd"] is None
    turns = json.loads((GOLDEN / "hosted.json").read_text())["turns"]
    assert turns[0]["transcription_usd"] == pytest.approx((14 * 6 + 8 * 10) / 1e6)
    assert turns[1]["transcription_usd"] == pytest.approx(2 / 60 * 0.006)


def test_a_log_that_a_crash_has_damaged_loses_what_was_damaged_and_no_more() -> None:
    """One bad line is counted; the line that was cut off and the zeros behind it are not even that."""
    told = json.loads((GOLDEN / "cut-off.json").read_text())
    n_whole = len((GOLDEN / "spoken" / EVENTS).read_bytes().splitlines()) * 4 // 5
    assert told["events"] == [{"n": n_whole - 1, "bad_lines": 1}]


def test_the_golden_runs_are_one_data_set() -> None:
    """Read together, lazily, with their tags."""
    turns = open_runs(GOLDEN / "*").turns().collect()
    assert turns["run"].unique(maintain_order=True).to_list() == sorted(NAMES)
    assert set(turns["condition"].unique()) == {"golden", None}


def test_the_spoken_run_can_be_held_again(tmp_path: Path) -> None:
    """In virtual time the same script gives the same log, but for what the engines round otherwise elsewhere."""
    make_spoken(tmp_path / "again")
    again, golden = (Run(folder).turn_list() for folder in (tmp_path / "again", GOLDEN / "spoken"))
    assert [(turn.turn, turn.kind, turn.interrupted, turn.calls) for turn in again] == [
        (turn.turn, turn.kind, turn.interrupted, turn.calls) for turn in golden
    ]
