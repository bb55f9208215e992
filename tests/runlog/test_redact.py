"""Promises of `voicelab.runlog.redact`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.audio.clip import write_wav
from voicelab.errors import RunError
from voicelab.runlog.manifest import Manifest, read_manifest, write_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import Record, encode_line
from voicelab.runlog.redact import REDACTED, redact_manifest, redact_record, redact_run, without_text

# "secret" stands wherever somebody's words, or what gives them away, can stand.
EVENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("session.update", {"session": {
        "instructions": "secret", "tools": [{"type": "function", "name": "secret", "parameters": {"secret": 1}}],
        "prompt": {"id": "pmpt_1", "variables": {"secret": "secret"}}, "tracing": {"workflow_name": "secret"},
        "audio": {"input": {"transcription": {"prompt": "secret", "keywords": ["secret"], "model": "m"}}}}}),
    ("conversation.item.create", {"item": {"id": "i", "type": "message", "role": "user",
        "content": [{"type": "input_text", "text": "secret"}]}}),
    ("conversation.item.create", {"item": {"type": "function_call_output", "call_id": "c", "output": "secret"}}),
    ("conversation.item.input_audio_transcription.completed", {"item_id": "i", "transcript": "secret",
        "logprobs": [{"token": "secret", "bytes": [115, 101], "logprob": -1}], "usage": {"input_tokens": 3}}),
    ("response.output_audio_transcript.delta", {"delta": "secret"}),
    ("response.function_call_arguments.done", {"name": "secret", "arguments": "{\"secret\": \"secret\"}"}),
    ("response.create", {"response": {"metadata": {"secret": "secret"}, "instructions": "secret", "input": "secret"}}),
    ("error", {"error": {"code": "invalid_value", "message": "the secret is wrong", "param": "a secret part"}}),
    ("voicelab.source.started", {"clip": "secret", "converted": "from secret", "labels": {
        "text": "secret", "speaker": "secret", "secret": 3, "speech_end_ms": 796.1}}),
    ("voicelab.mark", {"text": "secret", "at_ms": 5.0}),
    ("voicelab.settings.differ", {"path": "instructions", "asked": "secret", "in_force": "secret"}),
    ("an event of the secret future", {"guess": "secret", "secret": {"n": 1}, "item_id": "not an id but a secret"}),
)  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run in which "secret" is said everywhere."""
    folder = tmp_path / "run"
    folder.mkdir()
    lines = [
        encode_line(Record(seq=i, t_ns=i, wall="w", dir="recv", type=kind, event=event, bytes=100))
        for i, (kind, event) in enumerate(EVENTS)
    ]
    (folder / "events.jsonl").write_bytes(b"".join(lines) + b'{"secret": no record\n')
    (folder / "report.html").write_text("secret")
    for track in ("input", "heard"):
        write_wav(folder / f"{track}.wav", np.arange(480, dtype=np.int16))
    told = {"instructions": "secret", "audio": {"output": {"voice": "marin", "speed": 1.0}}}
    manifest = Manifest(
        state="failed", reason="secret", url="wss://secret.example/v1", asked=told, in_force=told,
        tags={"secret": "secret"}, note="secret", voicelab_server={"hearing": "guide", "notes": ["secret"]},
    )  # fmt: skip
    write_manifest(folder, manifest)
    return folder


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_without_text_nothing_that_was_said_is_left(run: Path, tmp_path: Path) -> None:
    """No file of the copy holds the word, as text or in the name of a field; the original is untouched."""
    before = _digests(run)
    copy = redact_run(run, tmp_path / "copy", text=True, audio=True)
    assert sorted(path.name for path in copy.iterdir()) == ["events.jsonl", "manifest.json"]
    assert not [path for path in copy.iterdir() if b"secret" in path.read_bytes()]
    assert _digests(run) == before


def test_what_measuring_needs_is_left(run: Path, tmp_path: Path) -> None:
    """Records keep their number, time and kind, numbers and ids stay, and the copy is a run."""
    records, n_bad = read_records(redact_run(run, tmp_path / "copy", text=True, audio=False))
    assert (len(records), n_bad) == (len(EVENTS), 0)
    assert [(r.seq, r.t_ns) for r in records] == [(i, i) for i in range(len(EVENTS))]
    assert records[3].event == {
        "item_id": "i", "transcript": "[redacted]", "logprobs": [], "usage": {"input_tokens": 3},
    }  # fmt: skip
    assert records[8].event["labels"] == {"text": "[redacted]", "speech_end_ms": 796.1}
    assert records[7].event["error"]["code"] == "invalid_value"
    manifest = read_manifest(tmp_path / "copy")
    assert manifest.in_force == {"instructions": "[redacted]", "audio": {"output": {"voice": "marin", "speed": 1.0}}}
    assert manifest.voicelab_server == {"hearing": "guide", "notes": []}


