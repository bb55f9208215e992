"""What stands below a figure on a page, in a real browser: its table, and the time cursor over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from tests.plots.conftest import run as run
from tests.widgets.browser import axe
from tests.widgets.jupyterlab import JupyterLab
from tests.widgets.plain_page import PlainPage, PlainPages
from voicelab.measure.run import Run
from voicelab.widgets import reading
from voicelab.widgets.words import words

JS = Path(reading.__file__).with_name("figure_text.js")
TABLE = {"caption": "Latency", "heads": ["turn", "endpoint"], "rows": [["1", "<b>500</b>"], ["2", "510"]]}


def model(table: dict[str, Any] | None) -> dict[str, Any]:
    return {"words": dict(words("figures")), "table": table, "dark": False}


def test_the_numbers_are_a_table_that_the_keyboard_opens(plain_page: PlainPages) -> None:
    """With its heads and caption, and texts taken as texts."""
    view = plain_page(JS, model(TABLE))
    view.page.keyboard.press("Tab")
    view.page.keyboard.press("Enter")
    assert view.page.get_by_role("rowheader", name="2").is_visible()
    assert view.page.get_by_role("cell", name="<b>500</b>").is_visible()
    assert axe(view.page) == []
    assert view.clean_up() == []


def test_without_numbers_there_is_nothing_to_open(plain_page: PlainPages) -> None:
    """And with the first ones there is."""
    view = plain_page(JS, model(None))
    assert not view.page.get_by_text("as a table").is_visible()
    view.set(table=TABLE)
    assert view.page.get_by_text("as a table").is_visible()


def test_the_page_says_whether_it_is_dark_also_when_that_changes(plain_page: PlainPages) -> None:
    """Plotly's letters follow the theme."""
    view = plain_page(JS, model(None), theme="dark")
    assert view.get("dark") is True
    view.page.evaluate("() => { document.body.dataset.jpThemeLight = 'true'; }")
    view.page.wait_for_function("() => model.get('dark') === false")
    assert view.saved == [{"dark": True}, {"dark": False}]


# --- the time cursor -----------------------------------------------------------------------------------------------

CURSOR_JS = JS.with_name("time_cursor.js")
#: What the cursor needs of a plotly figure: lanes from 100 to 500 pixels that show the seconds 20 to 40.
FIGURE = """() => {
  const figure = document.createElement("div");
  figure.className = "js-plotly-plot";
  Object.assign(figure.style, { width: "600px", height: "200px" });
  const p2d = (x) => figure.begin + x / 20;
  const d2p = (at) => (at - figure.begin) * 20;
  const xaxis = { _offset: 100, _length: 400, p2d, d2p, get range() { return [figure.begin, figure.begin + 20]; } };
  Object.assign(figure, {
    begin: 20, data: [{}], heard: {},
    on(name, call) { this.heard[name] = call; },
    removeListener(name) { delete this.heard[name]; },
    _fullLayout: { xaxis, yaxis: { _offset: 30, _length: 150 } },
  });
  const main = document.querySelector("main");
  main.className = "voicelab-figure";
  main.prepend(figure);
}"""


def with_cursor(plain_page: PlainPages, theme: Literal["light", "dark"] = "light") -> PlainPage:
    view = plain_page(CURSOR_JS, {"words": dict(words("figures")), "cursor_ms": None}, theme=theme)
    view.page.evaluate(FIGURE)
    view.page.wait_for_function("() => document.querySelector('.js-plotly-plot').heard.plotly_afterplot")
    return view


def line_at(view: PlainPage) -> float | None:
    """Return how many pixels from the figure's left edge the cursor's line is drawn; None: it is not."""
    return view.page.evaluate(
        """() => {
          const line = document.querySelector(".voicelab-cursor-line");
          if (!line) return null;
          const middle = line.getBoundingClientRect().left + line.getBoundingClientRect().width / 2;
          return middle - document.querySelector(".js-plotly-plot").getBoundingClientRect().left;
        }"""
    )


def test_a_click_in_the_lanes_sets_the_cursor_and_asks_for_the_sound(plain_page: PlainPages) -> None:
    """In milliseconds on the run's time line; beside the lanes, and where somebody drags to zoom, nothing happens."""
    view = with_cursor(plain_page)
    figure = view.page.locator(".js-plotly-plot")
    figure.click(position={"x": 50, "y": 100})
    figure.click(position={"x": 300, "y": 195})
    figure.hover(position={"x": 200, "y": 100})
    view.page.mouse.down()
    view.page.mouse.move(400, 100)
    view.page.mouse.up()
    assert (view.get("cursor_ms"), view.sent) == (None, [])
    figure.click(position={"x": 300, "y": 100})
    assert view.get("cursor_ms") == pytest.approx(30_000)
    assert [one.content for one in view.sent] == [{"do": "listen", "at": pytest.approx(30_000)}]
    assert line_at(view) == pytest.approx(300)


