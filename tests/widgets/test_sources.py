"""Where the user's sound comes from: a clip is loaded from the start, a wrong file is told, and nothing blocks."""

from __future__ import annotations

import ctypes.util
import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.widgets.browser import axe, until
from tests.widgets.plain_page import PlainPages
from voicelab.audio.clip import Clip
from voicelab.errors import AudioError
from voicelab.experiments.clips import spoken_lines
from voicelab.widgets.desk import Desk
from voicelab.widgets.sources import Sources, hint, spoken_choices
from voicelab.widgets.standing import Standing
from voicelab.widgets.upload import read_upload
from voicelab.widgets.words import words

WORDS = words("sources")


class ListeningDesk(Desk):
    """A desk that keeps what it is given to say, and opens no session for it."""

    def __init__(self) -> None:
        super().__init__()
        self.played: list[tuple[Clip, dict[str, Any] | None]] = []
        self.said: list[str] = []

    def play(self, clip: Clip, labels: dict[str, Any] | None = None) -> Any:
        """Keep the clip."""
        self.played.append((clip, labels))

    def say(self, text: str) -> Any:
        """Keep the text."""
        self.said.append(text)


@pytest.fixture
def desk() -> ListeningDesk:
    """A desk that opens no session."""
    return ListeningDesk()


@pytest.fixture
def sources(desk: ListeningDesk) -> Iterator[Sources]:
    """Sources on that desk, which are closed in the end."""
    made = Sources(desk)
    yield made
    made.close()


def do(sources: Sources, what: str, value: Any = "", *buffers: bytes) -> None:
    """Send the message of the page."""
    sources._handle_custom_msg({"do": what, "value": value}, [memoryview(one) for one in buffers])


def settle(sources: Sources, desk: Desk) -> Standing:
    """Wait until the desk has done what it was asked, and show it."""
    desk.interrupt().result()  # nothing to interrupt; commands are done in order
    sources.repaint()
    return desk.standing


def wav(rate_hz: int = 8_000, file_format: str = "WAV") -> bytes:
    """Return a sound file with half a second of a tone."""
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate_hz // 2) / rate_hz)
    file = io.BytesIO()
    soundfile.write(file, tone, rate_hz, format=file_format)
    return file.getvalue()


def test_a_clip_is_loaded_before_anything_is_connected(sources: Sources, desk: ListeningDesk) -> None:
    """The first view has a clip, its words, and what to press; Play gives it to the desk with its labels."""
    assert (sources.shown["source"], sources.shown["hint"]) == ("clip", "ready.clip")
    assert {one["text"] for one in sources.clips} == {line.text for line in spoken_lines().values()}
    do(sources, "play")
    ((clip, labels),) = desk.played
    assert clip is sources.clip
    assert labels is not None
    assert labels == spoken_lines()[sources.shown["clip"]].labels


def test_another_clip_can_be_chosen(sources: Sources, desk: ListeningDesk) -> None:
    """Play plays what is chosen in the menu; a name that is not in it changes nothing."""
    do(sources, "clip", "timer")
    do(sources, "clip", "no such clip")
    do(sources, "play")
    assert desk.played[0][0] is spoken_lines()["timer"].clip


def test_typed_text_is_said(sources: Sources, desk: ListeningDesk) -> None:
    """Without the blanks around it, and not at all when it is nothing else."""
    for text in (" And tomorrow? ", "", "   "):
        do(sources, "say", text)
    assert desk.said == ["And tomorrow?"]


@pytest.mark.parametrize("file_format", ["WAV", "FLAC", "OGG"])
def test_a_file_becomes_a_clip(sources: Sources, desk: ListeningDesk, file_format: str) -> None:
    """An opened file is in the menu, chosen, and says what had to be converted."""
    do(sources, "clip", "timer")
    do(sources, "file", f"C:\\sounds\\tone.{file_format.lower()}", wav(file_format=file_format))
    until(lambda: sources.clip.name == "tone", "the opened file")
    settle(sources, desk)
    assert sources.clips[-1] == {
        "name": "tone",
        "text": f"from 8,000 Hz mono {file_format}",
        "seconds": "0.5",
        "spoken": False,
    }
    do(sources, "play")
    assert desk.played == [(sources.clip, None)]


