"""The scope's page in a real browser: what it draws, says and sends, with the mouse and by keyboard alone."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Literal

import pytest

from tests.widgets.browser import axe
from tests.widgets.plain_page import PlainPages
from tests.widgets.scope_room import (
    THRESHOLD,
    TIME,
    answer_what_if,
    asked,
    conversation,
    drag_threshold,
    n_pixels,
    shown,
    value,
)
from voicelab.measure.run import Run
from voicelab.widgets.scope import LevelMeter
from voicelab.widgets.words import words

_NEWS = {"kind": "news", "reset": False, "over": False, "detection": "server_vad", "silence": 500.0}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return conversation(tmp_path / "story")


def test_the_user_is_above_the_line_and_the_agent_below(plain_page: PlainPages, run: Run) -> None:
    """Each in its colour, on its side, and only there."""
    plain = shown(plain_page, run)
    above, below = n_pixels(plain, "#0072b2")
    assert above > 1000 > 10 > below
    above, below = n_pixels(plain, "#d55e00")
    assert below > 1000 > 10 > above


def test_dragging_while_live_changes_the_session(plain_page: PlainPages, run: Run) -> None:
    """The line follows the pointer, and the last value is sent."""
    plain = shown(plain_page, run, live=True)
    assert plain.page.locator(".voicelab-scope-badge").inner_text() == "LIVE"
    drag_threshold(plain, 17)
    sent = asked(plain, "threshold")
    assert sent[-1]["value"] == value(plain) == pytest.approx(0.2, abs=0.03)
    assert asked(plain, "what if") == []


def test_moves_that_come_fast_are_not_all_sent(plain_page: PlainPages, run: Run) -> None:
    """Of twenty steps at once the first is sent and the last."""
    plain = shown(plain_page, run, live=True)
    press = """(line) => {
      const press = () => line.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
      for (let k = 0; k < 20; k += 1) press();
    }"""
    plain.page.locator(THRESHOLD).evaluate(press)
    plain.page.wait_for_function("() => model.sent.at(-1).content.value === 0.7")
    sent = asked(plain, "threshold")
    assert sent[0]["value"] == 0.51
    assert len(sent) < 10


def test_what_is_in_force_has_the_last_word(plain_page: PlainPages, run: Run) -> None:
    """After the server answered, the line is where the server says."""
    plain = shown(plain_page, run, live=True)
    drag_threshold(plain, 17)
    row = {"id": "threshold 9", "kind": "threshold", "from": 7000.0, "value": 0.35}
    news = {**_NEWS, "now": 7000.0, "rows": [row], "user": 0, "agent": 0, "run": "a run"}
    plain.receive(news, [b""] * 5)
    plain.page.wait_for_function(f"() => document.querySelector(\"{THRESHOLD}\").ariaValueNow === '0.35'")


def test_dragging_while_paused_leaves_the_session_alone(plain_page: PlainPages, run: Run) -> None:
    """The badge says WHAT IF, only questions are sent, and the button makes it real."""
    plain = shown(plain_page, run, live=True)
    plain.page.get_by_role("button", name="Pause").click()
    assert plain.page.locator(".voicelab-scope-badge").inner_text() == "WHAT IF"
    drag_threshold(plain, 17)
    assert asked(plain, "threshold") == []
    plain.page.wait_for_function("() => model.sent.at(-1).content.do === 'what if'")
    wanted = value(plain)
    assert wanted < 0.3
    plain.page.get_by_role("button", name=f"Use {wanted:.2f} from now on").click()
    assert asked(plain, "use") == [{"do": "use", "value": wanted}]
    assert plain.page.locator(".voicelab-scope-badge").inner_text() == "LIVE"


def test_the_turns_that_would_have_been_are_said_and_drawn(plain_page: PlainPages, run: Run) -> None:
    """How many, and of which kind; the words stand in the picture's status."""
    plain = shown(plain_page, run)
    plain.page.locator(THRESHOLD).press("End")
    answer_what_if(plain, run)
    assert plain.page.locator(".voicelab-scope-hidden").inner_text() == (
        "At 1.00: 0 turns here; 0 cut, 0 merged, 0 new, 2 missed."
    )


