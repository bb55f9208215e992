"""The Lab with everything live, in the real JupyterLab: ``python -m tests.benchmarks.bench_lab_live --seconds 300``.

A recorded voice talks into Chromium's fake microphone all the time, the mirror answers, and each tab of the drawer is
open in its turn. Reported: frames a second of the page (median and 5th percentile of windows of one second), processor
time of the kernel (alone, by thread, and of its workers) and of all of Chromium, memory of the page (after a garbage
collection) and of the kernel, and how they grow after the first third. The peer in the same run is the same page and
kernel with an empty notebook.  Needs Chromium.  Does not know: what is good enough.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import soxr

from tests.widgets.browser import Browsers, until
from tests.widgets.jupyterlab import JupyterLab, Notebook
from voicelab.audio.samples import RATE_HZ, round_to_int16
from voicelab.experiments.clips import spoken_lines

LOOK_EVERY_S = 5
BASELINE_S = 30
MICROPHONE_HZ = 48_000
SHOW = "import voicelab as vl\nlab = vl.Lab(source='browser')\nlab"
#: Counts what the browser draws, by seconds.
COUNT_FRAMES = """() => {
  const frames = (window.voicelabFrames = []);
  const begun = performance.now();
  const count = (now) => {
    const second = Math.floor((now - begun) / 1000);
    frames[second] = (frames[second] ?? 0) + 1;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
}"""
TELL_THREADS = "import threading\nfor t in threading.enumerate(): print(t.native_id, t.name)"
TELL_END = """
turns = lab.run.turn_list()
kinds = [record.type for record in lab.run.records()]
print(f"{len(turns)} turns, {sum(turn.interrupted for turn in turns)} interrupted; gaps in playback: "
      f"{lab._sound.state.n_underruns} in the page, {kinds.count('voicelab.playback.underrun')} in the log; way "
      f"{lab._sound.state.way}; failed views: {[v for v in lab._views if v._following.failure]}")
"""


@dataclass(frozen=True)
class Look:
    """What was seen at one moment. Processor times are seconds since the process began."""

    at_s: float
    kernel_s: float
    workers_s: float
    chromium_s: float
    threads_s: dict[int, float]
    heap_mb: float
    nodes: float
    rss_mb: float


@dataclass
class Stretch:
    """Looks at one page."""

    name: str
    looks: list[Look] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    thread_names: dict[int, str] = field(default_factory=dict)

    def percent(self, what: str) -> float:
        """Return processor time in % of one core."""
        first, last = self.looks[0], self.looks[-1]
        return 100 * float(getattr(last, what) - getattr(first, what)) / (last.at_s - first.at_s)

    def growth(self, what: str) -> float:
        """Return the growth a minute after the first third."""
        looks = self.looks[len(self.looks) // 3 :]
        if len(looks) < 3:
            return float("nan")
        return 60 * float(np.polyfit([x.at_s for x in looks], [getattr(x, what) for x in looks], 1)[0])


def main(seconds: int) -> None:
    """Measure and print a table."""
    folder = Path(tempfile.mkdtemp())
    browsers = Browsers()
    with browsers.awake(), JupyterLab(browsers, folder / "jupyterlab") as server:
        microphone = _voice(folder / "voice.wav")
        with _page(server, ["pass"], microphone) as notebook:
            empty = _watch(notebook, "empty notebook", min(BASELINE_S, seconds))
        with _page(server, [SHOW], microphone) as notebook:
            notebook.page.get_by_role("button", name="Talk").click()
            until(lambda: notebook.kernel("print(lab.desk.standing.state)").strip() == "live", "the session")
            live = _watch(notebook, "the Lab, live", seconds)
            notebook.page.get_by_role("button", name="Stop").click()
            until(lambda: notebook.kernel("print(lab.desk.standing.state)").strip() == "over", "the end")
            told = notebook.kernel(TELL_END)
    browsers.close()
    _report(empty, live, told)


def _voice(path: Path) -> Path:
    """Write what the microphone hears: every line of the demo, most with room for the answer, some without."""
    parts: list[np.ndarray[tuple[int], np.dtype[np.int16]]] = []
    for n, line in enumerate(spoken_lines().values()):
        pause_s = 0.9 if n % 3 == 2 else 1.5 + len(line.clip.samples) / RATE_HZ
        parts += [line.clip.samples, np.zeros(round(pause_s * RATE_HZ), np.int16)]
    samples = soxr.resample(np.concatenate(parts).astype(np.float32), RATE_HZ, MICROPHONE_HZ)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_HZ)
        file.writeframes(round_to_int16(samples).astype("<i2").tobytes())
    return path


@contextmanager
def _page(server: JupyterLab, cells: list[str], microphone: Path) -> Iterator[Notebook]:
    notebook = server.open(cells, microphone=microphone)
    notebook.page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
    notebook.run_all()
    yield notebook
    server.close_notebooks()


def _watch(notebook: Notebook, name: str, seconds: int) -> Stretch:
    """Look at a page every few seconds; a drawer of tabs is gone through."""
    stretch = Stretch(name)
    kernel = psutil.Process(int(notebook.kernel("import os; print(os.getpid())")))
    page = notebook.page
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    page.wait_for_timeout(3_000)  # what was begun before is over
    page.evaluate(COUNT_FRAMES)
    tabs = page.locator(".voicelab-drawer [role=tab]")
    for n in range(seconds // LOOK_EVERY_S + 1):
        if n:
            page.wait_for_timeout(LOOK_EVERY_S * 1_000)
        if n % 2 and tabs.count():
            tabs.nth(n // 2 % tabs.count()).click()
        # A collection stops the page for a moment, which the 5th percentile of the frames must not be made of.
        if n % 6 == 0:
            devtools.send("HeapProfiler.collectGarbage")
            seen = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
        stretch.looks.append(_look(kernel, seen))
    stretch.frames = [count or 0 for count in page.evaluate("() => voicelabFrames")][1:-1]
    names = (line.split(" ", 1) for line in notebook.kernel(TELL_THREADS).splitlines())
    stretch.thread_names = {int(number): thread for number, thread in names}
    return stretch


def _look(kernel: psutil.Process, seen: dict[str, float]) -> Look:
    return Look(
        at_s=os.times().elapsed,
        kernel_s=_cpu_s(kernel),
        workers_s=sum(_cpu_s(child) for child in kernel.children(recursive=True)),
        chromium_s=sum(_cpu_s(one) for one in psutil.Process().children(recursive=True) if "chrom" in one.name()),
        threads_s={one.id: one.user_time + one.system_time for one in kernel.threads()},
        heap_mb=seen["JSHeapUsedSize"] / 1e6,
        nodes=seen["Nodes"],
        rss_mb=kernel.memory_info().rss / 1e6,
    )


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _report(empty: Stretch, live: Stretch, told: str) -> None:
    print(f"{'':24}{empty.name:>18}{live.name:>18}")
    for stretch in (empty, live):
        stretch.frames = stretch.frames or [0]
    rows = {
        "seconds": lambda s: f"{s.looks[-1].at_s - s.looks[0].at_s:.0f}",
        "frames/s median": lambda s: f"{np.median(s.frames):.0f}",
        "frames/s 5th pct": lambda s: f"{np.percentile(s.frames, 5):.0f}",
        "kernel, % of a core": lambda s: f"{s.percent('kernel_s'):.1f}",
        "its workers, %": lambda s: f"{s.percent('workers_s'):.1f}",
        "all of Chromium, %": lambda s: f"{s.percent('chromium_s'):.1f}",
        "page heap, MB": lambda s: f"{s.looks[-1].heap_mb:.1f}",
        "  its growth, MB/min": lambda s: f"{s.growth('heap_mb'):+.2f}",
        "page nodes": lambda s: f"{s.looks[-1].nodes:.0f}",
        "  their growth, 1/min": lambda s: f"{s.growth('nodes'):+.0f}",
        "kernel RSS, MB": lambda s: f"{s.looks[-1].rss_mb:.1f}",
        "  growth, MB/min": lambda s: f"{s.growth('rss_mb'):+.2f}",
    }
    for name, tell in rows.items():
        print(f"{name:24}{tell(empty):>18}{tell(live):>18}")
    first, last = live.looks[0], live.looks[-1]
    used = {n: last.threads_s[n] - first.threads_s.get(n, 0.0) for n in last.threads_s}
    for n in sorted(used, key=lambda n: -used[n])[:8]:
        percent = 100 * used[n] / (last.at_s - first.at_s)
        print(f"  thread {live.thread_names.get(n, '(not of Python)'):24}{percent:5.1f} %")
    print(told)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=int, default=300)
    main(asked.parse_args().seconds)
