"""The built wheel: everything that works in this folder works from the wheel in an empty one."""

from __future__ import annotations

import json
import os
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


def test_wheel_holds_every_page_and_the_notebooks(wheel: Path) -> None:
    """What the widgets show is no Python, and is inside all the same; so are the lessons and the tutor's sheet."""
    package = ROOT / "voicelab"
    shown = [path for kind in ("js", "css", "json", "md") for path in package.rglob(f"*.{kind}")]
    lessons = [*(ROOT / "notebooks").glob("*.ipynb"), ROOT / "notebooks" / "workshop.md"]
    assert len(lessons) > 7
    assert {path.suffix for path in shown} >= {".js", ".css", ".json"}
    with zipfile.ZipFile(wheel) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    for path in shown:
        assert inside.get(path.relative_to(ROOT).as_posix()) == path.read_bytes(), path
    for path in lessons:
        assert inside.get(f"voicelab/notebooks/{path.name}") == path.read_bytes(), path


def test_the_lab_is_there_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    """The whole dashboard with its pages and words, from the wheel, with an empty home."""
    look = """
import voicelab as vl
def all_of(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_of(child)

lab = vl.Lab()
pages = [str(widget._esm) for widget in all_of(lab) if hasattr(widget, "_esm")]
print(vl.__file__, sum(len(page) > 500 for page in pages), sep="\\n")
lab.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", look],
        cwd=tmp_path,
        env=environment(installed, VOICELAB_HEADLESS="1", HOME=str(tmp_path)),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    where, n_pages = done.stdout.split("\n")[:2]
    assert Path(where).is_relative_to(installed)
    assert int(n_pages) >= 7


def test_the_notebooks_come_out_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    """``voicelab lab`` has no checkout to take them from; a stand-in for JupyterLab writes down that it was started."""
    stand_in = tmp_path / "modules" / "jupyterlab"
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").write_text("")
    (stand_in / "__main__.py").write_text("open('started', 'w').close()")
    path = os.pathsep.join([str(stand_in.parent), str(installed)])
    done = voicelab("lab", "--no-browser", folder=tmp_path, PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "started").exists()
    copied = {page.name for page in (tmp_path / "voicelab-notebooks").iterdir()}
    assert {page.name for page in (ROOT / "notebooks").glob("*.*")} <= copied


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
