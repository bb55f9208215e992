"""The browser's sound in the real JupyterLab: the direct way, the proxy, a busy cell, a cell run again."""

from __future__ import annotations

import pytest

from tests.widgets.browser import until
from tests.widgets.jupyterlab import JupyterLab

pytestmark = pytest.mark.realtime

SHOW = "from voicelab.widgets.sound.browser import BrowserSound\nsound = BrowserSound()\nsound"
NOT_DIRECT = "import voicelab.widgets.sound.line as line\nline._is_loopback = lambda origin: False"
LISTEN = """
from voicelab.session.portal import portal
frames, lost = [], []
portal().call(sound.microphone.open(frames.append, lost.append))
"""


def test_the_direct_way_carries_the_microphone_while_a_cell_is_busy(lab: JupyterLab) -> None:
    """Frames come while a cell sleeps; the cell run again leaves no open microphone behind."""
    notebook = lab.open([SHOW, "import time\ntime.sleep(600)"])
    notebook.run(0)
    notebook.wait_idle()
    until(lambda: "direct" in notebook.kernel("print(sound.state.way)"), "the direct way")
    notebook.kernel(LISTEN)
    notebook.run(1)
    n_before = int(notebook.kernel("print(len(frames))", beside=True))
    until(lambda: int(notebook.kernel("print(len(frames))", beside=True)) > n_before + 20, "frames beside a busy cell")
    notebook.interrupt()
    notebook.wait_idle()
    notebook.kernel("before, before_lost = sound, lost")
    notebook.run(0)
    notebook.wait_idle()
    until(lambda: "closed" in notebook.kernel("print(before_lost)"), "the end of the first microphone")


def test_the_jupyter_proxy_carries_the_sound(lab: JupyterLab) -> None:
    """Where the page is not on the kernel's computer, the same door is reached through Jupyter; no ticket is logged."""
    pytest.importorskip("jupyter_server_proxy", reason="jupyter-server-proxy is not installed")
    notebook = lab.open([NOT_DIRECT, SHOW])
    notebook.run_all()
    until(lambda: notebook.kernel("print(sound.state.way)").strip() == "proxy", "the proxy's way", deadline_s=20)
    notebook.kernel(LISTEN)
    until(lambda: int(notebook.kernel("print(len(frames))")) > 20, "frames")
    doors = [line for line in lab.log().splitlines() if "websocket connection" in line]
    assert doors
    assert not any("token" in line for line in doors)
