"""Promises of `voicelab.runlog.manifest`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.runlog.full_disk import files_end_at
from voicelab.errors import RunError
from voicelab.runlog.manifest import (
    CLOCKS,
    MANIFEST,
    Manifest,
    read_manifest,
    update_manifest,
    without_secrets,
    write_manifest,
)

FULL = Manifest(
    state="interrupted",
    began="2026-11-20T12:00:00.000000Z",
    ended="2026-11-20T12:01:00.000000Z",
    reason="interrupted from the keyboard",
    provider="local",
    model="voicelab-guide",
    url="ws://127.0.0.1:1234/v1/realtime",
    voicelab_server={"reply": "guide"},
    asked={"audio": {"output": {"voice": "ash"}}},
    in_force={"type": "realtime", "tools": []},
    tags={"condition": "patient"},
    note="größer",
    prices={"model": "gpt-realtime", "billed": False},
    time="virtual",
    redaction="no audio",
    software={"python": "3.11"},
    records=17,
    dropped=2,
)


def put(folder: Path, manifest: Any) -> Path:
    """Write anything as a folder's manifest."""
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    return folder


def test_a_manifest_survives_the_way_through_its_file(tmp_path: Path) -> None:
    """Every field comes back, full or empty."""
    for manifest in (FULL, Manifest()):
        write_manifest(tmp_path, manifest)
        assert read_manifest(tmp_path) == manifest


def test_a_manifest_says_its_schema_and_what_its_clocks_mean(tmp_path: Path) -> None:
    """A reader without us finds both in the file, which is JSON that people can read."""
    write_manifest(tmp_path, Manifest())
    text = (tmp_path / MANIFEST).read_text("utf-8")
    assert json.loads(text)["schema"] == "voicelab.run/1"
    assert json.loads(text)["clocks"] == CLOCKS
    assert json.loads(text)["state"] == "running"
    assert len(text.splitlines()) > 10


def test_two_manifests_do_not_share_their_clocks() -> None:
    """What one run notes of its clocks is no matter of the next."""
    one = Manifest()
    one.clocks["extra"] = "x"
    assert Manifest().clocks == CLOCKS


def test_a_reader_sees_the_old_manifest_or_the_new_one(tmp_path: Path) -> None:
    """The new one takes the old one's place in one step: who has the old one open reads it to its end."""
    write_manifest(tmp_path, Manifest(note="old"))
    with (tmp_path / MANIFEST).open("rb") as reader:
        write_manifest(tmp_path, FULL)
        assert json.loads(reader.read())["note"] == "old"
    assert read_manifest(tmp_path) == FULL
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


def test_half_a_draft_does_not_harm_the_manifest(tmp_path: Path) -> None:
    """A writer that was killed while it wrote the new one has left the old one whole."""
    write_manifest(tmp_path, FULL)
    (tmp_path / f"{MANIFEST}.new").write_bytes(b'{"schema": "voice')
    assert read_manifest(tmp_path) == FULL


def test_no_key_stands_in_any_fact(tmp_path: Path) -> None:
    """Texts, maps, their names: what is known and what has the shape of a key; the rest stays, full or empty."""
    said = Manifest(
        note="hunter2 and sk-abcdefgh12345678", tags={"of": "hunter2"}, reason="hunter2!", url="ws://h/?k=hunter2"
    )
    shown = without_secrets(said, ["hunter2"])
    assert (shown.note, shown.tags) == ("[hidden] and [hidden]", {"of": "[hidden]"})
    assert (shown.reason, shown.url) == ("[hidden]!", "ws://h/?k=[hidden]")
    for manifest in (FULL, Manifest()):
        assert without_secrets(manifest, ["hunter2"]) == manifest


@pytest.mark.parametrize("schema", ["voicelab.run/1", "voicelab.run/1.1", "voicelab.run/1.12"])
def test_newer_minor_versions_are_read(schema: str, tmp_path: Path) -> None:
    """Fields that we do not know are passed over."""
    put(tmp_path, {"schema": schema, "model": "m", "mood": {"of": "tomorrow"}})
    assert read_manifest(tmp_path).model == "m"


