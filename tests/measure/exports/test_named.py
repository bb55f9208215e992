"""Promises of `voicelab.measure.exports.named`."""

from __future__ import annotations

from pathlib import Path

from tests.measure.room import Tape
from voicelab.measure.exports.named import named_runs


def test_a_run_is_called_as_its_folder(tmp_path: Path) -> None:
    """Where that is clear."""
    runs = [Tape().save(tmp_path / name) for name in ("Grüße aus Rom", "b")]
    assert [one.name for one in named_runs(runs)] == ["Grüße aus Rom", "b"]


def test_no_two_runs_have_one_name(tmp_path: Path) -> None:
    """Not even where a file system does not tell great letters from small ones."""
    runs = [Tape().save(tmp_path / place / "x" / name) for place in "ab" for name in ("run", "RUN")]
    names = [one.name for one in named_runs([*runs, runs[0]])]
    assert len({name.lower() for name in names}) == 5
    assert names[:2] == ["a-x-run", "a-x-RUN-2"]
    assert not any("/" in name for name in names)
