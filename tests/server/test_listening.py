"""The input audio buffer: turns found, turns committed, audio thrown away."""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.server.input_room import GrowingEars, Room, listen, words_with_pause
from tests.server.room import Client, GivenEars, Saying, converse, spoken
from voicelab.audio.formats import PCM24, PCMA, PCMU, AudioFormat, Encoder, from_wire
from voicelab.audio.samples import Samples
from voicelab.audio.signals import noise, silence, tone
from voicelab.errors import AudioError, ConfigError
from voicelab.experiments.clips import spoken_lines
from voicelab.protocol.client_events import MOST_APPEND_BYTES, InputAudioAppend
from voicelab.protocol.settings import to_plain
from voicelab.server.listening import KEPT_MS
from voicelab.turns.scores import Score, score_clip
from voicelab.turns.semantic import find_semantic_turns

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


# A failing example is shown as it was found: shrinking conversations takes minutes.
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
SERVER = {"type": "server_vad", "silence_duration_ms": 500}
SEMANTIC = {"type": "semantic_vad", "eagerness": "high"}
TALK = words_with_pause(300, after_ms=3_000)


def wire_bytes(samples: Samples, wire_format: AudioFormat) -> bytes:
    """Return the samples in a format, all of them."""
    encoder = Encoder(wire_format)
    return encoder.feed(samples) + encoder.finish()


@pytest.mark.parametrize("detection", [SERVER, SEMANTIC], ids=["server", "semantic"])
def test_both_detections_find_one_turn_with_all_of_its_audio(detection: object) -> None:
    """Started, stopped, committed, answered: once; the item holds the padding and what was said."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=detection)
        await room.speak(TALK)

    room = listen(talk)
    assert room.kinds == ["speech_started", "speech_stopped", "committed", "added", "done"]
    assert room.calls == ["user began", "turn ended"]
    (started,), (stopped,) = room.of("speech_started"), room.of("speech_stopped")
    assert started["audio_start_ms"] == pytest.approx(100, abs=20)
    (sound,) = room.sounds
    assert np.array_equal(sound, TALK[started["audio_start_ms"] * 24 : stopped["audio_end_ms"] * 24])
    (hearing,) = room.connection.memory.hearings.values()
    assert hearing.speech.start / 24 == pytest.approx(300, abs=1)
    assert hearing.speech.speech_ms == pytest.approx(1_100, abs=40)


@pytest.mark.parametrize("committed_ms", [0, 1_000])
def test_semantic_detection_hears_how_it_was_said(committed_ms: int) -> None:
    """It ends the turn where the rule over the whole recording does, which knows the sound; after a commit, too."""
    samples = np.concatenate([spoken("thinking"), silence(3_000)])

    async def talk(room: Room) -> None:
        room.update(turn_detection={"type": "semantic_vad"})
        if committed_ms:
            await room.speak(silence(committed_ms))
            room.listening.commit()
        await room.speak(samples)

    turns = find_semantic_turns(samples, score_clip(samples, detector="energy"))
    stopped = [event["audio_end_ms"] for event in listen(talk).of("speech_stopped")]
    assert stopped == [committed_ms + round(turn.decided_ms) for turn in turns if turn.decided_ms is not None]
    assert stopped


def test_semantic_detection_reads_the_words_while_they_come() -> None:
    """A sentence that must go on is waited for longer than one that is whole."""

    def end_ms(words: str) -> int:
        async def talk(room: Room) -> None:
            room.update(turn_detection={"type": "semantic_vad"})
            await room.speak(np.concatenate([TALK, silence(6_000)]))

        (stopped,) = listen(talk, ears=GivenEars(partial=words)).of("speech_stopped")
        return int(stopped["audio_end_ms"])

    assert end_ms("what time is it") < end_ms("i would like some tea and")


CHANGES: dict[str, tuple[object, list[object]]] = {
    "server to semantic": (SERVER, [SEMANTIC]),
    "semantic to server": (SEMANTIC, [SERVER]),
    "there and back": (SERVER, [SEMANTIC, SERVER]),
    "off and on": (SERVER, [None, SERVER]),
    "off and on as semantic": (SERVER, [None, SEMANTIC]),
    "from push-to-talk": (None, [SERVER]),
    "from push-to-talk to semantic": (None, [SEMANTIC]),
    "another threshold": (SERVER, [{**SERVER, "threshold": 0.3}]),
}


@pytest.mark.parametrize("at_ms", [420, 500, 700, 990, 1_150, 1_300])
@pytest.mark.parametrize("name", CHANGES)
def test_detection_may_change_inside_a_turn(name: str, at_ms: int) -> None:
    """Nothing of what was said is lost, the turn is announced once, and the rule that holds then ends it."""
    before, afterwards = CHANGES[name]
    at = at_ms * 24

    async def talk(room: Room) -> None:
        room.update(turn_detection=before)
        await room.speak(TALK[:at])
        for index, detection in enumerate(afterwards):
            room.update(turn_detection=detection)
            await room.speak(TALK[at + index * 480 : at + index * 480 + 480])
        await room.speak(TALK[at + len(afterwards) * 480 :])

    room = listen(talk)
    assert room.kinds == ["speech_started", "speech_stopped", "committed", "added", "done"]
    assert room.calls == ["user began", "turn ended"]
    (started,), (stopped,), (sound,) = room.of("speech_started"), room.of("speech_stopped"), room.sounds
    assert started["item_id"] == stopped["item_id"] == room.of("committed")[0]["item_id"]
    assert np.array_equal(sound, TALK[started["audio_start_ms"] * 24 : stopped["audio_end_ms"] * 24])
    assert started["audio_start_ms"] <= 400
    assert stopped["audio_end_ms"] >= 1_500


@pytest.mark.parametrize("before", [None, {**SERVER, "silence_duration_ms": 9_000}])
@pytest.mark.parametrize("after", [SERVER, SEMANTIC], ids=["server", "semantic"])
def test_turn_that_is_over_by_the_new_rule_ends_at_once(before: object, after: object) -> None:
    """Three seconds of silence are enough for it, whoever listened to them; all that was said is in the item."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=before)
        await room.speak(TALK)
        room.update(turn_detection=after)
        if before is None or after == SEMANTIC:  # within a kind the next window decides
            assert room.kinds == ["speech_started", "speech_stopped", "committed", "added", "done"]
        await room.speak(silence(1_000))

    room = listen(talk)
    assert room.kinds == ["speech_started", "speech_stopped", "committed", "added", "done"]
    assert room.calls == ["user began", "turn ended"]
    assert room.of("speech_stopped")[0]["audio_end_ms"] == pytest.approx(len(TALK) / 24, abs=30)
    (sound,) = room.sounds
    assert np.array_equal(sound, TALK[room.of("speech_started")[0]["audio_start_ms"] * 24 :][: len(sound)])


