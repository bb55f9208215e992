"""The guide's computed answers: the clock, counting, and what the conversation itself holds.

In: a reply request and the user's words in plain form. Out: the answer text, or None when the words
cannot be answered after all. Does not know: which intent was meant (``guide.py`` decides), functions,
sums.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from voicelab.engines.guide_script import READING
from voicelab.engines.number_words import ordinal, spoken, with_digits
from voicelab.engines.reply import ReplyRequest
from voicelab.protocol.items import Message, text_of

_COUNT_LIMIT = 100
_NAME = re.compile(
    r"\b(?:my name is|my names|(?:please )?call me|i am called) (?!not\b|what\b|when\b|later\b|back\b)(\w+)"
)
_OWN_NAME = re.compile(r"\b(?:your name is|you are called|call yourself|you are named) (\w+)", re.IGNORECASE)


def spoken_time(now: datetime) -> str:
    """Return the time of day in words: "three oh seven in the afternoon"."""
    hour = spoken(now.hour % 12 or 12)
    minute = f"{'oh ' if now.minute < 10 else ''}{spoken(now.minute)}" if now.minute else "o'clock"
    part = ("in the morning", "in the afternoon", "in the evening")[(now.hour >= 12) + (now.hour >= 18)]
    return f"{hour} {minute} {part}"


def said_by(request: ReplyRequest, role: str) -> list[str]:
    """Return the words of one side's messages, oldest first, without those that have none."""
    messages = (item for item in request.items if isinstance(item, Message) and item.role == role)
    return [words for item in messages if (words := text_of(item).strip())]


def earlier_user_words(request: ReplyRequest) -> list[str]:
    """Return what the user said before the words of this request."""
    said = said_by(request, "user")
    return said[:-1] if said and said[-1].strip() == request.text.strip() else said


def _time(request: ReplyRequest, plain: str) -> str:  # noqa: ARG001
    return f"It is {spoken_time(request.now)}."


def _day(request: ReplyRequest, plain: str) -> str:  # noqa: ARG001
    return f"Today is {request.now:%A}, the {ordinal(request.now.day)} of {request.now:%B}."


def _count(request: ReplyRequest, plain: str) -> str | None:  # noqa: ARG001
    match = re.search(r"\bto (\d+)\b", with_digits(plain))
    if match is None:
        return None
    last = int(match.group(1))
    numbers = ", ".join(spoken(n) for n in range(1, min(last, _COUNT_LIMIT) + 1))
    if last > _COUNT_LIMIT:
        return f"I stop at one hundred. {numbers.capitalize()}."
    return f"{numbers.capitalize()}." if last else "Zero. That was quick."


def _read(request: ReplyRequest, plain: str) -> str:  # noqa: ARG001
    return READING


def _go_on(request: ReplyRequest, plain: str) -> str:  # noqa: ARG001
    """Read on after the last word that was heard."""
    for heard in reversed(said_by(request, "assistant")):
        if READING.endswith(heard):
            return "That was the end. Shall I read it again?"
        place = READING.find(heard)
        if place >= 0 and len(heard.split()) > 1:
            return "Where was I? " + READING[place + len(heard) :].strip()
    return READING


def _heard_me_say(request: ReplyRequest, plain: str) -> str:  # noqa: ARG001
    heard = said_by(request, "assistant")
    if not heard:
        return "Nothing yet. You heard no word of me so far."
    return f"You heard me say: {heard[-1].removeprefix('You heard me say: ')}"


def _i_said(request: ReplyRequest, plain: str) -> str:  # noqa: ARG001
    said = earlier_user_words(request)
    return f"You said: {said[-1]}" if said else "Nothing before this. That was the first thing I heard from you."


def _ask_name(request: ReplyRequest, plain: str) -> str:  # noqa: ARG001
    for words in reversed(said_by(request, "user")):
        if match := _NAME.search(words.lower().replace("'", "")):
            return f"You are {match.group(1).capitalize()}. You told me."
    return "You have not told me. Say: my name is, and your name."


def _tell_name(request: ReplyRequest, plain: str) -> str | None:  # noqa: ARG001
    match = _NAME.search(plain)
    return f"Nice to meet you, {match.group(1).capitalize()}. What can I do for you?" if match else None


def _your_name(request: ReplyRequest, plain: str) -> str:  # noqa: ARG001
    match = _OWN_NAME.search(request.instructions)
    name = f"I am {match.group(1)}." if match else "I am the guide."
    return f"{name} I follow rules and a script; ask me about this lab."


COMPUTED: Mapping[str, Callable[[ReplyRequest, str], str | None]] = {
    "time": _time,
    "day": _day,
    "count": _count,
    "read": _read,
    "go on": _go_on,
    "heard me say": _heard_me_say,
    "i said": _i_said,
    "ask name": _ask_name,
    "tell name": _tell_name,
    "your name": _your_name,
}
"""Intent name to the function that computes its answer."""