def test_without_a_threshold_in_force_a_what_if_names_its_rule(plain_page: PlainPages, tmp_path: Path) -> None:
    """With semantic_vad there is no threshold: the page says what it shows instead, and does not offer to use it."""
    run = conversation(tmp_path / "story", "semantic_vad")
    plain = shown(plain_page, run)
    rule = "semantic_vad has no threshold; shown: server_vad with 500 ms silence."
    assert rule in plain.page.locator(".voicelab-scope-hint").inner_text()
    plain.page.locator(THRESHOLD).press("PageUp")
    answer_what_if(plain, run)
    assert plain.page.locator(".voicelab-scope-hidden").inner_text().endswith(rule)
    assert plain.page.get_by_role("button", name="Use").count() == 0


def test_a_what_if_of_the_sessions_own_rule_says_nothing_of_another(plain_page: PlainPages, run: Run) -> None:
    """Nor does a live page whose session has no threshold: there nothing is tried."""
    plain = shown(plain_page, run)
    assert plain.page.locator(".voicelab-scope-hint").inner_text() == words("scope")["what_if_hint"]
    live = shown(plain_page, run, live=True)
    hint = live.page.locator(".voicelab-scope-hint")

    def change_detection(detection: str) -> None:
        news = {**_NEWS, "detection": detection, "now": 7000.0, "rows": [], "user": 0, "agent": 0, "run": "a run"}
        live.receive(news, [b""] * 5)

    change_detection("semantic_vad")
    assert hint.inner_text() == words("scope")["live_hint"]
    live.page.get_by_role("button", name="Pause").click()
    assert "semantic_vad has no threshold" in hint.inner_text()
    change_detection("server_vad")
    assert hint.inner_text() == words("scope")["what_if_hint"]
    change_detection("none")
    assert "The client ends turns" in hint.inner_text()


@pytest.mark.parametrize(
    ("key", "becomes"),
    [("ArrowUp", 0.51), ("ArrowLeft", 0.49), ("PageUp", 0.6), ("PageDown", 0.4), ("Home", 0.0), ("End", 1.0)],
)
def test_the_threshold_is_a_slider_for_the_keyboard(plain_page: PlainPages, run: Run, key: str, becomes: float) -> None:
    """Arrows by a hundredth, pages by a tenth, both ends; a reader hears the value and what it does."""
    plain = shown(plain_page, run, live=True)
    plain.page.locator(THRESHOLD).press(key)
    assert value(plain) == becomes
    assert asked(plain, "threshold")[-1]["value"] == becomes
    assert plain.page.locator(THRESHOLD).get_attribute("aria-valuetext") == (
        f"{becomes:.2f}, live: the session follows"
    )


def test_keys_act_inside_the_scope_only(plain_page: PlainPages, run: Run) -> None:
    """M and P on the page do nothing; inside they mark and pause, and no shortcut of the page hears of them."""
    plain = shown(plain_page, run, live=True)
    plain.page.evaluate("() => { window.heard = []; document.addEventListener('keydown', (e) => heard.push(e.key)); }")
    plain.page.keyboard.press("m")
    assert asked(plain, "mark") == []
    plain.page.locator(TIME).focus()
    plain.page.keyboard.press("m")
    plain.page.keyboard.press("p")
    assert len(asked(plain, "mark")) == 1
    assert plain.page.locator(".voicelab-scope-badge").inner_text() == "WHAT IF"
    plain.page.keyboard.press("l")
    assert plain.page.locator(".voicelab-scope-badge").inner_text() == "LIVE"
    assert plain.page.evaluate("() => heard") == ["m"]
    assert plain.page.locator("[data-lm-suppress-shortcuts=true]").count() == 1


def test_a_mark_while_paused_lies_at_the_cursor(plain_page: PlainPages, run: Run) -> None:
    """Where it was set by keyboard: 0.2 s a press at 10 s."""
    plain = shown(plain_page, run)
    plain.set(cursor_ms=1000.0)
    plain.page.locator(TIME).press("ArrowRight")
    plain.page.locator(TIME).press("m")
    assert asked(plain, "mark") == [{"do": "mark", "at": 1200}]
    assert plain.saved[-1] == {"cursor_ms": 1200}


def test_no_picture_begins_before_the_run(plain_page: PlainPages, run: Run) -> None:
    """A run that is shorter than what is shown lies at the left edge, also where it was followed until its end."""
    plain = shown(plain_page, run, live=True)
    plain.receive({**_NEWS, "over": True, "now": 7100.0, "rows": [], "user": 0, "agent": 0, "run": "a run"}, [b""] * 5)
    assert plain.page.locator(".voicelab-scope-badge").inner_text() == "WHAT IF"
    back = plain.page.get_by_role("slider", name="Look back")
    assert back.get_attribute("aria-valuetext") == "0.0 s to 10.0 s"


