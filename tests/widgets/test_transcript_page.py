"""The transcript on a page, in a real browser."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Literal

import pytest

from tests.widgets.browser import axe
from tests.widgets.plain_page import PlainPage, PlainPages
from voicelab.widgets.reading.line import Line
from voicelab.widgets.reading.transcript import Transcript, as_json
from voicelab.widgets.words import words

HELLO = Line(key="u1", who="user", at_ms=500.0, text="hello", state="final")
CUT = Line(
    key="a1", who="agent", at_ms=1500.0, text="one two ", unheard="three four", state="final",
    cut=True, estimated=True, heard_ms=500.0, received_ms=1000.0,
)  # fmt: skip
CARDS = {"cards": ["Tell me a joke"], "mirror": True, "as_text": True}


def model(*lines: Line, **changes: Any) -> dict[str, Any]:
    nothing = {"cards": [], "mirror": False, "as_text": False}
    state = {"words": dict(words("transcript")), "lines": as_json(lines), "offer": nothing}
    return {**state, "n_earlier": 0, "growing": False, "cursor_ms": None, **changes}


def texts(page: PlainPage) -> list[str]:
    return page.page.locator(".voicelab-line-text").all_inner_texts()


def test_what_was_not_heard_is_struck_through_and_says_so_in_words(plain_page: PlainPages) -> None:
    """For eyes, for ears, and that the boundary is an estimate."""
    page = plain_page(Transcript, model(HELLO, CUT)).page
    struck = page.locator("del")
    assert "not heard:" in (struck.text_content() or "")
    assert "three four" in (struck.text_content() or "")
    assert "estimated" in (struck.get_attribute("title") or "")
    assert page.get_by_text("cut off after 0.5 s of 1.0 s").is_visible()
    assert page.locator(".voicelab-transcript-footnote").is_visible()


def test_only_the_line_that_changed_is_drawn_again(plain_page: PlainPages) -> None:
    """The other one is the same element as before."""
    view = plain_page(Transcript, model(HELLO, replace(CUT, state="speaking")))
    view.page.evaluate("() => { window.first = document.querySelector('.voicelab-line'); }")
    view.receive({"type": "lines", "lines": as_json([CUT, Line(key="u2", who="user", at_ms=2000.0, text="stop")])})
    assert view.page.evaluate("() => window.first === document.querySelector('.voicelab-line')")
    assert texts(view) == ["hello", "one two ", "stop"]


def test_a_line_that_began_earlier_goes_before_one_that_began_later(plain_page: PlainPages) -> None:
    """In the order of time, not of arrival."""
    view = plain_page(Transcript, model(CUT))
    view.receive({"type": "lines", "lines": as_json([HELLO])})
    assert texts(view) == ["hello", "one two "]


def test_a_finished_turn_is_read_out_once_and_what_was_there_is_not(plain_page: PlainPages) -> None:
    """A screen reader hears each turn when it is over."""
    view = plain_page(Transcript, model(HELLO))
    spoken = view.page.locator("[aria-live=polite]").last
    assert spoken.text_content() == ""
    line = Line(key="u2", who="user", at_ms=2000.0, text="what time")
    view.receive({"type": "lines", "lines": as_json([line])})
    assert spoken.text_content() == ""
    view.receive({"type": "lines", "lines": as_json([replace(line, text="what time is it", state="final")])})
    assert spoken.text_content() == "Youwhat time is it"
    view.receive({"type": "lines", "lines": as_json([HELLO])})
    assert spoken.text_content() == "Youwhat time is it"


def test_a_click_on_a_line_moves_the_cursor_there_and_the_keyboard_can(plain_page: PlainPages) -> None:
    """Each line's time is a button."""
    view = plain_page(Transcript, model(HELLO, CUT))
    view.page.get_by_text("hello").click()
    view.page.get_by_role("button", name="Go to 0:01.5").focus()
    view.page.keyboard.press("Enter")
    assert view.saved == [{"cursor_ms": 500}, {"cursor_ms": 1500}]
    assert view.page.locator("[aria-current]").count() == 1


def test_it_follows_the_newest_line_unless_the_reader_has_scrolled_up(plain_page: PlainPages) -> None:
    """And a button leads back."""
    many = [replace(HELLO, key=f"u{k}", at_ms=k * 1000.0) for k in range(60)]
    view = plain_page(Transcript, model(*many))
    box = view.page.locator(".voicelab-transcript-scroll")
    at_end = "(box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2"
    assert box.evaluate(at_end)
    box.evaluate("(box) => { box.scrollTop = 0; }")
    newest = view.page.get_by_role("button", name="Show the newest line")
    newest.wait_for()
    view.receive({"type": "lines", "lines": as_json([replace(HELLO, key="late", at_ms=99_000.0)])})
    assert box.evaluate("(box) => box.scrollTop") == 0
    newest.click()
    assert box.evaluate(at_end)


def test_speech_that_was_thrown_away_is_taken_off(plain_page: PlainPages) -> None:
    """Then the empty view says again what to do."""
    view = plain_page(Transcript, model(HELLO))
    view.receive({"type": "lines", "lines": [asdict(replace(HELLO, how="gone"))]})
    assert texts(view) == []
    assert view.page.get_by_text("Press Talk").is_visible()


def test_a_card_can_be_chosen_and_sent_as_text(plain_page: PlainPages) -> None:
    """While the mirror answers the view says what that is."""
    view = plain_page(Transcript, model(offer=CARDS))
    assert view.page.get_by_text("The mirror answers").is_visible()
    view.page.get_by_role("button", name="Tell me a joke", exact=True).click()
    view.set(offer={**CARDS, "mirror": False})
    view.page.get_by_role("button", name="as text").click()
    asked = [one.content for one in view.sent]
    assert asked == [{"type": "card", "text": "Tell me a joke"}, {"type": "say", "text": "Tell me a joke"}]
    assert not view.page.get_by_text("The mirror answers").is_visible()


def test_with_a_microphone_a_card_says_the_words_to_speak(plain_page: PlainPages) -> None:
    """And sends nothing by itself."""
    view = plain_page(Transcript, model(offer={**CARDS, "as_text": False}))
    view.page.get_by_role("button", name="Tell me a joke").click()
    assert view.page.get_by_text("Say now: “Tell me a joke”").is_visible()
    assert [one.content["type"] for one in view.sent] == ["card"]


def test_a_view_of_a_growing_run_asks_for_everything(plain_page: PlainPages) -> None:
    """Lines may have come before it opened."""
    assert [one.content for one in plain_page(Transcript, model(growing=True)).sent] == [{"type": "all"}]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(plain_page: PlainPages, theme: Literal["light", "dark"]) -> None:
    """In a narrow view, light and dark; the page complains of nothing, and cleaning up leaves nothing."""
    view = plain_page(Transcript, model(HELLO, CUT, cursor_ms=500.0, offer=CARDS), theme=theme, viewport=(300, 700))
    assert axe(view.page) == []
    assert view.page.evaluate("() => document.documentElement.scrollWidth") <= 300
    assert view.clean_up() == []
    assert view.errors == []