def test_the_line_follows_the_figure_and_goes_when_its_time_is_not_shown(plain_page: PlainPages) -> None:
    """Plotly scrolls and zooms; another view may move the cursor, or take it away."""
    view = with_cursor(plain_page)
    view.set(cursor_ms=25_000.0)
    assert line_at(view) == pytest.approx(200)
    move = "(begin) => { const one = document.querySelector('.js-plotly-plot'); one.begin = begin; %s }"
    view.page.evaluate(move % "one.heard.plotly_afterplot();", 15)
    assert line_at(view) == pytest.approx(300)
    view.page.evaluate(move % "one.heard.plotly_relayouting();", 26)
    assert line_at(view) is None
    view.page.evaluate(move % "one.heard.plotly_afterplot();", 20)
    view.set(cursor_ms=None)
    assert line_at(view) is None


def test_the_keyboard_moves_the_cursor_and_plays(plain_page: PlainPages) -> None:
    """As a slider does; what it says is what a screen reader says."""
    view = with_cursor(plain_page)
    slider = view.page.get_by_role("slider", name="Time cursor")
    slider.press("Home")
    slider.press("ArrowRight")
    slider.press("PageUp")
    assert view.get("cursor_ms") == pytest.approx(20_000 + 400 + 4_000)
    assert slider.get_attribute("aria-valuenow") == "24.40"
    assert "24.40 s" in slider.inner_text()
    slider.press("ArrowLeft")
    slider.press("Enter")
    assert [one.content["at"] for one in view.sent] == [pytest.approx(24_000)]
    slider.press("End")
    assert view.get("cursor_ms") == pytest.approx(40_000)


def test_the_sound_is_played_and_nothing_stays_when_the_widget_goes(plain_page: PlainPages) -> None:
    """The line, the slider, the listeners on the figure and the model."""
    view = with_cursor(plain_page)
    view.page.evaluate(
        "() => { window.Audio = class extends Audio { play() { window.played = this.src; return super.play(); } }; }"
    )
    view.set(cursor_ms=25_000.0)
    view.receive({"kind": "sound"}, [b"RIFF"])
    assert view.page.evaluate("() => window.played").startswith("blob:")
    assert view.clean_up() == []
    assert view.page.evaluate("() => Object.keys(document.querySelector('.js-plotly-plot').heard)") == []
    assert line_at(view) is None
    assert view.page.get_by_role("slider").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_below_a_figure(plain_page: PlainPages, theme: Literal["light", "dark"]) -> None:
    """The table and the cursor, opened, in both themes."""
    table = plain_page(JS, model(TABLE), theme=theme)
    table.page.get_by_text("as a table").click()
    assert axe(table.page) == []
    cursor = with_cursor(plain_page, theme)
    cursor.set(cursor_ms=25_000.0)
    assert axe(cursor.page) == []


# --- in the real JupyterLab ------------------------------------------------------------------------------------------


def test_a_figure_fills_its_box_and_a_click_in_it_is_heard(lab: JupyterLab, run: Run) -> None:
    """Plotly's own figure: as wide as the cell, without the words of the empty one, with a cursor that is clicked."""
    show = f"import voicelab as vl\nview = vl.widgets.Timeline()\nview.watch({str(run.folder)!r})\nview"
    notebook = lab.open([show])
    notebook.run_all()
    page = notebook.page
    plot = page.locator(".voicelab-figure .js-plotly-plot")
    page.wait_for_function(
        """() => {
          const plot = document.querySelector(".voicelab-figure .js-plotly-plot");
          const width = plot?.querySelector(".main-svg")?.getBoundingClientRect().width;
          return width && Math.abs(width - plot.parentElement.getBoundingClientRect().width) < 2;
        }"""
    )
    assert page.get_by_text(words("figures")["timeline_empty"]).count() == 0
    page.get_by_role("slider", name="Time cursor").wait_for()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".voicelab-cursor-line").wait_for()
    cursor_ms = float(notebook.kernel("print(view.cursor_ms)"))
    assert 0 < cursor_ms < run.duration_ms
    assert notebook.errors == []
    assert axe(page, ".voicelab-figure") == []
