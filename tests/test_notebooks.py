"""The notebooks are true: each is executed against the embedded server, and its last cell checks what it promises."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from voicelab.experiments.notebooks import copy_notebooks, notebooks_source

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [*NOTEBOOKS, ROOT / "notebooks" / "workshop.md"]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
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


@pytest.mark.realtime
@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS])
def test_notebook_runs_from_top_to_bottom(name: str, kernels: Path, tmp_path: Path) -> None:
    """As ``voicelab lab`` copies it, without a front end: every cell runs, its promises hold, figures are plotly's."""
    copy_notebooks(tmp_path)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),  # this voicelab, also where none is installed
        "JUPYTER_PATH": str(kernels),
        "VOICELAB_HEADLESS": "1",
    }
    nbmake = ["-p", "no:cacheprovider", "--nbmake", "--nbmake-timeout=120", "--overwrite"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *nbmake, name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    cells = nbformat.read(tmp_path / name, as_version=4).cells
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


@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda path: path.stem)
def test_a_lesson_asks_before_it_tells(path: Path) -> None:
    """Every lesson but the reference on the protocol has a prediction in it, and leads on."""
    text = path.read_text("utf-8")
    asking = [cell for cell in nbformat.read(path, as_version=4).cells if "vl.widgets.predict(" in cell.source]
    assert asking or path.stem.startswith("02")
    assert all(cell.metadata.jupyter.source_hidden for cell in asking)  # the answer is in the source
    assert any(other.name in text for other in NOTEBOOKS if other != path)
