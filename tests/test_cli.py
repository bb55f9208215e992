"""The command as a person meets it: what it prints, what it leaves, and the one line when something is wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.command import complaint, say_hello, started, voicelab
from voicelab.audio.clip import write_wav
from voicelab.measure.run import Run, open_run

NOBODY = "ws://127.0.0.1:9/v1/realtime"  # the discard port: nothing listens there
RUN_FILES = {"manifest.json", "events.jsonl", "input.wav", "heard.wav", "output.wav", "report.html"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One fast demo that several tests look at: what the command printed, and its run folder."""
    folder = tmp_path_factory.mktemp("demo")
    return voicelab("demo", "--fast", "--out", "a", folder=folder), folder / "a"


def test_demo_shows_the_table_the_sentence_and_where_the_report_is(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    """The demo ends with its turns, one sentence from the data and two paths; how it goes on is shown beside that."""
    done, folder = demo
    assert done.returncode == 0, done.stderr
    table, sentence, report = done.stdout.splitlines(), f"{len(open_run(folder).turn_list())} turns", "a/report.html"
    assert table[1].split()[:2] == ["turn", "heard"]
    assert any(line.startswith(sentence) and "nothing billed" in line for line in table)
    assert table[-1].split() == ["report", str(Path(report))]
    assert "barge-in" in done.stderr


def test_demo_leaves_a_complete_run(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """The folder given by --out is itself the run: at least eight turns, one cut off, one refusal, all files."""
    run = open_run(demo[1])
    assert {path.name for path in demo[1].iterdir()} == RUN_FILES
    assert run.manifest.state == "complete"
    assert run.bad_lines == 0
    turns = run.turn_list()
    assert len(turns) >= 8
    assert any(turn.interrupted for turn in turns)
    assert any(turn.calls for turn in turns)
    assert any(record.type == "error" for record in run.records())


def test_demo_as_json_is_one_object(tmp_path: Path) -> None:
    """With --json standard output is JSON and nothing else, and names a folder that exists."""
    done = voicelab("demo", "--fast", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert len(result["turns"]) >= 8
    assert result["turns"][0]["transcript"] == "hello"
    assert str(len(result["turns"])) in result["headline"]
    assert (tmp_path / result["report"]).is_file()
    assert open_run(tmp_path / result["run"]).manifest.state == "complete"


def _bad_clip(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.wav"
    tone = (8000 * np.sin(np.arange(48_000) * 0.05)).astype(np.int16)
    match kind:
        case "missing":
            pass
        case "directory":
            path.mkdir()
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("This is no sound at all.\n" * 40)
        case "silent":
            write_wav(path, np.zeros(48_000, np.int16))
        case "truncated":
            write_wav(path, tone)
            path.write_bytes(path.read_bytes()[:50_000])
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("missing", "no such file"),
        ("directory", "is a directory"),
        ("empty", "is empty"),
        ("text", "is not sound"),
        ("silent", "digital silence"),
        ("truncated", "cut short"),
    ],
)
def test_bad_file_is_told_in_one_line_before_anything_is_opened(kind: str, says: str, tmp_path: Path) -> None:
    """A file that cannot be played is named, with what is wrong with it; no run is begun."""
    path = _bad_clip(kind, tmp_path)
    done = voicelab("talk", say_hello(tmp_path), path, "--out", "a", folder=tmp_path)
    assert done.returncode == 1
    assert says in complaint(done.stderr)
    assert str(path) in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "a").exists()


def test_clip_without_speech_is_an_error_before_anything_is_opened(tmp_path: Path) -> None:
    """A sound in which nobody speaks fails in one line; there is no run, since nothing has happened."""
    noise = np.random.default_rng(0).normal(0, 2000, 24_000).astype(np.int16)
    write_wav(tmp_path / "noise.wav", noise)
    done = voicelab("talk", "noise.wav", "--out", "a", folder=tmp_path)
    assert done.returncode == 1
    assert "noise: no speech was found" in complaint(done.stderr)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--set", "loudness=3"), "no setting is called 'loudness'"),
        (("--set", "format=pcmu"), "give the full path"),
        (("--set", "threshold"), "not PATH=VALUE"),
        (("--set", "threshold=3"), "audio.input.turn_detection.threshold"),
        (("--set", "silence_duration_ms=long"), "audio.input.turn_detection.silence_duration_ms"),
        (("--set", "voice=nobody"), "audio.output.voice"),
        (("--tag", "patient"), "--tag 'patient' is not K=V"),
        (("--to", "nowhere"), "no target is called 'nowhere'"),
        (("--to", "openai"), "OPENAI_API_KEY"),
        (("--out", "full"), "full is not empty"),
        (("--out", "hello.wav"), "hello.wav is a file"),
    ],
)
def test_wrong_argument_is_told_in_one_line(arguments: tuple[str, str], says: str, tmp_path: Path) -> None:
    """Whatever is wrong on the command line is named in one line; nothing recorded is touched."""
    say_hello(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "manifest.json").write_text("of another run")
    done = voicelab("talk", "hello.wav", *arguments, folder=tmp_path)
    assert done.returncode == 1
    assert says in complaint(done.stderr)
    assert "what had happened" not in done.stderr
    assert (tmp_path / "full" / "manifest.json").read_text() == "of another run"


