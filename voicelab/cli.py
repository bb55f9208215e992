"""The ``voicelab`` command.

In: a command line.  Out: results on standard output (``--json`` where a machine may read them), progress and errors
on standard error, an exit code: 0, 1 for an error (one clear line, no traceback), 2 for a wrong command line, 130
when interrupted.
Does not know: how anything is done.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import voicelab
from voicelab.errors import VoicelabError

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        code = int(arguments.command(arguments))
        sys.stdout.flush()
    except VoicelabError as error:
        _complain(str(error), arguments)
        return 1
    except BrokenPipeError:
        # Python would stumble over the closed pipe once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _complain("the results could not be printed: whoever read them has stopped reading", arguments)
        return 1
    except OSError as error:
        _complain(f"the computer refused: {error}", arguments)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        _complain("interrupted", arguments)
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="voicelab", description="A workbench for real-time voice AI.")
    parser.add_argument("--version", action="version", version=f"voicelab {voicelab.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = _command(commands, "demo", _demo, "the guided conversation with the embedded server")
    _out(demo)
    _json(demo)
    demo.add_argument("--fast", action="store_true", help="in virtual time: the same conversation in a few seconds")

    serve = _command(commands, "serve", _serve, "the embedded server, for any client of the Realtime protocol")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=8765, help="port, 0 for a free one (default: %(default)s)")
    serve.add_argument("--api-key", metavar="K", help="the key that clients must show (default: a fresh one, printed)")
    serve.add_argument(
        "--chat-url", metavar="URL", help="an OpenAI-compatible chat endpoint that answers (key: VOICELAB_CHAT_API_KEY)"
    )
    serve.add_argument("--hearing", choices=("guide", "dictation", "none"), default="dictation")
    serve.add_argument("--reply", choices=("guide", "mirror"), default="guide")
    serve.add_argument("--session-seconds", type=float, default=3600.0, metavar="N", help="life of a session")
    serve.add_argument(
        "--context-tokens", type=int, default=32_768, metavar="N", help="context limit, a few hundred to see truncation"
    )
    serve.add_argument(
        "--block", action="append", default=[], metavar="WORD", help="end a reply at this word (content_filter)"
    )
    serve.add_argument("--trace", type=Path, metavar="DIR", help="write each session down, from the server's side")

    talk = _command(commands, "talk", _talk, "play recordings to a voice model")
    talk.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="WAV, FLAC or OGG, any rate")
    talk.add_argument("--to", default="local", metavar="TARGET", help="local, openai, azure, or a ws(s):// URL")
    talk.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="a session setting")
    talk.add_argument("--tag", action="append", default=[], metavar="K=V", help="a tag of the run")
    talk.add_argument("--budget", type=float, metavar="USD", help="stop before more than that is spent")
    talk.add_argument("--prices", type=Path, metavar="FILE", help="your own prices, as a JSON file like prices.json")
    _out(talk)
    _json(talk)

    lab = _command(commands, "lab", _lab, "JupyterLab on the notebooks, in the folder voicelab-notebooks")
    lab.add_argument("--no-browser", action="store_true", help="print the address and open nothing")
    lab.add_argument("--port", type=int, default=8888, metavar="N", help="port (default: %(default)s or the next)")

    report = _command(commands, "report", _report, "one HTML file that shows runs, offline")
    report.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="run folders; several have an index, outliers in front"
    )
    report.add_argument("--out", type=Path, metavar="FILE.html", help="default: report.html in the (first) run folder")

    _exchange(commands)

    doctor = _command(commands, "doctor", _doctor, "what works here, and the line that mends what does not")
    _json(doctor)
    return parser


def _exchange(commands: Any) -> None:
    """Add the commands that bring runs to other tools, and other tools' logs here."""
    export = _command(commands, "export", _export, "runs in the formats of other tools, with a data dictionary")
    export.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    export.add_argument("--format", required=True, metavar="jsonl|csv|parquet|perfetto|otlp|audacity|textgrid")
    export.add_argument(
        "--redact", action="append", default=[], choices=("text", "audio"), help="leave that out (may be given twice)"
    )
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder")

    imports = _command(commands, "import", _import, "a run of a file of Realtime events that other code recorded")
    imports.add_argument("file", type=Path, metavar="FILE", help="one JSON event a line")
    imports.add_argument("--tag", action="append", default=[], metavar="K=V", help="a tag of the run")
    imports.add_argument("--out", type=Path, required=True, metavar="DIR", help="the run folder, new or empty")


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=run)
    return parser