@pytest.mark.parametrize("at_ms", [600, 1_050])
def test_detection_switched_off_inside_a_turn_leaves_it_to_a_commit(at_ms: int) -> None:
    """No speech_stopped: the client ends the turn, with everything since its start, and is asked to answer it."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=SERVER)
        await room.speak(TALK[: at_ms * 24])
        room.update(turn_detection=None)
        await room.speak(TALK[at_ms * 24 :])
        assert room.kinds == ["speech_started"]
        room.listening.commit()

    room = listen(talk)
    assert room.kinds == ["speech_started", "committed", "added", "done"]
    assert room.calls == ["user began"]
    (sound,) = room.sounds
    assert np.array_equal(sound, TALK[room.of("speech_started")[0]["audio_start_ms"] * 24 :])


def test_detection_switched_off_in_silence_leaves_the_padding() -> None:
    """A turn that begins now has what it would have had before: 300 ms, not half a minute."""

    async def talk(room: Room) -> None:
        await room.speak(silence(5_000))
        room.update(turn_detection=None)
        await room.speak(tone(300, 500))
        room.listening.commit()

    assert [len(sound) for sound in listen(talk).sounds] == [800 * 24]


def test_words_behind_a_pause_are_heard_when_detection_is_switched_off_in_it() -> None:
    """The recogniser, which only keeps aside what comes in a pause, is told to go on."""
    ears = GivenEars()

    async def talk(room: Room) -> None:
        room.update(turn_detection={**SERVER, "silence_duration_ms": 900})
        await room.speak(words_with_pause(0, after_ms=400))
        assert ears.calls[-1] == "pause"
        room.update(turn_detection=None)
        assert ears.calls[-1] == "resume"
        await room.speak(tone(300, 500))
        room.listening.commit()

    listen(talk, ears=ears)
    assert ears.calls == ["start", "pause", "resume", "finish"]


QUICK_TIMER = {"type": "server_vad", "silence_duration_ms": 220}  # calls 110 ms of silence a pause, semantic_vad 160


@pytest.mark.parametrize(
    ("before", "after", "told"), [(QUICK_TIMER, SEMANTIC, ["pause", "resume"]), (SEMANTIC, QUICK_TIMER, ["pause"])]
)
def test_recogniser_is_told_what_another_rule_makes_of_the_silence(before: object, after: object, told: object) -> None:
    """135 ms of silence are a pause by one rule and none by the other: no word behind them is kept aside."""
    ears = GivenEars()

    async def talk(room: Room) -> None:
        room.update(turn_detection=before)
        await room.speak(words_with_pause(0, after_ms=155))  # the detector hears the last 20 ms of a voice longer
        room.update(turn_detection=after)
        assert [call for call in ears.calls if call != "start"] == told

    listen(talk, ears=ears)


def test_push_to_talk_in_which_nobody_spoke_is_no_turn_for_detection() -> None:
    """Silence that was appended before detection was switched on does not come out as speech."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=None)
        await room.speak(silence(2_000))
        room.update(turn_detection=SERVER)
        await room.speak(silence(2_000))
        assert room.kinds == []
        await room.speak(TALK)

    room = listen(talk)
    assert room.of("speech_started")[0]["audio_start_ms"] == pytest.approx(4_100, abs=20)


