r"""A real browser for the tests of the widgets, with a recorded voice as its microphone.

How to use it (fixtures in conftest.py; without Chromium or Playwright the test is skipped, with the reason)::

    def test_the_knob_acts(lab):                                 # the real JupyterLab
        notebook = lab.open(["import voicelab as vl", "lab = vl.Lab(); lab"], microphone=wav)
        notebook.run_all()                                       # every cell, waits until all have run
        notebook.page.get_by_role("button", name="Talk").click() # .page is Playwright's page: use its waiting
        assert notebook.kernel("print(lab.run.manifest.state)") == "running\n"

    def test_the_meter_draws(plain_page):                        # one widget's JavaScript, no Jupyter: fast
        plain = plain_page(METER_JS, {"words": {}, "level": 0})
        plain.set(level=3)
        plain.receive({"kind": "samples"}, [b"\0\1"])
        assert plain.sent == []
        assert not axe(plain.page)

``lab.open(cells, microphone=None | file | "denied", page_kind="lab" | "notebook", viewport=(1280, 720))`` returns a
``Notebook`` (jupyterlab.py); ``plain_page(js, model, css=None, theme="light")`` a ``PlainPage`` (plain_page.py). What a
page complains about on its console is in ``.errors`` of both. Never sleep: wait for what you want to see
(``page.wait_for_function``, ``expect(locator)``, ``until``). All pages of a test are closed when it ends; the browsers
and the one JupyterLab live until the last test.

Three facts met: what the page shows after a cell may come a moment after ``wait_idle`` (wait for it); of an ipywidgets
slider the arrow keys work in JupyterLab, while Notebook 7 takes ArrowLeft and ArrowRight for itself in command mode;
JupyterLab's file browser takes 280 pixels of the window.

In: a sound file. Out: Chromium, one for each microphone, started when first asked for. Does not know: what it shows.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

Microphone = Path | Literal["denied"] | None
DEADLINE_S = 60.0
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Browsers:
    """Chromium for whoever asks, one process for each microphone.

    Playwright leaves its event loop marked as the running one, and no other test could use ``asyncio.run`` any more:
    so the mark is set for the browser tests only (``awake``).
    """

    def __init__(self) -> None:
        playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
        self._chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        if self._chromium is None:
            pytest.skip("there is no Chromium on this computer")
        self._manager = playwright.sync_playwright()
        self._playwright = self._manager.start()
        self._loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        self._browsers: dict[Microphone, Browser] = {}

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Let Playwright be used inside."""
        asyncio._set_running_loop(self._loop)
        try:
            yield
        finally:
            asyncio._set_running_loop(None)

    def context(self, microphone: Microphone, viewport: tuple[int, int]) -> BrowserContext:
        """Return a fresh browser profile whose microphone hears a file; ``None`` is Chromium's own beep.

        Parameters
        ----------
        microphone
            A WAV (48 kHz, mono, 16 bit is safest), which Chromium loops; or "denied": the person says no.
        viewport
            Width and height of the window, in CSS pixels.
        """
        if microphone not in self._browsers:
            self._browsers[microphone] = self._launch(microphone)
        width, height = viewport
        return self._browsers[microphone].new_context(viewport={"width": width, "height": height})

    def _launch(self, microphone: Microphone) -> Browser:
        flags = [*_QUIET, "--use-fake-device-for-media-stream"]
        flags.append("--use-fake-ui-for-media-stream" + ("=deny" if microphone == "denied" else ""))
        if isinstance(microphone, Path):
            assert microphone.is_file(), f"the microphone has nothing to hear: {microphone}"
            flags.append(f"--use-file-for-fake-audio-capture={microphone}")
        return self._playwright.chromium.launch(executable_path=self._chromium, headless=True, args=flags)

    def close(self) -> None:
        """End every browser, and Playwright."""
        with self.awake():
            for browser in self._browsers.values():
                browser.close()
            self._manager.__exit__(None, None, None)


def heed(page: Page) -> list[str]:
    """Return a list that fills with what the page complains about: exceptions nobody caught, and console errors."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return errors


def axe(page: Page, selector: str | None = None) -> list[str]:
    """Return what axe finds serious or critical in the part of a page that ``selector`` names; all of it if ``None``.

    Each finding is one line: how bad, which rule, what it asks for, and the elements.
    """
    run = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe().run
    violations = run(page, context=selector).response["violations"]
    return [
        f"{found['impact']} {found['id']}: {found['help']} {[node['target'] for node in found['nodes']]}"
        for found in violations
        if found["impact"] in ("serious", "critical")
    ]


def until(true: Callable[[], bool], what: str, *, deadline_s: float = DEADLINE_S) -> None:
    """Look again and again until something outside the page is true (in the page: ``page.wait_for_function``)."""
    pause = threading.Event()
    for _ in range(round(deadline_s / 0.05)):
        if true():
            return
        pause.wait(0.05)
    raise AssertionError(f"{deadline_s:.0f} s went by without {what}")
