"""Two ways from a log to the turn table, each in a process of its own; ``bench_log`` starts them.

``python -m tests.benchmarks.turn_tables ours|pandas RUN OUT`` writes the table as JSON into a file, and says on its
standard output what it has cost. Nothing is imported here that one of the ways does not need.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

EVENTS = "events.jsonl"
LATENCIES = ("endpoint_ms", "request_ms", "model_ms", "playout_ms", "first_played_ms", "stopped_ms")
LEDGER = ("generated_ms", "delivered_ms", "heard_ms", "input_tokens", "cached_tokens", "output_tokens")
COLUMNS = ("turn", "kind", "epoch", "item_id", "transcript", "status", *LATENCIES, *LEDGER)


def main() -> None:
    """Make the turn table in this process, and say what it cost."""
    import resource

    way, folder, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    begun = time.perf_counter()
    make = _ours(folder) if way == "ours" else _with_pandas(folder)
    ready, ready_cpu = time.perf_counter(), time.process_time()
    table = make()
    done, done_cpu = time.perf_counter(), time.process_time()
    # The peak is taken before the table is written down for the comparison.
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e3 if sys.platform != "darwin" else 1e6)
    out.write_text(json.dumps(table.to_dict("records") if way == "pandas" else table.to_dicts(), default=str))
    cost = {"imports_s": ready - begun, "inside_s": done - ready, "cpu_s": done_cpu - ready_cpu, "peak_mb": peak_mb}
    print(json.dumps(cost))


def _ours(folder: Path) -> Callable[[], Any]:
    import polars  # noqa: F401 - imported by the first table otherwise

    import voicelab as vl

    open_run = vl.open_run
    return lambda: open_run(folder).turns()


def _with_pandas(folder: Path) -> Callable[[], Any]:
    import pandas as pd

    def make() -> Any:
        with (folder / EVENTS).open() as file:
            frame = pd.DataFrame([json.loads(line) for line in file])
        frame["t_ms"] = frame.t_ns / 1e6
        return _turns(pd, frame)

    return make


def _turns(pd: Any, frame: Any) -> Any:
    """Return the turn table, as far as the log alone gives it."""
    turns = _user_turns(pd, frame)
    created = _picked(frame, "response.created", response_id=lambda e: e["response"]["id"])
    responses = pd.merge_asof(created, turns[["seq", "turn"]], on="seq").dropna(subset="turn")
    done = _picked(
        frame,
        "response.done",
        response_id=lambda e: e["response"]["id"],
        status=lambda e: e["response"]["status"],
        input_tokens=lambda e: e["response"]["usage"]["input_tokens"],
        cached_tokens=lambda e: e["response"]["usage"]["input_token_details"]["cached_tokens"],
        output_tokens=lambda e: e["response"]["usage"]["output_tokens"],
        generated_ms=lambda e: 50.0 * e["response"]["usage"]["output_token_details"]["audio_tokens"],
    ).drop(columns=["seq", "t_ms", "epoch"])
    responses = responses.merge(done, on="response_id", how="left")
    sound = _picked(
        frame,
        "response.output_audio.delta",
        response_id=lambda e: e["response_id"],
        item_id=lambda e: e["item_id"],
        n=lambda e: e["delta"]["audio_ref"]["n"],
    ).merge(responses[["response_id", "turn"]], on="response_id")
    begun = _picked(
        frame, "voicelab.playback.started", item_id=lambda e: e["item_id"], first_ns=lambda e: e["first_sample_ns"]
    )
    ended = _picked(
        frame, "voicelab.playback.stopped", item_id=lambda e: e["item_id"], heard_ms=lambda e: e["heard_ms"]
    )
    items = sound.drop_duplicates("item_id")[["item_id", "turn", "t_ms"]]
    items = items.merge(begun[["item_id", "first_ns"]], how="left").merge(ended[["item_id", "heard_ms"]], how="left")
    by_turn = responses.groupby("turn")
    sums = by_turn[["input_tokens", "cached_tokens", "output_tokens", "generated_ms"]].sum()
    table = turns.set_index("turn").join(sums).join(by_turn.status.last())
    table["delivered_ms"] = sound.groupby("turn").n.sum() / 24
    table["heard_ms"] = items.groupby("turn").heard_ms.sum()
    first = items.drop_duplicates("turn").set_index("turn")
    asked_ms = by_turn.t_ms.first()
    table["request_ms"] = asked_ms - table.stopped_ms
    table["model_ms"] = first.t_ms - asked_ms
    table["first_played_ms"] = first.first_ns / 1e6
    table["playout_ms"] = table.first_played_ms - first.t_ms
    return _with_ends(pd, frame, table.reset_index())[list(COLUMNS)]


def _user_turns(pd: Any, frame: Any) -> Any:
    """Return the user's turns, spoken and typed, in order."""
    spoken = _picked(frame, "input_audio_buffer.committed", item_id=lambda e: e["item_id"]).assign(kind="spoken")
    ends = _picked(frame, "input_audio_buffer.speech_stopped", item_id=lambda e: e["item_id"])
    spoken = spoken.merge(ends[["item_id", "t_ms"]].rename(columns={"t_ms": "stopped_ms"}), on="item_id", how="left")
    words = _picked(
        frame,
        "conversation.item.input_audio_transcription.completed",
        item_id=lambda e: e["item_id"],
        transcript=lambda e: e["transcript"],
    )
    spoken = spoken.merge(words[["item_id", "transcript"]], on="item_id", how="left")
    typed = _typed_turns(pd, frame, spoken)
    turns = pd.concat([spoken, typed]).sort_values("seq", ignore_index=True)
    turns["turn"] = turns.index + 1
    return turns


