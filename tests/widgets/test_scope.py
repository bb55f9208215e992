"""The scope's widget and the level meter: what they send for a run, and what they do for a page."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets

from tests.plots.conftest import Story, manifest
from tests.widgets.browser import until
from voicelab.measure.run import Run, open_run
from voicelab.widgets.desk import Desk
from voicelab.widgets.scope import LevelMeter, Scope
from voicelab.widgets.scope.listening import sound_around
from voicelab.widgets.wishes import Wishes
from voicelab.widgets.words import words


class Overheard(Scope):
    """A scope whose messages to the page are kept."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.told: list[tuple[dict[str, Any], list[bytes]]] = []
        super().__init__(*arguments, **options)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.told.append((content, buffers or []))

    def hear(self, **message: Any) -> None:
        self._told(self, message, [])


@pytest.fixture
def story(tmp_path: Path) -> Story:
    made = Story(tmp_path / "story", manifest())
    detection = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}
    made.record("recv", "session.created", 0, session={"audio": {"input": {"turn_detection": detection}}})
    made.send_audio(0, 2000, speech=(500, 1500))
    made.spoken("item_u1", 200, 2000, "hello")
    made.reply("a1", 2000, 1200, "Hello there.")
    return made


@pytest.fixture
def run(story: Story) -> Run:
    return story.run()


@pytest.fixture
def opened() -> Iterator[list[Scope]]:
    scopes: list[Scope] = []
    yield scopes
    for scope in scopes:
        scope.close()


def test_a_saved_run_is_told_at_once_and_whole(run: Run, opened: list[Scope]) -> None:
    """One message: all rows, both sides' sound, and that it is over."""
    scope = Overheard(run)
    opened.append(scope)
    ((news, buffers),) = scope.told
    assert (news["reset"], news["over"], news["run"]) == (True, True, str(run.folder))
    assert {row["kind"] for row in news["rows"]} == {"threshold", "turn", "reply"}
    assert len(buffers[0]) == 200 * 4
    assert not scope.running


def test_nothing_is_an_empty_scope(opened: list[Scope]) -> None:
    """It says so to the page, which says what to do."""
    scope = Overheard()
    opened.append(scope)
    ((news, _),) = scope.told
    assert (news["run"], news["rows"], scope.can_use) == ("", [], False)


def test_another_page_gets_it_again(run: Run, opened: list[Scope]) -> None:
    """The same rows and the same sound."""
    scope = Overheard(run)
    opened.append(scope)
    scope.hear(do="again")
    assert scope.told[1] == scope.told[0]


def test_watching_something_else_forgets_what_was(run: Run, opened: list[Scope]) -> None:
    """An empty scope after a run has no rows of it."""
    scope = Overheard(run)
    opened.append(scope)
    scope.watch(None)
    scope.hear(do="again")
    assert scope.told[-1][0]["rows"] == []


def test_a_run_that_grows_is_told_as_it_grows(story: Story, opened: list[Scope]) -> None:
    """What comes later comes in a message of its own, without what was told before."""
    story.writer.finish(manifest(state="running", ended=None))
    scope = Overheard(open_run(story.folder))
    opened.append(scope)
    until(lambda: bool(scope.told), "the first news")
    first = scope.told[0][0]
    assert first["reset"]
    assert scope.running
    with (story.folder / "events.jsonl").open("ab") as file:
        file.write(
            b'{"seq":999,"t_ns":9000000000,"wall":"","dir":"local","type":"voicelab.mark","event":{"text":"x"}}\n'
        )
    until(lambda: any(one[0]["rows"] for one in scope.told[1:]), "the mark")
    assert [row["text"] for one in scope.told[1:] for row in one[0]["rows"]] == ["x"]


def test_the_threshold_goes_to_the_desk(opened: list[Scope]) -> None:
    """As a wish with all other wishes as they are; out of range it is brought back into it."""
    desk = Desk(wishes=Wishes(silence_ms=700))
    scope = Overheard(desk=desk)
    opened.append(scope)
    assert scope.can_use
    scope.hear(do="threshold", value=0.31)
    until(lambda: desk.standing.wishes == Wishes(silence_ms=700, threshold=0.31), "the wish")
    scope.hear(do="use", value=7)
    until(lambda: desk.standing.wishes.threshold == 1.0, "the wish")


def test_the_desks_threshold_comes_to_the_page(opened: list[Scope]) -> None:
    """A knob and the line show the same before anything is connected."""
    desk = Desk(wishes=Wishes(threshold=0.2))
    scope = Overheard(desk=desk)
    opened.append(scope)
    assert scope.asked == 0.2
    desk.wish(Wishes(threshold=0.7))
    until(lambda: scope.asked == 0.7, "the desk's new wish")


def test_without_a_desk_somebody_else_takes_it(run: Run, opened: list[Scope]) -> None:
    """A callback; and without one the threshold goes nowhere."""
    taken: list[float] = []
    scope = Overheard(run, on_threshold=taken.append)
    opened += [scope, lonely := Overheard(run)]
    scope.hear(do="use", value=0.4)
    lonely.hear(do="use", value=0.4)
    assert (taken, scope.can_use, lonely.can_use) == ([0.4], True, False)


