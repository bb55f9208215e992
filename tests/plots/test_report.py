"""The HTML report, as a parser sees it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from voicelab.errors import RunError
from voicelab.measure.run import Run
from voicelab.plots.headline import headline
from voicelab.plots.report import MOST_IN_FULL, write_report

from .conftest import NASTY, Stage

LOADS = {"src", "href", "srcset", "poster", "data", "action"}


class Page(HTMLParser):
    """Collects what the tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def text_in(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


@pytest.fixture(scope="module")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Page:
    path = write_report([run], tmp_path_factory.mktemp("report") / "report.html")
    return Page(path.read_text("utf-8"))


def test_nothing_is_loaded_from_anywhere(page: Page) -> None:
    """Every address is inside the file, and the page's own policy forbids any other."""
    addresses = [value or "" for _, attributes in page.tags for key, value in attributes.items() if key in LOADS]
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert not page.all("link")
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert not any("url(" in text or "@import" in text for text in page.text_in("style"))


def test_the_page_begins_with_the_run_and_its_sentence(page: Page, run: Run) -> None:
    """Name, sentence, source, sound, and then the first figure."""
    assert page.text_in("h1") == [run.folder.name]
    order = [a.get("class") for t, a in page.tags if t in ("p", "audio", "div")]
    assert order[:4] == ["headline", "source", "whole", "plot"]
    assert page.text_in("p")[0] == headline(run)


def test_figures_come_in_the_promised_order(page: Page) -> None:
    """Waveform, timeline, latency and how it spreads, cost in three figures, ledger; then tables; provenance last."""
    plots = [attributes for _, attributes in page.tags if attributes.get("class") == "plot"]
    clicks = ["clock", "clock", "turns", "turns", "turns", "turns", "none", "turns"]
    assert [plot["data-click"] for plot in plots] == clicks
    assert page.text_in("h2") == [
        "Timeline",
        "Latency",
        "Tokens and cost",
        "Sound: generated, heard, remembered, billed",
        "Turn-taking, delivery, recognition",
        "Turns",
        "Refused and failed",
        "Where this comes from",
    ]


def test_whatever_was_heard_ends_no_script(page: Page) -> None:
    """The words of turn 1 try to; the page has its own eleven scripts and nothing else."""
    kinds = [attributes.get("type") for attributes in page.all("script")]
    assert kinds.count("application/json") == 9
    assert kinds.count(None) == 2
    assert any(NASTY in text for text in page.text_in("td"))


def test_whatever_a_server_calls_itself_ends_no_script(stage: Stage, tmp_path: Path) -> None:
    """A model's name stands in a figure's title, and so in the data for the script."""
    story = stage("nasty", model=NASTY, prices={"model": NASTY, "billed": True})
    story.reply("a", 100, 300, "Hi.")
    page = Page(write_report([story.run()], tmp_path / "nasty.html").read_text("utf-8"))
    assert len(page.all("script")) == 11


def test_every_sound_and_figure_has_a_label(page: Page) -> None:
    """What cannot be seen or heard can be read."""
    labelled = page.all("audio") + [a for _, a in page.tags if a.get("class") == "plot"]
    assert all(attributes.get("aria-label") for attributes in labelled)
    assert len(page.all("audio")) == 4


def test_several_runs_have_an_index_with_outliers_in_front(run: Run, stage: Stage, tmp_path: Path) -> None:
    """Outliers, comparison, latency, list; then the runs; every link leads somewhere, and no id stands twice."""
    other = stage("other").run()
    path = write_report([run, other], tmp_path / "both.html")
    page = Page(path.read_text("utf-8"))
    assert page.text_in("h2")[:4] == ["Outliers", "Comparison", "Latency of all runs", "Runs"]
    assert page.text_in("h1") == ["2 runs", "story", "other"]
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [(a.get("href") or "").removeprefix("#") for a in page.all("a")]
    assert {"run-1", "run-2", "run-1-turn-2"} <= set(links) <= set(ids)


def test_very_many_runs_carry_only_the_sound_that_stands_out(stage: Stage, tmp_path: Path) -> None:
    """A page of more than eight runs has turns and no figures of each, and says how to get them."""
    runs = []
    for k in range(MOST_IN_FULL + 1):
        story = stage(f"r{k}")
        story.send_audio(0, 2000, speech=(500, 1500))
        story.spoken("item_u1", 200, 2000, "hi")
        story.reply("a", 2000, 600, "Hello.", heard_ms=200.0 if k == 4 else None)
        runs.append(story.run())
    path = write_report(runs, tmp_path / "many.html")
    page = Page(path.read_text("utf-8"))
    jumps = {a["href"] for a in page.all("a") if a.get("class") == "jump"}
    assert "#run-5-turn-1" in jumps
    assert len(page.all("audio")) == len(jumps)
    assert len([a for _, a in page.tags if a.get("class") == "plot"]) == 2  # the comparison, the latency of all
    assert f"voicelab report {runs[0].folder}" in page.text_in("code")
    assert path.stat().st_size < 6_500_000


def test_a_report_over_conditions_has_no_number_over_both(stage: Stage, tmp_path: Path) -> None:
    """A median over two conditions is of neither: not in the sentence, and no figure of it."""
    runs = []
    for k, condition in enumerate(("patient", "quick", "quick")):
        story = stage(f"r{k}", tags={"condition": condition})
        story.send_audio(0, 2000, speech=(500, 1500))
        story.spoken("item_u1", 200, 2000, "hi")
        story.reply("a", 2000, 600, "Hello.")
        runs.append(story.run())
    page = Page(write_report(runs, tmp_path / "c.html").read_text("utf-8"))
    assert "Latency of all runs" not in page.text_in("h2")
    assert page.text_in("p")[0] == "3 runs; 3 turns; about $0.01 at gpt-realtime prices, nothing billed"


def test_folders_that_were_left_out_are_named(run: Run, tmp_path: Path) -> None:
    """A page over what could be read does not pass for one over everything."""
    path = write_report([run, run], tmp_path / "both.html", left_out=[(tmp_path, "<b> is not a run folder")])
    assert "&lt;b&gt; is not a run folder" in path.read_text("utf-8")


def test_a_run_without_anything_still_makes_a_page(stage: Stage, tmp_path: Path) -> None:
    """Empty views say what to do next."""
    text = write_report([stage("nothing").run()], tmp_path / "empty.html").read_text("utf-8")
    assert "This run has no sound to play." in text
    assert "There is no turn in this run." in text


def test_a_place_that_cannot_be_written_is_one_clear_error(run: Run, tmp_path: Path) -> None:
    """What was wrong, where, and what to do."""
    with pytest.raises(RunError, match="cannot be written: No such file or directory; name a file in a folder"):
        write_report([run], tmp_path / "missing" / "report.html")


def test_no_run_is_an_error(tmp_path: Path) -> None:
    """An empty report would look like a run without turns."""
    with pytest.raises(RunError, match="at least one run"):
        write_report([], tmp_path / "report.html")
