"""The reading views in Python: what they send to the page, and that they let go."""

from __future__ import annotations

import io
import wave
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from tests.plots.conftest import Stage, manifest
from tests.plots.conftest import stage as stage
from tests.widgets.made_records import Log
from voicelab.measure.run import Run
from voicelab.widgets.following import Fresh
from voicelab.widgets.reading.events import Events
from voicelab.widgets.reading.figures import Cost, Latency, Timeline
from voicelab.widgets.reading.memory import Memory
from voicelab.widgets.reading.transcript import Transcript
from voicelab.widgets.scope.listening import sound_around
from voicelab.widgets.standing import Standing


class Table:
    """A desk on which only what a transcript asks for is written down."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        self.asked: list[tuple[str, str]] = []

    def choose_reply(self, reply: str) -> None:
        self.asked.append(("choose_reply", reply))

    def say(self, text: str) -> None:
        self.asked.append(("say", text))


def conversation(stage: Stage) -> Run:
    story = stage()
    story.record("recv", "session.created", 0, session={"audio": {"input": {"transcription": {}}}})
    story.send_audio(0, 2000, speech=(500, 1500))
    story.spoken("u1", 200, 2000, "hello")
    story.reply("a1", 2000, 1200, "Hello there.", heard_ms=600)
    return story.run()


def sent_by(widget: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return a list that fills with the messages of a widget."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(widget, "send", messages.append)
    return messages


def test_a_saved_run_is_shown_at_once(stage: Stage) -> None:
    """Every view takes a run and works alone."""
    run = conversation(stage)
    assert [line["text"] for line in Transcript(run).lines] == ["hello", "Hello "]
    assert len(Latency(run).figure.data) == 6
    assert [trace.name for trace in Cost(run).figure.data][-1] == "cost so far"
    assert "received" in [trace.name for trace in Timeline(run).figure.data]
    memory = Memory(run)
    assert memory.about["n"] == len(memory.items) == 0  # this run's server told of no items


def test_without_a_run_each_figure_says_what_to_do() -> None:
    """An empty view is no riddle."""
    for view in (Timeline(), Latency(), Cost()):
        assert view.figure.layout.annotations[0].text
        assert not view.figure.data


def test_new_lines_go_in_one_message_and_only_those_that_changed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Coalesced: one message a repaint, never one an event."""
    run, view, log = conversation(stage), Transcript(), Log()
    log.session(0)
    view._paint(Fresh(run, log.records, first=True, over=False))
    messages = sent_by(view, monkeypatch)
    log.began("u9", 100)
    log.ended("u9", 500)
    log.heard("u9", 510, "what time is it")
    view._paint(Fresh(run, log.records[1:], first=False, over=False))
    assert [(one["type"], [line["key"] for line in one["lines"]]) for one in messages] == [("lines", ["u9"])]


def test_a_view_that_opens_late_gets_every_line(stage: Stage) -> None:
    """It asks, and all of them are sent."""
    run, view, log = conversation(stage), Transcript(), Log()
    view._paint(Fresh(run, [], first=True, over=False))
    log.typed("hello", 0)
    view._paint(Fresh(run, log.records, first=False, over=False))
    assert view.lines == []
    view._handle_custom_msg({"type": "all"}, [])
    assert [line["text"] for line in view.lines] == ["hello"]


def test_a_card_changes_from_the_mirror_to_the_guide_and_text_is_sent() -> None:
    """By the desk, which returns at once."""
    desk = Table(Standing(reply="mirror"))
    view = Transcript(desk=desk)
    assert view.offer["mirror"]
    view._handle_custom_msg({"type": "card", "text": "Tell me a joke"}, [])
    desk.standing = replace(desk.standing, reply="guide")
    view._handle_custom_msg({"type": "card", "text": "Tell me a joke"}, [])
    view._handle_custom_msg({"type": "say", "text": "Tell me a joke"}, [])
    assert desk.asked == [("choose_reply", "guide"), ("say", "Tell me a joke")]
    view._look_at_desk()
    assert not view.offer["mirror"]
    view.close()


def test_memory_shows_what_the_server_told(stage: Stage) -> None:
    """Items, and what they count together."""
    run, view, log = conversation(stage), Memory(), Log()
    log.began("u1", 100, audio_start_ms=0)
    log.ended("u1", 1100, audio_end_ms=1000)
    log.heard("u1", 1110, "hello")
    view._paint(Fresh(run, log.records, first=True, over=False))
    assert [(item["text"], item["kept_ms"]) for item in view.items] == [("hello", 1000.0)]
    assert view.about == {"n": 1, "tokens": 10, "n_earlier": 0, "epoch": 0, "n_unreadable": 0}


def test_an_events_json_is_sent_only_when_it_is_chosen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page gets rows; the payload on request, and None for what is not kept any more."""
    run, view, log = conversation(stage), Events(), Log()
    log.add("recv", "error", 0, error={"message": "no"})
    messages = sent_by(view, monkeypatch)
    view._paint(Fresh(run, log.records, first=True, over=False))
    view._handle_custom_msg({"type": "open", "seq": 0}, [])
    view._handle_custom_msg({"type": "open", "seq": 7}, [])
    assert messages[0]["rows"] == [[0, 0.0, "recv", "error", 1, "no", 0.0]]
    assert '"message": "no"' in messages[1]["json"]
    assert messages[2] == {"type": "event", "seq": 7, "json": None}


def test_a_search_is_answered_with_the_rows_that_match(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so are rows that come while it stands."""
    run, view, log = conversation(stage), Events(), Log()
    log.add("recv", "error", 0, error={"message": "voice"})
    log.add("recv", "response.done", 1, response={})
    view._paint(Fresh(run, log.records, first=True, over=False))
    messages = sent_by(view, monkeypatch)
    view.search = "voice"
    log.add("recv", "error", 2, error={"message": "another voice"})
    view._paint(Fresh(run, log.records[2:], first=False, over=False))
    assert [(one["type"], one["found"]) for one in messages] == [("all", [0]), ("more", [2])]


