"""One JupyterLab for all browser tests, and a notebook in it: run cells, read outputs, ask its kernel.

In: the browsers. Out: ``JupyterLab`` (the server, with folders of its own) and ``Notebook``.
Does not know: the widgets. Facts about the server's flags: each is needed, none is taste (a pop-up about news covers
pictures, a user's own settings change the page, cells out of sight are taken out of the page).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import httpx
import nbformat
from jupyter_client.blocking.client import BlockingKernelClient

from tests.leash import let_go, on_a_leash
from tests.widgets.browser import DEADLINE_S, Browsers, Microphone, heed, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
TOKEN = "voicelab-tests"
_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
    "docmanager-extension/plugin": {"autosave": False},
}
# Finds the notebook in the application, and counts the cells that were told to run and have not ended.
_IN_PAGE = """() => {
  const app = window.jupyterapp;
  const find = () => app && [...app.shell.widgets('main')].find((w) => w.sessionContext && w.content?.widgets);
  const kernel = () => find()?.sessionContext.session?.kernel;
  const tests = { app, find, kernel, running: 0 };
  tests.run = (command) => {
    tests.running += 1;
    app.commands.execute(command).catch(() => {}).finally(() => { tests.running -= 1; });
  };
  window.voicelabTests = tests;
}"""


class Notebook:
    """A notebook that is open in the browser."""

    def __init__(self, page: Page, errors: list[str], server: JupyterLab, name: str) -> None:
        self.page = page
        self.errors = errors
        self.name = name
        self._server = server
        self._client: BlockingKernelClient | None = None
        self._subshell: str | None = None
        page.wait_for_function("() => Boolean(window.jupyterapp?.restored)")
        page.evaluate("() => window.jupyterapp.restored")
        page.evaluate(_IN_PAGE)
        self._wait_for_kernel()

    def run_all(self) -> None:
        """Run every cell and wait until the last has ended."""
        self.page.evaluate("() => voicelabTests.run('notebook:run-all-cells')")
        self.wait_idle()

    def run(self, cell: int) -> None:
        """Start one cell and return at once, as a person's Ctrl+Enter does."""
        self.page.evaluate(
            """(cell) => {
                const content = voicelabTests.find().content;
                content.deselectAll();
                content.activeCellIndex = cell;
                voicelabTests.run('notebook:run-cell');
            }""",
            cell,
        )

    def wait_idle(self) -> None:
        """Wait until no cell runs and the kernel has nothing to do."""
        self.page.wait_for_function("() => voicelabTests.running === 0")
        self._wait_for_kernel()

    def _wait_for_kernel(self) -> None:
        self.page.wait_for_function("() => voicelabTests.kernel()?.status === 'idle'")

    def output(self, cell: int) -> str:
        """Return the output of a cell as text: what it printed, its value's text, or its error."""
        outputs: list[dict[str, Any]] = self.page.evaluate(
            "(cell) => voicelabTests.find().content.widgets[cell].model.outputs.toJSON()", cell
        )
        return "".join(_text_of(output) for output in outputs)

    def kernel(self, code: str, *, beside: bool = False) -> str:
        """Run code in this notebook's kernel without a cell, and return what it printed.

        Parameters
        ----------
        code
            Python, in the notebook's own names.
        beside
            Run it on a thread of its own (a kernel subshell): then it also answers while a cell is busy.

        Raises
        ------
        AssertionError
            If the code fails; its traceback is the message.
        """
        if self._client is None:
            self._client = BlockingKernelClient(connection_file=str(self._connection_file()))
            self._client.load_connection_file()
            self._client.start_channels()
            until(partial(_hears, self._client), "the kernel to be heard")
        _read_up(self._client)
        return _printed(self._client, code, self._open_subshell(self._client) if beside else None)

    def _open_subshell(self, client: BlockingKernelClient) -> str:
        if self._subshell is None:
            request = client.session.msg("create_subshell_request", {})
            client.control_channel.send(request)
            reply = client.get_control_msg(timeout=DEADLINE_S)
            self._subshell = str(reply["content"]["subshell_id"])
        return self._subshell

    def _connection_file(self) -> Path:
        kernel_id = self.page.evaluate("() => voicelabTests.kernel().id")
        return self._server.folder / "runtime" / f"kernel-{kernel_id}.json"

    def interrupt(self) -> None:
        """Interrupt the kernel, as the stop button does."""
        self.page.evaluate("() => voicelabTests.kernel().interrupt()")

    def restart(self) -> None:
        """Restart the kernel and wait until it is there again; what was asked of the old one is given up."""
        self._forget_kernel()
        self.page.evaluate("() => voicelabTests.kernel().restart()")
        self.wait_idle()

    def theme(self, name: Literal["light", "dark"]) -> None:
        """Put JupyterLab into its light or dark theme."""
        full = f"JupyterLab {name.capitalize()}"
        self.page.evaluate("(theme) => voicelabTests.app.commands.execute('apputils:change-theme', {theme})", full)
        light = "true" if name == "light" else "false"
        self.page.wait_for_function("(light) => document.body.dataset.jpThemeLight === light", arg=light)

    def screenshot(self, path: Path) -> None:
        """Take a picture of the window."""
        self.page.screenshot(path=path)

    def close(self) -> None:
        """Close the tab and shut the kernel down."""
        self._forget_kernel()
        self.page.context.close()
        self._server.shut_down(self.name)

    def _forget_kernel(self) -> None:
        if self._client is not None:
            self._client.stop_channels()
        self._client = self._subshell = None