def _out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="DIR", help="the run folder, new or empty (default: a fresh one)")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _demo(arguments: argparse.Namespace) -> int:
    from voicelab.experiments.demo import run_demo

    run = run_demo(_run_folder(arguments, "demo"), fast=arguments.fast, wall_start=datetime.now(UTC))
    return _finish(run, arguments)


def _talk(arguments: argparse.Namespace) -> int:
    from voicelab.experiments.progress import Progress
    from voicelab.experiments.talk import read_clips, talk
    from voicelab.measure.budget import Budget
    from voicelab.measure.prices import read_prices
    from voicelab.protocol.paths import combine, parse_assignment
    from voicelab.protocol.settings import ServerVAD, SessionConfig, merge, to_plain, update

    tags = dict(_tag(text) for text in arguments.tag)
    asked = combine([parse_assignment(text)[1] for text in arguments.set])
    # Checked against voicelab's own first ask, which sends detection whole.
    first = {"audio": {"input": {"turn_detection": to_plain(ServerVAD())}}}
    update(SessionConfig(), merge(first, asked))
    budget = None if arguments.budget is None else Budget(arguments.budget)
    prices = read_prices(arguments.prices)
    progress = Progress()
    clips = read_clips(arguments.clips, progress)
    run = talk(
        clips,
        _run_folder(arguments, "talk"),
        target=arguments.to,
        asked=asked,
        tags=tags,
        wall_start=datetime.now(UTC),
        progress=progress,
        budget=budget,
        prices=prices,
    )
    return _finish(run, arguments)


def _finish(run: Any, arguments: argparse.Namespace) -> int:
    """Show a finished run: the table, the sentence, where the report is."""
    from voicelab.plots.headline import headline, render_table, turn_rows
    from voicelab.plots.report import write_report

    path = write_report([run], run.folder / "report.html")
    if arguments.json:
        turns = [asdict(turn) for turn in run.turn_list()]
        print(json.dumps({"run": str(run.folder), "report": str(path), "headline": headline(run), "turns": turns}))
        return 0
    print()
    print(render_table(turn_rows(run), shutil.get_terminal_size().columns))
    print()
    print(headline(run))
    print(f"run     {run.folder}\nreport  {path}")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    from voicelab.server.engines import ServerOptions
    from voicelab.server.opening import Choice
    from voicelab.server.process import run_server

    key = arguments.api_key or secrets.token_urlsafe(24)

    def announce(url: str, notes: list[str]) -> None:
        print(url)
        print(key, flush=True)
        for note in notes:
            print(note, file=sys.stderr)

    run_server(
        Choice(arguments.hearing, arguments.reply, arguments.chat_url),
        key,
        host=arguments.host,
        port=arguments.port,
        options=ServerOptions(
            session_seconds=arguments.session_seconds,
            context_tokens=arguments.context_tokens,
            blocked_words=tuple(arguments.block),
            trace=arguments.trace,
        ),
        announce=announce,
    )
    return 0


