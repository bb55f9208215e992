"""The notebooks are true: each is executed against the embedded server, and its last cell checks what it promises."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from tests.leash import on_a_leash
from voicelab.experiments.notebooks import copy_notebooks, notebooks_source

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [*NOTEBOOKS, ROOT / "notebooks" / "workshop.md"]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_AT_ONCE = 3
# A path that only somebody's own computer has.
_OWN_PATH = re.compile(r"(?<![\w.:/])(?:/(?:home|root|tmp|Users|work|opt|mnt)/|[A-Z]:\\\\)")


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kernel called python3 that is the Python of these tests, whatever is registered on this computer."""
    folder = tmp_path_factory.mktemp("jupyter")
    spec = {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "Python 3"}
    (folder / "kernels" / "python3").mkdir(parents=True)
    (folder / "kernels" / "python3" / "kernel.json").write_text(json.dumps({**spec, "language": "python"}))
    return folder


def _execute(name: str, kernels: Path, folder: Path) -> tuple[int, str]:
    """Run a notebook by nbmake; return the exit code and what was printed."""
    copy_notebooks(folder)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),  # this voicelab, also where none is installed
        "JUPYTER_PATH": str(kernels),
        "VOICELAB_HEADLESS": "1",
    }
    nbmake = ["-p", "no:cacheprovider", "--nbmake", "--nbmake-timeout=120", "--overwrite"]
    command = [sys.executable, "-m", "pytest", "-q", *nbmake, name]
    # Also a pytest that is killed leaves no kernel behind.
    running = on_a_leash(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with running:
        assert running.stdout is not None
        printed = running.stdout.read().decode("utf-8", "replace")
    return running.returncode, printed


@pytest.fixture(scope="module")
def executed(
    request: pytest.FixtureRequest, kernels: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[Path, Future[tuple[int, str]]]]]:
    """The chosen notebooks on their way, a few at a time: they talk in real time, so each mostly waits."""
    chosen = [item.callspec.params["name"] for item in request.session.items if "executed" in item.fixturenames]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        folders = {name: tmp_path_factory.mktemp(name.removesuffix(".ipynb")) for name in chosen}
        yield {name: (folder, pool.submit(_execute, name, kernels, folder)) for name, folder in folders.items()}


@pytest.mark.realtime
@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS])
def test_notebook_runs_from_top_to_bottom(name: str, executed: dict[str, tuple[Path, Future[tuple[int, str]]]]) -> None:
    """As ``voicelab lab`` copies it, without a front end: every cell runs, its promises hold, figures are plotly's."""
    folder, running = executed[name]
    exit_code, printed = running.result()
    assert exit_code == 0, printed[-6000:]
    cells = nbformat.read(folder / name, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert any(output.get("text", "").endswith("as promised\n") for output in outputs)
    if name != "00-start.ipynb":
        assert any("application/vnd.plotly.v1+json" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_outputs(path: Path) -> None:
    """What is committed is the text; outputs are made anew by whoever runs it."""
    notebook = nbformat.read(path, as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]
    assert set(notebook.metadata) == {"kernelspec", "language_info"}  # no state of widgets, either


@pytest.mark.parametrize("where", ["here", "as copied"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path, where: str, tmp_path: Path) -> None:
    """In the checkout, and in the folder that ``voicelab lab`` makes, which is all that a user of the wheel has."""
    folder = page.parent if where == "here" else copy_notebooks(tmp_path).parent
    links = [link for link in _LINK.findall((folder / page.name).read_text("utf-8")) if "://" not in link]
    assert not [link for link in links if not (folder / link.partition("#")[0]).is_file()]


def test_the_start_page_leads_to_all_others() -> None:
    """And to the tutor's sheet."""
    links = set(_LINK.findall((notebooks_source() / "00-start.ipynb").read_text("utf-8")))
    assert {page.name for page in PAGES} - {"00-start.ipynb"} <= links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_path_of_one_computer(page: Path) -> None:
    """What works only where it was written is no lesson."""
    assert _OWN_PATH.findall(page.read_text("utf-8")) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_can_be_reset(path: Path) -> None:
    """One cell closes all that it has open, and closes nothing as long as nobody asked for it."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    (reset,) = [source for source in cells if "vl.widgets.reset(" in source]
    assert reset == "stuck = False\nif stuck:\n    vl.widgets.reset()"


def test_the_tutors_sheet_fills_two_hours() -> None:
    """Its parts follow each other without a gap, from 0 to 120 minutes, and each has words of its own."""
    sheet = (ROOT / "notebooks" / "workshop.md").read_text("utf-8")
    plan = sheet.partition("## The two hours")[2].partition("###")[0]
    rows = [(int(begin), int(end)) for begin, end in re.findall(r"^\| (\d+)-(\d+) \|", plan, re.MULTILINE)]
    assert sum(end - begin for begin, end in rows) == 120
    assert [0, *(end for _, end in rows)] == [*(begin for begin, _ in rows), 120]
    told = {int(minute) for span in re.findall(r"^### (\d+-\d+) ", sheet, re.MULTILINE) for minute in span.split("-")}
    assert told <= {minute for row in rows for minute in row}


@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda path: path.stem)
def test_a_lesson_asks_before_it_tells(path: Path) -> None:
    """Every lesson has a prediction in it, and leads on."""
    text = path.read_text("utf-8")
    asking = [cell for cell in nbformat.read(path, as_version=4).cells if "vl.widgets.predict(" in cell.source]
    assert asking
    assert all(cell.metadata.jupyter.source_hidden for cell in asking)  # the answer is in the source
    assert any(other.name in text for other in NOTEBOOKS if other != path)
