"""What the server remembers of its items: their sound, their words, and what they count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.audio.samples import Samples
from voicelab.engines.base import Heard
from voicelab.protocol.items import (
    FunctionCall,
    FunctionCallOutput,
    InputAudio,
    InputText,
    Message,
    OutputAudio,
    text_of,
)
from voicelab.server.memory import SAMPLES_PER_MS, Memory, Speech, SpokenWords, typed_text
from voicelab.server.sound_store import Stretch

USER = Message(id="item_u", role="user", content=(InputAudio(),))
ASSISTANT = Message(id="item_a", role="assistant", content=(OutputAudio(transcript="one two three"),))


def ramp(n: int, start: int = 0) -> Samples:
    """Return samples that tell where they are from."""
    return np.arange(start, start + n, dtype=np.int16)


def three_words(memory: Memory) -> SpokenWords:
    """Let the assistant say three words of 100 ms each, with a user message kept in between."""
    memory.say("item_a", ramp(2_400), "one")
    memory.keep_user("item_x", ramp(50), Speech())
    memory.say("item_a", ramp(2_400, 2_400), " two")
    memory.say("item_a", ramp(2_400, 4_800), " three")
    return memory.spoken["item_a"]


def test_user_message_sounds_as_it_did_and_its_speech_is_a_part_of_it() -> None:
    """The whole audio for retrieving, the speech alone with its measures for the reply."""
    memory = Memory()
    memory.keep_user("item_u", ramp(1_000), Speech(start=200, end=700, longest_pause_ms=5.0, speech_ms=20.0))
    assert np.array_equal(memory.samples_of("item_u"), ramp(1_000))
    audio = memory.user_audio("item_u")
    assert audio is not None
    assert np.array_equal(audio.samples, ramp(500, 200))
    assert (audio.longest_pause_ms, audio.speech_ms) == (5.0, 20.0)
    memory.close()


def test_assistant_message_sounds_as_it_was_spoken_whatever_was_kept_in_between() -> None:
    """Pieces of one message are joined in order."""
    memory = Memory()
    spoken = three_words(memory)
    assert np.array_equal(memory.samples_of("item_a"), ramp(7_200))
    assert (spoken.text, spoken.duration_ms) == ("one two three", 300.0)
    memory.close()


def test_sound_that_lies_together_is_one_stretch() -> None:
    """A long answer is not a long list."""
    spoken = SpokenWords()
    for k in range(100):
        spoken.add(Stretch(k * 480, 480), "")
    spoken.add(Stretch(100_000, 480), "")
    assert spoken.stretches == [Stretch(0, 48_000), Stretch(100_000, 480)]


@pytest.mark.parametrize(
    ("audio_end_ms", "words"),
    [(0, ""), (99, ""), (100, "one"), (199, "one"), (200, "one two"), (300, "one two three"), (999, "one two three")],
)
def test_cut_keeps_the_words_that_were_heard_to_their_end(audio_end_ms: int, words: str) -> None:
    """A word that was broken off is forgotten; the sound is cut to the millisecond."""
    memory = Memory()
    spoken = three_words(memory)
    spoken.cut(audio_end_ms)
    n_left = min(audio_end_ms * SAMPLES_PER_MS, 7_200)
    assert (spoken.text, spoken.n_samples) == (words, n_left)
    assert np.array_equal(memory.samples_of("item_a"), ramp(n_left))
    memory.close()


@given(st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_cutting_again_never_brings_anything_back(ends_ms: list[int]) -> None:
    """The shortest cut holds."""
    memory = Memory()
    spoken = three_words(memory)
    for end_ms in ends_ms:
        spoken.cut(end_ms)
    other = Memory()
    cut_once = three_words(other)
    cut_once.cut(min(ends_ms))
    assert (spoken.text, spoken.n_samples) == (cut_once.text, cut_once.n_samples)
    assert np.array_equal(memory.samples_of("item_a"), other.samples_of("item_a"))
    memory.close()
    other.close()


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        (Heard("what time is it", rejected=False, confidence=1.0, engine="e"), "what time is it"),
        (Heard("what thyme is it", rejected=True, confidence=0.1, engine="e"), ""),
    ],
)
def test_reply_knows_the_words_that_were_recognised(heard: Heard, words: str) -> None:
    """Also when the client never asked for a transcription; words that nobody believes are not remembered."""
    memory = Memory()
    memory.keep_user("item_u", ramp(10), Speech())
    assert memory.remembered(USER) == USER
    memory.hearings["item_u"].heard = heard
    assert text_of(memory.remembered(USER)) == words
    memory.close()


def test_interrupted_answer_is_remembered_as_far_as_it_was_heard() -> None:
    """Not as it was made."""
    memory = Memory()
    three_words(memory).cut(210)
    assert text_of(memory.remembered(ASSISTANT)) == "one two"
    memory.close()


def test_other_items_are_remembered_as_they_are() -> None:
    """Typed messages and calls have no sound."""
    memory = Memory()
    for item in (
        Message(id="item_t", role="user", content=(InputText("hi"),)),
        FunctionCall(id="item_c", name="f", arguments="{}"),
        FunctionCallOutput(id="item_o", call_id="call_1", output="4"),
    ):
        assert memory.remembered(item) == item
        assert memory.samples_of(item.id or "") is None
        assert memory.user_audio(item.id or "") is None
    memory.close()


def test_items_count_by_the_published_rules() -> None:
    """User audio 1 token for 100 ms, assistant audio 1 for 50 ms beside its words, text 1 for four letters."""
    memory = Memory()
    memory.keep_user("item_u", ramp(2_410), Speech())
    three_words(memory)
    mixed = Message(id="item_u", role="user", content=(InputText("12345"), InputAudio()))
    counted = [
        memory.block(item)
        for item in (
            USER,
            mixed,
            ASSISTANT,
            Message(id="item_t", role="user", content=(InputText("12345678"),)),
            FunctionCall(id="item_c", name="abcd", arguments='{"a":1}'),
            FunctionCallOutput(id="item_o", call_id="call_1", output="1234"),
        )
    ]
    assert [(block.text_tokens, block.audio_tokens) for block in counted] == [
        (0, 2),
        (2, 2),
        (4, 6),
        (2, 0),
        (3, 0),
        (1, 0),
    ]
    memory.close()


def test_truncated_answer_is_another_prefix() -> None:
    """Its block's key changes, so the cache ends before it; nothing else changes a key."""
    memory = Memory()
    spoken = three_words(memory)
    before = memory.block(ASSISTANT)
    assert memory.block(ASSISTANT) == before
    spoken.cut(200)
    after = memory.block(ASSISTANT)
    assert after.key != before.key
    assert (after.text_tokens, after.audio_tokens) == (2, 4)
    memory.close()


