"""The scope in the real JupyterLab: the line changes the kernel's session, the paused line does not."""

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
