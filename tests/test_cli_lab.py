"""``voicelab lab`` as a person meets it: which JupyterLab is started, on which notebooks, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.command import DEADLINE_S, ROOT, Child, children, complaint, environment, on_linux, voicelab, wait_until
from tests.leash import on_a_leash

# A JupyterLab that only writes down how it was started.
_NOTES = (
    "import json, pathlib, sys; pathlib.Path('asked.json').write_text(json.dumps(sys.argv[1:])); raise SystemExit(7)"
)


@pytest.fixture
def notes(tmp_path: Path) -> str:
    """A module path on which ``jupyterlab`` writes its arguments into asked.json, and exits with 7."""
    (tmp_path / "modules" / "jupyterlab").mkdir(parents=True)
    (tmp_path / "modules" / "jupyterlab" / "__init__.py").write_text("")
    (tmp_path / "modules" / "jupyterlab" / "__main__.py").write_text(_NOTES)
    return os.pathsep.join([str(tmp_path / "modules"), str(ROOT)])


def _asked(folder: Path) -> list[str]:
    asked: list[str] = json.loads((folder / "asked.json").read_text())
    return asked


def test_lab_opens_jupyterlab_on_a_copy_of_the_notebooks(tmp_path: Path, notes: str) -> None:
    """In the folder where one stands, with the start page in front, for this computer only; its exit code is ours."""
    done = voicelab("lab", "--port", "8899", folder=tmp_path, PYTHONPATH=notes)
    copies = tmp_path / "voicelab-notebooks"
    assert done.returncode == 7
    assert (copies / "00-start.ipynb").is_file()
    assert str(copies) in done.stderr
    asked = _asked(tmp_path)
    assert {
        f"--ServerApp.root_dir={copies}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=8899",
        "--LabApp.default_url=/lab/tree/00-start.ipynb",
        "--ServerApp.answer_yes=True",  # in a terminal Ctrl+C would ask whether it is meant
    } <= set(asked)
    assert "--no-browser" not in asked
    assert not [argument for argument in asked if "token" in argument or "password" in argument]  # ps shows arguments


def test_lab_opens_no_browser_when_told_so(tmp_path: Path, notes: str) -> None:
    """For a computer that one reaches from another."""
    voicelab("lab", "--no-browser", folder=tmp_path, PYTHONPATH=notes)
    assert "--no-browser" in _asked(tmp_path)


def test_lab_keeps_what_a_learner_changed(tmp_path: Path, notes: str) -> None:
    """A changed notebook stays as it is; of a newer one it is said where it lies."""
    voicelab("lab", folder=tmp_path, PYTHONPATH=notes)
    copies = tmp_path / "voicelab-notebooks"
    (copies / "00-start.ipynb").write_text("my own work")
    again = voicelab("lab", folder=tmp_path, PYTHONPATH=notes)
    assert (copies / "00-start.ipynb").read_text() == "my own work"
    assert "00-start" not in again.stderr
    (copies / ".voicelab-notebooks.json").write_text("{}")  # as if an older voicelab had given out another one
    newer = voicelab("lab", folder=tmp_path, PYTHONPATH=notes)
    assert (copies / "00-start.ipynb").read_text() == "my own work"
    assert "00-start.ipynb was changed here and is kept" in newer.stderr
    assert "00-start.new.ipynb" in newer.stderr


def test_lab_without_jupyterlab_says_what_to_install(tmp_path: Path) -> None:
    """In one line, before anything is copied."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "sitecustomize.py").write_text("import sys\nsys.modules['jupyterlab'] = None\n")
    path = os.pathsep.join([str(tmp_path / "modules"), str(ROOT)])
    done = voicelab("lab", folder=tmp_path, PYTHONPATH=path)
    assert done.returncode == 1
    assert "pip install jupyterlab" in complaint(done.stderr)
    assert not (tmp_path / "voicelab-notebooks").exists()


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_lab_on_a_port_that_does_not_exist_is_told_in_one_line(tmp_path: Path, port: str, notes: str) -> None:
    """And no JupyterLab is started."""
    done = voicelab("lab", "--port", port, folder=tmp_path, PYTHONPATH=notes)
    assert done.returncode == 1
    assert f"there is no port {port}" in complaint(done.stderr)
    assert not (tmp_path / "asked.json").exists()


def test_lab_in_a_folder_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, notes: str) -> None:
    """Where a file has the folder's name."""
    (tmp_path / "voicelab-notebooks").write_text("")
    done = voicelab("lab", folder=tmp_path, PYTHONPATH=notes)
    assert done.returncode == 1
    assert "cannot hold the notebooks" in complaint(done.stderr)


@contextmanager
def _running_lab(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Child, str, str]]:
    """A real one with folders of its own: its leash, itself, its address and its token."""
    own = {f"JUPYTER_{kind.upper()}_DIR": str(folder / kind) for kind in ("runtime", "config", "data")}
    command = [sys.executable, "-m", "voicelab", "lab", "--no-browser", "--port", "0"]
    log = folder / "log"
    with log.open("wb") as output:
        leash = on_a_leash(command, cwd=folder, env=environment(**own), stdout=output, stderr=output)
    with leash:
        found: list[re.Match[str]] = []

        def listens() -> bool:
            assert leash.poll() is None, log.read_text()
            found.extend(re.finditer(r"(http://127\.0\.0\.1:\d+)/\S*\?token=(\w+)", log.read_text()))
            return bool(found)

        wait_until(listens, "JupyterLab's address")
        itself, *_ = children(leash.pid)
        yield leash, itself, found[0][1], found[0][2]


@on_linux
@pytest.mark.realtime
def test_lab_serves_the_start_page_and_ends_at_ctrl_c(tmp_path: Path) -> None:
    """A real one: only with its token, and one Ctrl+C ends it and its kernels without a question."""
    with (
        _running_lab(tmp_path) as (leash, itself, address, token),
        httpx.Client(base_url=address, timeout=30, trust_env=False) as http,
    ):
        page = "/lab/tree/00-start.ipynb"
        assert http.get(page, params={"token": token}).status_code == 200
        contents = http.get("/api/contents/00-start.ipynb", params={"token": token}).json()
        assert contents["content"]["cells"][0]["source"].startswith("# Start here")
        assert httpx.get(address + "/api/contents", timeout=30, trust_env=False).status_code == 403
        assert http.post("/api/kernels", params={"token": token}).status_code == 201
        (kernel,) = [child for child in children(leash.pid) if "ipykernel" in child.command]
        signal.pidfd_send_signal(itself.handle, signal.SIGINT)
        assert leash.wait(DEADLINE_S) == 0
        assert kernel.ends()
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert "shutting down" in (tmp_path / "log").read_text().lower()
