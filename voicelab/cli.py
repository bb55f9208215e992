"""The ``voicelab`` command.

In: a command line.  Out: results on standard output (``--json`` where a machine may read them), progress and errors on standard
error, an exit code: 0, 1 for an error (one clear line, no traceback), 2 for a wrong command line, 130 when interrupted.
Does not know: how anything is done.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import voicelab
from voicelab.errors import VoicelabError

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except VoicelabError as error:
        print(f"voicelab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        kept = _kept(arguments)
        print(f"\nvoicelab: interrupted{kept}", file=sys.stderr)
        return INTERRUPTED


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
    serve.add_argument("--chat-url", metavar="URL", help="an OpenAI-compatible chat endpoint that answers")
    serve.add_argument("--hearing", choices=("guide", "dictation", "none"), default="dictation")
    serve.add_argument("--reply", choices=("guide", "mirror"), default="guide")
    serve.add_argument("--session-seconds", type=float, default=3600.0, metavar="N", help="life of a session")

    talk = _command(commands, "talk", _talk, "play recordings to a voice model")
    talk.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="WAV, FLAC or OGG, any rate")
    talk.add_argument("--to", default="local", metavar="TARGET", help="local, openai, or a ws(s):// URL")
    talk.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="a session setting")
    talk.add_argument("--tag", action="append", default=[], metavar="K=V", help="a tag of the run")
    _out(talk)
    _json(talk)

    report = _command(commands, "report", _report, "one HTML file that shows runs, offline")
    report.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    report.add_argument("--out", type=Path, metavar="FILE.html", help="default: report.html in the (first) run folder")

    doctor = _command(commands, "doctor", _doctor, "what works here, and the line that mends what does not")
    _json(doctor)
    return parser


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

    arguments.out = arguments.out or _fresh("demo")
    run = run_demo(arguments.out, fast=arguments.fast, wall_start=datetime.now(UTC))
    return _finish(run, arguments)


def _talk(arguments: argparse.Namespace) -> int:
    from voicelab.experiments.progress import Progress
    from voicelab.experiments.talk import read_clips, talk
    from voicelab.protocol.paths import combine, parse_assignment
    from voicelab.protocol.settings import SessionConfig, ServerVAD, merge, to_plain, update

    tags = dict(_tag(text) for text in arguments.tag)
    asked = combine([parse_assignment(text)[1] for text in arguments.set])
    # Checked against voicelab's own first ask, which sends detection whole.
    first = {"audio": {"input": {"turn_detection": to_plain(ServerVAD())}}}
    update(SessionConfig(), merge(first, asked))
    progress = Progress()
    clips = read_clips(arguments.clips, progress)
    arguments.out = arguments.out or _fresh("talk")
    run = talk(
        clips,
        arguments.out,
        target=arguments.to,
        asked=asked,
        tags=tags,
        wall_start=datetime.now(UTC),
        progress=progress,
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
        options=ServerOptions(session_seconds=arguments.session_seconds),
        announce=announce,
    )
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from voicelab.measure.run import open_run
    from voicelab.plots.headline import headline
    from voicelab.plots.report import write_report

    runs = [open_run(folder) for folder in arguments.runs]
    path = write_report(runs, arguments.out or runs[0].folder / "report.html")
    for run in runs:
        print(f"{run.folder}: {headline(run)}")
    print(path)
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


def _fresh(name: str) -> Path:
    """Return a run folder that does not exist yet, named by the time."""
    from voicelab.session.connect import fresh_folder

    return fresh_folder(name)


def _kept(arguments: argparse.Namespace) -> str:
    """Say where a run that was interrupted can be found."""
    folder = getattr(arguments, "out", None)
    if isinstance(folder, Path) and (folder / "manifest.json").exists():
        return f"; what had happened is in {folder} (voicelab report {folder})"
    return ""


if __name__ == "__main__":
    sys.exit(main())
