"""A session under a budget: it stops before the limit, says so, and goes on when the limit is raised.

With the real embedded server, whose usage is the same each time: "hello" makes a turn of 1.3 s, and a word of a reply
takes 100 ms.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.server.room import Saying
from tests.session.room import Held, hold
from tests.session.scripted import scripted
from voicelab.audio.clip import Clip
from voicelab.engines.reply import CallTool, ReplyRequest, Say
from voicelab.errors import BudgetError, ConfigError, ServerError, TransportClosed
from voicelab.experiments.clips import spoken_lines
from voicelab.measure.budget import Budget
from voicelab.protocol import client_events as ce
from voicelab.protocol.items import FunctionCallOutput, InputText, Message, text_of
from voicelab.protocol.settings import (
    ResponseParams,
    SemanticVAD,
    ServerVAD,
    SessionConfig,
    TurnDetection,
    merge,
    to_plain,
)
from voicelab.session.core import SessionCore
from voicelab.session.differences import SettingsWarning
from voicelab.session.tools import Tool
from voicelab.transports.memory import MemoryTransport

HELLO = spoken_lines()["hello"].clip
# Round prices: a dollar for a million text tokens, ten for audio, a tenth where cached, twice for what is said.
MODEL = "round"
PRICES: dict[str, Any] = {
    MODEL: {
        "text": {"in": 1.0, "cached": 0.1, "out": 2.0},
        "audio": {"in": 10.0, "cached": 1.0, "out": 20.0},
    }
}
PUSH_TO_TALK = {"audio": {"input": {"turn_detection": None, "transcription": None}}}
# What "hello" and its answer of three words cost at first; a limit that leaves room for little more than that.
ONE_TURN = 0.0003
LONG = "word " * 50


def spend(act: Callable[[SessionCore], Awaitable[None]], folder: Path, *, limit: float = ONE_TURN, **how: Any) -> Held:
    """Hold a session under a budget, at the round prices."""
    return hold(act, folder, **{"model": MODEL, "prices": PRICES, "budget": Budget(limit), **how})


def detecting(detection: TurnDetection) -> dict[str, Any]:
    """Return a first ask with this detection."""
    return {"audio": {"input": {"turn_detection": to_plain(detection)}}}


def detection_of(core: SessionCore) -> dict[str, Any]:
    """Return the detection in force."""
    found: dict[str, Any] = core.in_force["audio"]["input"]["turn_detection"]
    return found


def spent_of(core: SessionCore) -> float:
    """Return what was spent."""
    assert core.budget is not None
    return core.budget.spent_usd


def refusals(held: Held) -> list[str]:
    """Return what was refused, in order."""
    return [fact["what"] for fact in held.local("budget.refused")]


def sends(core: SessionCore) -> list[str]:
    """Return the types of what was sent so far, but for the silence that goes out all the time."""
    sent = [r.type for r in core._recorder.records if r.dir == "send"]
    return [kind for kind in sent if kind != "input_audio_buffer.append"]


async def say(core: SessionCore, *, wait_s: float = 2.0) -> None:
    """Say hello as a microphone would: nobody waits for an answer."""
    await core._send_clip(HELLO, None)
    await asyncio.sleep(wait_s)


# --- spoken turns --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "detection",
    [ServerVAD(threshold=0.6, silence_duration_ms=400, idle_timeout_ms=30_000), SemanticVAD(eagerness="high")],
)
def test_spoken_turns_stop_before_the_limit_is_passed(tmp_path: Path, detection: TurnDetection) -> None:
    """The last turn that fits is answered; the server is told not to answer the next, and keeps all its settings."""

    async def act(core: SessionCore) -> None:
        with pytest.raises(BudgetError):
            for _ in range(20):
                await core.play(HELLO)
        await asyncio.sleep(1)

    held = spend(act, tmp_path / "run", limit=0.0015, asked=detecting(detection))
    turns, state = held.run.turn_list(), held.core.budget
    assert state is not None
    assert len(turns) >= 3
    assert all(turn.reply == "One two three." for turn in turns)
    assert state.spent_usd <= 0.0015 < state.spent_usd + (state.projected_usd or 0)
    assert state.spent_usd == pytest.approx(sum(turn.cost_usd or 0 for turn in turns))
    told = held.sent("session.update")[-1]["session"]["audio"]["input"]
    assert told == {"turn_detection": {**to_plain(detection), "create_response": False}}
    assert detection_of(held.core) == told["turn_detection"]
    assert refusals(held) == ["turns", "play"]


def test_the_old_dialect_is_held_back_in_its_own_words(tmp_path: Path) -> None:
    """A server of the beta protocol is told in the beta's session object; the log says it as always."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        await say(core)
        assert detection_of(core)["create_response"] is False
        await core.raise_budget(0.01)
        await core.play(HELLO)

    held = spend(act, tmp_path / "run", dialect="beta")
    assert len([r for r in held.run.records() if r.type == "response.created"]) == 2
    assert refusals(held) == ["turns", "turn"]