def test_speech_on_the_edge_of_the_switch_keeps_its_padding() -> None:
    """Detection that was switched on as speech began finds its beginning, and the padding before it."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=None)
        await room.speak(TALK[: 400 * 24])
        room.update(turn_detection={**SERVER, "prefix_padding_ms": 200})
        await room.speak(TALK[400 * 24 :])

    assert listen(talk).of("speech_started")[0]["audio_start_ms"] == pytest.approx(200, abs=20)


def test_commit_inside_a_turn_takes_what_was_said_and_the_rest_is_another_turn() -> None:
    """The client's commit ends the open turn without speech_stopped and without an answer; detection goes on."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=SERVER)
        await room.speak(TALK[: 700 * 24])
        room.listening.commit()
        await room.speak(TALK[700 * 24 :])

    room = listen(talk)
    assert room.kinds == [
        *("speech_started", "committed", "added", "done"),
        *("speech_started", "speech_stopped", "committed", "added", "done"),
    ]
    assert room.calls == ["user began", "user began", "turn ended"]
    first, second = room.sounds
    start = room.of("speech_started")[0]["audio_start_ms"] * 24
    assert np.array_equal(np.concatenate([first, second]), TALK[start : start + len(first) + len(second)])
    assert start + len(first) == 700 * 24


def test_silence_can_be_committed_under_detection() -> None:
    """All that came since the last commit, though nobody spoke."""

    async def talk(room: Room) -> None:
        await room.speak(silence(1_500))
        room.listening.commit()
        await room.speak(silence(200))
        room.listening.commit()

    room = listen(talk)
    assert [len(sound) for sound in room.sounds] == [36_000, 4_800]
    assert room.calls == []


def test_minutes_of_silence_under_detection_keeps_half_a_minute() -> None:
    """What a commit would take stays bounded, so the memory does."""

    async def talk(room: Room) -> None:
        for _ in range(5):
            room.append(silence(30_000), 4_800)
        room.listening.commit()

    (sound,) = listen(talk).sounds
    assert len(sound) == KEPT_MS * 24


