"""The browser's sound in the real Lab: talked with, cut off, heard; each way; each end of a microphone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from tests.widgets.browser import Browsers, until
from tests.widgets.jupyterlab import JupyterLab
from tests.widgets.lab_room import DIRECT, PROXY, SHUT, LabRoom, kept_room, write_voice

CELLS = [
    "import time\nimport voicelab as vl\nlab = vl.Lab(source='browser')\nlab.desk.choose_reply('guide').result()\nlab",
    "time.sleep(600)",
    "first, lab = lab, vl.Lab(source='browser')\nlab",
]
THREADS = "sorted(t.name for t in __import__('threading').enumerate() if 'voicelab' in t.name)"
PORTS = "len([c for c in __import__('psutil').Process().net_connections('tcp') if c.status == 'LISTEN'])"
# The server has been told: before that the page is asked how much was played, and Stop may come between.
INTERRUPTED = "any(record.type == 'conversation.item.truncate' for record in lab.run.records())"
pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def _room(_browsers: Browsers, _jupyterlab: JupyterLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabRoom]:
    voice = write_voice(tmp_path_factory.mktemp("voice") / "voice.wav")
    with kept_room(_browsers, _jupyterlab, CELLS, voice) as room:
        yield room


@pytest.fixture
def room(_room: LabRoom, lab: JupyterLab) -> LabRoom:
    """A Lab whose microphone hears a voice over and over; the same notebook for all tests."""
    return _room


def assert_heard_is_what_was_played(room: LabRoom) -> None:
    """Every sample that ``heard.wav`` has was given to the page's output, in order, and no other.

    By comm the page may play on for a moment after Stop, which nobody waits for.
    """
    heard, played = (track[track != 0] for track in (room.track("heard"), room.played()))
    if room.told("lab._sound.state.way") == "comm":
        played = played[: len(heard)]
    assert len(heard) > 12_000
    assert np.array_equal(played, heard), np.flatnonzero(played != heard)[:1] if len(played) == len(heard) else ""


def assert_cut_where_heard(room: LabRoom) -> None:
    """Each truncation is at the last sample that the page played of that item."""
    items = room.events("conversation.item.truncate", "item_id")
    ends_ms = room.events("conversation.item.truncate", "audio_end_ms")
    stopped_items = room.events("voicelab.playback.stopped", "item_id")
    stopped = dict(zip(stopped_items, room.events("voicelab.playback.stopped", "heard_ms"), strict=True))
    assert items
    assert ends_ms == [int(stopped[item]) for item in items]


def test_a_voice_holds_a_conversation_and_cuts_in(room: LabRoom) -> None:
    """Talk, be answered, interrupt: page and log agree to the sample; the page complains of nothing."""
    room.listen()
    room.until(INTERRUPTED, "an interruption")
    assert "directly" in room.sound_line("Microphone on")
    room.stop()
    assert_heard_is_what_was_played(room)
    assert_cut_where_heard(room)
    assert room.events("voicelab.playback.started", "sink")[0] == "browser"
    assert room.microphones() == ["ended"]
    # On a busy computer anywidget gives up waiting for a widget of 5 MB (plotly's) after 2 s, and says so.
    assert [error for error in room.notebook.errors if "[anywidget]" not in error] == []


def test_talking_again_records_one_voice_also_beside_a_busy_cell(room: LabRoom) -> None:
    """The second session on a page hears its microphone once, in real time, while a cell sleeps; Stop lets it go."""
    room.listen()
    room.notebook.run(1)
    room.page.wait_for_function("() => voicelabTests.kernel().status === 'busy'")
    # Of silence, which is sent without a microphone, no level is measured.
    measured = "sum(r.type == 'voicelab.audio.level' for r in lab.run.records())"
    n_before = room.told(measured, beside=True)
    until(lambda: room.told(measured, beside=True) > n_before + 5, "sound beside a busy cell")
    room.notebook.interrupt()
    room.notebook.wait_idle()
    room.stop()
    assert len(room.track("input")) / 24_000 < room.told("lab.run.records()[-1].t_ns / 1e9") + 0.5
    assert set(room.microphones()) == {"ended"}


def test_a_denied_microphone_is_told_and_can_be_had_later(room: LabRoom) -> None:
    """The session goes on without; chosen again after the browser was told to allow it, it is open."""
    room.page.evaluate("""() => {
      window.realAsk = navigator.mediaDevices.getUserMedia;
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    }""")
    room.talk()
    told = room.problem("was not allowed to use the microphone")
    assert "is kept in" in told
    assert "The session goes on" in told
    assert "not allowed" in room.sound_line("Microphone not allowed")
    room.page.evaluate("() => { navigator.mediaDevices.getUserMedia = window.realAsk; }")
    room.press("Open the microphone")
    room.until("lab.desk.standing.listening", "the microphone")
    room.lab.locator(".voicelab-problem[hidden]").wait_for(state="attached")
    room.stop()


def test_a_silent_and_an_unplugged_microphone_are_told(room: LabRoom) -> None:
    """Silent: what to look for, until sound comes; unplugged: what is kept; plugged in again, it goes on."""
    room.listen()
    room.page.evaluate("() => tracks.at(-1).dispatchEvent(new Event('mute'))")
    assert "mute switch" in room.sound_line("Microphone gives nothing")
    room.page.evaluate("() => tracks.at(-1).dispatchEvent(new Event('unmute'))")
    room.sound_line("Microphone on")
    room.page.evaluate("() => { tracks.at(-1).stop(); tracks.at(-1).dispatchEvent(new Event('ended')); }")
    told = room.problem("was unplugged")
    assert room.told("str(lab.run.folder)") in told
    assert "Open the microphone" in told
    room.until("not lab.desk.standing.listening", "the loss")
    assert room.told("lab.desk.standing.state") == "live"
    room.press("Open the microphone")
    room.until("lab.desk.standing.listening", "the microphone")
    room.stop()


def test_running_the_cell_again_leaves_nothing_behind(room: LabRoom) -> None:
    """No thread, port or microphone more than before; the run that was growing is whole."""
    room.listen()
    threads, ports = room.told(THREADS), room.told(PORTS)
    room.notebook.kernel("before = lab")
    room.show()
    assert room.told("[before.run.manifest.state, before.desk.standing.state]") == ["complete", "over"]
    until(lambda: set(room.microphones()) == {"ended"}, "the end of the microphone")
    room.until("lab._sound.state.way == 'direct'", "the new Lab's way")
    assert set(room.told(THREADS)) <= set(threads)
    assert room.told(THREADS).count("voicelab-pump") == 1
    assert room.told(PORTS) <= ports


def test_of_two_labs_the_second_works_and_the_first_says_so(room: LabRoom) -> None:
    """One at a time has the sound: the first is closed, its run whole, and its words say what to do."""
    room.listen()
    room.show(2)
    assert room.page.locator(".voicelab-lab").count() == 2
    told = room.page.locator(".voicelab-lab").first.locator(".voicelab-note").inner_text()
    assert "Another Lab was opened" in told
    assert "Run its cell again" in told
    assert room.told("first.run.manifest.state") == "complete"
    room.listen()
    room.until("len(lab.run.turn_list()) > 0", "a turn")
    room.stop()
    room.page.evaluate("() => voicelabTests.find().content.widgets[2].model.clearExecution()")


@pytest.mark.parametrize(
    ("shut", "way", "words"),
    [(f"{DIRECT}|{PROXY}", "comm", "the notebook's own connection (slower)"), (DIRECT, "proxy", "the Jupyter proxy")],
    ids=["comm", "proxy"],
)
def test_with_its_sockets_blocked_the_lab_talks_another_way(
    room: LabRoom, lab: JupyterLab, shut: str, way: str, words: str
) -> None:
    """Said in words, nothing lost, the count still exact; no ticket in Jupyter's log."""
    if way == "proxy":
        pytest.importorskip("jupyter_server_proxy", reason="jupyter-server-proxy is not installed")
    room.page.evaluate(SHUT, shut)
    room.show()
    room.until(f"lab._sound.state.way == {way!r}", f"the way {way}")
    room.sound_line(words)
    room.page.evaluate("() => { window.outputs = []; }")
    room.listen()
    room.until(INTERRUPTED, "an interruption")
    room.stop()
    assert_heard_is_what_was_played(room)
    assert_cut_where_heard(room)
    assert room.told("lab._sound.state.missing_ms") == 0
    assert not re.search(r"/proxy/\d+/\S*token", lab.log())


