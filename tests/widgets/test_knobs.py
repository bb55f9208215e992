"""The knobs on a desk: they ask for what is turned, show what is wanted and in force, and never fight a hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

import voicelab as vl
from tests.widgets.browser import axe, until
from tests.widgets.jupyterlab import JupyterLab
from voicelab.session.portal import portal
from voicelab.widgets.controls import CONTROLS
from voicelab.widgets.desk import Desk
from voicelab.widgets.knobs import Knobs
from voicelab.widgets.presets import PRESETS
from voicelab.widgets.pump import pump
from voicelab.widgets.wishes import Wishes
from voicelab.widgets.wishes_code import as_code
from voicelab.widgets.words import words

WORDS = words("knobs")


@pytest.fixture
def knobs() -> Iterator[Knobs]:
    """Knobs on a desk of their own, which are closed in the end."""
    made = Knobs()
    yield made
    made.close()


def done(knobs: Knobs) -> Wishes:
    """Wait until the desk has done what was asked of it, show it, and return what it wishes."""
    knobs.desk.tell(None).result()  # commands are done in order
    knobs.repaint()
    return knobs.desk.standing.wishes


def turn(knobs: Knobs, name: str, value: Any, *, which: int = 0) -> Wishes:
    """Turn a knob as a hand does (``which=1``: type into the box beside a slider)."""
    knobs.knobs[name].inputs[which].value = value
    return done(knobs)


def values(knobs: Knobs) -> dict[str, Any]:
    """Return what every knob shows."""
    return {name: knob.inputs[0].value for name, knob in knobs.knobs.items()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", 0.7),
        ("silence_ms", 900),
        ("detection", "semantic_vad"),
        ("prefix_padding_ms", 100),
        ("idle_timeout_ms", 10_000),
        ("eagerness", "high"),
        ("create_response", False),
        ("voice", "marin"),
        ("speed", 1.25),
        ("instructions", "Be brief."),
        ("tools", True),
        ("modality", "text"),
        ("noise_reduction", "far_field"),
        ("input_format", "pcmu"),
        ("chunk_ms", 100),
    ],
)
def test_turning_a_knob_asks_for_it_and_for_nothing_else(knobs: Knobs, name: str, value: Any) -> None:
    """The desk is asked for the new value; every other wish stays."""
    assert turn(knobs, name, value) == replace(Wishes(), **{name: value})


def test_a_slider_and_its_box_go_together(knobs: Knobs) -> None:
    """What is moved can be read in the box, and what is typed moves the slider, also beyond its usual end."""
    slider, box = knobs.knobs["silence_ms"].inputs
    turn(knobs, "silence_ms", 900)
    assert box.value == 900
    assert turn(knobs, "silence_ms", 5_000, which=1).silence_ms == 5_000
    assert (slider.value, slider.max) == (5_000, 5_000)
    turn(knobs, "silence_ms", 300, which=1)
    assert (slider.value, slider.max) == (300, CONTROLS["silence_ms"].high)


def test_steps_do_not_add_up_to_odd_numbers(knobs: Knobs) -> None:
    """A slider's floating steps are asked for as the numbers that people see."""
    assert turn(knobs, "threshold", 0.1 + 0.2).threshold == 0.3


@pytest.mark.parametrize(("name", "value"), [("threshold", 1.5), ("silence_ms", -1), ("speed", 9.0), ("speed", 1e400)])
def test_a_bad_value_is_told_and_not_sent(knobs: Knobs, name: str, value: float) -> None:
    """One sentence says what is possible; the desk hears nothing; the next good value takes the sentence away."""
    knob = knobs.knobs[name]
    assert turn(knobs, name, value, which=1) == Wishes()
    control = CONTROLS[name]
    assert f"goes from {control.least:g} to {control.most:g}." in knob.note
    assert knob.inputs[0].value == getattr(Wishes(), name)
    turn(knobs, name, getattr(Wishes(), name), which=1)
    assert knob.note == ""


