"""The browser's sound in the real JupyterLab: round trips and gaps between microphone frames, by way and by load.

``python -m tests.benchmarks.bench_browser_sound --seconds 20``; needs Chromium and takes about five minutes. The peer
of each busy line is the idle one above it.  Does not know: what is good enough.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from tests.widgets.browser import Browsers, until
from tests.widgets.jupyterlab import JupyterLab

SECONDS = 20
# The door is kept shut to the direct way, or to both sockets, by what it tells the page.
WAYS = {
    "direct": "pass",
    "proxy": "import voicelab.widgets.sound.line as line; line._is_loopback = lambda origin: False",
    "comm": """
import voicelab.widgets.sound.line as line
line._is_loopback = lambda origin: False
line.Line._ticket = lambda self, page, origin, way: 'none'
""",
}
LOADS = {
    "idle": "pass",
    "time.sleep": "import time; time.sleep({seconds})",
    "pure-Python loop": "import time; end = time.time() + {seconds}\nwhile time.time() < end: sum(range(1000))",
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


def main(seconds: int) -> None:
    """Measure and print a line for each way and load."""
    browsers = Browsers()
    with browsers.awake(), JupyterLab(browsers, Path(tempfile.mkdtemp())) as server:
        for way in WAYS:
            _measure(server, way, seconds)
            server.close_notebooks()
    browsers.close()


def _measure(server: JupyterLab, way: str, seconds: int) -> None:
    """One way, each load; the page measures a round trip every second."""
    notebook = server.open([WAYS[way], SHOW, *(load.format(seconds=seconds) for load in LOADS.values())])
    for cell in (0, 1):
        notebook.run(cell)
        notebook.wait_idle()
    until(lambda: notebook.kernel("print(sound.state.way)").strip() == way, f"the way {way}")
    notebook.kernel(LISTEN)
    for n, load in enumerate(LOADS):
        notebook.page.wait_for_timeout(1_000)
        notebook.kernel("times.clear(); trips.clear()")
        notebook.run(n + 2)
        notebook.page.wait_for_timeout(seconds * 1_000)
        found = json.loads(notebook.kernel(REPORT, beside=True))
        trips = sorted(found["trips"])
        told = f"p50 {np.percentile(trips, 50):6.1f} p95 {np.percentile(trips, 95):6.1f} ms" if trips else "none"
        print(
            f"{way:7} {load:17} frames {found['n']:4}  gap p95 {found['gap_p95']:6.1f} max {found['gap_max']:6.1f} ms  "
            f"round trip {told} of {len(trips)}  lost {len(found['lost'])}",
            flush=True,
        )
        notebook.wait_idle()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=int, default=SECONDS, help="for each way and load")
    main(asked.parse_args().seconds)