@pytest.mark.parametrize(
    ("text", "audio", "level", "tracks"),
    [
        (False, False, "full", ["heard.wav", "input.wav"]),
        (True, False, "no text", ["heard.wav", "input.wav"]),
        (False, True, "no audio", []),
        (True, True, "no text", []),
    ],
)
def test_the_manifest_says_what_was_left_out(
    run: Path, tmp_path: Path, text: bool, audio: bool, level: str, tracks: list[str]
) -> None:
    """And the sound is there or not; where both are gone the note says so."""
    copy = redact_run(run, tmp_path / "copy", text=text, audio=audio)
    manifest = read_manifest(copy)
    assert manifest.redaction == level
    assert sorted(path.name for path in copy.glob("*.wav")) == tracks
    assert (manifest.note == "redacted: no text, no audio") == (text and audio)


def test_what_was_left_out_once_is_not_forgotten(run: Path, tmp_path: Path) -> None:
    """A copy of a copy says all that is missing."""
    silent = redact_run(run, tmp_path / "silent", text=False, audio=True)
    both = read_manifest(redact_run(silent, tmp_path / "both", text=True, audio=False))
    assert (both.redaction, both.note) == ("no text", "redacted: no text, no audio")


def test_a_size_that_tells_the_length_of_a_text_goes_too() -> None:
    """An event of which nothing was taken keeps its size."""
    spoken = Record(seq=0, t_ns=0, wall="w", dir="recv", type="a", event={"transcript": "yes"}, bytes=90)
    empty = Record(seq=0, t_ns=0, wall="w", dir="recv", type="a", event={"transcript": ""}, bytes=90)
    assert (redact_record(spoken).bytes, redact_record(empty).bytes) == (None, 90)


def test_what_a_mark_measures_is_left() -> None:
    """That speech really ended there, not what was said about it; any other remark is only words."""
    marks = [
        Record(seq=0, t_ns=0, wall="w", dir="local", type="voicelab.mark", event={"text": text, "at_ms": 5.0})
        for text in ("true end", " True end: secret", "secret, not the true end")
    ]
    told = [redact_record(mark).event for mark in marks]
    assert [mark["text"] for mark in told] == ["true end", "true end", "[redacted]"]
    assert told[2]["at_ms"] == 5.0


def test_labels_keep_what_they_measure() -> None:
    """The kind of a clip and its pauses, not its words."""
    labels = {"kind": "backchannel", "pauses_ms": [[100.0, 300.0]], "text": "secret", "speaker": "secret"}
    started = Record(seq=0, t_ns=0, wall="w", dir="local", type="voicelab.source.started", event={"labels": labels})
    told = redact_record(started).event["labels"]
    assert told == {"kind": "backchannel", "pauses_ms": [[100.0, 300.0]], "text": "[redacted]"}


def test_nothing_is_written_over(run: Path, tmp_path: Path) -> None:
    """A folder that holds anything, the run itself above all, is refused."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    for target in (run, tmp_path / "full"):
        with pytest.raises(RunError, match="is not empty"):
            redact_run(run, target, text=True, audio=True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.sampled_from(["two words", "Grüße", "x" * 100]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
            ["transcript", "text", "item", "content", "usage", "id", "type", "delta", "input", "response", "own"]
        ), inner, max_size=4),
        max_leaves=12,
    ).filter(lambda value: isinstance(value, dict))
)  # fmt: skip
def test_no_shape_of_event_lets_a_text_through(event: Any) -> None:
    """Whatever stands where: a string that is no word of the protocol does not come out."""
    told = json.dumps(without_text(event), ensure_ascii=False)
    assert not any(text in told for text in ("two words", "Grüße", "x" * 100, '"own"'))


def test_prices_of_ones_own_keep_their_numbers_and_lose_their_words() -> None:
    """Whose discount it is stays with whom it was given to; the tables cost the same."""
    own = {"gpt-x": {"text": {"in": 1.5, "out": None}, "source": "contract with Example Ltd", "date": "2026-11"}}
    manifest = Manifest(prices={"model": "gpt-x", "billed": True, "overrides": own})
    copy = redact_manifest(manifest, text=True, audio=False)
    bare = {"gpt-x": {"text": {"in": 1.5, "out": None}, "source": REDACTED, "date": REDACTED}}
    assert copy.prices == {"model": "gpt-x", "billed": True, "overrides": bare}
    assert redact_manifest(manifest, text=False, audio=True).prices == manifest.prices