def test_a_change_from_elsewhere_moves_the_knobs_and_asks_for_nothing(knobs: Knobs) -> None:
    """Wishes by code show in every knob that they move, and do not come back as new wishes."""
    other = Wishes(
        threshold=0.9, silence_ms=9_000, idle_timeout_ms=7_000, voice="cedar", tools=True, instructions="$x$", speed=0.5
    )
    before = turn(knobs, "idle_timeout_ms", 10_000)
    knobs.desk.wish(other)
    assert done(knobs) == other
    n = knobs.desk.standing.n
    assert values(knobs) == {name: getattr(other, name) for name in CONTROLS}
    assert done(knobs) == other
    assert knobs.desk.standing.n == n + 1  # the one that `done` itself makes
    knobs.desk.undo()  # one step: what the knobs show they have not asked for
    assert done(knobs) == before
    assert values(knobs) == {name: getattr(before, name) for name in CONTROLS}


class SlowDesk(Desk):
    """A desk that takes wishes when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Wishes] = []

    def wish(self, wishes: Wishes) -> Any:
        """Hold them."""
        self.held.append(wishes)

    def take(self, n: int) -> None:
        """Take what was held, as far as the n-th."""
        for wishes in self.held[:n]:
            super().wish(wishes).result()
        del self.held[:n]


def test_a_slow_desk_does_not_pull_the_slider_back() -> None:
    """While the desk is moves behind, the slider stays under the hand."""
    desk = SlowDesk()
    knobs = Knobs(desk)
    slider = knobs.knobs["silence_ms"].inputs[0]
    for ms in (600, 700, 800):
        slider.value = ms
    assert [wishes.silence_ms for wishes in desk.held] == [600, 700, 800]
    for _ in range(3):
        knobs.repaint()
        assert slider.value == 800
        desk.take(1)
    knobs.repaint()
    assert (slider.value, desk.standing.wishes.silence_ms) == (800, 800)
    desk.undo().result()
    knobs.repaint()
    assert slider.value == 500  # three steps of one move
    knobs.close()


def test_a_callback_returns_although_the_session_s_thread_is_busy(knobs: Knobs) -> None:
    """A slider waits for nobody: the wish is done when the thread of the sessions gets to it."""
    free = threading.Event()
    portal().post(free.wait)
    knobs.knobs["threshold"].inputs[0].value = 0.8
    assert knobs.desk.standing.wishes.threshold == 0.5
    free.set()
    assert done(knobs).threshold == 0.8


def test_knobs_of_another_detection_say_why_they_stand_still(knobs: Knobs) -> None:
    """In front they are disabled with the reason; under More they are gone."""
    assert knobs.knobs["eagerness"].inputs[0].disabled
    assert knobs.knobs["eagerness"].note == WORDS["blocked.only_with.semantic_vad"]
    turn(knobs, "detection", "semantic_vad")
    assert not knobs.knobs["eagerness"].inputs[0].disabled
    assert knobs.knobs["eagerness"].note == ""
    assert all(one.disabled for one in knobs.knobs["threshold"].inputs)
    assert knobs.knobs["threshold"].note == WORDS["blocked.only_with.server_vad"]
    assert knobs.knobs["threshold"].box.layout.display != "none"
    assert knobs.knobs["prefix_padding_ms"].box.layout.display == "none"
    turn(knobs, "detection", "server_vad")
    assert knobs.knobs["prefix_padding_ms"].box.layout.display != "none"


def test_every_knob_says_when_it_acts(knobs: Knobs) -> None:
    """The badge is the one of the knob; the voice's changes once the agent has spoken."""
    assert WORDS["acts.now"] in knobs.knobs["threshold"].badge
    assert WORDS["acts.new_session"] in knobs.knobs["input_format"].badge
    assert WORDS["acts.next_turn"] in knobs.knobs["voice"].badge
    knobs.desk.standing = replace(knobs.desk.standing, state="live", agent_spoke=True)
    knobs.repaint()
    assert WORDS["acts.new_session"] in knobs.knobs["voice"].badge


def test_what_is_in_force_is_told_where_it_differs(knobs: Knobs) -> None:
    """The value in force stands below the knob, as text and never as markup; what waits says for what."""
    session = {"audio": {"output": {"voice": "<b>echo</b>", "speed": 1.0}}}
    knobs.desk.standing = replace(knobs.desk.standing, state="live", in_force=session, pending=("voice",))
    knobs.repaint()
    assert "&lt;b&gt;echo" in knobs.knobs["voice"].note
    assert "waits for a new connection" in knobs.knobs["voice"].note
    assert knobs.knobs["speed"].note == ""


