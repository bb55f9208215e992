"""The browser's sound with the real page: ways, frames, exact counts, and everything that can go wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from tests.widgets.browser import axe
from tests.widgets.plain_page import PlainPages
from tests.widgets.sound_room import SoundRoom, where
from voicelab.audio.clip import write_wav
from voicelab.audio.samples import Samples
from voicelab.audio.signals import tone
from voicelab.errors import AudioError
from voicelab.session.portal import portal
from voicelab.widgets.sound.browser import BrowserSound

FRAME = 480
Open = Callable[..., SoundRoom]

pytestmark = pytest.mark.realtime


@pytest.fixture
def room(plain_page: PlainPages) -> Iterator[Open]:
    """Open rooms; all are closed when the test ends."""
    rooms: list[SoundRoom] = []

    def open_room(microphone: Path | Literal["denied"] | None = None) -> SoundRoom:
        rooms.append(SoundRoom(plain_page, microphone))
        return rooms[-1]

    yield open_room
    for one in rooms:
        one.close()


def noise(n: int) -> Samples:
    """Samples of which no stretch is like another, and none is zero."""
    return np.random.default_rng(7).integers(1, 9_000, n).astype(np.int16)


async def play(widget: BrowserSound, sound: Samples) -> None:
    """Play as a session's player does."""
    await widget.sink.start()
    for start in range(0, len(sound), FRAME):
        widget.sink.play(sound[start : start + FRAME])
        await widget.sink.wait()


def click(room: SoundRoom) -> None:
    """Give the page the click that it wants before it plays."""
    room.plain.page.locator("body").click()


def test_page_on_localhost_takes_the_direct_way_and_says_so(room: Open) -> None:
    """The direct socket is found, the round trip measured, and axe has nothing against the line that says so."""
    one = room()
    one.connect("direct")
    one.until(lambda: one.widget.state.round_trip_ms is not None, "a round trip")
    line = one.plain.page.locator(".voicelab-sound")
    assert one.widget.words["way.direct"] in line.inner_text()
    assert axe(one.plain.page, ".voicelab-sound") == []
    assert one.plain.errors == []


def test_what_was_sent_is_what_the_output_got(room: Open) -> None:
    """Every sample of a reply reaches the browser's output, in order, and none is heard twice."""
    one, sound = room(), noise(24_000)
    one.connect("direct")
    click(one)
    portal().call(play(one.widget, sound))
    one.until(lambda: where(sound[-FRAME:], one.played()) >= 0, "the end of the reply")
    heard = one.played()
    if one.widget.state.n_underruns == 0:
        assert where(sound, heard) >= 0
    assert np.array_equal(heard[heard != 0], sound)
    assert one.widget.state.rate_hz == 24_000


def test_count_after_a_flush_is_exact(room: Open) -> None:
    """After a flush, what counts as heard is exactly what the output got, and nothing comes after it."""
    one, sound = room(), noise(48_000)
    one.connect("direct")
    click(one)

    async def cut() -> int:
        playing = asyncio.ensure_future(play(one.widget, sound))
        await asyncio.sleep(0.8)
        playing.cancel()
        handed = one.widget.sink._handed
        settling = one.widget.sink.flush()
        assert settling is not None
        await settling
        return handed - one.widget.sink.unheard()

    heard = portal().call(cut())
    marker = tone(100, 440)[1:]
    portal().call(play(one.widget, marker))
    one.until(lambda: where(marker[-FRAME:], one.played()) >= 0, "the next reply")
    output = one.played()
    before = output[: where(marker[:FRAME], output)]
    assert 0 < heard < len(sound)
    assert np.array_equal(before[before != 0], sound[:heard])


def test_late_chunks_of_a_flushed_reply_are_dropped(room: Open) -> None:
    """A chunk that was on its way when its reply was flushed is never heard."""
    from voicelab.widgets.sound.wire import Chunk

    one, sound = room(), noise(9_600)
    one.connect("direct")
    click(one)

    async def late() -> None:
        await play(one.widget, sound)
        old = one.widget._line.generation
        settling = one.widget.sink.flush()
        if settling is not None:
            await settling
        one.widget._line.send(Chunk(old, len(sound), False, np.full(FRAME, 20_000, np.int16)))
        await play(one.widget, sound)

    portal().call(late())
    one.until(lambda: np.count_nonzero(one.played() == sound[-1]) >= 1 and where(sound[-9:], one.played()) > 0, "it")
    assert not np.any(one.played() == 20_000)


