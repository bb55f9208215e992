"""The mirror: the speaker's own audio, or what was measured of it."""

from __future__ import annotations

import asyncio
from datetime import datetime

import numpy as np
import pytest

from voicelab.engines.mirror import Mirror, Mode
from voicelab.engines.reply import PlayBack, ReplyPart, ReplyRequest, Say, UserAudio
from voicelab.errors import ConfigError

AUDIO = UserAudio(np.arange(57_600, dtype=np.int16), longest_pause_ms=700, speech_ms=2_400)


def reply(mode: Mode, **known: object) -> ReplyPart:
    async def parts() -> list[ReplyPart]:
        request = ReplyRequest(now=datetime(2026, 11, 20), **known)
        return [part async for part in Mirror(mode).reply(request)]

    (part,) = asyncio.run(parts())
    return part


def test_echo_gives_every_sample_back() -> None:
    """The audio returns untouched, with its length as its line in the transcript."""
    part = reply("echo", audio=AUDIO)
    assert isinstance(part, PlayBack)
    assert np.array_equal(part.samples, AUDIO.samples)
    assert part.text == "(your own voice, 2.4 s)"


def test_measure_says_length_and_pause() -> None:
    """The figures are those that came with the audio."""
    assert reply("measure", audio=AUDIO) == Say("You spoke 2.4 seconds; the longest pause was 0.7 seconds.")


def test_measure_says_when_there_was_no_pause() -> None:
    """No pause is not a pause of zero seconds."""
    audio = UserAudio(AUDIO.samples, longest_pause_ms=20, speech_ms=1_000)
    assert reply("measure", audio=audio) == Say("You spoke 1.0 second, without a pause.")


@pytest.mark.parametrize(("mode", "instructions"), [("echo", "Please measure it"), ("measure", "ECHO the user")])
def test_instructions_choose_the_mode_of_a_response(mode: Mode, instructions: str) -> None:
    """One response can differ from the engine's mode."""
    assert type(reply(mode, audio=AUDIO, instructions=instructions)) is type(
        reply("measure" if mode == "echo" else "echo", audio=AUDIO)
    )


def test_typed_words_are_counted() -> None:
    """Without audio there is no echo, and the mirror says what it saw instead."""
    part = reply("echo", text="one two three")
    assert part == Say("You typed 3 words. Speak, and I give your voice back.")
    assert reply("measure") == Say("I heard nothing to give back.")


def test_unknown_mode_is_refused() -> None:
    """A mode that does not exist is an error that names the two that do."""
    with pytest.raises(ConfigError, match="'echo' or 'measure'"):
        Mirror("parrot")  # type: ignore[arg-type]
