"""Sound of one's own: sent as it is, on the run's time line, instead of the silence between clips."""

from __future__ import annotations

import asyncio
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.server.room import GivenEars
from tests.session.room import hold
from voicelab.audio.formats import PCM24, PCMU, Encoder
from voicelab.audio.signals import tone
from voicelab.errors import AudioError, ConfigError, ServerError
from voicelab.experiments.clips import spoken_lines
from voicelab.protocol import client_events as ce
from voicelab.session.appending import AudioWarning
from voicelab.session.core import SessionCore

PUSH_TO_TALK: dict[str, Any] = {"audio": {"input": {"turn_detection": None}}}
HELLO = spoken_lines()["hello"].clip.samples


async def stream(core: SessionCore, samples: np.ndarray[Any, Any], chunk: int = 2_400, speed: float = 1.0) -> None:
    """Append samples as a microphone of that speed would give them."""
    for at in range(0, len(samples), chunk):
        await core.append(samples[at : at + chunk])
        await asyncio.sleep(chunk / 24_000 / speed)


def test_streamed_speech_is_a_turn_like_any_other(tmp_path: Path) -> None:
    """A microphone's pieces under turn detection: one turn, its latency known, without a sample of silence between."""

    async def act(core: SessionCore) -> None:
        await asyncio.sleep(0.5)
        await stream(core, np.concatenate([HELLO, np.zeros(24_000, np.int16)]))
        await core._requests.quiet(lambda: core._in.n_turns > 0)

    held = hold(act, tmp_path / "run", ears=GivenEars("hello"))
    (turn,) = held.run.turn_list()
    assert turn.transcript == "hello"
    assert turn.endpoint_ms == pytest.approx(560, abs=150)
    assert turn.residual_ms == pytest.approx(0, abs=20)
    appends = [event["audio"]["audio_ref"] for event in held.sent("input_audio_buffer.append")]
    first = next(n for n, ref in enumerate(appends) if ref["n"] == 2_400)
    start = appends[first]["start"]
    assert (held.run.samples("input", start, len(HELLO)) == HELLO).all()
    assert all(ref["n"] == 480 for ref in appends[:first])


def test_silence_rests_while_sound_is_appended_and_goes_on_a_second_later(tmp_path: Path) -> None:
    """Not a frame of silence between the pieces, nor for a second after the last; then 50 a second again."""

    async def act(core: SessionCore) -> None:
        await asyncio.sleep(0.3)
        await core.append(tone(440, 2_000))  # at once: it lasts for two seconds of the clock
        await asyncio.sleep(5)

    held = hold(act, tmp_path / "run")
    records = [r for r in held.run.records() if r.type == "input_audio_buffer.append"]
    at = next(n for n, r in enumerate(records) if r.event["audio"]["audio_ref"]["n"] == 48_000)
    assert (records[at + 1].t_ns - records[at].t_ns) / 1e9 == pytest.approx(3.0, abs=0.05)
    assert (records[-1].t_ns - records[at + 1].t_ns) / 1e9 * 50 == pytest.approx(len(records) - at - 2, abs=1)


def test_pieces_that_come_unevenly_stand_end_to_end(tmp_path: Path) -> None:
    """A stream is one sound: no gaps of a few milliseconds where its pieces were late; a real pause is one."""

    async def act(core: SessionCore) -> None:
        for late_ms in (0, 30, 5, 60, 0, 20):
            await asyncio.sleep((100 + late_ms) / 1000)
            await core.append(tone(440, 100))
        await asyncio.sleep(1.1)
        await core.append(tone(440, 100))

    held = hold(act, tmp_path / "run", asked=PUSH_TO_TALK)
    refs = [event["audio"]["audio_ref"] for event in held.sent("input_audio_buffer.append")]
    gaps = [b["start"] - a["start"] - a["n"] for a, b in pairwise(refs)]
    assert gaps[:5] == [0] * 5
    assert gaps[5] / 24 == pytest.approx(1_000, abs=150)


def test_bytes_go_out_as_they_are(tmp_path: Path) -> None:
    """In a telephone session a caller's own G.711 is not coded again; what is kept is what it sounds like."""
    encoder = Encoder(PCMU)
    data = encoder.feed(HELLO) + encoder.finish()
    got: list[bytes] = []

    async def act(core: SessionCore) -> None:
        send = core._out.send_bytes

        def seen(data: bytes, *rest: Any, **named: Any) -> str:
            got.append(data)
            return send(data, *rest, **named)

        core._out.send_bytes = seen  # type: ignore[method-assign]
        await core.append(data)
        await core.commit()

    asked = {"audio": {"input": {"turn_detection": None, "format": {"type": "audio/pcmu"}}}}
    held = hold(act, tmp_path / "run", asked=asked)
    assert got == [data]
    kept = held.run.samples("input")[-len(HELLO) :].astype(float)
    assert np.corrcoef(kept[: len(HELLO) - 480], HELLO[: len(kept)][: len(HELLO) - 480].astype(float))[0, 1] > 0.5


