"""The front door, with a real server process: sync, async, clean ends, nothing left running."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import voicelab as vl
from voicelab.errors import AudioError, AuthenticationError, BudgetError, ConfigError, RunError, TransportError
from voicelab.experiments.clips import spoken_lines
from voicelab.measure.budget import Budget
from voicelab.protocol.client_events import InputAudioClear, ItemDelete

HELLO = spoken_lines()["hello"]
KEY = re.compile(rb"[A-Za-z0-9_-]{32}")


@pytest.fixture
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.realtime
def test_session_talks_right_after_the_install(in_empty_folder: Path) -> None:
    """The example of the README: connect, play, read the turn, open the run."""
    with vl.connect("local", hearing="guide", voice="cedar", out="runs/a", tags={"condition": "quick"}) as session:
        turn = session.play(HELLO.clip, HELLO.labels)
        assert turn == session.turns[-1]
        assert session.in_force["audio"]["output"]["voice"] == "cedar"
    assert turn.transcript == "hello"
    assert turn.heard_ms == pytest.approx(turn.delivered_ms)
    assert turn.residual_ms is not None
    assert abs(turn.residual_ms) < 20
    run = vl.open_run("runs/a")
    assert run.manifest.state == "complete"
    assert run.manifest.tags == {"condition": "quick"}
    assert run.manifest.voicelab_server is not None
    assert run.manifest.voicelab_server["reply_is_a_model"] is False
    assert run.turn_list() == [turn]


@pytest.mark.realtime
def test_awaited_session_does_the_same(in_empty_folder: Path) -> None:
    """The async face gives the same turn, on anybody's event loop."""

    async def talk() -> vl.Turn:
        async with vl.connect("local", hearing="guide", out="run") as session:
            return await session.ask("What is 2 + 3?")

    turn = asyncio.run(talk())
    assert turn.reply == "Two plus three is five."


@pytest.mark.realtime
def test_key_is_in_no_file_and_no_repr(in_empty_folder: Path) -> None:
    """The key of the server never reaches the run folder, a repr or the manifest."""
    with vl.LocalServer(hearing="none") as server:
        assert server.api_key not in repr(server)
        opener = vl.connect("local", server=server, out="run")
        with opener as session:
            session.mark(f"the key is {server.api_key}")
            assert server.api_key not in repr(session) + repr(opener) + repr(vars(session))
        assert "[hidden]" in Path("run/events.jsonl").read_text()
        assert all(server.api_key.encode() not in path.read_bytes() for path in Path("run").iterdir())


def test_wrong_key_is_one_clear_error(in_empty_folder: Path) -> None:
    """HTTP 401 is told as what it is, with the address and without the key; the folder says why it is empty."""
    with vl.LocalServer(hearing="none") as server:
        with pytest.raises(AuthenticationError, match="did not accept the key") as caught:
            vl.connect(server.url, api_key="not-the-key-0123456789", out="run").__enter__()
        assert "not-the-key" not in str(caught.value)
    assert vl.open_run("run").manifest.state == "failed"


def test_nobody_listening_is_one_clear_error(in_empty_folder: Path) -> None:
    """A refused connection names the address and asks the right question."""
    with pytest.raises(TransportError, match="no connection to ws://127.0.0.1:1/v1/realtime.*is the server running"):
        vl.connect("ws://127.0.0.1:1/v1/realtime", out="run").__enter__()


def test_run_folder_that_is_not_empty_is_refused(in_empty_folder: Path) -> None:
    """Nothing recorded is ever overwritten."""
    (in_empty_folder / "run").mkdir()
    (in_empty_folder / "run" / "notes.txt").write_text("precious")
    with pytest.raises(RunError, match="not empty"):
        vl.connect("local", out="run").__enter__()


@pytest.mark.parametrize(
    ("settings", "param"),
    [
        ({"voice": "nobody"}, "session.audio.output.voice"),
        ({"speed": 9.0}, "session.audio.output.speed"),
        ({"input_format": "mp3"}, "type"),
        ({"settings": {"temperature": 1}}, "session.temperature"),
    ],
)
def test_wrong_setting_is_told_before_anything_is_opened(settings: dict[str, object], param: str) -> None:
    """A value that cannot be meant is an error at connect(), with its path."""
    with pytest.raises(ConfigError) as caught:
        vl.connect("local", **settings)
    assert caught.value.param == param


def test_openai_without_a_key_says_where_to_put_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no connection: the error names the variable; the OpenAI key goes to no other server."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        vl.connect("openai")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-openai-only-000000")
    from voicelab.session.profiles import hosted_target

    assert hosted_target("ws://example.org/v1/realtime", None, None).headers == {}
    assert hosted_target("openai", None, None).headers == {"Authorization": "Bearer sk-for-openai-only-000000"}


