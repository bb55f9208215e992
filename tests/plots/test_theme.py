"""Templates and the figure that is empty."""

from __future__ import annotations

from voicelab.plots import theme


def test_dark_and_light_differ_in_paper_and_ink_only() -> None:
    """Traces keep their colours; the template decides the rest."""
    light, dark = theme.template()["layout"], theme.template(dark=True)["layout"]
    assert light["paper_bgcolor"] != dark["paper_bgcolor"]
    assert light["font"]["color"] != dark["font"]["color"]
    assert light["colorway"] == dark["colorway"]


def test_an_empty_figure_says_what_to_do() -> None:
    """No data, one sentence."""
    made = theme.empty("say something")
    assert len(made.data) == 0
    assert made.layout.annotations[0].text == "say something"


def test_hover_texts_are_escaped_and_wrapped() -> None:
    """Plotly reads a little HTML in texts; a transcript must not become part of it."""
    assert theme.hover("<b>bold</b>") == "&lt;b&gt;bold&lt;/b&gt;"
    assert theme.hover("one two three", "", "four", width=8) == "one two<br>three<br>four"
