"""The session: what a person asks for happens, is heard, and is written down."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.server.room import GivenEars, Saying
from tests.session.room import hold
from voicelab.audio.clip import Clip
from voicelab.engines.reply import CallTool, ReplyRequest, Say
from voicelab.errors import AudioError, ServerError, TransportError
from voicelab.experiments.clips import spoken_lines
from voicelab.measure.run import open_run
from voicelab.protocol import client_events as ce
from voicelab.protocol.items import FunctionCallOutput, Message, text_of
from voicelab.protocol.settings import ServerVAD, to_plain
from voicelab.session.core import SessionCore
from voicelab.session.tools import Tool

LONG = Say("word " * 100)


def line(name: str) -> tuple[Clip, dict[str, Any]]:
    """Return one of the demo's clips with its labels."""
    spoken = spoken_lines()[name]
    return spoken.clip, spoken.labels


def test_played_clip_becomes_one_turn_with_its_answer(tmp_path: Path) -> None:
    """One clip, one turn: recognised, answered, heard to its end, every part of the latency known."""

    async def act(core: SessionCore) -> None:
        await core.play(*line("hello"))

    (turn,) = hold(act, tmp_path / "run", ears=GivenEars("hello")).run.turn_list()
    assert (turn.transcript, turn.reply, turn.status) == ("hello", "One two three.", "completed")
    assert turn.heard_ms == turn.delivered_ms == 300
    assert turn.speech_end_from == "label"
    assert turn.residual_ms == pytest.approx(0, abs=20)
    assert turn.endpoint_ms == pytest.approx(500 + 60, abs=80)