@pytest.mark.parametrize("sizes", [(len(TALK),), (480,), (7, 1_001)])
def test_commit_works_however_the_audio_came(sizes: tuple[int, ...]) -> None:
    """All at once or in pieces: the item holds every sample, its speech lies where it was said."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=None)
        room.append(TALK, *sizes)
        room.listening.commit()

    room = listen(talk)
    (sound,) = room.sounds
    assert np.array_equal(sound, TALK)
    (hearing,) = room.connection.memory.hearings.values()
    assert hearing.speech.start / 24 == pytest.approx(400, abs=30)
    assert hearing.speech.end / 24 == pytest.approx(1_500, abs=50)
    assert hearing.speech.longest_pause_ms == pytest.approx(300, abs=50)


@pytest.mark.parametrize("wire_format", [PCM24, PCMU, PCMA], ids=lambda f: f.type)
@pytest.mark.parametrize("reduction", [None, {"type": "near_field"}])
def test_exactly_100_ms_can_be_committed_in_every_format(wire_format: AudioFormat, reduction: object) -> None:
    """What decoder and noise reduction hold back belongs to the commit."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=None, format=wire_format.to_wire(), noise_reduction=reduction)
        for length_ms in (100, 99):
            room.listening.append(InputAudioAppend(audio=wire_bytes(tone(300, length_ms), wire_format)))
            if length_ms == 100:
                room.listening.commit()
        with pytest.raises(ConfigError, match=r"buffer only has 99\.00ms of audio") as refused:
            room.listening.commit()
        assert refused.value.code == "input_audio_buffer_commit_empty"

    assert [len(sound) for sound in listen(talk).sounds] == [2_400]


def test_two_turns_in_one_append_get_their_own_words() -> None:
    """The recogniser hears one after the other, though both were over before it had an answer."""
    ears = GrowingEars(words=tuple("abcdefghijklmnop"))
    both = np.concatenate([TALK, silence(500), tone(300, 2_000), silence(1_000)])

    async def talk(room: Room) -> None:
        room.update(turn_detection=SERVER, transcription={"model": "whisper-1"})
        room.append(both, len(both))

    room = listen(talk, ears=ears)
    committed = [event["item_id"] for event in room.of("committed")]
    assert len(committed) == 2
    completed = {event["item_id"]: event["transcript"] for event in room.of("transcription.completed")}
    assert list(completed) == committed
    # The first says 800 ms with its padding and short silences, the second 2 s.
    assert len(completed[committed[0]].split()) < 9 < len(completed[committed[1]].split())


def test_append_of_15_mib_is_taken_and_one_byte_more_is_not() -> None:
    """The limit of the hosted service; what is refused leaves no trace."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=None)
        room.listening.append(InputAudioAppend(audio=bytes(MOST_APPEND_BYTES)))
        with pytest.raises(ConfigError, match="15,728,640") as refused:
            room.listening.append(InputAudioAppend(audio=bytes(MOST_APPEND_BYTES + 1)))
        assert refused.value.param == "audio"
        room.listening.commit()

    assert [len(sound) for sound in listen(talk).sounds] == [MOST_APPEND_BYTES // 2]


def test_odd_bytes_are_refused_and_the_stream_goes_on() -> None:
    """Nothing of the append is taken."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=None)
        with pytest.raises(AudioError, match="odd"):
            room.listening.append(InputAudioAppend(audio=bytes(4_801)))
        room.append(TALK)
        room.listening.commit()

    (sound,) = listen(talk).sounds
    assert np.array_equal(sound, TALK)


def test_clear_takes_back_the_open_turn_and_what_is_held_back() -> None:
    """The next turn holds nothing from before, and the clock went on."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=SERVER, noise_reduction={"type": "near_field"})
        await room.speak(TALK[: 700 * 24])
        room.listening.clear()
        room.update(noise_reduction=None)
        await room.speak(silence(1_000))
        await room.speak(TALK)

    room = listen(talk)
    assert room.kinds[:3] == ["speech_started", "cleared", "speech_started"]
    assert [event["audio_start_ms"] for event in room.of("speech_started")] == [
        pytest.approx(100, abs=30),
        pytest.approx(1_800, abs=20),
    ]
    assert len(room.of("committed")) == 1


def test_clear_keeps_the_clock_exact() -> None:
    """What noise reduction held back is thrown away too, and counted: the next turn lies where it was said."""
    before = silence(1_013)
    everything = np.concatenate([before, TALK])

    async def talk(room: Room) -> None:
        room.update(noise_reduction={"type": "near_field"})
        room.append(before)
        room.listening.clear()
        room.update(noise_reduction=None)
        room.append(TALK)

    async def plain(room: Room) -> None:
        room.append(everything)

    room = listen(talk)
    starts = [event["audio_start_ms"] for event in room.of("speech_started")]
    assert starts == [event["audio_start_ms"] for event in listen(plain).of("speech_started")]
    for start_ms, sound in zip(starts, room.sounds, strict=True):
        assert np.array_equal(sound, everything[start_ms * 24 :][: len(sound)])


def test_voice_that_goes_on_behind_a_clear_is_a_new_turn() -> None:
    """Detection forgets with the buffer: the rest of the sentence is announced again and answered."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=SERVER)
        await room.speak(TALK[: 700 * 24])
        room.listening.clear()
        await room.speak(TALK[700 * 24 :])

    room = listen(talk)
    assert room.kinds[:4] == ["speech_started", "cleared", "speech_started", "speech_stopped"]
    assert room.of("speech_started")[1]["audio_start_ms"] == 700
    assert room.calls == ["user began", "user began", "turn ended"]


