"""The scope in the real JupyterLab: its line and the kernel's session, its colours, its cursor."""

from __future__ import annotations

from tests.widgets.browser import until
from tests.widgets.jupyterlab import JupyterLab

_CELLS = [
    "import voicelab as vl\n"
    "from voicelab.widgets.scope import Scope\n"
    "session = vl.connect('local', out='scope-run').open()\n"
    "scope = Scope(session)\n"
    "scope"
]
_IN_FORCE = "print([r['value'] for r in scope._feed._tiers.rows.values() if r['kind'] == 'threshold'][-1])"


def test_the_line_changes_the_session_and_the_paused_line_does_not(lab: JupyterLab) -> None:
    """The server says what is in force; the marks of the page are in the run."""
    notebook = lab.open(_CELLS)
    notebook.run_all()
    page = notebook.page
    page.locator(".voicelab-scope[data-mode=live]").wait_for()
    line = page.locator("[role=slider][aria-label=Threshold]")
    line.press("PageDown")
    until(lambda: notebook.kernel(_IN_FORCE) == "0.4\n", "the threshold in force")
    line.press("m")
    marks = "print([r.event['text'] for r in session.log.records() if r.type == 'voicelab.mark'])"
    until(lambda: notebook.kernel(marks) == "['true end']\n", "the mark in the run")
    line.press("p")
    line.press("PageUp")
    page.locator(".voicelab-scope-hidden", has_text="At 0.50").wait_for()
    assert notebook.kernel(_IN_FORCE) == "0.4\n"
    page.get_by_role("button", name="Use 0.50 from now on").click()
    until(lambda: notebook.kernel(_IN_FORCE) == "0.5\n", "the threshold in force")
    notebook.kernel("session.close()")
    page.locator(".voicelab-scope[data-mode='what if']").wait_for()


_BOXED = [
    "import ipywidgets, voicelab as vl\n"
    "from voicelab.experiments.clips import spoken_lines\n"
    "from voicelab.widgets.scope import LevelMeter, Scope\n"
    "session = vl.connect('local', out='scope-boxed').open()\n"
    "scope = Scope(session)\n"
    "ipywidgets.VBox([ipywidgets.Box([ipywidgets.VBox([LevelMeter(session), scope])])])"
]
# How many pixels of the user's and the agent's colour the picture has, and what is drawn where only cursors come.
_DRAWN = """() => {
  const canvas = document.querySelector('.voicelab-scope canvas'), pen = canvas.getContext('2d');
  if (!canvas.width) return [0, 0, 0];
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const counts = [[0, 114, 178], [213, 94, 0]].map((wanted) => {
    let n = 0;
    for (let k = 0; k < data.length; k += 4) {
      if (data[k + 3] > 250 && wanted.every((one, c) => Math.abs(data[k + c] - one) < 3)) n += 1;
    }
    return n;
  });
  const top = pen.getImageData(52, 0, canvas.width - 108, 3).data;
  return [...counts, top.filter((one, k) => k % 4 === 3 && one > 100).length];
}"""


def test_a_scope_in_boxes_has_its_colours_and_the_kernels_cursor(lab: JupyterLab) -> None:
    """JupyterLab renders what is in a box before the box is on the page; a cursor set by code leaves it live."""
    notebook = lab.open(_BOXED)
    notebook.run_all()
    page = notebook.page
    page.locator(".voicelab-scope[data-mode=live]").wait_for()
    page.locator(".voicelab-scope").scroll_into_view_if_needed()
    page.get_by_label("Seconds shown").select_option("60000")  # nothing scrolls away before it is looked at
    notebook.kernel("session.play(spoken_lines()['hello'].clip)")

    def drawn() -> list[int]:
        found: list[int] = page.evaluate(_DRAWN)
        return found

    until(lambda: min(drawn()[:2]) > 20, "the user's and the agent's colour")
    assert drawn()[2] == 0
    notebook.kernel("scope.cursor_ms = scope._feed.now_ms - 2000")
    until(lambda: drawn()[2] > 0, "the cursor")
    assert page.locator(".voicelab-scope-badge").inner_text() == "LIVE"
    level = page.locator(".voicelab-level-bar")
    assert level.evaluate("(bar) => getComputedStyle(bar).backgroundColor") == "rgb(0, 114, 178)"
    notebook.kernel("session.close()")