def test_unfolding_sends_the_single_events(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folded by default."""
    run, view, log = conversation(stage), Events(), Log()
    log.appended(0, 5)
    messages = sent_by(view, monkeypatch)
    view._paint(Fresh(run, log.records, first=True, over=False))
    view.folded = False
    assert [len(one["rows"]) for one in messages] == [1, 5]


def test_cost_is_drawn_only_when_a_response_is_done(stage: Stage) -> None:
    """Sound that comes changes no number."""
    run, view, log = conversation(stage), Cost(), Log()
    view._paint(Fresh(run, [], first=True, over=False))
    usage = {"input_token_details": {"text_tokens": 8, "audio_tokens": 0}, "output_token_details": {"text_tokens": 4}}
    log.answering("a1", 0, "hi")
    view._paint(Fresh(run, log.records, first=False, over=False))
    assert not view.figure.data
    log.done("a1", 10, usage=usage)
    view._paint(Fresh(run, log.records[-1:], first=False, over=False))
    assert [list(trace.y) for trace in view.figure.data][:3] == [[8], [0], [4]]
    assert view._text.table["rows"][0][0] == view._words["before"]


def test_traces_stay_the_same_ones_so_that_a_zoom_survives(stage: Stage) -> None:
    """New numbers go into the old traces, and the axis is left alone."""
    run, view, log = conversation(stage), Cost(), Log()
    log.answering("a1", 0, "hi")
    log.done("a1", 10, usage={"input_token_details": {"text_tokens": 8}, "output_token_details": {"text_tokens": 4}})
    view._paint(Fresh(run, log.records, first=True, over=False))
    before = view.figure.data
    view.figure.layout.xaxis.range = (0, 3)
    log.typed("more", 20)
    log.answering("a2", 30, "ho")
    log.done("a2", 40, usage={"input_token_details": {"text_tokens": 9}, "output_token_details": {"text_tokens": 4}})
    view._paint(Fresh(run, log.records[-9:], first=False, over=False))
    assert all(old is new for old, new in zip(before, view.figure.data, strict=True))
    assert list(view.figure.data[0].y) == [8, 9]
    assert view.figure.layout.xaxis.range == (0, 3)


def test_the_timeline_follows_the_newest_minute_until_somebody_zooms(stage: Stage) -> None:
    """Whoever looks at something wants it to stay; ticking the box follows again."""
    run, view, log = conversation(stage), Timeline(), Log()
    log.appended(0, 10)
    view._paint(Fresh(run, log.records, first=True, over=False))
    log.appended(90_000, 10)
    view._paint(Fresh(run, log.records[10:], first=False, over=False))
    assert view.figure.layout.xaxis.range == pytest.approx((30.2, 90.2))
    view.figure.layout.xaxis.range = (40, 50)
    log.appended(95_000, 10)
    view._paint(Fresh(run, log.records[20:], first=False, over=False))
    assert (view._follow.value, view.figure.layout.xaxis.range) == (False, (40, 50))


def test_the_cursor_is_one_in_python_and_in_the_page() -> None:
    """Whoever sets it: a click, code, or a view that is linked with it."""
    view = Timeline()
    assert view.cursor_ms is None
    view._cursor.set_state({"cursor_ms": 1500.0})
    assert view.cursor_ms == 1500.0
    view.cursor_ms = None
    assert view._cursor.cursor_ms is None
    view.close()
    assert view._cursor.comm is None


def test_a_click_in_the_lanes_is_answered_with_the_sound_there(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds of both sides as a WAV file, of the run that is shown."""
    view, run, arrived, sent = Timeline(), conversation(stage), Event(), []
    monkeypatch.setattr(view._cursor, "send", lambda message, buffers: (sent.append((message, buffers)), arrived.set()))
    view._cursor._handle_custom_msg({"do": "listen", "at": 1000}, [])  # nothing to hear yet: passed over
    view.watch(run)
    view._cursor._handle_custom_msg({"do": "listen", "at": 1000}, [])
    assert arrived.wait(10)
    assert sent == [({"kind": "sound"}, [sound_around(run, 1000.0)[1]])]
    assert len(read_wav(sent[0][1][0])) == 2 * 24_000


def read_wav(data: bytes) -> bytes:
    with wave.open(io.BytesIO(data)) as file:
        return file.readframes(file.getnframes())[::2]


def test_latency_and_cost_have_the_same_numbers_as_tables(stage: Stage) -> None:
    """For who does not see the picture."""
    run = conversation(stage)
    latency, cost = Latency(run)._text.table, Cost(run)._text.table
    assert latency["rows"][0][1] == "hello"
    assert len(latency["heads"]) == len(latency["rows"][0]) == 9
    assert len(cost["heads"]) == len(cost["rows"][0]) == 9
    assert manifest().prices["model"] in cost["caption"]


def test_a_dark_page_gets_light_letters(stage: Stage) -> None:
    """The page says so, and the figure follows."""
    view = Cost(conversation(stage))
    light = view.figure.layout.template.layout.font.color
    view._text.dark = True
    assert view.figure.layout.template.layout.font.color != light


def test_closing_leaves_nothing_behind_and_twice_is_harmless(stage: Stage) -> None:
    """No handle of the pump stays."""
    run = conversation(stage)
    for view in (Transcript(run, desk=Table(Standing())), Memory(run), Events(run), Timeline(run), Cost(run)):
        view.close()
        view.close()
        assert view.comm is None