@pytest.mark.parametrize(("name", "word"), [("state", "paused"), ("time", "stretched"), ("redaction", "no ids")])
def test_words_of_a_newer_minor_version_are_kept(name: str, word: str, tmp_path: Path) -> None:
    """A state that we do not know is no reason not to read a run; in our own version it is damage."""
    put(tmp_path, {"schema": "voicelab.run/1.3", name: word})
    assert getattr(read_manifest(tmp_path), name) == word
    put(tmp_path, {"schema": "voicelab.run/1", name: word})
    with pytest.raises(RunError, match=rf"manifest\.json cannot be read: {name} is '{word}', which is none of"):
        read_manifest(tmp_path)


def test_changing_one_fact_keeps_what_a_newer_version_wrote(tmp_path: Path) -> None:
    """Fields, words and the version itself stay as they came."""
    newer = {"schema": "voicelab.run/1.3", "state": "paused", "mood": {"of": "tomorrow"}, "records": 3}
    update_manifest(put(tmp_path, newer), records=4)
    assert json.loads((tmp_path / MANIFEST).read_bytes()) == {**newer, "records": 4}


def test_what_is_no_run_is_not_changed(tmp_path: Path) -> None:
    """Another program's file stays as it is."""
    put(tmp_path, {"name": "My web app"})
    with pytest.raises(RunError, match="cannot be read"):
        update_manifest(tmp_path, records=4)
    assert json.loads((tmp_path / MANIFEST).read_bytes()) == {"name": "My web app"}


def test_a_manifest_that_found_no_room_leaves_the_old_one(tmp_path: Path) -> None:
    """And no half of itself beside it."""
    write_manifest(tmp_path, Manifest(note="old"))
    with files_end_at(200), pytest.raises(OSError, match="File too large"):
        write_manifest(tmp_path, Manifest(note="x" * 1_000))
    assert read_manifest(tmp_path).note == "old"
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


@pytest.mark.parametrize(
    "schema", ["voicelab.run/2", "voicelab.run/2.1", "voicelab.run/10", "voicelab.run/1.x", "x/1", ""]
)
def test_other_schemas_are_refused_by_name(schema: str, tmp_path: Path) -> None:
    """The error says which it is and which are read, also where the rest has another shape."""
    put(tmp_path, {"schema": schema, "prices": ["another", "shape"]})
    with pytest.raises(RunError) as caught:
        read_manifest(tmp_path)
    assert f"has the schema {schema!r}; this voicelab reads 'voicelab.run/1'" in str(caught.value)


@pytest.mark.parametrize("manifest", [{}, {"name": "My web app", "icons": []}, [], "voicelab.run/1", {"schema": 1}])
def test_another_programs_manifest_is_no_run(manifest: Any, tmp_path: Path) -> None:
    """``manifest.json`` is a common name: without our schema it is not ours."""
    with pytest.raises(RunError, match=r"manifest\.json cannot be read"):
        read_manifest(put(tmp_path, manifest))


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b'{"schema": "voicelab.run/1", "state": "asleep"}'])
def test_a_damaged_manifest_is_an_error_that_names_the_file(data: bytes, tmp_path: Path) -> None:
    """The line says which file it is."""
    (tmp_path / MANIFEST).write_bytes(data)
    with pytest.raises(RunError, match=r"manifest\.json cannot be read"):
        read_manifest(tmp_path)


def test_a_folder_without_a_manifest_is_no_run(tmp_path: Path) -> None:
    """The error says what is missing and what to name instead; a folder that does not exist is as good."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RunError, match="is not a run folder: it has no manifest"):
            read_manifest(folder)


def test_a_file_is_no_run(tmp_path: Path) -> None:
    """Naming a track instead of its folder is told apart."""
    (tmp_path / "input.wav").write_bytes(b"RIFF")
    with pytest.raises(RunError, match=r"input\.wav is a file, not a run folder"):
        read_manifest(tmp_path / "input.wav")
