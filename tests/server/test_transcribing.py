"""What the user said, written down: deltas, the final words, and their own usage."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.input_room import BrokenEars, GrowingEars, Room, listen, words_with_pause
from tests.server.room import GivenEars
from voicelab.audio.samples import Samples
from voicelab.audio.signals import silence, tone
from voicelab.engines.base import Heard
from voicelab.errors import ConfigError
from voicelab.protocol.settings import Transcription
from voicelab.server.transcribing import StableWords, counts_tokens, transcription_usage

DURATION_MODELS = ["whisper-1", "gpt-realtime-whisper", "gpt-live-transcribe", None]
TOKEN_MODELS = [
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize",
    "gpt-transcribe",
]


@dataclass
class RejectingEars(GrowingEars):
    """Hears words that it does not believe in the end."""

    async def finish(self) -> Heard:
        heard = await super().finish()
        return Heard(heard.text, rejected=True, confidence=0.1, engine="growing")


class MisconfiguredEars(GivenEars):
    """Cannot hear anything, because of its configuration."""

    async def finish(self) -> Heard:
        raise ConfigError("the scenario uses words that the dictionary does not have")


def push_to_talk(room: Room, model: str | None, **settings: Any) -> None:
    """Switch detection off and transcription on."""
    room.update(turn_detection=None, transcription={"model": model, **settings})


async def say(room: Room, samples: Samples) -> None:
    """Append audio, commit it, and wait for its words."""
    room.append(samples)
    room.listening.commit()
    await asyncio.sleep(0.2)


def deltas(room: Room) -> list[str]:
    """Return the deltas so far."""
    return [event["delta"] for event in room.of("transcription.delta")]


def test_word_is_stable_when_two_results_agree_on_it() -> None:
    """A word is sent with the second result that has it in its place, once, with the space before it."""
    stable = StableWords()
    results = ["what", "what time", "what time", "watt time is", "what time is", "what time is it now"]
    assert [stable.read(words) for words in results] == ["", "what", "", "", "", " time is"]
    assert stable.sent == "what time is"


def test_result_that_did_not_change_confirms_nothing() -> None:
    """Asking twice is not hearing twice."""
    stable = StableWords()
    assert [stable.read("hello") for _ in range(3)] == ["", "", ""]


@pytest.mark.parametrize(
    ("transcript", "rest"),
    [("one two three", " three"), ("one two", ""), ("one twosome", ""), ("one", ""), ("won two three", ""), ("", "")],
)
def test_rest_is_what_follows_the_words_that_were_sent(transcript: str, rest: str) -> None:
    """Where the final words begin otherwise there is no rest: a delta cannot be taken back."""
    stable = StableWords()
    stable.read("one two")
    stable.read("one two four")
    assert stable.sent == "one two"
    assert stable.rest(transcript) == rest


WORDS = st.lists(st.sampled_from(["a", "ab", "b", "one"]), max_size=5).map(" ".join)


@given(st.lists(WORDS, max_size=12), WORDS)
def test_deltas_are_only_ever_appended(results: list[str], final: str) -> None:
    """Joined, the deltas are words in front of a result; with the rest they are the transcript, or there is none."""
    stable = StableWords()
    joined = "".join(stable.read(words) for words in results)
    assert joined == stable.sent
    assert joined == "" or any(result.split()[: len(joined.split())] == joined.split() for result in results)
    rest = stable.rest(final)
    assert joined + rest == final or (rest == "" and final.split()[: len(joined.split())] != joined.split())


@pytest.mark.parametrize("model", DURATION_MODELS)
def test_duration_is_rounded_up_for_each_commit(model: str | None) -> None:
    """The committed audio's length in whole seconds."""
    assert transcription_usage(Transcription(model=model), 2_100, "hello") == {"type": "duration", "seconds": 3}
    assert transcription_usage(Transcription(model=model), 3_000, "hello") == {"type": "duration", "seconds": 3}


@pytest.mark.parametrize("model", TOKEN_MODELS)
def test_tokens_add_up(model: str) -> None:
    """One token for 100 ms of audio, one for four letters of prompt, keywords and transcript."""
    settings = Transcription(model=model, prompt="eight888", keywords=("four", "x"))
    assert counts_tokens(model)
    assert transcription_usage(settings, 2_110, "hello there") == {
        "type": "tokens",
        "total_tokens": 22 + 4 + 3,
        "input_tokens": 26,
        "input_token_details": {"text_tokens": 4, "audio_tokens": 22},
        "output_tokens": 3,
    }


@pytest.mark.parametrize("model", ["gpt-realtime-whisper", "gpt-live-transcribe"])
def test_live_model_sends_stable_words_before_the_commit(model: str) -> None:
    """The deltas carry the id that the item gets; after the commit comes the rest, then all the words."""

    async def talk(room: Room) -> None:
        push_to_talk(room, model)
        room.append(tone(300, 700))
        assert deltas(room) == ["one", " two"]
        room.listening.commit()
        await asyncio.sleep(0.2)

    room = listen(talk, ears=GrowingEars())
    assert room.kinds == ["delta", "delta", "committed", "added", "done", "delta", "completed"]
    assert deltas(room) == ["one", " two", " three"]
    (completed,) = room.of("transcription.completed")
    assert completed["transcript"] == "one two three"
    assert completed["usage"] == {"type": "duration", "seconds": 1}
    ids = {event["item_id"] for event in (*room.of("transcription.delta"), *room.of("committed"), completed)}
    assert len(ids) == 1


