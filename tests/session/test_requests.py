"""What is asked of a server: settings compared with what is in force, commits, responses in the talk and beside it."""

from __future__ import annotations

import asyncio
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.server.room import GivenEars, Saying
from tests.session.room import hold
from tests.session.scripted import scripted
from voicelab.audio.signals import tone
from voicelab.engines.reply import ReplyRequest, Say
from voicelab.errors import ConfigError, ServerError, TransportError
from voicelab.experiments.clips import spoken_lines
from voicelab.protocol.items import FunctionCall, InputText, Message, text_of
from voicelab.protocol.server_events import Response
from voicelab.protocol.settings import ItemReference, ResponseParams, SessionConfig, merge, to_plain
from voicelab.session.asking import ResponseOptions, response_params
from voicelab.session.core import SessionCore
from voicelab.session.differences import Difference, SettingsWarning
from voicelab.session.tools import Tool

PUSH_TO_TALK = {"audio": {"input": {"turn_detection": None}}}
HELLO = spoken_lines()["hello"].clip.samples


def stubborn(**forced: Any) -> Any:
    """Return a server that takes every update and keeps some values as it likes them, without a word."""
    session = to_plain(SessionConfig())

    def updated(event: dict[str, Any]) -> list[dict[str, Any]]:
        session.update(merge(merge(session, event["session"]), forced))
        return [{"type": "session.updated", "session": session}]

    return scripted({"session.update": updated})


# --- settings ------------------------------------------------------------------------------------------------


def test_setting_that_is_silently_not_in_force_is_said_once_and_written_down(tmp_path: Path) -> None:
    """Asked again it is recorded again; the warning comes once. ``differences`` shows it while it lasts."""
    seen: list[tuple[Difference, ...]] = []

    async def act(core: SessionCore) -> None:
        for _ in range(2):
            await core.update({"audio": {"output": {"speed": 1.5}}, "instructions": "Be brief."})
            seen.append(core.differences)
        await core.update({"audio": {"output": {"speed": 1.0}}})
        seen.append(core.differences)

    slow = stubborn(audio={"output": {"speed": 1.0}})
    with pytest.warns(SettingsWarning, match=r"audio.output.speed: asked for 1.5, in force is 1.0") as told:
        held = hold(act, tmp_path / "run", serving=slow)
    assert len(told) == 1
    assert held.local("settings.differ") == [{"path": "audio.output.speed", "asked": 1.5, "in_force": 1.0}] * 2
    assert seen == [(Difference("audio.output.speed", 1.5, 1.0),)] * 2 + [()]


def test_tool_that_the_server_dropped_is_named(tmp_path: Path) -> None:
    """Lists are compared too, already when the session opens."""

    async def act(core: SessionCore) -> None:
        assert [one.path for one in core.differences] == ["tools[add]"]

    tool = Tool.of(add)
    with pytest.warns(SettingsWarning, match="tools\\[add\\]"):
        hold(act, tmp_path / "run", serving=stubborn(tools=[]), tools={"add": tool})


def test_refused_field_is_no_difference_and_its_neighbours_are_kept(tmp_path: Path) -> None:
    """An error that says why is enough: no warning; what was taken counts as asked."""

    async def act(core: SessionCore) -> None:
        with pytest.raises(ServerError, match="reasoning"):
            await core.update({"instructions": "Yes.", "reasoning": {"effort": "low"}})
        assert core.differences == ()
        assert core.asked["instructions"] == "Yes."
        assert "reasoning" not in core.asked

    with warnings.catch_warnings():
        warnings.simplefilter("error", SettingsWarning)
        held = hold(act, tmp_path / "run")
    assert not held.local("settings.differ")


def test_what_an_error_does_not_explain_is_said_beside_it(tmp_path: Path) -> None:
    """One field refused with a reason, another silently: both are told, each in its way."""

    def updated(event: dict[str, Any]) -> list[dict[str, Any]]:
        error = {"message": "No.", "type": "invalid_request_error", "param": "session.instructions"}
        return [
            {"type": "session.updated", "session": to_plain(SessionConfig())},
            {"type": "error", "error": {**error, "code": None, "event_id": event["event_id"]}},
        ]

    async def act(core: SessionCore) -> None:
        with pytest.raises(ServerError, match="No."):
            await core.update({"instructions": "Yes.", "audio": {"output": {"speed": 1.5}}})

    with pytest.warns(SettingsWarning, match=r"audio\.output\.speed"):
        held = hold(act, tmp_path / "run", serving=scripted({"session.update": updated}), asked=_nothing_else())
    differing = [fact["path"] for fact in held.local("settings.differ")]
    assert "audio.output.speed" in differing
    assert "instructions" not in differing


