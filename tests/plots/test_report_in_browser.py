"""The report in a real browser: figures are drawn, and the console stays silent."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.widgets.browser import Browsers, axe
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


def looked_at(browser: str, path: Path, *options: str) -> tuple[str, str]:
    """Open a page; return it as the browser left it, and what the browser wrote."""
    command = [browser, *_QUIET, *options, f"--user-data-dir={path.parent / 'profile'}", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout, done.stderr[-2000:]
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def drawn(browser: str, run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return looked_at(browser, write_report([run], tmp_path_factory.mktemp("browser") / "report.html"))


def test_every_figure_is_drawn(drawn: tuple[str, str]) -> None:
    """The script ran to its end, and eight plots hold an SVG with traces in it."""
    dom, _ = drawn
    page = Page(dom)
    assert "drawn" in (page.all("html")[0].get("class") or "").split()
    assert len([a for a in page.all("div") if "js-plotly-plot" in (a.get("class") or "")]) == 8
    assert len(re.findall(r'<g class="trace (?:bars|scatter)', dom)) > 20


def test_the_cursor_waits_in_every_view_with_a_clock(drawn: tuple[str, str]) -> None:
    """Waveform and timeline share it."""
    assert drawn[0].count('class="cursor"') == 2


def test_the_console_is_silent(drawn: tuple[str, str]) -> None:
    """No error, no warning, nothing refused by the page's own policy."""
    assert [line for line in drawn[1].splitlines() if "CONSOLE" in line] == []


@pytest.fixture(scope="module")
def browsers() -> Iterator[Browsers]:
    started = Browsers()
    try:
        yield started
    finally:
        started.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_serious_is_found_by_axe(
    browsers: Browsers, run: Run, tmp_path: Path, width: int, theme: Literal["light", "dark"]
) -> None:
    """An index and runs in full, wide and narrow, light and dark; and the page is never wider than the window."""
    path = write_report([run, run], tmp_path / "report.html")
    with browsers.awake():
        context = browsers.context(None, (width, 900))
        page = context.new_page()
        page.emulate_media(color_scheme=theme)
        page.goto(path.as_uri())
        page.wait_for_selector("html.drawn")
        found, across = axe(page), page.evaluate("document.documentElement.scrollWidth")
        context.close()
    assert found == []
    assert across <= width


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


_JUMP = """<script>
const waiting = setInterval(() => {
  if (!document.documentElement.classList.contains("drawn")) return;
  clearInterval(waiting);
  HTMLMediaElement.prototype.play = function () { this.dataset.played = "yes"; return Promise.resolve(); };
  document.querySelector('.jump[href="#run-1-turn-2"]').click();
}, 50);
</script></body>"""


@pytest.fixture(scope="module")
def jumped(browser: str, run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    path = write_report([run, run], tmp_path_factory.mktemp("several") / "report.html")
    path.write_text(path.read_text("utf-8").replace("</body>", _JUMP), encoding="utf-8")
    return looked_at(browser, path)


def test_a_click_on_an_outlier_plays_that_turn_and_goes_to_it(jumped: tuple[str, str]) -> None:
    """Its row is marked, its sound plays, and no other does."""
    page = Page(jumped[0])
    assert [a["id"] for a in page.all("tr") if a.get("class") == "chosen"] == ["run-1-turn-2"]
    assert [a["aria-label"] for a in page.all("audio") if "data-played" in a] == ["Sound of turn 2"]


def test_the_console_is_silent_over_several_runs(jumped: tuple[str, str]) -> None:
    """The index draws its figures without a complaint."""
    assert [line for line in jumped[1].splitlines() if "CONSOLE" in line] == []
    assert len([a for a in Page(jumped[0]).all("div") if "js-plotly-plot" in (a.get("class") or "")]) == 18


def test_a_narrow_page_keeps_a_figures_words_in_sight(browser: str, run: Run, tmp_path: Path) -> None:
    """On a phone the source wraps, and the room for it grows; no text of a foot is wider than its figure."""
    path = write_report([run], tmp_path / "report.html")
    dom, _ = looked_at(browser, path, "--window-size=500,900")
    feet = re.findall(r'<text class="gtitle".*?</text>', dom)
    assert len(feet) == 8
    assert all(foot.count("<tspan") >= 2 for foot in feet)


def test_a_click_anywhere_in_the_waveform_plays_from_there(browser: str, run: Run, tmp_path: Path) -> None:
    """The run's sound starts, and the cursor stands in both views."""
    path = write_report([run], tmp_path / "report.html")
    path.write_text(path.read_text("utf-8").replace("</body>", _CLICK), encoding="utf-8")
    dom, _ = looked_at(browser, path)
    assert len(re.findall(r'class="cursor" style="display: block', dom)) == 2