def test_live_model_sends_words_inside_a_turn_that_detection_found() -> None:
    """Between speech_started and speech_stopped, too."""

    async def talk(room: Room) -> None:
        room.update(transcription={"model": "gpt-live-transcribe"})
        await room.speak(words_with_pause(0))

    kinds = listen(talk, ears=GrowingEars()).kinds
    assert kinds.index("speech_started") < kinds.index("delta") < kinds.index("speech_stopped")
    assert kinds[-1] == "completed"


@pytest.mark.parametrize(
    ("model", "sent"),
    [("whisper-1", ["one two three"]), (None, ["one two three"]), (TOKEN_MODELS[0], ["one", " two", " three"])],
)
def test_other_models_send_their_words_after_the_commit(model: str | None, sent: list[str]) -> None:
    """whisper-1 all of them at once, the token models word by word."""

    async def talk(room: Room) -> None:
        push_to_talk(room, model)
        await say(room, tone(300, 700))

    room = listen(talk, ears=GrowingEars())
    assert room.kinds == ["committed", "added", "done", *["delta"] * len(sent), "completed"]
    assert deltas(room) == sent


def test_words_that_turn_out_otherwise_are_told_by_completed_alone() -> None:
    """The deltas that were sent stay; what follows them is not sent, and completed holds the truth."""

    async def talk(room: Room) -> None:
        push_to_talk(room, "gpt-realtime-whisper")
        await say(room, tone(300, 700))

    room = listen(talk, ears=GrowingEars(final="won two three"))
    assert deltas(room) == ["one", " two"]
    assert room.of("transcription.completed")[0]["transcript"] == "won two three"


def test_rejected_words_are_an_empty_transcript_and_the_reply_knows_why() -> None:
    """What the recogniser does not believe is not written down; it is kept for the reply, marked as rejected."""

    async def talk(room: Room) -> None:
        push_to_talk(room, "whisper-1")
        await say(room, tone(300, 700))

    room = listen(talk, ears=RejectingEars())
    (completed,) = room.of("transcription.completed")
    assert completed["transcript"] == ""
    assert deltas(room) == []
    (hearing,) = room.connection.memory.hearings.values()
    assert hearing.heard is not None
    assert hearing.heard.rejected


@pytest.mark.parametrize(
    ("ears", "reason"), [(BrokenEars(), "recogniser stopped"), (MisconfiguredEars(), "dictionary"), (None, "no words")]
)
def test_engine_that_fails_is_said_for_the_item(ears: GivenEars | None, reason: str) -> None:
    """``failed`` instead of ``completed``, with the item and the reason; the session goes on."""

    async def talk(room: Room) -> None:
        push_to_talk(room, "whisper-1")
        await say(room, tone(300, 700))

    room = listen(talk, ears=ears, deaf=ears is None)
    (failed,) = room.of("transcription.failed")
    assert reason in failed["error"]["message"]
    assert failed["item_id"] == room.of("committed")[0]["item_id"]
    assert not room.of("transcription.completed")
    (hearing,) = room.connection.memory.hearings.values()
    assert hearing.heard is not None
    assert hearing.heard.text == ""


@pytest.mark.parametrize("ears", [GrowingEars(), BrokenEars()])
def test_nothing_is_sent_where_no_transcription_was_asked_for(ears: GivenEars) -> None:
    """Transcription null: neither words nor failures, but the words are known to the reply."""

    async def talk(room: Room) -> None:
        room.update(turn_detection=None)
        room.append(tone(300, 700))
        room.listening.commit()
        (hearing,) = room.connection.memory.hearings.values()
        assert hearing.coming is not None
        heard = await hearing.coming
        assert (hearing.heard, hearing.coming) == (heard, None)

    assert listen(talk, ears=ears).kinds == ["committed", "added", "done"]


def test_settings_of_the_commit_hold() -> None:
    """Transcription that is switched off after the commit still comes; one switched on after it does not."""

    async def talk(room: Room) -> None:
        push_to_talk(room, "whisper-1")
        room.append(tone(300, 700))
        room.listening.commit()
        room.update(transcription=None)
        room.append(tone(300, 700))
        room.listening.commit()
        push_to_talk(room, "whisper-1")

    room = listen(talk, ears=GrowingEars())
    assert [event["item_id"] for event in room.of("transcription.completed")] == [room.of("committed")[0]["item_id"]]


def test_silence_that_is_committed_is_billed_and_empty() -> None:
    """An engine that hears nothing makes an empty transcript, without a delta."""

    async def talk(room: Room) -> None:
        push_to_talk(room, "gpt-4o-transcribe")
        await say(room, silence(1_000))

    room = listen(talk, ears=GrowingEars(final=""))
    assert deltas(room) == []
    assert room.of("transcription.completed")[0]["usage"]["input_tokens"] == 10
