"""Makes the golden runs in ``data/golden`` and what their tables hold: ``python -m tests.measure.golden``.

Run by hand when a definition changes on purpose (with another `METRIC_VERSION`); what changes is then seen in the diff.

``spoken``: three turns with the embedded server in virtual time: a greeting, a function call, a reply that is
interrupted; with sound. ``hosted``: what a hosted service would have sent, without sound: the published usage block,
more cached than input tokens, a picture, transcriptions by tokens and by seconds, a response that failed and one that
reported no usage. ``cut-off``: ``spoken`` without sound, its log damaged in the middle, cut off in a line, with a tail
of zero bytes; its writer never came to complete it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tests.measure.room import Tape, usage
from voicelab.experiments.clips import spoken_lines
from voicelab.experiments.script import DEMO_TOOLS
from voicelab.experiments.stage import Staging, play_in_virtual_time
from voicelab.measure.columns import TABLES
from voicelab.measure.run import Run
from voicelab.runlog.manifest import read_manifest, write_manifest
from voicelab.runlog.writer import EVENTS
from voicelab.session.core import SessionCore
from voicelab.session.live import LiveRun

GOLDEN = Path(__file__).parents[2] / "data" / "golden"
NAMES = ("spoken", "hosted", "cut-off")
# The log holds every event; its table is those lines again.
TOLD = [name for name in TABLES if name != "events"]
BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
# openai-realtime.md 5.1: the usage block of the published example.
PUBLISHED = usage(text=(119, 64, 30), audio=(13, 0, 91))


def tables_of(run: Run) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of a run as plain JSON values."""
    rows = {name: run.table(name).to_dicts() for name in TOLD}
    return {"events": [{"n": run.events().height, "bad_lines": run.bad_lines}], **rows}


def make_spoken(folder: Path) -> None:
    """Hold the conversation."""
    lines = spoken_lines()

    async def script(core: SessionCore, live: LiveRun) -> None:
        for name in ("hello", "timer"):
            await core.play(lines[name].clip, lines[name].labels)
        await core.mark("wants a story")
        reading = asyncio.ensure_future(core.play(lines["read"].clip, lines["read"].labels))
        await core.wait_for_playback(1_500)
        await asyncio.gather(reading, core.play(lines["goodbye"].clip, lines["goodbye"].labels))

    staging = Staging(folder, hearing="guide", tools=DEMO_TOOLS, tags={"condition": "golden"}, note="made by a script")
    play_in_virtual_time(script, staging, BEGAN, seed=5)
    # What differs from computer to computer is no part of the run.
    write_manifest(folder, msgspec.structs.replace(read_manifest(folder), software={}))


def make_hosted(folder: Path) -> None:
    """Write down what a hosted service would have sent."""
    tape = Tape()
    tape.local("session.opened", 0, epoch=0)
    audio_in = {
        "turn_detection": {"type": "server_vad", "threshold": 0.5},
        "transcription": {"model": "gpt-4o-transcribe"},
    }
    tape.recv("session.updated", 10, session={"audio": {"input": audio_in}})
    tape.frames(0, 4_000)
    for turn, (start_ms, end_ms) in enumerate(((200, 1_300), (2_000, 3_400)), start=1):
        item_id = f"item_u{turn}"
        tape.spoke(item_id, start_ms, end_ms, started_ms=start_ms + 320, stopped_ms=end_ms + 45)
    transcribed = "conversation.item.input_audio_transcription.completed"
    by_tokens = {
        "type": "tokens",
        "total_tokens": 22,
        "input_tokens": 14,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 14},
        "output_tokens": 8,
    }
    tape.recv(transcribed, 3_500, item_id="item_u1", transcript="hello there", usage=by_tokens)
    audio_in = {**audio_in, "transcription": {"model": "whisper-1"}}
    tape.recv("session.updated", 3_510, session={"audio": {"input": audio_in}})
    tape.recv(
        transcribed, 3_520, item_id="item_u2", transcript="and tomorrow", usage={"type": "duration", "seconds": 2}
    )
    tape.created("resp_1", 3_600)
    tape.done("resp_1", 3_700, PUBLISHED)
    tape.created("resp_2", 3_800)
    # As the older published example has it: more cached than input tokens.
    tape.done("resp_2", 3_900, usage(text=(10, 64, 5), audio=(200, 128, 40)))
    tape.typed("What is in the picture?", 4_000)
    tape.send("response.create", 4_001)
    seen = usage(text=(300, 200, 20), audio=(100, 90, 30))
    seen["input_token_details"]["image_tokens"] = 400
    seen["input_tokens"] += 400
    seen["total_tokens"] += 400
    tape.created("resp_3", 4_010)
    tape.done("resp_3", 4_500, seen)
    tape.created("resp_4", 4_600)
    tape.done("resp_4", 4_610, None, "failed", type="failed", error={"code": "server_error"})
    tape.created("resp_5", 4_700, conversation_id=None)
    tape.done("resp_5", 4_900, usage(text=(50, 0, 10), audio=(0, 0, 0)))
    tape.save(folder, model="gpt-realtime-2.1", state="complete", began="2026-11-20T12:00:00.000000Z")
    without_sound(folder)


def make_cut_off(folder: Path) -> None:
    """Do to a log what a crash does."""
    shutil.copytree(GOLDEN / "spoken", folder, ignore=shutil.ignore_patterns(".tables"))
    without_sound(folder)
    lines = (folder / EVENTS).read_bytes().splitlines(keepends=True)
    lines[len(lines) // 2] = lines[len(lines) // 2][:40] + b"\n"
    n_whole = len(lines) * 4 // 5
    (folder / EVENTS).write_bytes(b"".join(lines[:n_whole]) + lines[n_whole][:50] + b"\0" * 512)
    manifest = read_manifest(folder)
    write_manifest(folder, msgspec.structs.replace(manifest, state="running", ended=None, in_force={}, records=0))


def without_sound(folder: Path) -> None:
    """Leave the log alone with its manifest."""
    for path in folder.glob("*.wav"):
        path.unlink()


def main() -> None:
    """Make all of them anew."""
    shutil.rmtree(GOLDEN, ignore_errors=True)
    GOLDEN.mkdir(parents=True)
    for name, make in zip(NAMES, (make_spoken, make_hosted, make_cut_off), strict=True):
        make(GOLDEN / name)
        told = json.dumps(tables_of(Run(GOLDEN / name)), indent=1, ensure_ascii=False)
        (GOLDEN / f"{name}.json").write_text(told + "\n", "utf-8")
        print(GOLDEN / name, len(told))


if __name__ == "__main__":
    sys.exit(main())