def test_a_kernel_restart_lets_the_microphone_go_and_the_run_is_whole(room: LabRoom) -> None:
    """Restarted in the middle of a session: the page says what to do, all records can be read, and a new Lab works."""
    room.page.evaluate(SHUT, "^nothing$")
    room.show()
    room.listen()
    room.until("len(lab.run.turn_list()) > 0", "a turn")
    folder, n_records = room.told("str(lab.run.folder)"), room.told("len(lab.run.records())")
    room.notebook.restart()
    assert "Run the cell again" in room.sound_line("kernel does not answer")
    assert "kernel gone" in room.page.locator(".voicelab-state").inner_text()
    assert room.page.locator(".voicelab-talk").is_disabled()
    assert set(room.microphones()) == {"ended"}
    room.notebook.kernel(f"import voicelab as vl; run = vl.open_run({folder!r})")
    assert room.told("[run.manifest.state, run.bad_lines]") == ["complete", 0]
    assert room.told("len(run.records())") >= n_records
    room.show()
    room.listen()


def test_closing_the_tab_is_told_and_the_run_is_whole(room: LabRoom) -> None:
    """The session hears that the page went, and goes on; stopped by code, its run is complete."""
    room.listen()
    room.notebook.kernel("1")  # connected by now: the page, which knows where, goes
    room.page.close()
    room.until("not lab.desk.standing.listening", "the loss")
    assert room.told("lab.desk.standing.state") == "live"
    assert room.told("lab.desk.standing.problem.what") == "the page was closed"
    assert room.events("voicelab.source.stopped", "reason") == ["the page was closed"]
    room.notebook.kernel("run = lab.stop()")
    assert room.told("[run.manifest.state, run.bad_lines]") == ["complete", 0]


def test_in_notebook_7_the_lab_is_seen_talks_and_stops(lab: JupyterLab) -> None:
    """The other front end that is promised."""
    room = LabRoom(lab.open(CELLS[:1], page_kind="notebook"))
    room.show()
    room.lab.locator("canvas").first.wait_for()
    room.listen()
    assert "directly" in room.sound_line("Microphone on")
    room.choose("clip")
    room.press("Play")
    room.until("len(lab.run.turn_list()) > 0", "a turn")
    room.stop()
    assert set(room.microphones()) == {"ended"}
