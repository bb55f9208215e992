"""The HTML report, as a parser sees it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from voicelab.errors import RunError
from voicelab.measure.run import Run
from voicelab.plots.headline import headline
from voicelab.plots.report import write_report

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
    """Waveform, timeline, latency, cost; then tables; provenance last."""
    plots = [attributes for _, attributes in page.tags if attributes.get("class") == "plot"]
    assert [plot["data-click"] for plot in plots] == ["clock", "clock", "turns", "turns"]
    assert page.text_in("h2") == [
        "Timeline",
        "Latency",
        "Tokens and cost",
        "Turns",
        "Refused and failed",
        "Where this comes from",
    ]


def test_whatever_was_heard_ends_no_script(page: Page) -> None:
    """The words of turn 1 try to; the page has its own seven scripts and nothing else."""
    kinds = [attributes.get("type") for attributes in page.all("script")]
    assert kinds.count("application/json") == 5
    assert kinds.count(None) == 2
    assert any(NASTY in text for text in page.text_in("td"))


def test_whatever_a_server_calls_itself_ends_no_script(stage: Stage, tmp_path: Path) -> None:
    """A model's name stands in a figure's title, and so in the data for the script."""
    story = stage("nasty", model=NASTY, prices={"model": NASTY, "billed": True})
    story.reply("a", 100, 300, "Hi.")
    page = Page(write_report([story.run()], tmp_path / "nasty.html").read_text("utf-8"))
    assert len(page.all("script")) == 7


def test_every_sound_and_figure_has_a_label(page: Page) -> None:
    """What cannot be seen or heard can be read."""
    labelled = page.all("audio") + [a for _, a in page.tags if a.get("class") == "plot"]
    assert all(attributes.get("aria-label") for attributes in labelled)
    assert len(page.all("audio")) == 4


def test_several_runs_have_a_table_of_contents(run: Run, stage: Stage, tmp_path: Path) -> None:
    """One after the other, each can be reached, no id twice."""
    other = stage("other").run()
    path = write_report([run, other], tmp_path / "both.html")
    page = Page(path.read_text("utf-8"))
    assert [a.get("href") for a in page.all("a")] == ["#run-1", "#run-2"]
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert {"run-1", "run-2"} <= set(ids)
    assert len(ids) == len(set(ids))


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
