"""The bar: what it counts of a run, and how it looks and acts in a page."""

from __future__ import annotations

import pytest

from tests.widgets.browser import axe
from tests.widgets.plain_page import PlainPages
from voicelab.experiments.demo import run_demo
from voicelab.measure.run import Run
from voicelab.runlog.record import Record
from voicelab.session.portal import wall_now
from voicelab.widgets.bar import Bar, Count
from voicelab.widgets.following import Fresh
from voicelab.widgets.words import words

READY = {
    "state": "ready",
    "target": "local",
    "folder": None,
    "expires_at": None,
    "limit_minutes": 15,
    "limit_usd": None,
    "hosted": False,
    "muted": False,
    "listening": False,
    "problem": None,
}


def page_of(plain_page: PlainPages, **standing: object):  # type: ignore[no-untyped-def]
    """Return a page with the bar on it."""
    model = {
        "words": dict(words("bar")),
        "targets": ["openai", "azure"],
        "standing": {**READY, **standing},
        "counts": {"turns": 0, "usd": 0.0, "seconds": 0},
        "note": "",
    }
    return plain_page(Bar, model)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The demo."""
    return run_demo(tmp_path_factory.mktemp("demo") / "run", fast=True, wall_start=wall_now())


def test_the_count_is_the_tables_own(run: Run) -> None:
    """Turns and money as the run's tables have them."""
    count = Count()
    fresh = Fresh(run, run.records(), first=True, over=True)
    for record in fresh.records:
        count.take(record, fresh)
    turns = run.turn_list()
    assert count.shown()["turns"] == len(turns)
    assert count.shown()["usd"] == pytest.approx(sum(turn.cost_usd or 0.0 for turn in turns))


def test_under_a_budget_the_count_is_the_budgets_own(run: Run) -> None:
    """What was spent of which limit, transcription too, and the newest of both."""
    count = Count()
    fresh = Fresh(run, [], first=True, over=False)
    assert count.shown()["limit_usd"] is None
    for limit, spent in ((0.5, 0.0), (0.5, 0.0123), (1.0, 0.0123)):
        told = {"limit_usd": limit, "spent_usd": spent, "projected_usd": 0.01}
        record = Record(seq=1, t_ns=0, wall="", dir="local", type="voicelab.budget.spent", event=told)
        count.take(record, fresh)
    assert (count.shown()["usd"], count.shown()["limit_usd"]) == (0.0123, 1.0)


def test_money_is_shown_with_its_limit(plain_page: PlainPages) -> None:
    """Spent of limit while the session runs; without a limit only what was spent."""
    plain = page_of(plain_page, state="live", folder="runs/a")
    plain.set(counts={"turns": 1, "usd": 0.0123, "seconds": 1, "limit_usd": 0.5})
    assert "$0.0123 of $0.50" in plain.page.locator(".voicelab-figures").inner_text()
    plain.set(counts={"turns": 1, "usd": 0.0123, "seconds": 1, "limit_usd": None})
    assert plain.page.locator(".voicelab-figures").inner_text().endswith("$0.0123")


def test_before_a_hosted_session_it_says_what_may_be_spent(plain_page: PlainPages) -> None:
    """The limit, or that there is none and how to set one."""
    plain = page_of(plain_page, hosted=True, target="openai", limit_usd=0.5)
    note = plain.page.locator(".voicelab-note")
    assert "above $0.50." in note.inner_text()
    plain.set(standing={**READY, "hosted": True, "target": "openai"})
    assert "No limit in dollars is set: vl.Lab(budget=" in note.inner_text()


def test_talk_is_asked_for_by_button_and_by_key(plain_page: PlainPages) -> None:
    """The button and Space do the same; while live they stop."""
    plain = page_of(plain_page)
    plain.page.get_by_role("button", name="Talk").click()
    plain.page.keyboard.press("?")
    assert plain.page.get_by_role("dialog").is_visible()
    plain.page.keyboard.press("Escape")
    plain.set(standing={**READY, "state": "live", "folder": "runs/a"})
    plain.page.get_by_role("button", name="Stop").click()
    plain.page.evaluate("document.querySelector('.voicelab-bar-host').focus()")
    plain.page.keyboard.press("Space")
    plain.page.keyboard.press("Control+z")
    assert [message.content["do"] for message in plain.sent] == ["talk", "stop", "stop", "undo"]