def test_the_chunk_size_says_what_it_costs(knobs: Knobs) -> None:
    """Delay, events and overhead follow the chunk and the format."""
    assert "20 ms: 50 events a second, no delay, 42 %" in knobs.knobs["chunk_ms"].note
    turn(knobs, "chunk_ms", 100)
    assert "100 ms: 10 events a second, +80 ms at worst, 35 %" in knobs.knobs["chunk_ms"].note
    turn(knobs, "input_format", "pcmu")
    assert "44 %" in knobs.knobs["chunk_ms"].note


def menu_of(knobs: Knobs) -> Any:
    """Return the menu of the presets."""
    return knobs.children[0].children[0]


def test_a_preset_moves_its_knobs_and_undo_takes_it_back(knobs: Knobs) -> None:
    """Chosen, it holds and says why; undone, all knobs stand as before; turned away from, it is chosen no more."""
    menu, why = menu_of(knobs), knobs.children[1]
    menu.value = "noisy_room"
    assert done(knobs) == PRESETS["noisy_room"].apply(Wishes())
    assert knobs.knobs["threshold"].inputs[0].value == 0.6
    assert why.value == WORDS["preset.noisy_room.why"]
    knobs.desk.undo()
    assert done(knobs) == Wishes()
    assert (knobs.knobs["threshold"].inputs[0].value, menu.value, why.value) == (0.5, "", "")
    menu.value = "patient"
    assert done(knobs).silence_ms == 1_000
    assert turn(knobs, "silence_ms", 400).silence_ms == 400
    assert menu.value == ""
    menu.value = "patient"
    assert done(knobs).silence_ms == 1_000


def test_a_preset_is_not_lost_to_a_quick_hand(knobs: Knobs) -> None:
    """Whoever turns a knob right after choosing keeps the rest of the preset."""
    menu_of(knobs).value = "noisy_room"
    assert turn(knobs, "threshold", 0.8) == replace(PRESETS["noisy_room"].apply(Wishes()), threshold=0.8)


def test_a_preset_that_holds_already_still_says_why(knobs: Knobs) -> None:
    """Headphones are how the knobs stand at first: nothing is asked, the reason is shown."""
    menu_of(knobs).value = "headphones"
    n = knobs.desk.standing.n
    assert knobs.children[1].value == WORDS["preset.headphones.why"]
    done(knobs)
    assert knobs.desk.standing.n == n + 1  # the one that `done` itself makes
    assert menu_of(knobs).value == "headphones"


def test_the_code_on_the_page_is_that_of_the_wishes(knobs: Knobs) -> None:
    """What is copied asks for what the knobs ask for."""
    page = next(child for child in knobs.children if hasattr(child, "code"))
    wishes = turn(knobs, "silence_ms", 900)
    assert page.code == as_code(wishes, "local")


def test_a_new_connection_is_offered_only_when_something_waits(knobs: Knobs) -> None:
    """The button comes with what waits, and names it."""
    button = next(one for row in knobs.children for one in getattr(row, "children", ()) if _says(one, "reconnect"))
    assert button.layout.display == "none"
    knobs.desk.standing = replace(knobs.desk.standing, state="live", pending=("voice",))
    knobs.repaint()
    assert button.layout.display != "none"
    assert WORDS["voice.label"] in button.tooltip


def _says(widget: Any, key: str) -> bool:
    return getattr(widget, "description", "") == WORDS[key]


def test_another_desk_can_be_watched(knobs: Knobs) -> None:
    """From then on the knobs show and turn that one, and leave the first alone."""
    first, second = knobs.desk, Desk(wishes=Wishes(silence_ms=700))
    knobs.watch(second)
    assert values(knobs)["silence_ms"] == 700
    assert turn(knobs, "threshold", 0.9) == Wishes(silence_ms=700, threshold=0.9)
    assert first.standing.wishes == Wishes()


def test_closing_leaves_nothing_behind() -> None:
    """All widgets leave the page with their layouts, the pump looks at the desk no more; twice is harmless."""
    before = set(instances())
    knobs = Knobs()
    parts = set(instances()) - before
    assert len(parts) > len(CONTROLS)
    knobs.close()
    knobs.close()
    assert set(instances()) & parts == set()

    knobs.desk.wish(Wishes(silence_ms=900)).result()
    ticks: list[int] = []
    handle = pump().every(1, lambda: ticks.append(1))
    until(lambda: len(ticks) > 6, "six ticks of the pump")
    handle.close()
    assert knobs.knobs["silence_ms"].inputs[0].value == 500


