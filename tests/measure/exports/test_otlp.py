"""Promises of `voicelab.measure.exports.otlp`, read back by OpenTelemetry's own protobuf messages."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status, TracesData

from tests.measure.room import Tape
from voicelab.errors import RunError
from voicelab.measure.exports.named import NamedRun, named_runs
from voicelab.measure.exports.otlp import write_otlp
from voicelab.measure.exports.otlp_mapping import ATTRIBUTES, NAME, VERSION
from voicelab.measure.run import open_run
from voicelab.runlog.redact import redact_run

BEGAN_NS = 1_795_176_000_000_000_000


def read_traces(path: Path) -> TracesData:
    """Parse OTLP's JSON: protobuf's own form but for ids, which are hex; an unknown field is an error."""

    def with_bytes(value: Any) -> Any:
        if isinstance(value, list):
            return [with_bytes(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        ids = {"traceId": 32, "spanId": 16, "parentSpanId": 16}
        for name in ids.keys() & value.keys():
            assert len(value[name]) == ids[name]
        return {
            key: base64.b64encode(bytes.fromhex(inner)).decode() if key in ids else with_bytes(inner)
            for key, inner in value.items()
        }

    return json_format.Parse(json.dumps(with_bytes(json.loads(path.read_text("utf-8")))), TracesData())


def attributes(of: Any) -> dict[str, Any]:
    found = {}
    for pair in of.attributes:
        kind = pair.value.WhichOneof("value")
        assert pair.key not in found
        value = getattr(pair.value, kind)
        found[pair.key] = [inner.string_value for inner in value.values] if kind == "array_value" else value
    return found


def spans_of(resource: ResourceSpans) -> list[Span]:
    (scope,) = resource.scope_spans
    return list(scope.spans)


def operation(span: Span) -> str:
    return str(attributes(span).get("gen_ai.operation.name", span.name.partition(" ")[0]))


@pytest.fixture(scope="module")
def spans(one: list[NamedRun], tmp_path_factory: pytest.TempPathFactory) -> list[Span]:
    """The spans of one run."""
    (path,) = write_otlp(one, tmp_path_factory.mktemp("otlp"))
    assert path.name == "traces.json"
    (resource,) = read_traces(path).resource_spans
    about = attributes(resource.resource)
    assert (about["voicelab.mapping.name"], about["voicelab.mapping.version"]) == (NAME, VERSION)
    assert about["voicelab.note"] == 'a "note"'
    return spans_of(resource)


def test_every_turn_response_and_tool_is_a_span_under_its_turn(spans: list[Span], one: list[NamedRun]) -> None:
    """One tree: a session, its turns, in each its responses and tools; one outside the conversation hangs above."""
    run = one[0].run
    by_id = {span.span_id: span for span in spans}
    assert len(by_id) == len(spans)
    assert len({span.trace_id for span in spans}) == 1
    kinds = [operation(span) for span in spans]
    counts = {"session": 1, "turn": run.turns().height, "chat": run.responses().height, "execute_tool": 3}
    assert {kind: kinds.count(kind) for kind in kinds} == counts
    for span in spans:
        above = by_id.get(span.parent_span_id)
        turn = attributes(span).get("voicelab.response.turn", attributes(span).get("voicelab.tool.turn"))
        assert (above is None) == (span.name == "session")
        if above is not None:
            assert above.name == ("session" if turn is None else f"turn {turn}")
            assert span.start_time_unix_nano >= spans[0].start_time_unix_nano
    assert [span.kind for span in spans if operation(span) == "chat"] == [Span.SPAN_KIND_CLIENT] * 7


def test_sums_of_tokens_times_and_dollars_are_those_of_the_tables(spans: list[Span], one: list[NamedRun]) -> None:
    """Whole numbers stay whole."""
    told = [attributes(span) for span in spans if operation(span) == "chat"]
    responses = one[0].run.responses()
    same = {
        "gen_ai.usage.audio.input_tokens": "input_audio_tokens",
        "gen_ai.usage.text.input_tokens": "input_text_tokens",
        "gen_ai.usage.audio.cache_read.input_tokens": "cached_audio_tokens",
        "gen_ai.usage.text.cache_read.input_tokens": "cached_text_tokens",
        "gen_ai.usage.audio.output_tokens": "output_audio_tokens",
        "voicelab.response.heard_ms": "heard_ms",
        "voicelab.response.cost_usd": "cost_usd",
    }
    for name, column in same.items():
        values = [one_told[name] for one_told in told if name in one_told]
        assert len(values) == responses[column].count(), name
        assert sum(values) == pytest.approx(responses[column].sum()), name
    assert (
        sum(one_told.get("gen_ai.usage.input_tokens", 0) for one_told in told)
        == one[0].run.turns()["input_tokens"].sum()
    )
    assert isinstance(told[0]["gen_ai.usage.input_tokens"], int)
    turns = [attributes(span) for span in spans if operation(span) == "turn"]
    latencies = [turn["voicelab.turn.voice_to_voice_ms"] for turn in turns if "voicelab.turn.voice_to_voice_ms" in turn]
    assert sum(latencies) == pytest.approx(one[0].run.turns()["voice_to_voice_ms"].sum())


def test_times_are_wall_time_to_the_nanosecond(spans: list[Span]) -> None:
    """The run's beginning plus its own clock."""
    first = next(span for span in spans if operation(span) == "chat")
    assert first.start_time_unix_nano == BEGAN_NS + 1_440_000_000
    assert first.end_time_unix_nano == BEGAN_NS + 1_800_000_000
    assert [(event.name, event.time_unix_nano - BEGAN_NS) for event in first.events] == [
        ("voicelab.first_output", 1_590_000_000)
    ]
    turn = next(span for span in spans if span.name == "turn 1")
    assert (turn.start_time_unix_nano - BEGAN_NS, turn.end_time_unix_nano - BEGAN_NS) == (300_000_000, 2_107_000_000)


