"""The report in a real browser: figures are drawn, and the console stays silent."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from voicelab.measure.run import Run
from voicelab.plots.report import write_report

from .test_report import Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    # The page's clock runs this far before the page is looked at.
    "--virtual-time-budget=10000",
    "--window-size=1280,720",
)


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed here")
    return found


def looked_at(browser: str, path: Path) -> tuple[str, str]:
    """Open a page; return it as the browser left it, and what the browser wrote."""
    command = [browser, *_QUIET, f"--user-data-dir={path.parent / 'profile'}", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout, done.stderr[-2000:]
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def drawn(browser: str, run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return looked_at(browser, write_report([run], tmp_path_factory.mktemp("browser") / "report.html"))


def test_every_figure_is_drawn(drawn: tuple[str, str]) -> None:
    """The script ran to its end, and four plots hold an SVG with traces in it."""
    dom, _ = drawn
    page = Page(dom)
    assert "drawn" in (page.all("html")[0].get("class") or "").split()
    assert len([a for a in page.all("div") if "js-plotly-plot" in (a.get("class") or "")]) == 4
    assert len(re.findall(r'<g class="trace (?:bars|scatter)', dom)) > 20


def test_the_cursor_waits_in_every_view_with_a_clock(drawn: tuple[str, str]) -> None:
    """Waveform and timeline share it."""
    assert drawn[0].count('class="cursor"') == 2


def test_the_console_is_silent(drawn: tuple[str, str]) -> None:
    """No error, no warning, nothing refused by the page's own policy."""
    assert [line for line in drawn[1].splitlines() if "CONSOLE" in line] == []


_CLICK = """<script>
const waiting = setInterval(() => {
  if (!document.documentElement.classList.contains("drawn")) return;
  clearInterval(waiting);
  const ground = document.querySelector(".nsewdrag");
  const box = ground.getBoundingClientRect();
  // Above the first pause, where no trace is: any place of the figure is a place in time.
  const where = { bubbles: true, clientX: box.left + box.width * 0.36, clientY: box.top + 10, buttons: 1 };
  for (const kind of ["mousemove", "mousedown", "mouseup"]) ground.dispatchEvent(new MouseEvent(kind, where));
}, 50);
</script></body>"""


def test_a_click_anywhere_in_the_waveform_plays_from_there(browser: str, run: Run, tmp_path: Path) -> None:
    """The run's sound starts, and the cursor stands in both views."""
    path = write_report([run], tmp_path / "report.html")
    path.write_text(path.read_text("utf-8").replace("</body>", _CLICK), encoding="utf-8")
    dom, _ = looked_at(browser, path)
    assert len(re.findall(r'class="cursor" style="display: block', dom)) == 2
