"""The HTML report: one file that opens offline, looks well on paper, and plays what it shows.

In: runs.  Out: one HTML file with everything in it: figures, the script that draws them, sound.
Does not know: how figures and tables are made. ``report.css`` and ``report.js`` lie beside this module.

Several runs have an index in front: outliers, the comparison, the list. Above `MOST_IN_FULL` runs each has only its
sentence and its turns, and only turns that stand out can be heard: with forty runs in full a page would hold some
hundred megabytes of sound and figures.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from voicelab.errors import RunError
from voicelab.measure.run import Run
from voicelab.plots import theme
from voicelab.plots.comparison import comparison
from voicelab.plots.cost import cost
from voicelab.plots.distribution import latency_distribution
from voicelab.plots.headline import headline
from voicelab.plots.history import history
from voicelab.plots.index import grouping, left_out_part, outliers_part, runs_part, summary
from voicelab.plots.latency import latency
from voicelab.plots.ledger import ledger
from voicelab.plots.markup import Html, data_script, tag
from voicelab.plots.other_models import other_models
from voicelab.plots.outliers import Finding, findings
from voicelab.plots.provenance import figure_source, source_line
from voicelab.plots.report_metrics import metrics_table
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
#: So many runs of one report have their own figures and all of their sound.
MOST_IN_FULL = 8


def write_report(runs: Sequence[Run], path: Path, *, left_out: Sequence[tuple[Path, str]] = ()) -> Path:
    """Write one self-contained HTML file about one run or several.

    Parameters
    ----------
    runs : sequence of Run
        One after the other; several have an index in front, with the turns that stand out first.
    path : Path
        The file; one that is there is replaced.
    left_out : sequence of (Path, str)
        Folders that could not be read, and why: the page says so.

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
    page = _page(runs, left_out)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror or error}; name a file in a folder where you may write"
        ) from None
    return path


def _page(runs: Sequence[Run], left_out: Sequence[tuple[Path, str]]) -> str:
    from plotly.offline import get_plotlyjs

    found = findings(runs, grouping(runs)[1]) if len(runs) > 1 else []

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
        tag(
            "main", _index(runs, found, left_out) if len(runs) > 1 else left_out_part(left_out), *_sections(runs, found)
        ),
        tag("noscript", tag("p", "The figures need JavaScript; sentences, tables and sound do not.")),
        data_script({"light": theme.template(), "dark": theme.template(dark=True)}, id="templates"),
        tag("script", Html(_packaged("report.js"))),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _packaged(name: str) -> str:
    return resources.files("voicelab.plots").joinpath(name).read_text("utf-8")


def _index(runs: Sequence[Run], found: Sequence[Finding], left_out: Sequence[tuple[Path, str]]) -> Html:
    comparable, by = grouping(runs)
    parts = [
        tag("h1", f"{len(runs)} runs", id="index-title"),
        tag("p", summary(runs), class_="headline"),
        tag("p", f"Source: {figure_source(runs)}.", class_="source"),
        left_out_part(left_out),
        tag("h2", "Outliers"),
        tag("p", "A click plays the turn and goes to it.", class_="source"),
        outliers_part(found, runs),
    ]
    if comparable:
        grouped = "Each run for itself" if by is None else f"Grouped by the tag {by}"
        parts.append(tag("h2", "Comparison"))
        caption = f"{grouped}; the middle of each measure with its 95 % interval, and the difference to the first row."
        parts.append(_plot(comparison(runs, by), caption, kind="turns"))
    if by is None:  # over two conditions a distribution is of neither
        parts.append(tag("h2", "Latency of all runs"))
        parts.append(_plot(latency_distribution(runs), _DISTRIBUTION, kind="turns"))
    parts.append(tag("nav", tag("h2", "Runs"), runs_part(runs), aria_label="Runs in this report"))
    return tag("section", *parts, class_="run", id="index", aria_labelledby="index-title")


_DISTRIBUTION = (
    "Every turn as a point; median with 95 % bootstrap interval; the 95th percentile from 20 turns up, else the "
    "greatest. Click a point to hear the turn."
)


def _sections(runs: Sequence[Run], found: Sequence[Finding]) -> Iterator[Html]:
    heard = {(one.place, one.turn.turn) for finding in found for one in finding.outliers}
    for k, run in enumerate(runs, 1):
        name = f"run-{k}"
        in_full = len(runs) <= MOST_IN_FULL
        parts = _parts(run, name) if in_full else _brief(run, name, {turn for place, turn in heard if place == k})
        yield tag("section", *parts, class_="run", id=name, aria_labelledby=f"{name}-title")


def _brief(run: Run, name: str, heard: Collection[int]) -> Iterator[Html]:
    """Yield a run among very many: what it was, its turns, and the sound of those that stand out."""
    yield tag("h1", run.folder.name, id=f"{name}-title")
    yield tag("p", headline(run), class_="headline")
    yield tag("p", source_line(run), class_="source")
    yield turns_table(run, name, heard)
    more = "Figures, all of its sound, settings and metrics: "
    yield tag("p", more, tag("code", f"voicelab report {run.folder}"), class_="source")


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
    yield _plot(latency_distribution(run), _DISTRIBUTION, kind="turns")
    yield tag("h2", "Tokens and cost")
    yield _plot(
        cost(run),
        "Tokens of each turn, what they add up to, and what the next turns are expected to add. Click a bar to hear "
        "the turn.",
        kind="turns",
    )
    yield _plot(
        history(run),
        "What was sent once, and what of each response's input had been sent or said before and is billed again.",
        kind="turns",
    )
    yield _plot(other_models(run), "What the same tokens would have cost on other models.", kind="none")
    yield tag("h2", "Sound: generated, heard, remembered, billed")
    yield _plot(
        ledger(run),
        "What became of the sound of each reply; what was generated and never heard is hatched. Click a bar to hear "
        "the turn.",
        kind="turns",
    )
    yield tag("h2", "Turn-taking, delivery, recognition")
    yield metrics_table(run)
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
        tag("div", class_="plot", data_click=kind, style=height, role="group", aria_label=caption),
        data_script(json.loads(figure.to_json())),
        tag("figcaption", caption),
    )
