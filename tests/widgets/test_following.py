"""A view keeps up with a run: all of it once, then what is new, and its end."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.widgets.browser import until
from voicelab.errors import RunError
from voicelab.experiments.demo import run_demo
from voicelab.measure.run import open_run
from voicelab.runlog.manifest import read_manifest, write_manifest
from voicelab.session.portal import wall_now
from voicelab.widgets.following import Following, Fresh


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    return run_demo(tmp_path_factory.mktemp("demo") / "run", fast=True, wall_start=wall_now()).folder


def test_a_saved_run_is_painted_at_once_and_whole(folder: Path) -> None:
    """One call on the caller's thread, with everything; no thread is needed."""
    seen: list[Fresh] = []
    Following(seen.append, every_ms=40).watch(folder)
    (fresh,) = seen
    assert (fresh.first, fresh.over) == (True, True)
    assert len(fresh.records) == len(open_run(folder).records())


def test_nothing_is_painted_as_nothing() -> None:
    """A view that has no run yet is told so, and can say what to do."""
    seen: list[Fresh] = []
    Following(seen.append, every_ms=40).watch(None)
    assert [(fresh.run, fresh.records, fresh.first) for fresh in seen] == [(None, [], True)]


def test_a_growing_run_comes_in_pieces_and_ends(folder: Path, tmp_path: Path) -> None:
    """What another process appends is seen, each record once and in order; when it is complete the view is told."""
    grows = tmp_path / "run"
    shutil.copytree(folder, grows)
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    manifest = read_manifest(folder)
    (grows / "events.jsonl").write_bytes(b"".join(lines[:10]))
    write_manifest(grows, type(manifest)(**{name: getattr(manifest, name) for name in ("began", "provider")}))
    seen: list[Fresh] = []
    following = Following(seen.append, every_ms=40)
    following.watch(grows)
    until(lambda: bool(seen), "the first records")
    with (grows / "events.jsonl").open("ab") as file:
        file.write(b"".join(lines[10:]))
    until(lambda: sum(len(fresh.records) for fresh in seen) == len(lines), "all records")
    write_manifest(grows, manifest)
    until(lambda: seen[-1].over, "the end")
    assert [record.seq for fresh in seen for record in fresh.records] == list(range(len(lines)))
    assert [fresh.first for fresh in seen] == [True] + [False] * (len(seen) - 1)
    following.close()


def test_a_hidden_view_is_left_alone_and_catches_up(folder: Path, tmp_path: Path) -> None:
    """While it is not shown it is not painted; shown again it gets what it missed."""
    grows = tmp_path / "run"
    shutil.copytree(folder, grows)
    manifest = read_manifest(folder)
    write_manifest(grows, type(manifest)(**{name: getattr(manifest, name) for name in ("began", "provider")}))
    seen: list[Fresh] = []
    following, other = Following(seen.append, every_ms=40), []
    following.shown = False
    following.watch(grows)
    watcher = Following(other.append, every_ms=40)
    watcher.watch(grows)
    until(lambda: bool(other), "the other view")
    assert seen == []
    following.shown = True
    until(lambda: bool(seen), "the hidden view")
    assert len(seen[0].records) == len(other[0].records)
    following.close()
    watcher.close()


def test_a_folder_that_is_no_run_is_an_error_now(tmp_path: Path) -> None:
    """Not a blank view."""
    with pytest.raises(RunError, match="is not a run folder"):
        Following(lambda fresh: None, every_ms=40).watch(tmp_path)