def _typed_turns(pd: Any, frame: Any, spoken: Any) -> Any:
    """Return what was typed and then asked about; history that was carried over is not."""
    written = _picked(frame, "conversation.item.create", item=lambda e: e["item"])
    written = written[[item["type"] == "message" and item["role"] == "user" for item in written["item"]]]
    written["transcript"] = [" ".join(part.get("text", "") for part in item["content"]) for item in written["item"]]
    written["text_seq"] = written.seq
    asked = _picked(frame, "response.create", aside=lambda e: (e.get("response") or {}).get("conversation") == "none")
    before = pd.concat([written, spoken.assign(text_seq=-1)])[["seq", "text_seq", "transcript"]].sort_values("seq")
    typed = pd.merge_asof(asked[~asked.aside.astype(bool)], before, on="seq")
    typed = typed[typed.text_seq >= 0].drop_duplicates("text_seq")
    told = _picked(
        frame, "conversation.item.added", item_id=lambda e: e["item"]["id"], role=lambda e: e["item"].get("role")
    )
    told = told[told.role == "user"][["seq", "item_id"]]
    return pd.merge_asof(typed, told, on="seq").assign(kind="typed")[["seq", "epoch", "item_id", "kind", "transcript"]]


def _with_ends(pd: Any, frame: Any, table: Any) -> Any:
    """Add how long the detector took, where a label says when the user's speech ended."""
    clips = _picked(frame, "voicelab.source.started", end_ms=lambda e: (e.get("labels") or {}).get("speech_end_ms"))
    frames = _picked(frame, "input_audio_buffer.append", start=lambda e: e["audio"]["audio_ref"]["start"])
    labels = pd.merge_asof(clips, frames[["seq", "start"]], on="seq", direction="forward").dropna(subset="end_ms")
    labels["label_ms"] = labels.start / 24 + labels.end_ms
    ends = table[["turn", "stopped_ms"]].dropna().sort_values("stopped_ms")
    ends = pd.merge_asof(ends, labels[["label_ms"]].sort_values("label_ms"), left_on="stopped_ms", right_on="label_ms")
    table["endpoint_ms"] = (ends.stopped_ms - ends.label_ms).set_axis(ends.turn).reindex(table.turn).to_numpy()
    return table


def _picked(frame: Any, kind: str, **fields: Callable[[dict[str, Any]], Any]) -> Any:
    """Return the records of one type with some fields of their events as columns."""
    rows = frame[frame.type == kind]
    picked = rows[["seq", "t_ms", "epoch"]].copy()
    for name, get in fields.items():
        picked[name] = [get(event) for event in rows.event]
    return picked


if __name__ == "__main__":
    main()