def _nothing_else() -> dict[str, Any]:
    """Return a first ask that is the server's default."""
    audio_in = to_plain(SessionConfig())["audio"]["input"]
    return {"audio": {"input": {name: audio_in[name] for name in ("turn_detection", "transcription")}}}


def test_voice_that_cannot_change_any_more_offers_the_way_out(tmp_path: Path) -> None:
    """The error names the call that helps; nothing has changed."""

    async def act(core: SessionCore) -> None:
        await core.ask("hello")
        with pytest.raises(ServerError, match=r'session\.reconnect\(voice="cedar"\)') as caught:
            await core.update({"audio": {"output": {"voice": "cedar"}}})
        assert caught.value.code == "cannot_update_voice"
        assert core.in_force["audio"]["output"]["voice"] == "marin"
        assert core.differences == ()

    hold(act, tmp_path / "run")


# --- another connection --------------------------------------------------------------------------------------


def add(a: int, b: int) -> str:
    """Add two numbers."""
    return str(a + b)


class Adding(Saying):
    """Calls ``add`` for the first question, and answers in words otherwise."""

    async def reply(self, request: ReplyRequest) -> Any:
        from voicelab.engines.reply import CallTool

        self.requests.append(request)
        called = any(isinstance(item, FunctionCall) for item in request.items)
        yield Say("It is five.") if called else CallTool("add", {"a": 2, "b": 3})


def test_conversation_goes_on_with_another_voice_and_its_whole_history(tmp_path: Path) -> None:
    """reconnect: question, call, what it returned and answer are there again, in order, as text; then it goes on."""
    reply = Adding()

    async def act(core: SessionCore) -> None:
        await core.ask("How much is two and three?")
        await core.reconnect({"audio": {"output": {"voice": "cedar"}}})
        assert [(one.kind, one.role, one.text) for one in await core.memory()] == [
            ("message", "user", "How much is two and three?"),
            ("function_call", None, 'add({"a": 2, "b": 3})'),
            ("function_call_output", None, "5"),
            ("message", "assistant", "It is five."),
        ]
        await core.ask("Are you sure?")

    held = hold(act, tmp_path / "run", reply=reply, tools={"add": Tool.of(add)})
    assert [turn.reply for turn in held.run.turn_list()] == ["It is five.", "It is five."]
    assert held.core.in_force["audio"]["output"]["voice"] == "cedar"
    assert text_of(reply.requests[-1].items[3]) == "It is five."
    assert not held.core.errors
    assert not held.local("history.refused")


def test_whoever_waits_on_the_old_connection_is_told(tmp_path: Path) -> None:
    """A call that can no longer be answered ends at once, not after a minute and a half."""

    async def act(core: SessionCore) -> None:
        asking = asyncio.ensure_future(core.ask("talk"))
        await core.wait_for_playback(200)
        before_s = asyncio.get_running_loop().time()
        await core.reconnect()
        with pytest.raises(TransportError, match="opened anew"):
            await asking
        assert asyncio.get_running_loop().time() - before_s < 5
        await core.ask("again")

    hold(act, tmp_path / "run", reply=Saying((Say("word " * 100),)))


# --- push-to-talk --------------------------------------------------------------------------------------------


def test_appended_sound_is_committed_and_answered(tmp_path: Path) -> None:
    """append, commit, respond: a user message with what was appended, then its answer; heard words and all."""
    committed: list[str] = []

    async def act(core: SessionCore) -> None:
        await core.append(HELLO)
        committed.append(await core.commit())
        await core.respond()
        user, reply = await core.memory()
        assert (user.item_id, user.role, user.text) == (committed[0], "user", "hello")
        assert user.audio_ms == pytest.approx(len(HELLO) / 24)
        assert (reply.role, reply.text, reply.audio_ms) == ("assistant", "One two three.", pytest.approx(300))

    held = hold(act, tmp_path / "run", ears=GivenEars("hello"), asked=PUSH_TO_TALK)
    (turn,) = held.run.turn_list()
    assert (turn.transcript, turn.reply) == ("hello", "One two three.")


@pytest.mark.parametrize("appended_ms", [0, 20, 99])
def test_commit_of_less_than_a_tenth_of_a_second_never_leaves(tmp_path: Path, appended_ms: int) -> None:
    """It says how much there is and how much it takes; with the rest appended it goes through."""

    async def act(core: SessionCore) -> None:
        await core.append(tone(440, appended_ms))
        with pytest.raises(ConfigError, match=rf"only {appended_ms} ms .* at least 100 ms") as caught:
            await core.commit()
        assert caught.value.code == "input_audio_buffer_commit_empty"
        await core.append(tone(440, 100 - appended_ms))
        await core.commit()
        with pytest.raises(ConfigError, match="only 0 ms"):
            await core.commit()

    held = hold(act, tmp_path / "run", asked=PUSH_TO_TALK)
    assert len(held.sent("input_audio_buffer.commit")) == 1
    assert not held.core.errors


