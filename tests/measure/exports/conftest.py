"""Runs to export: one full conversation, two with tags, and one in which a secret is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.measure.room import Tape, loud, usage
from voicelab.measure.exports.named import NamedRun, named_runs
from voicelab.measure.run import Run

SECRET = "grandmother keeps the jewels under the flowerpot"


@pytest.fixture(scope="session")
def one(conversation: Tape, tmp_path_factory: pytest.TempPathFactory) -> list[NamedRun]:
    """The conversation of four turns, with a remark and an error, a failed response and two calls at once."""
    tape = Tape()
    tape.records, tape.tracks = list(conversation.records), dict(conversation.tracks)
    busy_end(tape)
    folder = tmp_path_factory.mktemp("export") / "one"
    return named_runs([tape.save(folder, state="complete", began="2026-11-20T12:00:00.000000Z", note='a "note"')])


@pytest.fixture(scope="session")
def two(conversation: Tape, tmp_path_factory: pytest.TempPathFactory) -> list[NamedRun]:
    """Two runs of one folder name, with tags, one of them empty."""
    folder = tmp_path_factory.mktemp("many")
    began = "2026-11-20T12:00:00.000000Z"
    runs = [
        conversation.save(folder / "a" / "run", state="complete", began=began, tags={"turn": "7", "place": "lab"}),
        Tape().save(folder / "b" / "run", state="complete", began=began, tags={"place": "café"}, note="nobody came"),
    ]
    return named_runs(runs)


@pytest.fixture
def secretive(tmp_path: Path) -> Run:
    """A run in which the secret is said, typed, answered, called with, labelled, remarked and noted."""
    tape = Tape()
    tape.opened(0)
    tape.recv("session.updated", 1, session={"instructions": SECRET, "tools": [{"name": SECRET}]})
    labels = {"text": SECRET, "speech_start_ms": 100, "speech_end_ms": 900}
    tape.local("source.started", 2, clip=f"{SECRET}.wav", duration_ms=1000.0, labels=labels)
    tape.frames(20, 1400)
    tape.spoke("item_u1", 100, 1300, started_ms=480, stopped_ms=1425)
    tape.recv("conversation.item.input_audio_transcription.completed", 1430, item_id="item_u1", transcript=SECRET)
    tape.created("resp_1", 1440)
    tape.said("resp_1", "item_a1", 1580, SECRET)
    tape.sound("resp_1", "item_a1", 1590, loud(200))
    tape.played("item_a1", 1600)
    tape.heard("item_a1", 1600, loud(200))
    tape.stopped("item_a1", 1800, 200.0, 200.0)
    call = {"response_id": "resp_1", "item_id": "item_f1", "call_id": "call_1", "name": SECRET, "arguments": SECRET}
    tape.recv("response.function_call_arguments.done", 1800, **call)
    tape.done("resp_1", 1810, usage(text=(10, 0, 5), audio=(10, 0, 4)), "failed", type="failed", reason=SECRET)
    output = {"type": "function_call_output", "call_id": "call_1", "output": SECRET}
    tape.send("conversation.item.create", 1820, item=output)
    tape.typed(SECRET, 2000)
    tape.send("response.create", 2010)
    tape.created("resp_2", 2020)
    tape.local("mark", 2030, text=SECRET)
    tape.local("mark", 2040, text=f"true end: {SECRET}")
    tape.records[-1].event["at_ms"] = 1000
    tape.recv("error", 2050, error={"type": "invalid_request_error", "code": "bad", "message": SECRET})
    return tape.save(
        tmp_path / SECRET, state="complete", began="2026-11-20T12:00:00.000000Z", note=SECRET, tags={SECRET: SECRET}
    )


def busy_end(tape: Tape) -> None:
    """Two responses at once, one of which fails and one of which never ends; two calls that overlap; an error."""
    tape.created("resp_6", 7500)
    tape.created("resp_7", 7520, None)
    for n, at_ms in ((1, 7600), (2, 7610)):
        call = {"response_id": "resp_6", "item_id": f"item_f6{n}", "call_id": f"call_6{n}"}
        tape.recv("response.function_call_arguments.done", at_ms, **call, name="look", arguments='{"at": "sky"}')
    tape.done("resp_6", 7700, None, "failed", type="failed", reason="server_error")
    for n, at_ms in ((1, 7750), (2, 7760)):
        output = {"type": "function_call_output", "call_id": f"call_6{n}", "output": "stars"}
        tape.send("conversation.item.create", at_ms, item=output)
    tape.local("mark", 7800, text='he said "hm"\tand left')
    tape.recv("error", 7800, error={"type": "invalid_request_error", "code": "bad_value", "message": "no"})
    tape.local("chunk", 7900, chunk_ms=20)
