"""The kernel reads every question, also one that comes while an answer leaves."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.widgets.jupyterlab import look_after_from_the_first_cell_on
from voicelab.widgets import kernel
from voicelab.widgets.kernel import look_after_kernel

DEADLINE_S = 20
#: Without help ipykernel 7.3 leaves about one pair in sixty unanswered.
PAIRS = 500


@contextmanager
def _kernel(ipython: Path) -> Iterator[BlockingKernelClient]:
    manager = KernelManager()
    manager.start_kernel(env={**os.environ, "IPYTHONDIR": str(ipython)})
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_no_question_is_left_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two questions, the second at any moment around the answer to the first: both are answered."""
    for kind in ("RUNTIME", "DATA", "CONFIG"):  # this Python's kernel, whatever kernels the reader has
        monkeypatch.setenv(f"JUPYTER_{kind}_DIR", str(tmp_path / kind))
    look_after_from_the_first_cell_on(tmp_path / "ipython")
    with _kernel(tmp_path / "ipython") as client:
        pause = threading.Event()
        for n in range(PAIRS):
            client.execute("1", silent=True)
            pause.wait(n % 20 * 0.0003)
            client.execute("2", silent=True)
            for _ in range(2):
                assert client.get_shell_msg(timeout=DEADLINE_S)["content"]["status"] == "ok"


def test_a_script_is_no_kernel() -> None:
    """Nothing is looked after where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        look_after_kernel()


def test_a_version_that_freezes_sliders_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By one line that says what to install."""
    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "ipykernel.kernelbase", SimpleNamespace(Kernel=None))
    monkeypatch.setattr(kernel.importlib.metadata, "version", lambda _name: "7.4.0")
    with pytest.warns(UserWarning, match="pip install 'ipykernel!=7.4.0'"):
        look_after_kernel()