def test_cleared_sound_does_not_count(tmp_path: Path) -> None:
    """After clear the buffer is empty, on both sides."""

    async def act(core: SessionCore) -> None:
        await core.append(tone(440, 500))
        await core.clear()
        with pytest.raises(ConfigError, match="only 0 ms"):
            await core.commit()

    held = hold(act, tmp_path / "run", asked=PUSH_TO_TALK)
    assert [r.type for r in held.run.records() if r.type == "input_audio_buffer.cleared"]


def test_refused_commit_leaves_the_sound_where_it_was(tmp_path: Path) -> None:
    """What the server did not take can be committed again."""
    n = 0

    def refuse_once(event: dict[str, Any]) -> list[dict[str, Any]]:
        nonlocal n
        n += 1
        if n > 1:
            return [{"type": "input_audio_buffer.committed", "item_id": "item_1", "previous_item_id": None}]
        return [{"type": "error", "error": {"message": "Not now.", "type": "x", "event_id": event["event_id"]}}]

    async def act(core: SessionCore) -> None:
        await core.append(tone(440, 120))
        with pytest.raises(ServerError, match="Not now"):
            await core.commit()
        assert await core.commit() == "item_1"

    hold(act, tmp_path / "run", asked=PUSH_TO_TALK, serving=scripted({"input_audio_buffer.commit": refuse_once}))


# --- responses -----------------------------------------------------------------------------------------------


def test_response_has_its_own_settings(tmp_path: Path) -> None:
    """One answer in text with other instructions; the session is as it was."""
    reply = Saying()

    async def act(core: SessionCore) -> None:
        params, _ = response_params({"instructions": "Whisper.", "modality": "text"})
        await core.respond(params)

    held = hold(act, tmp_path / "run", reply=reply)
    assert reply.requests[0].instructions == "Whisper."
    (created,) = held.sent("response.create")
    assert created["response"] == {"instructions": "Whisper.", "output_modalities": ["text"]}
    assert not held.local("playback.started")


def test_answer_beside_the_conversation_comes_back_and_leaves_no_trace_in_it(tmp_path: Path) -> None:
    """Two asides at once while a reply is running: each its own answer; the conversation has the reply alone."""
    answers: list[Response] = []

    async def act(core: SessionCore) -> None:
        asking = asyncio.ensure_future(core.ask("talk"))
        await core.wait_for_playback(100)
        params = ResponseParams(output_modalities=("text",), metadata={"topic": "mood"})
        answers.extend(await asyncio.gather(core.respond_aside(params), core.respond_aside(params)))
        await asking
        assert [one.text for one in await core.memory()] == ["talk", "One two three."]
        assert core._in.asides == {}
        assert core._in.n_responses == 1

    held = hold(act, tmp_path / "run")
    assert [text_of(answer.output[0]) for answer in answers] == ["One two three."] * 2
    assert len({answer.id for answer in answers}) == 2
    assert all(answer.conversation_id is None and answer.status == "completed" for answer in answers)
    assert [(answer.metadata or {})["topic"] for answer in answers] == ["mood", "mood"]
    assert len(held.run.turn_list()) == 1
    assert not held.core.errors


def test_sound_beside_the_conversation_is_heard_and_nothing_to_forget(tmp_path: Path) -> None:
    """Interrupted, it is cut off; the server is not asked to truncate what it does not remember."""

    async def act(core: SessionCore) -> None:
        asking = asyncio.ensure_future(core.respond_aside(ResponseParams(output_modalities=("audio",))))
        await core.wait_for_playback(500)
        await core.interrupt()
        await asking
        await asyncio.sleep(0.1)
        assert await core.memory() == ()

    held = hold(act, tmp_path / "run", reply=Saying((Say("word " * 100),)))
    assert held.local("playback.stopped")[0]["heard_ms"] == pytest.approx(500, abs=25)
    assert not held.sent("conversation.item.truncate") + held.sent("conversation.item.delete")
    assert not held.core.errors


def test_function_that_is_called_beside_the_conversation_is_for_the_caller(tmp_path: Path) -> None:
    """The call is in the answer; nothing is run, nothing is put into the conversation."""

    async def act(core: SessionCore) -> None:
        answer = await core.respond_aside(ResponseParams(output_modalities=("text",)))
        (call,) = answer.output
        assert isinstance(call, FunctionCall)
        assert call.name == "add"
        await asyncio.sleep(0.5)
        assert await core.memory() == ()

    held = hold(act, tmp_path / "run", reply=Adding(), tools={"add": Tool.of(add)})
    assert not held.local("tool.ran")


