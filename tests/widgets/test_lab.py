"""The Lab in the real JupyterLab: real hands on its knobs and keys, busy cells, everything that can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.widgets.browser import Browsers, axe, until
from tests.widgets.jupyterlab import JupyterLab
from tests.widgets.lab_room import LabRoom, kept_room
from voicelab.errors import ConfigError
from voicelab.experiments.clips import spoken_lines
from voicelab.measure.budget import Budget
from voicelab.widgets.lab import Lab

IN_FORCE = "lab.session.in_force['audio']['input']['turn_detection']['threshold']"
UPDATES = "[r.event['session']['audio']['input']['turn_detection'] for r in lab.run.records() if r.type == '{}']"
# Each says in the end what is in force, which must be what was asked for while it ran.
BUSY = {
    "time.sleep": "time.sleep(3)",
    "pure-Python loop": "end = time.monotonic() + 3\nwhile time.monotonic() < end: pass",
    "awaiting": "await asyncio.sleep(3)",
}
CELLS = [
    "import asyncio, time\nimport voicelab as vl\nlab = vl.Lab()\nlab",
    *(f"{busy}\nprint('in force:', {IN_FORCE})" for busy in BUSY.values()),
]
# Of the Lab's own controls (plotly's buttons come with each figure) those that stick out of it to the right.
STICK_OUT = """(lab) => [...lab.querySelectorAll("button, input, select, [role=slider]")]
  .filter((node) => node.offsetParent && !node.closest(".js-plotly-plot"))
  .filter((node) => node.getBoundingClientRect().right > lab.getBoundingClientRect().right + 1)
  .map((node) => node.outerHTML.slice(0, 100))"""
pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def _room(_browsers: Browsers, _jupyterlab: JupyterLab) -> Iterator[LabRoom]:
    with kept_room(_browsers, _jupyterlab, CELLS) as room:
        yield room


@pytest.fixture
def room(_room: LabRoom, lab: JupyterLab) -> LabRoom:
    """A Lab with a clip for its sound; the same notebook for all tests."""
    return _room


def drag_the_line(room: LabRoom, down_px: float) -> float:
    """Draw the threshold line of the scope up or down with the mouse; return where it is let go."""
    line = room.lab.locator(".voicelab-scope [role=slider][aria-label=Threshold]")
    line.scroll_into_view_if_needed()
    box = line.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = room.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, y + down_px, steps=8)
    mouse.up()
    return float(line.get_attribute("aria-valuenow") or "nan")


def asked_for(room: LabRoom, kind: str = "session.update") -> list[float]:
    """Return the thresholds in all updates of one kind that the log has."""
    return [one["threshold"] for one in room.told(UPDATES.format(kind))]


def test_the_lab_is_seen_before_anything_is_connected(room: LabRoom) -> None:
    """Knobs, scope, transcript, words that say what to press; axe finds nothing serious, in light or dark."""
    assert "Press Talk" in room.lab.locator(".voicelab-note").inner_text()
    room.lab.locator("canvas").first.wait_for()
    room.lab.locator(".noUi-handle").first.wait_for()
    assert axe(room.page, ".voicelab-lab") == []
    room.notebook.theme("dark")
    assert axe(room.page, ".voicelab-lab") == []
    room.notebook.theme("light")


def test_by_keyboard_alone_and_jupyterlabs_own_keys_stay_out(room: LabRoom) -> None:
    """Space talks, M marks, ? shows the keys, Escape closes them; D D deletes no cell and M makes none Markdown."""
    keys = room.page.keyboard
    room.lab.focus()
    keys.press("Tab")
    assert room.page.evaluate("() => document.activeElement.className") == "voicelab-talk"
    room.lab.focus()
    keys.press("Space")
    room.lab.locator(".voicelab-talk[data-live=true]").wait_for()
    room.until("lab.desk.standing.state == 'live'", "a session")
    for key in ("m", "d", "d", "a", "b", "x", "y", "Escape", "Enter"):
        keys.press(key)
    keys.press("?")
    help_ = room.page.locator("dialog.voicelab-keys[open]")
    help_.wait_for()
    keys.press("Escape")
    help_.wait_for(state="detached")
    room.until("any(r.type == 'voicelab.mark' for r in lab.run.records())", "the mark")
    assert room.events("voicelab.mark", "text") == ["true end"]
    kinds = "() => voicelabTests.find().content.widgets.map((cell) => cell.model.type)"
    assert room.page.evaluate(kinds) == ["code"] * len(CELLS)
    assert room.page.evaluate("() => voicelabTests.find().content.mode") == "command"
    room.lab.focus()
    keys.press("Space")
    room.until("lab.desk.standing.state == 'over'", "the end of the session")


@pytest.mark.parametrize("cell", range(1, len(CELLS)), ids=list(BUSY))
def test_the_threshold_slider_changes_the_session_also_in_a_busy_cell(room: LabRoom, cell: int) -> None:
    """By keyboard, while a cell sleeps, computes or awaits: each press is in force before the cell ends."""
    room.talk()
    before = room.told(IN_FORCE)
    room.notebook.run(cell)
    room.page.wait_for_function("() => voicelabTests.kernel().status === 'busy'")
    handle = room.lab.locator(".noUi-handle").first
    handle.press("ArrowRight")
    handle.press("ArrowRight")
    room.notebook.wait_idle()
    until(lambda: "in force" in room.notebook.output(cell), "the cell's output")
    assert float(room.notebook.output(cell).split()[-1]) == pytest.approx(before + 0.02)
    assert asked_for(room, "session.updated")[-1] == pytest.approx(before + 0.02)


def test_the_dragged_line_changes_the_session_and_the_paused_line_does_not(room: LabRoom) -> None:
    """Live, the server says what is in force, and the knob follows; paused, nothing is sent until "use"."""
    room.talk()
    room.lab.locator(".voicelab-scope[data-mode=live]").wait_for()
    before = room.told(IN_FORCE)
    asked = drag_the_line(room, -20)
    assert asked > before
    room.until(f"{IN_FORCE} == {asked}", "the threshold in force")
    assert asked_for(room)[-1] == asked
    assert asked_for(room, "session.updated")[-1] == asked
    readout = "(wanted) => [...document.querySelectorAll('.voicelab-lab input')].some((one) => +one.value === wanted)"
    room.page.wait_for_function(readout, arg=asked)

    room.lab.get_by_role("button", name="Pause").click()
    room.lab.locator(".voicelab-scope[data-mode='what if']").wait_for()
    n_before = len(asked_for(room))
    tried = drag_the_line(room, 20)
    assert tried < asked
    use = room.lab.get_by_role("button", name=f"Use {tried:.2f} from now on")
    use.wait_for()
    assert (len(asked_for(room)), room.told(IN_FORCE)) == (n_before, asked)
    use.click()
    room.until(f"{IN_FORCE} == {tried}", "the threshold that was tried")


def test_interrupting_the_kernel_leaves_the_session(room: LabRoom) -> None:
    """The stop button of the notebook ends the cell, not the conversation."""
    room.talk()
    room.notebook.run(1)
    room.page.wait_for_function("() => voicelabTests.kernel().status === 'busy'")
    room.notebook.interrupt()
    room.notebook.wait_idle()
    until(lambda: "KeyboardInterrupt" in room.notebook.output(1), "the interrupt")
    assert room.told("lab.desk.standing.state") == "live"
    room.notebook.kernel("lab.wish(threshold=0.33)")
    assert room.told(IN_FORCE) == 0.33


def test_a_live_lab_reads_well_for_everybody(room: LabRoom) -> None:
    """At 200 % zoom no control sticks out; on a projector it is larger; axe finds nothing serious, live or stopped."""
    room.talk()
    assert axe(room.page, ".voicelab-lab") == []
    room.press("Present")
    assert room.lab.evaluate("(lab) => getComputedStyle(lab).fontSize") == "15px"
    assert axe(room.page, ".voicelab-lab") == []
    room.press("Present")
    room.page.emulate_media(reduced_motion="reduce")
    room.page.set_viewport_size({"width": 640, "height": 360})
    room.page.evaluate("() => voicelabTests.app.commands.execute('application:toggle-left-area')")
    wide = "() => document.querySelector('.voicelab-lab').getBoundingClientRect().width"
    room.page.wait_for_function(f"() => ({wide})() > 400 && ({wide})() < 640")
    assert room.lab.evaluate(STICK_OUT) == []
    room.press("Mark")  # scrolled to and pressed
    room.stop()
    assert axe(room.page, ".voicelab-lab") == []
    room.page.evaluate("() => voicelabTests.app.commands.execute('application:toggle-left-area')")
    room.page.set_viewport_size({"width": 1280, "height": 720})
    room.page.emulate_media(reduced_motion="no-preference")


def test_a_wrong_file_is_told_in_the_window(room: LabRoom, tmp_path: Path) -> None:
    """What was wrong, what was kept, what to do; the clip before still plays."""
    room.talk()
    wrong = tmp_path / "song.wav"
    wrong.write_bytes(b"no sound at all")
    room.lab.locator("input[type=file]").set_input_files(wrong)
    told = room.problem("song.wav")
    assert "still loaded" in told
    assert "Choose another file" in told
    n_before = room.told("len(lab.run.turn_list())")
    room.press("Play")
    room.until(f"len(lab.run.turn_list()) > {n_before}", "a turn")


def test_a_refused_key_and_a_dying_server_leave_a_lab_that_works(room: LabRoom) -> None:
    """Each is told in the window, without the key; the run is whole, and the embedded server is still there."""
    room.show()
    room.notebook.kernel("server = vl.LocalServer(hearing='none'); server.__enter__()")
    room.lab.get_by_label("Talk with").select_option("url")
    room.lab.get_by_label("Address").fill(room.told("server.url"))
    room.lab.get_by_label("Key (stays in memory)").fill("sk-wrong-and-secret")
    room.lab.get_by_label("Key (stays in memory)").press("Tab")
    room.until("lab.desk.standing.target == server.url and lab.desk._api_key != ''", "the typed address and key")
    room.press("Talk")
    told = room.problem("key")
    assert "Press Talk to begin anew" in told
    assert "sk-wrong" not in room.lab.inner_text() + room.told("repr(lab.desk.standing)")

    room.notebook.kernel("lab.desk.choose_target(server.url, server.api_key).result()")
    room.talk()
    room.notebook.kernel("server.__exit__(None, None, None)")
    room.until("lab.desk.standing.state == 'over'", "the end")
    told = room.problem("What had happened is kept in")
    assert room.told("str(lab.run.folder)") in told
    assert room.told("lab.run.manifest.state") == "complete"

    room.lab.get_by_label("Talk with").select_option("local")
    room.until("lab.desk.standing.target == 'local'", "the embedded server")
    room.talk()
    room.stop()


def test_a_wish_that_is_no_knob_is_told() -> None:
    """With the names of those that are; a wrong value with its path."""
    with pytest.raises(ConfigError, match="no knob called tempo; it has detection, threshold"):
        Lab(tempo=3)
    with pytest.raises(ConfigError, match="threshold"):
        Lab(threshold=3.0)


def test_by_code_the_lab_does_what_its_buttons_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Talk, play, ask, turn a knob, stop: for notebooks that nobody clicks through."""
    monkeypatch.setenv("VOICELAB_HEADLESS", "1")
    lab = Lab(silence_ms=400, budget=Budget(limit_usd=0.5))
    with pytest.raises(ConfigError, match="talk"):
        _ = lab.session
    lab.talk(tmp_path / "run")
    assert lab.session.budget is not None
    assert lab.session.budget.limit_usd == lab.desk.standing.limit_usd == 0.5
    assert lab.play(spoken_lines()["hello"].clip).transcript == "hello"
    assert "eighty-four" in lab.ask("What is 12 * 7?").reply
    lab.wish(threshold=0.8)
    lab._timeline.cursor_ms = 1500.0
    assert (lab._scope.cursor_ms, lab._transcript.cursor_ms) == (1500.0, 1500.0)  # one cursor in all views
    run = lab.stop()
    assert run.manifest.state == "complete"
    assert run.manifest.in_force["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 400
    assert run.manifest.in_force["audio"]["input"]["turn_detection"]["threshold"] == 0.8
    lab.close()