class JupyterLab:
    """A JupyterLab server whose folders are all its own, and the notebooks that were opened in it."""

    def __init__(self, browsers: Browsers, folder: Path) -> None:
        self.folder = folder
        self.browsers = browsers
        self._open: list[Notebook] = []
        self._n_opened = 0
        self._process = _start_server(folder)
        self.url = self._wait_for_url()
        self._http = httpx.Client(base_url=self.url, params={"token": TOKEN}, timeout=DEADLINE_S, trust_env=False)

    def open(
        self,
        cells: Sequence[str],
        *,
        microphone: Microphone = None,
        page_kind: Literal["lab", "notebook"] = "lab",
        viewport: tuple[int, int] = (1280, 720),
    ) -> Notebook:
        """Open a new notebook with these code cells; nothing of it has run.

        Parameters
        ----------
        cells
            The Python source of each cell.
        microphone
            What the browser's microphone hears: a WAV, Chromium's beep (``None``), or "denied".
        page_kind
            JupyterLab or Notebook 7.
        viewport
            Width and height of the window, in CSS pixels.
        """
        self._n_opened += 1
        name = f"test-{self._n_opened}.ipynb"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.folder / "work" / name)
        context = self.browsers.context(microphone, viewport)
        context.set_default_timeout(DEADLINE_S * 1000)
        page = context.new_page()
        errors = heed(page)
        place = f"lab/workspaces/{self._n_opened}/tree/{name}" if page_kind == "lab" else f"notebooks/{name}"
        page.goto(f"{self.url}{place}?token={TOKEN}")
        self._open.append(Notebook(page, errors, self, name))
        return self._open[-1]

    def close_notebooks(self) -> None:
        """Close what was opened since the last time, and shut the kernels down."""
        while self._open:
            self._open.pop().close()

    def shut_down(self, name: str) -> None:
        """Shut down the kernel of a notebook, where it still has one."""
        for session in self._http.get("api/sessions").json():
            if session["path"] == name:
                self._http.delete(f"api/sessions/{session['id']}")

    def log(self) -> str:
        """Return what the server and the kernels wrote to their standard error."""
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def _wait_for_url(self) -> str:
        """Return the server's address: it writes it down when it listens (its port is one that was free)."""
        runtime = self.folder / "runtime"

        def written() -> list[str]:  # to the end
            return [text for path in runtime.glob("jpserver-*.json") if (text := path.read_text()).rstrip()[-1:] == "}"]

        until(lambda: bool(written()) or self._process.poll() is not None, "the JupyterLab server")
        assert self._process.poll() is None, f"JupyterLab did not start:\n{self.log()}"
        url = str(json.loads(written()[0])["url"])

        def answers() -> bool:
            try:
                return httpx.get(f"{url}api", timeout=5, trust_env=False).is_success
            except httpx.TransportError:
                return False

        until(answers, "an answer of the JupyterLab server")
        return url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()
        let_go(self._process)  # it ends its kernels, too