def test_nobody_listening_is_told_in_one_line(tmp_path: Path) -> None:
    """An address where no server runs is named; the run folder opens and says the same."""
    done = voicelab("talk", say_hello(tmp_path), "--to", NOBODY, "--out", "a", folder=tmp_path)
    assert done.returncode == 1
    assert f"no connection to {NOBODY}" in complaint(done.stderr)
    assert open_run(tmp_path / "a").manifest.state == "failed"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """A ``voicelab serve`` on a free port: the two lines it prints."""
    with started("serve", "--port", "0", folder=tmp_path_factory.mktemp("serve")) as process:
        assert process.stdout is not None
        yield [process.stdout.readline().strip(), process.stdout.readline().strip()]


def test_serve_prints_its_address_then_its_key(server: list[str], tmp_path: Path) -> None:
    """The first line is the address, the second the key; with both one can talk, and no log has the key."""
    url, key = server
    assert url.startswith("ws://127.0.0.1:")
    assert len(key) >= 24
    done = voicelab("talk", say_hello(tmp_path), "--to", url, "--out", "a", folder=tmp_path, VOICELAB_API_KEY=key)
    assert done.returncode == 0, done.stderr
    assert len(Run(tmp_path / "a").turn_list()) == 1
    assert all(key.encode() not in path.read_bytes() for path in (tmp_path / "a").iterdir())
    assert key not in done.stdout + done.stderr


def test_wrong_key_is_told_without_showing_it(server: list[str], tmp_path: Path) -> None:
    """A server that does not accept the key is named, and what to check; the key itself is shown nowhere."""
    hello, wrong = say_hello(tmp_path), "a-very-wrong-key"
    done = voicelab("talk", hello, "--to", server[0], "--out", "a", folder=tmp_path, VOICELAB_API_KEY=wrong)
    assert done.returncode == 1
    assert "did not accept the key (HTTP 401)" in complaint(done.stderr)
    assert wrong not in done.stderr
    assert open_run(tmp_path / "a").manifest.state == "failed"
    assert wrong not in (tmp_path / "a" / "manifest.json").read_text()


