"""Promises of `voicelab.widgets.predict`, its Python and its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import voicelab
from tests.widgets.browser import axe
from tests.widgets.plain_page import PlainPages
from voicelab.errors import ConfigError
from voicelab.widgets.words import words

JS = Path(voicelab.__file__).parent / "widgets" / "predict.js"
predict = voicelab.widgets.predict
MODEL: dict[str, Any] = {
    "words": dict(words("workshop")), "question": "How many?", "choices": ["one", "two"], "answer": 1,
    "why": "Because.", "chosen": -1, "revealed": False,
}  # fmt: skip


def test_the_answer_is_hidden_until_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even its text form tells."""
    monkeypatch.delenv("VOICELAB_HEADLESS", raising=False)
    asked = predict("How many?", ["one", "two"], answer="two", why="Because.")
    assert (asked.revealed, asked.answer, asked.chosen) == (False, 1, -1)
    assert "Because" not in repr(asked)


def test_without_a_front_end_it_just_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook that runs headless waits for nobody."""
    monkeypatch.setenv("VOICELAB_HEADLESS", "1")
    asked = predict("How many?", ["one", "two"], answer="two", why="Because.")
    assert asked.revealed
    assert repr(asked) == "How many? (one / two) two. Because."


@pytest.mark.parametrize(
    ("choices", "answer", "param"),
    [(["one"], "one", "choices"), (["one", "one"], "one", "choices"), (["one", "two"], "three", "answer")],
)
def test_a_question_without_a_right_choice_is_refused(choices: list[str], answer: str, param: str) -> None:
    """The error names what is wrong."""
    with pytest.raises(ConfigError) as error:
        predict("How many?", choices, answer=answer, why="")
    assert error.value.param == param


@pytest.mark.parametrize(("choice", "verdict"), [("two", "As you said: two."), ("one", "Not this time. It is: two.")])
def test_choose_then_reveal(plain_page: PlainPages, choice: str, verdict: str) -> None:
    """The button waits for a choice; afterwards the answer is told and nothing can be changed."""
    plain = plain_page(JS, MODEL)
    button = plain.page.get_by_role("button", name="Reveal")
    assert button.is_disabled()
    plain.page.get_by_label(choice, exact=True).check()
    assert plain.page.get_by_role("status").inner_text() == ""
    button.click()
    assert plain.page.get_by_role("status").inner_text() == f"{verdict} Because."
    assert plain.page.get_by_label("one", exact=True).is_disabled()
    assert plain.saved == [{"chosen": MODEL["choices"].index(choice)}, {"revealed": True}]
    assert plain.clean_up() == []


def test_the_keyboard_is_enough_and_axe_is_content(plain_page: PlainPages) -> None:
    """Tab, Space, Tab, Space; nothing serious in either theme, before and after."""
    for theme in ("light", "dark"):
        plain = plain_page(JS, MODEL, theme="dark" if theme == "dark" else "light")
        assert axe(plain.page) == []
        for key in ("Tab", "Space", "Tab", "Space"):
            plain.page.keyboard.press(key)
        assert plain.get("revealed")
        assert axe(plain.page) == []
        assert plain.errors == []


def test_two_questions_on_a_page_do_not_share_a_choice(plain_page: PlainPages, tmp_path: Path) -> None:
    """Each is a group of its own."""
    twice = tmp_path / "twice.js"
    source = JS.read_text("utf-8").replace("export default { render };", "")
    twice.write_text(
        f"{source}\nexport default {{ render(props) {{ render(props); return render(props); }} }};", "utf-8"
    )
    page = plain_page(twice, MODEL).page
    names = page.evaluate("() => [...document.querySelectorAll('input')].map((input) => input.name)")
    assert len(set(names)) == 2
