"""The desk: commands from anywhere, one session at a time, and a standing that tells the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import voicelab as vl
from tests.widgets.browser import until
from voicelab.errors import AudioError, BudgetError, ConfigError, TransportError, VoicelabError
from voicelab.experiments.clips import spoken_lines
from voicelab.experiments.script import DEMO_TOOLS
from voicelab.measure.budget import Budget
from voicelab.transports.base import Transport
from voicelab.widgets.desk import Desk, desk_of
from voicelab.widgets.standing import Problem
from voicelab.widgets.wishes import Wishes

LINES = spoken_lines()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with an open session."""
    desk = Desk()
    assert desk.talk(tmp_path / "run").result() is None
    yield desk
    desk.stop().result()


def updates(desk: Desk) -> list[dict[str, object]]:
    """Return the session objects that were asked for."""
    run = desk.standing.run
    assert run is not None
    return [r.event["session"] for r in run.records() if r.type == "session.update"]


@pytest.mark.realtime
def test_a_clip_is_said_heard_and_answered(tmp_path: Path) -> None:
    """Without a word about sessions: playing opens one, stopping completes its run."""
    desk = Desk()
    assert desk.standing.state == "ready"
    assert desk.talk(tmp_path / "run").result() is None
    assert desk.play(LINES["hello"].clip).result() is None
    assert desk.stop().result() is None
    run = desk.standing.run
    assert run is not None
    assert (desk.standing.state, run.manifest.state, run.growing) == ("over", "complete", False)
    assert run.turn_list()[0].transcript == "hello"


def test_a_wish_is_in_force_and_undone(desk: Desk) -> None:
    """The server says so, and undo asks for what was before."""
    wishes = desk.standing.wishes
    desk.wish(replace(wishes, threshold=0.7)).result()
    assert desk.standing.in_force["audio"]["input"]["turn_detection"]["threshold"] == 0.7
    desk.undo().result()
    assert desk.standing.wishes == wishes
    assert desk.standing.in_force["audio"]["input"]["turn_detection"]["threshold"] == 0.5
    desk.undo().result()  # nothing is left to undo
    assert desk.standing.wishes == wishes


def test_one_undo_takes_back_a_whole_move_of_a_knob(desk: Desk) -> None:
    """A slider that was drawn along goes back to where it was taken, not one step; another knob is another move."""
    first = desk.standing.wishes
    for n in range(1, 20):
        desk.wish(replace(first, silence_ms=500 + n)).result()
    moved = desk.standing.wishes
    desk.wish(replace(moved, eagerness="high")).result()
    desk.undo().result()
    assert desk.standing.wishes == moved
    desk.undo().result()
    assert desk.standing.wishes == first