def test_port_in_use_is_told_in_one_line(server: list[str], tmp_path: Path) -> None:
    """A second server on the same port says which port, and what to do; it prints neither address nor key."""
    port = server[0].rpartition(":")[2].partition("/")[0]
    done = voicelab("serve", "--port", port, folder=tmp_path)
    assert done.returncode == 1
    assert f":{port}" in complaint(done.stderr)
    assert "another port" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--port", "70000"), "there is no port 70000"),
        (("--host", "no such host"), "cannot listen on no such host"),
        (("--session-seconds", "0"), "session_seconds must be a number above 0"),
        (("--session-seconds", "nan"), "session_seconds must be a number above 0"),
        (("--chat-url", "localhost"), "chat URL 'localhost' must begin with http"),
    ],
)
def test_server_that_cannot_be_meant_does_not_start(arguments: tuple[str, str], says: str, tmp_path: Path) -> None:
    """A wrong option is told at once, not to the first client."""
    done = voicelab("serve", *(() if "--port" in arguments else ("--port", "0")), *arguments, folder=tmp_path)
    assert done.returncode == 1
    assert says in complaint(done.stderr)
    assert done.stdout == ""


def test_report_is_written_again_for_several_runs(
    demo: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    """The report goes where --out says, and the sentence of each run is printed."""
    done = voicelab("report", demo[1], demo[1], "--out", "two.html", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    *sentences, path = done.stdout.splitlines()
    assert path == "two.html"
    assert [line.startswith(f"{demo[1]}: ") for line in sentences] == [True, True]
    assert "<html" in (tmp_path / "two.html").read_text("utf-8")[:200]


def test_report_over_a_folder_leaves_out_what_is_no_run(
    demo: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    """A pattern names more than runs: the others are reported, and what was left out is told here and in the page."""
    other = tmp_path / "notes"
    other.mkdir()
    done = voicelab("report", demo[1], other, "--out", "one.html", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert complaint(done.stderr).startswith("voicelab: left out: ")
    assert len(done.stdout.splitlines()) == 2
    assert "Left out" in (tmp_path / "one.html").read_text("utf-8")
    done = voicelab("report", other, other, folder=tmp_path)
    assert done.returncode == 1
    assert "at least one run" in done.stderr


def test_report_on_something_else_is_told_in_one_line(
    demo: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    """A folder that is no run, a file, and a place where nothing can be written are each named."""
    for arguments, says in (
        (("report", tmp_path), "is not a run folder"),
        (("report", say_hello(tmp_path)), "is a file"),
        (("report", demo[1], "--out", tmp_path), "cannot be written"),
    ):
        done = voicelab(*arguments, folder=tmp_path)
        assert done.returncode == 1
        assert says in complaint(done.stderr)


def test_doctor_as_json_names_every_part(tmp_path: Path) -> None:
    """Each part is listed with whether it works; the exit code says whether all that is needed does."""
    done = voicelab("doctor", "--json", folder=tmp_path)
    findings = {finding["part"]: finding for finding in json.loads(done.stdout)}
    assert {"Python", "speech scores", "recogniser", "synthesiser", "embedded server", "sound card"} <= set(findings)
    assert not findings["sound card"]["needed"]
    assert done.returncode == (0 if all(f["works"] or not f["needed"] for f in findings.values()) else 1)


def test_reader_that_leaves_is_no_traceback(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """Results piped into a program that has stopped reading end the command with one line."""
    with started("report", demo[1], folder=demo[1].parent) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 1
        assert process.stderr is not None
        assert "stopped reading" in complaint(process.stderr.read())


def test_command_without_its_arguments_is_exit_code_two(tmp_path: Path) -> None:
    """A wrong command line shows the usage and is told apart from a failure."""
    for arguments in ((), ("talk",), ("nonsense",), ("serve", "--hearing", "everything")):
        done = voicelab(*arguments, folder=tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith("usage: voicelab")


def test_serve_says_at_once_that_its_traces_cannot_be_written(tmp_path: Path) -> None:
    """Before the first client comes, in one line."""
    (tmp_path / "file").write_text("")
    done = voicelab("serve", "--port", "0", "--trace", tmp_path / "file" / "traces", folder=tmp_path)
    assert done.returncode == 1
    assert "traces cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