@pytest.mark.realtime
@pytest.mark.skipif(os.name != "posix", reason="kills a process group as POSIX does")
def test_server_that_dies_in_the_middle_of_a_turn_is_one_error_and_a_whole_folder(in_empty_folder: Path) -> None:
    """The server is killed while a clip plays: the call fails at once, the run opens, the next session works."""
    server = vl.LocalServer(hearing="none")
    with pytest.raises(TransportError, match="went away"), vl.connect("local", server=server, out="run") as session:
        os.kill(server.pid, signal.SIGKILL)
        session.play(spoken_lines()["timer"].clip)
    run = vl.open_run("run")
    assert run.manifest.state == "failed"
    assert "went away" in (run.manifest.reason or "")
    server.close()


@pytest.mark.skipif(os.name != "posix", reason="looks a process up as POSIX does")
def test_closed_server_is_gone() -> None:
    """close() ends the process and its workers; closing again is harmless."""
    server = vl.LocalServer(hearing="none")
    server.close()
    server.close()
    assert not server.running
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(server.pid, 0)
        except ProcessLookupError:
            return
    raise AssertionError("the server lives on")


def test_silent_clip_is_refused_before_it_is_played(in_empty_folder: Path) -> None:
    """A file of digital silence is told as such."""
    from voicelab.audio.clip import write_wav
    from voicelab.audio.signals import silence

    write_wav("silent.wav", silence(500))
    with vl.connect("local", hearing="none", out="run") as session, pytest.raises(AudioError, match="digital silence"):
        session.play("silent.wav")


@pytest.mark.realtime
def test_session_that_nobody_closed_is_closed_when_python_ends(in_empty_folder: Path) -> None:
    """A notebook that is shut down without close() leaves a complete run, and no server."""
    program = (
        "import voicelab as vl\n"
        "session = vl.connect('local', hearing='none', reply='mirror', out='run').open()\n"
        "session.mark('here')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(vl.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, env=environment)
    run = vl.open_run("run")
    assert run.manifest.state == "complete"
    assert [text for _, text in run.facts().marks] == ["here"]


@pytest.mark.realtime
def test_closing_twice_is_harmless(in_empty_folder: Path) -> None:
    """close() in a cell that is run again, or inside with, does nothing more."""
    with vl.connect("local", hearing="none", reply="mirror", out="run") as session:
        session.close()
        session.close()
    assert vl.open_run("run").manifest.state == "complete"


@pytest.mark.realtime
def test_embedded_server_behind_a_url_bills_nothing_either(in_empty_folder: Path) -> None:
    """Who answered at a URL is known in the end: the manifest then says that nothing was billed."""
    with (
        vl.LocalServer(hearing="none", reply="mirror") as server,
        vl.connect(server.url, api_key=server.api_key, model="gpt-realtime", out="run"),
    ):
        pass
    manifest = vl.open_run("run").manifest
    assert (manifest.provider, manifest.prices["model"], manifest.prices["billed"]) == (
        "127.0.0.1",
        "gpt-realtime",
        False,
    )


@pytest.mark.realtime
def test_everything_that_a_session_can_do_it_does_on_both_faces(in_empty_folder: Path) -> None:
    """Sound of one's own, answers in and beside the conversation, any event, memory: the same, called or awaited."""
    off = {"turn_detection": None, "transcription": None}
    with vl.LocalServer(hearing="none", reply="mirror") as server:
        with vl.connect("local", server=server, out="sync", **off) as session:
            session.append(HELLO.clip.samples)
            item_id = session.commit()
            turn = session.respond(modality="text")
            aside = session.respond_aside(instructions="What was that?", metadata={"for": "test"})
            session.append(HELLO.clip.samples)
            session.clear()
            session.request(ItemDelete(item_id=item_id))
            memory = session.memory()
            assert session.differences == ()

        async def talk() -> tuple[object, ...]:
            async with vl.connect("local", server=server, out="async", **off) as session:
                await session.append(HELLO.clip.samples)
                await session.commit()
                turn = await session.respond(modality="text")
                aside = await session.respond_aside()
                await session.append(HELLO.clip.samples)
                await session.clear()
                await session.request(InputAudioClear())
                return turn, aside, await session.memory()

        other_turn, other_aside, other_memory = asyncio.run(talk())
    assert turn is not None
    assert isinstance(other_turn, vl.Turn)
    assert (turn.status, other_turn.status) == ("completed", "completed")
    assert (aside.status, aside.conversation_id, other_aside.status) == ("completed", None, "completed")
    assert (aside.metadata or {})["for"] == "test"
    assert [one.role for one in memory] == ["assistant"]
    assert [one.role for one in other_memory] == ["user", "assistant"]


@pytest.mark.realtime
@pytest.mark.parametrize("auth", ["bearer", "subprotocol"])
def test_old_dialect_is_one_word_and_the_log_is_the_same(in_empty_folder: Path, auth: str) -> None:
    """dialect="beta": the embedded server is spoken to as in older articles; the run is read like any other."""
    with (
        vl.LocalServer(hearing="none", reply="mirror") as server,
        vl.connect("local", server=server, out="run", dialect="beta", auth=auth, voice="ash") as session,
    ):
        turn = session.ask("hello")
        assert session.in_force["audio"]["output"]["voice"] == "ash"
        assert session.differences == ()
    assert turn.status == "completed"
    assert turn.heard_ms > 0
    native = {record.type: record.native for record in vl.open_run("run").records()}
    assert native["response.output_audio.delta"] == "response.audio.delta"
    assert "response.audio.delta" not in native


def test_words_that_are_no_dialect_and_no_way_to_show_a_key_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is opened, also for the embedded server."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-openai-only-000000")
    for target in ("local", "openai"):
        with pytest.raises(ConfigError, match="dialect must be one of ga, beta"):
            vl.connect(target, dialect="alpha")
        with pytest.raises(ConfigError, match="auth must be one of"):
            vl.connect(target, auth="whisper")


