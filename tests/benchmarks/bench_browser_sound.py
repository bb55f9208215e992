"""The browser's sound in the real JupyterLab: round trips and gaps between microphone frames, by way and by load.

Run it as ``python -m pytest tests/benchmarks/bench_browser_sound.py -s -o addopts= --import-mode=importlib``; it needs
Chromium and takes about two minutes.  In: nothing.  Out: a table.  Does not know: what is good enough.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.widgets.browser import Browsers, until
from tests.widgets.jupyterlab import JupyterLab

SECONDS = 6
# The door is kept shut to the direct way, or to both sockets, by what it tells the page.
WAYS = {
    "direct": "",
    "proxy": "import voicelab.widgets.sound.line as line; line._is_loopback = lambda origin: False",
    "comm": """
import voicelab.widgets.sound.line as line
line._is_loopback = lambda origin: False
line.Line._ticket = lambda self, page, origin, way: 'none'
""",
}
LOADS = {
    "idle": "pass",
    "time.sleep": f"import time; time.sleep({SECONDS})",
    "pure-Python loop": f"end = time.monotonic() + {SECONDS}\nwhile time.monotonic() < end: sum(range(1000))",
}
SHOW = "from voicelab.widgets.sound.browser import BrowserSound\nsound = BrowserSound()\nsound"
LISTEN = """
import asyncio, json, threading, time
import numpy as np
from voicelab.session.portal import portal
times, trips, lost = [], [], []
portal().call(sound.microphone.open(lambda frame: times.append(time.perf_counter()), lost.append))
before = sound._line.know
def know(**news):
    if news.get('round_trip_ms') is not None:
        trips.append(news['round_trip_ms'])
    before(**news)
sound._line.know = know
"""
REPORT = """
gaps = np.diff(times) * 1000
print(json.dumps({'n': len(times), 'gap_p95': float(np.percentile(gaps, 95)), 'gap_max': float(gaps.max()),
                  'trips': trips, 'underruns': sound.state.n_underruns, 'lost': lost}))
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """A JupyterLab of the benchmark's own."""
    browsers = Browsers()
    with browsers.awake(), JupyterLab(browsers, tmp_path_factory.mktemp("lab")) as server:
        yield server
        server.close_notebooks()
    browsers.close()


@pytest.mark.parametrize("way", list(WAYS))
def test_gaps_and_round_trips(lab: JupyterLab, way: str) -> None:
    """One way, three loads; the page measures a round trip every second."""
    notebook = lab.open([WAYS[way] or "pass", SHOW, *LOADS.values()])
    notebook.run(0)
    notebook.wait_idle()
    notebook.run(1)
    notebook.wait_idle()
    until(lambda: notebook.kernel("print(sound.state.way)").strip() == way, f"the way {way}")
    notebook.kernel(LISTEN)
    for n, load in enumerate(LOADS):
        notebook.page.wait_for_timeout(1_000)
        notebook.kernel("times.clear(); trips.clear()")
        notebook.run(n + 2)
        notebook.page.wait_for_timeout(SECONDS * 1_000)
        found = json.loads(notebook.kernel(REPORT, beside=True))
        trips = sorted(found["trips"])
        print(
            f"{way:7} {load:17} frames {found['n']:4}  gap p95 {found['gap_p95']:6.1f} max {found['gap_max']:6.1f} ms  "
            f"round trip p50 {trips[len(trips) // 2]:6.1f} p95 {trips[-1 - len(trips) // 20]:6.1f} ms of {len(trips)}  "
            f"lost {len(found['lost'])}",
            flush=True,
        )
        notebook.wait_idle()
    notebook.close()
    lab._open.remove(notebook)