def instances() -> list[str]:
    """Return the ids of all widgets that have a line to the page."""
    return list(ipywidgets.Widget.get_manager_state()["state"])


@pytest.mark.realtime
def test_a_session_s_knobs_turn_the_session(tmp_path: Path) -> None:
    """On a session of one's own they show what is in force there, and a turned one is in force at once."""
    asked = vl.ServerVAD(silence_duration_ms=700)
    with vl.connect("local", voice="cedar", turn_detection=asked, out=tmp_path / "run") as session:
        knobs = Knobs(session)
        assert (values(knobs)["silence_ms"], values(knobs)["voice"]) == (700, "cedar")
        assert turn(knobs, "threshold", 0.8).threshold == 0.8
        until(
            lambda: session.in_force["audio"]["input"]["turn_detection"]["threshold"] == 0.8, "the threshold in force"
        )
        until(lambda: knobs.desk.standing.in_force == session.in_force, "the desk to see it")
        knobs.repaint()
        assert {name: knob.note for name, knob in knobs.knobs.items() if "In force" in knob.note} == {}
        knobs.close()


_CELLS = [
    "from voicelab.widgets.knobs import Knobs\nimport time\nknobs = Knobs()\nknobs",
    "print('begun')\ntime.sleep(600)",
]
_ASK = "print(knobs.desk.standing.wishes.{})"


@pytest.mark.realtime
def test_in_the_browser_sliders_act_while_a_cell_is_busy_and_have_names(lab: JupyterLab) -> None:
    """By keyboard alone, in a busy kernel: named handles, typed values, code; nothing serious for axe."""
    notebook = lab.open(_CELLS, viewport=(1280, 1200))
    notebook.run(0)
    notebook.wait_idle()
    page = notebook.page
    handle = page.get_by_role("slider", name=WORDS["threshold.label"], exact=True)
    handle.wait_for()
    assert notebook.kernel(_ASK.format("threshold"), beside=True) == "0.5\n"
    notebook.run(1)
    page.get_by_text("begun", exact=True).wait_for()

    for _ in range(3):
        handle.press("ArrowRight")
    until(lambda: notebook.kernel(_ASK.format("threshold"), beside=True) == "0.53\n", "the threshold that was pressed")
    silence = page.get_by_role("slider", name=WORDS["silence_ms.label"], exact=True)
    silence.press("ArrowLeft")
    until(lambda: notebook.kernel(_ASK.format("silence_ms"), beside=True) == "480\n", "the silence that was pressed")
    page.wait_for_function("(e) => e.getAttribute('aria-valuetext') === '480 ms'", arg=silence.element_handle())

    box = page.get_by_role("spinbutton", name=WORDS["typed"].format(label=WORDS["threshold.label"]))
    page.wait_for_function("(e) => e.value === '0.53'", arg=box.element_handle())
    box.fill("7")
    box.press("Tab")
    page.get_by_text("Threshold goes from 0 to 1").wait_for()
    # The Tab key stops at what can be used, and not at a row that happens to scroll.
    assert page.evaluate("() => document.activeElement.matches('input, select, textarea, button, [role=slider]')")
    assert notebook.kernel(_ASK.format("threshold"), beside=True) == "0.53\n"

    page.get_by_role("button", name=WORDS["more"]).press("Enter")
    page.get_by_role("slider", name=WORDS["speed.label"], exact=True).wait_for()
    page.get_by_role("button", name=WORDS["code.show"]).press("Enter")
    code = page.get_by_label(WORDS["code.label"])
    assert "silence_duration_ms=480" in code.input_value()
    assert axe(page, ".voicelab-knobs") == []
    page.get_by_role("button", name=WORDS["undo"]).press("Enter")
    until(lambda: notebook.kernel(_ASK.format("silence_ms"), beside=True) == "500\n", "the undone move")
    page.wait_for_function("(e) => e.getAttribute('aria-valuetext') === '500 ms'", arg=silence.element_handle())
    notebook.interrupt()
    notebook.wait_idle()
    assert notebook.errors == []