def test_how_a_response_ended_is_in_the_convention_s_words(spans: list[Span]) -> None:
    """A cancelled one gave no reason to finish; one that failed is an error."""
    chats = [span for span in spans if operation(span) == "chat"]
    reasons = [attributes(span).get("gen_ai.response.finish_reasons") for span in chats]
    assert reasons == [["stop"], None, ["tool_call"], ["stop"], ["stop"], ["error"], None]
    assert [span.status.code == Status.STATUS_CODE_ERROR for span in chats] == [False] * 5 + [True, False]
    assert attributes(chats[5])["error.type"] == "server_error"
    said = json.loads(attributes(chats[3])["gen_ai.output.messages"])
    assert said == [{"role": "assistant", "parts": [{"type": "text", "content": "Sunny."}], "finish_reason": "stop"}]


def test_what_is_not_known_is_not_there(spans: list[Span]) -> None:
    """A typed turn has no latency, a response without usage no tokens: absent, never 0."""
    typed = next(attributes(span) for span in spans if span.name == "turn 4")
    assert "voicelab.turn.voice_to_voice_ms" not in typed
    failed = [attributes(span) for span in spans if operation(span) == "chat"][5]
    assert not [name for name in failed if name.startswith("gen_ai.usage")]


def test_a_tool_says_what_it_was_asked_and_answered(spans: list[Span]) -> None:
    """By the convention's names."""
    tool = next(span for span in spans if operation(span) == "execute_tool")
    told = attributes(tool)
    assert tool.name == "execute_tool get_weather"
    assert told["gen_ai.tool.call.arguments"] == '{"city": "Rome"}'
    assert told["gen_ai.tool.call.result"] == "sunny"
    assert tool.end_time_unix_nano - tool.start_time_unix_nano == 16_000_000


def test_whole_numbers_and_times_are_texts_and_ids_hex(two: list[NamedRun], tmp_path: Path) -> None:
    """Readers that hold numbers as floats lose nothing."""
    spans = json.loads(write_otlp(two, tmp_path)[0].read_text("utf-8"))["resourceSpans"][0]["scopeSpans"][0]["spans"]
    for span in spans:
        values = [pair["value"] for pair in span["attributes"]]
        assert all(isinstance(value["intValue"], str) for value in values if "intValue" in value)
        assert isinstance(span["startTimeUnixNano"], str)
        assert bytes.fromhex(span["traceId"] + span["spanId"])
    assert any("intValue" in pair["value"] for pair in spans[1]["attributes"])


def test_a_time_keeps_its_nanoseconds(tmp_path: Path) -> None:
    """A clock that counts nanoseconds is not rounded to milliseconds."""
    tape = Tape()
    tape.created("resp_1", 10.000123)
    tape.done("resp_1", 20.000456, None)
    named = named_runs([tape.save(tmp_path / "run", began="2026-11-20T12:00:00.000000Z")])
    chat = spans_of(read_traces(write_otlp(named, tmp_path)[0]).resource_spans[0])[1]
    assert (chat.start_time_unix_nano - BEGAN_NS, chat.end_time_unix_nano - BEGAN_NS) == (10_000_123, 20_000_456)


def test_a_copy_without_text_has_no_attribute_that_would_hold_it(one: list[NamedRun], tmp_path: Path) -> None:
    """Not even one that says that it is gone; tokens and times stay."""
    copy = redact_run(one[0].run.folder, tmp_path / "copy", text=True, audio=True)
    spans = spans_of(read_traces(write_otlp(named_runs([open_run(copy)]), tmp_path)[0]).resource_spans[0])
    names = {name for span in spans for name in attributes(span)}
    texts = {mapped.name for mapped in ATTRIBUTES if mapped.is_text}
    assert not names & texts
    assert "gen_ai.usage.audio.input_tokens" in names
    assert "voicelab.text" not in {name for event in spans[0].events for name in attributes(event)}
    assert "execute_tool" in {span.name for span in spans}


def test_several_runs_are_several_traces_with_ids_that_stay(two: list[NamedRun], tmp_path: Path) -> None:
    """The same run exported again is the same trace; two runs never share one."""
    first, again = (write_otlp(two, folder)[0] for folder in (tmp_path, tmp_path))
    traces = read_traces(first)
    assert first.read_bytes() == again.read_bytes()
    assert len({spans_of(resource)[0].trace_id for resource in traces.resource_spans}) == 2
    assert attributes(traces.resource_spans[0].resource)["voicelab.tag.place"] == "lab"


def test_a_run_without_wall_time_has_no_spans(tmp_path: Path) -> None:
    """A time is never invented."""
    with pytest.raises(RunError, match="timeless has no wall time"):
        write_otlp(named_runs([Tape().save(tmp_path / "timeless")]), tmp_path)
    assert not (tmp_path / "traces.json").exists()