def _lab(arguments: argparse.Namespace) -> int:
    from voicelab.errors import ConfigError
    from voicelab.experiments.notebooks import copy_notebooks
    from voicelab.server.process import MOST_PORT

    if find_spec("jupyterlab") is None:
        raise ConfigError("JupyterLab is not installed beside voicelab; run: pip install jupyterlab")
    if not 0 <= arguments.port <= MOST_PORT:
        raise ConfigError(f"there is no port {arguments.port}: choose one up to {MOST_PORT}, or 0 for a free one")
    start = copy_notebooks(Path("voicelab-notebooks"), lambda line: print(line, file=sys.stderr))
    print(f"the notebooks are in {start.parent.absolute()}", file=sys.stderr, flush=True)
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={start.parent.absolute()}",
        "--ServerApp.ip=127.0.0.1",  # whatever this user's own settings say
        f"--ServerApp.port={arguments.port}",
        f"--LabApp.default_url=/lab/tree/{start.name}",
        "--ServerApp.answer_yes=True",  # Ctrl+C ends it, without a question in five seconds
    ]
    if arguments.no_browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return _become(command)


def _become(command: list[str]) -> int:
    """Run a command in this one's place, so that it gets every signal and ends what it started by itself."""
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(command[0], command)
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # it has heard Ctrl+C too, and ends its kernels first


def _report(arguments: argparse.Namespace) -> int:
    from voicelab.errors import RunError
    from voicelab.measure.run import open_run
    from voicelab.plots.headline import headline
    from voicelab.plots.report import write_report

    runs, left_out = [], []
    for folder in arguments.runs:
        try:
            runs.append(open_run(folder))
        except RunError as error:
            # A pattern such as runs/* names more than runs; one folder that was meant must be one.
            if len(arguments.runs) == 1:
                raise
            left_out.append((folder, str(error)))
            print(f"voicelab: left out: {error}", file=sys.stderr)
    path = write_report(runs, arguments.out or (runs[0].folder if runs else Path()) / "report.html", left_out=left_out)
    for run in runs:
        print(f"{run.folder}: {headline(run)}")
    print(path)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from voicelab.errors import RunError
    from voicelab.measure.exports import export_runs
    from voicelab.measure.run import open_run
    from voicelab.measure.runs import open_runs

    runs, left_out = [], []
    for name in arguments.runs:
        if not name.exists() and glob.has_magic(str(name)):
            found = open_runs(name)  # a pattern that the shell has not resolved
            runs += found.runs
            left_out += [why for _, why in found.unreadable]
            continue
        try:
            runs.append(open_run(name))
        except RunError as error:
            # A pattern such as runs/* names more than runs; a name that does not exist is a mistake.
            if len(arguments.runs) == 1 or not name.exists():
                raise
            left_out.append(str(error))
    for why in left_out:
        print(f"voicelab: left out: {why}", file=sys.stderr)
    for path in export_runs(runs, arguments.format, arguments.out, redact=set(arguments.redact)):
        print(path)
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from voicelab.runlog.importing import import_events
    from voicelab.runlog.manifest import read_manifest

    folder = import_events(arguments.file, arguments.out, tags=dict(_tag(text) for text in arguments.tag))
    print(read_manifest(folder).note, file=sys.stderr)
    print(folder)
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from voicelab.experiments.checkup import check_everything

    findings = check_everything()
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            word = "works" if finding.works else "broken" if finding.needed else "absent"
            print(f"{word:<8}{finding.part:<17}{finding.detail}")
    return 0 if all(finding.works or not finding.needed for finding in findings) else 1


def _tag(text: str) -> tuple[str, str]:
    from voicelab.errors import ConfigError

    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"--tag {text!r} is not K=V, such as condition=patient", param="tag")
    return name, value


def _run_folder(arguments: argparse.Namespace, name: str) -> Path:
    """Settle where the run goes; a fresh folder is named by the time."""
    from voicelab.session.connect import fresh_folder

    folder: Path = arguments.out or fresh_folder(name)
    if not (folder / "manifest.json").exists():
        arguments.begun = folder  # a run that lies there already will be refused, and is none of this command's
    return folder


def _complain(what: str, arguments: argparse.Namespace) -> None:
    """Say in one line what went wrong, and where the run lies if one was begun."""
    folder: Path | None = getattr(arguments, "begun", None)
    if folder is not None and (folder / "manifest.json").exists():
        what += f"; what had happened is in {folder} (voicelab report {folder})"
    print(f"voicelab: {' '.join(what.split())}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