@pytest.mark.realtime
def test_log_is_one_run_that_grows_and_can_be_followed(in_empty_folder: Path) -> None:
    """The same object each time; what is new comes at once, whole tables after it, and both also after the end."""
    with vl.connect("local", hearing="none", reply="mirror", out="run") as session:
        log = session.log
        last = log.since(-1)[-1].seq
        session.mark("here")
        assert "voicelab.mark" in [record.type for record in log.since(last)]
        assert session.log is log
        assert log.records()[-1].seq >= last
    assert log.events().height == vl.open_run("run").events().height
    assert [record.seq for record in log.records()] == list(range(log.manifest.records))


def test_a_budget_for_a_model_whose_price_nobody_knows_is_refused_before_anything_is_opened(
    in_empty_folder: Path,
) -> None:
    """Unknown is not 0: one error that says whose prices are missing and how to give them; with them it is fine."""
    address, budget = "ws://127.0.0.1:1/v1/realtime?model=their-own", Budget(limit_usd=1.0)
    with pytest.raises(ConfigError, match=r"prices of 'their-own'.*prices=") as caught:
        vl.connect(address, budget=budget, out="run")
    assert caught.value.param == "prices"
    with pytest.raises(ConfigError, match=r"vl\.Budget"):
        vl.connect("local", budget=0.5, out="run")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="mine.json"):
        vl.connect("local", prices="mine.json", out="run")
    assert list(in_empty_folder.iterdir()) == []
    Path("mine.json").write_text('{"their-own": {"same_as": "gpt-realtime"}}')
    vl.connect(address, budget=budget, prices="mine.json", out="run")


@pytest.mark.realtime
def test_a_budget_is_kept_told_and_raised_on_both_faces(in_empty_folder: Path) -> None:
    """budget=, session.budget, raise_budget: the same, called or awaited; nothing is billed here."""
    how = {"budget": Budget(limit_usd=0.0005), "turn_detection": None}
    with vl.LocalServer(hearing="none") as server:
        with vl.connect("local", server=server, out="sync", **how) as session:  # type: ignore[arg-type]
            while not (session.budget and session.budget.refuses):
                session.ask("What is 2 + 3?")
            n_turns = len(session.turns)
            with pytest.raises(BudgetError, match=r"session\.raise_budget"):
                session.ask("What is 2 + 3?")
            assert len(session.turns) == n_turns
            raised = session.raise_budget(0.01)
            assert raised is not None
            assert "nothing is billed" in str(raised)
            assert session.ask("What is 2 + 3?").reply == "Two plus three is five."

        async def talk() -> int:
            async with vl.connect("local", server=server, out="async", **how) as session:  # type: ignore[arg-type]
                with pytest.raises(BudgetError):
                    while True:
                        await session.ask("What is 2 + 3?")
                await session.raise_budget(0.01)
                await session.ask("What is 2 + 3?")
                return len(session.turns)

        assert asyncio.run(talk()) == n_turns + 1
    types = [record.type for record in vl.open_run("sync").records()]
    assert types.count("voicelab.budget.refused") == 1
