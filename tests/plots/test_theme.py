"""Templates and the figure that is empty."""

from __future__ import annotations

import pytest

from voicelab.measure.run import Run
from voicelab.plots import theme
from voicelab.plots.latency import latency


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


def test_a_foot_stands_below_all_else_in_its_own_room() -> None:
    """The figure grows by its lines, and the axis' title keeps the room for them."""
    made = theme.figure(300)
    made.update_xaxes(title={"text": "seconds"})
    theme.foot(made, "Run a; metric version 1")
    assert made.layout.title.text == "Run a; metric version 1"
    assert (made.layout.title.y, made.layout.title.yref) == (0, "container")
    assert made.layout.xaxis.title.text == "seconds<br>\u00a0"
    assert made.layout.height > 300
    longer = theme.foot(theme.figure(300), "word " * 50)
    assert longer.layout.title.text.count("<br>") == longer.layout.title.text.count("word") // 26
    assert longer.layout.title.pad.b > made.layout.title.pad.b


def test_two_prices_in_a_line_are_no_formula() -> None:
    """JupyterLab sets what stands between two dollar signs as mathematics."""
    assert "$" not in theme.foot(theme.figure(300), "$3 and $4").layout.title.text
    assert theme.plain("$1 <b>\nand $2") == "&#36;1 &lt;b&gt; and &#36;2"


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    parts = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_letters_have_contrast_on_their_ground() -> None:
    """4.5 to 1, in light and dark; plotly's letters are no text that a page's checker sees."""
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    for dark in (False, True):
        layout = theme.template(dark)["layout"]
        assert contrast(layout["font"]["color"], layout["paper_bgcolor"]) >= 4.5
        assert contrast(layout["font"]["color"], layout["plot_bgcolor"]) >= 4.5


def test_milliseconds_in_a_bar_have_contrast_on_its_colour(run: Run) -> None:
    """Also where the bar is patterned with white."""
    bars = [trace for trace in latency(run).data if trace.type == "bar"]
    assert len(bars) == 5
    for bar in bars:
        assert contrast(bar.insidetextfont.color, bar.marker.color) >= 4.5


def test_lines_and_marks_are_seen_on_both_grounds() -> None:
    """3 to 1 for what is no text, where it is drawn without a neighbour that says the same."""
    for dark in (False, True):
        paper = theme.template(dark)["layout"]["paper_bgcolor"]
        assert contrast(theme.NEUTRAL, paper) >= 3
        assert contrast(theme.USER, paper) >= 3
        assert contrast(theme.AGENT, paper) >= 3