def test_forgotten_item_has_no_sound_and_no_words() -> None:
    """Forgetting what was never there is no error."""
    memory = Memory()
    memory.keep_user("item_u", ramp(10), Speech())
    three_words(memory)
    for item_id in ("item_u", "item_a", "item_a", "item_unknown"):
        memory.forget(item_id)
        assert memory.samples_of(item_id) is None
    assert memory.remembered(ASSISTANT) == ASSISTANT
    memory.close()


def test_typed_text_leaves_the_spoken_words_out() -> None:
    """A message can hold both."""
    message = Message(role="user", content=(InputText("look"), InputAudio(transcript="here"), InputText("now")))
    assert typed_text(message) == "look now"
    assert typed_text(FunctionCallOutput(call_id="call_1", output="4")) == ""


def test_the_words_of_a_message_with_two_recordings_are_told_once() -> None:
    """They belong to the sound as a whole; what was typed between stays where it is."""
    memory = Memory()
    memory.keep_user("item_u", ramp(100), Speech())
    memory.hearings["item_u"].heard = Heard("good morning", rejected=False, confidence=1.0, engine="given")
    parts = (InputAudio(), InputText(text="and"), InputAudio())
    told = memory.remembered(Message(id="item_u", role="user", content=parts))
    memory.close()
    assert text_of(told) == "good morning and"
