"""Promises of `voicelab.widgets.handing_in`."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

import voicelab as vl
from tests.command import voicelab
from voicelab.errors import ConfigError, RunError
from voicelab.measure.run import Run, open_run
from voicelab.widgets.handing_in import class_figure, hand_in

SAID = (b"twelve plus thirty", b"forty-two", b"set_timer", b"People change turns")


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conversation with words, tools and two interruptions."""
    folder = tmp_path_factory.mktemp("hand-in")
    done = voicelab("demo", "--fast", "--out", "run", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture
def run(demo_run: Path, tmp_path: Path) -> Run:
    """A copy of it: a hand-in is written beside the run."""
    return open_run(shutil.copytree(demo_run, tmp_path / "run"))


def _texts(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist() if not name.endswith(".wav"))


def test_nothing_that_was_said_leaves(run: Run) -> None:
    """By default there is no word and no sound in the ZIP, and the numbers are all there."""
    path = hand_in(run, "Ada")
    assert path.parent == run.folder.parent
    assert re.fullmatch(r"Ada-[0-9a-f]{4}\.zip", path.name)
    assert not [text for text in SAID if text in _texts(path)]
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["hand-in.json", "run/events.jsonl", "run/manifest.json"]
        facts = json.loads(archive.read("hand-in.json"))
    assert [turn["voice_to_voice_ms"] for turn in facts["turns"]] == run.turns()["voice_to_voice_ms"].to_list()
    assert [turn["interrupted"] for turn in facts["turns"]] == run.turns()["interrupted"].to_list()
    assert (facts["words"], facts["sound"], facts["name"]) == (False, False, "Ada")


def test_words_and_sound_go_along_where_that_is_wanted(run: Run) -> None:
    """Each by itself; and what comes out of the ZIP is a run."""
    with_words, with_sound = hand_in(run, "words", words=True), hand_in(run, "sound", sound=True)
    assert all(text in _texts(with_words) for text in SAID)
    assert not [text for text in SAID if text in _texts(with_sound)]
    with zipfile.ZipFile(with_sound) as archive:
        archive.extractall(run.folder.parent / "out")
    handed = open_run(run.folder.parent / "out" / "run")
    assert handed.manifest.redaction == "no text"
    assert handed.turns()["voice_to_voice_ms"].to_list() == run.turns()["voice_to_voice_ms"].to_list()


def test_an_earlier_hand_in_is_not_written_over(run: Run) -> None:
    """Nor can a name lead out of the folder."""
    first, second = hand_in(run, "Ada"), hand_in(run, "Ada")
    assert second.name == f"{first.stem}-2.zip"
    outside = hand_in(run, "../../Zoë & Co.")
    assert outside.parent == run.folder.parent
    assert re.fullmatch(r"Zoë-Co-[0-9a-f]{4}\.zip", outside.name)


def test_two_people_of_one_name_can_be_collected_in_one_folder(run: Run, tmp_path: Path) -> None:
    """Their files have different names, so that a tutor's copying loses nobody."""
    other = shutil.copytree(run.folder, tmp_path / "other")
    manifest = json.loads((other / "manifest.json").read_text("utf-8"))
    (other / "manifest.json").write_text(json.dumps({**manifest, "began": "2026-01-01T00:00:00.000001Z"}), "utf-8")
    assert hand_in(run, "Ada").name != hand_in(open_run(other), "Ada").name


@pytest.mark.parametrize("name", ["", "  ", "../..", "-"])
def test_a_hand_in_needs_a_name(run: Run, name: str) -> None:
    """Something to tell people apart by."""
    with pytest.raises(ConfigError, match="Give a name"):
        hand_in(run, name)


def test_a_class_is_one_figure(run: Run, tmp_path: Path) -> None:
    """Everybody's measured turns, answered and interrupted; the same name twice is two people."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("Ada", "Ben"):
        hand_in(run, name).rename(folder / f"{name}.zip")
    hand_in(run, "Ada").rename(folder / "another Ada.zip")
    figure = class_figure(folder)
    answered, interrupted, medians = figure.data
    turns = [turn for turn in run.turn_list() if turn.voice_to_voice_ms is not None]
    n_cut = sum(turn.interrupted for turn in turns)
    assert (len(interrupted.x), len(answered.x)) == (3 * n_cut, 3 * (len(turns) - n_cut))
    assert n_cut > 0
    assert sorted(medians.y) == ["Ada", "Ada (2)", "Ben"]
    assert f"3 people, {3 * len(turns)} spoken turns" in figure.layout.title.subtitle.text


def test_broken_files_are_named_and_left_out(run: Run, tmp_path: Path) -> None:
    """No ZIP, one without a hand-in, one of something else, one cut short: the others are drawn."""
    folder = tmp_path / "class"
    folder.mkdir()
    whole = hand_in(run, "Ada").rename(folder / "Ada.zip")
    (folder / "text.zip").write_text("no zip")
    (folder / "short.zip").write_bytes(whole.read_bytes()[:2000])
    for name, facts in (("other.zip", '{"schema": "x/9", "name": "x", "turns": []}'), ("shape.zip", '{"turns": 3}')):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr("hand-in.json", facts)
    with zipfile.ZipFile(folder / "foreign.zip", "w") as archive:
        archive.writestr("holiday.txt", "x")
    figure = class_figure(folder)
    said = figure.layout.title.subtitle.text
    assert said.endswith("left out: foreign.zip, other.zip, shape.zip, short.zip, text.zip")
    assert list(figure.data[2].y) == ["Ada"]


def test_a_zip_that_would_unpack_to_gigabytes_is_not_read_whole(run: Run, tmp_path: Path) -> None:
    """It is one of the broken ones."""
    folder = tmp_path / "class"
    folder.mkdir()
    hand_in(run, "Ada").rename(folder / "Ada.zip")
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "hand-in.json", '{"schema": "voicelab.hand-in/1", "name": "x", "turns": []' + " " * 20_000_000 + "}"
        )
    assert "left out: bomb.zip" in class_figure(folder).layout.title.subtitle.text


def test_somebody_who_never_spoke_is_shown(run: Run, tmp_path: Path) -> None:
    """With a word on why there is no dot."""
    folder = tmp_path / "class"
    folder.mkdir()
    with zipfile.ZipFile(folder / "Cy.zip", "w") as archive:
        archive.writestr("hand-in.json", '{"schema": "voicelab.hand-in/1", "name": "Cy", "turns": [{"turn": 1}]}')
    figure = class_figure(folder)
    (note,) = figure.layout.annotations
    assert (note.y, note.text) == ("Cy", "no spoken turn was measured")
    assert list(figure.layout.yaxis.categoryarray) == ["Cy"]


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    """In one line."""
    with pytest.raises(RunError, match="There is no ZIP in"):
        class_figure(tmp_path)


def test_the_function_keeps_its_name_after_a_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """No module of the same name takes its place in ``vl.widgets``."""
    monkeypatch.setenv("VOICELAB_HEADLESS", "1")
    vl.Lab().close()
    assert vl.widgets.hand_in is hand_in
