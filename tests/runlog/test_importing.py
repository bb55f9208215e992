"""Promises of `voicelab.runlog.importing`: from a file that other code recorded to a run."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.runlog.foreign import FRAME_MS, KEY, NOON_S, base64_of, conversation, plain, tone, unmute, write
from voicelab.errors import RunError
from voicelab.runlog.importing import import_events
from voicelab.runlog.manifest import Manifest, read_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import Record
from voicelab.runlog.tracks import read_track


def imported(source: Path, **options: Any) -> tuple[Manifest, list[Record], Path]:
    folder = import_events(source, source.parent / f"run of {source.stem}", **options)
    records, n_bad = read_records(folder)
    assert n_bad == 0
    assert [record.seq for record in records] == list(range(len(records)))
    return read_manifest(folder), records, folder


def events(records: list[Record]) -> list[Record]:
    return [record for record in records if record.dir != "local"]


def rfc3339(at_ms: float, _sender: str, body: dict[str, Any]) -> Any:
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return {"created_at": moment.isoformat(), "event": body}


def own_clock(at_ms: float, _sender: str, body: dict[str, Any]) -> Any:
    return {"t": 5_000 + at_ms, "payload": json.dumps(body)}


@pytest.mark.parametrize("wrap", [unmute, rfc3339, own_clock])
def test_events_come_back_in_order_with_their_times(tmp_path: Path, wrap: Any) -> None:
    """Whatever they were wrapped in: type, sender and time of each, from the first time stamp on."""
    told = conversation()
    manifest, records, _ = imported(write(tmp_path / "log.jsonl", told, wrap))
    found = [(record.dir, record.type) for record in events(records)]
    assert found == [(sender, body["type"]) for _, sender, body in told]
    for record, (at_ms, _, _) in zip(events(records), told, strict=True):
        assert abs(record.t_ns / 1e6 - at_ms) < 0.001
    assert (manifest.state, manifest.side, manifest.model) == ("complete", "client", "gpt-realtime")
    assert manifest.records == len(records)


def test_wall_time_is_the_file_s_or_nobody_s(tmp_path: Path) -> None:
    """A clock of its own gives no date."""
    dated, records, _ = imported(write(tmp_path / "dated.jsonl", conversation(), unmute))
    assert dated.began == "2026-11-20T12:00:00.000000Z"
    assert records[1].wall == "2026-11-20T12:00:00.020000Z"
    undated, records, _ = imported(write(tmp_path / "undated.jsonl", conversation(), own_clock))
    assert (undated.began, undated.ended) == ("", None)
    assert {record.wall for record in records} == {""}
    assert undated.clocks["wall"].startswith("unknown")


def test_sound_goes_to_the_tracks_and_its_place_into_the_event(tmp_path: Path) -> None:
    """Sample for sample, both sides; the base64 is gone, and what was heard nobody knows."""
    manifest, records, folder = imported(write(tmp_path / "log.jsonl", conversation(), unmute))
    assert np.array_equal(read_track(folder / "input.wav"), np.tile(tone(480), 80))
    assert np.array_equal(read_track(folder / "output.wav"), np.concatenate([tone(2400), tone(1200)]))
    assert len(read_track(folder / "heard.wav")) == 0
    assert manifest.clocks["heard"].startswith("unknown")
    deltas = [r.event["delta"]["audio_ref"] for r in records if r.type == "response.output_audio.delta"]
    assert [(ref["track"], ref["start"], ref["n"]) for ref in deltas] == [("output", 0, 2400), ("output", 2400, 1200)]
    assert base64_of(tone(480)) not in (folder / "events.jsonl").read_text("utf-8")


def test_sound_lies_where_it_was_sent(tmp_path: Path) -> None:
    """A gap of a second is a second of silence; being late by a few frames is none."""
    told = [one for one in conversation(10) if one[1] == "send"]
    late = [
        (at_ms + (1_000 if n >= 5 else 100 if n >= 2 else 0), who, body) for n, (at_ms, who, body) in enumerate(told)
    ]
    manifest, records, _ = imported(write(tmp_path / "log.jsonl", late, unmute))
    starts = [r.event["audio"]["audio_ref"]["start"] for r in records if r.type == "input_audio_buffer.append"]
    assert starts[:5] == [n * 480 for n in range(5)]
    # The first frame ended at 0 of the run, so the sixth, a second late, began at 80 ms and a second.
    assert starts[5:] == [1_080 * 24 + n * 480 for n in range(5)]
    assert not manifest.clocks["input"].startswith("unknown")


def test_sound_that_was_sent_faster_than_real_time_is_said_to_be(tmp_path: Path) -> None:
    """Then a place in it has no time."""
    told = [(at_ms / 100, who, body) for at_ms, who, body in conversation()]
    manifest, _, folder = imported(write(tmp_path / "log.jsonl", told, unmute))
    assert manifest.clocks["input"].startswith("unknown: sound was sent faster than real time")
    assert len(read_track(folder / "input.wav")) == 80 * 480


def test_without_time_stamps_there_is_an_order_and_no_time(tmp_path: Path) -> None:
    """``t_ns`` is the audio that had been appended, and the manifest says that it measures nothing."""
    told = conversation()
    manifest, records, _ = imported(write(tmp_path / "log.jsonl", told, plain))
    assert manifest.clocks["t_ns"].startswith("unknown: the imported file has no time stamps")
    assert "no latency can be measured" in manifest.note
    assert manifest.began == ""
    n_appended = 0
    for record, (_, _, body) in zip(events(records), told, strict=True):
        assert record.t_ns == n_appended * FRAME_MS * 1_000_000
        n_appended += body["type"] == "input_audio_buffer.append"
    assert n_appended == 80


def test_speech_scores_are_those_of_the_sound(tmp_path: Path) -> None:
    """As a session writes them, on the run's time line."""
    _, records, _ = imported(write(tmp_path / "log.jsonl", conversation(), unmute))
    scores = [record.event for record in records if record.type == "voicelab.vad"]
    assert sum(len(event["p"]) for event in scores) >= 1_600 // 32 - 2
    assert scores[0]["start_ms"] == 0
    assert scores[1]["start_ms"] == 4 * scores[0]["window_ms"]


