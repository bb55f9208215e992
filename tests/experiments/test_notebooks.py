"""Promises of `voicelab.experiments.notebooks`."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicelab.errors import RunError
from voicelab.experiments.notebooks import START, copy_notebooks, notebooks_source


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_notebooks_are_found_and_copied_with_their_pages(tmp_path: Path) -> None:
    """All of them, the tutor's sheet, and the page on the embedded server; the start page is told."""
    start = copy_notebooks(tmp_path / "new" / "lab")
    assert start == tmp_path / "new" / "lab" / START
    names = {path.name for path in start.parent.iterdir()}
    assert {path.name for path in notebooks_source().glob("*.ipynb")} | {"workshop.md", "embedded-server.md"} <= names


def test_a_second_copy_changes_nothing(tmp_path: Path) -> None:
    """And says nothing."""
    told: list[str] = []
    copy_notebooks(tmp_path)
    before = _contents(tmp_path)
    copy_notebooks(tmp_path, told.append)
    assert (_contents(tmp_path), told) == (before, [])


def test_a_changed_notebook_is_kept(tmp_path: Path) -> None:
    """Where only the user changed it, nothing is written beside it, however often voicelab is started."""
    start = copy_notebooks(tmp_path)
    start.write_text("my own work")
    told: list[str] = []
    copy_notebooks(tmp_path, told.append)
    assert (start.read_text(), told, list(tmp_path.glob("*.new*"))) == ("my own work", [], [])


def test_a_newer_notebook_comes_beside_a_changed_one(tmp_path: Path) -> None:
    """Both are there, it is told once, and the next start leaves them as they are."""
    start = copy_notebooks(tmp_path)
    _pretend_older(tmp_path)
    start.write_text("my own work")
    told: list[str] = []
    copy_notebooks(tmp_path, told.append)
    newer = tmp_path / "00-start.new.ipynb"
    assert start.read_text() == "my own work"
    assert newer.read_bytes() == (notebooks_source() / START).read_bytes()
    assert told == ["00-start.ipynb was changed here and is kept; what comes with this voicelab is 00-start.new.ipynb"]
    before = _contents(tmp_path)
    copy_notebooks(tmp_path, told.append)
    assert (_contents(tmp_path), len(told)) == (before, 1)
    _pretend_older(tmp_path)
    copy_notebooks(tmp_path)
    assert [path.name for path in tmp_path.glob("*.new*")] == [newer.name]  # not a third time


def test_a_newer_copy_beside_it_that_was_changed_too_is_kept(tmp_path: Path) -> None:
    """A third name is found."""
    start = copy_notebooks(tmp_path)
    start.write_text("my own work")
    (tmp_path / "00-start.new.ipynb").write_text("mine as well")
    _pretend_older(tmp_path)
    copy_notebooks(tmp_path)
    assert (tmp_path / "00-start.new.ipynb").read_text() == "mine as well"
    assert (tmp_path / "00-start.new2.ipynb").read_bytes() == (notebooks_source() / START).read_bytes()


def test_an_untouched_notebook_of_an_older_voicelab_is_renewed(tmp_path: Path) -> None:
    """Nobody's work is in it."""
    start = copy_notebooks(tmp_path)
    start.write_text("as it was given out")
    _pretend_given(tmp_path, start)
    copy_notebooks(tmp_path)
    assert start.read_bytes() == (notebooks_source() / START).read_bytes()


@pytest.mark.parametrize("garbage", ["", "[]", "{", "\x00"])
def test_a_lost_memory_keeps_everything(tmp_path: Path, garbage: str) -> None:
    """Where it is not known what was given out, whatever is there is somebody's."""
    start = copy_notebooks(tmp_path)
    start.write_text("perhaps mine")
    (tmp_path / ".voicelab-notebooks.json").write_text(garbage)
    copy_notebooks(tmp_path)
    assert start.read_text() == "perhaps mine"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """In one line."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="cannot hold the notebooks"):
        copy_notebooks(tmp_path / "file" / "folder")


def _pretend_older(folder: Path) -> None:
    """Let it look as if an older voicelab had given out other notebooks."""
    (folder / ".voicelab-notebooks.json").write_text("{}")


def _pretend_given(folder: Path, path: Path) -> None:
    import hashlib
    import json

    memory = folder / ".voicelab-notebooks.json"
    given = json.loads(memory.read_text())
    memory.write_text(json.dumps({**given, path.name: hashlib.sha256(path.read_bytes()).hexdigest()}))