@pytest.mark.parametrize("data", [b"", b"no sound at all", wav()[:200], bytes(44)])
def test_a_wrong_file_is_told_and_the_clip_before_is_kept(sources: Sources, desk: ListeningDesk, data: bytes) -> None:
    """The Lab's window says what was wrong with which file, what was kept, what to do; then Play still works."""
    before = sources.clip
    do(sources, "file", "../../holiday.wav", data)
    until(lambda: desk.standing.problem is not None, "the problem")
    problem = desk.standing.problem
    assert problem is not None
    assert problem.what.startswith("holiday.wav: ")
    assert "/" not in problem.what.replace("WAV, FLAC or OGG", "")
    assert (problem.kept, problem.do) == (WORDS["kept"], WORDS["do_other_file"])
    do(sources, "play")
    assert desk.played[0][0] is before

    do(sources, "file", "tone.wav", wav())
    until(lambda: desk.standing.problem is None, "the end of the problem")


def test_a_file_too_big_is_told_how_it_can_be_played(sources: Sources, desk: ListeningDesk) -> None:
    """The page sends no such file; the window says how code can play it."""
    do(sources, "too_big", "opera.wav")
    problem = settle(sources, desk).problem
    assert problem is not None
    assert "opera.wav" in problem.what
    assert 'lab.play("opera.wav")' in problem.do


def test_the_source_is_chosen_at_the_desk(sources: Sources, desk: ListeningDesk) -> None:
    """The desk is asked for another source, and what it stands at is shown; nonsense asks for nothing."""
    do(sources, "source", "browser")
    assert settle(sources, desk).source == "browser"
    assert (sources.shown["source"], sources.shown["hint"]) == ("browser", "ready.microphone")
    do(sources, "source", "satellite")
    assert settle(sources, desk).source == "browser"
    do(sources, "source", "none")
    assert settle(sources, desk).source == "none"


@pytest.mark.skipif(ctypes.util.find_library("portaudio") is not None, reason="PortAudio is installed here")
def test_without_portaudio_the_sound_card_is_refused_with_the_reason(sources: Sources, desk: ListeningDesk) -> None:
    """Choosing it says what to install, and the source stays what it was."""
    do(sources, "source", "device")
    until(lambda: "device" in sources.shown["refused"], "the refusal")
    assert "libportaudio2" in sources.shown["refused"]["device"]
    assert settle(sources, desk).source == "clip"
    assert sources.shown["source"] == "clip"