def look_after_from_the_first_cell_on(ipython: Path) -> None:
    """Have kernels with this ``IPYTHONDIR`` do at their start what a widget does when it is shown."""
    startup = ipython / "profile_default" / "startup"
    startup.mkdir(parents=True)
    code = '__import__("voicelab.widgets.kernel", fromlist=["kernel"]).look_after_kernel()'
    (startup / "00-kernel.py").write_text(code)


def _start_server(folder: Path) -> subprocess.Popen[bytes]:
    for name in ("work", "runtime", "config", "data", "settings/@jupyterlab", "workspaces", "home"):
        (folder / name).mkdir(parents=True)
    look_after_from_the_first_cell_on(folder / "home" / "ipython")
    for name, settings in _SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(settings))
    kept = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY") and k != "VOICELAB_HEADLESS"}
    own = {f"JUPYTER_{kind.upper()}_DIR": str(folder / kind) for kind in ("runtime", "config", "data")}
    home = {"HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "home" / "ipython"), "PYTHONPATH": str(ROOT)}
    flags = {
        "ServerApp.port": 0,
        "ServerApp.root_dir": folder / "work",
        "IdentityProvider.token": TOKEN,
        "LabApp.user_settings_dir": folder / "settings",
        "LabApp.workspaces_dir": folder / "workspaces",
        "LabApp.expose_app_in_browser": True,
        "JupyterNotebookApp.user_settings_dir": folder / "settings",
        "JupyterNotebookApp.expose_app_in_browser": True,
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    with (folder / "server.log").open("wb") as log:
        # Also a pytest that is killed leaves no server behind.
        return on_a_leash(
            [*command, *(f"--{name}={value}" for name, value in flags.items())],
            grace_s=DEADLINE_S,
            cwd=folder / "work",
            env={**kept, **own, **home},
            stdout=log,
            stderr=log,
        )


def _hears(client: BlockingKernelClient) -> bool:
    """Return whether what the kernel publishes arrives; jupyter_client's own way waits for a kernel that is silent."""
    asked = client.kernel_info()
    try:
        while client.get_iopub_msg(timeout=1)["parent_header"].get("msg_id") != asked:
            continue
    except Empty:
        return False
    return True


def _read_up(client: BlockingKernelClient) -> None:
    """Read what waits: a busy Lab fills the queue in some minutes, and the answer would be lost."""
    while client.iopub_channel.msg_ready():
        client.get_iopub_msg(timeout=0)


def _printed(client: BlockingKernelClient, code: str, subshell: str | None) -> str:
    content = {"code": code, "silent": True, "store_history": False, "allow_stdin": False, "stop_on_error": False}
    request = client.session.msg("execute_request", {**content, "user_expressions": {}})
    if subshell is not None:
        request["header"]["subshell_id"] = subshell
    client.shell_channel.send(request)
    printed, over = "", False
    while not over:
        message = client.get_iopub_msg(timeout=DEADLINE_S)
        if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
            continue
        if message["msg_type"] == "error":
            raise AssertionError(_plain("\n".join(message["content"]["traceback"])))
        if message["msg_type"] == "stream":
            printed += message["content"]["text"]
        over = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
    return printed


def _text_of(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return _joined(output["text"])
    if output["output_type"] == "error":
        return _plain("\n".join(output["traceback"]))
    return _joined(output["data"].get("text/plain", ""))


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _plain(text: str) -> str:
    """Return text without the colours of a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
