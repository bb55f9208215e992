"""The server's memory on a page, in a real browser."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from tests.widgets.browser import axe
from tests.widgets.plain_page import PlainPages
from voicelab.widgets.reading.memory import Memory
from voicelab.widgets.words import words


def item(item_id: str, **changes: Any) -> dict[str, Any]:
    made = {"item_id": item_id, "kind": "message", "role": "user", "text": item_id, "status": "completed"}
    return {**made, "audio_ms": 1000.0, "heard_ms": None, "kept_ms": 1000.0, "tokens": 10, **changes}


def model(*items: dict[str, Any], epoch: int = 0) -> dict[str, Any]:
    about = {"n": len(items), "tokens": 10 * len(items), "n_earlier": 0, "epoch": epoch, "n_unreadable": 0}
    return {"words": dict(words("memory")), "items": list(items), "about": about}


def change(*items: dict[str, Any], epoch: int = 0) -> dict[str, Any]:
    state = model(*items, epoch=epoch)
    return {"about": state["about"], "items": state["items"]}


def test_a_deleted_item_is_seen_to_go(plain_page: PlainPages) -> None:
    """It is marked for a moment, in its place, then it is off the list."""
    view = plain_page(Memory, model(item("one"), item("two")))
    view.set(**change(item("two")))
    gone = view.page.locator("tr[data-gone]")
    assert "deleted" in gone.inner_text()
    assert view.page.locator("tbody tr").count() == 2
    gone.wait_for(state="detached")
    assert view.page.locator("tbody tr").count() == 1


def test_a_truncated_item_says_what_is_left_of_it(plain_page: PlainPages) -> None:
    """How much of its sound, and none of its words."""
    view = plain_page(Memory, model(item("one")))
    view.set(**change(item("one", text=None, heard_ms=400, kept_ms=400.0)))
    row = view.page.locator("tbody tr")
    assert "only the first 0.4 s" in row.inner_text()
    assert "0.4 s of 1.0 s" in row.inner_text()
    assert row.get_attribute("data-cut") is not None


def test_a_new_connection_empties_the_list_at_once(plain_page: PlainPages) -> None:
    """Nothing was deleted: it is another memory."""
    view = plain_page(Memory, model(item("one")))
    view.set(**change(epoch=1))
    assert view.page.locator("tbody tr").count() == 0
    assert view.page.get_by_text("remembers nothing yet").is_visible()


def test_new_items_stand_in_the_order_of_the_conversation(plain_page: PlainPages) -> None:
    """Also when one enters in the middle."""
    view = plain_page(Memory, model(item("one"), item("three")))
    view.set(**change(item("one"), item("two"), item("three"), item("four")))
    assert view.page.locator(".voicelab-memory-text").all_inner_texts() == ["one", "two", "three", "four"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(plain_page: PlainPages, theme: Literal["light", "dark"]) -> None:
    """In a narrow view, light and dark; cleaning up leaves nothing."""
    call = item("f", kind="function_call", role=None, text="set_timer({})", kept_ms=None, audio_ms=None)
    view = plain_page(Memory, model(item("one"), call), theme=theme, viewport=(300, 500))
    assert axe(view.page) == []
    assert view.page.evaluate("() => document.documentElement.scrollWidth") <= 300
    assert view.clean_up() == []
    assert view.errors == []