def test_asked_settings_are_sent_whole_and_in_force(tmp_path: Path) -> None:
    """Detection is always sent whole, and transcription is asked for by default."""

    async def act(core: SessionCore) -> None:
        await core.mark("nothing else")

    held = hold(act, tmp_path / "run")
    (update,) = held.sent("session.update")
    assert update["session"]["audio"]["input"]["turn_detection"] == to_plain(ServerVAD())
    assert update["session"]["audio"]["input"]["transcription"] == {"model": "gpt-4o-mini-transcribe"}
    assert held.run.manifest.in_force["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500


def test_typed_message_is_answered(tmp_path: Path) -> None:
    """ask: text in, sound out; the turn has no end of speech."""

    async def act(core: SessionCore) -> None:
        await core.ask("And tomorrow?")

    (turn,) = hold(act, tmp_path / "run").run.turn_list()
    assert (turn.kind, turn.transcript, turn.reply) == ("typed", "And tomorrow?", "One two three.")
    assert turn.voice_to_voice_ms is None
    assert turn.heard_ms == 300


def test_silence_goes_out_while_detection_is_on_and_nobody_speaks(tmp_path: Path) -> None:
    """A detector needs silence to hear the end of a turn: 50 frames a second, without a gap."""

    async def act(core: SessionCore) -> None:
        await asyncio.sleep(1.0)

    held = hold(act, tmp_path / "run")
    refs = [event["audio"]["audio_ref"] for event in held.sent("input_audio_buffer.append")]
    assert len(refs) == pytest.approx(51, abs=2)
    assert all(b["start"] == a["start"] + a["n"] for a, b in pairwise(refs))


def test_nothing_is_sent_while_detection_is_off(tmp_path: Path) -> None:
    """Push-to-talk: no sound leaves by itself, and a clip is committed and answered as one turn."""

    async def act(core: SessionCore) -> None:
        await asyncio.sleep(1.0)
        assert not any(r.type == "input_audio_buffer.append" for r in core._recorder.records)
        await core.play(*line("hello"))

    off = {"audio": {"input": {"turn_detection": None}}}
    held = hold(act, tmp_path / "run", asked=off)
    assert len(held.sent("input_audio_buffer.commit")) == 1
    assert [turn.reply for turn in held.run.turn_list()] == ["One two three."]


def test_speech_scores_lie_where_the_speech_was_sent_also_behind_a_gap(tmp_path: Path) -> None:
    """While nothing is sent the run's clock goes on: the scores of the next clip stand where that clip stands."""

    async def act(core: SessionCore) -> None:
        for name in ("hello", "goodbye"):
            await asyncio.sleep(1.0)
            await core.play(*line(name))

    held = hold(act, tmp_path / "run", asked={"audio": {"input": {"turn_detection": None}}})
    first, second = held.run.facts().labels
    voiced = held.run.vad().filter(pl.col("probability") >= 0.5)
    for label in (first, second):
        near = voiced.filter(pl.col("start_ms").is_between(label.speech_start_ms - 500, label.speech_end_ms + 500))
        assert near["start_ms"].min() == pytest.approx(label.speech_start_ms, abs=100)


def test_busy_loop_does_not_move_speech_on_the_runs_time_line(tmp_path: Path) -> None:
    """Frames that leave late, in a burst, still lie where they were captured: no latency comes out too short."""

    async def act(core: SessionCore) -> None:
        loop = asyncio.get_running_loop()
        await core.play(*line("hello"))
        loop._jumping.now_s += 0.3  # the loop is busy for 0.3 s: nothing runs, time goes on
        await core.play(*line("goodbye"))

    held = hold(act, tmp_path / "run")
    refs = [(r.t_ns / 1e9, r.event["audio"]["audio_ref"]) for r in held.run.records() if "append" in r.type]
    assert all(b["start"] == a["start"] + a["n"] for (_, a), (_, b) in pairwise(refs))
    last_s, last = refs[-1]
    assert (last["start"] + last["n"]) / 24_000 <= last_s + 0.001
    for turn in held.run.turn_list():
        assert turn.endpoint_ms >= 500
        assert turn.residual_ms == pytest.approx(0, abs=1)


def test_barge_in_stops_at_once_and_truncates_at_the_sample_heard(tmp_path: Path) -> None:
    """The server is told what was played until speech_started, not what was received; the ledger says the same."""

    async def act(core: SessionCore) -> None:
        reading = asyncio.ensure_future(core.play(*line("read")))
        await core.wait_for_playback(1_000)
        await core.play(*line("say-again"))
        await reading

    held = hold(act, tmp_path / "run", reply=Saying((LONG,)))
    (truncate, *_) = held.sent("conversation.item.truncate")
    first = held.run.turn_list()[0]
    assert first.interrupted
    assert first.heard_ms < first.delivered_ms
    assert truncate["audio_end_ms"] == int(first.heard_ms) == first.remembered_ms
    started = [r for r in held.run.records() if r.type == "input_audio_buffer.speech_started"][1]
    stopped = next(r for r in held.run.records() if r.type == "voicelab.playback.stopped")
    assert stopped.t_ns == started.t_ns
    assert not any(e.message for e in held.core.errors)


def test_reply_interrupted_before_it_was_heard_is_deleted(tmp_path: Path) -> None:
    """Nothing heard, nothing remembered: the item is deleted, since a truncation at 0 ms is an error elsewhere."""

    async def act(core: SessionCore) -> None:
        await core.request(ce.ItemCreate(item=Message(role="user", content=())))
        asking = asyncio.ensure_future(core.respond())
        while not core._player.busy:
            await asyncio.sleep(0)
        await core.interrupt()
        await asking

    held = hold(act, tmp_path / "run", reply=Saying((LONG,)))
    assert len(held.sent("conversation.item.delete")) == 1
    assert not held.sent("conversation.item.truncate")
    assert not held.core.errors


def test_late_audio_of_a_cut_reply_is_not_played(tmp_path: Path) -> None:
    """After an interruption nothing more of that item is heard, whatever still arrives."""

    async def act(core: SessionCore) -> None:
        asking = asyncio.ensure_future(core.ask("talk"))
        await core.wait_for_playback(500)
        await core.interrupt()
        await asking
        await asyncio.sleep(2)

    held = hold(act, tmp_path / "run", reply=Saying((LONG,)))
    (turn,) = held.run.turn_list()
    assert turn.heard_ms == pytest.approx(500, abs=25)
    assert len(held.local("playback.started")) == 1


def test_function_is_run_here_and_its_answer_is_spoken(tmp_path: Path) -> None:
    """A call runs the Python function, its result goes back, and the next response belongs to the same turn."""

    class Calling(Saying):
        async def reply(self, request: ReplyRequest) -> Any:
            done = [item for item in request.items if isinstance(item, FunctionCallOutput)]
            yield Say(f"It is {done[0].output}.") if done else CallTool("add", {"a": 2, "b": 3})

    def add(a: int, b: int) -> str:
        """Add two numbers."""
        return str(a + b)

    async def act(core: SessionCore) -> None:
        await core.play(*line("sum"))

    held = hold(act, tmp_path / "run", reply=Calling(), tools={"add": Tool.of(add)})
    (turn,) = held.run.turn_list()
    assert turn.calls == ('add({"a": 2, "b": 3})',)
    assert turn.reply == "It is 5."


def test_two_responses_are_never_asked_for_at_once(tmp_path: Path) -> None:
    """Two questions at the same time are answered one after the other, without an error from the server."""

    async def act(core: SessionCore) -> None:
        await asyncio.gather(core.ask("one"), core.ask("two"))

    held = hold(act, tmp_path / "run")
    assert not held.core.errors
    created = [r.t_ns for r in held.run.records() if r.type == "response.created"]
    done = [r.t_ns for r in held.run.records() if r.type == "response.done"]
    assert created[1] >= done[0]


def test_error_fails_the_call_that_caused_it(tmp_path: Path) -> None:
    """A refused update raises the server's own words where it was asked, and changes nothing."""

    async def act(core: SessionCore) -> None:
        await core.update({"audio": {"output": {"voice": "nobody"}}})

    with pytest.raises(ServerError, match="nobody") as caught:
        hold(act, tmp_path / "run")
    assert caught.value.param == "session.audio.output.voice"


def test_refused_field_is_an_error_though_the_rest_is_in_force(tmp_path: Path) -> None:
    """What a server cannot do is said at the call, never ignored."""

    async def act(core: SessionCore) -> None:
        await core.update({"instructions": "Yes.", "reasoning": {"effort": "low"}})

    with pytest.raises(ServerError, match="reasoning"):
        hold(act, tmp_path / "run")


def test_update_returns_what_is_in_force(tmp_path: Path) -> None:
    """An update is live, and its answer is the server's own configuration."""
    seen: list[dict[str, Any]] = []

    async def act(core: SessionCore) -> None:
        detection = to_plain(ServerVAD(silence_duration_ms=900))
        seen.append(await core.update({"audio": {"input": {"turn_detection": detection}}}))
        await core.play(*line("thinking"))

    held = hold(act, tmp_path / "run")
    assert seen[0]["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 900
    assert len(held.run.turn_list()) == 1


def test_new_connection_goes_on_in_the_same_run(tmp_path: Path) -> None:
    """reconnect: another epoch, another voice, the words said so far carried over, time and tracks going on."""
    reply = Saying()

    async def act(core: SessionCore) -> None:
        await core.play(*line("hello"))
        await core.reconnect({"audio": {"output": {"voice": "cedar"}}})
        await core.play(*line("goodbye"))

    held = hold(act, tmp_path / "run", reply=reply, ears=GivenEars("hello"))
    first, second = held.run.turn_list()
    assert (first.epoch, second.epoch) == (0, 1)
    assert second.speech_end_ms is not None
    assert first.speech_end_ms is not None
    assert second.speech_end_ms > first.speech_end_ms
    assert second.speech_end_from == "label"
    assert held.run.manifest.in_force["audio"]["output"]["voice"] == "cedar"
    carried = [text_of(item) for item in reply.requests[1].items]
    assert carried[:2] == ["hello", "One two three."]


@pytest.mark.usefixtures("wrong_frames_on_purpose")
def test_event_that_cannot_be_read_does_not_end_the_conversation(tmp_path: Path) -> None:
    """A listed event without a field it must have is kept as it came, and the session goes on."""

    async def act(core: SessionCore) -> None:
        peer = core._connection.transport._peer  # the server's end: what it sends reaches the client
        await peer.send('{"type": "response.created", "event_id": "e"}')
        await peer.send("not json at all")
        await core.ask("still there?")

    held = hold(act, tmp_path / "run")
    assert len(held.local("event.unreadable")) == 2
    assert [turn.reply for turn in held.run.turn_list()] == ["One two three."]
    assert any(r.event == {"type": "response.created", "event_id": "e"} for r in held.run.records())


def test_call_that_is_given_up_stops_its_clip(tmp_path: Path) -> None:
    """An interrupted cell: the rest of the clip is not sent, and the session can be used again."""
    clip, labels = line("timer")

    async def act(core: SessionCore) -> None:
        playing = asyncio.ensure_future(core.play(clip, labels))
        await asyncio.sleep(0.2)
        playing.cancel()
        await asyncio.sleep(1)
        assert not core._source.busy
        await core.ask("still there?")

    held = hold(act, tmp_path / "run")
    (label,) = held.run.facts().labels
    began = round((label.speech_start_ms - labels["speech_start_ms"]) * 24)
    assert not held.run.samples("input", began + 24 * 250, 24_000).any()


def test_server_that_finds_no_speech_is_said_so_and_not_waited_for_for_ever(tmp_path: Path) -> None:
    """A threshold too high for the clip ends the call with an error that names it."""

    async def act(core: SessionCore) -> None:
        await core.update({"audio": {"input": {"turn_detection": to_plain(ServerVAD(threshold=1.0))}}})
        await core.play(*line("hello"))

    with pytest.raises(AudioError, match="found no speech in it \\(threshold 1.0\\)"):
        hold(act, tmp_path / "run")


def test_server_that_goes_away_in_the_middle_ends_the_call_and_keeps_the_run(tmp_path: Path) -> None:
    """The connection breaks while a clip plays: one error, and the folder holds everything up to there."""

    async def act(core: SessionCore) -> None:
        playing = asyncio.ensure_future(core.play(*line("timer")))
        await asyncio.sleep(1.0)
        await core._connection.transport.close(1006, "pulled the plug")
        await playing

    with pytest.raises(TransportError, match="pulled the plug"):
        hold(act, tmp_path / "run")
    run = open_run(tmp_path / "run")
    assert run.manifest.state == "complete"
    assert len(run.samples("input")) == pytest.approx(24_000, abs=1_500)


def test_same_seed_gives_the_same_run_twice(tmp_path: Path) -> None:
    """In virtual time a conversation is repeatable: every record, id and time stamp."""

    async def act(core: SessionCore) -> None:
        await core.play(*line("thinking"))
        await core.ask("again")

    first, second = (hold(act, tmp_path / name) for name in ("a", "b"))
    assert first.run.records() == second.run.records()


def test_remark_stands_on_the_time_line(tmp_path: Path) -> None:
    """mark: a text with the time at which it was made."""

    async def act(core: SessionCore) -> None:
        await asyncio.sleep(0.5)
        await core.mark("confused")

    (mark,) = hold(act, tmp_path / "run").run.facts().marks
    assert mark == (pytest.approx(5e8, abs=1e6), "confused")


def test_input_track_is_what_was_sent_on_the_runs_clock(tmp_path: Path) -> None:
    """input.wav holds the clip at the place where the log says that it was sent."""
    clip, labels = line("hello")

    async def act(core: SessionCore) -> None:
        await core.play(clip, labels)

    held = hold(act, tmp_path / "run")
    (label,) = held.run.facts().labels
    start = round((label.speech_start_ms - labels["speech_start_ms"]) * 24)
    assert (held.run.samples("input", start, len(clip.samples)) == clip.samples).all()
    assert not held.run.samples("input", 0, start).any()