def test_noise_reduction_cleans_what_is_kept_and_moves_nothing() -> None:
    """The item holds quieter noise, as long as what was appended; the recogniser hears the same."""
    ears = GivenEars()
    hiss = noise(3_000, -45, seed=5)

    async def talk(room: Room) -> None:
        room.update(turn_detection=None, noise_reduction={"type": "far_field"})
        await room.speak(hiss)
        room.listening.commit()

    (sound,) = listen(talk, ears=ears).sounds
    assert len(sound) == len(hiss)
    assert np.std(sound[48_000:].astype(float)) < 0.7 * np.std(hiss[48_000:].astype(float))
    assert np.array_equal(np.concatenate(ears.fed), sound)


def test_noise_reduction_may_change_inside_a_turn() -> None:
    """Positions stay exact: before, between and behind the changes not a sample is lost or added."""
    loud = tone(300, 2_000)

    async def talk(room: Room) -> None:
        room.update(turn_detection=None)
        for reduction in (None, {"type": "near_field"}, {"type": "far_field"}, None):
            room.update(noise_reduction=reduction)
            await room.speak(loud[:4_799])
        room.listening.commit()

    assert [len(sound) for sound in listen(talk).sounds] == [4 * 4_799]


def test_create_response_false_means_no_answer() -> None:
    """The turn becomes an item and nothing more."""

    async def talk(room: Room) -> None:
        room.update(turn_detection={**SERVER, "create_response": False})
        await room.speak(TALK)

    room = listen(talk)
    assert room.calls == ["user began"]
    assert len(room.of("committed")) == 1


def test_transcription_session_is_never_answered() -> None:
    """It finds turns and writes them down, and that is all."""

    async def talk(room: Room) -> None:
        room.update(transcription={"model": "gpt-4o-transcribe"})
        await room.speak(TALK)

    room = listen(talk, kind="transcription")
    assert room.kinds[-2:] == ["delta", "completed"]
    assert "turn ended" not in room.calls


def test_whoever_looks_sees_every_window_once() -> None:
    """The scores that decide the turns are shown, in order and without a gap, also those of cleared audio."""
    shown: list[Score] = []

    async def talk(room: Room) -> None:
        room.connection.scored = shown.append
        await room.speak(TALK[:12_000])
        room.listening.clear()
        await room.speak(TALK[12_000:])

    listen(talk)
    assert [score.start_ms for score in shown] == [k * 10.0 for k in range(len(shown))]
    assert len(shown) == pytest.approx(len(TALK) / 240, abs=1)


def test_semantic_detection_waits_through_a_thinking_pause_that_a_short_timer_cuts() -> None:
    """On speech, over the wire, noise reduced: one turn, answered, where 200 ms of silence make two."""

    async def talk(client: Client) -> None:
        audio = {"input": {"turn_detection": {"type": "semantic_vad"}, "noise_reduction": {"type": "near_field"}}}
        await client.send("session.update", session={"type": "realtime", "audio": audio})
        await client.append(np.concatenate([spoken("thinking"), silence(3_000)]))
        await client.until("response.done")

    client = converse(talk)
    assert len(client.of("input_audio_buffer.committed")) == 1
    assert client.of("input_audio_buffer.speech_stopped")[0]["audio_end_ms"] > spoken_lines()["thinking"].speech_end_ms


def outcome(room: Room) -> list[object]:
    """Return everything that was sent but the event ids, and the audio of the items."""
    events = [{key: value for key, value in event.items() if key != "event_id"} for event in room.events]
    return [events, [sound.tolist() for sound in room.sounds]]


