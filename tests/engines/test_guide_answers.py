"""The guide's computed answers."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicelab.engines.guide_answers import COMPUTED, earlier_user_words, spoken_time
from voicelab.engines.guide_script import INTENTS
from voicelab.engines.reply import ReplyRequest
from voicelab.protocol.items import InputAudio, Message


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (0, 0, "twelve o'clock in the morning"),
        (9, 5, "nine oh five in the morning"),
        (12, 30, "twelve thirty in the afternoon"),
        (17, 59, "five fifty-nine in the afternoon"),
        (18, 0, "six o'clock in the evening"),
    ],
)
def test_time_is_told_as_people_tell_it(hour: int, minute: int, words: str) -> None:
    """Twelve hours, with the part of the day."""
    assert spoken_time(datetime(2026, 11, 20, hour, minute)) == words


def test_every_computed_intent_is_in_the_script() -> None:
    """No answer waits for words that nobody can say, and none is missing."""
    unanswered = {intent.name for intent in INTENTS if not intent.answers}
    assert unanswered == set(COMPUTED) | {"sum"}


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("count to 3", "One, two, three."),
        ("count to zero", "Zero. That was quick."),
        ("count to two hundred", "I stop at one hundred. One, two,"),
    ],
)
def test_counting_has_an_end(words: str, answer: str) -> None:
    """A number beyond one hundred is not counted to."""
    counted = COMPUTED["count"](ReplyRequest(now=datetime(2026, 1, 1)), words)
    assert counted is not None
    assert counted.startswith(answer)


def test_current_words_are_not_earlier_words() -> None:
    """What is being said now is not what was said before, with and without a transcript."""
    first, second = (Message(role="user", content=(InputAudio(words),)) for words in ("one", "two"))
    now = datetime(2026, 1, 1)
    assert earlier_user_words(ReplyRequest(now=now, items=(first, second), text="two")) == ["one"]
    silent = Message(role="user", content=(InputAudio(),))
    assert earlier_user_words(ReplyRequest(now=now, items=(first, silent), text="two")) == ["one"]
