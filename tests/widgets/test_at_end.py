"""A view that shows its newest line goes on showing it, until the reader scrolls up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.widgets import test_events_page, test_memory_page, test_transcript_page
from tests.widgets.plain_page import PlainPage, PlainPages
from voicelab.widgets.reading.memory import Memory
from voicelab.widgets.reading.transcript import Transcript

LONG = "one two three " * 9
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
AT_END = "(box) => box.clientHeight > 0 && box.scrollHeight - box.scrollTop - box.clientHeight < 2"
#: Another tab, and back; a narrow column, and back; a low box, and back.
CHANGES = ("display: none", "", "width: 240px", "", "zoom: 1.5", "")
BOXES = {
    "transcript": ".voicelab-transcript-scroll",
    "memory": ".voicelab-memory-scroll",
    "events": ".voicelab-events-list",
}


def opened(plain_page: PlainPages, name: str) -> PlainPage:
    """Open a view with more lines than it has room for."""
    if name == "transcript":
        line = replace(test_transcript_page.HELLO, text=LONG)
        lines = (replace(line, key=f"u{k}", at_ms=k * 1000.0) for k in range(40))
        return plain_page(Transcript, test_transcript_page.model(*lines))
    if name == "memory":
        items = (test_memory_page.item(f"item {k}", text=LONG) for k in range(60))
        return plain_page(Memory, test_memory_page.model(*items))
    rows = [[k, k * 10.0, "recv", "error", 1, LONG, k * 10.0] for k in range(200)]
    return test_events_page.opened(plain_page, rows)


@pytest.mark.parametrize("name", list(BOXES))
def test_it_stays_at_the_end_when_its_box_is_hidden_or_changes(plain_page: PlainPages, name: str) -> None:
    """Nobody has scrolled; whoever does is left where they went."""
    page = opened(plain_page, name).page
    box, root = page.locator(BOXES[name]), page.locator(f".voicelab-{name}")
    for style in CHANGES:
        root.evaluate("(root, style) => { root.style = style; }", style)
        page.evaluate(TWO_FRAMES)
        assert style == "display: none" or box.evaluate(AT_END), style
    box.evaluate("(box) => { box.scrollTop = 100; }")
    page.evaluate(TWO_FRAMES)
    root.evaluate("(root) => { root.style = 'width: 240px'; }")
    page.evaluate(TWO_FRAMES)
    assert not box.evaluate(AT_END)


@pytest.mark.parametrize("name", ["transcript", "events"])
def test_a_button_leads_back_to_the_end(plain_page: PlainPages, name: str) -> None:
    """It is there only for a reader who has scrolled up."""
    page = opened(plain_page, name).page
    box, newest = page.locator(BOXES[name]), page.locator(f".voicelab-{name}-newest")
    page.evaluate(TWO_FRAMES)
    assert newest.is_hidden()
    box.evaluate("(box) => { box.scrollTop = 100; }")
    newest.click()
    page.evaluate(TWO_FRAMES)
    assert box.evaluate(AT_END)
    assert newest.is_hidden()