def test_the_refusal_comes_at_once_when_the_last_response_is_done(tmp_path: Path) -> None:
    """Not when the next turn is over: then the server has answered already."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        assert detection_of(core)["create_response"] is False

    held = spend(act, tmp_path / "run")
    records = held.run.records()
    done = next(r for r in records if r.type == "response.done")
    told = [r for r in records if r.type == "session.update"][-1]
    assert told.t_ns == done.t_ns


def test_what_is_said_beyond_the_limit_is_kept_and_not_answered(tmp_path: Path) -> None:
    """A microphone goes on: its turns are transcribed and stay in the conversation, and each is written down."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        await say(core)
        await say(core)
        assert [item.role for item in await core.memory()] == ["user", "assistant", "user", "user"]

    held = spend(act, tmp_path / "run")
    assert len([r for r in held.run.records() if r.type == "response.created"]) == 1
    assert refusals(held) == ["turns", "turn", "turn"]
    committed = [r.event["item_id"] for r in held.run.records() if r.type == "input_audio_buffer.committed"]
    assert [fact.get("item_id") for fact in held.local("budget.refused")] == [None, *committed[1:]]


def test_a_clip_that_cannot_be_answered_is_not_played(tmp_path: Path) -> None:
    """play: an error at once instead of a minute and a half of waiting; no sound of the clip leaves."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        loop, before = asyncio.get_running_loop(), sends(core)
        began_s = loop.time()
        with pytest.raises(BudgetError, match="refuses an answer to the clip"):
            await core.play(HELLO)
        assert loop.time() == began_s
        assert sends(core) == before

    assert len(spend(act, tmp_path / "run").local("source.started")) == 1


def test_a_clip_whose_last_turn_came_too_late_ends_with_the_refusal(tmp_path: Path) -> None:
    """play: two turns in one clip, money for one: the clip is heard out, and the error says that no answer comes."""
    two = Clip(np.concatenate([HELLO.samples, np.zeros(48_000, np.int16), HELLO.samples]), "two")

    async def act(core: SessionCore) -> None:
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(BudgetError, match=r"refuses the answer to a spoken turn.*stays in the conversation"):
            await core.play(two)
        assert asyncio.get_running_loop().time() - began_s < 10

    held = spend(act, tmp_path / "run")
    assert [turn.reply for turn in held.run.turn_list()] == ["One two three.", ""]


def test_silence_of_the_user_is_not_answered_either(tmp_path: Path) -> None:
    """idle_timeout_ms stays in force: the server commits the silence, and does not answer it."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        await asyncio.sleep(8)
        assert core._requests.floor_is_free()

    held = spend(act, tmp_path / "run", asked=detecting(ServerVAD(idle_timeout_ms=5_000)))
    kinds = [r.type for r in held.run.records()]
    assert kinds.count("input_audio_buffer.timeout_triggered") == 1
    assert kinds.count("response.created") == 1
    assert refusals(held) == ["turns", "turn"]


def test_instructions_that_cost_more_than_the_limit_leave_no_first_turn(tmp_path: Path) -> None:
    """What is known before the first response counts: the server is asked from the beginning not to answer."""

    async def act(core: SessionCore) -> None:
        await core.update({"instructions": "Be brief. " * 200})  # 500 tokens
        with pytest.raises(BudgetError):
            await core.play(HELLO)
        assert core.budget is not None
        assert (core.budget.spent_usd, core.budget.projected_usd) == (0.0, pytest.approx(500e-6))
        await asyncio.sleep(0.1)
        assert detection_of(core)["create_response"] is False

    spend(act, tmp_path / "run", limit=0.0004)


# --- what the client asks for --------------------------------------------------------------------------------


async def one_aside(core: SessionCore) -> None:
    """Ask for a response outside the conversation."""
    await core.respond_aside(ResponseParams(output_modalities=("text",)))


async def raw_aside(core: SessionCore) -> None:
    """The same by an event of one's own."""
    await core.request(ce.ResponseCreate(response=ResponseParams(conversation="none")))


