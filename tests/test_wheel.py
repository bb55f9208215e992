"""The built wheel: everything that works in this folder works from the wheel in an empty one."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.command import ROOT, environment, voicelab

DATA = (
    "voicelab/py.typed",
    "voicelab/measure/prices.json",
    "voicelab/plots/report.css",
    "voicelab/plots/report.js",
    "voicelab/experiments/clips/clips.jsonl",
    "voicelab/experiments/clips/hello.flac",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel was installed: a path with a space and a letter that is not ASCII."""
    target = tmp_path_factory.mktemp("installed") / "für voicelab"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True)
    return target


def test_wheel_holds_the_package_and_its_data(wheel: Path) -> None:
    """All that is needed at run time is inside, tests and fixtures are not, and the command is declared."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
        assert "voicelab = voicelab.cli:main" in archive.read(entry_points).decode()
    assert set(DATA) <= names
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"voicelab", "voicelab_jupyter"}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "voicelab").rglob("*.py")}
    assert modules <= names


def test_demo_and_report_work_from_the_wheel_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    """The installed package, not this checkout, holds the conversation and writes its report."""
    empty = tmp_path / "leerer Ordner ä"
    empty.mkdir()
    where = subprocess.run(
        [sys.executable, "-c", "import voicelab; print(voicelab.__file__)"],
        cwd=empty,
        env=environment(installed),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(installed)
    demo = voicelab("demo", "--fast", "--json", "--out", "läufe/a b", folder=empty, home=installed)
    assert demo.returncode == 0, demo.stderr
    assert len(json.loads(demo.stdout)["turns"]) >= 8
    report = voicelab("report", "läufe/a b", "--out", "bericht.html", folder=empty, home=installed)
    assert report.returncode == 0, report.stderr
    assert (empty / "bericht.html").stat().st_size > 1_000_000


def test_processes_start_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The server and the workers, which are processes of their own, start from a path with a space too."""
    done = voicelab("doctor", "--json", folder=tmp_path, home=installed)
    works = {finding["part"]: finding["works"] for finding in json.loads(done.stdout)}
    assert works["embedded server"]
    assert works["synthesiser"]
    assert works["recogniser"]
