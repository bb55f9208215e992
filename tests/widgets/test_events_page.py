"""The event inspector on a page, in a real browser."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from tests.widgets.browser import axe
from tests.widgets.plain_page import PlainPage, PlainPages
from voicelab.widgets.reading.events import Events
from voicelab.widgets.words import words

MODEL: dict[str, Any] = {"words": dict(words("events")), "most_kept": 2000, "folded": True, "search": ""}
ROWS: list[list[Any]] = [
    [0, 0.0, "recv", "session.created", 1, "", 0.0],
    [1, 20.0, "send", "input_audio_buffer.append", 120, "", 2400.0],
    [121, 2500.0, "local", "voicelab.mark", 1, "confused", 2500.0],
    [122, 2600.0, "recv", "error", 1, "no such voice", 2600.0],
]


def opened(plain_page: PlainPages, rows: list[list[Any]] = ROWS, **how: Any) -> PlainPage:
    view = plain_page(Events, MODEL, **how)
    view.receive({"type": "all", "rows": rows, "n_records": 123, "found": None})
    return view


def types(view: PlainPage) -> list[str]:
    return view.page.locator(".voicelab-event-type").all_text_contents()


def test_a_folded_row_says_how_many_events_it_stands_for(plain_page: PlainPages) -> None:
    """And the count says how many there are in all."""
    view = opened(plain_page)
    assert types(view)[1] == "120 input_audio_buffer.append"
    assert view.page.get_by_text("4 of 4 rows; the run has 123 events").is_visible()


def test_a_row_that_grew_stays_in_its_place(plain_page: PlainPages) -> None:
    """The same row, with a new count."""
    view = opened(plain_page)
    row = [1, 20.0, "send", "input_audio_buffer.append", 121, "", 2420.0]
    view.receive({"type": "more", "rows": [row], "n_records": 124, "found": None})
    assert types(view)[1] == "121 input_audio_buffer.append"
    assert len(types(view)) == 4


def test_direction_and_type_can_be_filtered(plain_page: PlainPages) -> None:
    """What is hidden is not gone."""
    view = opened(plain_page)
    view.page.get_by_role("checkbox", name="sent").uncheck()
    assert types(view) == ["session.created", "voicelab.mark", "error"]
    view.page.get_by_text("Types", exact=True).click()
    view.page.get_by_label("voicelab.mark").uncheck()
    assert types(view) == ["session.created", "error"]
    view.page.get_by_role("button", name="None").click()
    assert view.page.get_by_text("No row matches").is_visible()
    view.page.get_by_role("button", name="All").click()
    view.page.get_by_role("checkbox", name="sent").check()
    assert len(types(view)) == 4


def test_a_search_is_asked_of_the_kernel_and_says_what_is_searched(plain_page: PlainPages) -> None:
    """New rows that match join it."""
    view = opened(plain_page)
    view.page.get_by_label("Search").fill("voice")
    view.page.wait_for_function("() => model.saved.length > 0")
    assert view.saved == [{"search": "voice"}]
    view.receive({"type": "all", "rows": ROWS, "n_records": 123, "found": [122]})
    assert types(view) == ["error"]
    assert view.page.get_by_text("searched: type and JSON of these 4 rows").is_visible()
    more = [130, 3000.0, "recv", "error", 1, "another voice", 3000.0]
    view.receive({"type": "more", "rows": [more], "n_records": 131, "found": [130]})
    assert types(view) == ["error", "error"]


def test_the_arrow_keys_choose_an_event_and_its_json_is_shown(plain_page: PlainPages) -> None:
    """Fetched when it is chosen; JupyterLab does not see the keys."""
    view = opened(plain_page)
    view.page.evaluate("() => { window.leaked = 0; document.body.addEventListener('keydown', () => window.leaked++); }")
    view.page.get_by_role("listbox").focus()
    for key in ("End", "ArrowUp", "Home", "ArrowDown", "End"):
        view.page.keyboard.press(key)
    assert [one.content.get("seq") for one in view.sent[1:]] == [122, 121, 0, 1, 122]
    view.receive({"type": "event", "seq": 0, "json": "{too late}"})
    view.receive({"type": "event", "seq": 122, "json": '{\n  "message": "no such voice"\n}'})
    assert view.page.locator("pre").inner_text() == '{\n  "message": "no such voice"\n}'
    assert view.page.get_by_text("error, received at 0:02.600, event 122").is_visible()
    assert view.page.get_by_role("option", selected=True).count() == 1
    assert view.page.evaluate("() => window.leaked") == 0


def test_an_event_that_is_kept_no_more_says_where_it_is(plain_page: PlainPages) -> None:
    """The run has it."""
    view = opened(plain_page)
    view.page.get_by_role("listbox").focus()
    view.page.keyboard.press("Home")
    view.receive({"type": "event", "seq": 0, "json": None})
    assert view.page.get_by_text("run.events()").is_visible()


def test_of_thousands_of_rows_only_those_in_sight_are_drawn_and_only_the_newest_kept(plain_page: PlainPages) -> None:
    """The list has its full length all the same."""
    rows = [[k, k * 10.0, "recv", "rate_limits.updated", 1, "", k * 10.0] for k in range(2000)]
    view = opened(plain_page, rows)
    assert view.page.locator(".voicelab-event").count() < 60
    view.receive(
        {"type": "more", "rows": [[2000, 20_000.0, "recv", "error", 1, "", 0.0]], "n_records": 2001, "found": None}
    )
    assert types(view)[-1] == "error"
    last = view.page.locator(".voicelab-event").last
    assert (last.get_attribute("aria-setsize"), last.get_attribute("aria-posinset")) == ("2000", "2000")
    assert view.page.get_by_text("2,000 of the newest 2,000 rows; the run has 2,001 events").is_visible()


def test_it_follows_the_newest_event_unless_the_reader_has_scrolled_up(plain_page: PlainPages) -> None:
    """And a button leads back."""
    rows = [[k, k * 10.0, "recv", "rate_limits.updated", 1, "", k * 10.0] for k in range(200)]
    view = opened(plain_page, rows)
    box = view.page.get_by_role("listbox")
    at_end = "(box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2"
    assert box.evaluate(at_end)
    box.evaluate("(box) => { box.scrollTop = 0; }")
    newest = view.page.get_by_role("button", name="Show the newest event")
    newest.wait_for()
    view.receive({"type": "more", "rows": [[300, 9e4, "recv", "error", 1, "", 9e4]], "n_records": 301, "found": None})
    assert box.evaluate("(box) => box.scrollTop") == 0
    newest.click()
    assert box.evaluate(at_end)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(plain_page: PlainPages, theme: Literal["light", "dark"]) -> None:
    """In a narrow view with an event open, light and dark; cleaning up leaves nothing."""
    view = opened(plain_page, theme=theme, viewport=(300, 700))
    view.page.get_by_role("listbox").focus()
    view.page.keyboard.press("End")
    view.receive({"type": "event", "seq": 122, "json": "{}"})
    assert axe(view.page) == []
    assert view.page.evaluate("() => document.documentElement.scrollWidth") <= 300
    assert view.clean_up() == []
    assert view.errors == []
