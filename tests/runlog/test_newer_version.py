"""A run that a newer minor version has written: it is read on, copied, marked, and keeps what we do not know."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.server.room import Saying
from tests.session.room import hold
from voicelab.audio.clip import Clip
from voicelab.experiments.clips import spoken_lines
from voicelab.measure.run import open_run
from voicelab.runlog.afterwards import add_mark
from voicelab.runlog.manifest import MANIFEST, read_manifest
from voicelab.runlog.redact import redact_run
from voicelab.runlog.writer import EVENTS
from voicelab.session.core import SessionCore

HELLO: Clip = spoken_lines()["hello"].clip
OTHERS = ({"type": "voicelab.weather", "dir": "local"}, {"type": "response.output_smell.delta", "dir": "recv"})


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of this version: one spoken turn and one typed."""

    async def talk(core: SessionCore) -> None:
        await core.play(HELLO)
        await core.ask("What is 2 + 3?")

    return hold(talk, tmp_path_factory.mktemp("today") / "run", reply=Saying()).run.folder


@pytest.fixture
def tomorrow(today: Path, tmp_path: Path) -> Path:
    """The same as a newer minor version might write it: more fields, words, record types, files; one more direction."""
    folder = tmp_path / "tomorrow"
    shutil.copytree(today, folder)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    newer = {"schema": "voicelab.run/1.7", "state": "paused", "time": "stretched", "mood": ["good"]}
    (folder / MANIFEST).write_text(json.dumps({**manifest, **newer, "clocks": {**manifest["clocks"], "sun": "x"}}))
    lines = []
    for line in (folder / EVENTS).read_text("utf-8").splitlines():
        record = {**json.loads(line), "mood": 5}
        record["event"] = {**record.get("event", {}), "feeling": {"warm": True}}
        others: list[dict[str, Any]] = [{**record, "event": {"n": 1}, **other} for other in OTHERS]
        lines += [record, *others] if record["seq"] % 50 == 0 else [record]
    lines = [{**record, "seq": seq} for seq, record in enumerate(lines)]
    (folder / EVENTS).write_text("".join(f"{json.dumps(record)}\n" for record in lines), "utf-8")
    (folder / "smell.bin").write_bytes(b"x")
    return folder


def test_its_turns_are_those_of_the_run_as_we_know_it(today: Path, tomorrow: Path) -> None:
    """What we do not know changes nothing of what we do."""
    run, known = open_run(tomorrow), open_run(today)
    assert run.turn_list() == known.turn_list()
    assert len(run.turn_list()) == 2
    kinds = [record.type for record in run.records()]
    assert {other["type"] for other in OTHERS} <= set(kinds)
    assert len(run.records()) == len(kinds) == len(run.events())
    assert (run.manifest.state, run.manifest.time) == ("paused", "stretched")


def test_a_fourth_direction_is_set_aside_and_nothing_else(today: Path, tomorrow: Path) -> None:
    """That would be another major version: such lines are no records, and are counted."""
    lines = (tomorrow / EVENTS).read_text("utf-8").splitlines(keepends=True)
    odd = json.dumps({**json.loads(lines[0]), "dir": "sideways"}) + "\n"
    (tomorrow / EVENTS).write_text("".join([*lines[:5], odd, *lines[5:], odd]), "utf-8")
    run = open_run(tomorrow)
    assert len(run.records()) == len(lines)
    assert run.turn_list() == open_run(today).turn_list()


@pytest.mark.parametrize("what", [{"text": True, "audio": False}, {"text": False, "audio": True}])
def test_a_copy_to_give_away_is_made_of_what_is_known(tomorrow: Path, tmp_path: Path, what: dict[str, bool]) -> None:
    """It is written anew: nothing that nobody thought of gets out, and it still reads as a run that is over."""
    copy = redact_run(tomorrow, tmp_path / "copy", **what)
    assert len(open_run(copy).turn_list()) == 2
    assert read_manifest(copy).state == "paused"
    assert b"mood" not in (copy / EVENTS).read_bytes() + (copy / MANIFEST).read_bytes()
    assert (b"feeling" in (copy / EVENTS).read_bytes()) is not what["text"]
    assert not (copy / "smell.bin").exists()


def test_a_mark_is_added_and_all_else_stays(tomorrow: Path) -> None:
    """Bytes of the log before it, and every fact of the manifest but the number of records."""
    log, manifest = (tomorrow / EVENTS).read_bytes(), json.loads((tomorrow / MANIFEST).read_bytes())
    made = add_mark(tomorrow, "true end", 900.0)
    assert (tomorrow / EVENTS).read_bytes().startswith(log)
    assert json.loads((tomorrow / MANIFEST).read_bytes()) == {**manifest, "records": made.seq + 1}