def test_lines_without_an_event_are_set_aside_counted_and_told(tmp_path: Path) -> None:
    """By number; the events around them stay, also behind a byte order mark and without a last line end."""
    good = [json.dumps(body) for _, _, body in conversation(3)]
    lines = ["\ufeff" + good[0], "not JSON", "", *good[1:3], '{"level": "info"}', *good[3:], '{"type": "cut']
    source = tmp_path / "log.jsonl"
    source.write_text("\n".join(lines), "utf-8")
    manifest, records, _ = imported(source)
    assert len(events(records)) == len(good)
    assert f"3 lines held no event and were set aside (line 2, 6, {len(lines)})" in manifest.note
    last = records[-1]
    assert (last.type, last.event["n_bad_lines"]) == ("voicelab.imported", 3)
    assert last.event["bad_lines"] == [2, 6, len(lines)]


def test_a_missing_or_backward_time_is_counted_and_told(tmp_path: Path) -> None:
    """It stands at the time of the event before; time never goes back."""
    told = [unmute(*one) for one in conversation(10)]
    del told[3]["timestamp_wall"]
    told[5]["timestamp_wall"] = NOON_S + 0.001
    source = tmp_path / "log.jsonl"
    source.write_text("".join(json.dumps(one) + "\n" for one in told), "utf-8")
    manifest, records, _ = imported(source)
    times = [record.t_ns for record in records]
    assert times == sorted(times)
    kept = [record.t_ns for record in events(records)]
    assert (kept[3], kept[5]) == (kept[2], kept[4])
    assert "1 events without a time stamp" in manifest.note
    assert "1 time stamps went back" in manifest.note


