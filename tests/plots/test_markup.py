"""HTML from values."""

from __future__ import annotations

from voicelab.plots.markup import Html, data_script, joined, table, tag


def test_everything_is_escaped_unless_it_is_html() -> None:
    """Text never becomes markup; markup stays."""
    assert tag("p", "<b>", Html("<i>x</i>"), None, 3) == "<p>&lt;b&gt;<i>x</i>3</p>"
    assert joined(["&", Html("&amp;")]) == "&amp;&amp;"


def test_attributes_are_escaped_too() -> None:
    """A quote cannot end an attribute."""
    assert tag("a", "x", title='"><script>') == '<a title="&quot;&gt;&lt;script&gt;">x</a>'


def test_attribute_names_and_bare_attributes() -> None:
    """Python's names become HTML's; True is bare, False and None are nothing."""
    written = tag("audio", controls=True, loop=False, src=None, class_="a", data_seconds="1")
    assert written == '<audio controls class="a" data-seconds="1"></audio>'
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_a_table_has_a_caption_and_heads_with_scope() -> None:
    """Screen readers can tell which column a cell belongs to."""
    written = table(("name", "n"), [("<x>", 1)], "Names", numbers=[1])
    assert "<caption>Names</caption>" in written
    assert '<th scope="col">name</th><th scope="col" class="number">n</th>' in written
    assert '<td>&lt;x&gt;</td><td class="number">1</td>' in written


def test_data_for_a_script_cannot_end_it() -> None:
    """A closing tag inside a text is written so that only JSON reads it as one."""
    written = data_script({"said": "</script><b>"}, id="x")
    assert written == '<script type="application/json" id="x">{"said":"\\u003c/script>\\u003cb>"}</script>'
