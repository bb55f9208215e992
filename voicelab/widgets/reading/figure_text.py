"""What stands below a figure: its numbers as a table that can be folded away; and it sees whether the page is dark.

In: a `Table`.  Out: a widget; ``dark`` is what the page says of itself.
Does not know: figures.  Plotly draws its own ground and letters, so somebody has to tell Python the page's theme.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from voicelab.widgets.reading.figure_tables import Table
from voicelab.widgets.words import words


class FigureText(anywidget.AnyWidget):
    """The text form of one figure."""

    _esm = Path(__file__).with_name("figure_text.js")
    _css = Path(__file__).with_name("figure_text.css")

    words = traitlets.Dict().tag(sync=True)
    table: traitlets.Dict[str, Any] = traitlets.Dict(None, allow_none=True).tag(sync=True)
    dark = traitlets.Bool(False).tag(sync=True)

    def __init__(self) -> None:
        super().__init__(words=dict(words("figures")))

    def show(self, table: Table | None) -> None:
        """Show a table, or none."""
        self.set_trait("table", None if table is None or not table.rows else asdict(table))