WAYS: dict[str, tuple[str, Callable[[SessionCore], Awaitable[Any]]]] = {
    "ask": ("ask", lambda core: core.ask("And tomorrow?")),
    "respond": ("respond", lambda core: core.respond()),
    "aside": ("aside", one_aside),
    "request": ("request", lambda core: core.request(ce.ResponseCreate())),
    "request aside": ("aside", raw_aside),
    "commit": ("commit", lambda core: core.commit()),
    "request commit": ("commit", lambda core: core.request(ce.InputAudioCommit())),
    "play": ("play", lambda core: core.play(HELLO)),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_the_client_asks_for_is_refused_and_nothing_is_sent(tmp_path: Path, way: str) -> None:
    """One error with the limit, what is spent, what it would cost and how to go on; the log has the same."""
    what, wish = WAYS[way]

    async def act(core: SessionCore) -> None:
        await core.ask("hello")
        await core.append(HELLO.samples)
        before = sends(core)
        with pytest.raises(BudgetError, match=r"raise_budget\(limit_usd=\.\.\.\)") as caught:
            await wish(core)
        assert sends(core) == before
        error, state = caught.value, core.budget
        assert state is not None
        assert (error.limit_usd, error.spent_usd) == (0.0002, state.spent_usd)
        assert error.projected_usd is not None
        assert error.spent_usd + error.projected_usd > 0.0002
        for part in ("$0.0002", f"{error.spent_usd:.6f}".rstrip("0"), f"{error.projected_usd:.6f}".rstrip("0")):
            assert part in error.what

    held = spend(act, tmp_path / "run", limit=0.0002, asked=PUSH_TO_TALK)
    assert refusals(held) == [what]
    (fact,) = held.local("budget.refused")
    assert fact["limit_usd"] == 0.0002
    assert fact["spent_usd"] + fact["projected_usd"] > 0.0002


def test_a_long_text_is_refused_for_its_own_length(tmp_path: Path) -> None:
    """What is to be sent is known: a short one still goes through afterwards."""

    async def act(core: SessionCore) -> None:
        await core.ask("hello")
        with pytest.raises(BudgetError):
            await core.ask("word " * 2_000)
        assert len(await core.memory()) == 2
        await core.ask("hello")

    held = spend(act, tmp_path / "run", limit=0.002, asked=PUSH_TO_TALK)
    assert len(held.run.turn_list()) == 2


def test_of_two_messages_at_once_the_second_waits_for_the_bill_of_the_first(tmp_path: Path) -> None:
    """Asked at the same moment there seems to be money for both: nothing of the second leaves."""

    async def act(core: SessionCore) -> None:
        first, second = asyncio.ensure_future(core.ask("one")), asyncio.ensure_future(core.ask("two"))
        await first
        with pytest.raises(BudgetError):
            await second
        assert [item.role for item in await core.memory()] == ["user", "assistant"]

    spend(act, tmp_path / "run", limit=0.0002, asked=PUSH_TO_TALK)


def test_responses_that_run_are_counted_before_they_are_paid(tmp_path: Path) -> None:
    """Many asides at once: only so many begin as all of them together can be paid."""

    async def act(core: SessionCore) -> None:
        await one_aside(core)
        cost = spent_of(core)
        await core.raise_budget(cost * 3.5)
        told = await asyncio.gather(*(one_aside(core) for _ in range(5)), return_exceptions=True)
        assert [type(one) for one in told] == [type(None), type(None), BudgetError, BudgetError, BudgetError]
        assert spent_of(core) == pytest.approx(3 * cost)

    spend(act, tmp_path / "run", limit=1e-6, asked=PUSH_TO_TALK, reply=Saying((Say("yes"),)))


class Adding(Saying):
    """Calls ``add``, and says what it returned."""

    async def reply(self, request: ReplyRequest) -> Any:
        done = [item for item in request.items if isinstance(item, FunctionCallOutput)]
        yield Say(f"It is {done[0].output}. {LONG}") if done else CallTool("add", {"a": 2, "b": 3})


def add(a: int, b: int) -> str:
    """Add two numbers."""
    return str(a + b)


def test_what_functions_returned_is_kept_and_answered_with_a_larger_limit(tmp_path: Path) -> None:
    """The function runs and its result is in the conversation; whoever asked is told why no answer comes."""

    async def act(core: SessionCore) -> None:
        with pytest.raises(BudgetError, match="refuses an answer to what the functions returned"):
            await core.ask("How much is two and three?")
        await asyncio.sleep(0.1)
        assert [item.kind for item in await core.memory()][-1] == "function_call_output"
        await core.raise_budget(0.01)
        await core.respond()

    held = spend(act, tmp_path / "run", limit=0.00007, reply=Adding(), tools={"add": Tool.of(add)}, asked=PUSH_TO_TALK)
    assert refusals(held) == ["tools"]
    assert len(held.sent("response.create")) == 2
    assert text_of(held.core._in.conversation.items[-1]).startswith("It is 5.")
    assert not held.local("tool.unanswered")


def test_what_functions_returned_counts_before_the_server_has_taken_it(tmp_path: Path) -> None:
    """Ten thousand tokens of a result are known here first: no answer to them is asked for."""

    def look_up() -> str:
        """Return a long article."""
        return "x" * 40_000

    class Looking(Saying):
        async def reply(self, request: ReplyRequest) -> Any:
            done = any(isinstance(item, FunctionCallOutput) for item in request.items)
            yield Say("Much.") if done else CallTool("look_up", {})

    async def act(core: SessionCore) -> None:
        with pytest.raises(BudgetError):
            await core.ask("What is there?")

    tools = {"look_up": Tool.of(look_up)}
    held = spend(act, tmp_path / "run", limit=0.005, reply=Looking(), tools=tools, asked=PUSH_TO_TALK)
    assert len(held.sent("response.create")) == 1


def test_the_last_question_is_the_users_also_behind_a_function(tmp_path: Path) -> None:
    """The next turn is expected to bring sound again, although a function's result brought none."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        account = core._spending._account
        assert account is not None
        assert account._tally.n_responses == 2
        assert account._tally.last is not None
        assert account._tally.last.question.audio >= 10

    spend(act, tmp_path / "run", limit=0.5, reply=Adding(), tools={"add": Tool.of(add)}, asked=PUSH_TO_TALK)


# --- a server that answers all the same ----------------------------------------------------------------------


def usage(n: int) -> dict[str, Any]:
    """Return a usage of so many fresh text tokens."""
    return {
        "total_tokens": n,
        "input_tokens": n,
        "output_tokens": 0,
        "input_token_details": {"text_tokens": n, "audio_tokens": 0},
        "output_token_details": {"text_tokens": 0, "audio_tokens": 0},
    }


def response(kind: str, name: str, status: str = "in_progress", **more: Any) -> dict[str, Any]:
    """Return an event about a response of the conversation."""
    about = {"id": name, "object": "realtime.response", "status": status, "conversation_id": "conv", "output": []}
    return {"type": f"response.{kind}", "response": {**about, **more}}


def test_a_response_that_the_server_began_in_the_meantime_is_cancelled(tmp_path: Path) -> None:
    """The user was quick: the server has begun the next answer when it is told to begin none."""
    race = [
        response("created", "a"),
        response("done", "a", "completed", usage=usage(1000)),
        response("created", "b"),  # on its way while the client is counting
    ]
    cancelled = [response("done", "b", "cancelled", usage=usage(10))]
    server = scripted({"conversation.item.truncate": lambda _: race, "response.cancel": lambda _: cancelled})

    async def act(core: SessionCore) -> None:
        core._out.send(ce.ItemTruncate(item_id="x", content_index=0, audio_end_ms=1))  # as good a cue as any
        await asyncio.sleep(1)
        assert core.budget is not None
        assert core.budget.spent_usd == pytest.approx(1010e-6)
        assert core.budget.projected_usd == pytest.approx(1000e-6)  # what was cut short foretells nothing
        assert core._requests.floor_is_free()

    held = spend(act, tmp_path / "run", limit=0.0015, serving=server)
    assert [event["response_id"] for event in held.sent("response.cancel")] == ["b"]
    assert refusals(held) == ["turns", "begun"]
    assert held.local("budget.refused")[1]["response_id"] == "b"


def words(seconds: float, item_id: str = "u") -> dict[str, Any]:
    """Return a transcription that is billed by the second."""
    return {
        "type": "conversation.item.input_audio_transcription.completed",
        "item_id": item_id,
        "content_index": 0,
        "transcript": "hm",
        "usage": {"type": "duration", "seconds": seconds},
    }


BY_THE_MINUTE = {"audio": {"input": {"turn_detection": None, "transcription": {"model": "whisper-1"}}}}


def test_a_response_that_was_allowed_is_not_cancelled_when_it_begins(tmp_path: Path) -> None:
    """Asked for while there was money, begun when there is none any more; the server's own behind it is cancelled."""
    ours = [words(600), response("created", "a"), response("done", "a", "completed", usage=usage(10))]
    server = scripted({"response.create": lambda _: [*ours, response("created", "b")]})

    async def act(core: SessionCore) -> None:
        asking = asyncio.ensure_future(core.respond())
        await asyncio.sleep(1)
        asking.cancel()

    held = spend(act, tmp_path / "run", limit=0.01, serving=server, asked=BY_THE_MINUTE)
    assert [event["response_id"] for event in held.sent("response.cancel")] == ["b"]


def test_a_response_that_the_server_refused_is_not_taken_for_one_that_it_begins(tmp_path: Path) -> None:
    """The client's wish came to nothing: what begins afterwards is the server's own."""

    def refuse(event: dict[str, Any]) -> list[dict[str, Any]]:
        error = {"message": "No.", "type": "invalid_request_error", "code": None, "param": None}
        return [
            {"type": "error", "error": {**error, "event_id": event["event_id"]}},
            words(600),
            response("created", "b"),
        ]

    async def act(core: SessionCore) -> None:
        with pytest.raises(ServerError, match="No."):
            await core.respond()
        await asyncio.sleep(0.1)

    server = scripted({"response.create": refuse})
    held = spend(act, tmp_path / "run", limit=0.01, serving=server, asked=BY_THE_MINUTE)
    assert len(held.sent("response.cancel")) == 1


def test_a_server_that_does_not_listen_is_told_three_times_and_its_answers_are_cancelled(tmp_path: Path) -> None:
    """It keeps ``create_response`` as it is: no endless quarrel about it, and no answer that costs the whole sum."""
    rest = {"type": "server_vad", "create_response": True}
    stubborn = {
        "type": "session.updated",
        "session": {"type": "realtime", "audio": {"input": {"turn_detection": rest}}},
    }
    began = [response("created", "a"), response("done", "a", "completed", usage=usage(1000)), response("created", "b")]
    server = scripted({"session.update": lambda _: [stubborn], "conversation.item.truncate": lambda _: began})

    async def act(core: SessionCore) -> None:
        core._out.send(ce.ItemTruncate(item_id="x", content_index=0, audio_end_ms=1))
        await asyncio.sleep(1)

    held = spend(act, tmp_path / "run", limit=0.0015, serving=server, asked={})
    told = [e for e in held.sent("session.update") if not _answers(e)]
    assert len(told) == 3
    assert len(held.sent("response.cancel")) == 1


def _answers(update: dict[str, Any]) -> bool:
    answers: bool = update["session"]["audio"]["input"]["turn_detection"]["create_response"]
    return answers


def test_a_turn_that_ended_on_the_way_is_not_waited_for(tmp_path: Path) -> None:
    """The server was told between the end of the turn and its answer: nobody waits a minute and a half for nothing."""
    at = {"item_id": "u"}
    turn = [
        {"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, **at},
        {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 500, **at},
        {"type": "input_audio_buffer.committed", "previous_item_id": None, **at},
        words(600),  # they make the next response too dear, and the server has not begun it yet
    ]
    server = scripted({"conversation.item.truncate": lambda _: turn})
    asked = {"audio": {"input": {"transcription": {"model": "whisper-1"}}}}

    async def act(core: SessionCore) -> None:
        before = core._spending.n_unanswered
        core._out.send(ce.ItemTruncate(item_id="x", content_index=0, audio_end_ms=1))
        await asyncio.sleep(1)
        assert core._requests.floor_is_free()
        with pytest.raises(BudgetError):
            core._spending.raise_unanswered(before)

    held = spend(act, tmp_path / "run", limit=0.01, serving=server, asked=asked)
    assert refusals(held) == ["turns", "turn"]


def test_a_turn_that_ends_before_the_server_has_taken_note_is_counted_once(tmp_path: Path) -> None:
    """Told not to answer, it says in the same moment that a turn is over: one turn, one record."""
    at = {"item_id": "u"}
    off = {"audio": {"input": {"turn_detection": to_plain(ServerVAD(create_response=False))}}}

    def update(event: dict[str, Any]) -> list[dict[str, Any]]:
        done = {"type": "session.updated", "session": {"type": "realtime", **event["session"]}}
        if _answers(event):
            return [done]
        return [
            {"type": "input_audio_buffer.speech_started", "audio_start_ms": 0, **at},
            {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 500, **at},
            {"type": "input_audio_buffer.committed", "previous_item_id": None, **at},
            {"type": "session.updated", "session": {"type": "realtime", **off}},
        ]

    server = scripted({"session.update": update, "conversation.item.truncate": lambda _: [words(600, "t")]})

    async def act(core: SessionCore) -> None:
        core._out.send(ce.ItemTruncate(item_id="x", content_index=0, audio_end_ms=1))
        await asyncio.sleep(1)
        assert core._requests.floor_is_free()

    asked = {"audio": {"input": {"transcription": {"model": "whisper-1"}}}}
    held = spend(act, tmp_path / "run", limit=0.01, serving=server, asked=asked)
    assert refusals(held) == ["turns", "turn"]


# --- another limit, other settings, another connection -------------------------------------------------------


def test_a_larger_limit_lets_the_server_answer_again(tmp_path: Path) -> None:
    """What was in force before is in force again; what was said meanwhile can be answered."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        await say(core)
        state = await core.raise_budget(0.01)
        assert state is not None
        assert (state.limit_usd, state.refuses) == (0.01, False)
        assert detection_of(core) == to_plain(ServerVAD(silence_duration_ms=600))
        await core.respond()
        await core.play(HELLO)

    held = spend(act, tmp_path / "run", asked=detecting(ServerVAD(silence_duration_ms=600)))
    assert [turn.reply for turn in held.run.turn_list()] == ["One two three."] * 3
    (raised,) = held.local("budget.raised")
    assert (raised["before_usd"], raised["limit_usd"]) == (ONE_TURN, 0.01)


def test_a_limit_that_is_larger_but_not_large_enough_changes_nothing_else(tmp_path: Path) -> None:
    """The server goes on not answering, and the state says so."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        state = await core.raise_budget(ONE_TURN * 1.01)
        assert state is not None
        assert state.refuses
        assert detection_of(core)["create_response"] is False
        with pytest.raises(BudgetError):
            await core.ask("And now?")

    spend(act, tmp_path / "run")


@pytest.mark.parametrize("limit", [ONE_TURN, 0.0001, 0])
def test_a_limit_that_is_not_larger_is_refused(tmp_path: Path, limit: float) -> None:
    """A limit can only be raised, to an amount of money."""

    async def act(core: SessionCore) -> None:
        with pytest.raises(ConfigError, match="limit"):
            await core.raise_budget(limit)
        assert core.budget is not None
        assert core.budget.limit_usd == ONE_TURN

    spend(act, tmp_path / "run")


def test_settings_that_are_changed_meanwhile_do_not_bring_the_answers_back(tmp_path: Path) -> None:
    """An update sends detection whole: all but ``create_response`` is in force, and the wish for that is kept."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        wish = to_plain(ServerVAD(silence_duration_ms=900))
        await core.update({"audio": {"input": {"turn_detection": wish}}})
        assert detection_of(core) == {**wish, "create_response": False}
        await say(core)
        await core.request(ce.SessionUpdate(session={"type": "realtime", "audio": {"input": {"turn_detection": wish}}}))
        await asyncio.sleep(0.1)
        assert detection_of(core)["create_response"] is False
        await core.raise_budget(0.01)
        assert detection_of(core) == wish

    held = spend(act, tmp_path / "run")
    assert len([r for r in held.run.records() if r.type == "response.created"]) == 1


def test_detection_that_is_switched_on_beyond_the_limit_answers_with_a_larger_one(tmp_path: Path) -> None:
    """From push-to-talk to the server's own turns, while nothing may be spent: not one answer until then."""

    async def act(core: SessionCore) -> None:
        await core.ask("hello")
        await core.update(detecting(ServerVAD()))
        assert detection_of(core) == to_plain(ServerVAD(create_response=False))
        await say(core)
        await core.raise_budget(0.01)
        assert detection_of(core) == to_plain(ServerVAD())
        await core.play(HELLO)

    held = spend(act, tmp_path / "run", limit=0.0002, asked=PUSH_TO_TALK)
    assert refusals(held) == ["turns", "turn"]
    assert len([r for r in held.run.records() if r.type == "response.created"]) == 2


def test_a_server_that_has_not_answered_yet_is_told_once(tmp_path: Path) -> None:
    """Several bills come at once, each of them too much: one ``session.update``."""
    server = scripted({"conversation.item.truncate": lambda _: [words(600, "u"), words(600, "v"), words(600, "w")]})

    async def act(core: SessionCore) -> None:
        core._out.send(ce.ItemTruncate(item_id="x", content_index=0, audio_end_ms=1))
        await asyncio.sleep(1)

    asked = {"audio": {"input": {"transcription": {"model": "whisper-1"}}}}
    held = spend(act, tmp_path / "run", limit=0.01, serving=server, asked=asked)
    assert [_answers(event) for event in held.sent("session.update")] == [True, False]
    assert refusals(held) == ["turns"]


async def slow(transport: MemoryTransport) -> None:
    """A server that takes 50 ms for each update."""
    session = to_plain(SessionConfig())
    await transport.send(msgspec.json.encode({"type": "session.created", "event_id": "e", "session": session}).decode())
    while True:
        try:
            event = msgspec.json.decode(await transport.receive())
        except TransportClosed:
            return
        if event["type"] == "session.update":
            session = merge(session, event["session"])
            await asyncio.sleep(0.05)
            told = {"type": "session.updated", "event_id": "e", "session": session}
            await transport.send(msgspec.json.encode(told).decode())


def test_an_update_that_crosses_the_budgets_own_is_not_blamed(tmp_path: Path) -> None:
    """The first answer that comes is to the other one: no warning that a setting is not in force."""

    async def act(core: SessionCore) -> None:
        core._spending.transcribed("u", {"type": "duration", "seconds": 600})
        assert (await core.update({"instructions": "Be brief."}))["instructions"] == "Be brief."

    asked = {"audio": {"input": {"transcription": {"model": "whisper-1"}}}}
    with warnings.catch_warnings():
        warnings.simplefilter("error", SettingsWarning)
        held = spend(act, tmp_path / "run", limit=0.01, asked=asked, serving=slow)
    assert detection_of(held.core)["create_response"] is False


def test_whoever_asked_for_no_answers_gets_none_from_a_larger_limit(tmp_path: Path) -> None:
    """``create_response`` false was the user's own wish, before the limit or behind it."""

    async def act(core: SessionCore) -> None:
        await core.ask("hello")
        assert detection_of(core)["create_response"] is False
        await core.raise_budget(0.01)
        assert detection_of(core)["create_response"] is False

    silent = detecting(ServerVAD(create_response=False))
    held = spend(act, tmp_path / "before", limit=0.0002, asked=silent)
    assert len(held.sent("session.update")) == 1

    async def later(core: SessionCore) -> None:
        await core.ask("hello")
        await core.update(silent)
        await core.raise_budget(0.01)
        assert detection_of(core)["create_response"] is False

    spend(later, tmp_path / "behind", limit=0.0002)


def test_a_new_connection_keeps_the_budget_and_what_was_spent(tmp_path: Path) -> None:
    """The first ask there asks for no answers; the log says the budget once; a larger limit brings them back."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        spent = spent_of(core)
        await core.reconnect()
        assert spent_of(core) == spent
        assert detection_of(core)["create_response"] is False
        with pytest.raises(BudgetError):
            await core.ask("And now?")
        await say(core)
        await core.raise_budget(0.01)
        assert detection_of(core)["create_response"] is True
        await core.play(HELLO)
        assert spent_of(core) > spent

    held = spend(act, tmp_path / "run", limit=0.000264)
    assert len(held.local("budget")) == 1
    assert len([r for r in held.run.records() if r.type == "response.created" and r.epoch == 1]) == 1


def test_on_a_new_connection_the_next_response_is_measured_anew(tmp_path: Path) -> None:
    """The history is there as text: 2 tokens of the user's and 4 of the reply, and a reply of 4 and 6 to come."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        await core.reconnect()
        assert core.budget is not None
        assert core.budget.projected_usd == pytest.approx((2 + 4 + 4 * 2 + 6 * 20) / 1e6)

    spend(act, tmp_path / "run", limit=0.5)


# --- what the log says ---------------------------------------------------------------------------------------


def test_the_log_says_the_limit_first_and_the_spending_after_each_response(tmp_path: Path) -> None:
    """Limit, model, prices and whether anybody bills; then cost, sum and what the next may cost."""

    async def act(core: SessionCore) -> None:
        await core.ask("hello")
        await core.ask("again")

    held = spend(act, tmp_path / "run", limit=0.5, asked=PUSH_TO_TALK)
    records = [r for r in held.run.records() if r.type.startswith("voicelab.budget")]
    assert [r.type for r in records] == ["voicelab.budget", "voicelab.budget.spent", "voicelab.budget.spent"]
    first = records[0].event
    assert (first["limit_usd"], first["spent_usd"], first["model"], first["billed"]) == (0.5, 0.0, MODEL, False)
    assert first["prices"]["audio"] == {"in": 10.0, "cached": 1.0, "out": 20.0}
    one, two = (r.event for r in records[1:])
    costs = held.run.responses()["cost_usd"].to_list()
    assert [one["cost_usd"], two["cost_usd"]] == pytest.approx(costs)
    assert two["spent_usd"] == pytest.approx(sum(costs))
    assert two["projected_usd"] > two["cost_usd"] > 0
    assert {one["response_id"], two["response_id"]} == set(held.run.facts().responses)


def test_transcription_is_paid_at_its_own_price(tmp_path: Path) -> None:
    """whisper-1 is billed by the minute, each commit by whole seconds: two of them are $0.0002."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)

    asked = {"audio": {"input": {"transcription": {"model": "whisper-1"}}}}
    held = spend(act, tmp_path / "run", limit=0.5, asked=asked)
    words, answer = held.local("budget.spent")
    assert "item_id" in words
    assert words["cost_usd"] == pytest.approx(2 * 0.006 / 60)
    assert answer["spent_usd"] == pytest.approx(words["cost_usd"] + answer["cost_usd"])


def test_transcription_without_a_price_is_said_and_never_nothing(tmp_path: Path) -> None:
    """null in the log, counted as unpriced, and no reason to stop."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        assert core.budget is not None
        assert (core.budget.unpriced, core.budget.refuses) == (1, False)

    asked = {"audio": {"input": {"transcription": {"model": "whisper-1"}}}}
    prices = {**PRICES, "whisper-1": {"usd_per_minute": None}}
    held = spend(act, tmp_path / "run", limit=0.5, asked=asked, prices=prices)
    assert held.local("budget.spent")[0]["cost_usd"] is None


def test_a_response_whose_usage_is_missing_stops_the_session(tmp_path: Path) -> None:
    """Nobody knows what was spent then, and unknown is not 0; one that failed before it began has cost nothing."""
    failed = [response("created", "a"), response("done", "a", "failed", usage=None)]
    mute = [response("created", "b"), response("done", "b", "completed", usage=None)]
    answers = iter([failed, mute])
    server = scripted({"response.create": lambda _: next(answers)})

    async def act(core: SessionCore) -> None:
        await core.respond()
        await core.respond()
        with pytest.raises(BudgetError, match="what was spent so far is unknown"):
            await core.respond()

    held = spend(act, tmp_path / "run", limit=0.5, serving=server, asked=PUSH_TO_TALK)
    assert len(held.sent("response.create")) == 2
    assert held.local("budget.refused")[-1]["projected_usd"] is None


def test_own_prices_stand_in_the_manifest_so_that_the_run_is_read_with_them(tmp_path: Path) -> None:
    """From the first moment and at the end, in the shape in which they were given."""
    seen: list[Any] = []

    async def act(core: SessionCore) -> None:
        seen.append(held_manifest(tmp_path / "run"))
        await core.ask("hello")

    held = spend(act, tmp_path / "run", limit=0.5)
    for note in (seen[0], held.run.manifest.prices):
        assert (note["model"], note["known"], note["overrides"]) == (MODEL, True, PRICES)


def held_manifest(folder: Path) -> dict[str, Any]:
    """Return what a growing run says of prices."""
    from voicelab.runlog.manifest import read_manifest

    return read_manifest(folder).prices


def test_without_a_budget_nothing_is_counted_or_refused(tmp_path: Path) -> None:
    """No record, no state, and raising a limit that is not there is an error."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        assert core.budget is None
        with pytest.raises(ConfigError, match=r"budget=vl\.Budget"):
            await core.raise_budget(1.0)

    held = hold(act, tmp_path / "run")
    assert not [r for r in held.run.records() if r.type.startswith("voicelab.budget")]
    assert "overrides" not in held.run.manifest.prices


def test_a_plan_with_a_budget_and_an_unknown_price_is_never_begun(tmp_path: Path) -> None:
    """One error that says whose price is missing and how to give it; no folder, no connection."""

    async def act(core: SessionCore) -> None:
        raise AssertionError("opened all the same")

    half = {MODEL: {"text": PRICES[MODEL]["text"]}}
    for prices in (None, half):
        with pytest.raises(ConfigError, match=r"prices of 'round'.*unknown is not 0.*prices=") as caught:
            hold(act, tmp_path / "run", model=MODEL, budget=Budget(1.0), prices=prices)
        assert caught.value.param == "prices"
        assert not (tmp_path / "run").exists()


def test_a_message_of_ones_own_counts_for_the_next_turn(tmp_path: Path) -> None:
    """An item that was put into the conversation by hand is known, and may be too much for the next answer."""

    async def act(core: SessionCore) -> None:
        await core.play(HELLO)
        assert detection_of(core)["create_response"] is True
        await core.request(ce.ItemCreate(item=Message(role="user", content=(InputText(text="word " * 4_000),))))
        await asyncio.sleep(0.1)
        assert detection_of(core)["create_response"] is False

    spend(act, tmp_path / "run", limit=0.003)
