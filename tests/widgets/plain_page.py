"""One widget's JavaScript on an empty page, with a stand-in for its model: fast tests without Jupyter.

In: an anywidget ES module, the values of its traits. Out: ``PlainPage``: the page, what the widget saved and sent, and
hands to play the kernel. Does not know: Python's side of the widget.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tests.widgets.browser import DEADLINE_S, Browsers, heed

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

_ORIGIN = "http://localhost/"  # a browser gives the microphone to this one; nothing listens there, the test answers
_FAKE = Path(__file__).with_name("plain_page.js")
# JupyterLab's own values of the variables that widgets use.
_THEMES = {
    "light": {"layout-color0": "#fff", "layout-color1": "#fff", "layout-color2": "#eee", "layout-color3": "#bdbdbd",
              "ui-font-color0": "#000", "ui-font-color1": "#000000de", "ui-font-color2": "#0000008a",
              "border-color1": "#bdbdbd", "border-color2": "#e0e0e0"},
    "dark": {"layout-color0": "#111", "layout-color1": "#212121", "layout-color2": "#424242",
             "layout-color3": "#616161", "ui-font-color0": "#fff", "ui-font-color1": "#fff",
             "ui-font-color2": "#ffffffb3",
             "border-color1": "#616161", "border-color2": "#424242"},
}  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """A message of the widget to its kernel."""

    content: Any
    buffers: tuple[bytes, ...]


class PlainPage:
    """A page with one widget on it."""

    def __init__(self, page: Page, errors: list[str]) -> None:
        self.page = page
        self.errors = errors

    def get(self, name: str) -> Any:
        """Return the value of a trait, as the page has it."""
        return self.page.evaluate("(name) => model.get(name)", name)

    def set(self, **values: Any) -> None:
        """Change traits from the kernel's side."""
        self.page.evaluate("(values) => model.setFromKernel(values)", _as_json(values))

    def receive(self, message: Any, buffers: Sequence[bytes] = ()) -> None:
        """Bring a custom message from the kernel."""
        encoded = [base64.b64encode(buffer).decode() for buffer in buffers]
        self.page.evaluate("([message, buffers]) => model.receive(message, buffers)", [message, encoded])

    @property
    def sent(self) -> list[Sent]:
        """The custom messages of the widget so far."""
        found = self.page.evaluate("() => model.sent")
        return [Sent(one["content"], tuple(base64.b64decode(text) for text in one["buffers"])) for one in found]

    @property
    def saved(self) -> list[dict[str, Any]]:
        """The changes that the widget saved so far, one entry for each ``save_changes``."""
        changes: list[dict[str, Any]] = self.page.evaluate("() => model.saved")
        return changes

    def clean_up(self) -> list[str]:
        """Take the widget off the page as anywidget does; return the model's events it still listens to (none)."""
        left: list[str] = self.page.evaluate("() => cleanUp()")
        return left


class PlainPages:
    """Opens widgets on pages of their own."""

    def __init__(self, browsers: Browsers) -> None:
        self._browsers = browsers
        self._contexts: list[BrowserContext] = []

    def __call__(
        self,
        js: Path | type[Any],
        model: Mapping[str, Any],
        *,
        css: Path | None = None,
        theme: Literal["light", "dark"] = "light",
        microphone: Path | Literal["denied"] | None = None,
        viewport: tuple[int, int] = (1280, 720),
    ) -> PlainPage:
        """Show one widget.

        Parameters
        ----------
        js
            Its ES module, or the widget's class, which has it.
        model
            The values of its traits: what JSON can say, or ``bytes`` (which arrive as a ``DataView``).
        css
            Its style sheet; the file beside ``js`` with the same name, if there is one.
        theme
            What JupyterLab's variables say.
        microphone, viewport
            As in ``JupyterLab.open``.
        """
        script, style = _texts_of(js, css)
        context = self._browsers.context(microphone, viewport)
        self._contexts.append(context)
        context.set_default_timeout(DEADLINE_S * 1000)
        bodies = {
            "": ("text/html", _html(theme)),
            "widget.js": ("text/javascript", script),
            "widget.css": ("text/css", style),
            "model.js": ("text/javascript", _FAKE.read_text(encoding="utf-8")),
        }

        def answer(route: Route) -> None:
            kind, body = bodies.get(route.request.url.removeprefix(_ORIGIN), ("", None))
            if body is None:
                route.fulfill(status=404)
            else:
                route.fulfill(content_type=f"{kind}; charset=utf-8", body=body)

        context.route(f"{_ORIGIN}**", answer)
        page = context.new_page()
        errors = heed(page)
        page.goto(_ORIGIN)
        show = "async ([address, state]) => (await import(address.model)).show(address.widget, state)"
        addresses = {"model": f"{_ORIGIN}model.js", "widget": f"{_ORIGIN}widget.js"}
        page.evaluate(show, [addresses, _as_json(model)])
        return PlainPage(page, errors)

    def close(self) -> None:
        """Close all of them."""
        while self._contexts:
            self._contexts.pop().close()


def _html(theme: Literal["light", "dark"]) -> str:
    variables = "".join(f"--jp-{name}: {colour};" for name, colour in _THEMES[theme].items())
    style = f":root {{ {variables} }} body {{ background: var(--jp-layout-color1); color: var(--jp-ui-font-color1); }}"
    light = json.dumps(theme == "light")
    return (
        '<!doctype html><html lang="en"><head><title>One widget</title><link rel="icon" href="data:,">'
        f'<style>{style}</style><link rel="stylesheet" href="widget.css"></head>'
        f'<body data-jp-theme-light="{light}"><main><div id="widget"></div></main></body></html>'
    )


def _as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"bytes in base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in values.items()
    }


def _texts_of(js: Path | type[Any], css: Path | None) -> tuple[str, str]:
    """Return a widget's module and style sheet."""
    if not isinstance(js, Path):
        return str(js._esm), str(js._css)
    css = css or js.with_suffix(".css")
    return js.read_text(encoding="utf-8"), css.read_text(encoding="utf-8") if css.is_file() else ""
