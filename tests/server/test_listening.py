"""The input audio buffer: turns found, turns committed, audio thrown away."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from tests.server.room import Client, GivenEars, Saying, converse, spoken
from voicelab.audio.formats import PCMA, PCMU, Encoder
from voicelab.audio.signals import silence
from voicelab.experiments.clips import spoken_lines
from voicelab.server.listening import AudioBuffer

PUSH_TO_TALK = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}


def detection(**settings: object) -> dict[str, object]:
    """Return a session object with server_vad settings."""
    return {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "server_vad", **settings}}}}


def test_speech_is_found_where_the_label_says() -> None:
    """Start (with its padding) and stop (with its silence) agree with the clip's labels within 100 ms."""
    line = spoken_lines()["timer"]

    async def talk(client: Client) -> None:
        await client.send("session.update", session=detection(silence_duration_ms=500, prefix_padding_ms=100))
        await client.append(spoken("timer"))
        await client.until("response.done")

    client = converse(talk)
    (started,), (stopped,) = (client.of(f"input_audio_buffer.speech_{what}") for what in ("started", "stopped"))
    assert started["audio_start_ms"] + 100 == pytest.approx(line.speech_start_ms, abs=100)
    assert stopped["audio_end_ms"] - 500 == pytest.approx(line.speech_end_ms, abs=100)
    assert started["item_id"] == stopped["item_id"] == client.of("input_audio_buffer.committed")[0]["item_id"]


@pytest.mark.parametrize(("silence_ms", "n_turns"), [(200, 2), (900, 1)])
def test_silence_setting_decides_whether_a_thinking_pause_ends_the_turn(silence_ms: int, n_turns: int) -> None:
    """The same sentence is cut at 200 ms of silence and whole at 900 ms."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session=detection(silence_duration_ms=silence_ms))
        await client.append(spoken("thinking"))
        await client.until("response.done", n=n_turns)

    assert len(converse(talk).of("input_audio_buffer.committed")) == n_turns


def test_ears_may_draft_in_a_pause_but_nothing_shows_before_the_end() -> None:
    """The recogniser is told of pauses and resumptions; no event is sent for them."""
    ears = GivenEars()

    async def talk(client: Client) -> None:
        await client.send("session.update", session=detection(silence_duration_ms=900))
        await client.append(spoken("thinking"))
        await client.until("response.done")

    client = converse(talk, ears=ears)
    assert ears.calls[:6] == ["start", "pause", "resume", "pause", "finish", "close"]
    assert client.kinds.count("input_audio_buffer.speech_stopped") == 1


def test_ears_hear_the_padding_and_every_sample_of_the_turn_once() -> None:
    """What the recogniser is fed is the turn's own audio, from the padding to the decision, without a gap or repeat."""
    ears = GivenEars()

    async def talk(client: Client) -> None:
        await client.append(spoken("hello"))
        await client.until("response.done")

    client = converse(talk, ears=ears)
    start = client.of("input_audio_buffer.speech_started")[0]["audio_start_ms"] * 24
    stop = client.of("input_audio_buffer.speech_stopped")[0]["audio_end_ms"] * 24
    heard = np.concatenate(ears.fed)
    assert abs(len(heard) - (stop - start)) < 24
    assert np.array_equal(heard, spoken("hello")[start : start + len(heard)])


def test_push_to_talk_needs_a_commit_and_a_response_create() -> None:
    """With detection off, audio becomes an item only when the client says so, and is answered only when asked."""
    ears = GivenEars("what time is it")
    reply = Saying()

    async def talk(client: Client) -> None:
        await client.send("session.update", session=PUSH_TO_TALK)
        await client.append(spoken("time"), pace=False)
        await client.send("input_audio_buffer.commit")
        await client.until("conversation.item.done")
        await client.send("response.create")
        await client.until("response.done")

    client = converse(talk, ears=ears, reply=reply)
    assert not client.of("input_audio_buffer.speech_started")
    assert client.kinds[3:7] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    assert reply.requests[0].text == "what time is it"


