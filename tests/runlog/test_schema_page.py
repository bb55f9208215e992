"""The page of the schema says what the code does: every field, every record type, every clock, every example."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import msgspec
import pytest

import voicelab
from tests.session.room import hold
from voicelab.audio.meter import Level
from voicelab.experiments.demo import run_demo
from voicelab.experiments.progress import Progress
from voicelab.measure.budget import Budget
from voicelab.runlog.importing import import_events
from voicelab.runlog.manifest import CLOCKS, WORDS, Manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import SCHEMA, AudioRef, Record, decode_line
from voicelab.session.core import SessionCore

HOUSE = Path(voicelab.__file__).parent
PAGE = (HOUSE / "runlog" / "README.md").read_text("utf-8")
CODE = re.compile(r"`([^`]+)`")


def section(title: str) -> str:
    """Return the text under a heading."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title: str) -> Iterator[list[str]]:
    """Go through the rows of the table under a heading."""
    for line in section(title).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            yield cells


def on_the_page(title: str) -> dict[str, str]:
    """Return what the first column of a table names, with the last column."""
    return {CODE.findall(cells[0])[0]: cells[-1] for cells in rows(title)}


LOCAL = {CODE.findall(kind)[0]: set(CODE.findall(fields)) for kind, fields, _ in rows("Local facts")}
REQUIRED = {kind: {name for name in fields if not name.endswith("?")} for kind, fields in LOCAL.items()}
ALLOWED = {kind: {name.removesuffix("?") for name in fields} for kind, fields in LOCAL.items()}


@pytest.mark.parametrize(
    ("title", "struct"), [("The manifest", Manifest), ("A record", Record), ("Audio references", AudioRef)]
)
def test_every_field_is_on_the_page_and_no_other(title: str, struct: type[msgspec.Struct]) -> None:
    """In the order in which they are written, each with its type in words and what it means."""
    assert tuple(on_the_page(title)) == struct.__struct_fields__
    assert all(len(cells) == 3 and all(cells) for cells in rows(title))


def test_the_clocks_are_those_of_every_manifest() -> None:
    """Word for word."""
    assert on_the_page("Clocks") == CLOCKS


def test_the_words_of_the_manifest_are_on_the_page() -> None:
    """All of ``state``, ``time`` and ``redaction``, and the schema's name."""
    fields = on_the_page("The manifest")
    for name, words in WORDS.items():
        assert set(words) <= set(CODE.findall(fields[name]))
    assert tuple(on_the_page("Redaction")) == WORDS["redaction"]
    assert PAGE.startswith(f"# `{SCHEMA}`")
    assert CODE.findall(fields["schema"])[0] == SCHEMA


def test_the_examples_are_what_they_say() -> None:
    """The manifest is one, and each line of the log a record that is written in the same way again."""
    (manifest,) = re.findall(r"```json\n(.*?)```", section("The manifest"), re.DOTALL)
    assert msgspec.json.decode(manifest, type=Manifest).tags == {"condition": "patient"}
    assert json.loads(manifest).keys() <= set(Manifest.__struct_fields__)
    lines = re.findall(r"```json\n(.*?)\n```", section("A record"), re.DOTALL)
    for line in lines:
        assert msgspec.json.encode(decode_line(line.encode())).decode() == line
    assert lines


# --- local facts ---------------------------------------------------------------------------------------------------


def written_by_code() -> Iterator[tuple[str, set[str], bool]]:
    """Find every call that writes a local fact: its type, the fields it names, and whether it adds others."""
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "local":
                names = {keyword.arg for keyword in node.keywords if keyword.arg is not None}
                for word in ast.walk(node.args[0]):
                    if isinstance(word, ast.Constant) and isinstance(word.value, str):
                        yield f"voicelab.{word.value}", names, len(names) < len(node.keywords)


def test_the_page_names_every_fact_that_the_code_writes_and_no_other() -> None:
    """With every field that stands in the call; where all of them stand there, no other may be missing."""
    written = list(written_by_code())
    assert len(written) > 20
    assert {kind for kind, _, _ in written} == set(LOCAL)
    for kind, names, more in written:
        assert names <= ALLOWED[kind], kind
        assert more or names >= REQUIRED[kind], kind
    for kind, fields in ALLOWED.items():
        calls = [(names, more) for own, names, more in written if own == kind]
        assert any(more for _, more in calls) or fields == set().union(*(names for names, _ in calls)), kind


def assert_as_on_the_page(records: list[Record]) -> set[str]:
    """Compare the facts of a run with the page; return their types."""
    facts = [record for record in records if record.type.startswith("voicelab.")]
    for record in facts:
        assert record.dir == "local"
        assert REQUIRED[record.type] <= record.event.keys() <= ALLOWED[record.type], record
    return {record.type for record in facts}


def test_a_conversation_writes_what_the_page_says(tmp_path: Path) -> None:
    """The guided one: spoken and typed, interrupted, with a function, over three connections, with a remark."""
    run = run_demo(
        tmp_path / "run", fast=True, wall_start=datetime(2026, 11, 20, tzinfo=UTC), progress=Progress(StringIO())
    )
    kinds = assert_as_on_the_page(run.records())
    assert len(kinds) >= 8
    refs = [ref for record in run.records() for ref in references(record.event)]
    assert {frozenset(ref) for ref in refs} == {frozenset(on_the_page("Audio references"))}
    assert {ref["track"] for ref in refs} == {"input", "output", "heard"}


def references(value: object) -> Iterator[dict[str, object]]:
    """Find every place of audio in an event."""
    if isinstance(value, dict):
        if "audio_ref" in value:
            yield value["audio_ref"]
        for inner in value.values():
            yield from references(inner)


def test_a_level_is_what_the_page_says() -> None:
    """What a meter tells of a tenth of a second."""
    assert Level(100.0, -20.0, -3.0, 0).to_event().keys() == ALLOWED["voicelab.audio.level"]


def test_a_budget_writes_what_the_page_says(tmp_path: Path) -> None:
    """Its limit, what was spent, a refusal, and a larger limit."""

    async def spend(core: SessionCore) -> None:
        await core.ask("What is 2 + 3?")
        with pytest.raises(voicelab.VoicelabError):
            while True:
                await core.ask("What is 2 + 3?")
        await core.raise_budget(1.0)

    held = hold(spend, tmp_path / "run", model="gpt-realtime", budget=Budget(limit_usd=0.002))
    kinds = assert_as_on_the_page(held.run.records())
    assert {kind for kind in LOCAL if kind.startswith("voicelab.budget")} <= kinds


def test_an_import_writes_what_the_page_says(tmp_path: Path) -> None:
    """What was understood, in the last record."""
    (tmp_path / "theirs.jsonl").write_text('{"type": "session.created", "event_id": "e", "session": {}}\nwhat?\n')
    records, n_bad = read_records(import_events(tmp_path / "theirs.jsonl", tmp_path / "run"))
    assert n_bad == 0
    assert assert_as_on_the_page(records) == {"voicelab.imported"}
    assert records[-1].type == "voicelab.imported"