def test_refused_aside_is_an_error_where_it_was_asked(tmp_path: Path) -> None:
    """A reference to an item that is not there."""

    async def act(core: SessionCore) -> None:
        with pytest.raises(ServerError, match="item_nowhere"):
            await core.respond_aside(ResponseParams(input=(ItemReference(id="item_nowhere"),)))
        assert core._in.asides == {}

    hold(act, tmp_path / "run")


def test_options_of_a_response_become_the_protocols(tmp_path: Path) -> None:
    """Short names, plain functions and items of any kind; nothing asked is nothing sent."""
    options: ResponseOptions = {
        "input": [Message(role="user", content=(InputText(text="Hi."),)), {"type": "item_reference", "id": "item_1"}],
        "modality": "audio",
        "voice": "ash",
        "tools": [add],
        "tool_choice": "required",
        "max_output_tokens": 40,
        "metadata": {"a": "b"},
    }
    params, tools = response_params(options)
    assert params is not None
    assert params.output_modalities == ("audio",)
    assert params.audio.output.voice == "ash"
    assert params.input is not None
    assert params.input[1] == ItemReference(id="item_1")
    assert (params.tool_choice, params.max_output_tokens, params.metadata) == ("required", 40, {"a": "b"})
    assert [tool.name for tool in tools] == ["add"]
    assert params.tools is not None
    assert len(params.tools) == 1
    assert response_params({}) == (None, ())


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"voice": "nobody"}, "response.audio.output.voice"),
        ({"max_output_tokens": 0}, "response.max_output_tokens"),
        ({"temperature": 1}, "response.temperature"),
        ({"input": [{"type": "smell"}]}, "response.input[0]"),
    ],
)
def test_wrong_option_is_told_before_anything_is_sent(options: Any, param: str) -> None:
    """With its path, as for a session."""
    with pytest.raises(ConfigError) as caught:
        response_params(options)
    assert (caught.value.param or "").startswith(param)


def test_function_of_one_response_is_run(tmp_path: Path) -> None:
    """tools= of respond: declared for the response, and there when it is called."""

    async def act(core: SessionCore) -> None:
        params, tools = response_params({"tools": [add]})
        await core.respond(params, tools)

    held = hold(act, tmp_path / "run", reply=Adding())
    assert held.local("tool.ran")[0]["name"] == "add"
    assert [item["item"]["output"] for item in held.sent("conversation.item.create")] == ["5"]


def test_errors_in_memory_are_bounded(tmp_path: Path) -> None:
    """A server that complains all day: the last thousand are kept, the log has all."""

    async def act(core: SessionCore) -> None:
        peer = core._connection.transport._peer
        for n in range(1_100):
            await peer.send(f'{{"type": "error", "event_id": "e", "error": {{"message": "{n}", "type": "x"}}}}')
        await asyncio.sleep(0.1)

    held = hold(act, tmp_path / "run", serving=scripted())
    assert [error.message for error in held.core.errors] == [str(n) for n in range(100, 1_100)]
    assert len(held.run.facts().errors) == 1_100


def test_memory_after_a_barge_in_shows_what_was_heard(tmp_path: Path) -> None:
    """The truncated reply has no words any more and ends where the ear stopped."""

    async def act(core: SessionCore) -> None:
        asking = asyncio.ensure_future(core.ask("talk"))
        await core.wait_for_playback(500)
        await core.interrupt()
        await asking
        await asyncio.sleep(0.1)
        _, reply = await core.memory()
        assert reply.text is None
        assert reply.heard_ms == pytest.approx(500, abs=25)
        assert reply.audio_ms is not None
        assert reply.audio_ms > 500

    hold(act, tmp_path / "run", reply=Saying((Say("word " * 100),)))


def test_silence_and_speech_of_a_spoken_turn_have_their_length(tmp_path: Path) -> None:
    """Under turn detection the server says where speech began and ended; that is what it keeps."""

    async def act(core: SessionCore) -> None:
        await core.play(spoken_lines()["hello"].clip)
        user, _ = await core.memory()
        assert user.audio_ms is not None
        assert 0 < user.audio_ms < len(HELLO) / 24 + 1_500
        sent_ms = core._recorder.end_of("input") / 24
        assert 0 < core._out.buffered_ms < sent_ms - user.audio_ms

    hold(act, tmp_path / "run", ears=GivenEars("hello"))