def test_commit_of_less_than_100_ms_says_how_much_there_is() -> None:
    """The hosted service's own words: at least 100 ms."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session=PUSH_TO_TALK)
        await client.append(silence(60), pace=False)
        await client.send("input_audio_buffer.commit")
        await client.until("error")

    message = converse(talk).of("error")[0]["error"]["message"]
    assert message.endswith("Expected at least 100ms of audio, but buffer only has 60.00ms of audio.")


def test_cleared_audio_is_in_no_turn() -> None:
    """What was cleared is not committed; the input audio clock goes on counting."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session=PUSH_TO_TALK)
        await client.append(silence(1_000), pace=False)
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
        await client.send("input_audio_buffer.commit")
        await client.until("error")
        await client.send("session.update", session=detection())
        await client.append(spoken("hello"))
        await client.until("response.done")

    client = converse(talk)
    assert client.of("error")[0]["error"]["code"] == "input_audio_buffer_commit_empty"
    assert client.of("input_audio_buffer.speech_started")[0]["audio_start_ms"] >= 1_000


@pytest.mark.parametrize("wire_format", [PCMU, PCMA])
def test_telephone_formats_find_the_same_turn(wire_format: object) -> None:
    """G.711 input is decoded before anything listens: the turn ends where it ends in PCM, within a window."""

    async def talk(client: Client) -> None:
        await client.send(
            "session.update", session={"type": "realtime", "audio": {"input": {"format": wire_format.to_wire()}}}
        )
        encoder = Encoder(wire_format)
        samples = spoken("timer")
        for start in range(0, len(samples), 480):
            data = encoder.feed(samples[start : start + 480])
            await client.send("input_audio_buffer.append", audio=base64.b64encode(data).decode())
        await client.until("response.done")

    client = converse(talk)
    end = client.of("input_audio_buffer.speech_stopped")[0]["audio_end_ms"]
    assert end - 200 == pytest.approx(spoken_lines()["timer"].speech_end_ms, abs=100)


def test_any_chunking_finds_the_same_turn() -> None:
    """Whether audio comes in 20 ms frames or all at once, the turn is the same to the millisecond."""

    async def in_frames(client: Client) -> None:
        await client.append(spoken("can-do"), pace=False)
        await client.until("response.done")

    async def at_once(client: Client) -> None:
        audio = base64.b64encode(spoken("can-do").astype("<i2").tobytes()).decode()
        await client.send("input_audio_buffer.append", audio=audio)
        await client.until("response.done")

    found = [
        [converse(way).of(f"input_audio_buffer.speech_{what}")[0][f"audio_{edge}_ms"] for what, edge in EDGES]
        for way in (in_frames, at_once)
    ]
    assert found[0] == found[1]


EDGES = (("started", "start"), ("stopped", "end"))


def test_transcription_is_sent_only_when_asked_for_but_words_reach_the_reply_anyway() -> None:
    """Transcription null: no transcription event, and yet the reply engine knows what was said."""
    reply = Saying()

    async def talk(client: Client) -> None:
        await client.append(spoken("hello"))
        await client.until("response.done")

    client = converse(talk, ears=GivenEars("hello there"), reply=reply)
    assert not client.of("conversation.item.input_audio_transcription.completed")
    assert reply.requests[0].text == "hello there"


def test_buffer_keeps_what_is_asked_for_and_forgets_the_rest() -> None:
    """The buffer is addressed by the clock, also after its beginning was dropped."""
    buffer = AudioBuffer()
    for k in range(10):
        buffer.append(np.full(10, k, np.int16))
    buffer.forget_before(35)
    assert buffer.start == 30
    assert buffer.slice(38, 42).tolist() == [3, 3, 4, 4]
    assert buffer.slice(0, 31).tolist() == [3]


def test_reply_engine_gets_the_speech_alone_and_its_longest_pause() -> None:
    """What the mirror gives back begins and ends with the voice; the thinking pause inside is measured."""
    reply = Saying()
    line = spoken_lines()["thinking"]

    async def talk(client: Client) -> None:
        await client.send("session.update", session=detection(silence_duration_ms=900))
        await client.append(spoken("thinking"))
        await client.until("response.done")

    converse(talk, reply=reply)
    audio = reply.requests[0].audio
    assert audio is not None
    assert audio.speech_ms == pytest.approx(line.speech_end_ms - line.speech_start_ms, abs=100)
    assert len(audio.samples) / 24 == pytest.approx(audio.speech_ms, abs=2)
    assert audio.longest_pause_ms == pytest.approx(600, abs=100)
