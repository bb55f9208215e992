"""The table below a figure on a page, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.widgets.browser import axe
from tests.widgets.plain_page import PlainPages
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