def test_a_click_that_got_lost_is_asked_again_once(plain_page: PlainPages) -> None:
    """Only where nothing at all has changed since."""
    plain = page_of(plain_page)
    plain.page.clock.install()
    plain.page.get_by_role("button", name="Talk").click()
    plain.page.clock.run_for(10_000)
    assert [message.content["do"] for message in plain.sent] == ["talk", "talk"]
    plain.page.get_by_role("button", name="Talk").click()
    plain.set(standing={**READY, "state": "connecting"})
    plain.page.clock.run_for(10_000)
    assert [message.content["do"] for message in plain.sent] == ["talk", "talk", "talk"]


def test_a_problem_is_told_at_once_and_can_be_put_away(plain_page: PlainPages) -> None:
    """As an alert, in three parts: what happened, what was kept, what to do."""
    plain = page_of(plain_page, problem={"what": "It broke.", "kept": "All is kept.", "do": "Press Talk."})
    alert = plain.page.get_by_role("alert")
    assert all(part in alert.inner_text() for part in ("It broke.", "All is kept.", "Press Talk."))
    alert.get_by_role("button").click()
    assert [message.content["do"] for message in plain.sent] == ["dismiss"]


def test_before_a_hosted_session_it_says_where_the_voice_goes_and_what_the_limit_is(plain_page: PlainPages) -> None:
    """And asks for a key, which is never shown."""
    plain = page_of(plain_page, hosted=True, target="openai")
    text = plain.page.locator(".voicelab-note").inner_text()
    assert "openai" in text
    assert "15 minutes" in text
    key = plain.page.get_by_label("Key (stays in memory)")
    assert key.get_attribute("type") == "password"
    key.fill("sk-secret")
    key.press("Tab")
    assert plain.sent[-1].content == {"do": "target", "value": "openai", "key": "sk-secret", "model": ""}


def test_an_address_of_ones_own_is_typed_before_it_is_chosen(plain_page: PlainPages) -> None:
    """Choosing it opens its fields, which stay open while the rest is repainted; what is typed is the target."""
    plain = page_of(plain_page)
    plain.page.get_by_label("Talk with").select_option("url")
    plain.set(counts={"turns": 1, "usd": 0.0, "seconds": 1})
    plain.set(standing={**READY, "muted": True})
    assert plain.sent == []
    address = plain.page.get_by_label("Address")
    address.fill("ws://127.0.0.1:9/v1/realtime")
    address.press("Tab")
    assert plain.sent[-1].content == {"do": "target", "value": "ws://127.0.0.1:9/v1/realtime", "key": "", "model": ""}
    plain.page.get_by_label("Talk with").select_option("local")
    assert not address.is_visible()


def test_a_key_goes_to_nobody_but_the_target_it_was_typed_for(plain_page: PlainPages) -> None:
    """Another target gets no key; nor does another address."""
    plain = page_of(plain_page, hosted=True, target="openai")
    plain.page.get_by_label("Key (stays in memory)").fill("sk-secret")
    plain.page.get_by_label("Talk with").select_option("azure")
    assert plain.sent[-1].content == {"do": "target", "value": "azure", "key": "", "model": ""}


def test_unknown_money_is_unpriced_never_nothing(plain_page: PlainPages) -> None:
    """Null is a word, not $0."""
    plain = page_of(plain_page, state="live", folder="runs/a")
    plain.set(counts={"turns": 2, "usd": None, "seconds": 61})
    figures = plain.page.locator(".voicelab-figures").inner_text()
    assert "unpriced" in figures
    assert "$" not in figures
    assert "1:01" in figures


@pytest.mark.parametrize("state", ["ready", "connecting", "live", "over"])
def test_nothing_serious_is_found_by_axe(plain_page: PlainPages, state: str) -> None:
    """In every state."""
    plain = page_of(plain_page, state=state, folder="runs/a", problem={"what": "a", "kept": "b", "do": "c"})
    assert axe(plain.page) == []