def test_pcm_bytes_and_samples_are_the_same_sound(tmp_path: Path) -> None:
    """Little-endian bytes of the same samples leave the same track."""

    async def act(core: SessionCore) -> None:
        await core.append(HELLO)
        await core.append(Encoder(PCM24).feed(HELLO))

    held = hold(act, tmp_path / "run", asked=PUSH_TO_TALK)
    one, two = (event["audio"]["audio_ref"] for event in held.sent("input_audio_buffer.append"))
    tracks = [held.run.samples("input", ref["start"], ref["n"]) for ref in (one, two)]
    assert (tracks[0] == tracks[1]).all()
    assert (tracks[0] == HELLO).all()


def test_sound_of_many_minutes_goes_out_in_pieces_the_protocol_takes(tmp_path: Path) -> None:
    """Five minutes at once: no event over 15 MiB, nothing lost, and one commit takes it all."""

    async def act(core: SessionCore) -> None:
        await core.append(np.zeros(5 * 60 * 24_000, np.int16))
        await core.commit()

    held = hold(act, tmp_path / "run", asked=PUSH_TO_TALK)
    appends = [r for r in held.run.records() if r.type == "input_audio_buffer.append"]
    assert sum(r.event["audio"]["audio_ref"]["n"] for r in appends) == 5 * 60 * 24_000
    assert max(r.bytes or 0 for r in appends) < 15 * 2**20
    assert not held.core.errors


def test_event_id_of_an_append_by_hand_is_used_once(tmp_path: Path) -> None:
    """Cut into pieces, the first keeps the id that was given."""

    async def act(core: SessionCore) -> None:
        await core.request(ce.InputAudioAppend(audio=bytes(48 * 150_000), event_id="mine"))

    ids = [e["event_id"] for e in hold(act, tmp_path / "run", asked=PUSH_TO_TALK).sent("input_audio_buffer.append")]
    assert len(ids) == len(set(ids)) == 3
    assert ids[0] == "mine"


@pytest.mark.parametrize(
    ("audio", "what"),
    [
        (np.zeros(480, np.float32), "not float32 of shape"),
        (np.zeros((480, 2), np.int16), "not int16 of shape \\(480, 2\\)"),
        ([1, 2, 3], "not list"),
        (b"\0\0\0", "3 bytes of 16-bit PCM end in the middle"),
    ],
)
def test_what_is_no_sound_is_refused_before_it_is_sent(tmp_path: Path, audio: Any, what: str) -> None:
    """Floats, stereo, lists, half a sample: one sentence that says what it takes."""

    async def act(core: SessionCore) -> None:
        with pytest.raises(AudioError, match=what):
            await core.append(audio)

    assert not hold(act, tmp_path / "run", asked=PUSH_TO_TALK).sent("input_audio_buffer.append")


def test_two_voices_are_not_sent_as_one(tmp_path: Path) -> None:
    """While a clip plays, append is refused and the clip stays whole."""

    async def act(core: SessionCore) -> None:
        playing = asyncio.ensure_future(core.play(spoken_lines()["hello"].clip))
        await asyncio.sleep(0.1)
        with pytest.raises(ConfigError, match="a clip is being played"):
            await core.append(tone(440, 100))
        await playing

    assert len(hold(act, tmp_path / "run", ears=GivenEars("hello")).run.turn_list()) == 1


@pytest.mark.parametrize(("speed", "likely_hz"), [(2.0, 48_000), (2 / 3, 16_000)])
def test_sound_at_a_wrong_rate_is_said_once(tmp_path: Path, speed: float, likely_hz: int) -> None:
    """A microphone that runs at another rate than the session: a warning and a record, within three seconds."""

    async def act(core: SessionCore) -> None:
        await stream(core, tone(440, round(8_000 * speed)), speed=speed)

    with pytest.warns(AudioWarning, match=f"{likely_hz:,} Hz samples in a 24,000 Hz session") as told:
        held = hold(act, tmp_path / "run", asked=PUSH_TO_TALK)
    assert len(told) == 1
    (fact,) = held.local("audio.wrong_rate")
    assert (fact["likely_hz"], fact["session_hz"]) == (likely_hz, 24_000)


def test_sound_at_the_right_rate_or_all_at_once_is_not_doubted(tmp_path: Path) -> None:
    """A microphone, and files thrown in."""

    async def act(core: SessionCore) -> None:
        await stream(core, tone(440, 5_000))
        for _ in range(5):
            await core.append(tone(440, 2_000))
            await asyncio.sleep(1)

    with warnings.catch_warnings():
        warnings.simplefilter("error", AudioWarning)
        assert not hold(act, tmp_path / "run", asked=PUSH_TO_TALK).local("audio.wrong_rate")


def test_any_event_can_be_sent_and_its_refusal_is_raised(tmp_path: Path) -> None:
    """request: an append by hand lands on the track, an unknown item raises the server's words."""

    async def act(core: SessionCore) -> None:
        await core.request(ce.InputAudioAppend(audio=Encoder(PCM24).feed(HELLO), event_id="mine"))
        await core.request(ce.InputAudioCommit())
        with pytest.raises(ServerError, match="item_nowhere"):
            await core.request(ce.ItemDelete(item_id="item_nowhere"))

    held = hold(act, tmp_path / "run", asked=PUSH_TO_TALK)
    (append,) = held.sent("input_audio_buffer.append")
    assert append["event_id"] == "mine"
    assert append["audio"]["audio_ref"]["n"] == len(HELLO)
    assert len([r for r in held.run.records() if r.type == "input_audio_buffer.committed"]) == 1
