"""The scope's page in a real browser: what it draws, says and sends, with the mouse and by keyboard alone."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.plots.conftest import Story, manifest
from tests.widgets.browser import axe
from tests.widgets.plain_page import PlainPage, PlainPages
from voicelab.measure.run import Run
from voicelab.widgets.scope import LevelMeter, Scope
from voicelab.widgets.scope.feed import Feed
from voicelab.widgets.words import words

JS = Path(inspect.getfile(Scope)).with_name("scope.js")
THRESHOLD = "[role=slider][aria-label=Threshold]"
TIME = "[role=slider][aria-label='Time cursor']"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Story(tmp_path / "story", manifest())
    made.record("recv", "session.created", 0, session=_session(0.5))
    made.send_audio(0, 2000, speech=(500, 1500))
    made.spoken("item_u1", 200, 2000, "hello")
    made.reply("a1", 2000, 1200, "Hello there.")
    made.send_audio(2000, 6000, speech=(4000, 5500))
    made.spoken("item_u2", 3700, 6000, "go on")
    made.reply("a2", 6020, 3000, "On and on.", heard_ms=800)
    return made.run()


def _session(threshold: float) -> dict[str, Any]:
    return {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": threshold}}}}


def shown(
    plain_page: PlainPages, run: Run | None, *, live: bool = False, theme: Literal["light", "dark"] = "light"
) -> PlainPage:
    """Return a page that was told of a run, live or saved."""
    model = {"words": dict(words("scope")), "running": live, "can_use": True, "asked": 0.5, "cursor_ms": None}
    plain = plain_page(JS, model, theme=theme)
    if run is not None:
        feed = Feed()
        feed.take(run.records())
        news = feed.news(run.loudness, reset=True, over=not live)
        plain.receive(news.content | {"run": "a run"}, news.buffers)
    plain.page.wait_for_function("() => document.querySelector('.voicelab-scope').dataset.mode")
    return plain


def asked(plain: PlainPage, what: str) -> list[dict[str, Any]]:
    return [one.content for one in plain.sent if one.content["do"] == what]


def drag_threshold(plain: PlainPage, by_px: int) -> None:
    box = plain.page.locator(THRESHOLD).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    plain.page.mouse.move(x, y)
    plain.page.mouse.down()
    for k in range(1, 11):
        plain.page.mouse.move(x, y + by_px * k / 10)
    plain.page.mouse.up()


def value(plain: PlainPage) -> float:
    return float(plain.page.locator(THRESHOLD).get_attribute("aria-valuenow") or "nan")


def n_pixels(plain: PlainPage, colour: str) -> tuple[int, int]:
    """Return how many pixels of a colour are in the upper and the lower half of the two sides' lanes."""
    # Two frames later the news are drawn.
    plain.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = plain.page.evaluate(
        """(colour) => {
          const canvas = document.querySelector('canvas'), pen = canvas.getContext('2d');
          const wanted = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
          const scale = canvas.height / canvas.clientHeight;
          const lanes = [[46, 117], [125, 190]].map(([top, bottom]) => {
            const data = pen.getImageData(60, top * scale, canvas.width - 130, (bottom - top) * scale).data;
            let n = 0;
            for (let k = 0; k < data.length; k += 4) {
              if (wanted.every((one, c) => Math.abs(data[k + c] - one) < 3) && data[k + 3] > 250) n += 1;
            }
            return n;
          });
          return lanes;
        }""",
        colour,
    )
    return found[0], found[1]


def test_the_user_is_above_the_line_and_the_agent_below(plain_page: PlainPages, run: Run) -> None:
    """Each in its colour, on its side, and only there."""
    plain = shown(plain_page, run)
    above, below = n_pixels(plain, "#0072b2")
    assert above > 1000 > 10 > below
    above, below = n_pixels(plain, "#d55e00")
    assert below > 1000 > 10 > above


def test_dragging_while_live_changes_the_session(plain_page: PlainPages, run: Run) -> None:
    """The line follows the pointer, the last value is sent, and the moves between are not all sent."""
    plain = shown(plain_page, run, live=True)
    assert plain.page.locator(".voicelab-scope-badge").inner_text() == "LIVE"
    drag_threshold(plain, 17)
    sent = asked(plain, "threshold")
    assert sent[-1]["value"] == value(plain) == pytest.approx(0.2, abs=0.03)
    assert len(sent) < 10
    assert asked(plain, "what if") == []


def test_what_is_in_force_has_the_last_word(plain_page: PlainPages, run: Run) -> None:
    """After the server answered, the line is where the server says."""
    plain = shown(plain_page, run, live=True)
    drag_threshold(plain, 17)
    row = {"id": "threshold 9", "kind": "threshold", "from": 7000.0, "value": 0.35}
    news = {"kind": "news", "reset": False, "now": 7000.0, "over": False, "detection": "server_vad", "silence": 500.0}
    plain.receive({**news, "rows": [row], "user": 0, "agent": 0, "run": "a run"}, [b""] * 5)
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
    question = asked(plain, "what if")[-1]
    feed = Feed()
    feed.take(run.records())
    found = feed.what_if(question["value"], question["from"], question["to"]).to_message()
    plain.receive({"kind": "what if", "from": question["from"], "to": question["to"], **found})
    assert plain.page.locator(".voicelab-scope-hidden").inner_text() == (
        "At 1.00: 0 turns here; 0 cut, 0 merged, 0 new, 2 missed."
    )


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
    plain.page.get_by_text("What the scope shows as text").click()
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