@settings(max_examples=20, deadline=None, phases=QUICK)
@given(
    st.lists(st.integers(200, 30_000), min_size=1, max_size=5),
    st.sampled_from([None, SERVER, SEMANTIC, {"type": "server_vad", "silence_duration_ms": 200}]),
    st.sampled_from([None, {"type": "near_field"}, {"type": "far_field"}]),
)
def test_any_chunking_makes_the_same_events(sizes: list[int], detection: object, reduction: object) -> None:
    """Types, ids, positions and audio are those of 20 ms frames, with two turns and a commit in the middle of one."""
    sound = np.concatenate([TALK[:72_000], TALK[:72_000], TALK[:14_000]])

    def talked(*sizes: int) -> list[object]:
        async def talk(room: Room) -> None:
            room.update(turn_detection=detection, noise_reduction=reduction)
            room.append(sound, *sizes)
            room.listening.commit()

        return outcome(listen(talk))

    assert talked(*sizes) == talked()


SOUNDS = {"tone": tone(300, 2_000), "silence": silence(2_000), "noise": noise(2_000, -30, seed=7)}
OPERATIONS = st.one_of(
    st.tuples(
        st.just("append"), st.tuples(st.sampled_from(sorted(SOUNDS)), st.integers(0, 1_500), st.integers(100, 9_000))
    ),
    st.tuples(st.sampled_from(["commit", "clear", "wait", "reply began", "reply ended"]), st.none()),
    st.tuples(
        st.just("update"),
        st.sampled_from(
            [
                {"turn_detection": None},
                {"turn_detection": SERVER},
                {"turn_detection": {"type": "server_vad", "silence_duration_ms": 0, "threshold": 0.9}},
                {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 5_000, "prefix_padding_ms": 9_000}},
                {"turn_detection": SEMANTIC},
                {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}},
                {"noise_reduction": {"type": "far_field"}},
                {"noise_reduction": None},
                {"format": PCMU.to_wire()},
                {"format": PCM24.to_wire()},
                {"transcription": {"model": "gpt-live-transcribe"}},
                {"transcription": {"model": "gpt-4o-transcribe"}},
                {"transcription": None},
            ]
        ),
    ),
)


async def operate(room: Room, what: str, value: Any) -> None:
    """Do one thing that a client, or the output side, may do at any time."""
    match what:
        case "append":
            name, length_ms, size = value
            wire_format = from_wire(to_plain(room.connection.input.format))
            data = wire_bytes(SOUNDS[name][: length_ms * 24], wire_format)
            for start in range(0, len(data), 2 * size):
                room.listening.append(InputAudioAppend(audio=data[start : start + 2 * size]))
        case "commit":
            with suppress(ConfigError):
                room.listening.commit()
        case "clear":
            room.listening.clear()
        case "wait":
            await asyncio.sleep(3)
        case "reply began":
            room.listening.reply_began()
        case "reply ended":
            room.listening.reply_ended(asyncio.get_running_loop().time() + 1)
        case "update":
            room.update(**value)


@settings(max_examples=80, deadline=None, phases=QUICK)
@given(st.lists(OPERATIONS, max_size=25))
def test_whatever_comes_turns_begin_and_end_legally(operations: list[tuple[str, Any]]) -> None:
    """A turn is announced at most once, stopped only when it was, committed once; positions never go back."""

    async def talk(room: Room) -> None:
        for what, value in operations:
            await operate(room, what, value)

    room = listen(talk, ears=GrowingEars())
    announced: str | None = None
    latest_ms = 0
    committed: list[str] = []
    for event in room.events:
        kind = event["type"].rsplit(".", 1)[-1]
        if kind == "speech_started":
            assert announced is None
            announced = event["item_id"]
            assert event["audio_start_ms"] >= latest_ms
        elif kind == "speech_stopped":
            assert event["item_id"] == announced
            latest_ms = event["audio_end_ms"]
        elif kind == "committed":
            assert announced in (None, event["item_id"])
            announced = None
            committed.append(event["item_id"])
        elif kind == "cleared":
            announced = None
    assert len(set(committed)) == len(committed)
    assert [event["item"]["id"] for event in room.of("item.done")] == committed
    assert {event["item_id"] for event in room.of("transcription.completed")} <= set(committed)
    assert all(hearing.heard is not None for hearing in room.connection.memory.hearings.values())
