"""How the scope looks where it is shown: put on the page late, in another theme, in little room, with a cursor."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.widgets.plain_page import PlainPage, PlainPages
from tests.widgets.scope_room import CSS, THRESHOLD, answer_what_if, asked, conversation, drawn, n_pixels, shown
from voicelab.measure.run import Run

USER, AGENT = "#0072b2", "#d55e00"
#: The Lab's middle column in a window of 1280 x 720, and the height that the Lab gives the picture there.
LAB_WIDTH_PX, LAB_PICTURE_PX, LAB_SCOPE_PX = 525, 170, 240


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return conversation(tmp_path / "story")


def css_with(folder: Path, more: str) -> Path:
    """Return the scope's style sheet with something after it."""
    path = folder / "more.css"
    path.write_text(f"{CSS.read_text(encoding='utf-8')}\n{more}", encoding="utf-8")
    return path


def test_a_view_that_comes_late_onto_the_page_has_its_colours(plain_page: PlainPages, run: Run) -> None:
    """Jupyter renders a widget inside a box before the box is in the document, where no style sheet is read."""
    plain = shown(plain_page, run, later=True)
    plain.page.wait_for_function("() => document.querySelector('canvas').width > 500")
    assert n_pixels(plain, USER)[0] > 1000
    assert n_pixels(plain, AGENT)[1] > 1000


def test_a_theme_that_changes_changes_the_picture(plain_page: PlainPages, run: Run) -> None:
    """JupyterLab says so on the body; nothing else happens then that would repaint."""
    plain = shown(plain_page, run)
    drawn(plain)
    plain.page.add_style_tag(content="body[data-jp-theme-light='false'] .voicelab-scope { --voicelab-user: #00ff00 }")
    drawn(plain)
    assert n_pixels(plain, "#00ff00") == (0, 0)
    plain.page.evaluate("() => { document.body.dataset.jpThemeLight = 'false'; }")
    assert n_pixels(plain, "#00ff00")[0] > 1000
    assert n_pixels(plain, USER) == (0, 0)


def test_what_the_computer_prefers_changes_the_picture(plain_page: PlainPages, run: Run, tmp_path: Path) -> None:
    """Where a style sheet follows the computer's own light and dark."""
    rule = "@media (prefers-color-scheme: dark) { .voicelab-scope { --voicelab-user: #00ff00 } }"
    plain = shown(plain_page, run, css=css_with(tmp_path, rule))
    drawn(plain)
    plain.page.emulate_media(color_scheme="dark")
    assert n_pixels(plain, "#00ff00")[0] > 1000


def height(plain: PlainPage) -> float:
    box = plain.page.locator(".voicelab-scope").bounding_box()
    assert box is not None
    return box["height"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_into_the_lab(
    plain_page: PlainPages, run: Run, tmp_path: Path, theme: Literal["light", "dark"]
) -> None:
    """Empty, live and paused with a threshold that is tried, it is no higher than 240 px in the Lab's middle column."""
    rule = f"#widget {{ width: {LAB_WIDTH_PX}px; --voicelab-scope-height: {LAB_PICTURE_PX}px }}"
    css = css_with(tmp_path, rule)
    assert height(shown(plain_page, None, theme=theme, css=css)) <= LAB_SCOPE_PX
    plain = shown(plain_page, run, live=True, theme=theme, css=css)
    assert height(plain) <= LAB_SCOPE_PX
    plain.page.get_by_role("button", name="Pause").click()
    plain.page.locator(THRESHOLD).press("PageUp")
    answer_what_if(plain, run)
    assert plain.page.get_by_role("button", name="Use 0.60 from now on").is_visible()
    assert height(plain) <= LAB_SCOPE_PX


def test_alone_it_has_room(plain_page: PlainPages, run: Run) -> None:
    """Without the variable the picture is as high as it is good to read."""
    plain = shown(plain_page, run)
    box = plain.page.locator("canvas").bounding_box()
    assert box is not None
    assert box["height"] == 290


def test_enlarged_twice_nothing_is_cut_off(plain_page: PlainPages, run: Run) -> None:
    """A window of 640 x 360, as 200 % zoom makes of 1280 x 720: no sideways scrolling, everything to be reached."""
    plain = shown(plain_page, run, live=True, viewport=(640, 360))
    plain.page.get_by_role("button", name="Pause").click()
    plain.page.locator(THRESHOLD).press("PageUp")
    for summary in plain.page.locator("summary").all():
        summary.click()
    assert plain.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def n_cursor_pixels(plain: PlainPage) -> int:
    """Return how much is drawn in the picture's topmost rows, where only cursors come."""
    drawn(plain)
    found: int = plain.page.evaluate(
        """() => {
          const canvas = document.querySelector('canvas');
          const { data } = canvas.getContext('2d').getImageData(52, 0, canvas.width - 108, 3);
          return data.filter((one, k) => k % 4 === 3 && one > 100).length;
        }"""
    )
    return found


def test_a_cursor_from_elsewhere_is_drawn_and_does_not_pause(plain_page: PlainPages, run: Run) -> None:
    """While live the picture goes on; the page answers nothing, so that linked views do not chase one another."""
    plain = shown(plain_page, run, live=True)
    assert n_cursor_pixels(plain) == 0
    plain.set(cursor_ms=3000.0)
    assert n_cursor_pixels(plain) > 0
    assert plain.page.locator(".voicelab-scope-badge").inner_text() == "LIVE"
    time = plain.page.get_by_role("slider", name="Time cursor")
    assert time.get_attribute("aria-valuetext") == "3.0 s. Agent speaks."
    assert (plain.saved, asked(plain, "listen")) == ([], [])
    plain.set(cursor_ms=None)
    assert n_cursor_pixels(plain) == 0


def test_a_cursor_from_elsewhere_is_gone_to_when_paused(plain_page: PlainPages, run: Run) -> None:
    """A page that looks back shows the place."""
    plain = shown(plain_page, run)
    plain.page.get_by_label("Seconds shown").select_option("5000")
    assert n_cursor_pixels(plain) == 0
    plain.set(cursor_ms=6500.0)
    assert n_cursor_pixels(plain) > 0
    plain.set(cursor_ms=1000.0)
    assert n_cursor_pixels(plain) > 0