def test_microphone_gives_frames_of_20_ms(room: Open, tmp_path: Path) -> None:
    """What the microphone hears arrives in frames of 480; muted, they are zeros and the page's track is off."""
    wav = tmp_path / "tone.wav"
    write_wav(wav, tone(2_000, 440))
    one = room(wav)
    one.connect("direct")
    opening = one.open_microphone()
    one.until(opening.done, "the microphone")
    opening.result()
    one.until(lambda: any(np.abs(frame).max() > 500 for frame in one.delivered), "sound")
    assert {len(frame) for frame in one.delivered} == {FRAME}
    assert one.widget.state.microphone == "on"

    one.widget.mute(True)
    one.until(lambda: not one.plain.page.evaluate("() => tracks[0].enabled"), "the page's mute")
    n_before = len(one.delivered)
    one.until(lambda: len(one.delivered) > n_before + 10, "more frames")
    assert not any(frame.any() for frame in one.delivered[n_before + 5 :])
    portal().post(one.widget.microphone.close)
    one.until(lambda: one.plain.page.evaluate("() => tracks[0].readyState") == "ended", "the end of the track")
    assert one.lost == []


def test_opening_the_microphone_again_ends_the_recording_before(room: Open) -> None:
    """Talk, Stop, Talk in one page: one recording at a time is sent, none of the one before."""
    one = room()
    one.connect("direct")
    came: list[int] = []
    take = one.widget._line.took_sound
    one.widget._line.took_sound = lambda chunk: (came.append(chunk.generation), take(chunk))[1]
    for _ in range(3):
        came.clear()
        opening = one.open_microphone()
        one.until(lambda opening=opening: opening.done() and len(came) > 25, "frames")
        opening.result()
        portal().post(one.widget.microphone.close)
        one.until(lambda: one.widget.state.microphone == "off", "the end of the microphone")
        assert len(set(came[10:])) == 1
    assert one.plain.page.evaluate("() => tracks.map((track) => track.readyState)") == ["ended"] * 3


def test_sound_that_was_lost_on_the_way_is_said(room: Open) -> None:
    """A socket that breaks loses what is recorded until another is there; the line says how much it was."""
    one = room()
    one.connect("direct")
    opening = one.open_microphone()
    one.until(lambda: opening.done() and len(one.delivered) > 2, "the microphone")
    socket = one.widget._line._socket
    assert socket is not None
    portal().submit(socket.close())
    one.until(lambda: one.widget.state.missing_ms > 0, "the hole")
    said = one.plain.page.locator(".voicelab-sound", has_text="were lost on the way")
    one.until(lambda: said.count() == 1, "the words")
    assert one.lost == []
    assert one.widget.state.way == "direct"


