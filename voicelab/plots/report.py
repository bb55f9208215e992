"""The HTML report: one file that opens offline, looks well on paper, and plays what it shows.

In: runs.  Out: one HTML file with everything in it: figures, the script that draws them, sound.
Does not know: how figures and tables are made. ``report.css`` and ``report.js`` lie beside this module.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from voicelab.errors import RunError
from voicelab.measure.run import Run
from voicelab.plots import theme
from voicelab.plots.cost import cost
from voicelab.plots.headline import headline
from voicelab.plots.latency import latency
from voicelab.plots.markup import Html, data_script, tag
from voicelab.plots.provenance import source_line
from voicelab.plots.report_tables import provenance_tables, trouble_table, turns_table
from voicelab.plots.sound import flac_address, mixed
from voicelab.plots.timeline import timeline
from voicelab.plots.waveform import waveform

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# The browser itself holds the page to its promise: nothing is loaded from anywhere.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; media-src data: blob:"
)


def write_report(runs: Sequence[Run], path: Path) -> Path:
    """Write one self-contained HTML file about one run or several.

    Parameters
    ----------
    runs : sequence of Run
        One after the other, with a table of contents when there are several.
    path : Path
        The file; one that is there is replaced.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    RunError
        There is no run to report on, or the file cannot be written.
    """
    if not runs:
        raise RunError("a report needs at least one run: name a run folder")
    page = _page(runs)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror or error}; name a file in a folder where you may write"
        ) from None
    return path


def _page(runs: Sequence[Run]) -> str:
    from plotly.offline import get_plotlyjs

    title = f"voicelab: {runs[0].folder.name}" if len(runs) == 1 else f"voicelab: {len(runs)} runs"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Html(_packaged("report.css"))),
        tag("script", Html(get_plotlyjs())),
    )
    body = tag(
        "body",
        _contents(runs) if len(runs) > 1 else None,
        tag("main", *(_run_section(run, f"run-{k}") for k, run in enumerate(runs, 1))),
        tag("noscript", tag("p", "The figures need JavaScript; sentences, tables and sound do not.")),
        data_script({"light": theme.template(), "dark": theme.template(dark=True)}, id="templates"),
        tag("script", Html(_packaged("report.js"))),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _packaged(name: str) -> str:
    return resources.files("voicelab.plots").joinpath(name).read_text("utf-8")


def _contents(runs: Sequence[Run]) -> Html:
    lines = (
        tag("li", tag("a", run.folder.name, href=f"#run-{k}"), f": {headline(run)}") for k, run in enumerate(runs, 1)
    )
    return tag("nav", tag("h2", "Runs"), tag("ol", *lines), aria_label="Runs in this report")


def _run_section(run: Run, name: str) -> Html:
    return tag("section", *_parts(run, name), class_="run", id=name, aria_labelledby=f"{name}-title")


def _parts(run: Run, name: str) -> Iterator[Html]:
    yield tag("h1", run.folder.name, id=f"{name}-title")
    yield tag("p", headline(run), class_="headline")
    yield tag("p", source_line(run), class_="source")
    yield _whole_sound(run)
    yield _plot(
        waveform(run),
        "Both sides on one clock: the user above the axis, the agent below; speech probability under them. "
        "Click to hear the run from there.",
        kind="clock",
    )
    yield tag("h2", "Timeline")
    yield _plot(timeline(run), "What happened when. Click to hear the run from there.", kind="clock")
    yield tag("h2", "Latency")
    yield _plot(
        latency(run),
        "From the end of the user's speech to the first audible sample of the reply. A patterned bar has an end of "
        "speech that is not labelled. Click a bar to hear the turn.",
        kind="turns",
    )
    yield tag("h2", "Tokens and cost")
    yield _plot(cost(run), "Tokens of each turn and what they add up to. Click a bar to hear the turn.", kind="turns")
    yield tag("h2", "Turns")
    yield turns_table(run, name)
    yield tag("h2", "Refused and failed")
    yield trouble_table(run)
    yield tag("h2", "Where this comes from")
    yield provenance_tables(run)


def _whole_sound(run: Run) -> Html:
    samples = mixed(run, 0, run.duration_ms)
    if not samples.any():
        return tag("p", "This run has no sound to play.", class_="source")
    label = "The whole run: both sides, mixed"
    return tag("audio", controls=True, preload="auto", class_="whole", src=flac_address(samples), aria_label=label)


def _plot(figure: Figure, caption: str, *, kind: str) -> Html:
    """Return a figure's place in the page, with its data; ``kind`` says what a click means."""
    height = f"height:{figure.layout.height}px"
    return tag(
        "figure",
        tag("div", class_="plot", data_click=kind, style=height, role="img", aria_label=caption),
        data_script(json.loads(figure.to_json())),
        tag("figcaption", caption),
    )