def test_sounddevice_is_not_loaded_before_somebody_wants_it() -> None:
    """Showing the sources touches no PortAudio."""
    code = (
        "import sys; from voicelab.widgets.sources import Sources; Sources(); "
        "print([name for name in sys.modules if 'sounddevice' in name])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_alone_there_is_no_page_with_a_microphone() -> None:
    """Without a Lab's desk the browser's microphone is refused, with the reason; with one it is not."""
    alone = Sources(None)
    assert alone.shown["refused"] == {"browser": WORDS["no_page"]}
    do(alone, "source", "browser")
    assert settle(alone, alone.desk).source == "clip"
    alone.watch(Desk(source="browser"))
    assert (alone.shown["refused"], alone.shown["source"]) == ({}, "browser")
    alone.close()


def test_headless_the_source_is_the_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can allow a microphone there."""
    monkeypatch.setenv("VOICELAB_HEADLESS", "1")
    desk = Desk(source="browser")
    sources = Sources(desk)
    assert settle(sources, desk).source == "clip"
    sources.close()


def test_mute_is_the_desk_s(sources: Sources, desk: ListeningDesk) -> None:
    """Pressed, the desk is muted and the page says so; pressed again, not."""
    do(sources, "mute", True)
    assert settle(sources, desk).muted
    assert sources.shown["muted"]
    do(sources, "mute", False)
    assert not settle(sources, desk).muted


@pytest.mark.parametrize(
    ("standing", "key"),
    [
        (Standing(source="clip"), "ready.clip"),
        (Standing(source="device", state="over"), "ready.device"),
        (Standing(source="browser", state="connecting"), "connecting"),
        (Standing(source="browser", state="live", listening=True), "live.listening"),
        (Standing(source="browser", state="live", listening=True, muted=True), "live.muted"),
        (Standing(source="device", state="live"), "live.deaf"),
        (Standing(source="none", state="live", listening=False), "live.none"),
        (Standing(source="clip", state="live", muted=True), "live.clip"),
    ],
)
def test_the_hint_says_what_to_do_next(standing: Standing, key: str) -> None:
    """In every state and for every source one sentence, which stands in the catalogue."""
    assert hint(standing) == key
    for state in ("ready", "connecting", "live", "closing", "over"):
        assert WORDS[hint(replace(standing, state=state))]


def test_an_upload_keeps_its_name_and_nothing_of_its_path() -> None:
    """Whatever a browser calls the file, the clip is called by its last part."""
    for name in ("a/b/tone.wav", "C:\\x\\tone.wav", "tone.wav"):
        assert read_upload(name, wav()).name == "tone"
    with pytest.raises(AudioError, match="^file: is empty"):
        read_upload("", b"")


def model(**shown: Any) -> dict[str, Any]:
    """Return the traits as Python sends them."""
    clips = [
        {"name": name, "text": one.text, "seconds": "1.0", "spoken": True} for name, one in spoken_choices().items()
    ]
    whole = {
        "source": "clip",
        "clip": "hello",
        "playing": False,
        "busy": False,
        "muted": False,
        "refused": {},
        "hint": "ready.clip",
        **shown,
    }
    return {"words": dict(WORDS), "clips": clips, "shown": whole, "most_bytes": 1_000}


def test_the_page_sends_what_a_person_does(plain_page: PlainPages, tmp_path: Path) -> None:
    """By keyboard alone: choose, play, open a file, type and press Enter."""
    plain = plain_page(Sources, model(), viewport=(280, 400))
    page = plain.page
    page.get_by_label(WORDS["clip_label"]).select_option("timer")
    page.get_by_role("button", name=WORDS["play"]).press("Enter")
    page.get_by_label(WORDS["say_label"]).fill("And tomorrow?")
    page.get_by_label(WORDS["say_label"]).press("Enter")
    page.get_by_label(WORDS["say_label"]).press("Enter")
    assert page.get_by_label(WORDS["say_label"]).input_value() == ""
    small, big = tmp_path / "small.wav", tmp_path / "big.wav"
    small.write_bytes(b"RIFF")
    big.write_bytes(bytes(1_001))
    for n_sent, file in ((4, small), (5, big)):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name=WORDS["file"]).press("Enter")
        chooser.value.set_files(file)
        page.wait_for_function("(n) => model.sent.length === n", arg=n_sent)
    assert [(one.content["do"], one.content.get("value"), one.buffers) for one in plain.sent] == [
        ("clip", "timer", ()),
        ("play", None, ()),
        ("say", "And tomorrow?", ()),
        ("file", "small.wav", (b"RIFF",)),
        ("too_big", "big.wav", ()),
    ]
    assert plain.errors == []
    assert plain.clean_up() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_shows_each_source_and_axe_finds_nothing(plain_page: PlainPages, theme: Any) -> None:
    """What belongs to a source is there with it only; what cannot be chosen is disabled, and its reason is read."""
    plain = plain_page(Sources, model(), theme=theme, viewport=(280, 400))
    page = plain.page
    assert page.get_by_role("button", name=WORDS["play"]).is_enabled()
    assert not page.get_by_role("button", name=WORDS["mute"]).is_visible()
    assert page.get_by_role("status").inner_text() == WORDS["ready.clip"]
    assert axe(page, ".voicelab-sources") == []
    plain.set(
        shown=model(source="browser", hint="live.muted", muted=True, refused={"device": "No PortAudio."})["shown"]
    )
    assert not page.get_by_role("button", name=WORDS["play"]).is_visible()
    assert page.get_by_role("button", name=WORDS["muted"]).get_attribute("aria-pressed") == "true"
    assert page.get_by_role("status").inner_text() == f"{WORDS['live.muted']}\nNo PortAudio."
    assert page.locator("option[value=device]").is_disabled()
    page.get_by_role("button", name=WORDS["muted"]).press("Enter")
    assert plain.sent[-1].content == {"do": "mute", "value": False}
    assert axe(page, ".voicelab-sources") == []