def test_page_without_a_socket_falls_back_to_the_comm(room: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the door shut the comm carries the microphone and the reply, whole; the status line says which way."""
    monkeypatch.setattr("voicelab.widgets.sound.line._is_loopback", lambda _: False)
    one, sound = room(), noise(4_800)
    one.connect("comm")
    click(one)
    opening = one.open_microphone()
    one.until(lambda: opening.done() and len(one.delivered) > 10, "the microphone")
    playing = portal().submit(play(one.widget, sound))
    one.until(lambda: playing.done() and where(sound[-99:], one.played()) >= 0, "the reply")
    heard = one.played()
    assert np.array_equal(heard[heard != 0], sound)
    assert one.widget.words["way.comm"] in one.plain.page.locator(".voicelab-sound").inner_text()


def test_denied_microphone_is_said_in_words(room: Open) -> None:
    """A person who says no is told what to do, in the page and in the error; the page goes on."""
    one = room("denied")
    one.connect("direct")
    opening = one.open_microphone()
    one.until(opening.done, "an answer")
    words = one.widget.words["problem.denied"]
    with pytest.raises(AudioError, match="was not allowed"):
        opening.result()
    assert (one.widget.state.microphone, one.widget.state.problem) == ("denied", words)
    assert words in one.plain.page.locator(".voicelab-sound").inner_text()
    assert one.widget.state.way == "direct"


def test_unplugged_microphone_is_lost_once(room: Open) -> None:
    """A track that ends is said in words, to the session once."""
    one = room()
    one.connect("direct")
    opening = one.open_microphone()
    one.until(lambda: opening.done() and len(one.delivered) > 2, "the microphone")
    one.plain.page.evaluate("() => { tracks[0].stop(); tracks[0].dispatchEvent(new Event('ended')); }")
    one.until(lambda: bool(one.lost), "the loss")
    one.until(lambda: one.widget.state.microphone == "unplugged", "the state")
    assert one.lost == [one.widget.words["problem.unplugged"]]


def test_taking_the_view_away_leaves_no_microphone(room: Open) -> None:
    """When the cell runs again, tracks are stopped, contexts closed and the socket let go."""
    one = room()
    one.connect("direct")
    click(one)
    opening = one.open_microphone()
    one.until(lambda: opening.done() and len(one.delivered) > 2, "the microphone")
    portal().call(play(one.widget, noise(FRAME)))
    one.until(lambda: len(one.played()) > 0, "an output")
    assert one.plain.clean_up() == []
    one.plain.page.wait_for_function("() => contexts.every((context) => context.state === 'closed')")
    assert one.plain.page.evaluate("() => tracks.map((track) => track.readyState)") == ["ended"]
    one.until(lambda: one.widget.state.way == "none", "the page's good-bye")
    one.until(lambda: bool(one.lost), "the loss")
    assert one.lost == [one.widget.words["problem.page_closed"]]


def test_page_that_was_loaded_again_takes_over(room: Open) -> None:
    """A reload within the grace goes on: the session's microphone is opened by the new page, nothing is lost."""
    one = room()
    one.connect("direct")
    opening = one.open_microphone()
    one.until(lambda: opening.done() and len(one.delivered) > 2, "the microphone")
    one.plain.clean_up()
    one.until(lambda: one.widget.state.way == "none", "the page's good-bye")
    n_before = len(one.delivered)
    one.show()
    one.until(lambda: len(one.delivered) > n_before + 5, "frames of the new page")
    assert one.lost == []


def test_suspended_audio_asks_for_a_click(room: Open) -> None:
    """Where the browser wants a click first, a real button is there, and the reply begins with the click."""
    one, sound = room(), noise(4_800)
    # Playwright's own calls count as gestures, so the browser's refusal is played.
    one.plain.page.evaluate("""() => {
      const Real = AudioContext;
      let clicked = false;
      document.addEventListener("click", () => { clicked = true; }, true);
      window.AudioContext = class extends Real {
        constructor(options) { super(options); this.suspend(); }
        resume() { return clicked ? super.resume() : new Promise(() => {}); }
      };
    }""")
    one.connect("direct")
    playing = portal().submit(play(one.widget, sound))
    button = one.plain.page.get_by_role("button", name=one.widget.words["start"])
    one.until(button.is_visible, "the button")
    assert not one.played().any()
    button.click()
    one.until(lambda: playing.done() and where(sound[-99:], one.played()) >= 0, "the reply")
    assert not button.is_visible()
    assert one.widget.state.running


def test_another_granted_rate_is_converted(room: Open) -> None:
    """A browser that refuses 24 kHz still gives a tone of the right pitch to the kernel and to the output."""
    one, sound = room(), tone(1_000, 600)
    one.plain.page.evaluate("""() => {
      const Real = AudioContext;
      window.AudioContext = class extends Real { constructor() { super({ sampleRate: 44100 }); } };
    }""")
    one.connect("direct")
    click(one)
    portal().call(play(one.widget, sound))
    one.until(lambda: one.widget.state.rate_hz == 44_100, "the rate")
    one.until(lambda: np.count_nonzero(one.played()) > 25_000, "the tone")
    output = one.played().astype(float)
    middle = output[np.flatnonzero(output)[0] + 5_000 :][:16_384]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * 44_100 / len(middle) == pytest.approx(1_000, abs=3)
    assert "44100" in one.plain.page.locator(".voicelab-sound").inner_text()


def test_insecure_page_says_exactly_what_to_do(room: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page over plain http from another computer names the tunnel for its own host and port; no frame is expected."""
    monkeypatch.setattr("tests.widgets.plain_page._ORIGIN", "http://lab.example:8888/")
    one = room()
    one.connect("comm")
    opening = one.open_microphone()
    one.until(opening.done, "an answer")
    with pytest.raises(AudioError, match="ssh -N -L 8888:localhost:8888 lab.example"):
        opening.result()
    assert one.widget.state.microphone == "insecure"
    assert "ssh -N -L 8888:localhost:8888 lab.example" in one.plain.page.locator(".voicelab-sound").inner_text()