def test_what_if_is_answered_and_changes_nothing(run: Run, opened: list[Scope]) -> None:
    """With the turns at that threshold, and nobody is asked for anything."""
    taken: list[float] = []
    scope = Overheard(run, on_threshold=taken.append)
    opened.append(scope)
    scope.hear(**{"do": "what if", "value": 0.99, "from": 0, "to": 3000})
    answer = scope.told[-1][0]
    assert (answer["kind"], answer["turns"], answer["missed"], taken) == ("what if", (), (1,), [])
    assert answer["settings"]["silence_ms"] == 500


def test_a_threshold_that_cannot_be_is_said(run: Run, opened: list[Scope]) -> None:
    """In the page's own words."""
    scope = Overheard(run)
    opened.append(scope)
    scope.hear(**{"do": "what if", "value": 3, "from": 0, "to": 3000})
    assert "threshold must be from 0 to 1" in scope.told[-1][0]["text"]


def test_a_mark_on_a_saved_run_is_written_and_drawn(run: Run, opened: list[Scope]) -> None:
    """It is in the folder, and the page gets its row."""
    scope = Overheard(run)
    opened.append(scope)
    scope.hear(do="mark", at=1480.0)
    assert open_run(run.folder).records()[-1].event["at_ms"] == 1480.0
    assert [(row["kind"], row["from"]) for row in scope.told[-1][0]["rows"]] == [("mark", 1480.0)]


def test_a_mark_that_cannot_be_written_is_said(run: Run, opened: list[Scope]) -> None:
    """A folder that went away is told in the scope, not in a traceback that nobody sees."""
    scope = Overheard(run)
    opened.append(scope)
    (run.folder / "manifest.json").rename(run.folder / "gone.json")
    run._over = True
    scope.hear(do="mark", at=1480.0)
    assert scope.told[-1][0]["text"].startswith("The mark was not written")


def test_a_place_can_be_listened_to(run: Run, opened: list[Scope]) -> None:
    """A WAV file comes back, with where it begins."""
    scope = Overheard(run)
    opened.append(scope)
    scope.hear(do="listen", at=1000.0)
    until(lambda: scope.told[-1][0]["kind"] == "sound", "the sound")
    content, (wav,) = scope.told[-1]
    assert content["from"] == 500.0
    assert wav[:4] == b"RIFF"


@pytest.mark.parametrize("message", [{}, {"do": "threshold", "value": "x"}, {"do": "mark"}, {"do": "nonsense"}])
def test_a_message_that_no_page_sends_is_passed_over(run: Run, opened: list[Scope], message: dict[str, Any]) -> None:
    """Nothing is sent, nothing breaks."""
    scope = Overheard(run)
    opened.append(scope)
    scope.hear(**message)
    assert len(scope.told) == 1


def test_sound_around_an_instant_has_both_sides(run: Run) -> None:
    """Two seconds, cut at the run's begin, the sum of what was sent and heard at each sample."""
    begin_ms, wav = sound_around(run, 2500.0)
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnframes(), begin_ms) == (24_000, 48_000, 2000.0)
        samples = np.frombuffer(file.readframes(48_000), "<i2")
    both = run.stretch("input", 2000, 4000) + run.stretch("heard", 2000, 4000)
    assert samples.any()
    assert (samples == both).all()
    assert sound_around(run, 100.0)[0] == 0.0


def test_the_cursor_is_set_by_code_and_linked_with_another_view(run: Run, opened: list[Scope]) -> None:
    """Two views keep one cursor, in both directions, and nothing else is said to the page."""
    scope, other = Overheard(run), Overheard(run)
    opened += [scope, other]
    seen: list[float | None] = []
    scope.observe(lambda change: seen.append(change["new"]), "cursor_ms")
    link = traitlets.link((scope, "cursor_ms"), (other, "cursor_ms"))
    scope.cursor_ms = 1200
    assert other.cursor_ms == 1200.0
    other.cursor_ms = None
    assert seen == [1200.0, None]
    assert (len(scope.told), len(other.told)) == (1, 1)
    link.unlink()


def test_closing_twice_is_harmless(run: Run) -> None:
    """And leaves nothing at the pump."""
    scope = Scope(run, desk=Desk())
    scope.close()
    scope.close()
    assert scope._looking is None


# --- the level meter ----------------------------------------------------------------------------------------------


def test_the_meter_shows_the_newest_level(story: Story) -> None:
    """Numbers and warnings of the last record; a warning without words here is left out."""
    for rms, warnings in ((-20.0, []), (-31.5, ["silent", "from_the_future"])):
        story.record("local", "voicelab.audio.level", 100, rms_dbfs=rms, peak_dbfs=-12.0, warnings=warnings)
    meter = LevelMeter(story.run())
    assert (meter.heard, meter.rms_dbfs, meter.peak_dbfs, meter.warnings) == (True, -31.5, -12.0, ["silent"])
    meter.close()


def test_the_meter_of_a_silent_microphone_has_no_number(story: Story) -> None:
    """Digital silence is minus infinity, which a record cannot say."""
    story.record("local", "voicelab.audio.level", 100, rms_dbfs=None, peak_dbfs=None, warnings=["silent"])
    meter = LevelMeter(story.run())
    assert (meter.heard, meter.rms_dbfs) == (True, None)
    meter.watch(None)
    assert (meter.heard, meter.warnings) == (False, [])
    meter.close()


def test_every_warning_has_words_that_say_what_to_do() -> None:
    """Four warnings, each with at least two sentences: what it is, what to do."""
    for name in ("silent", "clipping", "band_limited", "echo"):
        assert words("scope")[f"warning_{name}"].count(". ") >= 1
