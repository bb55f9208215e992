"""Bytes sent once, tokens billed again."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.measure.run import Run, open_run
from voicelab.plots.history import history
from voicelab.runlog.record import Record
from voicelab.runlog.writer import RunWriter, prepare_folder

from .conftest import USAGE, Stage, manifest


def named(made: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in made.data}


def test_history_is_stacked_on_what_is_new(run: Run) -> None:
    """Four responses alike: 40 of text and 60 of audio in, 10 and 40 out; from the second on all input was there."""
    traces = named(history(run))
    assert list(traces["output"].y) == [50, 150, 200]
    assert list(traces["new input"].y) == [100, 100, 100]
    assert list(traces["history again"].y) == [0, 200, 300]


def test_a_log_that_does_not_say_how_long_its_frames_were_says_so(run: Run) -> None:
    """No line of bytes, and no axis for it."""
    made = history(run)
    assert "sent once (kB)" not in named(made)
    assert made.layout.xaxis.title.text.startswith(
        "50% of the 600 tokens billed are history again; the log does not say how many bytes were sent"
    )


def test_bytes_are_drawn_where_they_are_known(demo: Run) -> None:
    """On their own axis, in kilobytes, never falling."""
    made = history(demo)
    line = named(made)["sent once (kB)"]
    assert line.yaxis == "y2"
    assert list(line.y) == sorted(line.y)
    assert line.y[-1] > 0
    assert "kB were sent, once" in made.layout.xaxis.title.text


def test_history_of_a_run_without_usage_says_so(stage: Stage) -> None:
    """Instead of an empty pair of axes."""
    assert "no history can be found" in history(stage().run()).layout.annotations[0].text


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose frames have lengths."""
    facts = manifest()
    writer = RunWriter(prepare_folder(tmp_path_factory.mktemp("wire") / "demo"), facts)
    events: list[tuple[Any, str, dict[str, Any], int]] = []
    for k in range(3):
        created = {"response": {"id": f"resp_{k}", "status": "in_progress"}}
        done = {"response": {"id": f"resp_{k}", "status": "completed", "usage": USAGE}}
        item = {"item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}}
        events += [
            ("send", "conversation.item.create", item, 800),
            ("send", "response.create", {}, 200),
            ("recv", "response.created", created, 90),
            ("recv", "response.done", done, 500),
        ]
    for seq, (direction, kind, event, n_bytes) in enumerate(events):
        writer.record(
            Record(
                seq=seq,
                t_ns=seq * 10**8,
                wall="2026-11-20T12:00:00.000000Z",
                dir=direction,
                type=kind,
                event=event,
                bytes=n_bytes,
            )
        )
    writer.finish(facts)
    return open_run(writer.folder)
