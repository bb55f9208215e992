"""Promises of `voicelab.measure.exports.perfetto`, by the rules of the Trace Event Format."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from voicelab.measure.exports.lanes import LANES
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.exports.perfetto import write_perfetto


def read_trace(path: Path) -> dict[str, Any]:
    """Return a trace that keeps the rules of the format's JSON object form.

    Every event has its phase, name, process and time; stretches have a length, instants a scope, counters numbers;
    every process and thread has a name; stretches of one thread lie inside or beside each other.
    """

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    trace: dict[str, Any] = json.loads(path.read_text("utf-8"), parse_constant=refuse)
    assert trace["displayTimeUnit"] in ("ms", "ns")
    names: dict[str, set[Any]] = defaultdict(set)
    threads: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for event in trace["traceEvents"]:
        assert event["ph"] in ("M", "X", "i", "C")
        assert isinstance(event["name"], str)
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        assert isinstance(event["ts"], int | float)
        assert event["ts"] >= 0
        assert isinstance(event.get("args", {}), dict)
        place = (event["pid"], event["tid"])
        match event["ph"]:
            case "M":
                names[event["name"]].add(event["pid"] if event["name"].startswith("process") else place)
                key = "sort_index" if event["name"].endswith("sort_index") else "name"
                assert isinstance(event["args"][key], int if key == "sort_index" else str)
            case "X":
                assert event["dur"] >= 0
                threads[place].append((event["ts"], event["ts"] + event["dur"]))
            case "i":
                assert event["s"] in ("g", "p", "t")
                threads[place] += []
            case "C":
                assert all(isinstance(value, int | float) for value in event["args"].values())
    assert {pid for pid, _ in threads} <= names["process_name"]
    assert set(threads) <= names["thread_name"]
    for stretches in threads.values():
        for before, after in pairwise(sorted(stretches, key=lambda stretch: (stretch[0], -stretch[1]))):
            assert after[0] >= before[1] or after[1] <= before[1], (before, after)
    return trace


def of_lane(trace: dict[str, Any], lane: str) -> list[dict[str, Any]]:
    return [event for event in trace["traceEvents"] if event["ph"] == "X" and event["cat"] == lane]


def length_us(events: list[dict[str, Any]]) -> float:
    return sum(event["dur"] for event in events)


@pytest.fixture(scope="module")
def trace(one: list[NamedRun], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The trace of one run."""
    (path,) = write_perfetto(one, tmp_path_factory.mktemp("trace"))
    assert path.name == "trace.json"
    return read_trace(path)


def test_counts_and_lengths_are_those_of_the_tables(trace: dict[str, Any], one: list[NamedRun]) -> None:
    """To the nanosecond."""
    run = one[0].run
    responses, tools = run.responses(), run.tools()
    ended = responses.drop_nulls("done_ms")
    finished = [event for event in of_lane(trace, "responses") if "unfinished" not in event["args"]]
    assert len(of_lane(trace, "responses")) == responses.height == 7
    assert length_us(finished) == pytest.approx((ended["done_ms"] - ended["created_ms"]).sum() * 1000, abs=0.001)
    assert len(of_lane(trace, "tools")) == tools.height == 3
    assert length_us(of_lane(trace, "tools")) == pytest.approx(tools["run_ms"].sum() * 1000, abs=0.001)
    assert length_us(of_lane(trace, "heard")) == pytest.approx(responses["heard_ms"].sum() * 1000, abs=0.001)
    turns = run.turns().drop_nulls("speech_end_ms")
    spoken = (turns["speech_end_ms"] - turns["speech_start_ms"]).sum() * 1000
    assert length_us(of_lane(trace, "user speech")) == pytest.approx(spoken, abs=0.001)


def test_lanes_are_threads_in_their_order(trace: dict[str, Any]) -> None:
    """What overlaps has a thread of its own, beside the first."""
    threads = sorted(
        (event["tid"], event["args"]["name"]) for event in trace["traceEvents"] if event["name"] == "thread_name"
    )
    names = [name for _, name in threads]
    assert [name for name in names if name in LANES] == list(LANES)
    assert names[-1] == "marks"
    assert "tools 2" in names
    assert names.index("responses 2") == names.index("responses") + 1


def test_remarks_and_errors_are_instants_and_scores_a_counter(trace: dict[str, Any], one: list[NamedRun]) -> None:
    """Each at its time, in microseconds."""
    instants = [(event["ts"], event["name"]) for event in trace["traceEvents"] if event["ph"] == "i"]
    assert (7_800_000, "error: bad_value") in instants
    assert len(instants) == 3
    scores = [(event["ts"], event["args"]["p"]) for event in trace["traceEvents"] if event["ph"] == "C"]
    vad = one[0].run.vad()
    assert scores == [(ms * 1000, p) for ms, p in vad.select("start_ms", "probability").iter_rows()]


def test_every_run_is_a_process(two: list[NamedRun], tmp_path: Path) -> None:
    """With its name, also one in which nothing happened."""
    trace = read_trace(write_perfetto(two, tmp_path)[0])
    processes = {e["pid"]: e["args"]["name"] for e in trace["traceEvents"] if e["name"] == "process_name"}
    assert processes == {1: "a-run", 2: "b-run"}
    assert list(trace["otherData"]["runs"]) == ["a-run", "b-run"]
    assert trace["otherData"]["runs"]["a-run"]["redaction"] == "full"
