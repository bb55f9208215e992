"""How the Lab's parts stand on the page, and names for what ipywidgets leaves nameless.

In: nothing.  Out: an invisible widget that brings the style sheet.
Does not know: the parts.
"""

from __future__ import annotations

from pathlib import Path

import anywidget


class Layout(anywidget.AnyWidget):
    """Brings ``lab.css`` into the page; shows nothing."""

    _esm = "export default { render({ el }) { el.hidden = true; } };"
    _css = Path(__file__).with_name("lab.css")
