"""The browser tests' fixtures: ``lab`` (a real JupyterLab), ``plain_page`` (one widget, no Jupyter); see browser.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.widgets.browser import Browsers
from tests.widgets.jupyterlab import JupyterLab
from tests.widgets.plain_page import PlainPages


@pytest.fixture(scope="session")
def _browsers() -> Iterator[Browsers]:
    browsers = Browsers()
    try:
        yield browsers
    finally:
        browsers.close()


@pytest.fixture(scope="session")
def _jupyterlab(_browsers: Browsers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    with JupyterLab(_browsers, tmp_path_factory.mktemp("jupyterlab")) as server:
        yield server


@pytest.fixture
def lab(_browsers: Browsers, _jupyterlab: JupyterLab) -> Iterator[JupyterLab]:
    """A real JupyterLab: ``lab.open(cells)``; its notebooks are closed when the test ends."""
    with _browsers.awake():
        yield _jupyterlab
        _jupyterlab.close_notebooks()


@pytest.fixture
def plain_page(_browsers: Browsers) -> Iterator[PlainPages]:
    """One widget on an empty page: ``plain_page(js, model)``; closed when the test ends."""
    pages = PlainPages(_browsers)
    with _browsers.awake():
        yield pages
        pages.close()