def test_a_format_waits_for_a_new_connection(desk: Desk) -> None:
    """As the knob's badge says: whether it can change once sound has flowed, the protocol does not tell."""
    desk.wish(replace(desk.standing.wishes, input_format="pcmu", silence_ms=700)).result()
    assert desk.standing.pending == ("input_format",)
    assert desk.standing.in_force["audio"]["input"]["format"]["type"] == "audio/pcm"
    assert desk.standing.in_force["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 700
    desk.reconnect().result()
    assert desk.standing.pending == ()
    assert desk.standing.in_force["audio"]["input"]["format"]["type"] == "audio/pcmu"


@pytest.mark.realtime
def test_a_budget_stops_the_answers_in_one_sentence_and_a_larger_one_brings_them_back(tmp_path: Path) -> None:
    """What is spent of what, and what to do; the knobs stay as they were turned, and go on to act."""
    desk = Desk(budget=Budget(limit_usd=0.001))
    assert desk.standing.limit_usd == 0.001
    assert desk.talk(tmp_path / "run").result() is None
    try:
        assert desk.say("hello").result() is None
        until(lambda: desk.standing.problem is not None, "the refusal")
        problem = desk.standing.problem
        assert problem is not None
        assert problem.what.startswith("The budget of $0.001 allows no further answer: $0.00")
        assert problem.do == "To go on, run lab.session.raise_budget(0.002) in a cell, or press Stop."
        assert isinstance(desk.say("and now?").result(), BudgetError)
        assert desk.standing.problem is not None
        assert desk.standing.problem.do == problem.do
        until(lambda: not detection(desk)["create_response"], "no answers")
        desk.wish(replace(desk.standing.wishes, silence_ms=900)).result()
        assert desk.standing.wishes.create_response
        assert (detection(desk)["silence_duration_ms"], detection(desk)["create_response"]) == (900, False)
        assert desk.session is not None
        desk.session.raise_budget(1.0)
        until(lambda: desk.standing.problem is None, "the problem to go")
        until(lambda: detection(desk)["create_response"], "answers")
        assert desk.standing.limit_usd == 1.0
        assert desk.say("and now?").result() is None
    finally:
        desk.stop().result()


def detection(desk: Desk) -> dict[str, object]:
    """Return the detection that the desk shows as in force."""
    found: dict[str, object] = desk.standing.in_force["audio"]["input"]["turn_detection"]
    return found


def test_of_many_wishes_the_last_is_in_force_and_few_are_sent(desk: Desk) -> None:
    """A slider that is drawn along does not flood the server."""
    wishes = desk.standing.wishes
    asked = [desk.wish(replace(wishes, silence_ms=500 + n)) for n in range(1, 101)]
    for one in asked:
        assert one.result() is None
    until(lambda: desk.standing.in_force["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 600, "the last")
    assert len(updates(desk)) < 30


@pytest.mark.realtime
def test_a_voice_that_was_heard_waits_for_a_new_connection(desk: Desk) -> None:
    """The wish is shown as pending; the rest of it acts at once; a new connection has both, in the same run."""
    desk.say("hello").result()
    until(lambda: desk.standing.agent_spoke, "the agent's voice")
    desk.wish(replace(desk.standing.wishes, voice="cedar", threshold=0.6)).result()
    assert desk.standing.pending == ("voice",)
    assert desk.standing.in_force["audio"]["output"]["voice"] == "alloy"
    assert desk.standing.in_force["audio"]["input"]["turn_detection"]["threshold"] == 0.6
    desk.reconnect().result()
    assert desk.standing.pending == ()
    assert desk.standing.in_force["audio"]["output"]["voice"] == "cedar"
    until(lambda: not desk.standing.agent_spoke, "the new connection to be seen")


def test_the_mirror_answers_a_microphone_until_the_guide_is_chosen() -> None:
    """A card chooses the guide, for good; a clip is always for the guide."""
    assert Desk(source="browser").standing.reply == "mirror"
    desk = Desk(source="clip")
    assert desk.standing.reply == "guide"
    desk.choose_source("browser").result()
    assert desk.standing.reply == "mirror"
    desk.choose_reply("guide").result()
    desk.choose_source("device").result()
    assert desk.standing.reply == "guide"


@pytest.mark.realtime
def test_who_answers_can_change_inside_a_run(desk: Desk) -> None:
    """From the guide to the mirror: a new connection in the same run, which says who answers."""
    desk.choose_reply("mirror").result()
    assert desk.standing.in_force["voicelab"]["reply"] == "mirror"
    desk.play(LINES["hello"].clip).result()
    assert desk.session is not None
    assert "your own voice" in desk.session.turns[-1].reply


def test_a_target_that_cannot_be_had_leaves_a_desk_that_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key: said in words, with what to do, and the next try with another target works."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    desk = Desk("openai")
    error = desk.talk(tmp_path / "a").result()
    assert isinstance(error, ConfigError)
    assert desk.standing.state == "ready"
    problem = desk.standing.problem
    assert problem is not None
    assert "OPENAI_API_KEY" in problem.what
    desk.choose_target("local").result()
    assert desk.talk(tmp_path / "b").result() is None
    assert desk.standing.problem is None
    desk.stop().result()


def test_a_refused_key_is_never_shown(tmp_path: Path) -> None:
    """A server that refuses the key: the problem says so without it, nor does the standing hold it."""
    with vl.LocalServer(hearing="none") as server:
        desk = Desk()
        desk.choose_target(server.url, "sk-wrong-and-secret").result()
        error = desk.talk(tmp_path / "run").result()
    assert isinstance(error, VoicelabError)
    assert desk.standing.problem is not None
    assert "sk-wrong" not in repr(desk.standing) + repr(desk) + str(error)


@pytest.mark.realtime
def test_a_server_that_dies_ends_the_session_and_keeps_the_run(tmp_path: Path) -> None:
    """The window says what happened; the run is whole; Talk begins anew."""
    with vl.LocalServer(hearing="none") as server:
        desk = Desk()
        desk.choose_target(server.url, server.api_key).result()
        assert desk.talk(tmp_path / "run").result() is None
    until(lambda: desk.standing.state == "over", "the end")
    until(lambda: desk.standing.problem is not None, "the problem")
    problem = desk.standing.problem
    assert problem is not None
    assert str(tmp_path / "run") in problem.kept
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["state"] == "complete"
    desk.choose_target("local").result()
    assert desk.talk(tmp_path / "next").result() is None
    desk.stop().result()


def test_stop_while_connecting_stops(tmp_path: Path) -> None:
    """Nothing goes on behind the back of who pressed Stop."""
    desk = Desk()
    talking = desk.talk(tmp_path / "run")
    desk.stop().result()
    talking.result()
    until(lambda: desk.standing.state in ("over", "ready"), "the end")
    assert desk.session is None


def test_a_session_of_ones_own_gets_a_desk(tmp_path: Path) -> None:
    """Its settings are the wishes, a wish changes it, and it stays open."""
    detection = vl.ServerVAD(threshold=0.4)
    with vl.connect("local", voice="verse", turn_detection=detection, chunk_ms=60, out=tmp_path / "run") as session:
        desk = desk_of(session)
        assert desk.standing.wishes.chunk_ms == 60
        assert (desk.standing.wishes.voice, desk.standing.wishes.threshold) == ("verse", 0.4)
        desk.wish(replace(desk.standing.wishes, threshold=0.9)).result()
        assert session.in_force["audio"]["input"]["turn_detection"]["threshold"] == 0.9


def test_what_a_cell_changes_is_wished_for_and_nothing_else(desk: Desk) -> None:
    """`session.update` beside the knobs: they follow, a wish that waits goes on waiting, and nothing is sent for it."""
    assert desk.session is not None
    desk.wish(replace(desk.standing.wishes, input_format="pcmu", silence_ms=700)).result()
    n_updates = len(updates(desk))
    desk.session.update(turn_detection=vl.ServerVAD(threshold=0.8, silence_duration_ms=700))
    until(lambda: desk.standing.wishes.threshold == 0.8, "the threshold of the cell")
    assert (desk.standing.wishes.input_format, desk.standing.wishes.silence_ms) == ("pcmu", 700)
    assert desk.standing.pending == ("input_format",)
    desk.wish(replace(desk.standing.wishes, silence_ms=600)).result()
    assert desk.standing.in_force["audio"]["input"]["turn_detection"]["threshold"] == 0.8
    assert len(updates(desk)) == n_updates + 2  # the cell's and the knob's


def test_all_widgets_of_a_session_share_a_desk_that_knows_whose_it_is(tmp_path: Path) -> None:
    """Two panels would undo each other; its target and functions are kept, and its answerer is not changed."""
    with vl.connect("local", hearing="none", tools=DEMO_TOOLS.values(), out=tmp_path / "run") as session:
        desk = desk_of(session)
        assert desk_of(session) is desk
        assert desk.standing.target == "local"
        assert desk._tools == tuple(DEMO_TOOLS.values())
        desk.choose_source("none").result()
        assert len([r for r in session.log.records() if r.type == "session.created"]) == 1
    with pytest.raises(ConfigError, match="a Run cannot be commanded"):
        desk_of(session.log)  # type: ignore[arg-type]


def test_a_key_in_an_address_is_not_shown(tmp_path: Path) -> None:
    """Neither by the standing nor by the desk; the connection gets it."""
    desk = Desk("wss://example.invalid/v1/realtime?api-key=sk-very-secret&model=m")
    assert "sk-very-secret" not in repr(desk) + repr(desk.standing)
    with vl.LocalServer(hearing="none") as server:
        desk.choose_target(f"{server.url}?api-key={server.api_key}").result()
        assert server.api_key not in repr(desk.standing)
        assert desk.talk(tmp_path / "run").result() is None
        desk.stop().result()


@pytest.mark.realtime
def test_a_session_with_somebody_else_ends_by_itself_also_when_nothing_happens(tmp_path: Path) -> None:
    """The clock decides, not what is recorded; the window says why."""
    with vl.LocalServer(hearing="none") as server:
        desk = Desk(wishes=Wishes(detection="none"))
        desk.choose_target(server.url, server.api_key).result()
        desk.talk(tmp_path / "run").result()
        desk._began_s = (desk._began_s or 0.0) - 15 * 60
        until(lambda: desk.standing.state == "over", "the end")
    assert desk.standing.problem is not None
    assert "15 minutes" in desk.standing.problem.what


@pytest.mark.realtime
def test_a_reconnect_that_fails_ends_the_session(tmp_path: Path) -> None:
    """The old connection is gone then: the desk says so, and the run is whole."""
    with vl.LocalServer(hearing="none") as server:
        desk = Desk()
        desk.choose_target(server.url, server.api_key).result()
        desk.talk(tmp_path / "run").result()
        assert desk.session is not None
        desk.session._live.core._connection._open_transport = _no_way
        desk.reconnect().result()
        until(lambda: desk.standing.state == "over", "the end")
    assert desk.standing.problem is not None
    assert desk.standing.run is not None
    assert desk.standing.run.manifest.state == "complete"


async def _no_way() -> Transport:
    raise TransportError("the server is gone")


def test_a_clip_without_speech_is_a_problem_not_an_end(desk: Desk) -> None:
    """It is said, and the session goes on."""
    silence = vl.Clip(np.zeros(24_000, np.int16), "silence")
    error = desk.play(silence).result()
    assert isinstance(error, AudioError)
    assert desk.standing.state == "live"
    desk.tell(None).result()
    assert desk.standing.problem is None


def test_problems_of_others_are_shown(desk: Desk) -> None:
    """Any part of the Lab can tell one."""
    problem = Problem("the file is no sound", "nothing was lost", "choose another")
    desk.tell(problem).result()
    assert desk.standing.problem == problem


def test_the_report_and_the_hand_in_are_made(desk: Desk) -> None:
    """Of the newest run; without one the desk says what to do."""
    report = desk.report().result()
    assert isinstance(report, Path)
    assert report.is_file()
    handed_in = desk.hand_in().result()
    assert isinstance(handed_in, Path)
    assert handed_in.suffix == ".zip"
    assert isinstance(Desk().report().result(), VoicelabError)


def test_before_anything_is_connected_wishes_are_kept(tmp_path: Path) -> None:
    """What the knobs show is what the first session asks for."""
    desk = Desk(wishes=Wishes(silence_ms=900))
    desk.wish(replace(desk.standing.wishes, voice="sage")).result()
    assert desk.talk(tmp_path / "run").result() is None
    assert desk.standing.in_force["audio"]["output"]["voice"] == "sage"
    assert desk.standing.in_force["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 900
    desk.stop().result()