def test_live_is_the_end_of_the_bar_to_look_back(plain_page: PlainPages, run: Run) -> None:
    """Although the picture is drawn a little behind the newest news."""
    plain = shown(plain_page, run, live=True)
    news = {**_NEWS, "reset": True, "now": 30_000.0, "rows": [], "user": 0, "agent": 0, "run": "a run"}
    look = """(news) => {
      model.receive(news, ["", "", "", "", ""]);
      const bar = document.querySelector(".voicelab-scope-position input");
      return [bar.value, bar.max];
    }"""
    assert plain.page.evaluate(look, news) == ["30000", "30000"]


def test_a_click_sets_the_cursor_and_asks_for_the_sound(plain_page: PlainPages, run: Run) -> None:
    """At the instant under the pointer; a drag looks back instead."""
    plain = shown(plain_page, run)
    box = plain.page.locator(TIME).bounding_box()
    assert box is not None
    width = box["width"] - 52 - 56
    plain.page.mouse.click(box["x"] + 52 + width * 0.3, box["y"] + 60)
    (question,) = asked(plain, "listen")
    assert question["at"] == pytest.approx(3000, abs=15)
    assert plain.get("cursor_ms") == question["at"]


def test_the_table_says_what_the_picture_shows(plain_page: PlainPages, run: Run) -> None:
    """Begin, end, wait, reply and what was cut off, turn by turn."""
    plain = shown(plain_page, run)
    plain.page.get_by_text("As text").click()
    rows = plain.page.locator("tbody tr")
    rows.nth(1).wait_for()
    assert rows.nth(0).locator("td").all_inner_texts() == ["1", "0.51 s", "1.47 s", "528 ms", "540 ms", "no"]
    assert rows.nth(1).locator("td").all_inner_texts()[-1] == "yes, 2.2 s not heard"


def test_an_empty_scope_says_what_to_do(plain_page: PlainPages) -> None:
    """And its threshold is for the next session."""
    plain = shown(plain_page, None)
    assert plain.page.get_by_text("Nothing to show yet. Press Talk").is_visible()
    plain.page.locator(THRESHOLD).press("ArrowUp")
    assert asked(plain, "threshold") == [{"do": "threshold", "value": 0.51}]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_serious_finding_by_axe(plain_page: PlainPages, run: Run, theme: Literal["light", "dark"]) -> None:
    """Live, paused with everything open, and without an error on the console."""
    plain = shown(plain_page, run, live=True, theme=theme)
    assert axe(plain.page) == []
    plain.page.get_by_role("button", name="Pause").click()
    for summary in plain.page.locator("summary").all():
        summary.click()
    plain.page.locator(THRESHOLD).press("PageUp")
    assert axe(plain.page) == []
    assert plain.errors == []


def test_a_scope_that_goes_away_listens_no_more(plain_page: PlainPages, run: Run) -> None:
    """It asked for its news once, and leaves nothing on the page."""
    plain = shown(plain_page, run, live=True)
    assert asked(plain, "again") == [{"do": "again"}]
    assert plain.clean_up() == []
    assert plain.page.locator(".voicelab-scope").count() == 0


# --- the level meter ----------------------------------------------------------------------------------------------


def test_the_meter_says_its_level_and_what_to_do(plain_page: PlainPages) -> None:
    """Numbers, a meter for readers, a warning in words; nothing for axe."""
    level_js = Path(inspect.getfile(LevelMeter)).with_name("level.js")
    model = {"words": dict(words("scope")), "heard": False, "rms_dbfs": None, "peak_dbfs": None, "warnings": []}
    plain = plain_page(level_js, model)
    meter = plain.page.get_by_role("meter")
    assert meter.get_attribute("aria-valuetext") == words("scope")["level_none"]
    plain.set(heard=True, rms_dbfs=-20.4, peak_dbfs=-6.0, warnings=["clipping"])
    assert meter.get_attribute("aria-valuetext") == "-20 dBFS, peak -6 dBFS"
    assert plain.page.get_by_role("status").inner_text() == words("scope")["warning_clipping"]
    assert axe(plain.page) == []
    plain.set(rms_dbfs=None, peak_dbfs=None, warnings=[])
    assert meter.get_attribute("aria-valuetext") == "digital silence"
    assert plain.page.get_by_role("status").inner_text() == ""
    assert plain.clean_up() == []
