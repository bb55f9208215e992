"""HTML from Python values, escaped unless it is HTML already.

In: tag names, attributes, children.  Out: `Html`, a string that may be put into a page as it is.
Does not know: what a page is about. Words that were heard or said, and everything a server sent, go through here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape

_VOID = {"meta", "br", "input"}


class Html(str):
    """Text that is HTML already; any other string is escaped when it becomes part of a page."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """Return an element.

    Parameters
    ----------
    name : str
    *children
        `Html` stays as it is; None is left out; anything else is escaped.
    **attributes
        ``class_`` becomes ``class``, ``data_run`` becomes ``data-run``; True gives a bare name, None and False nothing.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Html:
    """Return children one after the other, each escaped unless it is HTML."""
    return Html("".join(c if isinstance(c, Html) else escape(str(c)) for c in children if c is not None))


def data_script(value: object, **attributes: object) -> Html:
    """Return plain JSON values as data for a script; no text in them can end the element early."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return tag("script", Html(text), type="application/json", **attributes)


def table(heads: Sequence[str], rows: Iterable[Iterable[object]], caption: str, numbers: Iterable[int] = ()) -> Html:
    """Return a table with a caption; the columns in ``numbers`` are aligned right, a row may be a whole ``tr``."""
    right = set(numbers)
    titles = (tag("th", head, scope="col", class_=_side(k, right)) for k, head in enumerate(heads))
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", *titles)),
            tag("tbody", *(row if isinstance(row, Html) else table_row(row, right) for row in rows)),
        ),
        class_="wide",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def table_row(cells: Iterable[object], numbers: Iterable[int] = (), **attributes: object) -> Html:
    """Return one row of a table."""
    right = set(numbers)
    return tag("tr", *(tag("td", cell, class_=_side(k, right)) for k, cell in enumerate(cells)), **attributes)


def _side(column: int, right: set[int]) -> str | None:
    return "number" if column in right else None


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