def test_beta_names_become_ga_and_the_native_name_is_kept(tmp_path: Path) -> None:
    """Also where one event of the beta is two of GA, and in flat session objects."""
    item = {"id": "item_1", "type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "audio", "transcript": "hi"}]}  # fmt: skip
    session = {"model": "gpt-4o-realtime-preview", "modalities": ["audio"], "input_audio_format": "g711_ulaw"}
    told = [
        (0, "recv", {"type": "session.created", "session": session}),
        (20, "send", {"type": "input_audio_buffer.append", "audio": base64_of(tone(80))}),
        (30, "recv", {"type": "conversation.item.created", "item": item}),
        (40, "recv", {"type": "response.audio.delta", "item_id": "item_1", "delta": base64_of(tone(480))}),
        (50, "recv", {"type": "response.audio_transcript.delta", "item_id": "item_1", "delta": "hi"}),
    ]
    manifest, records, folder = imported(write(tmp_path / "log.jsonl", told, unmute))
    assert [(record.type, record.native) for record in events(records)] == [
        ("session.created", None),
        ("input_audio_buffer.append", None),
        ("conversation.item.added", "conversation.item.created"),
        ("conversation.item.done", "conversation.item.created"),
        ("response.output_audio.delta", "response.audio.delta"),
        ("response.output_audio_transcript.delta", "response.audio_transcript.delta"),
    ]
    assert "in beta names" in manifest.note
    assert manifest.in_force["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert np.array_equal(read_track(folder / "output.wav"), tone(480))
    # 160 bytes of a telephone code at 8 kHz, of which the codec holds a millisecond or so back.
    assert 0 <= 160 * 3 - len(read_track(folder / "input.wav")) <= 48


def test_a_server_s_own_words_for_the_direction_are_turned_round(tmp_path: Path) -> None:
    """Its "in" is what the client sent: known types show it, unknown ones follow."""
    told = [*conversation(10), (1_600, "recv", {"type": "x.note"}), (1_610, "send", {"type": "x.wish"})]
    flipped = {"send": "in", "recv": "out"}
    source = write(tmp_path / "log.jsonl", told, lambda at, who, body: {"ts": at, "dir": flipped[who], "event": body})
    _, records, _ = imported(source)
    assert [record.dir for record in events(records)] == [who for _, who, _ in told]


def test_a_new_session_is_a_new_connection(tmp_path: Path) -> None:
    """Tracks and numbers go on, the epoch counts."""
    told = conversation(10)
    again = [(at_ms + 2_000, who, body) for at_ms, who, body in told]
    _, records, folder = imported(write(tmp_path / "log.jsonl", [*told, *again], unmute))
    assert [record.epoch for record in events(records)] == [0] * len(told) + [1] * len(told)
    second = [r.event["audio"]["audio_ref"]["start"] for r in records if r.epoch and "audio" in r.event]
    assert second[0] == 2_000 * 24
    assert len(read_track(folder / "output.wav")) == 2 * 3_600


def test_audio_that_cannot_be_read_is_left_out_and_counted(tmp_path: Path) -> None:
    """An event that has lost its audio, or has it in a container, stays an event."""
    told = [
        (0, "send", {"type": "input_audio_buffer.append", "audio": "<redacted>"}),
        (20, "send", {"type": "input_audio_buffer.append", "audio": ""}),
        (40, "recv", {"type": "response.output_audio.delta", "item_id": "i", "delta": "T2dnU2FiYw=="}),
    ]
    manifest, records, folder = imported(write(tmp_path / "log.jsonl", told, unmute))
    assert [record.event.get("audio") for record in events(records)[:2]] == [{"left_out_base64": 10}, ""]
    assert events(records)[2].event["delta"] == {"left_out_base64": 12}
    assert "2 pieces of audio are no samples" in manifest.note
    assert len(read_track(folder / "output.wav")) == 0


def test_sound_in_an_item_is_left_out(tmp_path: Path) -> None:
    """As a session leaves it out: no place on a track is its own."""
    part = {"type": "input_audio", "audio": base64_of(tone(480))}
    item = {"type": "message", "role": "user", "content": [part]}
    told = [(0, "send", {"type": "conversation.item.create", "item": item})]
    _, records, folder = imported(write(tmp_path / "log.jsonl", told, unmute))
    kept = records[0].event["item"]["content"][0]["audio"]
    assert kept == {"left_out_base64": len(base64_of(tone(480)))}
    assert len(read_track(folder / "input.wav")) == 0


def test_no_key_gets_into_a_run(tmp_path: Path) -> None:
    """By name or by shape, wherever the file had it."""
    told = conversation(3)
    told.append(
        (900, "send", {"type": "session.update", "session": {"instructions": f"use {KEY}", "token": "hush-hush"}})
    )
    _, _, folder = imported(write(tmp_path / "log.jsonl", told, unmute))
    for path in folder.iterdir():
        data = path.read_bytes()
        assert not any(secret in data for secret in (KEY.encode(), b"ek_0123456789abcdef", b"hush-hush")), path.name


@pytest.mark.parametrize("text", ["", "\n\n", "hello\n", '[{"type": "error"}]\n'])
def test_a_file_without_an_event_is_refused(tmp_path: Path, text: str) -> None:
    """In one line that says what is needed; no folder is made."""
    source = tmp_path / "log.jsonl"
    source.write_text(text)
    with pytest.raises(RunError, match="holds no Realtime event: one JSON object a line"):
        import_events(source, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_s_own_log_is_refused(tmp_path: Path) -> None:
    """It is a run already."""
    _, _, folder = imported(write(tmp_path / "log.jsonl", conversation(3), unmute))
    with pytest.raises(RunError, match="open its folder"):
        import_events(folder / "events.jsonl", tmp_path / "again")


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    """A missing file, and a folder that holds something."""
    with pytest.raises(RunError, match=r"nothing\.jsonl cannot be read"):
        import_events(tmp_path / "nothing.jsonl", tmp_path / "run")
    source = write(tmp_path / "log.jsonl", conversation(3), unmute)
    with pytest.raises(RunError, match="is not empty"):
        import_events(source, tmp_path)


def test_tags_are_those_that_were_given(tmp_path: Path) -> None:
    """So that an imported run can stand in a folder of runs."""
    manifest, _, _ = imported(write(tmp_path / "log.jsonl", conversation(3), unmute), tags={"from": "elsewhere"})
    assert manifest.tags == {"from": "elsewhere"}
    assert manifest.provider == "imported"
